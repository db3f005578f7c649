//! `hallpass refresh`: for cron, so that connections stay alive that nobody
//! uses for a while. Each is tried, whatever becomes of the others, and
//! reported; the highest code wins. Nothing prompts. Quietly, only what failed is
//! said: cron mails whatever there is on either stream.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::broker::Need;
use crate::clock::{self, Timestamp};
use crate::connection::{ConnectionArg, ConnectionId};
use crate::context::Context;
use crate::definition::{AuthKind, Integration, RenewFrom};
use crate::error::{Failure, Result};
use crate::output;
use crate::signals;
use crate::store::Record;
use crate::ui::escape;

/// Renew connections now, and say what became of each
#[derive(Debug, Args)]
#[command(after_help = "\
One line per connection on stdout, none with --quiet; what failed is told on stderr, and the highest
exit code wins.

Examples:
  hallpass refresh github@work
  hallpass refresh --all --quiet       (for cron or a timer, once a day)
  hallpass refresh --all --json | jq -r '.[] | select(.error) | .connection'")]
pub(super) struct RefreshArgs {
    /// The connections: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN", required_unless_present = "all")]
    connections: Vec<ConnectionArg>,
    /// Every connection that is kept and can be renewed
    #[arg(long, conflicts_with = "connections")]
    all: bool,
    /// Print a JSON array
    #[arg(long)]
    pub(super) json: bool,
}

/// What became of a connection that did not fail.
enum Outcome {
    Renewed(Option<Timestamp>),
    /// Nothing renews it, for this reason.
    Nothing(&'static str, Option<Timestamp>),
}

/// One connection to renew: its name, and how it is found.
struct Turn {
    name: String,
    arg: ConnectionArg,
}

pub(super) fn run(args: &RefreshArgs, context: &Context) -> Result<ExitCode> {
    signals::watch(
        context.ui,
        "renewing connections",
        "run the command again; what was renewed is kept",
    );
    let turns = if args.all {
        kept(context)?
    } else {
        named(args, context)
    };
    if turns.is_empty() {
        context.ui.note("There is no connection to renew.");
    }
    let width = turns.iter().map(|turn| turn.name.len()).max();
    let mut lines = Vec::with_capacity(turns.len());
    let mut failures = Vec::new();
    for turn in turns {
        let result = if args.all {
            one_of_all(&turn.arg, context)
        } else {
            one_named(&turn.arg, context)
        };
        if args.json {
            lines.push(object(&turn.name, &result));
        } else if !context.ui.is_quiet() {
            let width = width.unwrap_or_default();
            output::line(&format!("{:width$}  {}", turn.name, words(&result)))?;
        }
        failures.extend(result.err());
    }
    if args.json {
        output::json(&lines)?;
    }
    worst_last(failures, context)
}

/// What was named, each once.
fn named(args: &RefreshArgs, context: &Context) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for arg in &args.connections {
        let name = match context.connection_unasked(arg) {
            Ok((id, _)) => id.to_string(),
            Err(_) => ConnectionId::without_definition(arg).to_string(),
        };
        if !turns.iter().any(|turn| turn.name == name) {
            let arg = arg.clone();
            turns.push(Turn { name, arg });
        }
    }
    turns
}

/// What is kept.
fn kept(context: &Context) -> Result<Vec<Turn>> {
    let ids = context.stores.connections()?;
    let turns = ids.into_iter().map(|id| Turn {
        name: id.to_string(),
        arg: ConnectionArg {
            integration: id.integration().to_owned(),
            name: Some(id.name().to_owned()),
        },
    });
    Ok(turns.collect())
}

/// Renews what was named; what is minted is minted anew.
fn one_named(arg: &ConnectionArg, context: &Context) -> Result<Outcome> {
    let (id, integration) = context.connection_unasked(arg)?;
    let Some(why) = fixed(&integration) else {
        return renew(&id, &integration, context);
    };
    let broker = context.broker();
    broker.fresh(&id, &integration, Need::default())?;
    Ok(Outcome::Nothing(why, None))
}

/// Renews one of all where that keeps it alive.
fn one_of_all(arg: &ConnectionArg, context: &Context) -> Result<Outcome> {
    let (id, integration) = context.connection_unasked(arg).map_err(|failure| {
        let id = ConnectionId::without_definition(arg);
        failure
            .context(format!("`{id}` was not renewed"))
            .hint(format!(
                "or forget the connection: `hallpass disconnect {id} --local`"
            ))
    })?;
    if let Some(why) = fixed(&integration) {
        return Ok(Outcome::Nothing(why, None));
    }
    let Some(record) = context.stores.record(&id)? else {
        return Ok(Outcome::Nothing("it was forgotten meanwhile", None));
    };
    if record.forgotten {
        return Ok(Outcome::Nothing("it is forgotten", None));
    }
    if has_source(&integration, &record) {
        return renew(&id, &integration, context);
    }
    if !integration.auth.needs_consent() {
        let why = "it is obtained anew when it is needed";
        return Ok(Outcome::Nothing(why, record.expires_at));
    }
    // Nothing is sent for this; it fails where a person has to act.
    let fresh = context.broker().fresh(&id, &integration, Need::default())?;
    Ok(Outcome::Nothing(
        "it has no refresh token",
        fresh.item.credential.expires_at,
    ))
}

fn renew(id: &ConnectionId, integration: &Integration, context: &Context) -> Result<Outcome> {
    let need = Need {
        renewed: true,
        ..Need::default()
    };
    let fresh = context.broker().fresh(id, integration, need)?;
    Ok(Outcome::Renewed(fresh.item.credential.expires_at))
}

/// What a credential is that nothing ever renews.
fn fixed(integration: &Integration) -> Option<&'static str> {
    match integration.auth.kind {
        AuthKind::ApiKey => Some("it is an API key"),
        AuthKind::Basic => Some("it is user name and password"),
        AuthKind::None => Some("it has no credential"),
        AuthKind::OAuth2(_) | AuthKind::CustomToken | AuthKind::Jwt => None,
    }
}

/// Whether a record tells of something to renew it from.
fn has_source(integration: &Integration, record: &Record) -> bool {
    match integration.auth.renew_from() {
        RenewFrom::RefreshToken => record.renewable,
        RenewFrom::AccessToken => true,
        RenewFrom::Nothing => false,
    }
}

/// One line's worth.
fn words(result: &Result<Outcome>) -> String {
    let end = |at: &Option<Timestamp>| match at {
        Some(at) => {
            let now = Timestamp::now();
            let verb = if *at > now { "expires" } else { "expired" };
            format!(", {verb} {}", clock::relative(*at, now))
        }
        None => String::new(),
    };
    match result {
        Ok(Outcome::Renewed(at)) => format!("renewed{}", end(at)),
        Ok(Outcome::Nothing(why, at)) => format!("nothing to renew: {why}{}", end(at)),
        Err(failure) => format!("failed: {}", escape(&failure.headline())),
    }
}

/// What scripts rely on.
fn object(name: &str, result: &Result<Outcome>) -> Value {
    let (word, at, error) = match result {
        Ok(Outcome::Renewed(at)) => ("renewed", *at, Value::Null),
        Ok(Outcome::Nothing(_, at)) => ("nothing_to_renew", *at, Value::Null),
        Err(failure) => ("failed", None, failure.to_json()),
    };
    json!({"connection": name, "result": word, "expires_at": at, "error": error})
}

/// Tells of every failure, of the one that decides the exit code last.
fn worst_last(mut failures: Vec<Failure>, context: &Context) -> Result<ExitCode> {
    let codes = failures.iter().map(Failure::exit_code).enumerate();
    let Some((at, _)) = codes.max_by_key(|(at, code)| (*code, std::cmp::Reverse(*at))) else {
        return Ok(ExitCode::SUCCESS);
    };
    let worst = failures.remove(at);
    for failure in &failures {
        context.ui.failure(failure);
    }
    Err(worst)
}
