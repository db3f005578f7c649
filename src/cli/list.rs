//! `hallpass list`: integrations and connections, without unlocking anything;
//! and what their definitions can do by name (`actions`).

mod actions;

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use crate::broker::{State, grant_of};
use crate::clock::{self, Timestamp};
use crate::connection::{ConnectionArg, ConnectionId};
use crate::context::Context;
use crate::definition::report::{Problem, Severity};
use crate::definition::{Found, Integration, Layers};
use crate::error::Result;
use crate::output;
use crate::store::{Record, Standing};
use crate::ui::escape;

/// The most keys of an untrusted file that are named: it can have any number.
const MOST_KEYS: usize = 20;

/// Integrations and connections: state, account, expiry, scopes, where stored
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hallpass list
  hallpass list --actions github
  hallpass list --actions --json | jq -r '.[].command'")]
pub(super) struct ListArgs {
    /// With --actions: those of this connection alone
    #[arg(value_name = "CONN", requires = "actions")]
    connection: Option<ConnectionArg>,
    /// List the named requests of the definitions, with their arguments
    #[arg(long)]
    actions: bool,
    /// Print a JSON array
    #[arg(long)]
    pub(super) json: bool,
}

/// One line of the list; scripts rely on the names.
#[derive(Debug, Serialize)]
struct Line {
    integration: String,
    connection: String,
    state: State,
    account: Option<String>,
    expires_at: Option<Timestamp>,
    scopes: Vec<String>,
    store: Option<&'static str>,
    grant: Option<String>,
}

pub(super) fn run(args: &ListArgs, context: &Context) -> Result<()> {
    if args.actions {
        return actions::run(args, context);
    }
    let definitions = context.definitions()?;
    let found = definitions.all();
    let integrations: BTreeMap<&str, &Integration> = found
        .integrations
        .iter()
        .map(|integration| (integration.key.as_str(), integration))
        .collect();
    let mut ids: Vec<ConnectionId> = context.stores.connections()?;
    for integration in &found.integrations {
        // The one the bare key means is there even before it is connected.
        let default = ConnectionId::new(&integration.key, &integration.connection);
        if !ids.iter().any(|id| id.integration() == integration.key) {
            ids.push(default);
        }
    }
    ids.sort();
    let now = Timestamp::now();
    let mut lines = Vec::with_capacity(ids.len());
    for id in &ids {
        let integration = integrations.get(id.integration()).copied();
        let record = context.stores.record(id)?;
        let state = match (integration, &record) {
            (None, Some(record)) if definitions.may_define(id.integration()) => {
                by_record(record, now)
            }
            _ => State::of(integration, record.as_ref(), now),
        };
        lines.push(line(id, integration, record, state));
    }
    show(args, context, &lines, now)?;
    warn_of_broken(&found, context);
    warn_of_untrusted(definitions, context);
    Ok(())
}

/// Says which definitions have mistakes, and so are not in the list.
fn warn_of_broken(found: &Found, context: &Context) {
    let is_whole = |key: &str| found.integrations.iter().any(|known| known.key == key);
    let broken: Vec<String> = found
        .keys
        .iter()
        .filter(|key| !is_whole(key))
        .map(|key| format!("`{key}`"))
        .collect();
    let is_error = |problem: &&Problem| problem.severity == Severity::Error;
    if let Some(first) = found.problems.iter().find(is_error) {
        let which = if broken.is_empty() {
            String::new()
        } else {
            format!(" ({})", broken.join(", "))
        };
        let path = first.source.path.display();
        let warning = format!("`{path}` has problems{which}; run `hallpass check`");
        context.ui.warn(&escape(&warning));
    }
}

/// Says whose keys are missing, and why; what cannot be used at all was warned
/// of by reading it.
fn warn_of_untrusted(definitions: &Layers, context: &Context) {
    let (Some(file), Some(keys)) = (definitions.project(), definitions.withheld()) else {
        return;
    };
    if !definitions.could_be_trusted() {
        return;
    }
    let mut named: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    if named.len() > MOST_KEYS {
        named.truncate(MOST_KEYS);
        named.push(format!("and {} more", keys.len() - MOST_KEYS));
    }
    let path = file.path().display().to_string();
    let what = match named.len() {
        0 => String::new(),
        _ => format!(
            ", so that what it defines cannot be used here: {}",
            named.join(", ")
        ),
    };
    let warning = format!("`{path}` is not trusted{what}; run `hallpass trust`");
    context.ui.warn(&escape(&warning));
}

/// The state of a connection whose definition is there and cannot be used now:
/// connecting again would not help, so it is what the record says.
fn by_record(record: &Record, now: Timestamp) -> State {
    // These are obtained anew, with a refresh token or without.
    let minted = ["client_credentials", "custom_token", "jwt"];
    let renewable = record.renewable || minted.contains(&record.grant.as_str());
    let expired = record.expires_at.is_some_and(|expires| expires <= now);
    match (&record.standing, expired, renewable) {
        (Standing::NeedsConnecting { .. } | Standing::Renaming { .. }, _, _) | (_, true, false) => {
            State::NeedsConnecting
        }
        (_, true, true) => State::Expired,
        (_, false, _) => State::Connected,
    }
}

fn line(
    id: &ConnectionId,
    integration: Option<&Integration>,
    record: Option<Record>,
    state: State,
) -> Line {
    let grant = integration.map(|known| grant_of(known, record.as_ref()).to_owned());
    let grant = grant.or_else(|| record.as_ref().map(|record| record.grant.clone()));
    Line {
        integration: id.integration().to_owned(),
        connection: id.to_string(),
        state,
        account: record.as_ref().and_then(|record| record.account.clone()),
        expires_at: record.as_ref().and_then(|record| record.expires_at),
        store: record.as_ref().map(|record| record.store.name()),
        scopes: record.map(|record| record.scopes).unwrap_or_default(),
        grant,
    }
}

fn show(args: &ListArgs, context: &Context, lines: &[Line], now: Timestamp) -> Result<()> {
    if args.json {
        return output::json(&lines);
    }
    if lines.is_empty() {
        let path = context
            .definitions()?
            .own()
            .source()
            .path
            .display()
            .to_string();
        context
            .ui
            .note(&format!("nothing is defined in `{}` yet", escape(&path)));
        context.ui.hint(
            "describe a service there; `hallpass sandbox --print-config` shows what one looks like",
        );
        return Ok(());
    }
    let dash = |text: Option<&str>| {
        text.filter(|text| !text.is_empty())
            .unwrap_or("-")
            .to_owned()
    };
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let expires = line.expires_at.map(|then| clock::relative(then, now));
            vec![
                line.connection.clone(),
                line.state.name().to_owned(),
                dash(line.account.as_deref()),
                dash(expires.as_deref()),
                dash(Some(&line.scopes.join(" "))),
                dash(line.store),
            ]
        })
        .collect();
    let headings = [
        "CONNECTION",
        "STATE",
        "ACCOUNT",
        "EXPIRES",
        "SCOPES",
        "STORE",
    ];
    output::text(&output::table(&headings, &rows))
}
