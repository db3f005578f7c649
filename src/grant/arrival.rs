//! Waiting for the one answer, by whichever way it comes first: the redirect
//! that a browser brings to the listener, or the address that is pasted. One
//! thread judges both, so that no second answer can be taken.

use std::time::{Duration, Instant};

use super::GrantError;
use super::callback::{Listener, Responder};
use super::paste::{Acceptable, Line, Lines, Paste, PasteError};
use super::redirected::{Expected, Said};

/// How many lines are refused; more are no person's.
const REFUSALS: usize = 100;
/// A tick bounds how long a lost wake-up could hold us.
const TICK: Duration = Duration::from_secs(1);

/// The answer.
pub(super) struct Arrived {
    /// What it says.
    pub(super) said: Said,
    /// The browser that waits for its page; none when it was pasted.
    pub(super) responder: Option<Responder>,
}

/// What is waited for, and how long.
pub(super) struct Waiting {
    /// What the answer has to bring.
    pub(super) expected: Expected,
    /// What may be pasted.
    pub(super) acceptable: Acceptable,
    /// When to give up.
    pub(super) deadline: Instant,
}

impl Waiting {
    /// Waits. `refuse` is told what was pasted in vain, after which more may
    /// be. `None`: nobody came in time.
    pub(super) fn wait(
        self,
        mut listener: Option<Listener>,
        paste: Paste,
        refuse: &mut dyn FnMut(&PasteError),
    ) -> Result<Option<Arrived>, GrantError> {
        let mut lines = start(paste, listener.as_ref());
        // What to end with when nothing better is pasted.
        let mut denied = None;
        let mut refused = 0;
        while let Some(left) = self.deadline.checked_duration_since(Instant::now()) {
            // What waits without a listener waits for a line.
            let patience = if listener.is_some() {
                Duration::ZERO
            } else {
                left
            };
            match lines.as_ref().and_then(|lines| lines.next(patience)) {
                Some(Line::End) if paste == Paste::Expected => {
                    return Err(denied.unwrap_or(GrantError::PasteEnded));
                }
                Some(Line::End) => lines = None,
                Some(line) => match self.read(&line) {
                    Some(Ok(said)) => {
                        if let Some(listener) = listener {
                            listener.turn_away(self.expected);
                        }
                        let responder = None;
                        return Ok(Some(Arrived { said, responder }));
                    }
                    Some(Err(error)) => {
                        refuse(&error);
                        if let PasteError::Denied(error) = error {
                            denied = Some(error);
                        }
                        refused += 1;
                        if refused == REFUSALS {
                            if paste == Paste::Expected {
                                return Err(denied.unwrap_or(GrantError::PasteFlood(REFUSALS)));
                            }
                            lines = None;
                        }
                    }
                    None => {}
                },
                None => {
                    let Some(ears) = &mut listener else {
                        if lines.is_none() {
                            return Err(GrantError::PasteEnded); // stdin cannot be read
                        }
                        continue;
                    };
                    if let Some((said, request)) = ears.next(left.min(TICK), &self.expected)? {
                        let responder = listener.map(|listener| listener.responder(request));
                        return Ok(Some(Arrived { said, responder }));
                    }
                }
            }
        }
        denied.map_or(Ok(None), Err)
    }

    fn read(&self, line: &Line) -> Option<Result<Said, PasteError>> {
        match line {
            Line::Text(text) => self.acceptable.read(text.expose(), &self.expected),
            Line::Unreadable => Some(Err(PasteError::Unreadable)),
            Line::End => None,
        }
    }
}

/// Begins to read stdin, where it may be read.
fn start(paste: Paste, listener: Option<&Listener>) -> Option<Lines> {
    if paste == Paste::No {
        return None;
    }
    let waker = listener.map(Listener::waker);
    let wake = move || {
        if let Some(waker) = &waker {
            waker();
        }
    };
    // Without a thread there is the listener still.
    Lines::start(wake).ok()
}
