//! What an authorization server says of itself (RFC 8414, OpenID Connect
//! Discovery 1.0), as far as it is used: kept with the connection, so that
//! nothing but connecting asks for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::http;
use crate::secret::SafeUrl;

/// The members of the metadata that are URLs and are used.
const ENDPOINTS: [&str; 6] = [
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "registration_endpoint",
    "pushed_authorization_request_endpoint",
    "device_authorization_endpoint",
];

/// The members that are yes or no.
const FLAGS: [&str; 2] = [NAMES_ITSELF, DEMANDS_PUSHED];
const NAMES_ITSELF: &str = "authorization_response_iss_parameter_supported";
const DEMANDS_PUSHED: &str = "require_pushed_authorization_requests";

/// The grant type of device codes (RFC 8628 section 3.4).
pub const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Whether `grant_types_supported` has that grant.
const DEVICES: &str = "device_grant_supported";

/// Metadata by RFC 8414's names (section 2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata(BTreeMap<String, String>);

/// What the names of endpoints for clients with a certificate begin with here.
const ALIASES: &str = "mtls_endpoint_aliases";

fn is_usable(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        http::is_protected(&url) && url.username().is_empty() && url.password().is_none()
    })
}

/// Endpoints for clients that show a certificate (RFC 8705 section 5).
fn aliases(document: &serde_json::Value) -> Result<Vec<(String, String)>, String> {
    let named = |name| document.get(ALIASES)?.get(name)?.as_str();
    // Where a person consents, the browser goes, which has no such certificate.
    let called = ENDPOINTS
        .iter()
        .filter(|name| **name != "authorization_endpoint");
    called
        .filter_map(|name| Some((name, named(name)?)))
        .map(|(name, text)| {
            let name = format!("{ALIASES}.{name}");
            if is_usable(text) {
                Ok((name, text.to_owned()))
            } else {
                Err(format!("its `{name}` is no https URL"))
            }
        })
        .collect()
}

impl Metadata {
    /// Reads a metadata document. Fails when an endpoint that is used is no
    /// URL that credentials may go to.
    pub fn read(document: &serde_json::Value) -> Result<Self, String> {
        let mut members = BTreeMap::new();
        for name in ENDPOINTS.into_iter().chain(["issuer"]) {
            let Some(text) = document.get(name).and_then(serde_json::Value::as_str) else {
                continue;
            };
            if !is_usable(text) {
                return Err(format!("its `{name}` is no https URL"));
            }
            members.insert(name.to_owned(), text.to_owned());
        }
        members.extend(aliases(document)?);
        let methods = document.get("token_endpoint_auth_methods_supported");
        if let Some(methods) = methods.and_then(serde_json::Value::as_array) {
            let words: Vec<&str> = methods
                .iter()
                .filter_map(serde_json::Value::as_str)
                .collect();
            members.insert("token_endpoint_auth_methods".to_owned(), words.join(" "));
        }
        let grants = document.get("grant_types_supported");
        if let Some(grants) = grants.and_then(serde_json::Value::as_array) {
            let offered = grants.iter().any(|grant| grant == DEVICE_GRANT);
            members.insert(DEVICES.to_owned(), offered.to_string());
        }
        let algorithms = document.get("dpop_signing_alg_values_supported");
        if let Some(algorithms) = algorithms.and_then(serde_json::Value::as_array) {
            let words = algorithms.iter().filter_map(serde_json::Value::as_str);
            let words: Vec<&str> = words.collect();
            members.insert("dpop_signing_algs".to_owned(), words.join(" "));
        }
        for flag in FLAGS {
            if document.get(flag) == Some(&true.into()) {
                members.insert(flag.to_owned(), "true".to_owned());
            }
        }
        Ok(Self(members))
    }

    /// The issuer's identifier.
    pub fn issuer(&self) -> Option<&str> {
        self.0.get("issuer").map(String::as_str)
    }

    /// The endpoint of this name.
    pub fn endpoint(&self, name: &str) -> Option<SafeUrl> {
        let url = Url::parse(self.0.get(name)?).ok()?;
        Some(SafeUrl::plain(url))
    }

    /// The endpoint of this name for a client that shows a certificate: one of
    /// its own, where the server has one (RFC 8705 section 5).
    pub fn mtls_endpoint(&self, name: &str) -> Option<SafeUrl> {
        let own = self.endpoint(&format!("{ALIASES}.{name}"));
        own.or_else(|| self.endpoint(name))
    }

    /// The ways of client authentication that the server takes (RFC 8414
    /// section 2); empty when it says nothing of any.
    pub fn client_auth_methods(&self) -> Vec<&str> {
        let methods = self.0.get("token_endpoint_auth_methods");
        methods
            .map(|words| words.split(' ').collect())
            .unwrap_or_default()
    }

    /// Whether the server says that this way of client authentication works;
    /// `None` when it says nothing of any.
    pub fn takes_client_auth(&self, method: &str) -> Option<bool> {
        let methods = self.0.get("token_endpoint_auth_methods")?;
        Some(methods.split(' ').any(|known| known == method))
    }

    /// Whether the server says that proofs may be signed so (RFC 9449 section
    /// 5.1); `None` when it says nothing of any.
    pub fn takes_dpop_algorithm(&self, algorithm: &str) -> Option<bool> {
        let algorithms = self.0.get("dpop_signing_algs")?;
        Some(algorithms.split(' ').any(|known| known == algorithm))
    }

    /// Whether the server may grant by device code: it names the endpoint, and
    /// says of its grants that this is one, or says nothing of them.
    pub fn offers_devices(&self) -> bool {
        let listed = self.0.get(DEVICES).map(String::as_str);
        self.0.contains_key("device_authorization_endpoint") && listed != Some("false")
    }

    /// Notes how the client that was registered authenticates (RFC 7591 section
    /// 3.2.1).
    pub fn set_registered_auth(&mut self, method: &str) {
        let name = "registered_auth_method".to_owned();
        self.0.insert(name, method.to_owned());
    }

    /// How the client that was registered authenticates.
    pub fn registered_auth(&self) -> Option<&str> {
        self.0.get("registered_auth_method").map(String::as_str)
    }

    /// What of it is the registered client's, and says nothing of the server.
    #[must_use]
    pub fn of_client(&self) -> Self {
        let mut own = Self::default();
        if let Some(method) = self.registered_auth() {
            own.set_registered_auth(method);
        }
        own
    }

    /// Whether the redirect must name the issuer (RFC 9207 section 3).
    pub fn names_itself(&self) -> bool {
        self.0.contains_key(NAMES_ITSELF)
    }

    /// Whether authorization requests must be pushed (RFC 9126 section 5).
    pub fn demands_pushed_requests(&self) -> bool {
        self.0.contains_key(DEMANDS_PUSHED)
    }

    /// The origins that secrets go to. `mtls`: the client shows a certificate.
    pub(super) fn origins(&self, mtls: bool) -> impl Iterator<Item = String> {
        let secret_ones = ENDPOINTS
            .iter()
            .filter(|name| **name != "authorization_endpoint");
        secret_ones.filter_map(move |name| {
            let url = if mtls {
                self.mtls_endpoint(name)
            } else {
                self.endpoint(name)
            };
            url.map(|url| url.origin())
        })
    }
}
