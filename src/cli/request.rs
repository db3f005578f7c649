//! `hallpass request`: call the API, with curl's habits, the credential added.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use reqwest::Method;
use reqwest::blocking::Response;

use super::action;
use super::calling::{self, Caller};
use crate::api::{self, Body, Plan, Wish};
use crate::connection::{ConnectionArg, Kept, Values};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::output::{self, Target};

/// Call the API with the credential added
#[derive(Debug, Args)]
#[command(
    after_help = "The method is POST with a body and GET without one. An answer of 400 or more is printed all the
same, and the exit code is 8.

Examples:
  hallpass request github /user
  hallpass request github /search/issues --query q=is:open --query per_page=5
  hallpass request github /repos/o/r/issues --json '{\"title\":\"Hello\"}'
  hallpass request github /user -i -o answer.txt
  hallpass request github --action create-issue owner=o repo=r title=Hello"
)]
pub(super) struct RequestArgs {
    /// The connection: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN")]
    connection: ConnectionArg,
    /// A path on the definition's base URL, or an absolute URL it allows; with --action its arguments
    #[arg(value_name = "PATH | URL | NAME=VALUE")]
    targets: Vec<String>,
    /// Make one of the definition's named requests
    #[arg(long, value_name = "NAME", conflicts_with_all = ["method", "headers", "query", "data", "data_binary", "json"])]
    action: Option<String>,
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
    let caller = Caller {
        context,
        id: &id,
        integration: &integration,
    };
    let response = match &args.action {
        Some(name) => {
            let call = action::prepare(&integration, name, &args.targets)?;
            action::run(&caller, &call)?
        }
        None => one(&caller, &args)?,
    };
    let status = response.status();
    let target = args.output.map_or(Target::Stdout, Target::File);
    output::response(response, &target, args.include)?;
    if status.is_client_error() || status.is_server_error() {
        return Err(calling::answered(&id, status));
    }
    Ok(())
}

/// The one request that the command line describes.
fn one(caller: &Caller<'_>, args: &RequestArgs) -> Result<Response> {
    let [target] = &args.targets[..] else {
        return Err(
            Failure::new(Kind::Usage, "a request goes to one path or URL".to_owned())
                .hint("write `hallpass request CONN PATH`, or `--action NAME` and its arguments"),
        );
    };
    let wish = wish(args, target)?;
    fence(caller, &wish)?;
    let fresh = caller.fresh()?;
    let (response, _) = caller.renewing_once(fresh, wish.body.is_replayable(), &|values| {
        Plan::new(caller.integration, values, &wish)
    })?;
    Ok(response)
}

/// A URL that is not for this credential is refused before anything is sent,
/// a renewal included; the record holds what is needed to tell.
fn fence(caller: &Caller<'_>, wish: &Wish) -> Result<()> {
    let integration = caller.integration;
    let record = caller.context.stores.record(caller.id)?;
    let (parameters, kept, metadata) = record
        .map(|record| (record.parameters, record.kept, record.metadata))
        .unwrap_or_default();
    let kept = Kept {
        shown: kept,
        secrets: BTreeMap::new(),
    };
    let values = Values::new(integration, parameters, BTreeMap::new()).with_kept(kept, metadata);
    api::fence(integration, &values, &wish.target)
        .map_err(|error| calling::failed(caller.id, error))
}

fn wish(args: &RequestArgs, target: &str) -> Result<Wish> {
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
        target: target.to_owned(),
        headers,
        query,
        body,
    })
}

fn pair(text: &str, separator: char, flag: &str, example: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once(separator).ok_or_else(|| {
        Failure::new(
            Kind::Usage,
            // Its text may be a credential that was given without a name.
            format!("what `{flag}` was given has no `{separator}` in it"),
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
