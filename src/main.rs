//! Parse, run, turn an error into a message and an exit code.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    // One TLS library for the SDK and the smoke test; a second provider cannot be installed by
    // then.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ExitCode::from(shopstack::cli::main().await)
}
