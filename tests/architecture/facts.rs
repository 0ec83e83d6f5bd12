//! What one file says, as plain values. Each fact knows its line, its module, and whether it is
//! compiled for tests alone.

/// Something named, with its place.
#[derive(Clone, Debug)]
pub struct Named {
    pub path: Vec<String>,
    pub line: usize,
    pub test: bool,
    pub module: Vec<String>,
}

/// One leaf of a `use`.
#[derive(Clone, Debug)]
pub struct Use {
    pub path: Vec<String>,
    pub rename: Option<String>,
    pub glob: bool,
    pub line: usize,
    pub test: bool,
    pub module: Vec<String>,
}

/// A `mod` line or block.
#[derive(Clone, Debug)]
pub struct Declared {
    pub parent: Vec<String>,
    pub name: String,
    /// The value of `#[path]`.
    pub path: Option<String>,
    pub inline: bool,
    pub test: bool,
    pub line: usize,
}

/// A function or a closure, from `fn` or the first `|` to its last line.
#[derive(Clone, Debug)]
pub struct Function {
    /// `None` for a closure.
    pub name: Option<String>,
    pub line: usize,
    pub lines: usize,
    /// Its name is given by a trait.
    pub of_trait: bool,
}

#[derive(Default)]
pub struct Facts {
    pub paths: Vec<Named>,
    pub uses: Vec<Use>,
    pub modules: Vec<Declared>,
    pub items: Vec<(Vec<String>, String)>,
    pub idents: Vec<Named>,
    /// Names of macros that are called.
    pub macros: Vec<Named>,
    /// Names of methods that are called; `send()` without arguments, else `send(..)`.
    pub methods: Vec<Named>,
    /// `x[i]`, but not the full range `x[..]`, and not in constants, where rustc checks it.
    pub indexes: Vec<Named>,
    pub functions: Vec<Function>,
    /// Functions with `#[test]` or the like of it.
    pub tests: usize,
}
