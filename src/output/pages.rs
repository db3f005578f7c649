//! Several answers in one place: one after another as they come, with a line
//! break between two where one lacks; a file gets all of them or none.

use std::fs::File;
use std::io::{self, IsTerminal as _, StdoutLock, Write};
use std::path::Path;

use super::answer::{How, Target, Trouble, copy, head};
use super::download::{is_special, unwritable};
use super::whole::WholeFile;
use crate::api::Answer;
use crate::error::Result;

/// Where pages go.
pub struct Pages {
    place: Place,
    how: How,
    /// The last byte that was written lacks its line break.
    open_line: bool,
}

enum Place {
    Terminal,
    Stdout(StdoutLock<'static>),
    Special(File),
    Whole(WholeFile),
}

impl Pages {
    /// Opens the place: stdout, which is made fit for a person's eyes where it is
    /// a terminal; `-`, which is stdout byte by byte; or a file.
    pub fn open(path: Option<&Path>, how: How) -> Result<Self> {
        let place = match path {
            None if io::stdout().is_terminal() => Place::Terminal,
            None => Place::Stdout(io::stdout().lock()),
            Some(path) if path == Path::new("-") => Place::Stdout(io::stdout().lock()),
            Some(path) if is_special(path) => {
                let file = std::fs::OpenOptions::new().write(true).open(path);
                Place::Special(file.map_err(|error| unwritable(path, error))?)
            }
            Some(path) => Place::Whole(WholeFile::create(path)?),
        };
        Ok(Self {
            place,
            how,
            open_line: false,
        })
    }

    /// Writes a page, as it comes; `false` once the reader has gone away, and
    /// nobody waits for more.
    pub fn page(&mut self, mut answer: Answer) -> Result<bool> {
        if let Place::Terminal = self.place {
            // What is for a person's eyes is made so there.
            return super::answer(answer, Target::Stdout, &self.how).map(|_| true);
        }
        let how = self.how;
        let head = head(&answer, &how).unwrap_or_default();
        let host = crate::http::host_of(&answer.url);
        self.through(|out| {
            super::written(out.write_all(&head))?;
            if how.only_head {
                return Ok(());
            }
            match copy(&mut answer, out, how.most, &mut |_| {}) {
                Ok(()) => Ok(()),
                Err(Trouble::Writing(error)) => super::written(Err(error)),
                Err(trouble) => Err(trouble.hinted(&host)),
            }
        })
    }

    /// Writes bytes behind what is there.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<bool> {
        self.open_line = false;
        self.through(|out| super::written(out.write_all(bytes)))
    }

    /// Whether what is written so far comes to nothing unless all of it comes.
    pub fn is_whole_or_nothing(&self) -> bool {
        matches!(self.place, Place::Whole(_))
    }

    /// All pages are there.
    pub fn finish(self) -> Result<()> {
        match self.place {
            Place::Whole(file) => file.keep(),
            _ => Ok(()),
        }
    }

    fn through(&mut self, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<bool> {
        let mut stdout;
        let out: &mut dyn Write = match &mut self.place {
            Place::Terminal => {
                stdout = io::stdout();
                &mut stdout
            }
            Place::Stdout(stdout) => stdout,
            Place::Special(file) => file,
            Place::Whole(file) => file,
        };
        let mut noting = Noting {
            out,
            lacks_break: self.open_line,
            open_line: self.open_line,
            gone: false,
        };
        let wrote = write(&mut noting);
        let flushed = super::written(noting.flush());
        let (open_line, gone) = (noting.open_line, noting.gone);
        self.open_line = open_line;
        wrote.and(flushed).map(|()| !gone)
    }
}

/// Notes what becomes of what is written.
struct Noting<'a> {
    out: &'a mut dyn Write,
    /// A line break belongs before what is written next.
    lacks_break: bool,
    open_line: bool,
    gone: bool,
}

impl Noting<'_> {
    fn noted<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.gone |= error.kind() == io::ErrorKind::BrokenPipe;
        }
        result
    }
}

impl Write for Noting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        if std::mem::take(&mut self.lacks_break) {
            let broken = self.out.write_all(b"\n");
            self.noted(broken)?;
        }
        let written = self.out.write(bytes);
        let written = self.noted(written)?;
        if let Some(last) = bytes[..written].last() {
            self.open_line = *last != b'\n';
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.noted(flushed)
    }
}
