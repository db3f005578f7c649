//! URLs with placeholders. Which part of the URL a placeholder stands in is
//! read off the definition's own text; its value is then encoded for that part
//! or refused, so that it can never change the host, add a path segment or
//! reach into the query. The one exception is a placeholder that *is* the
//! start of the URL (`"{instance_url}/services"`): it goes in as it is.
//! Every result is https or loopback http, without userinfo.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use url::Url;

use super::template::{Part, RenderError, Scope, Template};
use crate::http;
use crate::secret::{REDACTED, SafeUrl};

/// Everything but RFC 3986's unreserved characters is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The same, but slashes stay.
const RESERVED_BUT_SLASH: &AsciiSet = &RESERVED.remove(b'/');

/// A URL, or a path to be put on one, with placeholders.
#[derive(Clone, Debug)]
pub struct UrlTemplate(Template);

/// Where in a URL the reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    Scheme,
    Authority,
    Path,
    Query,
    Fragment,
}

impl UrlTemplate {
    /// A template to be read as a URL.
    pub fn new(template: Template) -> Self {
        Self(template)
    }

    /// Whether it is a path rather than an absolute URL.
    pub fn is_path(&self) -> bool {
        matches!(self.0.parts().first(), Some(Part::Text(text)) if text.starts_with('/'))
    }

    /// The names that stand in its host part, which must therefore be pinned
    /// down by a format, choices or a pattern.
    pub fn names_in_host(&self) -> Vec<&str> {
        self.places()
            .filter(|(place, _)| matches!(place, Place::Start | Place::Scheme | Place::Authority))
            .filter_map(|(_, part)| match part {
                Part::Hole(hole) => Some(hole.name.as_str()),
                Part::Text(_) => None,
            })
            .collect()
    }

    /// The names it uses.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    /// The text a literal URL has before its first placeholder.
    pub fn leading_text(&self) -> &str {
        match self.0.parts().first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// Each part with the place it begins in.
    fn places(&self) -> impl Iterator<Item = (Place, &Part)> {
        let mut place = if self.is_path() {
            Place::Path
        } else {
            Place::Start
        };
        self.0.parts().iter().map(move |part| {
            let begins = place;
            place = match part {
                Part::Text(text) => advance(place, text),
                // What follows a URL's start is the rest of its path.
                Part::Hole(_) if begins == Place::Start => Place::Path,
                Part::Hole(_) => begins,
            };
            (begins, part)
        })
    }

    /// Renders an absolute URL. `None`: an optional value in it is unset.
    pub fn render(&self, scope: &dyn Scope) -> Result<Option<SafeUrl>, RenderError> {
        let Some((text, shown)) = self.text(scope)? else {
            return Ok(None);
        };
        checked(&text, shown).map(Some)
    }

    /// Renders a path, and puts it on a base with exactly one slash between;
    /// an absolute URL stays as it is.
    pub fn render_on(
        &self,
        base: &SafeUrl,
        scope: &dyn Scope,
    ) -> Result<Option<SafeUrl>, RenderError> {
        if !self.is_path() {
            return self.render(scope);
        }
        let Some((text, shown)) = self.text(scope)? else {
            return Ok(None);
        };
        join(base, &text, &shown).map(Some)
    }

    fn text(&self, scope: &dyn Scope) -> Result<Option<(String, String)>, RenderError> {
        let mut text = String::new();
        let mut shown = String::new();
        for (place, part) in self.places() {
            match part {
                Part::Text(literal) => {
                    let slash = literal.starts_with('/') && text.ends_with('/');
                    let literal = &literal[usize::from(slash && place == Place::Path)..];
                    text.push_str(literal);
                    shown.push_str(literal);
                }
                Part::Hole(hole) => {
                    let Some(value) = hole.value(scope)? else {
                        return Ok(None);
                    };
                    let encoded =
                        encode(place, value.text.expose(), &hole.name, hole.keeps_slashes())?;
                    shown.push_str(if value.secret { REDACTED } else { &encoded });
                    text.push_str(&encoded);
                }
            }
        }
        if self
            .places()
            .any(|(place, part)| place == Place::Path && matches!(part, Part::Hole(_)))
        {
            refuse_dot_segments(&text)?;
        }
        Ok(Some((text, shown)))
    }
}

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
pub fn checked(text: &str, shown: String) -> Result<SafeUrl, RenderError> {
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
pub fn encode_all(bytes: &[u8]) -> String {
    percent_encode(bytes, RESERVED).to_string()
}

fn advance(place: Place, text: &str) -> Place {
    let mut place = place;
    let mut rest = text;
    loop {
        let (next, found) = match place {
            Place::Start | Place::Scheme => (Place::Authority, rest.find("://").map(|at| at + 3)),
            Place::Authority => match rest.find(['/', '?', '#']) {
                Some(at) => (after(rest, at, Place::Path), Some(at + 1)),
                None => (place, None),
            },
            Place::Path => match rest.find(['?', '#']) {
                Some(at) => (after(rest, at, place), Some(at + 1)),
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

fn after(text: &str, at: usize, slash: Place) -> Place {
    match text.as_bytes().get(at) {
        Some(b'?') => Place::Query,
        Some(b'#') => Place::Fragment,
        _ => slash,
    }
}

fn encode(
    place: Place,
    value: &str,
    name: &str,
    keeps_slashes: bool,
) -> Result<String, RenderError> {
    let unfit = |place: &'static str, why: &str| RenderError::Unfit {
        name: name.to_owned(),
        place,
        why: why.to_owned(),
    };
    match place {
        Place::Start => start_of_url(value).map_err(|why| unfit("at the start of a URL", why)),
        Place::Scheme => Err(unfit("in a URL's scheme", "write the scheme out")),
        Place::Authority => {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
            if value.is_empty() || !value.chars().all(fits) {
                let why = "only letters, digits, `-` and `.` can";
                return Err(unfit("in a host name", why));
            }
            Ok(value.to_owned())
        }
        Place::Path if value.is_empty() => Err(unfit("in a path", "it is empty")),
        Place::Path if keeps_slashes => {
            Ok(percent_encode(value.as_bytes(), RESERVED_BUT_SLASH).to_string())
        }
        Place::Path | Place::Query | Place::Fragment => Ok(encode_all(value.as_bytes())),
    }
}

/// A value that is a URL's start is taken as it is, if it can be one.
fn start_of_url(value: &str) -> Result<String, &'static str> {
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
fn refuse_dot_segments(url: &str) -> Result<(), RenderError> {
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
    use super::super::template::{Names, Value};
    use super::*;
    use crate::secret::Secret;

    struct One(&'static str);

    impl Scope for One {
        fn value(&self, name: &str) -> Result<Option<Value>, RenderError> {
            Ok(match name {
                "v" => Some(Value::plain(self.0)),
                "secret" => Some(Value::secret(Secret::new(self.0))),
                _ => None,
            })
        }
    }

    fn template(text: &str) -> UrlTemplate {
        let mut names = Names::default();
        names.add("v");
        names.add("secret");
        UrlTemplate::new(Template::parse(text, &names).unwrap())
    }

    fn render(text: &str, value: &'static str) -> Result<String, RenderError> {
        let url = template(text).render(&One(value))?.unwrap();
        Ok(url.expose().to_string())
    }

    #[test]
    fn values_are_encoded_for_their_place() {
        for (text, value, expected) in [
            (
                "https://{v}.example.com/a",
                "acme",
                "https://acme.example.com/a",
            ),
            (
                "https://h.example/{v}/x",
                "a/b?c#d@e",
                "https://h.example/a%2Fb%3Fc%23d%40e/x",
            ),
            (
                "https://h.example/{v|path}/x",
                "a/b c",
                "https://h.example/a/b%20c/x",
            ),
            (
                "https://h.example/p?q={v}&r=1",
                "a&b=c#d\r\n",
                "https://h.example/p?q=a%26b%3Dc%23d%0D%0A&r=1",
            ),
            (
                "{v}/services",
                "https://a.example.com",
                "https://a.example.com/services",
            ),
            (
                "{v}/services",
                "https://a.example.com/base/",
                "https://a.example.com/base/services",
            ),
            (
                "https://h.example/bot{v}/x",
                "..",
                "https://h.example/bot../x",
            ),
        ] {
            assert_eq!(
                render(text, value).unwrap(),
                expected,
                "{text} with {value}"
            );
        }
    }

    #[test]
    fn values_cannot_change_the_structure() {
        for (text, value) in [
            ("https://{v}.example.com/", "evil.test/"),
            ("https://{v}.example.com/", "a@evil.test"),
            ("https://{v}.example.com/", "a#"),
            ("https://{v}.example.com/", "аpple"),
            ("https://{v}.example.com/", ""),
            ("https://{v}/", "user:pw@h.example"),
            ("https://h.example/{v}", ".."),
            ("https://h.example/{v|path}", "a/../b"),
            ("https://h.example/{v|path}", "%2e%2E"),
            ("https://h.example/{v}/x", ""),
            ("{v}/services", "http://a.example.com"),
            ("{v}/services", "https://user@a.example.com"),
            ("{v}/services", "https://a.example.com?x=1"),
            ("{v}/services", "file:///etc/passwd"),
            ("{v}://h.example/", "https"),
        ] {
            let refused = render(text, value);
            let encoded = value.starts_with("%2e") && refused.is_ok();
            assert!(
                refused.is_err() || encoded,
                "{text} with {value}: {refused:?}"
            );
        }
    }

    #[test]
    fn a_secret_does_not_show_in_the_url() {
        let url = template("https://h.example/bot{secret}/x").render(&One("s3cret"));
        let url = url.unwrap().unwrap();
        assert_eq!(url.to_string(), "https://h.example/bot***/x");
        assert!(url.expose().as_str().contains("s3cret"));
    }

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

    #[test]
    fn names_in_the_host_are_told_apart() {
        let url = template("https://{v}.example.com/{secret}");
        assert_eq!(url.names_in_host(), ["v"]);
        assert_eq!(template("{v}/x").names_in_host(), ["v"]);
        assert!(template("https://a.example/{v}").names_in_host().is_empty());
    }

    fn with(text: &str, value: String) -> Option<Url> {
        struct Any(String);
        impl Scope for Any {
            fn value(&self, _name: &str) -> Result<Option<Value>, RenderError> {
                Ok(Some(Value::plain(self.0.clone())))
            }
        }
        let url = template(text).render(&Any(value)).ok()??;
        Some(url.expose().clone())
    }

    proptest::proptest! {
        #[test]
        fn no_value_changes_the_host_the_path_or_the_query(value in ".*") {
            if let Some(url) = with("https://{v}.example.com/a", value.clone()) {
                let host = url.host_str().unwrap_or_default();
                proptest::prop_assert!(host.ends_with(".example.com"), "{}", url);
                proptest::prop_assert_eq!(url.path(), "/a");
                proptest::prop_assert!(url.username().is_empty() && url.port().is_none());
            }
            if let Some(url) = with("https://h.example/a/{v}/b?q=1", value.clone()) {
                proptest::prop_assert_eq!(url.host_str(), Some("h.example"));
                let segments: Vec<&str> = url.path().split('/').collect();
                proptest::prop_assert!(segments.len() == 4 && segments[1] == "a" && segments[3] == "b", "{}", url);
                proptest::prop_assert_eq!(url.query(), Some("q=1"));
            }
            if let Some(url) = with("https://h.example/a?q={v}&r=1", value.clone()) {
                let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
                proptest::prop_assert_eq!(&pairs, &[("q".to_owned(), value), ("r".to_owned(), "1".to_owned())]);
                proptest::prop_assert_eq!(url.fragment(), None);
            }
        }
    }
}
