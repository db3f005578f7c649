//! The redirect URL as a person pastes it, or a program pipes it in: for a
//! browser that cannot reach the listener, or a redirect that leads elsewhere.
//! It is held to the same `state` as a redirect that arrives by itself; a bare
//! code has none, and is taken only where PKCE ties it to this run (RFC 7636).
//! What is pasted holds the code, so no message repeats any of it.
//!
//! Stdin is read by a thread of its own, which nobody waits for: the terminal
//! stays in its normal mode, and the process may end while the thread reads.

use std::io::{self, BufRead as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use url::Url;
use zeroize::Zeroizing;

use super::GrantError;
use super::redirected::{Expected, NotOurs, Said};
use crate::secret::Secret;

/// The longest line that is looked at, in bytes; twice what the listener takes.
const LONGEST: usize = 64 * 1024;
/// A shorter word is a slip of the keyboard, not a code.
const SHORTEST_CODE: usize = 8;

/// Whether the redirect URL may be pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paste {
    /// Stdin is left alone.
    No,
    /// Beside the listener, by the person at the terminal.
    Beside,
    /// It is expected on stdin, whose end ends the waiting.
    Expected,
}

/// Why what was pasted is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PasteError {
    /// It is longer than any redirect, or no text.
    #[error("it is too long for an address, or no text")]
    Unreadable,
    /// No address, where nobody said that anything else would be pasted.
    #[error("it is not the whole address, beginning with `http`")]
    NoAddress,
    /// Neither an address nor a code.
    #[error("it is neither the whole address, beginning with `http`, nor a code")]
    Neither,
    /// A bare code that nothing ties to this run.
    #[error(
        "without PKCE a code alone may be anybody's; paste the whole address that the code stands in"
    )]
    Unproven,
    /// A bare code, which names no issuer though its server always does.
    #[error(
        "its server names itself in every answer, and a code alone names nobody; paste the whole address that the code stands in"
    )]
    Nameless,
    /// Another address than the one that was named to the provider.
    #[error("the answer comes back to `{0}`, and this is another address")]
    Elsewhere(String),
    /// The answer stands behind the `#`.
    #[error(
        "its answer stands behind `#`, and hallpass asked for one behind `?`; see whether the definition needs `authorization_params = {{ response_mode = \"query\" }}`"
    )]
    InFragment,
    /// The answer travelled as a form.
    #[error(
        "its answer travels as a form, which an address does not show; the browser has to reach this machine, or the definition to do without `response_mode = \"form_post\"`"
    )]
    AsForm,
    /// It does not belong to this run.
    #[error(transparent)]
    NotOurs(#[from] NotOurs),
    /// It does, and says no.
    #[error(transparent)]
    Denied(GrantError),
}

/// What may be pasted.
pub(super) struct Acceptable {
    /// Where the redirect may have ended: what the provider was told, and the
    /// listener, which a relay may lead to.
    pub(super) redirects: Vec<Url>,
    /// Whether a code by itself may come too: at a terminal where nobody asked
    /// to paste, a word is more likely meant for somebody else.
    pub(super) bare: bool,
    /// Whether PKCE ties a bare code to this run.
    pub(super) pkce: bool,
    /// Whether the answer was asked for as a form.
    pub(super) as_form: bool,
    /// Whether the server says that its answers name it (RFC 9207 section 3),
    /// so that one which does not is no answer.
    pub(super) named: bool,
}

impl Acceptable {
    /// Reads a line; an empty one is nothing. The issuer that it may name is
    /// still to be compared.
    pub(super) fn read(&self, line: &str, expected: &Expected) -> Option<Result<Said, PasteError>> {
        // What copying leaves around an address.
        let around = |c: char| c.is_whitespace() || "\"'<>“”‘’`".contains(c);
        let text = line.trim_matches(around);
        if text.is_empty() {
            return None;
        }
        Some(match self.address(text) {
            Some(url) => self.judge(&url, expected),
            None if self.bare => self.bare(text),
            None => Err(PasteError::NoAddress),
        })
    }

    /// The address; browsers may leave its `http://` out when a part is copied.
    fn address(&self, text: &str) -> Option<Url> {
        let (scheme, _) = text.split_once("://").unwrap_or_default();
        if !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Url::parse(text).ok();
        }
        let whole = self
            .redirects
            .iter()
            .map(|url| format!("{}://{text}", url.scheme()));
        let mut known = whole.filter_map(|text| Url::parse(&text).ok());
        known.find(|url| self.redirects.iter().any(|known| is_same_place(url, known)))
    }

    fn judge(&self, url: &Url, expected: &Expected) -> Result<Said, PasteError> {
        if !self.redirects.iter().any(|known| is_same_place(url, known)) {
            let place = self.redirects.first().map(ToString::to_string);
            return Err(PasteError::Elsewhere(place.unwrap_or_default()));
        }
        let said = expected.read(url.query().unwrap_or_default());
        // Some providers add a fragment of their own (`#_=_`), which says nothing.
        if said.is_err() && url.fragment().is_some_and(is_answer) {
            return Err(PasteError::InFragment);
        }
        if said.is_err() && self.as_form && url.query().is_none() {
            return Err(PasteError::AsForm);
        }
        let said = said?;
        match said.outcome {
            Err(denied) => Err(PasteError::Denied(denied)),
            Ok(_) => Ok(said),
        }
    }

    /// A code by itself: one word of visible ASCII (RFC 6749 appendix A.11),
    /// and no piece of an address.
    fn bare(&self, text: &str) -> Result<Said, PasteError> {
        let piece = |byte: u8| !byte.is_ascii_graphic() || matches!(byte, b'&' | b'?' | b'#');
        let named = |name: &str| {
            text.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('='))
        };
        if text.len() < SHORTEST_CODE
            || text.bytes().any(piece)
            || text.contains("://")
            || ["code", "state", "error"].into_iter().any(named)
        {
            return Err(PasteError::Neither);
        }
        if !self.pkce {
            return Err(PasteError::Unproven);
        }
        if self.named {
            return Err(PasteError::Nameless);
        }
        Ok(Said {
            outcome: Ok(Secret::new(text)),
            params: Vec::new(),
        })
    }
}

/// Whether two addresses differ at most in what follows the path.
fn is_same_place(url: &Url, known: &Url) -> bool {
    url.origin() == known.origin()
        && url.scheme() == known.scheme()
        && url.path() == known.path()
        && url.username().is_empty()
        && url.password().is_none()
}

fn is_answer(fragment: &str) -> bool {
    let names = ["code", "state", "access_token", "id_token", "error"];
    let mut pairs = url::form_urlencoded::parse(fragment.as_bytes());
    pairs.any(|(name, _)| names.contains(&&*name))
}

/// A line of stdin.
pub(super) enum Line {
    /// What it says.
    Text(Secret),
    /// It is too long, or no text.
    Unreadable,
    /// There are no more.
    End,
}

/// The lines of stdin, as they come.
pub(super) struct Lines(Receiver<Line>);

impl Lines {
    /// Starts to read; `wake` is called after each line.
    pub(super) fn start(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        // One at a time, so that a flood waits in its pipe.
        let (to, lines) = sync_channel(1);
        thread::Builder::new().spawn(move || read_all(&to, &wake))?;
        Ok(Self(lines))
    }

    /// The next line, if one comes in time.
    pub(super) fn next(&self, within: Duration) -> Option<Line> {
        match self.0.recv_timeout(within) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Line::End),
        }
    }
}

/// Reads until the end, or until nobody listens any more.
fn read_all(to: &SyncSender<Line>, wake: &impl Fn()) {
    let mut line = Zeroizing::new(Vec::new());
    loop {
        line.clear();
        let ended = read_line(&mut line).is_none();
        if ended && line.is_empty() {
            break;
        }
        let text = std::str::from_utf8(&line).ok();
        let sent = to.send(match text {
            Some(text) if line.len() <= LONGEST => Line::Text(Secret::new(text)),
            _ => Line::Unreadable,
        });
        wake();
        if sent.is_err() || ended {
            break;
        }
    }
    // Where nobody listens any more, nobody misses it.
    let _ = to.send(Line::End);
    wake();
}

/// Reads a line, of which no more is kept than tells that it is too long.
/// `None`: it was the last.
fn read_line(line: &mut Vec<u8>) -> Option<()> {
    loop {
        wait_for_turn();
        let mut stdin = io::stdin().lock();
        let chunk = match stdin.fill_buf() {
            Ok([]) => return None,
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return None,
        };
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let room = (LONGEST + 1).saturating_sub(line.len());
        let text = &chunk[..end.unwrap_or(chunk.len())];
        line.extend_from_slice(&text[..text.len().min(room)]);
        let used = end.map_or(chunk.len(), |end| end + 1);
        stdin.consume(used);
        if end.is_some() {
            return Some(());
        }
    }
}

/// Waits until there is something to read and it is for us: a job in the
/// background that reads from its terminal is stopped (SIGTTIN), and with it
/// the listener.
#[cfg(unix)]
fn wait_for_turn() {
    use rustix::event::{PollFd, PollFlags, poll};
    use std::io::IsTerminal as _;
    const BACKGROUND: Duration = Duration::from_millis(200);
    let stdin = io::stdin();
    while stdin.is_terminal() {
        // Where a terminal cannot be polled, the read itself waits.
        let _ = poll(&mut [PollFd::new(&stdin, PollFlags::IN)], None);
        match rustix::termios::tcgetpgrp(&stdin) {
            Ok(front) if front != rustix::process::getpgrp() => thread::sleep(BACKGROUND),
            _ => return,
        }
    }
}

#[cfg(not(unix))]
fn wait_for_turn() {}
