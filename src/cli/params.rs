//! Values given on the command line: `NAME=VALUE`, and for secrets
//! `NAME=@FILE`, `NAME=env:VARIABLE` and `NAME=-`.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use crate::definition::{ValueSource, one_line};
use crate::error::{Failure, Kind, Result};
use crate::secret::Secret;

/// A `NAME=VALUE`, as `flag` or an argument has it. Secrets never stand in
/// argv, where every process of the machine can read them.
pub(super) fn given(
    text: &str,
    flag: &str,
    is_secret: &dyn Fn(&str) -> bool,
) -> Result<(String, Secret)> {
    let usage = |message: String| Failure::new(Kind::Usage, message);
    let Some((name, value)) = text.split_once('=') else {
        return Err(usage(format!("`{flag}` needs a name and a value")).hint("write `NAME=VALUE`"));
    };
    let wanted = if value == "-" {
        from_stdin()?
    } else if let Some(path) = value.strip_prefix('@') {
        resolved(&ValueSource::File(Path::new(path).to_owned()))?
    } else if let Some(variable) = value.strip_prefix("env:") {
        resolved(&ValueSource::Env(variable.to_owned()))?
    } else {
        if is_secret(name) {
            return Err(usage(format!(
                "`{name}` is a secret, and the command line is no place for it"
            ))
            .hint(format!(
                "write `{name}=env:VARIABLE`, `{name}=@FILE`, or `{name}=-` and pipe it in"
            )));
        }
        Secret::new(value)
    };
    Ok((name.to_owned(), wanted))
}

fn resolved(source: &ValueSource) -> Result<Secret> {
    source.resolve().map_err(|error| {
        Failure::caused(Kind::Definition, error)
            .hint("give the value another way: `NAME=env:VARIABLE`, `NAME=@FILE` or `NAME=-`")
    })
}

/// What `--with-token -` reads: a token's or an answer's worth. `command` is what
/// it goes to, for the hint.
pub(super) fn piped_token(command: &str) -> Result<Secret> {
    const MOST: u64 = 1024 * 1024;
    let hint = format!("pipe it in: `… | {command} --with-token -`");
    let mut stdin = std::io::stdin().lock();
    // What is typed is shown, and stays on the screen.
    if stdin.is_terminal() {
        let what = "`--with-token -` takes no token that is typed at a terminal";
        return Err(Failure::new(Kind::Usage, what).hint(hint));
    }
    let mut text = String::new();
    let read = stdin.by_ref().take(MOST + 1).read_to_string(&mut text);
    // Secret from here on, and cleared with it.
    let text = Secret::new(text);
    read.map_err(|error| {
        Failure::caused(Kind::Usage, error)
            .context("stdin cannot be read")
            .hint(&hint)
    })?;
    let length = text.expose().trim().len();
    let why = match length {
        0 => "nothing came on stdin",
        _ if text.expose().len() as u64 > MOST => "more came on stdin than any token has",
        _ => return Ok(text),
    };
    Err(Failure::new(Kind::Usage, why).hint(hint))
}

fn from_stdin() -> Result<Secret> {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::stdin(), &mut text).map_err(|error| {
        Failure::caused(Kind::Usage, error)
            .context("stdin cannot be read")
            .hint("pipe the value in: `… | hallpass … NAME=-`")
    })?;
    Ok(one_line(text))
}
