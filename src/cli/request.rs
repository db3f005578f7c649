//! `hallpass request`: call the API, with curl's habits, the credential added.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use reqwest::Method;
use reqwest::blocking::Response;

use crate::api::{self, ApiError, Body, Plan, Wish};
use crate::broker::{Broker, Fresh, Need};
use crate::connection::{ConnectionArg, ConnectionId, Kept, Values};
use crate::context::Context;
use crate::definition::Integration;
use crate::error::{Failure, Kind, Result};
use crate::output::{self, Target};
use crate::signals;

/// Call the API with the credential added
#[derive(Debug, Args)]
#[command(
    after_help = "The method is POST with a body and GET without one. An answer of 400 or more is printed all the
same, and the exit code is 8.

Examples:
  hallpass request github /user
  hallpass request github /search/issues --query q=is:open --query per_page=5
  hallpass request github /repos/o/r/issues --json '{\"title\":\"Hello\"}'
  hallpass request github /user -i -o answer.txt"
)]
pub(super) struct RequestArgs {
    /// The connection: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN")]
    connection: ConnectionArg,
    /// A path on the definition's base URL, or an absolute URL it allows
    #[arg(value_name = "PATH | URL")]
    target: String,
    /// The method
    #[arg(short = 'X', long, value_name = "METHOD")]
    method: Option<Method>,
    /// A header, as NAME: VALUE
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    headers: Vec<String>,
    /// A query parameter, as NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE")]
    query: Vec<String>,
    /// A form body; @FILE and @- (stdin) are read; several are joined by `&`
    #[arg(short, long, value_name = "DATA", conflicts_with_all = ["data_binary", "json"])]
    data: Vec<String>,
    /// A body sent as it is; @FILE and @- are streamed
    #[arg(long, value_name = "DATA", conflicts_with = "json")]
    data_binary: Option<String>,
    /// A JSON body; @FILE and @- are read
    #[arg(long, value_name = "JSON")]
    json: Option<String>,
    /// Write the answer's body to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the answer's status line and headers too
    #[arg(short, long)]
    include: bool,
}

pub(super) fn run(args: RequestArgs, context: &Context) -> Result<()> {
    let (id, integration) = context.connection(&args.connection)?;
    let wish = wish(&args)?;
    let target = args.output.map_or(Target::Stdout, Target::File);
    fence(context, &id, &integration, &wish)?;
    let broker = context.broker();
    let fresh = broker.fresh(&id, &integration, Need::default())?;
    signals::watch(
        context.ui,
        &format!("calling {}", integration.name),
        "run the command again; the connection is untouched",
    );
    let call = Call {
        context,
        broker: &broker,
        id: &id,
        integration: &integration,
        wish: &wish,
    };
    let response = call.renewing_once(fresh)?;
    let status = response.status();
    output::response(response, &target, args.include)?;
    if status.is_client_error() || status.is_server_error() {
        return Err(answered(&id, status));
    }
    Ok(())
}

/// A URL that is not for this credential is refused before anything is sent,
/// a renewal included; the record holds what is needed to tell.
fn fence(
    context: &Context,
    id: &ConnectionId,
    integration: &Integration,
    wish: &Wish,
) -> Result<()> {
    let record = context.stores.record(id)?;
    let (parameters, kept, metadata) = record
        .map(|record| (record.parameters, record.kept, record.metadata))
        .unwrap_or_default();
    let kept = Kept {
        shown: kept,
        secrets: BTreeMap::new(),
    };
    let values = Values::new(integration, parameters, BTreeMap::new()).with_kept(kept, metadata);
    api::fence(integration, &values, &wish.target).map_err(|error| failed(id, error))
}

/// One request, and what it takes to make it again.
struct Call<'a> {
    context: &'a Context,
    broker: &'a Broker<'a>,
    id: &'a ConnectionId,
    integration: &'a Integration,
    wish: &'a Wish,
}

impl Call<'_> {
    /// An API that rejects the token is asked once more with a renewed one.
    fn renewing_once(&self, fresh: Fresh) -> Result<Response> {
        let response = self.send(&fresh)?;
        let auth = &self.integration.auth;
        let rejected = auth.refresh.on_status.contains(&response.status().as_u16());
        let Some(token) = fresh.item.credential.access_token.as_ref() else {
            return Ok(response);
        };
        if !rejected || auth.is_fixed() {
            return Ok(response);
        }
        let need = Need {
            rejected: Some(token),
            ..Need::default()
        };
        match self.broker.fresh(self.id, self.integration, need) {
            Ok(renewed) if self.wish.body.is_replayable() => self.send(&renewed),
            Ok(_) => {
                self.context.ui.warn("the API rejected the token; it was renewed, but stdin cannot be sent twice: run the command again");
                Ok(response)
            }
            Err(failure) => {
                let why = crate::ui::escape(&failure.message()).into_owned();
                self.context.ui.warn(&format!(
                    "the API rejected the token, and it was not renewed: {why}"
                ));
                Ok(response)
            }
        }
    }

    fn send(&self, fresh: &Fresh) -> Result<Response> {
        let values = fresh.values(self.integration);
        Plan::new(self.integration, &values, self.wish)
            .and_then(|plan| api::send(&self.context.http, plan))
            .map_err(|error| failed(self.id, error))
    }
}

fn failed(id: &ConnectionId, error: ApiError) -> Failure {
    let (kind, hint) = match &error {
        ApiError::Fenced { .. } => (
            Kind::Usage,
            format!(
                "if the host is right, add it to `allowed_hosts` in the definition of `{}` and run `hallpass connect {id}`",
                id.integration()
            ),
        ),
        ApiError::BadUrl(_) => (Kind::Usage, "write a path such as `/me`".to_owned()),
        ApiError::Header { .. } => (Kind::Usage, "write `-H 'Name: value'`".to_owned()),
        ApiError::Body { .. } => (Kind::Usage, "name a file that is there".to_owned()),
        ApiError::NoBaseUrl => (
            Kind::Definition,
            format!(
                "add `base_url` under `[integrations.{}.api]`",
                id.integration()
            ),
        ),
        ApiError::Render(_) => (
            Kind::Definition,
            format!("run `hallpass connect {id}`, or mend the definition"),
        ),
        ApiError::Http(_) => (
            Kind::Unavailable,
            "see that the network and the API are up, then run the command again".to_owned(),
        ),
    };
    Failure::caused(kind, error)
        .context(format!("the request with `{id}` was not made"))
        .hint(hint)
}

/// The answer was printed; what is left is to say that it is no success.
fn answered(id: &ConnectionId, status: reqwest::StatusCode) -> Failure {
    let hint = match status.as_u16() {
        401 => format!("the API does not take this credential: run `hallpass connect {id}`"),
        403 => format!(
            "the credential may lack a scope: `hallpass status {id}` shows what was granted"
        ),
        429 => "the API asks for patience: run the command again later".to_owned(),
        500.. => "the API is out of order: run the command again later".to_owned(),
        _ => "see the answer above, and its headers with `-i`".to_owned(),
    };
    Failure::new(Kind::Api, format!("the API answered {status}")).hint(hint)
}

fn wish(args: &RequestArgs) -> Result<Wish> {
    let mut headers: Vec<(String, String)> = args
        .headers
        .iter()
        .map(|text| pair(text, ':', "-H", "'Name: value'"))
        .collect::<Result<_>>()?;
    let query = args
        .query
        .iter()
        .map(|text| pair(text, '=', "--query", "name=value"))
        .collect::<Result<_>>()?;
    let (body, content_type) = body(args)?;
    let names = |name: &str| {
        headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    let mut defaults = Vec::new();
    if let Some(content_type) = content_type
        && !names("content-type")
    {
        defaults.push(("content-type".to_owned(), content_type.to_owned()));
    }
    if args.json.is_some() && !names("accept") {
        defaults.push(("accept".to_owned(), "application/json".to_owned()));
    }
    headers.extend(defaults);
    let usual = match body {
        Body::None => Method::GET,
        _ => Method::POST,
    };
    Ok(Wish {
        method: args.method.clone().unwrap_or(usual),
        target: args.target.clone(),
        headers,
        query,
        body,
    })
}

fn pair(text: &str, separator: char, flag: &str, example: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once(separator).ok_or_else(|| {
        Failure::new(
            Kind::Usage,
            format!("`{flag} {text}` has no `{separator}` in it"),
        )
        .hint(format!("write `{flag} {example}`"))
    })?;
    let value = if separator == ':' {
        value.trim()
    } else {
        value
    };
    Ok((name.trim().to_owned(), value.to_owned()))
}

const FORM: &str = "application/x-www-form-urlencoded";

/// The body, and the content type it has unless a header says otherwise.
fn body(args: &RequestArgs) -> Result<(Body, Option<&'static str>)> {
    if let Some(text) = &args.json {
        return Ok((read(text)?, Some("application/json")));
    }
    if let Some(text) = &args.data_binary {
        return Ok((
            match text.strip_prefix('@') {
                Some("-") => Body::Stdin,
                Some(path) => Body::File(path.into()),
                None => Body::Bytes(text.clone().into_bytes()),
            },
            Some(FORM),
        ));
    }
    if args.data.is_empty() {
        return Ok((Body::None, None));
    }
    let mut joined = Vec::new();
    for text in &args.data {
        if !joined.is_empty() {
            joined.push(b'&');
        }
        let Body::Bytes(mut bytes) = read(text)? else {
            continue;
        };
        if text.starts_with('@') {
            // As curl does: line breaks of a file are no data.
            bytes.retain(|byte| !matches!(byte, b'\r' | b'\n'));
        }
        joined.append(&mut bytes);
    }
    Ok((Body::Bytes(joined), Some(FORM)))
}

fn read(text: &str) -> Result<Body> {
    let Some(path) = text.strip_prefix('@') else {
        return Ok(Body::Bytes(text.as_bytes().to_vec()));
    };
    let read = if path == "-" {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map(Body::Bytes).map_err(|error| {
        Failure::caused(Kind::Usage, error)
            .context(format!("`{path}` cannot be read"))
            .hint("name a file that is there")
    })
}
