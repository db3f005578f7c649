//! A batch's lines, read as they come and no further: whoever writes them may
//! wait for the answer to one before writing the next.

use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use super::line::{Common, Line};
use crate::error::{Failure, Kind, Result};

/// The longest line, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Where lines come from.
pub(super) struct Input {
    from: Box<dyn BufRead + Send>,
    common: Common,
    number: u64,
    buffer: Vec<u8>,
}

impl Input {
    /// Opens a file, or stdin where it is `-`.
    pub(super) fn open(path: &Path, common: Common) -> Result<Self> {
        let from: Box<dyn BufRead + Send> = if path == Path::new("-") {
            Box::new(BufReader::new(io::stdin()))
        } else {
            let file = std::fs::File::open(path).map_err(|error| unread(&error))?;
            Box::new(BufReader::new(file))
        };
        Ok(Self {
            from,
            common,
            number: 0,
            buffer: Vec::new(),
        })
    }

    /// The next line that is not empty.
    pub(super) fn next(&mut self) -> Result<Option<Line>> {
        loop {
            self.buffer.clear();
            let mut bounded = (&mut self.from).take(LONGEST + 1);
            let read = bounded.read_until(b'\n', &mut self.buffer);
            if read.map_err(|error| unread(&error))? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.buffer.len() as u64 > LONGEST && !self.buffer.ends_with(b"\n") {
                self.buffer = Vec::new();
                self.from
                    .skip_until(b'\n')
                    .map_err(|error| unread(&error))?;
                let failure = Failure::new(Kind::Usage, "the line is longer than 64 MiB")
                    .hint("send such a body by itself: `--data-binary @FILE`");
                return Ok(Some(Line::bad(self.number, failure)));
            }
            let text = self.buffer.trim_ascii();
            if !text.is_empty() {
                return Ok(Some(Line::read(self.number, text, &self.common)));
            }
        }
    }
}

fn unread(error: &io::Error) -> Failure {
    Failure::new(Kind::Usage, format!("the batch cannot be read: {error}"))
        .hint("name a file of requests, one a line; or `-` for stdin")
}
