//! `hallpass helper docker`, and `docker-credential-hallpass`: docker's
//! credential helper, as docker/docker-credential-helpers describes it. Docker
//! reads errors on stdout too, and knows one of them by its text.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::matching::{self, USERNAME};
use crate::broker::{Rejection, shown_values};
use crate::connection::{ConnectionId, Values};
use crate::context::Context;
use crate::definition::helpers::{DockerHelper, Helpers};
use crate::definition::{AuthKind, Integration};
use crate::error::{Failure, Kind, Result};
use crate::output;
use crate::ui::escape;

/// The name that docker calls it by: what `credHelpers` says, behind
/// `docker-credential-`.
pub(super) const PROGRAM: &str = "docker-credential-hallpass";

/// Docker Hub, as docker asks for it and as people call it.
const HUB: [&str; 2] = ["index.docker.io", "docker.io"];
/// What docker keeps its credentials under.
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// What a helper says when it has nothing, word for word: docker goes on
/// without a credential then.
const NOT_FOUND: &str = "credentials not found in native keychain";

/// docker's credential helper, also by the name docker-credential-hallpass
#[derive(Debug, Args)]
#[command(after_help = "\
Set it up: hallpass helper install docker ghcr
By hand:   link docker-credential-hallpass to hallpass in a directory of PATH, and in
           ~/.docker/config.json write  \"credHelpers\": { \"ghcr.io\": \"hallpass\" }")]
pub(super) struct DockerArgs {
    /// What docker wants
    #[arg(value_name = "ACTION")]
    action: Action,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Action {
    /// The login of the registry that stdin names
    Get,
    /// Refused: hallpass connects by itself
    Store,
    /// Have the token of the registry that stdin names renewed
    Erase,
    /// The registries there are logins for
    List,
    /// The helper's version
    Version,
}

pub(super) fn run(args: &DockerArgs, context: &Context) -> Result<ExitCode> {
    let done = match args.action {
        Action::Get => get(context),
        Action::Store => store(context),
        Action::Erase => erase(context),
        Action::List => list(context),
        Action::Version => output::line(concat!("hallpass ", env!("CARGO_PKG_VERSION")))
            .map(|()| ExitCode::SUCCESS)
            .map_err(Trouble::of),
    };
    done.or_else(|Trouble { said, failure }| {
        // Docker reads and shows what stands on stdout.
        output::line(&said)?;
        Err(failure)
    })
}

/// A failure, and what docker is told of it.
struct Trouble {
    said: String,
    failure: Failure,
}

impl Trouble {
    fn of(failure: Failure) -> Self {
        let said = escape(&failure.message()).into_owned();
        Self { said, failure }
    }
}

fn get(context: &Context) -> Result<ExitCode, Trouble> {
    let server = server().map_err(Trouble::of)?;
    let chosen = definitions(context, &server)
        .and_then(|integrations| matching::choose(context, integrations, None, None))
        .map_err(Trouble::of)?;
    let Some(chosen) = chosen else {
        return output::line(NOT_FOUND)
            .map(|()| ExitCode::FAILURE)
            .map_err(Trouble::of);
    };
    let own = of(&chosen.integration).and_then(|docker| docker.username.as_ref());
    matching::login(context, &chosen, own)
        .and_then(|login| output::docker_login(&server, &login))
        .map(|()| ExitCode::SUCCESS)
        .map_err(|failure| {
            let mut trouble = Trouble::of(failure);
            // What is public can be had without; whatever else docker is
            // refused then, stderr has said why.
            if !chosen.exists {
                NOT_FOUND.clone_into(&mut trouble.said);
            }
            trouble
        })
}

/// What docker was given is not kept: a definition says where credentials come
/// from.
fn store(context: &Context) -> Result<ExitCode, Trouble> {
    // It holds a secret, and is let go unread.
    drop(super::input());
    let mut failure = Failure::new(
        Kind::Usage,
        "hallpass keeps no credential that docker was given: it connects by itself",
    );
    let found = context
        .own_definitions()
        .map(|definitions| definitions.all());
    let integrations = found.map(|found| found.integrations).unwrap_or_default();
    let mut keys = integrations.iter().filter(|known| of(known).is_some());
    failure = match keys.next() {
        Some(first) => failure.hint(format!("run `hallpass connect {}`", first.key)),
        None => failure.hint("run `hallpass connect CONN`, with the connection for the registry"),
    };
    let hint = failure.hints().join("; ");
    let said = format!("{}; {hint}", failure.message());
    Err(Trouble { said, failure })
}

/// `docker logout`, which hallpass answers by having the token renewed: the
/// connection is not docker's to end.
fn erase(context: &Context) -> Result<ExitCode, Trouble> {
    let server = server().map_err(Trouble::of)?;
    let erased = definitions(context, &server).and_then(|integrations| {
        for integration in &integrations {
            let id = ConnectionId::new(&integration.key, &integration.connection);
            if context.broker().reject(&id, integration, None)? != Rejection::NotOurs {
                context.ui.note(&format!(
                    "`{id}` stays connected; to end it, run `hallpass disconnect {id}`."
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    });
    erased.map_err(Trouble::of)
}

/// The registries that there are logins for, with their user names.
fn list(context: &Context) -> Result<ExitCode, Trouble> {
    let listed = (|| {
        let mut logins = BTreeMap::new();
        for integration in &context.own_definitions()?.all().integrations {
            let Some(docker) = of(integration) else {
                continue;
            };
            let id = ConnectionId::new(&integration.key, &integration.connection);
            if matching::exists(context, integration, &id)? {
                let username = username(context, integration, docker, &id)?;
                logins.entry(key(&docker.registry)).or_insert(username);
            }
        }
        output::json(&logins)?;
        Ok(ExitCode::SUCCESS)
    })();
    listed.map_err(Trouble::of)
}

/// The user name, as far as it is known without unlocking anything.
fn username(
    context: &Context,
    integration: &Integration,
    docker: &DockerHelper,
    id: &ConnectionId,
) -> Result<String> {
    if let Some(username) = &docker.username {
        return Ok(username.clone());
    }
    if !matches!(integration.auth.kind, AuthKind::Basic) {
        return Ok(USERNAME.to_owned());
    }
    let record = context.stores.record(id)?;
    let values = match &record {
        Some(record) => shown_values(integration, record),
        None => Values::new(integration, BTreeMap::new(), BTreeMap::new()),
    };
    let username = values.input("username").ok().flatten();
    Ok(username.map_or_else(String::new, |name| name.expose().to_owned()))
}

/// What docker keeps the credentials of a registry under.
pub(super) fn key(registry: &str) -> String {
    if HUB.contains(&registry) {
        HUB_KEY.to_owned()
    } else {
        registry.to_owned()
    }
}

/// The server's URL, or its host alone, as docker gives it.
fn server() -> Result<String> {
    let bytes = super::input()?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let text = text.trim();
    if text.is_empty() || text.contains(char::is_control) {
        return Err(Failure::new(Kind::Usage, "stdin names no registry")
            .hint("give its address: `echo ghcr.io | hallpass helper docker get`"));
    }
    Ok(text.to_owned())
}

/// The definitions that name a server.
fn definitions(context: &Context, server: &str) -> Result<Vec<Integration>> {
    let Some(host) = host(server) else {
        return Ok(Vec::new());
    };
    let host = if host == HUB[1] { HUB[0] } else { host };
    matching::at_host(context, host, |helpers: &Helpers| {
        let registry = helpers.docker.as_ref()?.registry.as_str();
        Some(if registry == HUB[1] { HUB[0] } else { registry })
    })
}

/// The host of a server: of an https URL, of which docker adds the API's path,
/// or what stands there alone.
fn host(server: &str) -> Option<&str> {
    let rest = server.strip_prefix("https://").unwrap_or(server);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    ["", "v1", "v1/", "v2", "v2/"]
        .contains(&path)
        .then_some(host)
}

fn of(integration: &Integration) -> Option<&DockerHelper> {
    integration.helpers.docker.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_or_its_https_url() {
        for (server, expected) in [
            ("ghcr.io", Some("ghcr.io")),
            ("ghcr.io/", Some("ghcr.io")),
            ("https://index.docker.io/v1/", Some("index.docker.io")),
            ("https://localhost:5000", Some("localhost:5000")),
            ("https://ghcr.io/v2/", Some("ghcr.io")),
            ("https://ghcr.io/someone", None),
            ("ghcr.io/someone", None),
        ] {
            assert_eq!(host(server), expected, "{server}");
        }
        // Whatever else stands there is no host's name.
        assert_eq!(host("http://ghcr.io"), None);
        assert_eq!(host("https://user@ghcr.io"), Some("user@ghcr.io"));
    }
}
