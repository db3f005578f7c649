//! stdout: data, and the only place where a credential is printed.

mod answer;
mod download;
mod found;
mod helper;
mod pages;
mod part;
mod plain;
mod pretty;
mod safely;
mod screen;
mod table;
mod token;
mod utf8;
mod whole;

use std::io::{self, IsTerminal as _, Write};

use crate::error::{Failure, Kind, Result};
use crate::signals;
use crate::ui::escape_json;

pub use answer::{How, Target, answer, unread};
pub use download::Download;
pub use found::{found, head};
pub use helper::{Login, docker_login, exec_credential, git_login, git_quit};
pub use pages::Pages;
pub use safely::{safely, safely_to_file};
pub use table::table;
pub use token::{Format, token};

/// Writes text and one line break.
pub fn line(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    written(writeln!(stdout, "{text}").and_then(|()| stdout.flush()))
}

/// Writes text as it is.
pub fn text(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    written(
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush()),
    )
}

/// Writes a line of JSON that ends with its line break, harmless where stdout is a
/// terminal; a signal does not end the process in the middle of it. Returns
/// whether anybody reads on.
pub fn whole_line(line: &[u8]) -> Result<bool> {
    let _whole = signals::line();
    let mut stdout = io::stdout().lock();
    let harmless = match std::str::from_utf8(line) {
        Ok(text) if stdout.is_terminal() => escape_json(text),
        _ => "".into(),
    };
    let line = match harmless.as_bytes() {
        [] => line,
        harmless => harmless,
    };
    let result = stdout.write_all(line).and_then(|()| stdout.flush());
    let gone = matches!(&result, Err(error) if error.kind() == io::ErrorKind::BrokenPipe);
    written(result).map(|()| !gone)
}

/// Writes a JSON document, indented.
pub fn json(value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(anyhow::Error::from)?;
    line(&text)
}

/// A reader that has gone away has what it wanted; anything else is a failure.
fn written(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::caused(Kind::Internal, error)
                .context("the output cannot be written")
                .hint("see that there is room where stdout goes"))
        }
        _ => Ok(()),
    }
}
