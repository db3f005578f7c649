//! `hallpass disconnect`: revoke at the provider, then forget.

use clap::Args;

use crate::broker::Revoked;
use crate::connection::{ConnectionArg, ConnectionId, DEFAULT};
use crate::context::Context;
use crate::definition::Integration;
use crate::error::{Failure, Kind, Result};

/// Revoke a connection at the provider (RFC 7009), then forget it
#[derive(Debug, Args)]
pub(super) struct DisconnectArgs {
    /// The connection: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN", required_unless_present = "all")]
    connection: Option<ConnectionArg>,
    /// Every connection
    #[arg(long, conflicts_with = "connection")]
    all: bool,
    /// Only forget: the tokens live on at the provider until they expire
    #[arg(long)]
    local: bool,
}

pub(super) fn run(args: &DisconnectArgs, context: &Context) -> Result<()> {
    let Some(arg) = &args.connection else {
        return all(args, context);
    };
    let (id, integration) = find(arg, context, args.local)?;
    if disconnect(&id, integration.as_ref(), args.local, context)? {
        return Ok(());
    }
    Err(
        Failure::new(Kind::NeedsConnecting, format!("`{id}` is not connected"))
            .hint("run `hallpass list` to see what is"),
    )
}

/// A connection whose definition is gone or broken can still be forgotten, and
/// nobody needs to trust one for that.
fn find(
    arg: &ConnectionArg,
    context: &Context,
    local: bool,
) -> Result<(ConnectionId, Option<Integration>)> {
    if local {
        let integration = context.connection_unasked(arg).ok();
        let integration = integration.map(|(_, integration)| integration);
        return Ok((context.connection_id(arg)?, integration));
    }
    match context.connection(arg) {
        Ok((id, integration)) => Ok((id, Some(integration))),
        Err(failure) => {
            // Which one a bare key means is for its definition to say.
            let name = arg.name.as_deref().unwrap_or(DEFAULT);
            let id = format!("{}@{name}", crate::secret::shown(&arg.integration));
            Err(failure.hint(format!(
                "or only forget the connection: `hallpass disconnect {id} --local`"
            )))
        }
    }
}

fn all(args: &DisconnectArgs, context: &Context) -> Result<()> {
    let mut worst: Option<Failure> = None;
    for id in context.stores.connections()? {
        let arg = ConnectionArg {
            integration: id.integration().to_owned(),
            name: Some(id.name().to_owned()),
        };
        let done = find(&arg, context, args.local).and_then(|(id, integration)| {
            disconnect(&id, integration.as_ref(), args.local, context)
        });
        if let Err(failure) = done {
            context.ui.warn(&crate::ui::escape(&failure.message()));
            let code = |failure: &Failure| failure.kind().exit_code();
            if worst
                .as_ref()
                .is_none_or(|known| code(known) < code(&failure))
            {
                worst = Some(failure);
            }
        }
    }
    worst.map_or(Ok(()), Err)
}

/// Says what became of the tokens; `false` when there were none.
fn disconnect(
    id: &ConnectionId,
    integration: Option<&Integration>,
    local: bool,
    context: &Context,
) -> Result<bool> {
    let Some(revoked) = context.broker().disconnect(id, integration, local)? else {
        return Ok(false);
    };
    let typed = integration.is_some_and(|integration| integration.auth.is_fixed());
    context.ui.note(&match revoked {
        Revoked::LeftOver => format!("Deleted what was left of `{id}`."),
        Revoked::NoEndpoint | Revoked::LocalOnly if typed => format!(
            "Forgot `{id}`. What was typed still works: where it came from is where it can be ended."
        ),
        Revoked::Yes => format!("Disconnected `{id}`: its tokens are revoked and forgotten."),
        Revoked::NoEndpoint => format!(
            "Forgot `{id}`. Its definition names no `revocation_url`, so the provider still honours its tokens until they expire."
        ),
        Revoked::LocalOnly => format!(
            "Forgot `{id}` here. The provider still honours its tokens until they expire."
        ),
    });
    Ok(true)
}
