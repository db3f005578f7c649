//! The pin: every origin a connection's secrets may go to, and the client they
//! belong to, so that a changed definition cannot carry them elsewhere.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Values;
use crate::definition::template::RenderError;
use crate::definition::{InputSource, Integration, ValueSource};

/// Every origin a connection's secrets may go to, and the client they belong
/// to: recorded when connecting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Origins (RFC 6454), such as `https://api.example.com`.
    pub origins: BTreeSet<String>,
    /// The client id, where one is known.
    pub client_id: Option<String>,
}

impl Pin {
    /// What the definition names now, with these values: only their hosts are
    /// looked at. A host that only connecting will tell is left out until it
    /// has. Values that the definition does not accept are an error: they could
    /// lead anywhere.
    pub fn of(values: &Values<'_>) -> Result<Self, RenderError> {
        values.check_kept()?;
        let integration = values.integration();
        let auth = &integration.auth;
        let mut origins = BTreeSet::new();
        for endpoint in auth.endpoints().chain(&integration.api.base_url) {
            let origin = endpoint.origin(auth.site.as_ref(), values);
            origins.extend(known(integration, origin)?);
        }
        let issuer = auth.oauth2().and_then(|oauth| oauth.issuer.as_ref());
        if let Some(issuer) = issuer {
            origins.extend(known(integration, issuer.render_origin(values))?);
        }
        origins.extend(values.metadata().origins(auth.tls.is_some()));
        let allowed = integration.api.allowed_hosts.iter().map(String::as_str);
        for host in allowed.chain(integration.helpers.hosts()) {
            if let Ok(url) = url::Url::parse(&format!("https://{host}")) {
                origins.insert(url.origin().ascii_serialization());
            }
        }
        Ok(Self {
            origins,
            client_id: client_id(values),
        })
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

/// A host made of what an answer will bring is not known before.
fn known(
    integration: &Integration,
    origin: Result<Option<String>, RenderError>,
) -> Result<Option<String>, RenderError> {
    match origin {
        Err(RenderError::NoValue { name }) if integration.auth.keeps(&name) => Ok(None),
        other => other,
    }
}

/// The client id: what was typed, else what the definition writes out or takes
/// from the environment.
fn client_id(values: &Values<'_>) -> Option<String> {
    if let Some(typed) = values.parameters().get("client_id") {
        return Some(typed.clone());
    }
    let input = values.integration().auth.input("client_id")?;
    match &input.source {
        // A file or a command would be too slow to ask every time.
        Some(InputSource::Value(source @ (ValueSource::Literal(_) | ValueSource::Env(_)))) => {
            source.resolve().ok().map(|id| id.expose().to_owned())
        }
        _ => None,
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
