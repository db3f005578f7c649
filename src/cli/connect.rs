//! `hallpass connect`: a person's command, which ends with a connection that
//! was tried.

use std::time::Duration;

use clap::Args;

use super::params;
use crate::api::{self, ApiError, Tested};
use crate::broker::{ConnectOptions, Connected};
use crate::connection::{ConnectionArg, ConnectionId};
use crate::context::Context;
use crate::credential::Credential;
use crate::definition::{Integration, Offline, RenewFrom, is_secret_input};
use crate::error::{Failure, Kind, Result};
use crate::settings::{StoreKind, parse_duration, remember_store};
use crate::store::StoreError;
use crate::ui::escape;

/// Connect: consent in the browser once, use it from then on
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hallpass connect github
  hallpass connect shop@acme --param shop=acme
  hallpass connect github --param client_secret=env:GITHUB_CLIENT_SECRET
  hallpass connect github --device     (enter a code in a browser anywhere)
  hallpass connect github --paste      (the browser is on another machine)
  gh auth token | hallpass connect github --with-token -")]
pub(super) struct ConnectArgs {
    /// The connection: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN")]
    connection: ConnectionArg,
    /// A parameter; secrets as NAME=@FILE, NAME=env:VARIABLE or NAME=- (stdin)
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    /// A scope to ask for besides the definition's
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Get a code to enter in a browser on any device (RFC 8628)
    #[arg(long, conflicts_with = "paste")]
    device: bool,
    /// Only print the link, open nothing
    #[arg(long)]
    no_browser: bool,
    /// Take the address that the browser ends at from stdin: pasted, or piped in
    #[arg(long)]
    paste: bool,
    /// Take over a token, or a token endpoint's answer, that is piped in
    #[arg(long, value_name = "-", value_parser = ["-"], hide_possible_values = true, conflicts_with_all = ["paste", "device", "no_browser", "timeout", "scopes"])]
    with_token: Option<String>,
    /// How long to wait for the consent [default: 5m; a code's whole life]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,
    /// Do not call the definition's test path at the end
    #[arg(long)]
    no_test: bool,
    /// Replace a connection that was made for other origins
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: ConnectArgs, mut context: Context) -> Result<()> {
    if args.no_browser {
        context.interaction = context.interaction.without_browser();
    }
    let context = context;
    refuse_stdin_twice(&args)?;
    let (id, integration) = context.connection(&args.connection)?;
    let with_token = match &args.with_token {
        Some(_) => Some(params::piped_token(&format!("hallpass connect {id}"))?),
        None => None,
    };
    let options = ConnectOptions {
        with_token,
        given: args
            .params
            .iter()
            .map(|text| params::given(text, "--param", &|name| is_secret(&integration, name)))
            .collect::<Result<_>>()?,
        scopes: args.scopes,
        timeout: args.timeout.unwrap_or_else(|| context.connect_timeout()),
        patience: args.timeout.or_else(|| context.named_connect_timeout()),
        force: args.force,
        device: args.device,
        paste: args.paste,
    };
    let connected = context
        .broker()
        .connect(&id, &integration, &options, &mut |why| {
            choose_file(&context, why)
        })?;
    finish(&context, &id, &integration, connected, args.no_test)
}

/// Stdin can bring the redirect URL, a token or a parameter, not two of them.
fn refuse_stdin_twice(args: &ConnectArgs) -> Result<()> {
    let piped = |text: &&String| text.split_once('=').is_some_and(|(_, value)| value == "-");
    let taker = match (args.paste, &args.with_token) {
        (true, _) => "--paste",
        (false, Some(_)) => "--with-token",
        (false, None) => return Ok(()),
    };
    let Some(param) = args.params.iter().find(piped) else {
        return Ok(());
    };
    let (name, _) = param.split_once('=').unwrap_or_default();
    Err(Failure::new(
        Kind::Usage,
        format!("`{taker}` reads stdin, so `{name}` cannot come from there too"),
    )
    .hint(format!(
        "give it another way: `--param {name}=@FILE` or `--param {name}=env:VARIABLE`"
    )))
}

/// Tries the credential, notes whose it is, and tells the person, in the
/// terminal and in the browser that still waits.
fn finish(
    context: &Context,
    id: &ConnectionId,
    integration: &Integration,
    connected: Connected,
    no_test: bool,
) -> Result<()> {
    let Connected {
        item,
        store,
        responder,
    } = connected;
    let values = crate::broker::values_of(integration, &item);
    let tried = if no_test {
        Ok(None)
    } else {
        let tried = api::test(&context.http, integration, &values, context.http.timeout());
        context.stores.keep_nonces(id, &context.http.nonces());
        tried
    };
    let told = match &tried {
        Ok(Some(tested)) => tested.account.clone(),
        _ => None,
    };
    let account = told.or_else(|| api::account(integration, &values));
    if let Some(account) = &account
        && store != StoreKind::None
    {
        context.broker().set_account(id, &item, account, store)?;
    }
    let scopes = &item.credential.scopes;
    if let Some(responder) = responder {
        responder.connected(scopes, account.as_deref());
    }
    let who = account
        .map(|who| format!(" as {}", escape(&who)))
        .unwrap_or_default();
    let kept = match store {
        StoreKind::None => "nothing is kept".to_owned(),
        store => format!("kept in the store `{}`", store.name()),
    };
    let name = escape(&integration.name);
    context
        .ui
        .note(&format!("Connected `{id}` to {name}{who}; {kept}."));
    warn_of_missing_refresh_token(context, id, integration, &item.credential);
    warn_of_unbound_token(context, id, &item.credential);
    judge(id, tried)
}

fn warn_of_unbound_token(context: &Context, id: &ConnectionId, credential: &Credential) {
    if credential.dpop_key.is_none() || credential.binding().is_some() {
        return;
    }
    context.ui.warn(&format!(
        "the provider did not bind the token of `{id}` to its key (DPoP), so that whoever gets hold of it can use it"
    ));
    context
        .ui
        .hint("see whether the provider has to be told that this client uses DPoP; else take `dpop` out of the definition");
}

fn warn_of_missing_refresh_token(
    context: &Context,
    id: &ConnectionId,
    integration: &Integration,
    credential: &Credential,
) {
    let wanted = integration.auth.renew_from() == RenewFrom::RefreshToken;
    let lasts = credential.expires_at.is_none() || !integration.auth.needs_consent() || !wanted;
    if credential.refresh_token.is_some() || lasts {
        return;
    }
    context.ui.warn(&format!(
        "the provider gave no refresh token, so `{id}` has to be connected again when its token expires"
    ));
    let advice = Offline::advice(integration.offline.as_ref());
    context
        .ui
        .hint(&format!("{advice}, then run `hallpass connect {id}` again"));
}

/// The connection is kept whatever its test says; the exit code is the test's.
fn judge(id: &ConnectionId, tried: Result<Option<Tested>, ApiError>) -> Result<()> {
    let kept = format!("`{id}` is connected, but its test failed");
    super::test::judge(id, tried, &kept).map(drop)
}

/// Whether a parameter must not stand in argv.
fn is_secret(integration: &Integration, name: &str) -> bool {
    let described = integration.parameter(name);
    described.is_some_and(|parameter| parameter.secret) || is_secret_input(name)
}

/// No keychain answers: a person is asked once whether files will do.
pub(super) fn choose_file(context: &Context, why: &StoreError) -> Result<Option<StoreKind>> {
    if !context.interaction.attended() {
        return Ok(None);
    }
    context.ui.warn(&escape(&why.to_string()));
    let question = "Keep credentials in encrypted files instead, from now on?";
    if !context.interaction.confirm(question, true)? {
        return Ok(None);
    }
    let path = context.paths.settings().map_err(StoreError::from)?;
    remember_store(&path, StoreKind::File)?;
    context
        .ui
        .note(&format!("remembered in `{}`", path.display()));
    Ok(Some(StoreKind::File))
}
