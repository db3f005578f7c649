//! `--paginate`: page after page, as `Link` headers or the definition's
//! `api.paginate` lead, printed one after another or joined to one array.
//!
//! A script is never fooled: only when all pages are there does the command
//! end with 0. What breaks off leaves the array open and a file unmade.

use std::cell::RefCell;
use std::io;

use clap::Args;
use reqwest::{Method, StatusCode};
use serde_json::value::RawValue;
use url::Url;

use super::action::{self, Reached};
use super::filter_args::filtered;
use super::slurp::Slurp;
use super::{RequestArgs, fence, show, target, wish};
use crate::api::{Answer, Items, LONGEST_HELD, Page, PageError, Pager, Plan, Turn, Unread};
use crate::broker::Fresh;
use crate::cli::calling::{self, Caller, Planner};
use crate::connection::Values;
use crate::error::{Failure, Kind, Result};
use crate::filter::Filter;
use crate::http;
use crate::output::{self, How, Pages, Target};
use crate::secret::SafeUrl;

/// How many pages there may be where no bound is given.
const USUAL_LIMIT: u32 = 1000;

/// Answers that come in pages.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pages")]
pub(super) struct PageArgs {
    /// Make the requests for all further pages, as Link headers or `api.paginate` say
    #[arg(long, conflicts_with_all = ["remote_name", "continue_at"])]
    pub(super) paginate: bool,
    /// Join what the pages hold into one JSON array
    #[arg(long, requires = "paginate", conflicts_with = "include")]
    pub(super) slurp: bool,
    /// Stop after so many pages, which is a success; without it, more than 1000 are a failure
    #[arg(long, value_name = "N", requires = "paginate", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) all_pages_limit: Option<u32>,
}

/// Makes the request and those for the pages behind it.
pub(super) fn run(caller: &Caller<'_>, args: &RequestArgs, filter: Option<&Filter>) -> Result<()> {
    if let Some(name) = &args.action {
        let call = action::prepare(caller.integration, name, &args.targets)?;
        can_be_paged(caller, call.method().unwrap_or(&Method::GET))?;
        return match action::up_to_last(caller, &call)? {
            Reached::Ended(answer) => {
                let place = args.place(caller.id)?;
                show::show(
                    caller.id,
                    &args.show,
                    filter,
                    place,
                    *answer,
                    caller.context.ui,
                )
            }
            Reached::Last(last, fresh) => {
                args.show.make_directories()?;
                let plan = |values: &Values<'_>| last.plan(values);
                Walk::new(caller, args, filter, &plan).all(*fresh)
            }
        };
    }
    fence(caller, target(args)?)?;
    args.show.make_directories()?;
    let wish = wish(args, caller.context.ui)?;
    can_be_paged(caller, &wish.method)?;
    if !wish.body.is_replayable() {
        return Err(Failure::new(
            Kind::Usage,
            "stdin is sent once, and each page is a request of its own",
        )
        .hint("put the body in a file: `--data-binary @FILE`"));
    }
    fence(caller, &wish.target)?;
    let fresh = caller.fresh()?;
    let plan = |values: &Values<'_>| Plan::new(caller.integration, values, &wish);
    Walk::new(caller, args, filter, &plan).all(fresh)
}

/// Only what is safe is done again and again unasked (RFC 9110 section 9.2.1).
pub(super) fn can_be_paged(caller: &Caller<'_>, method: &Method) -> Result<()> {
    if method == Method::HEAD && Pager::new(caller.integration).reads_bodies() {
        return Err(Failure::new(
            Kind::Usage,
            "the next page stands in the answers' bodies, and HEAD brings none",
        )
        .hint("leave `--paginate` out, or ask with GET"));
    }
    if method == Method::GET || method == Method::HEAD {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Usage,
        format!("`--paginate` asks page after page, and {method} may change something each time"),
    )
    .hint("ask with `-X GET`, or for one page at a time without `--paginate`"))
}

/// A way from page to page.
struct Walk<'a> {
    caller: &'a Caller<'a>,
    args: &'a RequestArgs,
    first: Planner<'a>,
    pager: Pager<'a>,
    how: How,
    filter: Option<&'a Filter>,
    slurp: Option<Slurp<'a>>,
    /// Where pages go as they are; open from the first that is no error.
    out: Option<Pages>,
    /// How many pages came.
    number: u32,
    /// The last page's answer, its body taken.
    last: Option<Answer>,
}

impl<'a> Walk<'a> {
    fn new(
        caller: &'a Caller<'a>,
        args: &'a RequestArgs,
        filter: Option<&'a Filter>,
        first: Planner<'a>,
    ) -> Self {
        let how = args.show.how(caller.context.ui);
        let slurp = || Slurp::new(args.show.output.clone(), how, filter);
        Self {
            caller,
            args,
            first,
            pager: Pager::new(caller.integration),
            how,
            filter,
            slurp: args.pages.slurp.then(slurp),
            out: None,
            number: 0,
            last: None,
        }
    }

    /// Prints all pages.
    fn all(mut self, mut fresh: Fresh) -> Result<()> {
        let integration = self.caller.integration;
        let limit = self.args.pages.all_pages_limit.unwrap_or(USUAL_LIMIT);
        let mut turn = Turn::First;
        loop {
            let asked: RefCell<Option<SafeUrl>> = RefCell::default();
            let plan = |values: &Values<'_>| {
                let mut plan = (self.first)(values)?;
                plan.turn(integration, values, &turn)?;
                asked.replace(Some(plan.url.clone()));
                Ok(plan)
            };
            let (answer, used) = self.caller.renewing_once(fresh, &plan)?;
            fresh = used;
            self.number += 1;
            if answer.is_error() || is_redirect(answer.status) {
                return self.refused(answer);
            }
            let asked = asked.into_inner();
            let asked = asked.map_or_else(|| answer.url.clone(), |url| url.expose().clone());
            match self.page(answer, &asked, &fresh.values(integration))? {
                None => return self.finish(),
                Some(_) if self.number >= limit => return self.stopped(),
                Some(next) => turn = next,
            }
        }
    }

    /// Prints a page; returns the request for the one behind it.
    fn page(&mut self, answer: Answer, asked: &Url, values: &Values<'_>) -> Result<Option<Turn>> {
        let (url, headers) = (answer.url.clone(), answer.headers.clone());
        let page = |body| Page {
            asked,
            answered: &url,
            headers: &headers,
            body,
        };
        let is_looked_into =
            self.slurp.is_some() || self.filter.is_some() || self.pager.reads_bodies();
        let (next, is_read) = if is_looked_into {
            let (answer, body) = self.read(answer)?;
            let json = parsed(&body);
            let next = match &json {
                Ok(json) => self.pager.next(values, &page(*json)),
                Err(()) => Err(PageError::NotJson),
            };
            if let Ok(json) = json {
                self.notice(json, values);
            }
            let is_read = match (&mut self.slurp, json) {
                (None, _) => {
                    let answer = answer.with_body(io::Cursor::new(body));
                    match self.filter {
                        Some(filter) => filtered(filter, answer, &self.how)?,
                        None => self.out()?.page(answer)?,
                    }
                }
                (Some(_), Err(())) => true,
                (Some(slurp), Ok(json)) => {
                    let items = json.map(|json| self.pager.items(values, json));
                    let items = items.transpose();
                    let items = items.map_err(|error| lost(self.caller, self.number, error))?;
                    self.last = Some(answer);
                    slurp.add(items)?
                }
            };
            (next, is_read)
        } else {
            // Nobody looks into it, so that it may be as long as it likes.
            let is_read = self.out()?.page(answer)?;
            (self.pager.next(values, &page(None)), is_read)
        };
        // What a page says is worth more than that nothing follows it.
        match next {
            Ok(next) => Ok(next.filter(|_| is_read)),
            Err(error) => Err(lost(self.caller, self.number, error)),
        }
    }

    /// A definition that looks in the wrong place would find nothing, and end.
    fn notice(&self, json: Option<&RawValue>, values: &Values<'_>) {
        let items = json.map(|json| self.pager.items(values, json));
        if self.number == 1 && matches!(items, Some(Ok(Items::Absent))) {
            self.caller.context.ui.warn(&format!(
                "the answer has nothing where `api.paginate` of `{}` has its items",
                self.caller.id.integration()
            ));
        }
    }

    /// Reads a page that is looked into.
    fn read(&self, mut answer: Answer) -> Result<(Answer, Vec<u8>)> {
        let most = self.how.most.unwrap_or(LONGEST_HELD).min(LONGEST_HELD);
        let number = self.number;
        match answer.whole(most) {
            Ok(body) => Ok((answer.with_body(io::empty()), body)),
            Err(Unread::TooLong(LONGEST_HELD)) => Err(Failure::new(
                Kind::Unavailable,
                format!("page {number} is larger than the 64 MiB that are looked into"),
            )
            .hint("ask for fewer items a page")),
            Err(why) => {
                let failure = output::unread(why, &http::host_of(&answer.url));
                Err(failure.context(format!("page {number} could not be read")))
            }
        }
    }

    /// Where pages go as they are.
    fn out(&mut self) -> Result<&mut Pages> {
        let out = match self.out.take() {
            Some(out) => out,
            None => Pages::open(self.args.show.output.as_deref(), self.how)?,
        };
        Ok(self.out.insert(out))
    }

    /// An answer that is no page is printed like that of any request, and ends
    /// the command.
    fn refused(self, answer: Answer) -> Result<()> {
        let (id, status, number) = (self.caller.id, answer.status, self.number);
        let (args, ui) = (self.args, self.caller.context.ui);
        let seen = if args.show.fail {
            "without `-f`"
        } else {
            "above"
        };
        match (self.slurp, self.out) {
            _ if number == 1 => {
                let place = args.place(id)?;
                show::show(id, &args.show, None, place, answer, ui)?;
            }
            _ if args.show.fail => {}
            (Some(slurp), _) => slurp.refused(answer)?,
            (None, Some(mut out)) if !out.is_whole_or_nothing() => drop(out.page(answer)?),
            // The file is not made, and the answer not lost.
            (None, _) => drop(output::answer(answer, Target::Stdout, &self.how)?),
        }
        if is_redirect(status) {
            return Err(Failure::new(
                Kind::Unavailable,
                format!("page {number} is elsewhere: the API answered {status}"),
            )
            .hint("see its `Location` with `-i`, and ask there"));
        }
        Err(calling::answered(id, status, seen).context(format!("page {number} did not come")))
    }

    /// There are more pages than there may be.
    fn stopped(self) -> Result<()> {
        let number = self.number;
        if self.args.pages.all_pages_limit.is_none() {
            return Err(Failure::new(
                Kind::Unavailable,
                format!("there are more than {number} pages"),
            )
            .hint("say how many are enough: `--all-pages-limit N`"));
        }
        let ui = self.caller.context.ui;
        self.finish()?;
        let pages = if number == 1 { "page" } else { "pages" };
        ui.note(&format!("stopped after {number} {pages}; there are more"));
        Ok(())
    }

    fn finish(self) -> Result<()> {
        match (self.slurp, self.out) {
            (Some(slurp), _) => slurp.finish(self.last),
            (None, Some(out)) => out.finish(),
            (None, None) => Ok(()),
        }
    }
}

/// Something that is elsewhere, and so no page (304 says that none is needed).
fn is_redirect(status: StatusCode) -> bool {
    status.is_redirection() && status != StatusCode::NOT_MODIFIED
}

/// The JSON of a body that is not empty.
fn parsed(body: &[u8]) -> std::result::Result<Option<&RawValue>, ()> {
    match body.trim_ascii() {
        [] => Ok(None),
        text => serde_json::from_slice(text).map(Some).map_err(drop),
    }
}

/// Nobody can tell what comes after a page.
fn lost(caller: &Caller<'_>, number: u32, error: PageError) -> Failure {
    let key = caller.id.integration();
    let (kind, hint) = match &error {
        PageError::Misfit(..) | PageError::Render(_) => (
            Kind::Definition,
            format!("mend `paginate` under `[integrations.{key}.api]`"),
        ),
        PageError::Uncounted => (
            Kind::Definition,
            format!(
                "say where the items stand: `items = \"…\"` in `paginate` under `[integrations.{key}.api]`"
            ),
        ),
        PageError::NotJson => (
            Kind::Unavailable,
            "see the answer without `--paginate`".to_owned(),
        ),
        PageError::Stranger(_) => (
            Kind::Unavailable,
            "ask there by its own URL, where the definition allows it".to_owned(),
        ),
        PageError::BadUrl | PageError::Loop => (
            Kind::Unavailable,
            "the API is out of order, or `api.paginate` does not fit it; `--all-pages-limit N` ends earlier"
                .to_owned(),
        ),
    };
    Failure::caused(kind, error)
        .context(format!("nothing tells what comes after page {number}"))
        .hint(hint)
}
