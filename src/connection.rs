//! A connection: an integration, a name, and the values that fill its
//! placeholders; and its pin, the origins its secrets may go to.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::credential::Credential;
use crate::definition::template::{RenderError, Scope, Value};
use crate::definition::{Auth, BUILT_IN, Integration, ValueError, ValueSource, is_key};
use crate::secret::Secret;

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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionId {
    integration: String,
    name: String,
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

/// What fills a definition's placeholders for one connection.
#[derive(Debug)]
pub struct Values<'a> {
    integration: &'a Integration,
    parameters: BTreeMap<String, String>,
    secrets: BTreeMap<String, Secret>,
    extra: Vec<(&'static str, Value)>,
    credential: Option<&'a Credential>,
    uuid: OnceCell<String>,
}

impl<'a> Values<'a> {
    /// `parameters` may be shown, `secrets` may not; both hold parameters and
    /// built-in inputs by name.
    pub fn new(
        integration: &'a Integration,
        parameters: BTreeMap<String, String>,
        secrets: BTreeMap<String, Secret>,
    ) -> Self {
        Self {
            integration,
            parameters,
            secrets,
            extra: Vec::new(),
            credential: None,
            uuid: OnceCell::new(),
        }
    }

    /// Adds `{token}` and its like.
    #[must_use]
    pub fn with_credential(mut self, credential: &'a Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// Adds a built-in value of one flow, such as `redirect_uri`.
    pub fn set(&mut self, name: &'static str, value: Value) {
        self.extra.push((name, value));
    }

    /// The definition these values fill.
    pub fn integration(&self) -> &'a Integration {
        self.integration
    }

    /// The values that may be shown.
    pub fn parameters(&self) -> &BTreeMap<String, String> {
        &self.parameters
    }

    /// The values that may not.
    pub fn secrets(&self) -> &BTreeMap<String, Secret> {
        &self.secrets
    }

    /// A built-in input: what was typed when connecting, else what the
    /// definition says.
    pub fn input(
        &self,
        name: &str,
        source: Option<&ValueSource>,
    ) -> Result<Option<Secret>, ValueError> {
        if let Some(secret) = self.secrets.get(name) {
            return Ok(Some(secret.clone()));
        }
        if let Some(text) = self.parameters.get(name) {
            return Ok(Some(Secret::new(text.clone())));
        }
        source.map(ValueSource::resolve).transpose()
    }

    fn of_credential(&self, name: &str) -> Option<Value> {
        let credential = self.credential?;
        let secret = match name {
            "token" => Some(&credential.access_token),
            "refresh_token" => credential.refresh_token.as_ref(),
            "id_token" => credential.id_token.as_ref(),
            _ => None,
        };
        secret.cloned().map(Value::secret)
    }

    fn of_definition(&self, name: &str) -> Result<Option<Value>, RenderError> {
        let Auth::OAuth2(oauth) = &self.integration.auth;
        let (source, secret) = match name {
            "client_id" => (oauth.client_id.as_ref(), false),
            "client_secret" => (oauth.client_secret.as_ref(), true),
            _ => (None, false),
        };
        let Some(source) = source else {
            return Ok(None);
        };
        let text = source.resolve().map_err(|error| RenderError::Unfit {
            name: name.to_owned(),
            place: "here",
            why: error.to_string(),
        })?;
        Ok(Some(Value { text, secret }))
    }
}

impl Scope for Values<'_> {
    fn value(&self, name: &str) -> Result<Option<Value>, RenderError> {
        if let Some(template) = self.integration.value(name) {
            let rendered = template.render(self)?;
            return Ok(rendered.map(|rendered| Value {
                secret: rendered.shown != rendered.text.expose(),
                text: rendered.text,
            }));
        }
        if let Some((_, value)) = self.extra.iter().find(|(known, _)| *known == name) {
            return Ok(Some(value.clone()));
        }
        if let Some(secret) = self.secrets.get(name) {
            return Ok(Some(Value::secret(secret.clone())));
        }
        if let Some(text) = self.parameters.get(name) {
            return Ok(Some(Value::plain(text.clone())));
        }
        if let Some(value) = self.of_credential(name) {
            return Ok(Some(value));
        }
        if let Some(value) = self.of_definition(name)? {
            return Ok(Some(value));
        }
        match name {
            "now" => return Ok(Some(Value::plain(Timestamp::now().unix().to_string()))),
            "uuid" => {
                let uuid = self.uuid.get_or_init(|| uuid::Uuid::new_v4().to_string());
                return Ok(Some(Value::plain(uuid.clone())));
            }
            _ => {}
        }
        let parameter = self.integration.parameter(name);
        if parameter.is_some_and(|parameter| parameter.optional) {
            return Ok(None);
        }
        Err(RenderError::NoValue {
            name: name.to_owned(),
        })
    }
}

/// Values for a URL of which only the origin is wanted: the credential, which
/// is not there before connecting, never stands in a host, so that anything
/// will do in its place.
struct BeforeConnecting<'a>(&'a Values<'a>);

impl Scope for BeforeConnecting<'_> {
    fn value(&self, name: &str) -> Result<Option<Value>, RenderError> {
        match self.0.value(name) {
            Err(RenderError::NoValue { .. }) if BUILT_IN.contains(&name) => {
                Ok(Some(Value::secret(Secret::new("x"))))
            }
            other => other,
        }
    }
}

/// Every origin a connection's secrets may go to, and the client they belong
/// to: recorded when connecting, so that a changed definition cannot carry
/// them elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Origins (RFC 6454), such as `https://api.example.com`.
    pub origins: BTreeSet<String>,
    /// The client id, where one is known.
    pub client_id: Option<String>,
}

impl Pin {
    /// What the definition names now, with these values.
    pub fn of(values: &Values<'_>) -> Result<Self, RenderError> {
        let integration = values.integration();
        let Auth::OAuth2(oauth) = &integration.auth;
        let mut origins = BTreeSet::new();
        for endpoint in [Some(&oauth.token_url), oauth.revocation_url.as_ref()] {
            let Some(endpoint) = endpoint else { continue };
            let url = endpoint.resolve(oauth.site.as_ref(), values)?;
            origins.extend(url.map(|url| url.origin()));
        }
        if let Some(base) = &integration.api.base_url {
            let url = base.render(&BeforeConnecting(values))?;
            origins.extend(url.map(|url| url.origin()));
        }
        for host in &integration.api.allowed_hosts {
            if let Ok(url) = url::Url::parse(&format!("https://{host}")) {
                origins.insert(url.origin().ascii_serialization());
            }
        }
        let client_id = match &oauth.client_id {
            // A file or a command would be too slow to ask every time.
            Some(source @ (ValueSource::Literal(_) | ValueSource::Env(_))) => {
                source.resolve().ok().map(|id| id.expose().to_owned())
            }
            _ => values.parameters().get("client_id").cloned(),
        };
        Ok(Self { origins, client_id })
    }

    /// The origins and client that `now` names and this pin does not; empty
    /// when everything is as it was.
    pub fn strangers(&self, now: &Pin) -> Vec<String> {
        let mut strangers: Vec<String> = now.origins.difference(&self.origins).cloned().collect();
        if let (Some(was), Some(is)) = (&self.client_id, &now.client_id)
            && was != is
        {
            strangers.push(format!("client id {is}"));
        }
        strangers
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins: Vec<&str> = self.origins.iter().map(String::as_str).collect();
        f.write_str(&origins.join(", "))?;
        match &self.client_id {
            Some(id) => write!(f, " (client id {id})"),
            None => Ok(()),
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

    #[test]
    fn a_pin_notices_new_origins_and_another_client() {
        let pin = |origins: &[&str], client: &str| Pin {
            origins: origins.iter().map(ToString::to_string).collect(),
            client_id: Some(client.to_owned()),
        };
        let was = pin(&["https://a.example", "https://b.example"], "one");
        assert!(
            was.strangers(&pin(&["https://a.example"], "one"))
                .is_empty()
        );
        let now = pin(&["https://a.example", "https://evil.example"], "two");
        assert_eq!(
            was.strangers(&now),
            ["https://evil.example", "client id two"]
        );
    }
}
