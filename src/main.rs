//! Parse, run, turn an error into a message and an exit code.

use std::process::ExitCode;
use std::thread;

/// Bytes of stack of each thread. Builds from source are not optimised, and the state of their
/// async calls takes most of the 8 MB that a main thread usually has. Memory is taken as it is
/// used.
const STACK: usize = 64 * 1024 * 1024;

fn main() -> std::io::Result<ExitCode> {
    shopstack::cli::restart::without_empty_variables();
    // One TLS library for the SDK and the smoke test; a second provider cannot be installed by
    // then.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_stack_size(STACK)
        .enable_all()
        .build()?;
    let command = move || runtime.block_on(shopstack::cli::main());
    let ended = thread::Builder::new().name("main".into()).stack_size(STACK).spawn(command)?.join();
    // A panic has told itself, and ends with Rust's own exit code.
    Ok(ExitCode::from(ended.unwrap_or(101)))
}
