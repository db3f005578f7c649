//! URLs that are put together from values, none of which can move them
//! elsewhere.

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
fn names_in_the_host_are_told_apart() {
    use InHost::{Inside, Start};
    for (text, expected) in [
        (
            "https://{v}.example.com/{secret}",
            vec![(Inside, "v", 9..10)],
        ),
        (
            "https://{v}{secret}:{v}",
            vec![
                (Inside, "v", 9..10),
                (Inside, "secret", 12..18),
                (Inside, "v", 21..22),
            ],
        ),
        ("{v}/x", vec![(Start, "v", 1..2)]),
        ("https://a.example/{v}", Vec::new()),
        ("/{v}", Vec::new()),
    ] {
        assert_eq!(template(text).in_host(), expected, "{text}");
    }
}

#[test]
fn what_follows_a_value_at_the_start_cannot_go_on_with_the_host() {
    for text in [
        "{v}",
        "{v}/x",
        "{v}?x={secret}",
        "{v}#x",
        "https://{v}{v}",
        "/{v}{v}",
    ] {
        assert_eq!(template(text).start_fault(), None, "{text}");
    }
    for text in [
        "{v}{v|path}",
        "{v}.example.com",
        "{v}@h.example",
        "{v}:1/",
        "{v}{{",
        "{v}\\",
    ] {
        assert!(template(text).start_fault().is_some(), "{text}");
        assert!(render(text, "https://a.example").is_err(), "{text}");
    }
}

fn with(text: &str, value: String) -> Option<url::Url> {
    struct Any(String);
    impl Scope for Any {
        fn value(&self, _name: &str) -> Result<Option<Value>, RenderError> {
            Ok(Some(Value::plain(self.0.clone())))
        }
    }
    let url = template(text).render(&Any(value)).ok()??;
    Some(url.expose().clone())
}

/// Text that is likely to break out of where it stands.
const PIECES: &str = r"([a-z0-9]|[-./:@?#\\%&= ]|\.\.|%2e|%2F|https://|\t|\n|\PC){0,12}";

proptest::proptest! {
    #[test]
    fn no_value_changes_the_host_the_path_or_the_query(value in PIECES) {
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
        if let Some(url) = with("https://h.example/a/{v|path}/b?q=1", value.clone()) {
            proptest::prop_assert_eq!(url.host_str(), Some("h.example"));
            proptest::prop_assert!(url.path().starts_with("/a/") && url.path().ends_with("/b"), "{}", url);
            proptest::prop_assert_eq!(url.query(), Some("q=1"));
        }
        if let Some(url) = with("https://h.example/a?q={v}&r=1", value.clone()) {
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            proptest::prop_assert_eq!(&pairs, &[("q".to_owned(), value), ("r".to_owned(), "1".to_owned())]);
            proptest::prop_assert_eq!(url.fragment(), None);
        }
    }

    #[test]
    fn what_stands_at_the_start_alone_chooses_the_host(rest in PIECES) {
        let value = format!("https://a.example{rest}");
        let own = url::Url::parse(&value).ok();
        for text in ["{v}/b/{secret}?q={v}", "{v}?q={v}#{v}", "{v}"] {
            let Some(url) = with(text, value.clone()) else { continue };
            proptest::prop_assert_eq!(Some(url.origin()), own.as_ref().map(url::Url::origin));
            proptest::prop_assert!(url.username().is_empty() && url.password().is_none());
        }
        for text in ["{v}{v|path}", "{v}.example.com", "{v}:1"] {
            proptest::prop_assert_eq!(with(text, value.clone()), None);
        }
    }
}
