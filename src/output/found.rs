//! What a filter found in an answer: text as it is and other values as JSON, one
//! a line; formatted where stdout is a terminal.

use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;

use super::{How, screen};
use crate::api::Answer;
use crate::error::Result;
use crate::filter::Found;
use crate::ui::Ui;

/// Writes one result; there is no use in going on where nobody reads any more.
pub fn found(found: &Found, ui: Ui) -> Result<ControlFlow<()>> {
    if io::stdout().is_terminal() {
        return written(screen::found(found, ui.colors_stdout())?.as_bytes());
    }
    let mut line = match found.text() {
        Some(text) => text.to_vec(),
        None => found.json()?,
    };
    line.push(b'\n');
    written(&line)
}

/// Writes the status line and the headers, where they are wanted.
pub fn head(answer: &Answer, how: &How) -> Result<ControlFlow<()>> {
    let Some(head) = super::answer::head(answer, how) else {
        return Ok(ControlFlow::Continue(()));
    };
    if io::stdout().is_terminal() {
        return written(screen::head(answer, how.ui.colors_stdout()).as_bytes());
    }
    written(&head)
}

fn written(bytes: &[u8]) -> Result<ControlFlow<()>> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    let flow = match &written {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    };
    super::written(written).map(|()| flow)
}
