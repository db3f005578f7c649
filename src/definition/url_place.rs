//! Where in a URL a piece of its text stands, read off the text alone
//! (RFC 3986 section 3), before any value is in it; and how a value is written
//! there, so that it stays within its part.

use super::template::RenderError;
use super::url_rules::{encode_all, encode_path, start_of_url};

/// The part of a URL the reading is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing was read yet.
    Start,
    /// Before `://`.
    Scheme,
    /// The host and what may stand around it.
    Authority,
    /// From the first slash on.
    Path,
    /// From the `?` on.
    Query,
    /// From the `#` on.
    Fragment,
}

impl Place {
    /// Where the reading is after some text that begins here.
    pub(super) fn after(self, text: &str) -> Place {
        let mut place = self;
        let mut rest = text;
        loop {
            let (next, found) = match place {
                Place::Start | Place::Scheme => {
                    (Place::Authority, rest.find("://").map(|at| at + 3))
                }
                Place::Authority => match rest.find(['/', '?', '#']) {
                    Some(at) => (opened_by(rest, at, Place::Path), Some(at + 1)),
                    None => (place, None),
                },
                Place::Path => match rest.find(['?', '#']) {
                    Some(at) => (opened_by(rest, at, place), Some(at + 1)),
                    None => (place, None),
                },
                Place::Query => (Place::Fragment, rest.find('#').map(|at| at + 1)),
                Place::Fragment => (place, None),
            };
            match found {
                Some(at) => (place, rest) = (next, &rest[at..]),
                None if place == Place::Start => return Place::Scheme,
                None => return place,
            }
        }
    }

    /// What of some text that begins here stands in the host part.
    pub(super) fn authority_in(self, text: &str) -> &str {
        let rest = match self {
            Place::Start | Place::Scheme => text.split_once("://").map_or("", |(_, rest)| rest),
            Place::Authority => text,
            Place::Path | Place::Query | Place::Fragment => "",
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        &rest[..end]
    }

    /// A value as it is written here; `name` is whose it is, for the error
    /// that says why it cannot stand here.
    pub(super) fn encode(
        self,
        value: &str,
        name: &str,
        keeps_slashes: bool,
    ) -> Result<String, RenderError> {
        let unfit = |place: &'static str, why: &str| RenderError::Unfit {
            name: name.to_owned(),
            place,
            why: why.to_owned(),
        };
        match self {
            Place::Start => start_of_url(value).map_err(|why| unfit("at the start of a URL", why)),
            Place::Scheme => Err(unfit("in a URL's scheme", "write the scheme out")),
            Place::Authority => {
                let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
                let has_gap = value.split('.').any(str::is_empty);
                if has_gap || !value.chars().all(fits) {
                    let why = "only letters, digits, `-` and single `.` between them can";
                    return Err(unfit("in a host name", why));
                }
                Ok(value.to_owned())
            }
            Place::Path if value.is_empty() => Err(unfit("in a path", "it is empty")),
            Place::Path if keeps_slashes => Ok(encode_path(value.as_bytes())),
            Place::Path | Place::Query | Place::Fragment => Ok(encode_all(value.as_bytes())),
        }
    }
}

fn opened_by(text: &str, at: usize, slash: Place) -> Place {
    match text.as_bytes().get(at) {
        Some(b'?') => Place::Query,
        Some(b'#') => Place::Fragment,
        _ => slash,
    }
}
