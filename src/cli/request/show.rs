//! What becomes of the answer: where it goes, and with what code the command
//! ends.

use std::path::PathBuf;

use clap::Args;

use crate::api::Answer;
use crate::cli::calling;
use crate::connection::ConnectionId;
use crate::error::Result;
use crate::filter::Filter;
use crate::output::{self, Target};
use crate::ui::Ui;

use super::filter_args::filtered;

/// Where the answer goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Answer")]
pub(super) struct ShowArgs {
    /// Write the answer's body to a file; - is stdout, byte by byte
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Print the answer's status line and headers too
    #[arg(short, long)]
    pub(super) include: bool,
}

/// Prints an answer; one of 400 or more is a failure behind that.
pub(super) fn show(
    id: &ConnectionId,
    args: &ShowArgs,
    filter: Option<&Filter>,
    answer: Answer,
    ui: Ui,
) -> Result<()> {
    let status = answer.status;
    let target = match &args.output {
        None => Target::Stdout,
        Some(path) if path.as_os_str() == "-" => Target::Raw,
        Some(path) => Target::File(path.clone()),
    };
    match filter {
        Some(filter) if !answer.is_error() => filtered(filter, answer, args.include, ui)?,
        _ => output::answer(answer, &target, args.include, ui)?,
    }
    if status.is_client_error() || status.is_server_error() {
        return Err(calling::answered(id, status));
    }
    Ok(())
}
