//! Values that must not be shown: [`Secret`] cannot be displayed, its `Debug`
//! is redacted, its memory is zeroed when dropped, and the one way to the text
//! is [`Secret::expose`], which can be searched for. [`SafeUrl`] is a URL that
//! may hold secrets and prints without them. [`redacted`] takes secrets out of
//! what others say.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serializer};
use subtle::ConstantTimeEq;
use url::Url;
use zeroize::Zeroizing;

/// What is printed where a secret would stand.
pub const REDACTED: &str = "***";

/// The most characters of a word that is taken for a name; keys and tokens are
/// longer.
const LONGEST_NAME: usize = 20;

/// A word that was typed, as it may be repeated: without the value in it, and
/// not when it is too long to be a name, since then it may be a token that was
/// typed in the wrong place.
pub fn shown(word: &str) -> String {
    match word.split_once('=') {
        Some((name, value)) if !value.is_empty() && !is_long(name) => format!("{name}={REDACTED}"),
        _ if is_long(word) && !is_of_words(word) => REDACTED.to_owned(),
        _ => word.to_owned(),
    }
}

/// Whether a long word is made of short ones, as names are and tokens are not.
fn is_of_words(word: &str) -> bool {
    const LONGEST_PART: usize = 12;
    let is_part = |part: &str| {
        (1..=LONGEST_PART).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    word.contains(['-', '_']) && word.split(['-', '_']).all(is_part)
}

/// Whether a word is too long to be a name.
pub fn is_long(word: &str) -> bool {
    word.chars().count() > LONGEST_NAME
}

/// Text that must not be shown or logged.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller should keep no copy.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself: for the wire, the store, and `output` alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the two are equal, in time that depends only on their length.
    pub fn equals(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// A text of others, who may repeat what they were sent, without these secrets:
/// neither as they are nor as a form, a URL, JSON or Base64 writes them. What is
/// shorter than any secret would only garble the words, and stays.
pub fn redacted(text: &str, secrets: &[Secret]) -> String {
    const SHORTEST: usize = 3;
    let mut forms = Vec::new();
    for secret in secrets {
        forms.extend(forms_of(secret.expose()));
    }
    forms.retain(|form| form.len() >= SHORTEST);
    // The longest first: one may hold another.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    let mut clean = text.to_owned();
    for form in &forms {
        if clean.contains(form.as_str()) {
            clean = clean.replace(form.as_str(), REDACTED);
        }
    }
    clean
}

/// How a text may come back.
fn forms_of(text: &str) -> [Zeroizing<String>; 6] {
    let json = serde_json::Value::from(text).to_string();
    [
        text.to_owned(),
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
        json.trim_matches('"').to_owned(),
        // Without padding: with it they begin the same.
        STANDARD_NO_PAD.encode(text),
        URL_SAFE_NO_PAD.encode(text),
    ]
    .map(Zeroizing::new)
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// For `#[serde(with = "secret::stored_option")]`: writes the text itself, and
/// is named only by what goes into an encrypted store.
pub mod stored_option {
    use super::{Deserialize, Deserializer, Secret, Serializer};

    /// Writes the text itself, or null.
    pub fn serialize<S: Serializer>(
        secret: &Option<Secret>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match secret {
            Some(secret) => serializer.serialize_some(secret.expose()),
            None => serializer.serialize_none(),
        }
    }

    /// Reads it back.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Secret>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Secret::from))
    }
}

/// [`stored_option`] for secrets by name.
pub mod stored_map {
    use std::collections::BTreeMap;

    use super::{Deserialize, Deserializer, Secret, Serializer};

    /// Writes the texts themselves.
    pub fn serialize<S: Serializer>(
        secrets: &BTreeMap<String, Secret>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(secrets.iter().map(|(name, secret)| (name, secret.expose())))
    }

    /// Reads them back.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, Secret>, D::Error> {
        let plain = BTreeMap::<String, String>::deserialize(deserializer)?;
        Ok(plain
            .into_iter()
            .map(|(name, text)| (name, text.into()))
            .collect())
    }
}

/// A URL that may hold secrets: prints with them replaced, so that it can
/// stand in messages and logs.
#[derive(Clone)]
pub struct SafeUrl {
    url: Url,
    shown: String,
}

impl SafeUrl {
    /// A URL and how it may be shown.
    pub fn new(url: Url, shown: String) -> Self {
        Self { url, shown }
    }

    /// A URL without secrets in it, but for what a query may carry: shown
    /// without userinfo and with its query's values replaced.
    pub fn plain(url: Url) -> Self {
        let mut shown = url.clone();
        // Both fail only for URLs that cannot have userinfo, which then have none.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        if url.query().is_some() {
            let names: Vec<String> = url
                .query_pairs()
                .map(|(name, _)| name.into_owned())
                .collect();
            shown.set_query(None);
            let query: Vec<String> = names
                .iter()
                .map(|name| format!("{name}={REDACTED}"))
                .collect();
            let shown = format!("{shown}?{}", query.join("&"));
            return Self { url, shown };
        }
        let shown = shown.to_string();
        Self { url, shown }
    }

    /// The URL itself, for the wire.
    pub fn expose(&self) -> &Url {
        &self.url
    }

    /// Scheme, host and port: what a credential is fenced to.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Borrow;
    use std::hash::Hash;
    use std::ops::Deref;

    use serde::Serialize;

    use super::*;

    /// Whether a type implements a trait, told when this is compiled: an
    /// associated constant of the type itself goes before one of a trait's, and
    /// the type itself has it only where the bound holds.
    macro_rules! implements {
        ($type:ty: $($bound:tt)+) => {{
            #[allow(dead_code, reason = "it exists for its constant")]
            struct Probe<T: ?Sized>(std::marker::PhantomData<T>);
            #[allow(dead_code, reason = "unused where the type has its own")]
            trait Otherwise {
                const HOLDS: bool = false;
            }
            impl<T: ?Sized> Otherwise for Probe<T> {}
            #[allow(dead_code, reason = "unused where the bound does not hold")]
            impl<T: ?Sized + $($bound)+> Probe<T> {
                const HOLDS: bool = true;
            }
            <Probe<$type>>::HOLDS
        }};
    }

    /// Every way by which a text is shown, compared or handed on unawares; the
    /// words are the trait's.
    macro_rules! ways_out {
        ($type:ty) => {
            [
                ("Display", implements!($type: fmt::Display)),
                ("ToString", implements!($type: ToString)),
                ("LowerHex", implements!($type: fmt::LowerHex)),
                ("Error", implements!($type: std::error::Error)),
                ("Serialize", implements!($type: Serialize)),
                ("Deref", implements!($type: Deref)),
                ("AsRef<str>", implements!($type: AsRef<str>)),
                ("AsRef<[u8]>", implements!($type: AsRef<[u8]>)),
                ("AsRef<OsStr>", implements!($type: AsRef<std::ffi::OsStr>)),
                ("Borrow<str>", implements!($type: Borrow<str>)),
                ("Into<String>", implements!($type: Into<String>)),
                ("PartialEq", implements!($type: PartialEq)),
                ("PartialEq<str>", implements!($type: PartialEq<str>)),
                ("PartialEq<&str>", implements!($type: PartialEq<&'static str>)),
                ("PartialEq<String>", implements!($type: PartialEq<String>)),
                ("PartialOrd", implements!($type: PartialOrd)),
                ("Hash", implements!($type: Hash)),
            ]
        };
    }

    fn held(ways: &[(&'static str, bool)]) -> Vec<&'static str> {
        let held = ways.iter().filter(|(_, holds)| *holds);
        held.map(|(name, _)| *name).collect()
    }

    #[test]
    fn a_secret_has_no_way_out_but_expose() {
        assert_eq!(held(&ways_out!(Secret)), Vec::<&str>::new());
        // The probes see what is there: a plain text has nearly all of them.
        let plain = held(&ways_out!(String));
        assert_eq!(plain.len(), ways_out!(String).len() - 2, "{plain:?}");
        assert!(implements!(u8: fmt::LowerHex) && implements!(fmt::Error: std::error::Error));
    }

    #[test]
    fn a_url_that_may_hold_secrets_is_not_taken_for_a_text() {
        // It is displayed, which is what it is for, and nothing else.
        assert_eq!(held(&ways_out!(SafeUrl)), ["Display", "ToString"]);
    }

    #[test]
    fn a_secret_does_not_show_in_debug_output() {
        let secret = Secret::new("hunter2-not-real");
        assert_eq!(
            format!("{secret:?} {:#?}", Some(&secret)),
            "*** Some(\n    ***,\n)"
        );
    }

    #[test]
    fn a_secret_is_compared_by_its_text() {
        let secret = Secret::new("hunter2-not-real");
        assert!(secret.equals("hunter2-not-real"));
        for other in [
            "",
            "hunter2-not-rea",
            "hunter2-not-real ",
            "Hunter2-not-real",
        ] {
            assert!(!secret.equals(other), "{other}");
        }
    }

    #[test]
    fn a_url_is_shown_without_userinfo_and_query_values() {
        let url = Url::parse("https://user:pw@api.example.com/a?key=k1&x=2").unwrap();
        let safe = SafeUrl::plain(url);
        let shown = "https://api.example.com/a?key=***&x=***";
        assert_eq!(safe.to_string(), shown);
        assert_eq!(format!("{safe:?}"), shown);
    }

    #[test]
    fn a_text_is_cleared_of_secrets_however_they_are_written() {
        let secrets = ["s3 cret+/\n?é-not-real", "s3 cret", "ab"].map(Secret::new);
        for said in [
            "s3 cret+/\n?é-not-real",
            "s3+cret%2B%2F%0A%3F%C3%A9-not-real",
            "s3%20cret%2B%2F%0A%3F%C3%A9%2Dnot%2Dreal",
            "s3 cret+/\\n?é-not-real",
            "czMgY3JldCsvCj_DqS1ub3QtcmVhbA",
            "czMgY3JldCsvCj/DqS1ub3QtcmVhbA",
            "s3 cret",
        ] {
            let clean = redacted(&format!("about `{said}`."), &secrets);
            assert_eq!(clean, "about `***`.", "{said}");
        }
        assert_eq!(redacted("a cab", &secrets), "a cab");
    }
}
