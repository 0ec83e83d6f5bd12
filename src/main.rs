//! Parse, run, turn an error into a message and an exit code.

use std::process::ExitCode;

fn main() -> std::io::Result<ExitCode> {
    shopstack::cli::restart::without_empty_variables();
    // One TLS library for the SDK and the smoke test; a second provider cannot be installed by
    // then.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(ExitCode::from(runtime.block_on(shopstack::cli::main())))
}
