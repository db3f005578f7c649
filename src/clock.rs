//! Wall-clock time, in whole seconds, written as RFC 3339 in UTC. The one
//! place that asks the machine what time it is.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment: seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Now, by this machine's clock.
    #[allow(clippy::disallowed_methods, reason = "this is the clock's one home")]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self(since.unwrap_or_default().as_secs())
    }

    /// The moment this many seconds after 1970.
    pub fn from_unix(seconds: u64) -> Self {
        Self(seconds.min(MAX_UNIX))
    }

    /// Reads a moment as services write it: unix seconds, or milliseconds where
    /// the number is beyond the year 5138 as seconds; or ISO 8601 with `Z`, an
    /// offset, or neither (then UTC).
    pub fn read(text: &str) -> Option<Self> {
        const MILLISECONDS: f64 = 1e11;
        let text = text.trim();
        if let Ok(number) = text.parse::<f64>()
            && number.is_finite()
        {
            let seconds = if number > MILLISECONDS {
                number / 1000.0
            } else {
                number
            };
            let since = Duration::try_from_secs_f64(seconds.max(0.0)).ok()?;
            return Some(Self::from_unix(since.as_secs()));
        }
        let (local, offset) = split_offset(text)?;
        let time = humantime::parse_rfc3339_weak(&local).ok()?;
        let since = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(Self::from_unix(since.checked_add_signed(-offset)?))
    }

    /// Seconds since 1970.
    pub fn unix(self) -> u64 {
        self.0
    }

    /// The moment `life` later; the year 9999 at the latest.
    #[must_use]
    pub fn after(self, life: Duration) -> Self {
        Self::from_unix(self.0.saturating_add(life.as_secs()))
    }

    /// The moment this much earlier; 1970 at the earliest.
    #[must_use]
    pub fn before(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(time.as_secs()))
    }

    /// The time from now until then; zero when it has passed.
    pub fn remaining(self, now: Timestamp) -> Duration {
        Duration::from_secs(self.0.saturating_sub(now.0))
    }
}

/// A date and time without its offset, and that in seconds.
fn split_offset(text: &str) -> Option<(String, i64)> {
    let text = text.trim_end_matches(['Z', 'z']);
    // The date has hyphens of its own.
    let at = text.get(10..)?.find(['+', '-']).map(|at| at + 10);
    let Some(at) = at else {
        return Some((text.to_owned(), 0));
    };
    let (local, offset) = text.split_at(at);
    let digits: String = offset[1..].chars().filter(|c| *c != ':').collect();
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 = match digits.get(2..) {
        Some("") | None => 0,
        Some(minutes) => minutes.parse().ok()?,
    };
    let seconds = hours * 3600 + minutes * 60;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    Some((local.to_owned(), sign * seconds))
}

/// 9999-12-31T23:59:59Z, the last moment RFC 3339 can write.
const MAX_UNIX: u64 = 253_402_300_799;

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH);
        Self::from_unix(since.unwrap_or_default().as_secs())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = UNIX_EPOCH + Duration::from_secs(self.0);
        humantime::format_rfc3339_seconds(time).fmt(f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = humantime::parse_rfc3339(&text).map_err(serde::de::Error::custom)?;
        let since = time.duration_since(UNIX_EPOCH);
        Ok(Self::from_unix(since.unwrap_or_default().as_secs()))
    }
}

/// "in 59m", "expired 3h ago": how far off a moment is, for people.
pub fn relative(then: Timestamp, now: Timestamp) -> String {
    let seconds = then.0.abs_diff(now.0);
    let far = match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    };
    if then > now {
        format!("in {far}")
    } else {
        format!("{far} ago")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_survives_being_written_and_read() {
        let moment = Timestamp::from_unix(1_790_000_000);
        let text = serde_json::to_string(&moment).unwrap();
        assert_eq!(text, "\"2026-09-21T14:13:20Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&text).unwrap(), moment);
    }

    #[test]
    fn moments_are_read_as_services_write_them() {
        for text in [
            "1790000000",
            "1790000000.9",
            "1790000000000",
            "2026-09-21T14:13:20Z",
            "2026-09-21T14:13:20.250Z",
            "2026-09-21 14:13:20",
            "2026-09-21T16:13:20+02:00",
            "2026-09-21T06:43:20-0730",
        ] {
            let read = Timestamp::read(text).map(Timestamp::unix);
            assert_eq!(read, Some(1_790_000_000), "{text}");
        }
        for text in ["", "soon", "2026-09-21", "NaN", "ä-ä-ä-ä-ä-ä-ä-ä"] {
            assert_eq!(Timestamp::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_life_beyond_the_calendar_ends_at_its_last_second() {
        let moment = Timestamp::from_unix(5).after(Duration::MAX);
        assert_eq!(moment.to_string(), "9999-12-31T23:59:59Z");
    }
}
