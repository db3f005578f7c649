//! The manner of sending: what is followed, what is tried again, and when it
//! has taken long enough. Whoever makes several requests for one command
//! (pages, a batch, an action) hands it on as it is.

use std::io;
use std::time::{Duration, Instant};

use super::retry::Retry;

/// How requests are sent. By default one try, no redirect, no end.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// The most redirects that are followed; `None` follows none, and a 3xx is
    /// an answer like any other.
    pub redirects: Option<u32>,
    /// What is tried again.
    pub retry: Retry,
    /// When the whole command has to be over.
    pub deadline: Option<Deadline>,
}

/// When something has to be over.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    end: Instant,
    whole: Duration,
}

impl Deadline {
    /// This much from now.
    pub fn within(whole: Duration) -> Self {
        let now = Instant::now();
        Self {
            // What no clock can count to does not come.
            end: now.checked_add(whole).unwrap_or(now),
            whole,
        }
    }

    /// The time until then; zero when it has passed.
    pub fn left(self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    pub fn has_passed(self) -> bool {
        self.left().is_zero()
    }

    /// All the time there was.
    pub fn whole(self) -> Duration {
        self.whole
    }
}

/// What a reader says whose time is over.
impl From<Deadline> for io::Error {
    fn from(deadline: Deadline) -> Self {
        let whole = humantime::format_duration(deadline.whole);
        let why = format!("it was not over within {whole}");
        io::Error::new(io::ErrorKind::TimedOut, why)
    }
}

/// What bounds one request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// The definition's bound on each.
    pub timeout: Option<Duration>,
    /// The command's on all of them.
    pub deadline: Option<Deadline>,
}

impl Limits {
    /// The shorter of the two.
    pub(super) fn shortest(self) -> Option<Duration> {
        let left = self.deadline.map(Deadline::left);
        match (self.timeout, left) {
            (Some(timeout), Some(left)) => Some(timeout.min(left)),
            (timeout, left) => timeout.or(left),
        }
    }
}
