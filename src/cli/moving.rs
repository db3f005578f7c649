//! `hallpass move`: to another store of this machine.

use clap::{Args, ValueEnum};

use crate::connection::ConnectionArg;
use crate::context::Context;
use crate::error::Result;
use crate::settings::StoreKind;

/// Move a connection to another store
#[derive(Debug, Args)]
pub(super) struct MoveArgs {
    /// The connection: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN")]
    connection: ConnectionArg,
    /// Where it is to rest
    #[arg(long, value_name = "STORE")]
    to: Place,
}

/// The stores that keep anything.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Place {
    /// The operating system's keychain
    Keychain,
    /// An age-encrypted file
    File,
}

impl From<Place> for StoreKind {
    fn from(place: Place) -> Self {
        match place {
            Place::Keychain => StoreKind::Keychain,
            Place::File => StoreKind::File,
        }
    }
}

pub(super) fn run(args: &MoveArgs, context: &Context) -> Result<()> {
    let id = context.connection_id(&args.connection)?;
    let to = StoreKind::from(args.to);
    let moved = context.broker().move_to(&id, to)?;
    context.ui.note(&match moved {
        Some(from) => format!(
            "Moved `{id}` from the store `{}` to `{}`: {}.",
            from.name(),
            to.name(),
            context.stores.protection(to)?.text
        ),
        None => format!("`{id}` rests in the store `{}` already.", to.name()),
    });
    Ok(())
}
