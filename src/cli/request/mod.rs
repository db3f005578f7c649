//! `hallpass request`: call the API, with curl's habits, the credential added.
//! One room for each part of the command line: the request line (`line`), the
//! body (`body`), the definition's named requests (`action`), how it travels
//! (`transport`), what becomes of the answer (`show`), or of what is picked from
//! it (`filter_args`).

mod action;
mod arguments;
mod body;
mod filter_args;
mod line;
mod show;
mod transport;

pub(super) use arguments::{command, type_of};

use std::collections::BTreeMap;

use clap::Args;
use reqwest::Method;

use super::calling::{self, Caller};
use crate::api::{self, Answer, Body, Plan, Wish};
use crate::connection::{ConnectionArg, Kept, Values};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};

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
  hallpass request github /user/repos --jq '.[].full_name'
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
    #[command(flatten)]
    line: line::LineArgs,
    #[command(flatten)]
    body: body::BodyArgs,
    #[command(flatten)]
    transport: transport::TransportArgs,
    #[command(flatten)]
    show: show::ShowArgs,
    #[command(flatten)]
    filter: filter_args::FilterArgs,
}

pub(super) fn run(args: RequestArgs, context: &Context) -> Result<()> {
    let filter = args.filter.filter(context.ui)?;
    let (id, integration) = context.connection(&args.connection)?;
    let caller = Caller {
        context,
        id: &id,
        integration: &integration,
        manner: args.transport.begin(&context.http),
    };
    let answer = match &args.action {
        Some(name) => {
            let call = action::prepare(&integration, name, &args.targets)?;
            action::run(&caller, &call)?
        }
        None => one(&caller, &args)?,
    };
    show::show(&id, &args.show, filter.as_ref(), answer, context.ui)
}

/// The one request that the command line describes.
fn one(caller: &Caller<'_>, args: &RequestArgs) -> Result<Answer> {
    let wish = wish(args)?;
    fence(caller, &wish)?;
    let fresh = caller.fresh()?;
    let (answer, _) = caller.renewing_once(fresh, &|values| {
        Plan::new(caller.integration, values, &wish)
    })?;
    Ok(answer)
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

/// What the command line asks for.
fn wish(args: &RequestArgs) -> Result<Wish> {
    let [target] = &args.targets[..] else {
        return Err(
            Failure::new(Kind::Usage, "a request goes to one path or URL".to_owned())
                .hint("write `hallpass request CONN PATH`, or `--action NAME` and its arguments"),
        );
    };
    let mut headers = args.line.headers()?;
    let (body, content_type) = args.body.body()?;
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
    if args.body.json.is_some() && !names("accept") {
        defaults.push(("accept".to_owned(), "application/json".to_owned()));
    }
    headers.extend(defaults);
    let usual = match body {
        Body::None => Method::GET,
        _ => Method::POST,
    };
    Ok(Wish {
        method: args.line.method.clone().unwrap_or(usual),
        target: target.clone(),
        headers,
        query: args.line.query()?,
        body,
    })
}
