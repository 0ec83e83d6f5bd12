//! Hand-made binaries for the check in elf.rs: the smallest that the loader would still take apart.

use super::*;

const SEGMENT_AT: u64 = 64;
const DYNAMIC_AT: u64 = 64 + 2 * 56;
const NEED_AT: u64 = DYNAMIC_AT + 4 * 16;
/// Addresses differ from offsets, as in real binaries.
const BASE: u64 = 0x40_0000;

/// A binary that needs the given versions of one library; `(name, flags)`.
fn binary(machine: u16, versions: &[(&str, u16)]) -> Vec<u8> {
    let strings_at = NEED_AT + 16 + 16 * versions.len() as u64;
    let mut strings = b"\0libc.so.6\0".to_vec();
    let mut records = Vec::new();
    for (index, (name, flags)) in versions.iter().enumerate() {
        let last = index + 1 == versions.len();
        records.extend_from_slice(&0u32.to_le_bytes());
        records.extend_from_slice(&flags.to_le_bytes());
        records.extend_from_slice(&2u16.to_le_bytes());
        records.extend_from_slice(&(strings.len() as u32).to_le_bytes());
        records.extend_from_slice(&if last { 0u32 } else { 16 }.to_le_bytes());
        strings.extend_from_slice(name.as_bytes());
        strings.push(0);
    }
    let total = strings_at + strings.len() as u64;

    let mut out = b"\x7fELF\x02\x01\x01".to_vec();
    out.resize(64, 0);
    out[18..20].copy_from_slice(&machine.to_le_bytes());
    out[32..40].copy_from_slice(&SEGMENT_AT.to_le_bytes());
    out[54..56].copy_from_slice(&56u16.to_le_bytes());
    out[56..58].copy_from_slice(&2u16.to_le_bytes());
    for (kind, offset, size) in [(PT_LOAD, 0, total), (PT_DYNAMIC, DYNAMIC_AT, 4 * 16)] {
        out.extend_from_slice(&kind.to_le_bytes());
        out.extend_from_slice(&0u32.to_le_bytes());
        for value in [offset, BASE + offset, BASE + offset, size, size, 8] {
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
    for (tag, value) in
        [(DT_STRTAB, BASE + strings_at), (DT_VERNEED, BASE + NEED_AT), (DT_VERNEEDNUM, 1), (0, 0)]
    {
        out.extend_from_slice(&tag.to_le_bytes());
        out.extend_from_slice(&value.to_le_bytes());
    }
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&(versions.len() as u16).to_le_bytes());
    out.extend_from_slice(&1u32.to_le_bytes());
    out.extend_from_slice(&16u32.to_le_bytes());
    out.extend_from_slice(&0u32.to_le_bytes());
    out.extend_from_slice(&records);
    out.extend_from_slice(&strings);
    out
}

#[test]
fn passes_what_al2023_has() {
    let good = binary(EM_X86_64, &[("GLIBC_2.2.5", 0), ("GLIBC_2.34", 0), ("GCC_4.2.0", 0)]);
    assert_eq!(check(&good, Architecture::X86_64), Ok(()));
    assert_eq!(check(&binary(EM_AARCH64, &[("GLIBC_2.17", 0)]), Architecture::Arm64), Ok(()));
}

#[test]
fn names_the_symbols_that_are_too_new() {
    let bad = binary(
        EM_X86_64,
        &[("GLIBC_2.34", 0), ("GLIBC_2.38", 0), ("GLIBC_2.39", 0), ("GLIBC_3.0", 2)],
    );
    let problem = check(&bad, Architecture::X86_64).unwrap_err();
    assert_eq!(
        problem,
        Problem::Glibc(vec!["GLIBC_2.39".into(), "GLIBC_2.38".into()]),
        "the weak one is forgiven"
    );
    let error = problem.explain("createOrder", Architecture::X86_64);
    assert!(
        error.message.contains("createOrder") && error.message.contains("GLIBC_2.38"),
        "{error}"
    );
    assert!(error.hint.contains("cargo-zigbuild"), "{}", error.hint);
}

/// 2.34 is the newest that Amazon Linux 2023 has; the limit lies right behind it.
#[test]
fn the_next_release_of_glibc_is_refused() {
    for name in ["GLIBC_2.35", "GLIBC_2.34.1", "GLIBC_3.0"] {
        let found = check(&binary(EM_X86_64, &[(name, 0)]), Architecture::X86_64);
        let expected = match name {
            "GLIBC_2.34.1" => Ok(()),
            _ => Err(Problem::Glibc(vec![name.into()])),
        };
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn unnumbered_versions_are_not_trusted() {
    for name in ["GLIBC_ABI_DT_RELR", "GLIBC_PRIVATE"] {
        let problem = check(&binary(EM_X86_64, &[(name, 0)]), Architecture::X86_64).unwrap_err();
        assert_eq!(problem, Problem::Glibc(vec![name.into()]));
    }
}

#[test]
fn refuses_another_machine() {
    let problem = check(&binary(EM_X86_64, &[]), Architecture::Arm64).unwrap_err();
    assert_eq!(problem, Problem::Machine(EM_X86_64));
    assert!(
        problem
            .explain("f", Architecture::Arm64)
            .message
            .contains("is for x86_64, but the function is declared arm64")
    );
}

#[test]
fn refuses_what_is_no_linux_binary() {
    for bytes in
        [b"".as_slice(), b"#!/bin/sh\n", b"\xcf\xfa\xed\xfe\x07\0\0\x01", b"\x7fELF\x01\x01"]
    {
        assert_eq!(check(bytes, Architecture::X86_64), Err(Problem::NotElf));
    }
}

#[test]
fn no_cut_and_no_changed_byte_makes_it_panic() {
    let good = binary(EM_X86_64, &[("GLIBC_2.34", 0), ("GLIBC_2.17", 0)]);
    for end in 6..good.len() {
        assert!(check(&good[..end], Architecture::X86_64).is_err(), "cut at {end}");
    }
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] = 0xff;
        let _any_answer = check(&bad, Architecture::X86_64);
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[test]
fn reads_a_real_binary() {
    let me = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let image = Image { bytes: &me };
    let names = image.needed_versions(&image.segments().unwrap()).unwrap();
    assert!(names.iter().any(|name| name == "GLIBC_2.2.5"), "{names:?}");
    assert_eq!(check(&me, Architecture::Arm64), Err(Problem::Machine(EM_X86_64)));
}
