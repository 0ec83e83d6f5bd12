//! `policy-report`: what may do what, for auditors.

use super::args::{Global, PolicyReport};
use super::error::CliError;
use super::output::Output;

pub async fn command(_global: &Global, _args: &PolicyReport, _output: &Output) -> Result<u8, CliError> {
    Err(CliError::new("the policy report is not in this build yet", ""))
}
