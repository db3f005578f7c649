//! Whose credential a tool is given: the definitions that name the host, and
//! the connection of theirs that is meant.

use crate::broker::{Need, State, bound};
use crate::clock::Timestamp;
use crate::connection::{ConnectionArg, ConnectionId};
use crate::context::Context;
use crate::definition::helpers::{Helpers, is_host_named};
use crate::definition::report::Severity;
use crate::definition::{AuthKind, Integration, is_key};
use crate::error::{Failure, Kind, Result};
use crate::output::Login;
use crate::ui::escape;

/// The user name that goes with a token where nobody says another: most services
/// look at the token alone, and some take this one only.
pub(super) const USERNAME: &str = "oauth2";

/// The connection that is meant.
pub(super) struct Chosen {
    pub(super) integration: Integration,
    pub(super) id: ConnectionId,
    /// Whether it was ever connected, or needs no connecting.
    pub(super) exists: bool,
    /// Whether the tool named it by a user name, which is then none.
    pub(super) by_username: bool,
}

/// The definitions that name a host, in the order of the file.
pub(super) fn at_host(
    context: &Context,
    host: &str,
    named: impl Fn(&Helpers) -> Option<&str>,
) -> Result<Vec<Integration>> {
    let definitions = context.own_definitions()?;
    let mut found = definitions.all();
    found.integrations.retain(|integration| {
        named(&integration.helpers).is_some_and(|named| is_host_named(named, host))
    });
    let source = definitions.source();
    let is_broken = found
        .problems
        .iter()
        .any(|problem| problem.severity == Severity::Error);
    // A definition that cannot be read may be the one that is meant.
    let is_mentioned =
        || !host.is_empty() && source.text.to_lowercase().contains(&host.to_lowercase());
    if found.integrations.is_empty() && is_broken && is_mentioned() {
        let path = source.path.display();
        return Err(Failure::new(
            Kind::Definition,
            format!("`{path}` has problems, and no definition without any names this host"),
        )
        .hint("run `hallpass check`"));
    }
    Ok(found.integrations)
}

/// The connection that is meant: the one that was named, the one that a user
/// name names, else the first definition's own whose connection exists.
pub(super) fn choose(
    context: &Context,
    integrations: Vec<Integration>,
    connection: Option<&ConnectionArg>,
    username: Option<&str>,
) -> Result<Option<Chosen>> {
    let chosen = |integration: Integration, id, exists, by_username| Chosen {
        integration,
        id,
        exists,
        by_username,
    };
    if let Some(arg) = connection {
        let Some(integration) = named(context, integrations, arg)? else {
            return Ok(None);
        };
        let id = ConnectionId::of(arg, &integration);
        let exists = exists(context, &integration, &id)?;
        return Ok(Some(chosen(integration, id, exists, false)));
    }
    let username = username.filter(|name| is_key(name));
    let mut there = Vec::new();
    let mut first = None;
    for integration in integrations {
        if let Some(name) = username {
            let id = ConnectionId::new(&integration.key, name);
            if is_kept(context, &id)? {
                return Ok(Some(chosen(integration, id, true, true)));
            }
        }
        let id = ConnectionId::new(&integration.key, &integration.connection);
        if exists(context, &integration, &id)? {
            there.push((integration, id));
        } else if first.is_none() {
            first = Some((integration, id));
        }
    }
    if there.len() > 1 {
        let ids: Vec<String> = there.iter().map(|(_, id)| format!("`{id}`")).collect();
        context.ui.warn(&escape(&format!(
            "{} are all for this host: the first is used; another one is by its name, as the user name or with `--connection`",
            ids.join(", ")
        )));
    }
    let there = there.into_iter().next().map(|found| (found, true));
    let found = there.or(first.map(|found| (found, false)));
    Ok(found.map(|((integration, id), exists)| chosen(integration, id, exists, false)))
}

/// The definition of a connection that was named, if it is one of these; one
/// that is nowhere is an error.
fn named(
    context: &Context,
    integrations: Vec<Integration>,
    arg: &ConnectionArg,
) -> Result<Option<Integration>> {
    let mut integrations = integrations.into_iter();
    match integrations.find(|integration| integration.key == arg.integration) {
        Some(integration) => Ok(Some(integration)),
        None => context
            .own_definitions()?
            .get(&arg.integration)
            .map(|_| None),
    }
}

/// What a connection is good for, as far as its record tells.
pub(super) fn state(
    context: &Context,
    integration: &Integration,
    id: &ConnectionId,
) -> Result<State> {
    let record = context.stores.record(id)?;
    let now = Timestamp::now();
    Ok(State::of(Some(integration), record.as_ref(), now))
}

/// Whether a connection was ever made, or needs no making.
pub(super) fn exists(
    context: &Context,
    integration: &Integration,
    id: &ConnectionId,
) -> Result<bool> {
    Ok(state(context, integration, id)? != State::NotConnected)
}

/// Whether there is something kept of a connection.
fn is_kept(context: &Context, id: &ConnectionId) -> Result<bool> {
    let record = context.stores.record(id)?;
    Ok(record.is_some_and(|record| !record.forgotten))
}

/// Every connection of these definitions that may hold a credential: those of
/// the bare keys first.
pub(super) fn all_connections<'a>(
    context: &Context,
    integrations: &'a [Integration],
) -> Result<Vec<(&'a Integration, ConnectionId)>> {
    let kept = context.stores.connections()?;
    let mut ids = Vec::new();
    for integration in integrations {
        let own = ConnectionId::new(&integration.key, &integration.connection);
        let others = kept
            .iter()
            .filter(|id| id.integration() == integration.key && **id != own);
        ids.push((integration, own.clone()));
        ids.extend(others.map(|id| (integration, id.clone())));
    }
    Ok(ids)
}

/// A login that works now. `username` is the definition's for this tool.
pub(super) fn login(
    context: &Context,
    chosen: &Chosen,
    username: Option<&String>,
) -> Result<Login> {
    let Chosen {
        integration, id, ..
    } = chosen;
    let fresh = context.broker().fresh(id, integration, Need::default())?;
    let credential = &fresh.item.credential;
    if matches!(integration.auth.kind, AuthKind::Basic) {
        let values = fresh.values(integration);
        let input = |name| {
            let value = values.input(name).map_err(|error| {
                Failure::caused(Kind::Definition, error)
                    .context(format!("the definition of `{id}` cannot be filled in"))
                    .hint("run `hallpass check`")
            })?;
            value.ok_or_else(|| nothing(id))
        };
        let own = input("username")?;
        return Ok(Login {
            username: username.map_or_else(|| own.expose().to_owned(), Clone::clone),
            password: input("password")?,
            expires_at: None,
        });
    }
    if credential.binding().is_some() {
        return Err(bound(id, "it is of no use as a password"));
    }
    let password = credential.access_token.clone();
    Ok(Login {
        username: username.map_or_else(|| USERNAME.to_owned(), Clone::clone),
        password: password.ok_or_else(|| nothing(id))?,
        expires_at: credential.expires_at,
    })
}

fn nothing(id: &ConnectionId) -> Failure {
    Failure::new(Kind::Usage, format!("`{id}` has no credential to hand out")).hint(format!(
        "take `helpers` out of the definition of `{}`",
        id.integration()
    ))
}
