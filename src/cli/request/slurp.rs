//! `--slurp`: what all pages hold, as one JSON array. Each item stays as it was
//! written, and goes out while the next page is fetched.
//!
//! The array is closed when all pages are there and not before: what broke off
//! is no JSON, whoever reads it.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use serde_json::value::RawValue;

use crate::api::{Answer, Items, LONGEST_HELD};
use crate::definition::answer_path::each_item;
use crate::error::{Failure, Kind, Result};
use crate::filter::Filter;
use crate::output::{self, How, Pages, Target};

use super::filter_args::filtered;

/// How much of the array is written at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// An array that is being written.
pub(super) struct Slurp<'a> {
    path: Option<PathBuf>,
    how: How,
    /// What is picked from the whole.
    filter: Option<&'a Filter>,
    out: Option<Pages>,
    /// What is not yet written.
    chunk: Vec<u8>,
    /// It is shown at once, as any answer is: to a person's eyes.
    held: bool,
    begun: bool,
    has_items: bool,
}

impl<'a> Slurp<'a> {
    /// One that goes there, and is opened with its first page.
    pub(super) fn new(path: Option<PathBuf>, how: How, filter: Option<&'a Filter>) -> Self {
        let held = filter.is_some() || path.is_none() && io::stdout().is_terminal();
        Self {
            path,
            how,
            filter,
            out: None,
            chunk: Vec::new(),
            held,
            begun: false,
            has_items: false,
        }
    }

    /// Adds the items of a page; `false` once the reader has gone away.
    pub(super) fn add(&mut self, items: Option<Items<'_>>) -> Result<bool> {
        if !self.begun {
            self.begun = true;
            self.chunk.push(b'[');
            if !self.held {
                self.out = Some(Pages::open(self.path.as_deref(), self.how)?);
            }
        }
        let mut outcome = Ok(true);
        let mut add = |item: &RawValue| {
            if matches!(outcome, Ok(true)) {
                outcome = self.item(item);
            }
        };
        match items {
            Some(Items::Array(array)) => drop(each_item(array, &mut add)),
            Some(Items::Whole(page)) => add(page),
            Some(Items::Absent) | None => {}
        }
        if outcome? { self.flush() } else { Ok(false) }
    }

    /// An answer that is no page: it is printed behind the open array, on a
    /// line of its own; where that is a file that will not be made, on stdout.
    pub(super) fn refused(self, answer: Answer) -> Result<()> {
        match self.out {
            Some(mut out) if !out.is_whole_or_nothing() => out.page(answer).map(drop),
            _ => output::answer(answer, Target::Stdout, &self.how).map(drop),
        }
    }

    /// Closes the array; `last` is the answer that it is shown as, if it is
    /// shown at once.
    pub(super) fn finish(mut self, last: Option<Answer>) -> Result<()> {
        self.chunk.extend_from_slice(b"]\n");
        // The bound is that of a page, and each was held to it.
        let how = How {
            most: None,
            ..self.how
        };
        match (self.out.take(), last) {
            (Some(mut out), _) => {
                out.bytes(&self.chunk)?;
                out.finish()
            }
            (None, Some(last)) => {
                let whole = last.with_body(io::Cursor::new(self.chunk));
                match self.filter {
                    Some(filter) => filtered(filter, whole, &how).map(drop),
                    None => output::answer(whole, Target::Stdout, &how).map(drop),
                }
            }
            (None, None) => Ok(()),
        }
    }

    fn item(&mut self, item: &RawValue) -> Result<bool> {
        if std::mem::replace(&mut self.has_items, true) {
            self.chunk.push(b',');
        }
        self.chunk.extend_from_slice(item.get().as_bytes());
        if self.chunk.len() < CHUNK {
            return Ok(true);
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<bool> {
        let Some(out) = &mut self.out else {
            if self.chunk.len() as u64 > LONGEST_HELD {
                return Err(Failure::new(
                    Kind::Unavailable,
                    "the array is larger than the 64 MiB that are held to be shown at once",
                )
                .hint("send it to a file: `-o FILE`"));
            }
            return Ok(true);
        };
        let is_read = out.bytes(&self.chunk);
        self.chunk.clear();
        is_read
    }
}
