//! A twin of a test's own, for what concerns everything in an account: on the shared one other
//! tests come and go.

use crate::support::run::{Run, command};
use std::net::TcpListener;
use std::process::Command;
use tempfile::TempDir;

/// Stopped when this value goes.
pub struct OwnTwin {
    pub url: String,
    port: u16,
    home: TempDir,
}

impl OwnTwin {
    pub fn start() -> OwnTwin {
        // Without endpoints nothing of this binary runs.
        crate::support::env::endpoint();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let home = tempfile::tempdir().unwrap();
        let twin = OwnTwin { url: format!("http://127.0.0.1:{port}"), port, home };
        let started = Run::execute(twin.command("up"));
        assert_eq!(started.code, 0, "{}", started.stderr);
        twin
    }

    fn command(&self, what: &str) -> Command {
        let mut command = command(self.home.path());
        command.env("SHOPSTACK_LOCAL_PORT", self.port.to_string()).args(["local", what]);
        command
    }
}

impl Drop for OwnTwin {
    fn drop(&mut self) {
        Run::execute(self.command("down"));
    }
}
