//! The pin: every origin a connection's secrets may go to, and the client they
//! belong to, so that a changed definition cannot carry them elsewhere.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Values;
use crate::definition::template::{RenderError, Scope, Value};
use crate::definition::{BUILT_IN, INPUTS, InputSource, Integration, ValueSource};
use crate::secret::{SafeUrl, Secret};

/// Values for a URL of which only the origin is wanted. Secrets, and what is
/// not there before connecting, never stand in a host, so that anything will
/// do in their place.
struct OriginOnly<'a>(&'a Values<'a>);

impl Scope for OriginOnly<'_> {
    fn value(&self, name: &str) -> Result<Option<Value>, RenderError> {
        let anything = || Ok(Some(Value::secret(Secret::new("x"))));
        let integration = self.0.integration();
        let parameter = integration.parameter(name);
        if parameter.is_some_and(|parameter| parameter.secret) {
            return anything();
        }
        let built_in = INPUTS.contains(&name) || BUILT_IN.contains(&name);
        if built_in && parameter.is_none() {
            return anything();
        }
        if let Some(template) = integration.value(name) {
            return Ok(template
                .render(self)?
                .map(|rendered| Value::secret(rendered.text)));
        }
        self.0.value(name)
    }
}

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
    /// What the definition names now, with these values. What only connecting
    /// will tell is left out until it has.
    pub fn of(values: &Values<'_>) -> Result<Self, RenderError> {
        let integration = values.integration();
        let scope = OriginOnly(values);
        let mut origins = BTreeSet::new();
        let site = integration.auth.site.as_ref();
        let endpoints = integration.auth.endpoints();
        for endpoint in endpoints.chain(&integration.api.base_url) {
            let url = known(integration, endpoint.resolve(site, &scope))?;
            origins.extend(url.map(|url| url.origin()));
        }
        origins.extend(values.metadata().origins());
        for host in &integration.api.allowed_hosts {
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

/// A URL made of what an answer will bring is not known before.
fn known(
    integration: &Integration,
    url: Result<Option<SafeUrl>, RenderError>,
) -> Result<Option<SafeUrl>, RenderError> {
    match url {
        Err(RenderError::NoValue { name })
            if integration.auth.keeps(&name) || name.starts_with("callback.") =>
        {
            Ok(None)
        }
        other => other,
    }
}

fn client_id(values: &Values<'_>) -> Option<String> {
    let input = values.integration().auth.input("client_id");
    match input.and_then(|input| input.source.as_ref()) {
        // A file or a command would be too slow to ask every time.
        Some(InputSource::Value(source @ (ValueSource::Literal(_) | ValueSource::Env(_)))) => {
            source.resolve().ok().map(|id| id.expose().to_owned())
        }
        _ => values.parameters().get("client_id").cloned(),
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
