//! Requests that are shown and not sent: `--dry-run` and `--curl`. Nothing is
//! unlocked for them, so that no secret can be shown.

use std::path::Path;

use clap::Args;

use super::body::is_stdin;
use super::{RequestArgs, action, curl, dry_run};
use crate::cli::calling::Caller;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};

/// Showing in the place of sending.
#[derive(Debug, Args)]
#[command(next_help_heading = "Instead of sending")]
pub(super) struct PreviewArgs {
    /// Show what would be sent, without secrets, and send nothing
    #[arg(long, conflicts_with = "curl")]
    dry_run: bool,
    /// Print a curl command that does the same, with the credential's header from `hallpass token`
    #[arg(long)]
    curl: bool,
}

impl PreviewArgs {
    /// Whether nothing is to be sent.
    pub(super) fn is_wanted(&self) -> bool {
        self.dry_run || self.curl
    }
}

pub(super) fn run(args: &RequestArgs, context: &Context) -> Result<()> {
    let (id, integration) = context.connection_unasked(&args.connection)?;
    let caller = Caller {
        context,
        id: &id,
        integration: &integration,
        manner: args.transport.begin(&context.http),
    };
    // A flag of a batch's without a batch is refused here.
    if args.batch.file()?.is_some() && args.preview.dry_run {
        return Err(Failure::new(
            Kind::Usage,
            "a batch is read line by line while it runs, and cannot be shown before",
        )
        .hint("look at one of its requests: `hallpass request CONN PATH --dry-run`"));
    }
    if args.line.files().any(|path| is_stdin(Path::new(path))) {
        return Err(Failure::new(
            Kind::Usage,
            "headers come on stdin, which nobody waits for here",
        )
        .hint("put them in a file: `-H @FILE`"));
    }
    let call = match &args.action {
        Some(name) => Some(action::prepare(&integration, name, &args.targets)?),
        None => None,
    };
    if args.preview.curl {
        curl::run(&caller, args, call.as_ref())
    } else {
        dry_run::run(&caller, args, call.as_ref())
    }
}

/// Whether a header or a query parameter of this name most likely carries a
/// secret, which then is not shown: in doubt it is.
pub(super) fn sounds_secret(name: &str) -> bool {
    const PARTS: [&str; 8] = [
        "authorization",
        "secret",
        "passw",
        "token",
        "cookie",
        "credential",
        "signature",
        "session",
    ];
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(|c: char| !c.is_ascii_alphanumeric()).next();
    PARTS.iter().any(|part| name.contains(part))
        || last.is_some_and(|word| matches!(word, "key" | "apikey" | "auth" | "sig" | "pin"))
}

#[cfg(test)]
mod tests {
    use super::sounds_secret;

    #[test]
    fn names_that_carry_secrets_are_told_from_others() {
        for name in [
            "Authorization",
            "X-Api-Key",
            "api_key",
            "access_token",
            "Cookie",
            "sig",
        ] {
            assert!(sounds_secret(name), "{name}");
        }
        for name in [
            "Accept",
            "author",
            "keyword",
            "q",
            "If-None-Match",
            "Idempotency-Id",
        ] {
            assert!(!sounds_secret(name), "{name}");
        }
    }
}
