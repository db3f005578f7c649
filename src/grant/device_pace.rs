//! When to ask again whether a device is approved (RFC 8628 section 3.5): not
//! before the interval is over, five seconds later whenever the provider says
//! `slow_down`, and less and less often while it is in trouble.
//!
//! Moments are the machine's steady clock's: setting the time moves none.

use std::thread;
use std::time::{Duration, Instant};

use super::again;
use super::call::{CallError, Tried};
use super::{Answer, GrantError};

/// What `slow_down` adds, for this and all later waits.
const SLOWER: Duration = Duration::from_secs(5);
/// The longest wait that trouble alone makes.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// An answer that comes at the end may bring the token.
const LAST_ANSWER: Duration = Duration::from_secs(5);
/// So long is slept at most without a look at the clock.
const TICK: Duration = Duration::from_secs(1);

/// The pace of one wait for a person.
pub(super) struct Pace {
    interval: Duration,
    /// The next wait.
    pause: Duration,
    deadline: Instant,
    /// What to end with when the deadline comes.
    over: GrantError,
    /// The last try, where that was trouble.
    trouble: Option<GrantError>,
}

impl Pace {
    /// Asks at this interval, until the code's `life` or the `patience` of
    /// whoever waits is over.
    pub(super) fn new(interval: Duration, life: Duration, patience: Option<Duration>) -> Self {
        let patience = patience.filter(|patience| *patience < life);
        Self {
            interval,
            pause: interval,
            deadline: Instant::now() + patience.unwrap_or(life),
            over: patience.map_or(GrantError::CodeExpired, GrantError::Unapproved),
            trouble: None,
        }
    }

    /// Waits until it is time to ask again; fails when there is no more time.
    pub(super) fn wait(&mut self) -> Result<(), GrantError> {
        let now = Instant::now();
        let wake = now.checked_add(self.pause);
        let wake = wake.map_or(self.deadline, |wake| wake.min(self.deadline));
        while let Some(left) = wake.checked_duration_since(Instant::now()) {
            if left.is_zero() {
                break;
            }
            thread::sleep(left.min(TICK));
        }
        if wake < self.deadline {
            return Ok(());
        }
        // Whoever could not be reached did not say that nobody approved.
        let over = std::mem::replace(&mut self.over, GrantError::CodeExpired);
        Err(self.trouble.take().unwrap_or(over))
    }

    /// How long one try may take: to the end, and a moment for an answer that
    /// is on its way.
    pub(super) fn within(&self) -> Duration {
        self.left().max(LAST_ANSWER)
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// What a try came to: an answer, or `None` when it is to be made again.
    pub(super) fn judge(&mut self, tried: Tried) -> Result<Option<Answer>, GrantError> {
        let Tried {
            outcome,
            status,
            word,
            retry_after,
        } = tried;
        let error = match outcome {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) => error,
        };
        let word = word.unwrap_or_default();
        self.trouble = None;
        match word.as_str() {
            "authorization_pending" => self.pause = self.interval,
            "slow_down" => {
                self.interval += SLOWER;
                self.pause = self.interval;
            }
            "expired_token" => return Err(GrantError::CodeExpired),
            "access_denied" | "authorization_declined" => {
                return Err(denied(word, error));
            }
            _ if may_pass(status, &word, &error) => {
                // Whoever is to be asked after the end is not asked again.
                if retry_after.is_some_and(|wait| wait > self.left()) {
                    return Err(error);
                }
                tracing::info!(%error, "asked again later");
                let longer = (self.pause * 2).min(LONGEST_PAUSE);
                self.pause = longer.max(self.interval);
                self.trouble = Some(error);
            }
            _ => return Err(error),
        }
        self.pause = self.pause.max(retry_after.unwrap_or_default());
        Ok(None)
    }
}

fn denied(word: String, error: GrantError) -> GrantError {
    let description = match error {
        GrantError::Call(CallError::Refused { description, .. }) => description,
        _ => None,
    };
    GrantError::Denied {
        error: word,
        description,
    }
}

/// Whether it may be another answer next time: nobody answered, too many
/// requests, or a server that is out of order.
fn may_pass(status: Option<u16>, word: &str, error: &GrantError) -> bool {
    match (status, error) {
        (None, GrantError::Call(CallError::Http(error))) => again::is_of_the_network(error),
        (Some(status), GrantError::Call(_)) => {
            matches!(status, 408 | 429 | 500..)
                || matches!(word, "temporarily_unavailable" | "server_error")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HttpError;

    const INTERVAL: Duration = Duration::from_secs(5);

    fn pace() -> Pace {
        Pace::new(INTERVAL, Duration::from_secs(900), None)
    }

    fn refused(word: &str) -> GrantError {
        let refused = CallError::Refused {
            error: word.to_owned(),
            description: Some("said so".to_owned()),
            dead: false,
        };
        refused.into()
    }

    fn said(status: u16, word: &str) -> Tried {
        Tried {
            outcome: Err(refused(word)),
            status: Some(status),
            word: Some(word.to_owned()).filter(|word| !word.is_empty()),
            retry_after: None,
        }
    }

    fn unreached() -> Tried {
        let host = "example.com".to_owned();
        Tried {
            outcome: Err(CallError::from(HttpError::Timeout { host }).into()),
            status: None,
            word: None,
            retry_after: None,
        }
    }

    #[track_caller]
    fn goes_on_after(pace: &mut Pace, tried: Tried, seconds: u64) {
        assert!(matches!(pace.judge(tried), Ok(None)));
        assert_eq!(pace.pause, Duration::from_secs(seconds));
    }

    #[test]
    fn slow_down_adds_five_seconds_for_good() {
        let mut pace = pace();
        for (status, word, seconds) in [
            (400, "authorization_pending", 5),
            (400, "slow_down", 10),
            (200, "authorization_pending", 10),
            (429, "slow_down", 15),
            (428, "authorization_pending", 15),
        ] {
            goes_on_after(&mut pace, said(status, word), seconds);
        }
    }

    #[test]
    fn trouble_is_waited_out_at_growing_intervals() {
        let mut pace = pace();
        goes_on_after(&mut pace, unreached(), 10);
        goes_on_after(&mut pace, said(503, ""), 20);
        goes_on_after(&mut pace, said(429, "too_many"), 40);
        goes_on_after(&mut pace, unreached(), 60);
        goes_on_after(&mut pace, said(400, "temporarily_unavailable"), 60);
        assert!(pace.trouble.is_some());
        goes_on_after(&mut pace, said(400, "authorization_pending"), 5);
        assert!(pace.trouble.is_none());
        let asked = Tried {
            retry_after: Some(Duration::from_secs(90)),
            ..said(429, "")
        };
        goes_on_after(&mut pace, asked, 90);
        let asked = Tried {
            retry_after: Some(Duration::from_secs(3600)),
            ..said(429, "")
        };
        assert!(pace.judge(asked).is_err(), "the code will be over by then");
    }

    #[test]
    fn what_ends_the_wait_is_told_apart() {
        let over = |status, word| pace().judge(said(status, word)).unwrap_err();
        assert!(matches!(
            over(400, "expired_token"),
            GrantError::CodeExpired
        ));
        for word in ["access_denied", "authorization_declined"] {
            let GrantError::Denied { error, description } = over(200, word) else {
                panic!("{word}");
            };
            assert_eq!(error, word);
            assert_eq!(description.as_deref(), Some("said so"));
        }
        for (status, word) in [(400, "invalid_grant"), (401, "invalid_client"), (404, "")] {
            assert!(matches!(over(status, word), GrantError::Call(_)), "{word}");
        }
        let setup = Tried {
            outcome: Err(CallError::from(HttpError::Setup(String::new())).into()),
            ..unreached()
        };
        assert!(pace().judge(setup).is_err());
    }

    #[test]
    fn the_end_of_waiting_says_whose_end_it_was() {
        let (short, long) = (Duration::from_millis(1), Duration::from_secs(900));
        let end = |life, patience| Pace::new(INTERVAL, life, patience).wait().unwrap_err();
        assert!(matches!(end(short, None), GrantError::CodeExpired));
        assert!(matches!(end(short, Some(long)), GrantError::CodeExpired));
        assert!(matches!(end(long, Some(short)), GrantError::Unapproved(_)));
        let mut troubled = Pace::new(INTERVAL, short, None);
        goes_on_after(&mut troubled, unreached(), 10);
        assert!(matches!(troubled.wait(), Err(GrantError::Call(_))));
    }
}
