//! How the request travels: redirects, tries, and how long all of it may take.

use std::time::Duration;

use clap::Args;

use crate::api::{Deadline, Manner, Retry};
use crate::http::Http;
use crate::settings::parse_duration;

/// How often and for how long it is tried.
#[derive(Debug, Args)]
#[command(next_help_heading = "Transport")]
pub(super) struct TransportArgs {
    /// Follow redirects; the credential goes along within its origin and never to another
    #[arg(short = 'L', long)]
    pub(super) location: bool,
    /// The most redirects that are followed
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(super) max_redirs: u32,
    /// Try again up to N times where that helps and does no harm, after the wait the API asks for
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) retry: u32,
    /// Try again also what may have been done already, such as a POST
    #[arg(long)]
    pub(super) retry_non_idempotent: bool,
    /// Give up after this long, everything included: seconds, or a duration such as 5m
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) max_time: Option<Duration>,
    /// Give a connection this long to come up
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) connect_timeout: Option<Duration>,
}

impl TransportArgs {
    /// The manner of sending; its time begins now.
    pub(super) fn begin(&self, http: &Http) -> Manner {
        if let Some(connect) = self.connect_timeout {
            http.connect_within(connect);
        }
        Manner {
            redirects: self.location.then_some(self.max_redirs),
            retry: Retry {
                most: self.retry,
                non_idempotent: self.retry_non_idempotent,
            },
            deadline: self.max_time.map(Deadline::within),
        }
    }
}

/// curl's seconds, or a duration as it is written everywhere else.
fn time(text: &str) -> Result<Duration, String> {
    let time = match text.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?,
        Err(_) => return parse_duration(text).and_then(positive),
    };
    positive(time)
}

fn positive(time: Duration) -> Result<Duration, String> {
    const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);
    if time.is_zero() || time > LONGEST {
        return Err("write a time between nothing and ten years".to_owned());
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_curls_seconds_or_durations() {
        for (text, millis) in [
            ("10", 10_000),
            ("2.5", 2500),
            ("10s", 10_000),
            ("5m", 300_000),
        ] {
            assert_eq!(time(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "0", "-1", "0s", "NaN", "inf", "1e300", "soon", "99999d"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
