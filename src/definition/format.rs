//! `format` of a parameter: what its value must look like. Some narrow it enough
//! to stand in a host name; some say that it is JSON of its own kind (RFC 8259)
//! where it is all there is of a value in a JSON body.

use url::Url;

use crate::http;

/// The shape of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A host name, with dots.
    Host,
    /// One label of a host name.
    Label,
    /// An absolute https (or loopback) URL.
    Url,
    /// A UUID.
    Uuid,
    /// A whole number, as JSON writes it (RFC 8259 section 6).
    Integer,
    /// A number, as JSON writes it.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A day, as RFC 3339's `full-date` has it.
    Date,
    /// Any JSON.
    Json,
}

impl Format {
    /// The formats by the words that definitions have for them.
    pub const WORDS: [(&'static str, Self); 9] = [
        ("host", Self::Host),
        ("label", Self::Label),
        ("url", Self::Url),
        ("uuid", Self::Uuid),
        ("integer", Self::Integer),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
        ("date", Self::Date),
        ("json", Self::Json),
    ];

    /// The word for it in definitions.
    pub fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, format)| *format == self);
        found.map_or("text", |(word, _)| word)
    }

    /// Whether such a value cannot choose a host by what it is made of; a
    /// number has a dot, and JSON has anything.
    pub(super) fn is_narrow(self) -> bool {
        !matches!(self, Format::Number | Format::Json)
    }

    /// Whether such a value is more than a string where it is all there is of
    /// a value in a JSON body.
    pub fn is_json(self) -> bool {
        matches!(
            self,
            Format::Integer | Format::Number | Format::Boolean | Format::Json
        )
    }

    pub(super) fn check(self, value: &str) -> Result<(), String> {
        let label = |text: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
            !text.is_empty()
                && text.len() <= 63
                && text.chars().all(fits)
                && !text.starts_with('-')
                && !text.ends_with('-')
        };
        let (fits, what) = match self {
            Format::Label => (
                label(value),
                "must be one part of a host name: letters, digits and `-`",
            ),
            Format::Host => (
                value.len() <= 253 && value.split('.').all(label),
                "must be a host name such as `acme.example.com`",
            ),
            Format::Uuid => (uuid::Uuid::try_parse(value).is_ok(), "must be a UUID"),
            Format::Url => (
                Url::parse(value).is_ok_and(|url| {
                    http::is_protected(&url)
                        && url.username().is_empty()
                        && url.password().is_none()
                }),
                "must be an https URL",
            ),
            Format::Integer => (
                value
                    .parse::<serde_json::Number>()
                    .is_ok_and(|n| !n.is_f64()),
                "must be a whole number such as `42`",
            ),
            Format::Number => (
                value.parse::<serde_json::Number>().is_ok(),
                "must be a number such as `2.5`",
            ),
            Format::Boolean => (
                matches!(value, "true" | "false"),
                "must be `true` or `false`",
            ),
            Format::Date => (is_date(value), "must be a day such as `2026-02-28`"),
            Format::Json => (
                serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok(),
                "must be JSON, such as `[\"a\", \"b\"]` (a text has its quotes)",
            ),
        };
        if fits { Ok(()) } else { Err(what.to_owned()) }
    }
}

/// Whether a text is a `full-date` (RFC 3339 section 5.6) of the calendar.
fn is_date(text: &str) -> bool {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u16>().ok();
    let (true, Some(year), Some(month), Some(day)) =
        (shape, number(0..4), number(5..7), number(8..10))
    else {
        return false;
    };
    let leaps = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leaps => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}
