//! What becomes of the answer: where it goes, and with what code the command
//! ends.

use std::path::PathBuf;

use clap::Args;

use crate::api::Answer;
use crate::cli::calling;
use crate::connection::ConnectionId;
use crate::error::Result;
use crate::output::{self, Target};

/// Where the answer goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Answer")]
pub(super) struct ShowArgs {
    /// Write the answer's body to a file
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Print the answer's status line and headers too
    #[arg(short, long)]
    pub(super) include: bool,
}

/// Prints an answer; one of 400 or more is a failure behind that.
pub(super) fn show(id: &ConnectionId, args: &ShowArgs, answer: Answer) -> Result<()> {
    let status = answer.status;
    let target = args.output.clone().map_or(Target::Stdout, Target::File);
    output::answer(answer, &target, args.include)?;
    if status.is_client_error() || status.is_server_error() {
        return Err(calling::answered(id, status));
    }
    Ok(())
}
