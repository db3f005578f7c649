//! `hallpass status`: one connection in full, no secret shown, nothing
//! unlocked.

use clap::Args;

use crate::broker::{State, grant_of, is_renewable, shown_values, strangers};
use crate::clock::{self, Timestamp};
use crate::connection::{ConnectionArg, ConnectionId};
use crate::context::Context;
use crate::definition::Integration;
use crate::error::{Failure, Kind, Result};
use crate::output;
use crate::store::{InFlight, Protection, Record, Standing, StoreError};
use crate::ui::escape;

/// One connection in full, no secret shown; exits 4 when it is not connected
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// The connection: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN")]
    connection: ConnectionArg,
    /// Print a JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &StatusArgs, context: &Context) -> Result<()> {
    let (id, integration) = context.connection(&args.connection)?;
    let record = context.stores.record(&id)?;
    let kept = match &record {
        Some(record) => Some(Resting {
            record,
            protection: context.stores.protection(record.store)?,
            busy: context.stores.is_busy(&id),
        }),
        None => None,
    };
    let now = Timestamp::now();
    let state = State::of(Some(&integration), record.as_ref(), now);
    if args.json {
        output::json(&json(&id, &integration, kept.as_ref(), state))?;
    } else {
        output::text(&text(&id, &integration, kept.as_ref(), state, now))?;
    }
    match state {
        State::Connected | State::Ready | State::Expired => Ok(()),
        State::NotConnected => Err(needs(&id, "is not connected")),
        State::NeedsConnecting => Err(again(&id, &integration, record.as_ref())),
    }
}

fn again(id: &ConnectionId, integration: &Integration, record: Option<&Record>) -> Failure {
    if let Some(Standing::Renaming { to, .. }) = record.map(|record| &record.standing) {
        let to = ConnectionId::new(id.integration(), to);
        return StoreError::Renaming { id: id.clone(), to }.into();
    }
    let moved = record.is_some_and(|record| {
        let unaccepted = shown_values(integration, record).check_kept().is_err();
        unaccepted || !strangers(integration, record).is_empty()
    });
    if !moved {
        return needs(id, "has to be connected again");
    }
    Failure::new(
        Kind::NeedsConnecting,
        format!("`{id}` was connected under another definition"),
    )
    .hint(format!(
        "if the change is right, run `hallpass connect {id} --force`"
    ))
}

fn needs(id: &ConnectionId, what: &str) -> Failure {
    Failure::new(Kind::NeedsConnecting, format!("`{id}` {what}"))
        .hint(format!("run `hallpass connect {id}`"))
}

/// A connection as it rests: its record, what protects it, and whether somebody
/// is at work on it.
struct Resting<'a> {
    record: &'a Record,
    protection: Protection,
    busy: bool,
}

fn json(
    id: &ConnectionId,
    integration: &Integration,
    kept: Option<&Resting<'_>>,
    state: State,
) -> serde_json::Value {
    let record = kept.map(|kept| kept.record);
    serde_json::json!({
        "integration": id.integration(),
        "connection": id.to_string(),
        "state": state,
        "account": record.and_then(|r| r.account.clone()),
        "expires_at": record.and_then(|r| r.expires_at),
        "scopes": record.map(|r| r.scopes.clone()).unwrap_or_default(),
        "store": record.map(|r| r.store),
        "protection": kept.map(|kept| &kept.protection),
        "grant": grant_of(integration, record),
        "dpop": record.is_some_and(|r| r.bound),
        "renewable": record.map_or(is_minted(integration), |r| is_renewable(integration, r)),
        "connected_at": record.map(|r| r.connected_at),
        "renewed_at": record.map(|r| r.obtained_at),
        "in_flight": record.and_then(|r| r.in_flight.clone()),
        "parameters": record.map(|r| r.parameters.clone()).unwrap_or_default(),
        "origins": record.map(|r| r.pin.origins.clone()).unwrap_or_default(),
        "reason": record.and_then(|r| reason(integration, r)),
        "definition": integration.place.to_string(),
    })
}

/// Whether a credential is had anew whenever it is needed.
fn is_minted(integration: &Integration) -> bool {
    !integration.auth.needs_consent() && !integration.auth.is_fixed()
}

/// Why it has to be connected again, where that is known.
fn reason(integration: &Integration, record: &Record) -> Option<String> {
    if let Err(error) = shown_values(integration, record).check_kept() {
        return Some(error.to_string());
    }
    let strangers = strangers(integration, record);
    if !strangers.is_empty() {
        return Some(format!(
            "the definition now also names {}",
            strangers.join(", ")
        ));
    }
    match &record.standing {
        Standing::Good => None,
        Standing::NeedsConnecting { why } => Some(why.clone()),
        Standing::Renaming { to, .. } => Some(format!("it is being renamed to `{to}`")),
    }
}

fn text(
    id: &ConnectionId,
    integration: &Integration,
    kept: Option<&Resting<'_>>,
    state: State,
    now: Timestamp,
) -> String {
    let mut lines: Vec<(&str, String)> = vec![
        ("connection", id.to_string()),
        ("service", integration.name.clone()),
        ("state", state.name().replace('_', " ")),
    ];
    if let Some(Resting {
        record,
        protection,
        busy,
    }) = kept
    {
        lines.extend(reason(integration, record).map(|why| ("because", why)));
        lines.extend(record.account.clone().map(|account| ("account", account)));
        if !integration.auth.is_fixed() {
            lines.push(("expires", expiry(record, now)));
            lines.push(("renewal", renewal(integration, record).to_owned()));
        }
        if record.bound {
            lines.push(("bound to", "a key that rests with it (DPoP)".to_owned()));
        }
        if let Some(InFlight { since, pid }) = &record.in_flight {
            let how = if *busy {
                "is under way"
            } else {
                "was cut off, or its answer was lost"
            };
            let text = format!("a renewal that process {pid} began {since} {how}");
            lines.push(("in flight", text));
        }
        if !record.scopes.is_empty() {
            lines.push(("scopes", record.scopes.join(" ")));
        }
        for (name, value) in &record.parameters {
            lines.push(("parameter", format!("{name} = {value}")));
        }
        lines.push(("stored in", record.store.name().to_owned()));
        lines.push(("protected by", protection.text.clone()));
        lines.push(("may go to", record.pin.to_string()));
        lines.push((
            "connected",
            format!(
                "{} ({})",
                record.connected_at,
                clock::relative(record.connected_at, now)
            ),
        ));
        lines.push((
            "renewed",
            format!(
                "{} ({})",
                record.obtained_at,
                clock::relative(record.obtained_at, now)
            ),
        ));
    }
    let grant = grant_of(integration, kept.map(|kept| kept.record));
    lines.push(("grant", grant.to_owned()));
    lines.push(("definition", integration.place.to_string()));
    let lines: Vec<String> = lines
        .iter()
        .map(|(name, value)| format!("{name:<13}{}\n", escape(value)))
        .collect();
    lines.concat()
}

fn expiry(record: &Record, now: Timestamp) -> String {
    match record.expires_at {
        Some(then) => format!("{then} ({})", clock::relative(then, now)),
        None => "the provider does not say".to_owned(),
    }
}

fn renewal(integration: &Integration, record: &Record) -> &'static str {
    if is_minted(integration) {
        "by itself: nobody needs to be there"
    } else if !is_renewable(integration, record) {
        "not possible: the provider gave no refresh token"
    } else if record.renewable {
        "by itself, with a refresh token"
    } else {
        "by itself, with the token it has"
    }
}
