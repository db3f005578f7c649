//! `hallpass rename`: another name for a connection.

use clap::Args;

use crate::connection::{ConnectionArg, ConnectionId};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::secret::shown;

/// Give a connection another name
#[derive(Debug, Args)]
pub(super) struct RenameArgs {
    /// The connection: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN")]
    connection: ConnectionArg,
    /// Its new name, without the integration
    #[arg(value_name = "NAME")]
    name: String,
}

pub(super) fn run(args: &RenameArgs, context: &Context) -> Result<()> {
    let old = context.connection_id(&args.connection)?;
    let new = named(&args.name, old.integration())?;
    if new == old {
        context.ui.note(&format!("`{old}` has that name already."));
        return Ok(());
    }
    context.broker().rename(&old, &new)?;
    context.ui.note(&format!("Renamed `{old}` to `{new}`."));
    Ok(())
}

/// The connection of this name; `INTEGRATION@NAME` will do where the
/// integration stays the same.
pub(super) fn named(name: &str, integration: &str) -> Result<ConnectionId> {
    let full = if name.contains('@') {
        name.to_owned()
    } else {
        format!("{integration}@{name}")
    };
    let usage = |why: String| {
        Failure::new(Kind::Usage, why).hint(
            "write the name alone, in lower-case letters, digits, `-` and `_`, such as `work`",
        )
    };
    let arg: ConnectionArg = full
        .parse()
        .map_err(|_| usage(format!("`{}` is no name", shown(name))))?;
    if arg.integration != integration {
        return Err(usage(format!(
            "`{}` is of another integration than `{integration}`, whose credential it would not be",
            shown(name)
        )));
    }
    let name = arg.name.as_deref().unwrap_or_default();
    Ok(ConnectionId::new(integration, name))
}
