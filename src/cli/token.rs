//! `hallpass token`: a token that works now, on stdout.

use std::time::Duration;

use clap::Args;

use crate::api;
use crate::broker::Need;
use crate::connection::ConnectionArg;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::output::{self, Format};
use crate::settings::parse_duration;

/// Print a token that works now, renewed if need be
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  curl -H \"$(hallpass token github --format header)\" https://api.github.com/user
  eval \"$(hallpass token github --format env)\"
  hallpass token reports --min-ttl 10m --format json | jq -r .expires_at")]
pub(super) struct TokenArgs {
    /// The connection: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN")]
    connection: ConnectionArg,
    /// The form to print it in
    #[arg(long, value_name = "FORMAT", default_value = "raw")]
    format: Format,
    /// The life it must have at least; it is renewed for that if need be
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    min_ttl: Option<Duration>,
    /// Renew it, whatever life it has
    #[arg(long)]
    refresh: bool,
}

pub(super) fn run(args: &TokenArgs, context: &Context) -> Result<()> {
    let (id, integration) = context.connection(&args.connection)?;
    let need = Need {
        min_ttl: args.min_ttl,
        renewed: args.refresh,
        rejected: None,
    };
    let fresh = context.broker().fresh(&id, &integration, need)?;
    let header = match args.format {
        Format::Header => api::credential_header(&integration, &fresh.values(&integration))
            .map_err(|error| {
                Failure::caused(Kind::Definition, error)
                    .hint("mend `api.headers` of the definition, then run `hallpass check`")
            })?,
        _ => None,
    };
    output::token(&id, &fresh.item.credential, args.format, header)
}
