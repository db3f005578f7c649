//! `hallpass request --batch`: one request a line in, one result a line out, in
//! the same order, over kept-alive connections. One credential serves all: when
//! the API rejects it, it is renewed once, and what was sent with the old one is
//! sent once more. What is wrong with one line is said in its result, and the
//! others go on; the command ends with the highest code of all.

mod courier;
mod input;
mod line;
mod parallel;
mod result;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use reqwest::Method;

use self::courier::{Came, Courier, Parcel};
use self::input::Input;
use self::line::{Common, Line};
use self::result::{Got, Shape};
use crate::api::{Body, Deadline, LONGEST_HELD, Plan, Wish};
use crate::broker::Fresh;
use crate::cli::calling::{self, Caller, Journey, Road};
use crate::connection::Values;
use crate::definition::Integration;
use crate::error::{Failure, Kind, Result};
use crate::filter::Filter;
use crate::output;
use crate::signals;

/// After a renewal that did not help, none is tried for so long: an API that
/// rejects whatever it is shown costs one, not one for every line.
const PAUSE: Duration = Duration::from_secs(60);

/// What belongs to one request, or to the one answer.
const ONE: [&str; 21] = [
    "targets",
    "action",
    "method",
    "data",
    "data_raw",
    "data_binary",
    "data_urlencode",
    "get",
    "json",
    "form",
    "form_string",
    "upload_file",
    "output",
    "remote_name",
    "remote_header_name",
    "create_dirs",
    "continue_at",
    "head",
    "paginate",
    "slurp",
    "all_pages_limit",
];

/// Several requests in one run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Batch")]
pub(super) struct BatchArgs {
    /// Make the requests that stand in a file (or - for stdin), one JSON object a line, and print one result a line;
    /// with --jq its `body` is what is picked: null for nothing, an array for several; --fail leaves out that of an error
    #[arg(long, value_name = "FILE", conflicts_with_all = ONE)]
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
pub(super) fn run(
    caller: &Caller<'_>,
    path: &Path,
    args: &super::RequestArgs,
    filter: Option<&Filter>,
) -> Result<()> {
    let headers = args.line.headers()?;
    let common = Common {
        headers: headers.sent,
        without: headers.without,
        query: args.line.query()?,
    };
    let input = Input::open(path, common)?;
    let mut desk = Desk {
        caller,
        courier: Courier {
            road: Road::of(caller, &caller.manner),
            filter,
            most: args
                .show
                .max_filesize
                .map_or(LONGEST_HELD, |most| most.min(LONGEST_HELD)),
        },
        shape: Shape {
            include: args.show.include,
            fail: args.show.fail,
        },
        late: None,
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
    let ended = match (args.batch.parallel, caller.manner.deadline) {
        (None | Some(1), None) => in_turn(&mut desk, fresh, input),
        // Whoever waits for a line sees no deadline pass.
        (most, _) => parallel::run(&mut desk, fresh, input, most.unwrap_or(1).into()),
    };
    caller.keep_nonces();
    ended?;
    desk.verdict()
}

/// One after another. Nothing is read ahead, so that whoever writes a line gets
/// its result before the next is waited for.
fn in_turn(desk: &mut Desk<'_>, mut fresh: Fresh, mut input: Input) -> Result<()> {
    let mut rejected: Option<(Line, Journey)> = None;
    loop {
        let values = prepared(desk.caller.integration, &fresh);
        let renewed = loop {
            let (mut line, journey, again) = match rejected.take() {
                Some((line, journey)) => (line, journey, true),
                None => match input.next()? {
                    Some(line) => {
                        let journey = desk.journey(&fresh, &line);
                        (line, journey, false)
                    }
                    None => return Ok(()),
                },
            };
            let came = match desk.pack(&values, &mut line, journey) {
                Ok(parcel) => desk.courier.send(parcel, &|| {}),
                Err(failure) => Came::back(failure),
            };
            if again {
                desk.was_renewed(&came);
            } else if let Some(renewed) = desk.renewed(&fresh, &came) {
                rejected = Some((line, once_more(came.journey)));
                break renewed;
            }
            if desk.finish(&line, &came.outcome)? != Next::Line {
                return Ok(());
            }
        };
        fresh = renewed;
    }
}

/// The same journey with another credential, which is the last.
fn once_more(mut journey: Journey) -> Journey {
    journey.may_renew = false;
    journey
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
    courier: Courier<'a>,
    shape: Shape,
    /// The time there was, once it is over.
    late: Option<Deadline>,
    fail_fast: bool,
    /// When a renewal did not help, or failed.
    unhelped: Option<Instant>,
    made: u64,
    failed: u64,
    worst: Option<Kind>,
}

impl Desk<'_> {
    /// A line's request before its first step.
    fn journey(&self, fresh: &Fresh, line: &Line) -> Journey {
        let may_renew = self.caller.can_renew(fresh) && !self.is_pausing();
        Journey::new(may_renew, Some(format!("line {}", line.number)))
    }

    /// Plans what a line asks for.
    fn pack(&self, values: &Values<'_>, line: &mut Line, journey: Journey) -> Result<Parcel> {
        let caller = self.caller;
        let values = values.of_another_request();
        let plan = Plan::new(caller.integration, &values, line.wish()?)
            .map_err(|error| calling::failed(caller.id, error))?;
        Ok(Parcel {
            secrets: plan.secrets(&values),
            plan,
            journey,
        })
    }

    fn is_pausing(&self) -> bool {
        self.unhelped.is_some_and(|since| since.elapsed() < PAUSE)
    }

    /// Another credential, where the API rejected this one and it can be had.
    fn renewed(&mut self, fresh: &Fresh, came: &Came) -> Option<Fresh> {
        if !came.is_rejected || self.is_pausing() {
            return None;
        }
        let status = came.outcome.as_ref().ok()?.status;
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
    fn was_renewed(&mut self, came: &Came) {
        let road = &self.courier.road;
        let is_rejected = |got: &Got| came.journey.was_rejected(road, got.status);
        if came.outcome.as_ref().is_ok_and(is_rejected) {
            self.unhelped = Some(Instant::now());
        }
    }

    /// Writes a line's result.
    fn finish(&mut self, line: &Line, outcome: &Result<Got>) -> Result<Next> {
        self.made += 1;
        let kind = match outcome {
            Ok(got) => got.trouble(),
            Err(failure) => Some(failure.kind()),
        };
        if let Some(kind) = kind {
            self.failed += 1;
            let worse = |worst: &Kind| worst.exit_code() >= kind.exit_code();
            if !self.worst.as_ref().is_some_and(worse) {
                self.worst = Some(kind);
            }
        }
        let text = result::rendered(line, outcome, self.shape);
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
        let (made, failed) = (self.made, self.failed);
        if let Some(deadline) = self.late {
            let kind = self.worst.filter(|worst| *worst == Kind::Api);
            let whole = humantime::format_duration(deadline.whole());
            let what = format!(
                "the batch was not over within {whole}: {made} of its requests have a result, and {failed} of those failed"
            );
            return Err(Failure::new(kind.unwrap_or(Kind::Unavailable), what).hint(
                "give it longer with `--max-time`, or go on behind the last line that has a result",
            ));
        }
        let Some(kind) = self.worst else {
            return Ok(());
        };
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
