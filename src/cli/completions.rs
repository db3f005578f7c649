//! `hallpass completions`: what a shell needs to complete the command line.

use clap::Args;
use clap_complete::Shell;

use crate::error::Result;
use crate::output;

/// Print the completion script of a shell
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs, command: &mut clap::Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "hallpass", &mut script);
    output::text(&String::from_utf8_lossy(&script))
}
