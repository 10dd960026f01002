//! The `jobctl` binary: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(jobctl::commands::main(std::env::args_os()))
}
