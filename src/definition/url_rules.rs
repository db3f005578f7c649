//! The rules that every URL of a definition obeys, whatever filled it: https
//! or loopback http, no userinfo, no segment that is resolved away; and how a
//! path is put on a base. They hold for text alone; which values may stand
//! where is for `url_template`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use url::Url;

use super::template::RenderError;
use crate::http;
use crate::secret::SafeUrl;

/// Everything but RFC 3986's unreserved characters is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The same, but slashes stay.
const RESERVED_BUT_SLASH: &AsciiSet = &RESERVED.remove(b'/');

/// Puts a path (with its query) on a base URL with exactly one slash between.
/// `shown` is the path as it may be printed.
pub fn join(base: &SafeUrl, path: &str, shown: &str) -> Result<SafeUrl, RenderError> {
    let url = base.expose();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let joined = format!(
        "{}/{}",
        url.path().trim_end_matches('/'),
        path.trim_start_matches('/')
    );
    let mut whole = url.clone();
    whole.set_path(if path.is_empty() { url.path() } else { &joined });
    whole.set_fragment(None);
    let queries: Vec<&str> = [url.query().unwrap_or_default(), query]
        .into_iter()
        .filter(|query| !query.is_empty())
        .collect();
    whole.set_query((!queries.is_empty()).then(|| queries.join("&")).as_deref());
    let base_shown = base.to_string();
    let shown = format!(
        "{}/{}",
        base_shown.trim_end_matches('/'),
        shown.trim_start_matches('/')
    );
    Ok(SafeUrl::new(whole, shown))
}

/// Parses a rendered URL and holds the rules every URL of a definition obeys.
pub(super) fn checked(text: &str, shown: String) -> Result<SafeUrl, RenderError> {
    let whole = |why: String| RenderError::Whole {
        what: "the URL",
        why,
    };
    let url =
        Url::parse(text).map_err(|error| whole(format!("`{shown}` is not a URL: {error}")))?;
    if !http::is_protected(&url) {
        return Err(whole(format!(
            "`{shown}` is neither https nor on this machine"
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(whole(format!("`{shown}` has a user name in it")));
    }
    Ok(SafeUrl::new(url, shown))
}

/// Percent-encodes all but unreserved characters (RFC 3986 section 2.3).
pub(super) fn encode_all(bytes: &[u8]) -> String {
    percent_encode(bytes, RESERVED).to_string()
}

/// The same, but slashes stay.
pub(super) fn encode_path(bytes: &[u8]) -> String {
    percent_encode(bytes, RESERVED_BUT_SLASH).to_string()
}

/// A value that is a URL's start is taken as it is, if it can be one.
pub(super) fn start_of_url(value: &str) -> Result<String, &'static str> {
    if value.contains(['?', '#', '\\'])
        || value.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        return Err("it is not scheme, host and path alone");
    }
    let url = Url::parse(value).map_err(|_| "it is not a URL")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it has a user name in it");
    }
    Ok(value.trim_end_matches('/').to_owned())
}

/// A path segment `.` or `..`, however written, would be resolved away.
pub(super) fn refuse_dot_segments(url: &str) -> Result<(), RenderError> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    };
    if path.split(['/', '\\']).any(dots) {
        return Err(RenderError::Whole {
            what: "the path",
            why: "a value puts a `.` or `..` segment into it".to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_put_on_a_base_with_one_slash() {
        for (base, path, expected) in [
            ("https://x.example/api", "/me", "https://x.example/api/me"),
            ("https://x.example/api/", "me", "https://x.example/api/me"),
            ("https://x.example", "/me?a=1", "https://x.example/me?a=1"),
            (
                "https://x.example/api?v=2",
                "/me?a=1",
                "https://x.example/api/me?v=2&a=1",
            ),
        ] {
            let base = SafeUrl::plain(Url::parse(base).unwrap());
            assert_eq!(join(&base, path, path).unwrap().expose().as_str(), expected);
        }
    }
}
