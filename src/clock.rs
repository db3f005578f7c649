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

    /// Seconds since 1970.
    pub fn unix(self) -> u64 {
        self.0
    }

    /// The moment `life` later; the year 9999 at the latest.
    #[must_use]
    pub fn after(self, life: Duration) -> Self {
        Self::from_unix(self.0.saturating_add(life.as_secs()))
    }

    /// The time from now until then; zero when it has passed.
    pub fn remaining(self, now: Timestamp) -> Duration {
        Duration::from_secs(self.0.saturating_sub(now.0))
    }
}

/// 9999-12-31T23:59:59Z, the last moment RFC 3339 can write.
const MAX_UNIX: u64 = 253_402_300_799;

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
    fn a_life_beyond_the_calendar_ends_at_its_last_second() {
        let moment = Timestamp::from_unix(5).after(Duration::MAX);
        assert_eq!(moment.to_string(), "9999-12-31T23:59:59Z");
    }
}
