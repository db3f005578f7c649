//! `--curl`: a command that does the same with curl and has no secret in it:
//! `hallpass token` gives the credential's header, and curl reads it from a
//! file. Where the credential is anywhere else, there is no such command. To
//! tell, the request is planned twice, with other secrets at another moment:
//! what differs has one of them in it.

mod flags;
mod words;

use std::collections::BTreeMap;

use reqwest::header::{AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION};

use super::action::Prepared;
use super::body::is_stdin;
use super::data::Piece;
use super::line::Headers;
use super::preview::sounds_secret;
use super::sketch::{Sketch, stand_in_for};
use super::{RequestArgs, can_continue, wish_of};
use crate::api::{ApiError, Body, Plan, Wish};
use crate::broker;
use crate::cli::calling::{Caller, failed};
use crate::definition::template::{RenderError, Value};
use crate::definition::{AuthKind, InputSource, TLS_CERTIFICATE, TLS_KEY, ValueSource};
use crate::error::{Failure, Kind, Result};
use crate::output;

/// Two secrets, to see where they end up.
const SECRETS: [&str; 2] = ["1000000000000001", "1000000000000002"];

pub(super) fn run(
    caller: &Caller<'_>,
    args: &RequestArgs,
    call: Option<&Prepared<'_>>,
) -> Result<()> {
    flags::refused(caller, args)?;
    let sketch = Sketch::of(caller)?;
    refuse_bound(caller, &sketch)?;
    let given = match call {
        Some(_) => None,
        None => Some(given(caller, args)?),
    };
    let wish = given.as_ref().map(|given| &given.wish);
    let [one, other] = SECRETS.map(|secret| plan(caller, &sketch, (call, wish), secret));
    let (plan, other) = (one?, other?);
    can_continue(args, &plan.method)?;
    if !is_file(args) {
        // A flag that wants a file's name says so as always.
        args.place(caller.id)?;
    }
    let own = given.as_ref().map_or(&[][..], |given| &given.own);
    let carrier = carrier(caller, wish)?;
    refuse_secrets(caller, (&plan, &other), given.as_ref(), carrier.as_ref())?;
    let reads_stdin = call.is_none() && args.body.files()?.iter().any(|path| is_stdin(path));
    let mut words = certificate(caller)?;
    let carrier_name = carrier.as_ref();
    words.extend(flags::handed_on(caller, args, &plan, own, carrier_name)?);
    words.extend(words::request(
        caller,
        args,
        &plan,
        (given.as_ref(), carrier_name),
    ));
    let rest = shell_words::join(&words);
    let mut token = vec!["hallpass".to_owned()];
    token.extend(caller.context.given());
    token.extend(["token".to_owned(), caller.id.to_string()]);
    token.extend(["--format", "header"].map(ToOwned::to_owned));
    let token = shell_words::join(&token);
    output::line(&match (carrier, reads_stdin) {
        (None, _) => format!("curl {rest}"),
        (Some(_), false) => format!("{token} | curl -H @- {rest}"),
        (Some(_), true) => format!("curl -H @<({token}) {rest}"),
    })?;
    if tracing::enabled!(target: crate::api::WIRE, tracing::Level::INFO) {
        let why = "`-v` is not in the command: curl would show the credential with it";
        caller.context.ui.warn(why);
    }
    if sketch.lacks_person() {
        let (ui, id) = (caller.context.ui, caller.id);
        ui.warn(&format!(
            "`{id}` is not connected, and the command needs it to be"
        ));
        ui.hint(&format!("run `hallpass connect {id}` before it"));
    }
    Ok(())
}

/// What the command line asks for.
struct Given {
    wish: Wish,
    /// The headers that the user gave, in files too.
    own: Vec<(String, String)>,
    /// Those that stand in files, which curl reads itself.
    filed: Headers,
    /// The names that the command line itself leaves out.
    without: Vec<String>,
}

impl Given {
    fn is_filed(&self, name: &HeaderName) -> bool {
        self.filed.names(name.as_str())
    }
}

/// What the command line asks for; what can be read once is left to curl.
fn given(caller: &Caller<'_>, args: &RequestArgs) -> Result<Given> {
    let headers = args.line.headers()?;
    let filed = args.line.of_files()?;
    let own = headers.sent.clone();
    let mut without = headers.without.clone();
    without.retain(|name| !filed.names(name));
    let mut carried = args.body.outlined()?;
    if !written_out(&args.body.pieces) {
        carried.query = None;
    }
    let is_own = |name: &str| own.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    if !args.body.parts.is_empty() && is_own("content-type") {
        let why = "curl adds a boundary of its own to the `Content-Type` of a form";
        return Err(no(caller, why));
    }
    let is_unread = matches!(carried.body, Body::Stream(_));
    if is_own("content-length") && is_unread && args.body.upload.is_some() {
        return Err(no(caller, "curl says itself how long the body is"));
    }
    let wish = wish_of(args, headers, carried, caller.context.ui)?;
    refuse_unmerged(caller, args, &wish)?;
    Ok(Given {
        wish,
        own,
        filed,
        without,
    })
}

/// Data for the query that stands in the command line goes into the URL.
fn written_out(pieces: &[Piece]) -> bool {
    pieces.iter().all(|piece| piece.file().is_none())
}

fn is_file(args: &RequestArgs) -> bool {
    let named = args.show.output.as_deref();
    args.show.remote_name || named.is_some_and(|path| !is_stdin(path))
}

fn plan(
    caller: &Caller<'_>,
    sketch: &Sketch,
    (call, wish): (Option<&Prepared<'_>>, Option<&Wish>),
    secret: &str,
) -> Result<Plan> {
    let mut values = sketch.values(secret)?;
    // A UUID is another one by itself.
    let last = secret.bytes().last().unwrap_or(b'0') - b'0';
    values.set("now", Value::plain(format!("179000000{last}")));
    let planned = match (call, wish) {
        (Some(call), _) => {
            let [step] = &call.action.steps[..] else {
                return Err(no(
                    caller,
                    "the action is several requests, each with what the one before brought",
                ));
            };
            let known: BTreeMap<String, Value> = call
                .secrets()
                .map(|parameter| (parameter.name.clone(), stand_in_for(parameter, secret)))
                .collect();
            call.plan(step, &values, &known)
        }
        (None, Some(wish)) => Plan::new(&sketch.integration, &values, wish),
        (None, None) => Err(ApiError::NoBaseUrl),
    };
    planned.map_err(|error| match error {
        // What is asked for when connecting.
        ApiError::Render(RenderError::NoValue { name }) if sketch.lacks_person() => {
            broker::not_connected(caller.id).context(format!("`{{{name}}}` is not known yet"))
        }
        error => failed(caller.id, error),
    })
}

/// The header that `hallpass token --format header` prints, if the request has
/// use for it.
fn carrier(caller: &Caller<'_>, wish: Option<&Wish>) -> Result<Option<HeaderName>> {
    let api = &caller.integration.api;
    let name = match &api.credential_header {
        Some(name) => name.as_str(),
        None if matches!(caller.integration.auth.kind, AuthKind::None) => return Ok(None),
        None if api.places_credential => {
            return Err(no(caller, "its credential does not travel in a header"));
        }
        None => AUTHORIZATION.as_str(),
    };
    // The user's header takes its place, or leaves it out.
    let replaced = wish.is_some_and(|wish| {
        let sent = wish.headers.iter().map(|(name, _)| name);
        let mut known = sent.chain(&wish.without);
        known.any(|known| known.eq_ignore_ascii_case(name))
    });
    Ok(name.parse().ok().filter(|_| !replaced))
}

fn refuse_bound(caller: &Caller<'_>, sketch: &Sketch) -> Result<()> {
    let oauth = caller.integration.auth.oauth2();
    let wanted = oauth.is_some_and(|oauth| oauth.dpop.is_some());
    let bound = sketch.record.as_ref().map_or(wanted, |record| record.bound);
    if bound {
        return Err(broker::bound(caller.id, "curl could not send it"));
    }
    Ok(())
}

/// Whatever is secret besides the one header would stand in the command.
fn refuse_secrets(
    caller: &Caller<'_>,
    (plan, other): (&Plan, &Plan),
    given: Option<&Given>,
    carrier: Option<&HeaderName>,
) -> Result<()> {
    let own = given.map_or(&[][..], |given| &given.own);
    let is_filed = |name: &HeaderName| given.is_some_and(|given| given.is_filed(name));
    if plan.url.expose() != other.url.expose() {
        return Err(no(
            caller,
            "a secret, or a value of the moment, stands in its URL",
        ));
    }
    if let (Body::Bytes(one), Body::Bytes(other)) = (&plan.body, &other.body)
        && one != other
    {
        return Err(no(
            caller,
            "a secret, or a value of the moment, stands in its body",
        ));
    }
    for name in plan.headers.keys().filter(|name| Some(*name) != carrier) {
        if is_filed(name) {
            continue;
        }
        let is_own = own
            .iter()
            .any(|(own, _)| own.eq_ignore_ascii_case(name.as_str()));
        let is_known = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name);
        let differs = !plan
            .headers
            .get_all(name)
            .iter()
            .eq(other.headers.get_all(name));
        if differs || is_known || (!is_own && sounds_secret(name.as_str())) {
            let what = format!("a secret, or a value of the moment, stands in its header `{name}`");
            return Err(no(caller, &what));
        }
    }
    Ok(())
}

/// The client certificate, where curl can read it from the same files.
fn certificate(caller: &Caller<'_>) -> Result<Vec<String>> {
    let auth = &caller.integration.auth;
    let mut words = Vec::new();
    if auth.tls.is_none() {
        return Ok(words);
    }
    for (name, flag) in [(TLS_CERTIFICATE, "--cert"), (TLS_KEY, "--key")] {
        let source = auth.input(name).and_then(|input| input.source.as_ref());
        match source {
            Some(InputSource::Value(ValueSource::File(path))) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                let mut path = path.to_string_lossy().into_owned();
                if flag == "--cert" {
                    // Behind a colon curl looks for a passphrase.
                    path = path.replace('\\', "\\\\").replace(':', "\\:");
                }
                words.extend([flag.to_owned(), path]);
            }
            None if name == TLS_KEY => {}
            _ => {
                let what = format!("its `{name}` is in no file that curl could read");
                return Err(no(caller, &what));
            }
        }
    }
    Ok(words)
}

/// The definition's part of a JSON body cannot be put into one that is not read.
pub(super) fn refuse_unmerged(caller: &Caller<'_>, args: &RequestArgs, wish: &Wish) -> Result<()> {
    let is_unread = matches!(wish.body, Body::Stream(_)) && args.body.reads_once()?;
    let is_json = |(name, value): &(String, String)| {
        name.eq_ignore_ascii_case("content-type") && value.to_ascii_lowercase().contains("json")
    };
    if !is_unread || caller.integration.api.json.is_none() || !wish.headers.iter().any(is_json) {
        return Ok(());
    }
    let why = "the definition adds to a JSON body, and this one comes on stdin or by a pipe";
    Err(Failure::new(Kind::Usage, why).hint("give the body as text or as `@FILE`"))
}

fn no(caller: &Caller<'_>, why: &str) -> Failure {
    let id = caller.id;
    Failure::new(Kind::Usage, why)
        .context(format!("the request with `{id}` cannot be a curl command"))
        .hint(format!(
            "let hallpass send it, and look at it with `--dry-run`: `hallpass request {id} …`"
        ))
}
