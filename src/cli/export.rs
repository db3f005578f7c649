//! `hallpass export`: a connection, sealed for another machine.

use std::path::PathBuf;

use clap::Args;

use crate::broker::Exported;
use crate::connection::ConnectionArg;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::output;
use crate::store::Recipient;

/// Seal a connection for another machine; one that is renewed is forgotten here
///
/// It is forgotten once the export is in a file, on disk. Behind a pipe it is kept, since a reader's failure cannot be seen: once it is imported there, run `hallpass disconnect CONN --local` here.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The connection: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN")]
    connection: ConnectionArg,
    /// The other machine: what `hallpass import --recipient` prints there (`age1…`)
    #[arg(long, value_name = "RECIPIENT")]
    to: String,
    /// Keep it here too, though two copies of a rotating grant burn each other
    #[arg(long)]
    keep: bool,
    /// Write it to a new file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &ExportArgs, context: &Context) -> Result<()> {
    // What was given may be a secret key: it is not repeated.
    let to: Recipient = args.to.parse().map_err(|()| {
        Failure::new(Kind::Usage, "what `--to` names is no recipient (`age1…`)")
            .hint("on the other machine `hallpass import --recipient` prints the one to give")
    })?;
    let id = context.connection_id(&args.connection)?;
    let left = context
        .broker()
        .export(&id, &to, args.keep, |sealed| match &args.output {
            Some(path) => output::safely_to_file(path, sealed).map(|()| true),
            None => output::safely(sealed),
        })?;
    match left {
        Exported::Forgotten => context.ui.note(&format!(
            "Exported `{id}` and forgot it here. Nothing was revoked: it lives on where it is imported."
        )),
        // Two copies in use would end each other, whatever was silenced.
        Exported::KeptUnsure => context.ui.always(&format!(
            "warning: `{id}` is still here: whether the export has come through cannot be seen from here. Once it is imported there, run `hallpass disconnect {id} --local`, before either of the two is renewed: where the provider rotates refresh tokens, that ends the other"
        )),
        Exported::KeptRotating => context.ui.warn(&format!(
            "`{id}` is here and in the export. Where the provider rotates refresh tokens, the first of the two to be renewed ends the other: use only one"
        )),
        Exported::Kept => context
            .ui
            .note(&format!("Exported `{id}`; it works here as before.")),
    }
    Ok(())
}
