//! The figures of hallpass beside those of the tools that people would have used instead, taken in one
//! run. Everything stays on this machine's loopback, in homes of its own.
//!
//!     cargo bench --locked                 all rows, in about three minutes; writes benches/RESULTS.md
//!     cargo bench --locked -- token        the rows whose names contain a word; writes nothing
//!     cargo bench --locked -- --quick      a few runs each, to see that everything works; writes nothing
//!
//! Each row starts its programs turn by turn, after one run that is not counted, and shows the median and
//! the minimum; the goals are judged by medians. `curl`, `xh`, `secret-tool`, gnome-keyring and dbus are
//! used where they are. Files of large bodies lie in `/dev/shm` where there is one: no disk is measured.
//! For figures to keep, leave the machine alone meanwhile: the load at the start and the end is noted.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it talks to whoever measures"
)]

mod bench;
mod calls;
mod crowd;
mod home;
mod keyring;
mod measure;
mod request;
mod results;
mod row;
mod server;
mod token;
mod tools;
mod wire;

use std::process::ExitCode;

use anyhow::Result;

use bench::{Bench, Extent};
use row::Row;

/// How a row is measured.
type Measure = fn(&Bench) -> Result<Row>;

/// All rows, in the table's order.
const ROWS: [(&str, Measure); 11] = [
    ("`token`, cached, file store", token::in_a_file),
    ("`token`, cached, keychain", token::in_the_keychain),
    (
        "`token`, cached, 1,000 integrations",
        token::among_a_thousand,
    ),
    ("`request`, small GET, http", request::over_http),
    ("`request`, small GET, https", request::over_https),
    ("`request -o`, download of 1 GiB", request::download),
    (
        "`request --data-binary @FILE`, upload of 1 GiB",
        request::upload,
    ),
    ("`request --batch`, 1,000 calls", calls::in_one_process),
    ("1,000 calls, a process each", calls::in_as_many),
    ("200 processes, one expired rotating token", crowd::stampede),
    ("release binary, size", crowd::size),
];

fn main() -> ExitCode {
    let (flags, words): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|arg| arg.starts_with("--"));
    let has = |name: &str| flags.iter().any(|flag| flag == name);
    // `cargo test --all-targets` starts this too, and wants no figures.
    if !has("--bench") {
        println!("figures are taken by `cargo bench`");
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = flags
        .iter()
        .find(|flag| !["--bench", "--quick"].contains(&flag.as_str()))
    {
        eprintln!(
            "error: `{unknown}` is not known: there is `--quick`, and words that rows contain"
        );
        return ExitCode::from(2);
    }
    match run(has("--quick"), &words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every row that was asked for could be measured; a goal that is not met is no failure.
fn run(quick: bool, words: &[String]) -> Result<bool> {
    let extent = if quick { Extent::QUICK } else { Extent::FULL };
    let bench = Bench::new(extent)?;
    let mut report = results::Report::begin(&bench, quick);
    let mut whole = true;
    for (what, measure) in ROWS {
        if !words.is_empty() && !words.iter().any(|word| what.contains(word)) {
            continue;
        }
        let row = measure(&bench).unwrap_or_else(|error| {
            whole = false;
            Row {
                hallpass: format!("failed: {error:#}"),
                met: Some(false),
                ..Row::default()
            }
        });
        report.add(what, row);
    }
    report.end();
    if whole && words.is_empty() && !quick {
        report.write()?;
    }
    Ok(whole)
}
