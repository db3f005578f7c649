//! `hallpass request --batch`: one request a line in, one result a line out, in
//! the same order, over kept-alive connections. One credential serves all: when
//! the API rejects it, it is renewed once, and what was sent with the old one is
//! sent once more. What is wrong with one line is said in its result, and the
//! others go on; the command ends with the highest code of all.

mod input;
mod line;
mod parallel;
mod result;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use reqwest::Method;

use self::input::Input;
use self::line::{Common, Line};
use self::result::Got;
use crate::api::{self, Body, Limits, Plan, Wish};
use crate::broker::Fresh;
use crate::cli::calling::{self, Caller};
use crate::connection::{ConnectionId, Values};
use crate::definition::Integration;
use crate::error::{Failure, Kind, Result};
use crate::http::Http;
use crate::output;
use crate::signals;

/// After a renewal that did not help, none is tried for so long: an API that
/// rejects whatever it is shown costs one, not one for every line.
const PAUSE: Duration = Duration::from_secs(60);

/// Several requests in one run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Batch")]
pub(super) struct BatchArgs {
    /// Make the requests that stand in a file (or - for stdin), one JSON object a line, and print one result a line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["targets", "action", "method", "data", "data_binary", "json", "output"])]
    pub(super) batch: Option<PathBuf>,
    /// Have so many requests of the batch under way at once, up to 64 [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(super) parallel: Option<u8>,
    /// Begin no more requests of the batch after one that failed
    #[arg(long)]
    pub(super) fail_fast: bool,
}

impl BatchArgs {
    /// The batch, if there is to be one.
    pub(super) fn file(&self) -> Result<Option<&Path>> {
        // clap lets a requirement go where it conflicts with what was given.
        let flag = match (self.parallel, self.fail_fast) {
            _ if self.batch.is_some() => return Ok(self.batch.as_deref()),
            (Some(_), _) => "--parallel",
            (_, true) => "--fail-fast",
            _ => return Ok(None),
        };
        Err(
            Failure::new(Kind::Usage, format!("`{flag}` is for a batch"))
                .hint("name one: `--batch FILE`, or `--batch -` for stdin"),
        )
    }
}

/// Makes a batch's requests.
pub(super) fn run(caller: &Caller<'_>, path: &Path, args: &super::RequestArgs) -> Result<()> {
    let headers = args.line.headers()?;
    let common = Common {
        headers: headers.sent,
        without: headers.without,
        query: args.line.query()?,
    };
    let input = Input::open(path, common)?;
    let mut desk = Desk {
        caller,
        include: args.show.include,
        fail_fast: args.batch.fail_fast,
        unhelped: None,
        made: 0,
        failed: 0,
        worst: None,
    };
    let fresh = caller.fresh()?;
    signals::watch(
        caller.context.ui,
        &format!("calling {}", caller.integration.name),
        "what has a result was done: go on behind its line, and look first what became of the next",
    );
    let ended = match args.batch.parallel {
        None | Some(1) => in_turn(&mut desk, fresh, input),
        Some(most) => parallel::run(&mut desk, fresh, input, most.into()),
    };
    caller.keep_nonces();
    ended?;
    desk.verdict()
}

/// One after another. Nothing is read ahead, so that whoever writes a line gets
/// its result before the next is waited for.
fn in_turn(desk: &mut Desk<'_>, mut fresh: Fresh, mut input: Input) -> Result<()> {
    let mut rejected: Option<Line> = None;
    loop {
        let values = prepared(desk.caller.integration, &fresh);
        let renewed = loop {
            let (mut line, again) = match rejected.take() {
                Some(line) => (line, true),
                None => match input.next()? {
                    Some(line) => (line, false),
                    None => return Ok(()),
                },
            };
            let outcome = desk.ask(&values, &mut line);
            if again {
                desk.was_renewed(&outcome);
            } else if let Some(renewed) = desk.renewed(&fresh, &outcome) {
                rejected = Some(line);
                break renewed;
            }
            if desk.finish(&line, &outcome)? != Next::Line {
                return Ok(());
            }
        };
        fresh = renewed;
    }
}

/// What fills the placeholders of every request with this credential. What the
/// definition takes from a file or a command is asked for here, once.
fn prepared<'f>(integration: &'f Integration, fresh: &'f Fresh) -> Values<'f> {
    let values = fresh.values(integration);
    let any = Wish {
        method: Method::GET,
        target: "/".to_owned(),
        headers: Vec::new(),
        query: Vec::new(),
        without: Vec::new(),
        body: Body::None,
    };
    // What is wrong with it is said of every line.
    drop(Plan::new(integration, &values, &any));
    values
}

/// How a batch goes on after a result.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// With the next line.
    Line,
    /// With what was begun, and no more.
    None,
    /// Not at all: nobody reads the results.
    End,
}

/// What is known of the batch so far, and where its results go.
struct Desk<'a> {
    caller: &'a Caller<'a>,
    include: bool,
    fail_fast: bool,
    /// When a renewal did not help, or failed.
    unhelped: Option<Instant>,
    made: u64,
    failed: u64,
    worst: Option<Kind>,
}

impl Desk<'_> {
    /// Plans what a line asks for.
    fn plan(&self, values: &Values<'_>, wish: &Wish) -> Result<Plan> {
        Plan::new(self.caller.integration, &values.of_another_request(), wish)
            .map_err(|error| calling::failed(self.caller.id, error))
    }

    /// Makes one line's request.
    fn ask(&self, values: &Values<'_>, line: &mut Line) -> Result<Got> {
        let plan = self.plan(values, line.wish()?)?;
        Courier::of(self.caller).send(plan)
    }

    /// Another credential, where the API rejected this one and it can be had.
    fn renewed(&mut self, fresh: &Fresh, outcome: &Result<Got>) -> Option<Fresh> {
        let status = outcome.as_ref().ok()?.status;
        if self.unhelped.is_some_and(|since| since.elapsed() < PAUSE) {
            return None;
        }
        match self.caller.renewed(fresh, status)? {
            Ok(renewed) => Some(renewed),
            Err(failure) => {
                self.unhelped = Some(Instant::now());
                let why = crate::ui::escape(&failure.message()).into_owned();
                self.caller.context.ui.warn(&format!(
                    "the API rejected the token, and it was not renewed: {why}"
                ));
                None
            }
        }
    }

    /// Notes what became of a request that was sent again with a renewed
    /// credential.
    fn was_renewed(&mut self, outcome: &Result<Got>) {
        if outcome.as_ref().is_ok_and(|got| self.is_rejection(got)) {
            self.unhelped = Some(Instant::now());
        }
    }

    fn is_rejection(&self, got: &Got) -> bool {
        let on_status = &self.caller.integration.auth.refresh.on_status;
        on_status.contains(&got.status)
    }

    /// Writes a line's result.
    fn finish(&mut self, line: &Line, outcome: &Result<Got>) -> Result<Next> {
        self.made += 1;
        let kind = match outcome {
            Ok(got) if got.status >= 400 => Some(Kind::Api),
            Ok(_) => None,
            Err(failure) => Some(failure.kind()),
        };
        if let Some(kind) = kind {
            self.failed += 1;
            let worse = |worst: &Kind| worst.exit_code() >= kind.exit_code();
            if !self.worst.as_ref().is_some_and(worse) {
                self.worst = Some(kind);
            }
        }
        let text = result::rendered(line, outcome, self.include);
        let is_read = output::whole_line(&text)?;
        Ok(if !is_read {
            Next::End
        } else if self.fail_fast && kind.is_some() {
            Next::None
        } else {
            Next::Line
        })
    }

    /// How the batch as a whole went.
    fn verdict(&self) -> Result<()> {
        let Some(kind) = self.worst else {
            return Ok(());
        };
        let (made, failed) = (self.made, self.failed);
        let (what, rest) = match (made, self.fail_fast) {
            (1, _) => ("the request of the batch failed".to_owned(), ""),
            (_, true) => (
                format!("{failed} of {made} requests of the batch failed"),
                ", and no more were begun",
            ),
            (_, false) => (
                format!("{failed} of {made} requests of the batch failed"),
                "",
            ),
        };
        Err(Failure::new(kind, what + rest)
            .hint("see `status` and `error` in the results, each with its `line`"))
    }
}

/// Sends plans: the one place where the batch does.
#[derive(Clone, Copy)]
struct Courier<'a> {
    http: &'a Http,
    id: &'a ConnectionId,
    limits: Limits,
}

impl<'a> Courier<'a> {
    fn of(caller: &Caller<'a>) -> Self {
        Self {
            http: &caller.context.http,
            id: caller.id,
            limits: Limits {
                timeout: caller.integration.api.timeout,
                deadline: caller.manner.deadline,
            },
        }
    }

    /// Sends one, and reads the whole answer.
    fn send(&self, plan: Plan) -> Result<Got> {
        let secrets = plan.credentials();
        let answer = api::send(self.http, plan, self.limits, &secrets);
        Got::read(answer.map_err(|error| calling::failed(self.id, error))?)
    }
}
