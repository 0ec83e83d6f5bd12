//! Judges a binary as the loader of Amazon Linux 2023 would: the machine it is for, the interpreter
//! it asks for, and the glibc symbol versions it needs. Reads the program headers, as the loader
//! does, and trusts no offset. Layouts: the System V ABI (ELF64) and the Linux Standard Base for
//! the version records.

use super::{Architecture, BuildError};

/// The glibc of Amazon Linux 2023, and so of `provided.al2023`.
pub(super) const NEWEST_GLIBC: (u32, u32) = (2, 34);

const EM_X86_64: u16 = 62;
const EM_AARCH64: u16 = 183;
const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_STRTAB: u64 = 5;
const DT_VERNEED: u64 = 0x6fff_fffe;
const DT_VERNEEDNUM: u64 = 0x6fff_ffff;
/// The loader forgives a missing version that is only needed weakly.
const VER_FLG_WEAK: u16 = 2;

/// Why Lambda would not run a binary.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    NotElf,
    Machine(u16),
    Interpreter(String),
    /// The symbol versions that are too new, newest first.
    Glibc(Vec<String>),
    Damaged(&'static str),
}

/// Passes a 64-bit little-endian Linux binary for `architecture` that runs with glibc 2.34 or none
/// at all.
pub(super) fn check(bytes: &[u8], architecture: Architecture) -> Result<(), Problem> {
    // 64 bits, little-endian: bytes 4 and 5 of the identification.
    if bytes.get(..6) != Some(b"\x7fELF\x02\x01".as_slice()) {
        return Err(Problem::NotElf);
    }
    let image = Image { bytes };
    let machine = image.u16(18)?;
    let (wanted, interpreter) = match architecture {
        Architecture::X86_64 => (EM_X86_64, "/lib64/ld-linux-x86-64.so.2"),
        Architecture::Arm64 => (EM_AARCH64, "/lib/ld-linux-aarch64.so.1"),
    };
    if machine != wanted {
        return Err(Problem::Machine(machine));
    }
    let segments = image.segments()?;
    if let Some(interp) = segments.iter().find(|segment| segment.kind == PT_INTERP) {
        let found = image.string(interp.offset)?;
        if found != interpreter {
            return Err(Problem::Interpreter(found));
        }
    }
    let mut too_new: Vec<_> =
        image.needed_versions(&segments)?.into_iter().filter(|name| is_too_new(name)).collect();
    too_new.sort_by_key(|name| std::cmp::Reverse(glibc_number(name).unwrap_or((u32::MAX, 0))));
    too_new.dedup();
    if too_new.is_empty() { Ok(()) } else { Err(Problem::Glibc(too_new)) }
}

/// A `GLIBC_` name that is no plain number (`GLIBC_ABI_DT_RELR`, `GLIBC_PRIVATE`) is either newer
/// than 2.34 or promised to nobody.
fn is_too_new(name: &str) -> bool {
    name.starts_with("GLIBC_") && glibc_number(name).is_none_or(|number| number > NEWEST_GLIBC)
}

/// `GLIBC_2.34` and `GLIBC_2.2.5`; the third number never decides.
fn glibc_number(name: &str) -> Option<(u32, u32)> {
    let mut parts = name.strip_prefix("GLIBC_")?.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    size: u64,
}

struct Image<'a> {
    bytes: &'a [u8],
}

const CUT: Problem = Problem::Damaged("it points beyond its own end");

impl Image<'_> {
    fn array<const N: usize>(&self, at: u64) -> Result<[u8; N], Problem> {
        let at = usize::try_from(at).map_err(|_| CUT)?;
        let end = at.checked_add(N).ok_or(CUT)?;
        self.bytes.get(at..end).and_then(|slice| slice.try_into().ok()).ok_or(CUT)
    }

    fn u16(&self, at: u64) -> Result<u16, Problem> {
        self.array(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: u64) -> Result<u32, Problem> {
        self.array(at).map(u32::from_le_bytes)
    }

    fn u64(&self, at: u64) -> Result<u64, Problem> {
        self.array(at).map(u64::from_le_bytes)
    }

    fn string(&self, at: u64) -> Result<String, Problem> {
        let rest = usize::try_from(at).ok().and_then(|at| self.bytes.get(at..)).ok_or(CUT)?;
        let end = rest.iter().position(|byte| *byte == 0).ok_or(CUT)?;
        Ok(String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned())
    }

    fn segments(&self) -> Result<Vec<Segment>, Problem> {
        let (start, size, count) =
            (self.u64(32)?, u64::from(self.u16(54)?), u64::from(self.u16(56)?));
        (0..count)
            .map(|index| {
                let at = add(start, index.saturating_mul(size))?;
                Ok(Segment {
                    kind: self.u32(at)?,
                    offset: self.u64(add(at, 8)?)?,
                    address: self.u64(add(at, 16)?)?,
                    size: self.u64(add(at, 32)?)?,
                })
            })
            .collect()
    }

    /// The version names that must exist for the loader to start the program; none in a static one.
    fn needed_versions(&self, segments: &[Segment]) -> Result<Vec<String>, Problem> {
        let Some(dynamic) = segments.iter().find(|segment| segment.kind == PT_DYNAMIC) else {
            return Ok(Vec::new());
        };
        let (mut strings, mut needs, mut count) = (None, None, 0);
        for index in 0..dynamic.size / 16 {
            let at = add(dynamic.offset, index * 16)?;
            let value = self.u64(add(at, 8)?)?;
            match self.u64(at)? {
                0 => break,
                DT_STRTAB => strings = Some(file_offset(segments, value)?),
                DT_VERNEED => needs = Some(file_offset(segments, value)?),
                DT_VERNEEDNUM => count = value,
                _ => {}
            }
        }
        let Some(mut need) = needs else {
            return Ok(Vec::new());
        };
        let strings =
            strings.ok_or(Problem::Damaged("it has version records but no string table"))?;
        let mut names = Vec::new();
        for _ in 0..count {
            let mut aux = add(need, u64::from(self.u32(add(need, 8)?)?))?;
            for _ in 0..self.u16(add(need, 2)?)? {
                if self.u16(add(aux, 4)?)? & VER_FLG_WEAK == 0 {
                    names.push(self.string(add(strings, u64::from(self.u32(add(aux, 8)?)?))?)?);
                }
                aux = add(aux, u64::from(self.u32(add(aux, 12)?)?))?;
            }
            match self.u32(add(need, 12)?)? {
                0 => break,
                next => need = add(need, u64::from(next))?,
            }
        }
        Ok(names)
    }
}

fn add(a: u64, b: u64) -> Result<u64, Problem> {
    a.checked_add(b).ok_or(CUT)
}

/// Dynamic entries hold addresses in memory; the loadable segments say where in the file those lie.
fn file_offset(segments: &[Segment], address: u64) -> Result<u64, Problem> {
    segments
        .iter()
        .filter(|segment| segment.kind == PT_LOAD)
        .find_map(|segment| {
            let inside = address.checked_sub(segment.address)?;
            (inside < segment.size).then(|| segment.offset.checked_add(inside))?
        })
        .ok_or(Problem::Damaged("its dynamic section points outside every segment"))
}

impl Problem {
    /// In the words of somebody who wants their function to run.
    pub(super) fn explain(self, function: &str, architecture: Architecture) -> BuildError {
        let triple = format!("{}-unknown-linux-gnu", architecture.rust_name());
        let cross = format!(
            "install cargo-zigbuild, which shopstack then uses by itself: `pip install \
             cargo-zigbuild ziglang` or \
             `cargo install cargo-zigbuild` with zig, and `rustup target add {triple}`"
        );
        let (what, hint) = match self {
            Self::NotElf => ("is no 64-bit Linux binary".to_owned(), cross),
            Self::Machine(machine) => {
                let found = match machine {
                    EM_X86_64 => "x86_64".to_owned(),
                    EM_AARCH64 => "arm64".to_owned(),
                    other => format!("machine number {other}"),
                };
                let hint = format!("correct the function's architecture in stack.yaml, or {cross}");
                (format!("is for {found}, but the function is declared {architecture}"), hint)
            }
            Self::Interpreter(path) => (
                format!("asks for the loader {path}, which Amazon Linux 2023 does not have"),
                cross,
            ),
            Self::Glibc(names) => {
                let (major, minor) = NEWEST_GLIBC;
                (
                    format!(
                        "needs {}, but Amazon Linux 2023 has glibc {major}.{minor}",
                        names.join(", ")
                    ),
                    cross,
                )
            }
            Self::Damaged(why) => {
                (format!("is damaged: {why}"), "delete it and build again".to_owned())
            }
        };
        BuildError::new(format!("function {function}: the binary {what}"), hint)
    }
}

#[cfg(test)]
#[path = "elf_tests.rs"]
mod tests;
