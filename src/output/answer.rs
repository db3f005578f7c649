//! An API's answer: streamed to stdout or to a file (`download`).

use std::io::{self, IsTerminal as _, Read as _, Write};

use super::download::{Download, Taken};
use crate::api::{Answer, Unread};
use crate::error::{Failure, Kind, Result};
use crate::ui::Ui;

/// How much is read and written at once, in bytes: no less than what the HTTP
/// library reads from its socket.
const BLOCK: usize = 512 * 1024;

/// Where an answer goes.
#[derive(Debug)]
pub enum Target {
    /// stdout, to be read: a terminal gets it formatted and made harmless.
    Stdout,
    /// stdout, every byte as it came, a terminal too.
    Raw,
    /// Nowhere.
    Nowhere,
    /// A file.
    File(Download),
}

/// How an answer is shown.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Says what happens meanwhile.
    pub ui: Ui,
    /// Whether the status line and the headers go before the body.
    pub include: bool,
    /// Whether they are all.
    pub only_head: bool,
    /// The longest body that is taken, in bytes.
    pub most: Option<u64>,
}

/// Writes an answer. Returns whether its status counts: a file that was there
/// whole already is what was wanted.
pub fn answer(answer: Answer, target: Target, how: &How) -> Result<bool> {
    match target {
        Target::Nowhere => {}
        Target::Stdout => to_reader(answer, how)?,
        Target::Raw => to_stdout(answer, how)?,
        Target::File(download) => match download.take(answer, how)? {
            Taken::In => {}
            Taken::WasThere => return Ok(false),
            Taken::Not(answer) => to_reader(*answer, how)?,
        },
    }
    Ok(true)
}

/// To a person where stdout is a terminal.
fn to_reader(answer: Answer, how: &How) -> Result<()> {
    if io::stdout().is_terminal() {
        super::screen::show(answer, how)
    } else {
        to_stdout(answer, how)
    }
}

fn to_stdout(mut answer: Answer, how: &How) -> Result<()> {
    let host = crate::http::host_of(&answer.url);
    let mut stdout = io::stdout().lock();
    if let Some(head) = head(&answer, how)
        && let Err(error) = stdout.write_all(&head)
    {
        return super::written(Err(error));
    }
    if !how.only_head {
        match copy(&mut answer, &mut stdout, how.most, &mut |_| {}) {
            Ok(()) => {}
            Err(Trouble::Writing(error)) => return super::written(Err(error)),
            Err(trouble) => return Err(trouble.hinted(&host)),
        }
    }
    super::written(stdout.flush())
}

/// The status lines and the headers, where they are wanted: those of the
/// redirects that were followed too, as curl shows them.
pub(super) fn head(answer: &Answer, how: &How) -> Option<Vec<u8>> {
    if !how.include && !how.only_head {
        return None;
    }
    let mut bytes = Vec::new();
    for head in answer.heads() {
        bytes.extend(format!("{:?} {}\r\n", head.version, head.status).into_bytes());
        for (name, value) in &head.headers {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
    }
    Some(bytes)
}

/// Why a body did not get where it was to go: reading and writing fail
/// differently, one may pass, the other is ours.
#[derive(Debug)]
pub(super) enum Trouble {
    Reading(io::Error),
    Writing(io::Error),
    TooLong(u64),
}

impl Trouble {
    /// What it is to the command, but for the hint.
    pub(super) fn failure(self, host: &str) -> Failure {
        match self {
            Trouble::Reading(error) => Failure::caused(Kind::Unavailable, error)
                .context(format!("the answer of {host} broke off")),
            Trouble::Writing(error) => Failure::caused(Kind::Internal, error)
                .context(format!("the answer of {host} cannot be written")),
            Trouble::TooLong(most) => too_long(most, host),
        }
    }

    /// The same, for what is not kept.
    pub(super) fn hinted(self, host: &str) -> Failure {
        let is_bound = matches!(self, Trouble::TooLong(_));
        let failure = self.failure(host);
        if is_bound {
            return failure;
        }
        failure.hint("run the command again")
    }
}

/// What a body that could not be read whole is to the command.
pub fn unread(why: Unread, host: &str) -> Failure {
    let trouble = match why {
        Unread::BrokeOff(error) => Trouble::Reading(error),
        Unread::TooLong(most) => Trouble::TooLong(most),
    };
    trouble.hinted(host)
}

/// A body is longer than what is taken of it.
pub fn too_long(most: u64, host: &str) -> Failure {
    Failure::new(
        Kind::Unavailable,
        format!(
            "the answer of {host} is longer than {}",
            crate::api::size(most)
        ),
    )
    .hint("allow more with `--max-filesize BYTES`")
}

/// Moves the body; a length that is announced and too long is not begun.
pub(super) fn copy(
    answer: &mut Answer,
    out: &mut dyn Write,
    most: Option<u64>,
    moved: &mut dyn FnMut(u64),
) -> Result<(), Trouble> {
    let mut left = most.unwrap_or(u64::MAX);
    let too_long = || Trouble::TooLong(most.unwrap_or(u64::MAX));
    if answer.length().is_some_and(|length| length > left) {
        return Err(too_long());
    }
    let mut buffer = vec![0; BLOCK];
    loop {
        let read = match answer.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Trouble::Reading(error)),
        };
        left = left.checked_sub(read as u64).ok_or_else(too_long)?;
        out.write_all(&buffer[..read]).map_err(Trouble::Writing)?;
        moved(read as u64);
    }
}
