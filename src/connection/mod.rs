//! A connection: an integration and a name; `values`, what fills the
//! definition's placeholders; `pin`, the origins its secrets may go to;
//! `metadata`, what its server says of itself; `identity`, the certificate it shows;
//! `fingerprint`, what its credential was made of.

mod fingerprint;
mod held;
mod identity;
mod metadata;
mod pin;
mod values;

use std::fmt;

pub use metadata::{DEVICE_GRANT, Metadata};
pub use pin::Pin;
pub use values::{Kept, Values};

use crate::definition::{Integration, is_key};

/// The name of a connection nobody named.
pub const DEFAULT: &str = "default";

/// What the user writes as CONN: `github` or `github@work`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionArg {
    /// The integration's key.
    pub integration: String,
    /// The connection's name, where one was written.
    pub name: Option<String>,
}

impl std::str::FromStr for ConnectionArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (integration, name) = match text.split_once('@') {
            Some((integration, name)) => (integration, Some(name)),
            None => (text, None),
        };
        for word in [Some(integration), name].into_iter().flatten() {
            if !is_key(word) {
                return Err(format!(
                    "`{word}` is no name; write INTEGRATION or INTEGRATION@NAME, in lower-case letters, digits, `-` and `_`"
                ));
            }
        }
        Ok(Self {
            integration: integration.to_owned(),
            name: name.map(ToOwned::to_owned),
        })
    }
}

/// A connection, fully named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionId {
    integration: String,
    name: String,
}

/// By integration, the one that nobody named first, then by name.
impl Ord for ConnectionId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |id: &Self| (id.integration.clone(), id.name != DEFAULT, id.name.clone());
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for ConnectionId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl ConnectionId {
    /// The connection of this integration and name; both must be keys.
    pub fn new(integration: &str, name: &str) -> Self {
        Self {
            integration: integration.to_owned(),
            name: name.to_owned(),
        }
    }

    /// What the user meant: the definition says what the bare key stands for.
    pub fn of(arg: &ConnectionArg, integration: &Integration) -> Self {
        let name = arg.name.as_deref().unwrap_or(&integration.connection);
        Self::new(&integration.key, name)
    }

    /// What the user meant, where no definition says what the bare key stands for.
    pub fn without_definition(arg: &ConnectionArg) -> Self {
        Self::new(&arg.integration, arg.name.as_deref().unwrap_or(DEFAULT))
    }

    /// The integration's key.
    pub fn integration(&self) -> &str {
        &self.integration
    }

    /// The connection's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A file name no other connection has: both halves, always.
    pub fn file_stem(&self) -> String {
        format!("{}@{}", self.integration, self.name)
    }

    /// The connection a file name stands for.
    pub fn from_file_stem(stem: &str) -> Option<Self> {
        let (integration, name) = stem.split_once('@')?;
        (is_key(integration) && is_key(name)).then(|| Self::new(integration, name))
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name == DEFAULT {
            f.write_str(&self.integration)
        } else {
            write!(f, "{}@{}", self.integration, self.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_written_and_read_the_same_way() {
        for (text, integration, name) in [
            ("github", "github", None),
            ("github@work", "github", Some("work")),
        ] {
            let arg: ConnectionArg = text.parse().unwrap();
            assert_eq!(
                (arg.integration.as_str(), arg.name.as_deref()),
                (integration, name)
            );
            let id = ConnectionId::new(integration, name.unwrap_or(DEFAULT));
            assert_eq!(id.to_string(), text);
            assert_eq!(ConnectionId::from_file_stem(&id.file_stem()), Some(id));
        }
        for wrong in ["", "Git", "a@", "@b", "a b", "../x", "a@b@c"] {
            assert!(wrong.parse::<ConnectionArg>().is_err(), "{wrong}");
        }
    }
}
