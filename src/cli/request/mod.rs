//! `hallpass request`: call the API, with curl's habits, the credential added.
//! One room for each part of the command line: the request line (`line`), the
//! body (`body`, with `data` and `form`), the definition's named requests
//! (`action`), how it travels (`transport`) and on what (`wire`), answers that
//! come in pages (`pages`), what becomes of the answer (`show`, and `file` for the
//! name of the file it goes to), or of what is picked from it (`filter_args`);
//! several requests in one run (`batch`); and requests that are shown and not
//! sent (`preview`).

mod action;
mod arguments;
mod batch;
mod body;
mod curl;
mod data;
mod dry_run;
mod file;
mod filter_args;
mod form;
mod line;
mod pages;
mod preview;
mod show;
mod sketch;
mod slurp;
mod transport;
mod wire;

pub(super) use arguments::{command, type_of};

use std::collections::BTreeMap;

use clap::Args;
use reqwest::Method;

use self::body::Carried;
use self::line::Headers;
use super::calling::{self, Caller};
use crate::api::{self, Answer, Plan, Wish};
use crate::connection::{ConnectionArg, ConnectionId, Kept, Values};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::signals;
use crate::ui::Ui;

/// Call the API with the credential added
#[derive(Debug, Args)]
#[command(
    args_override_self = true,
    after_help = "The method is POST with a body and GET without one. An answer of 400 or more is printed all the
same, and the exit code is 8.

Examples:
  hallpass request github /user
  hallpass request github /search/issues --query q=is:open --query per_page=5
  hallpass request github /repos/o/r/issues --json '{\"title\":\"Hello\"}'
  hallpass request github /user -i -o answer.txt
  hallpass request github /user/repos --jq '.[].full_name'
  hallpass request github /user/repos --paginate --slurp -o repos.json
  hallpass request drive /upload -F 'meta={\"name\":\"a\"};type=application/json' -F file=@a.png
  hallpass request bucket /backup.tar -T backup.tar
  hallpass request github --action create-issue owner=o repo=r title=Hello body@notes.md
  hallpass request github /user --dry-run
  hallpass request github /user --curl
  printf '{\"path\":\"/users/%s\"}\n' ada grace | hallpass request github --batch - --parallel 8"
)]
pub(super) struct RequestArgs {
    /// The connection: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN")]
    connection: ConnectionArg,
    /// A path on the definition's base URL, or an absolute URL it allows; with --action its arguments
    #[arg(value_name = "PATH | URL | NAME=VALUE")]
    targets: Vec<String>,
    /// Make one of the definition's named requests; its arguments are NAME=VALUE, NAME@FILE, NAME@-
    #[arg(long, value_name = "NAME", conflicts_with_all = ["method", "headers", "query", "data", "data_raw", "data_binary", "data_urlencode", "get", "json", "form", "form_string", "upload_file"])]
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
    #[command(flatten)]
    pages: pages::PageArgs,
    #[command(flatten)]
    batch: batch::BatchArgs,
    #[command(flatten)]
    wire: wire::WireArgs,
    #[command(flatten)]
    preview: preview::PreviewArgs,
}

pub(super) fn run(args: &RequestArgs, context: &Context) -> Result<()> {
    let filter = args.filter.filter(context.ui)?;
    if args.preview.is_wanted() {
        return preview::run(args, context);
    }
    let (id, integration) = context.connection(&args.connection)?;
    let caller = Caller {
        context,
        id: &id,
        integration: &integration,
        manner: args.transport.begin(&context.http),
    };
    if let Some(deadline) = caller.manner.deadline {
        let (id, whole) = (id.clone(), deadline.whole());
        let late = move || calling::failed(&id, api::ApiError::TooLate(whole));
        signals::end_after(context.ui, deadline.left(), late);
    }
    let batch = args.batch.file()?;
    args.wire.apply(&caller)?;
    if let Some(path) = batch {
        return batch::run(&caller, path, args, filter.as_ref());
    }
    if args.pages.paginate {
        return pages::run(&caller, args, filter.as_ref());
    }
    let place = args.place(&id)?;
    let answer = match &args.action {
        Some(name) => {
            let call = action::prepare(&integration, name, &args.targets)?;
            action::run(&caller, &call)?
        }
        None => one(&caller, args, &place)?,
    };
    show::show(&id, &args.show, filter.as_ref(), place, answer, context.ui)
}

impl RequestArgs {
    /// Where the answer goes.
    fn place(&self, id: &ConnectionId) -> Result<show::Place> {
        // What is asked for, without which no part of a file is gone on with.
        let request = format!("{id} {:?} {:?}", self.targets, self.line.query);
        self.show.place(&self.targets, &request)
    }

    /// Whether nothing is to be said but errors.
    pub(super) fn is_silent(&self) -> bool {
        self.show.silent
    }
}

/// The one request that the command line describes.
fn one(caller: &Caller<'_>, args: &RequestArgs, place: &show::Place) -> Result<Answer> {
    // Before anything is read: a pipe may have to be waited for.
    fence(caller, target(args)?)?;
    let mut wish = wish(args, caller.context.ui)?;
    can_continue(args, &wish.method)?;
    for (name, value) in place.asks(&args.show) {
        let is_given = |(known, _): &(String, String)| known.eq_ignore_ascii_case(&name);
        if !wish.headers.iter().any(is_given) {
            wish.headers.push((name, value));
        }
    }
    fence(caller, &wish.target)?;
    let fresh = caller.fresh()?;
    let (answer, _) = caller.renewing_once(fresh, &|values| {
        Plan::new(caller.integration, values, &wish)
    })?;
    Ok(answer)
}

/// Only what is asked for with GET is gone on with.
fn can_continue(args: &RequestArgs, method: &Method) -> Result<()> {
    if args.show.continue_at.is_none() || method == Method::GET {
        return Ok(());
    }
    let why = format!("`-C -` goes on with what a GET gives, and this is a {method}");
    Err(Failure::new(Kind::Usage, why).hint("leave `-C -` out"))
}

/// A URL that is not for this credential is refused before anything is sent,
/// a renewal included; the record holds what is needed to tell.
fn fence(caller: &Caller<'_>, target: &str) -> Result<()> {
    let values = recorded(caller)?;
    api::fence(caller.integration, &values, target)
        .map_err(|error| calling::failed(caller.id, error))
}

/// What fills the definition's placeholders, as far as that needs no credential.
fn recorded<'a>(caller: &Caller<'a>) -> Result<Values<'a>> {
    let integration = caller.integration;
    let record = caller.context.stores.record(caller.id)?;
    let (parameters, kept, metadata) = record
        .map(|record| (record.parameters, record.kept, record.metadata))
        .unwrap_or_default();
    let kept = Kept {
        shown: kept,
        secrets: BTreeMap::new(),
    };
    Ok(Values::new(integration, parameters, BTreeMap::new()).with_kept(kept, metadata))
}

/// Where the request goes.
fn target(args: &RequestArgs) -> Result<&str> {
    let [target] = &args.targets[..] else {
        return Err(
            Failure::new(Kind::Usage, "a request goes to one path or URL".to_owned())
                .hint("write `hallpass request CONN PATH`, or `--action NAME` and its arguments"),
        );
    };
    Ok(target)
}

/// What the command line asks for.
fn wish(args: &RequestArgs, ui: Ui) -> Result<Wish> {
    if args.show.head && args.body.has_body() {
        return Err(Failure::new(
            Kind::Usage,
            "`-I` asks with HEAD, which takes no body along",
        )
        .hint("leave one of them out, or put the data into the query: `-G`"));
    }
    let headers = args.line.headers()?;
    wish_of(args, headers, args.body.carried()?, ui)
}

/// The same, with a body that is there already.
fn wish_of(args: &RequestArgs, mut headers: Headers, carried: Carried, ui: Ui) -> Result<Wish> {
    let mut defaults = Vec::new();
    if let Some(content_type) = carried.content_type
        && !headers.names("content-type")
    {
        defaults.push(("content-type".to_owned(), content_type));
    }
    if args.body.is_json() && !headers.names("accept") {
        defaults.push(("accept".to_owned(), "application/json".to_owned()));
    }
    headers.sent.extend(defaults);
    let target = target(args)?;
    Ok(Wish {
        method: args
            .line
            .method
            .clone()
            .or_else(|| args.show.method())
            .unwrap_or(carried.method),
        target: extended(target, carried.segment.as_deref(), carried.query.as_deref()),
        headers: headers.sent,
        without: headers.without,
        query: args.line.query()?,
        body: carried.body.shown(ui),
    })
}

/// A target with a file's name behind a path that ends in a slash (as curl's
/// `-T` has it), and with more at the end of its query.
fn extended(target: &str, segment: Option<&str>, query: Option<&str>) -> String {
    // A fragment is sent to nobody.
    let target = target.split('#').next().unwrap_or_default();
    let (path, own) = match target.split_once('?') {
        Some((path, own)) => (path, Some(own)),
        None => (target, None),
    };
    let segment = segment.filter(|_| path.ends_with('/')).unwrap_or_default();
    let own = own.filter(|own| !own.is_empty());
    let query: Vec<&str> = own.into_iter().chain(query).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{path}{segment}{mark}{}", query.join("&"))
}
