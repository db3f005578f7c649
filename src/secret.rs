//! Values that must not be shown: [`Secret`] cannot be displayed, its `Debug`
//! is redacted, its memory is zeroed when dropped, and the one way to the text
//! is [`Secret::expose`], which can be searched for. [`SafeUrl`] is a URL that
//! may hold secrets and prints without them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serializer};
use subtle::ConstantTimeEq;
use url::Url;
use zeroize::Zeroizing;

/// What is printed where a secret would stand.
pub const REDACTED: &str = "***";

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
    use super::*;

    #[test]
    fn a_secret_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", Secret::new("hunter2-not-real")), REDACTED);
    }

    #[test]
    fn a_plain_url_is_shown_without_userinfo_and_query_values() {
        let url = Url::parse("https://user:pw@api.example.com/a?key=k1&x=2").unwrap();
        assert_eq!(
            SafeUrl::plain(url).to_string(),
            "https://api.example.com/a?key=***&x=***"
        );
    }
}
