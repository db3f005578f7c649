//! Making a call again after trouble that may pass: only where that is safe,
//! a few times, with jitter, so that many callers do not come back at once.
//!
//! A refresh token or a code that was shown may be used up though its answer
//! was lost; showing it twice can end the whole login (RFC 9700 section
//! 4.14.2). So such a call is made again only when it certainly did nothing.

use std::time::{Duration, Instant};

use reqwest::header::RETRY_AFTER;

use super::fields;
use crate::clock::Timestamp;
use crate::http::{Answer, HttpError};

/// How often a call is made at most.
const TRIES: u32 = 3;
/// The first wait, on average; each further one is three times as long.
const FIRST_WAIT: Duration = Duration::from_millis(150);
/// A provider that asks for more patience than this gets it from the caller.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// After this long nothing is begun again.
const ENOUGH: Duration = Duration::from_secs(10);

/// When a call may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Not at all: what the caller has will do.
    Never,
    /// When it certainly did nothing.
    Undone,
    /// After any trouble that may pass: another of its kind does no harm.
    Passing,
}

/// Whether a call that got no answer certainly did nothing.
pub(super) fn is_unsent(error: &HttpError) -> bool {
    matches!(
        error,
        HttpError::Connect { .. }
            | HttpError::Certificate { .. }
            | HttpError::Untrusted { .. }
            | HttpError::Setup(_)
    )
}

/// Whether it was the network, or what is behind it, that failed.
pub(super) fn is_of_the_network(error: &HttpError) -> bool {
    !matches!(error, HttpError::Setup(_))
}

/// Whether an answer says that nothing was done: too many requests (RFC 6585
/// section 4), or out of service in the words of the service itself (RFC 9110
/// section 15.6.4). A bare 503 may be a proxy's, whose server did what it was
/// asked and was cut off.
pub(super) fn is_unserved(answer: &Answer) -> bool {
    let own_words = || {
        answer.headers.contains_key(RETRY_AFTER)
            || fields::parse(&answer.body).is_some_and(|json| fields::refusal(&json).is_some())
    };
    answer.status == 429 || (answer.status == 503 && own_words())
}

/// Makes a call until it brings an answer that is worth reading, or trying on
/// is not. `sent` is what became of the last try.
pub(super) fn patiently(
    repeat: Repeat,
    mut call: impl FnMut() -> Result<Answer, HttpError>,
) -> Result<Answer, HttpError> {
    let begun = Instant::now();
    let mut wait = FIRST_WAIT;
    for _ in 1..TRIES {
        let sent = call();
        let asked = match &sent {
            Ok(answer) => asked_for(answer),
            Err(_) => None,
        };
        let pause = asked.unwrap_or_default().saturating_add(jittered(wait));
        if !is_repeatable(repeat, &sent) || pause > LONGEST_WAIT || begun.elapsed() > ENOUGH {
            return sent;
        }
        tracing::info!(?pause, "the call is made again");
        std::thread::sleep(pause);
        wait *= 3;
    }
    call()
}

fn is_repeatable(repeat: Repeat, sent: &Result<Answer, HttpError>) -> bool {
    let undone = match sent {
        Ok(answer) => is_unserved(answer),
        Err(error) => is_unsent(error),
    };
    match (repeat, sent) {
        // The same certificate would be refused again, ours and theirs.
        (Repeat::Never, _)
        | (_, Err(HttpError::Certificate { .. } | HttpError::Untrusted { .. })) => false,
        (Repeat::Undone, _) => undone,
        (Repeat::Passing, Ok(answer)) => undone || matches!(answer.status, 500 | 502..=504),
        // What took its whole time once would take it again.
        (Repeat::Passing, Err(error)) => undone || matches!(error, HttpError::Broken { .. }),
    }
}

/// The wait a provider asks for, in seconds or up to a date (RFC 9110 section
/// 10.2.3).
pub(super) fn asked_for(answer: &Answer) -> Option<Duration> {
    let text = answer.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = httpdate::parse_http_date(text).ok()?;
    Some(Timestamp::from(then).remaining(Timestamp::now()))
}

/// Between half of it and one and a half.
fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(0.5 + fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, retry_after: Option<&str>) -> Answer {
        let mut headers = reqwest::header::HeaderMap::new();
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, seconds.parse().unwrap());
        }
        Answer {
            status,
            headers,
            body: Vec::new(),
        }
    }

    #[test]
    fn only_what_is_safe_is_made_again() {
        let host = String::new;
        let why = String::new;
        let broken = HttpError::Broken {
            host: host(),
            why: why(),
        };
        let unsent = HttpError::Connect {
            host: host(),
            why: why(),
        };
        let late = HttpError::Timeout { host: host() };
        let cases = [
            (Err(unsent), true, true),
            (Ok(answered(503, None)), false, true),
            (Ok(answered(503, Some("1"))), true, true),
            (Ok(answered(429, Some("1"))), true, true),
            (Err(broken), false, true),
            (Ok(answered(500, None)), false, true),
            (Ok(answered(502, None)), false, true),
            (Err(late), false, false),
            (Ok(answered(400, None)), false, false),
            (Ok(answered(200, None)), false, false),
        ];
        for (number, (sent, undone, passing)) in cases.into_iter().enumerate() {
            assert_eq!(is_repeatable(Repeat::Undone, &sent), undone, "{number}");
            assert_eq!(is_repeatable(Repeat::Passing, &sent), passing, "{number}");
            assert!(!is_repeatable(Repeat::Never, &sent));
        }
    }

    #[test]
    fn a_call_is_made_three_times_and_a_long_wait_is_left_to_the_caller() {
        for (retry_after, tries) in [(None, 3), (Some("3600"), 1), (Some("soon"), 3)] {
            let mut calls = 0;
            let last = patiently(Repeat::Undone, || {
                calls += 1;
                Ok(answered(429, retry_after))
            });
            assert_eq!((calls, last.unwrap().status), (tries, 429));
        }
    }

    #[test]
    fn waits_differ() {
        let waits: std::collections::BTreeSet<_> = (0..50).map(|_| jittered(FIRST_WAIT)).collect();
        assert!(waits.len() > 10);
        assert!(
            waits
                .iter()
                .all(|wait| (75..=225).contains(&wait.as_millis()))
        );
    }
}
