//! `--dry-run`: what would be sent, on stdout, and nothing is: no request, no
//! renewal, nothing written. It ends as the request itself would before it is
//! sent.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::action::Prepared;
use super::curl::refuse_unmerged;
use super::pages::can_be_paged;
use super::preview::sounds_secret;
use super::sketch::{self, Sketch, stand_in_for};
use super::{RequestArgs, can_continue, fence, target, wish_of};
use crate::api::{self, ApiError, Body, Plan, Turn};
use crate::broker::State;
use crate::cli::calling::{Caller, failed};
use crate::definition::template::Value;
use crate::error::{Failure, Kind, Result};
use crate::output;
use crate::secret::{REDACTED, Secret};
use crate::ui::{escape, is_harmful};

/// The most of a body that is shown, in bytes.
const MOST_SHOWN: usize = 64 * 1024;

pub(super) fn run(
    caller: &Caller<'_>,
    args: &RequestArgs,
    call: Option<&Prepared<'_>>,
) -> Result<()> {
    let text = match call {
        Some(call) => of_action(caller, args, call)?,
        None => of_line(caller, args)?,
    };
    output::text(&text)
}

fn of_line(caller: &Caller<'_>, args: &RequestArgs) -> Result<String> {
    fence(caller, target(args)?)?;
    let headers = args.line.headers()?;
    let mut wish = wish_of(args, headers, args.body.outlined()?, caller.context.ui)?;
    can_continue(args, &wish.method)?;
    if args.pages.paginate {
        can_be_paged(caller, &wish.method)?;
        if args.body.reads_once()? {
            let why = "stdin is sent once, and each page is a request of its own";
            return Err(Failure::new(Kind::Usage, why)
                .hint("put the body in a file: `--data-binary @FILE`"));
        }
    }
    refuse_unmerged(caller, args, &wish)?;
    // A directory is not made for a look.
    if !args.show.create_dirs {
        for (name, value) in args.place(caller.id)?.asks(&args.show) {
            let is_given = |(known, _): &(String, String)| known.eq_ignore_ascii_case(&name);
            if !wish.headers.iter().any(is_given) {
                wish.headers.push((name, value));
            }
        }
    }
    fence(caller, &wish.target)?;
    let sketch = looked_at(caller)?;
    let values = sketch.values(REDACTED)?;
    let plan = Plan::new(&sketch.integration, &values, &wish).and_then(|mut plan| {
        if args.pages.paginate {
            plan.turn(&sketch.integration, &values, &Turn::First)?;
        }
        Ok(plan)
    });
    let plan = plan.map_err(|error| failed(caller.id, error))?;
    let own: Vec<&str> = wish.headers.iter().map(|(name, _)| name.as_str()).collect();
    let mut text = shown(caller, &sketch, &plan, (args, &own))?;
    if args.body.get && args.body.reads_once()? {
        text.push_str("# the query goes on with what comes on stdin or by a pipe\n");
    }
    if args.pages.paginate {
        text.push_str(FURTHER);
    }
    Ok(text)
}

/// Said below the first of several pages.
const FURTHER: &str =
    "# and one such request for each further page, as the answers and `api.paginate` lead\n";

/// Each step that can be told before another's answer is there.
fn of_action(caller: &Caller<'_>, args: &RequestArgs, call: &Prepared<'_>) -> Result<String> {
    if args.pages.paginate {
        can_be_paged(caller, call.method().unwrap_or(&Method::GET))?;
    }
    let sketch = looked_at(caller)?;
    let values = sketch.values(REDACTED)?;
    let mut known: BTreeMap<String, Value> = call
        .secrets()
        .map(|parameter| (parameter.name.clone(), stand_in_for(parameter, REDACTED)))
        .collect();
    let steps = &call.action.steps;
    let mut texts = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let mut text = match steps.len() {
            1 => String::new(),
            count => format!("# step {} of {count}\n", at + 1),
        };
        match call.plan(step, &values, &known) {
            Ok(plan) => text.push_str(&shown(caller, &sketch, &plan, (args, &[]))?),
            // What an answer brings decides where the next one goes.
            Err(ApiError::Render(why)) if at > 0 => {
                let why = why.to_string();
                let _ = writeln!(
                    text,
                    "# cannot be told before the answers: {}",
                    escape(&why)
                );
            }
            Err(error) => return Err(failed(caller.id, error)),
        }
        for (name, _) in &step.save {
            let _ = writeln!(
                text,
                "# the answer brings `{name}`, which stands as {REDACTED} below"
            );
            known.insert(name.clone(), Value::secret(Secret::new(REDACTED)));
        }
        texts.push(text);
    }
    if args.pages.paginate {
        texts.push(FURTHER.to_owned());
    }
    Ok(texts.join("\n"))
}

fn looked_at(caller: &Caller<'_>) -> Result<Sketch> {
    let sketch = Sketch::of(caller)?;
    sketch::check(caller, &sketch)?;
    let first = match (&sketch.state, &sketch.record) {
        (State::Expired, _) => "its token is over, and would be renewed first",
        (State::Ready, None) if !caller.integration.auth.is_fixed() => {
            "a credential would be obtained first"
        }
        _ => return Ok(sketch),
    };
    caller.context.ui.note(&format!("`{}`: {first}", caller.id));
    Ok(sketch)
}

/// A request as it may be shown; `own` are the headers that the user gave.
fn shown(
    caller: &Caller<'_>,
    sketch: &Sketch,
    plan: &Plan,
    (args, own): (&RequestArgs, &[&str]),
) -> Result<String> {
    let mut text = format!(
        "{} {}\n",
        plan.method,
        without_secrets(&plan.url.to_string())
    );
    let is_bound = sketch.record.as_ref().is_some_and(|record| record.bound);
    for (name, value) in &headers(plan) {
        let is_own = own
            .iter()
            .any(|known| name.as_str().eq_ignore_ascii_case(known));
        let secret = sounds_secret(name.as_str()) || (value.is_sensitive() && !is_own);
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = match (secret, value.split_once(' ')) {
            (true, Some(_)) if is_bound && name == "authorization" && !is_own => {
                format!("DPoP {REDACTED}")
            }
            (true, Some((scheme, _))) if scheme.bytes().all(|b| b.is_ascii_alphabetic()) => {
                format!("{scheme} {REDACTED}")
            }
            (true, _) => REDACTED.to_owned(),
            (false, _) => escape(&value).into_owned(),
        };
        let _ = writeln!(text, "{name}: {value}");
    }
    if is_bound {
        let _ = writeln!(text, "dpop: {REDACTED}");
    }
    if caller.integration.auth.tls.is_some() {
        text.push_str("# with the client certificate of `auth.tls`\n");
    }
    #[cfg(unix)]
    if let Some(path) = &args.wire.unix_socket {
        let path = path.display().to_string();
        let _ = writeln!(text, "# on the Unix socket `{}`", escape(&path));
    }
    if let Some(body) = body(&plan.body, args)? {
        text.push('\n');
        text.push_str(&body);
        if !body.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}

/// The plan's, and those that every request has.
fn headers(plan: &Plan) -> HeaderMap {
    let mut headers = plan.headers.clone();
    let agent = concat!("hallpass/", env!("CARGO_PKG_VERSION"));
    for (name, value) in [("accept", "*/*"), ("user-agent", agent)] {
        let name = HeaderName::from_static(name);
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    api::ask_coding(&mut headers);
    headers
}

/// A URL whose query may carry what its names give away.
fn without_secrets(url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else {
        return escape(url).into_owned();
    };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if sounds_secret(name) => format!("{name}={REDACTED}"),
        _ => pair.to_owned(),
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    escape(&format!("{path}?{query}")).into_owned()
}

fn body(body: &Body, args: &RequestArgs) -> Result<Option<String>> {
    Ok(match body {
        Body::None => None,
        Body::Bytes(bytes) => Some(harmless(bytes)),
        Body::Stream(_) => {
            let lines = args.body.described()?;
            Some(format!("# {}\n", lines.join("\n# ")))
        }
    })
}

/// Text without what would act on a terminal, line by line; of anything else
/// its size.
fn harmless(bytes: &[u8]) -> String {
    let Ok(whole) = std::str::from_utf8(bytes) else {
        return format!("# the body is no text, {} bytes", bytes.len());
    };
    let mut end = whole.len().min(MOST_SHOWN);
    while !whole.is_char_boundary(end) {
        end -= 1;
    }
    let mut text = String::with_capacity(end);
    for c in whole[..end].chars() {
        match c {
            '\n' | '\t' => text.push(c),
            c if is_harmful(c) => text.extend(c.escape_unicode()),
            c => text.push(c),
        }
    }
    if end < whole.len() {
        let _ = write!(text, "\n# and so on: {} bytes in all", whole.len());
    }
    text
}
