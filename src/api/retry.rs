//! What is tried again, and after how long (RFC 9110 sections 9.2.2 and 10.2.3).
//! A request that may have been done is repeated where that does no harm: an
//! idempotent method, an `Idempotency-Key`, or the user's word. One that never
//! left may always be.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode};

use super::Sent;
use crate::clock::Timestamp;

/// The longest wait that is begun where no deadline says otherwise.
pub const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// The longest wait that nobody asked for.
const LONGEST_BACKOFF: u64 = 60;
/// Numbers from here on are moments, not spans (the year 2001, in seconds).
const FIRST_MOMENT: f64 = 1e9;

/// What the user wants tried again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Retry {
    /// How often.
    pub most: u32,
    /// Also what may have been done already.
    pub non_idempotent: bool,
}

/// How a try ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// With an answer.
    Answered(StatusCode, &'a HeaderMap),
    /// Before anything was sent.
    NeverLeft,
    /// Without an answer, so that nobody knows what was done.
    Lost,
}

/// What to do after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is no case for another try, or there were enough.
    Settled,
    /// Try again after this long.
    Again(Duration),
    /// It would be one, but it asks for a wait this long.
    TooLong(Duration),
    /// It would be one, but may have been done, and nobody said that twice is fine.
    Unasked,
    /// It would be one, but its body is gone.
    Gone,
}

/// What a try is judged by.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// What was sent.
    pub sent: &'a Sent,
    /// How that ended.
    pub outcome: Outcome<'a>,
    /// How often it was tried again so far.
    pub tried: u32,
    /// The definition's `api.retry_after`, in lower case.
    pub reset: &'a [String],
    /// The longest wait that is begun.
    pub longest: Duration,
}

/// Judges a try. `jitter`, from 0 to 1, keeps many callers from coming back at
/// the same moment.
pub fn judge(retry: Retry, case: &Case<'_>, now: Timestamp, jitter: f64) -> Verdict {
    if case.tried >= retry.most || !may_pass(case) {
        return Verdict::Settled;
    }
    if !case.sent.is_replayable {
        return Verdict::Gone;
    }
    let is_harmless = is_idempotent(&case.sent.method)
        || case.sent.has_idempotency_key
        || retry.non_idempotent
        || matches!(case.outcome, Outcome::NeverLeft);
    if !is_harmless {
        return Verdict::Unasked;
    }
    let asked_for = match case.outcome {
        Outcome::Answered(_, headers) => wanted(headers, case.reset, now),
        Outcome::NeverLeft | Outcome::Lost => None,
    };
    let wait = asked_for.unwrap_or_else(|| backoff(case.tried, jitter));
    if wait > case.longest {
        Verdict::TooLong(wait)
    } else {
        Verdict::Again(wait)
    }
}

/// Whether the trouble is one that passes.
fn may_pass(case: &Case<'_>) -> bool {
    let Outcome::Answered(status, headers) = case.outcome else {
        return true;
    };
    match status.as_u16() {
        408 | 425 | 429 | 500 | 502 | 503 | 504 => true,
        // How some say that a limit is reached.
        403 => {
            headers.contains_key(RETRY_AFTER)
                || case
                    .reset
                    .iter()
                    .any(|name| headers.contains_key(name) && remaining(headers, name) == Some("0"))
        }
        _ => false,
    }
}

/// RFC 9110 section 9.2.2.
fn is_idempotent(method: &Method) -> bool {
    [
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::TRACE,
        Method::PUT,
        Method::DELETE,
    ]
    .contains(method)
}

/// The wait that an answer asks for.
fn wanted(headers: &HeaderMap, reset: &[String], now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(wait) = text(RETRY_AFTER.as_str()).and_then(|text| retry_after(text, now)) {
        return Some(wait);
    }
    reset.iter().find_map(|name| {
        // Many say with every answer when the next hour begins.
        let is_spent = remaining(headers, name).is_none_or(|left| left == "0");
        text(name)
            .filter(|_| is_spent)
            .and_then(|text| span(text, now))
    })
}

/// Seconds or a date (RFC 9110 section 10.2.3).
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Some(seconds) = number(text) {
        return Some(seconds_of(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(Timestamp::from(date).remaining(now))
}

/// Seconds or a moment.
fn span(text: &str, now: Timestamp) -> Option<Duration> {
    match number(text.trim()) {
        Some(seconds) if seconds < FIRST_MOMENT => Some(seconds_of(seconds)),
        _ => Some(Timestamp::read(text)?.remaining(now)),
    }
}

fn number(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

fn seconds_of(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// How much of its limit is left, beside `x-ratelimit-reset` in `x-ratelimit-remaining`.
fn remaining<'h>(headers: &'h HeaderMap, reset: &str) -> Option<&'h str> {
    let (family, _) = reset.rsplit_once('-')?;
    let value = headers.get(format!("{family}-remaining"))?;
    value.to_str().ok().map(str::trim)
}

/// A second, then twice as long each time; between half of that and all of it.
fn backoff(tried: u32, jitter: f64) -> Duration {
    let seconds = 1_u64.checked_shl(tried.min(16)).unwrap_or(LONGEST_BACKOFF);
    let whole = Duration::from_secs(seconds.min(LONGEST_BACKOFF));
    whole.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};
    use url::Url;

    const NOW: u64 = 1_790_000_000;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let name: HeaderName = name.parse().unwrap();
                (name, HeaderValue::from_str(value).unwrap())
            })
            .collect()
    }

    fn sent(method: Method) -> Sent {
        Sent {
            method,
            url: Url::parse("https://api.example.com/").unwrap(),
            has_body: false,
            is_replayable: true,
            has_idempotency_key: false,
            shows_credential: true,
        }
    }

    fn judged(method: Method, status: u16, pairs: &[(&str, &str)]) -> Verdict {
        let status = StatusCode::from_u16(status).unwrap();
        let headers = headers(pairs);
        let reset = ["x-ratelimit-reset".to_owned()];
        let case = Case {
            sent: &sent(method),
            outcome: Outcome::Answered(status, &headers),
            tried: 0,
            reset: &reset,
            longest: LONGEST_WAIT,
        };
        let retry = Retry {
            most: 3,
            non_idempotent: false,
        };
        judge(retry, &case, Timestamp::from_unix(NOW), 1.0)
    }

    fn again(seconds: u64) -> Verdict {
        Verdict::Again(Duration::from_secs(seconds))
    }

    #[test]
    fn what_may_pass_is_tried_again_and_nothing_else() {
        for status in [408, 425, 429, 500, 502, 503, 504] {
            assert_eq!(judged(Method::GET, status, &[]), again(1), "{status}");
            assert_eq!(judged(Method::POST, status, &[]), Verdict::Unasked);
            assert_eq!(judged(Method::PATCH, status, &[]), Verdict::Unasked);
            assert_eq!(judged(Method::DELETE, status, &[]), again(1));
        }
        for status in [200, 301, 400, 401, 403, 404, 409, 422, 501, 505] {
            assert_eq!(judged(Method::GET, status, &[]), Verdict::Settled);
        }
    }

    #[test]
    fn an_answer_says_when_to_come_again_in_many_ways() {
        type Row<'r> = (u16, &'r [(&'r str, &'r str)], Verdict);
        let in_a_minute = (NOW + 60).to_string();
        let in_milliseconds = format!("{}000", NOW + 60);
        let too_long = Verdict::TooLong(Duration::from_secs(3600));
        let (after, reset, left) = ("retry-after", "x-ratelimit-reset", "x-ratelimit-remaining");
        let cases: &[Row<'_>] = &[
            (503, &[(after, "0")], again(0)),
            (503, &[(after, " 120 ")], again(120)),
            (503, &[(after, "Mon, 21 Sep 2026 14:14:20 GMT")], again(60)),
            // What is over is over.
            (503, &[(after, "Mon, 21 Sep 2020 14:14:20 GMT")], again(0)),
            (503, &[(after, "3600")], too_long),
            (503, &[(after, "soon")], again(1)),
            (503, &[(after, "-5")], again(1)),
            (503, &[(after, "NaN")], again(1)),
            (503, &[(after, "")], again(1)),
            (429, &[(reset, "30")], again(30)),
            (429, &[(reset, &in_a_minute)], again(60)),
            (429, &[(reset, &in_milliseconds)], again(60)),
            (429, &[(reset, "later")], again(1)),
            (429, &[(after, "5"), (reset, &in_a_minute)], again(5)),
            (429, &[(after, "soon"), (reset, "7")], again(7)),
            // The limit is not what is in the way.
            (502, &[(reset, &in_a_minute), (left, "4999")], again(1)),
            (502, &[(reset, &in_a_minute), (left, "0")], again(60)),
            (403, &[(after, "2")], again(2)),
            (403, &[(reset, "9"), (left, "0")], again(9)),
            (403, &[(reset, "9"), (left, "1")], Verdict::Settled),
            (403, &[(reset, "9")], Verdict::Settled),
            (403, &[(left, "0")], Verdict::Settled),
        ];
        for (status, pairs, expected) in cases {
            assert_eq!(
                judged(Method::GET, *status, pairs),
                *expected,
                "{status} {pairs:?}"
            );
        }
    }

    #[test]
    fn an_age_of_waiting_is_never_begun() {
        for text in ["99999999999999999999", "1e300", "31536000"] {
            let verdict = judged(Method::GET, 503, &[("retry-after", text)]);
            assert!(matches!(verdict, Verdict::TooLong(_)), "{text} {verdict:?}");
        }
    }

    #[test]
    fn what_may_have_been_done_is_repeated_only_where_that_does_no_harm() {
        let none = HeaderMap::new();
        let answered = Outcome::Answered(StatusCode::BAD_GATEWAY, &none);
        for (outcome, key, asked, is_replayable, expected) in [
            (Outcome::Lost, false, false, true, Verdict::Unasked),
            (Outcome::NeverLeft, false, false, true, again(1)),
            (Outcome::Lost, true, false, true, again(1)),
            (Outcome::Lost, false, true, true, again(1)),
            (answered, true, false, true, again(1)),
            (answered, false, true, true, again(1)),
            (answered, true, true, false, Verdict::Gone),
            (Outcome::NeverLeft, false, false, false, Verdict::Gone),
        ] {
            let sent = Sent {
                has_idempotency_key: key,
                is_replayable,
                ..sent(Method::POST)
            };
            let case = Case {
                sent: &sent,
                outcome,
                tried: 0,
                reset: &[],
                longest: LONGEST_WAIT,
            };
            let retry = Retry {
                most: 1,
                non_idempotent: asked,
            };
            let verdict = judge(retry, &case, Timestamp::from_unix(NOW), 1.0);
            assert_eq!(verdict, expected, "{outcome:?} {key} {asked}");
            let enough = Case { tried: 1, ..case };
            let verdict = judge(retry, &enough, Timestamp::from_unix(NOW), 1.0);
            assert_eq!(verdict, Verdict::Settled);
        }
    }

    #[test]
    fn waits_double_up_to_a_minute_with_jitter() {
        let waits: Vec<u64> = (0..9).map(|tried| backoff(tried, 1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(backoff(1, 0.0), Duration::from_secs(1));
        assert_eq!(backoff(u32::MAX, 1.0), Duration::from_secs(60));
    }
}
