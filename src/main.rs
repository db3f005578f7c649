//! The doorbell: the exit code, and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    hallpass::cli::run()
}
