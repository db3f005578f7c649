//! `hallpass helper git`: git's credential helper (gitcredentials(7), and
//! git-credential(1) for the format). It answers over https, for the hosts that
//! definitions name, and for nothing else says nothing, so that git asks the
//! next helper.

use clap::Args;

use super::matching::{self, Chosen};
use crate::broker::Rejection;
use crate::connection::{ConnectionArg, ConnectionId};
use crate::context::Context;
use crate::definition::helpers::Helpers;
use crate::definition::{AuthKind, Integration};
use crate::error::{Failure, Kind, Result};
use crate::output::{self, Login};
use crate::secret::Secret;
use crate::ui::escape;

/// git's credential helper: `get`, `store` and `erase`, as git calls it
#[derive(Debug, Args)]
#[command(after_help = "\
Set it up: hallpass helper install git github
By hand:   git config --global credential.https://github.com.helper '!hallpass helper git'

A user name in the URL that names a connection chooses it: https://work@github.com/… is github@work.")]
pub(super) struct GitArgs {
    /// The connection to use; else git's user name may name it, or it is the definition's own
    #[arg(long, value_name = "CONN")]
    connection: Option<ConnectionArg>,
    /// `get`, `store` or `erase`; git wants any other ignored
    #[arg(value_name = "OPERATION")]
    operation: String,
}

/// What git says of the credential it wants.
#[derive(Debug, Default)]
struct Request {
    protocol: String,
    host: String,
    username: Option<String>,
    password: Option<Secret>,
}

pub(super) fn run(args: &GitArgs, context: &Context) -> Result<()> {
    match args.operation.as_str() {
        "get" => get(args, context),
        "erase" => erase(args, context),
        // `store` too: what git was given, hallpass keeps already. It is heard out,
        // so that git does not write to nobody.
        _ => super::input().map(drop),
    }
}

fn get(args: &GitArgs, context: &Context) -> Result<()> {
    let request = Request::read(&super::input()?)?;
    let integrations = request.definitions(context)?;
    let username = request.username.as_deref();
    let connection = args.connection.as_ref();
    let Some(chosen) = matching::choose(context, integrations, connection, username)? else {
        return Ok(());
    };
    match answer(context, &chosen, username) {
        Ok(Some(login)) => output::git_login(&login),
        Ok(None) => Ok(()),
        Err(failure) => {
            // What was connected is where the credential is to come from: any
            // that a person typed now would be another. What never was may be
            // some other helper's.
            if chosen.exists {
                output::git_quit()?;
            }
            Err(failure)
        }
    }
}

/// The login for git; `None` where git's own user name has another password.
fn answer(context: &Context, chosen: &Chosen, username: Option<&str>) -> Result<Option<Login>> {
    let own = chosen.integration.helpers.git.as_ref();
    let own = own.and_then(|git| git.username.as_ref());
    let mut login = matching::login(context, chosen, own)?;
    let wanted = username.filter(|name| !chosen.by_username && !name.is_empty());
    match wanted {
        Some(wanted) if matches!(chosen.integration.auth.kind, AuthKind::Basic) => {
            Ok((wanted == login.username).then_some(login))
        }
        Some(wanted) => {
            wanted.clone_into(&mut login.username);
            Ok(Some(login))
        }
        None => Ok(Some(login)),
    }
}

/// The server rejected this password. Where it is a connection's current token,
/// the next `get` brings another one.
fn erase(args: &GitArgs, context: &Context) -> Result<()> {
    let request = Request::read(&super::input()?)?;
    let Some(password) = &request.password else {
        return Ok(());
    };
    let integrations = request.definitions(context)?;
    let host = escape(&request.host).into_owned();
    for (integration, id) in matching::all_connections(context, &integrations)? {
        let only = args.connection.as_ref();
        if only.is_some_and(|arg| {
            id.integration() != arg.integration || id != ConnectionId::of(arg, integration)
        }) {
            continue;
        }
        match context.broker().reject(&id, integration, Some(password))? {
            Rejection::NotOurs => continue,
            Rejection::Marked => context.ui.note(&format!(
                "`{host}` rejected the token of `{id}`, which is renewed before it is used again: run the git command once more."
            )),
            Rejection::NotRenewable => {
                context.ui.warn(&format!(
                    "`{host}` rejected the credential of `{id}`, and nothing renews it"
                ));
                context.ui.hint(&format!("run `hallpass connect {id}` for another one"));
            }
        }
        return Ok(());
    }
    Ok(())
}

impl Request {
    /// Reads attributes, as far as the first empty line. Those that are not
    /// known, and arrays, are let go; of those that come twice the last counts,
    /// as it does for git. One that is no text matches nothing. A carriage return
    /// is part of a line's end where every line has it, and else of its value.
    fn read(bytes: &[u8]) -> Result<Self> {
        const KNOWN: [&[u8]; 4] = [b"protocol", b"host", b"username", b"password"];
        let mut request = Self::default();
        let mut is_text = true;
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let lines = || bytes.split(|byte| *byte == b'\n');
        let is_windows = lines().all(|line| line.ends_with(b"\r"));
        for line in lines() {
            let line = line
                .strip_suffix(b"\r")
                .filter(|_| is_windows)
                .unwrap_or(line);
            if line.is_empty() {
                break;
            }
            let Some(at) = line.iter().position(|byte| *byte == b'=') else {
                return Err(Failure::new(
                    Kind::Usage,
                    "stdin is no request of git's: a line of it has no `=`",
                )
                .hint("let git call its helper itself: `hallpass helper install git CONN`"));
            };
            let name = &line[..at];
            let Ok(value) = String::from_utf8(line[at + 1..].to_vec()) else {
                is_text &= !KNOWN.contains(&name);
                continue;
            };
            match name {
                b"protocol" => request.protocol = value,
                b"host" => request.host = value,
                b"username" => request.username = Some(value),
                b"password" => request.password = Some(value.into()),
                _ => {}
            }
        }
        // What cannot be told is nobody's.
        Ok(if is_text { request } else { Self::default() })
    }

    /// The definitions that name its host.
    fn definitions(&self, context: &Context) -> Result<Vec<Integration>> {
        // Elsewhere than over https everybody on the way could read it.
        if self.protocol != "https" {
            return Ok(Vec::new());
        }
        matching::at_host(context, &self.host, |helpers: &Helpers| {
            Some(helpers.git.as_ref()?.host.as_str())
        })
    }
}
