//! Empty `AWS_*` variables count as unset, as with the AWS CLI: CI systems set them where a secret
//! is missing, and the SDK would take an empty endpoint or profile at its word.

/// Starts the process again without such variables, where there are any: the SDK reads the
/// environment by itself, and a process cannot safely change its own.
#[cfg(unix)]
pub fn without_empty_variables() {
    use std::os::unix::process::CommandExt;
    let empty: Vec<_> = std::env::vars_os()
        .filter(|(name, value)| {
            let blank = value.to_str().is_some_and(|value| value.trim().is_empty());
            blank && name.to_str().is_some_and(|name| name.starts_with("AWS_"))
        })
        .collect();
    let (Some(_), Ok(program)) = (empty.first(), std::env::current_exe()) else {
        return;
    };
    let mut command = std::process::Command::new(program);
    command.args(std::env::args_os().skip(1));
    for (name, _) in empty {
        command.env_remove(name);
    }
    // Comes back only where it failed; then the SDK's own errors have to do.
    let _ = command.exec();
}

#[cfg(not(unix))]
pub fn without_empty_variables() {}
