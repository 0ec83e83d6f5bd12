//! A folder with a small stack, and the binary run in it with no environment but what a test gives.

use std::path::Path;
use std::process::{Command, Output, Stdio};

pub struct Desk(pub tempfile::TempDir);

/// How a command ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Run {
    fn from(ended: Output) -> Self {
        Self {
            code: ended.status.code(),
            stdout: String::from_utf8_lossy(&ended.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&ended.stderr).into_owned(),
        }
    }
}

impl Run {
    /// Fails unless this is an error with all these words on stderr.
    pub fn refused(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        self.expect_stderr(words);
    }

    pub fn expect_stderr(&self, words: &[&str]) {
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in: {}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.write("stack.yaml", "name: small\nregion: us-east-1\ntables:\n  Notes: { key: id }\n");
        std::fs::create_dir(desk.path("home").as_ref() as &Path).unwrap();
        desk
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_string()
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.0.path().join(name), text).unwrap();
        self.path(name)
    }

    pub fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopstack"));
        command.env_clear().current_dir(self.0.path()).args(arguments);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.path("home")).env("AWS_EC2_METADATA_DISABLED", "true");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs(variables.iter().copied());
        command
    }

    pub fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
        self.command(arguments, variables).output().unwrap().into()
    }
}
