//! What fills a definition's placeholders for one connection: what was typed,
//! what answers brought, the credential, and what a moment adds.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Metadata, Pin};
use crate::clock::Timestamp;
use crate::credential::Credential;
use crate::definition::template::{RenderError, Scope, Value};
use crate::definition::{AuthKind, Endpoint, InputSource, Integration, is_secret_input};
use crate::secret::{SafeUrl, Secret, stored_map};

/// What answers brought and is kept with the connection.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// What may be shown.
    #[serde(default)]
    pub shown: BTreeMap<String, String>,
    /// What may not.
    #[serde(default, with = "stored_map")]
    pub secrets: BTreeMap<String, Secret>,
}

/// What fills a definition's placeholders for one connection.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    integration: &'a Integration,
    parameters: BTreeMap<String, String>,
    secrets: BTreeMap<String, Secret>,
    kept: Kept,
    metadata: Metadata,
    extra: BTreeMap<String, Value>,
    credential: Option<&'a Credential>,
    /// The key that the credential's tokens are, or will be, bound to.
    dpop_key: Option<Secret>,
    registered: bool,
    /// Names that may stay unset, besides the optional parameters.
    open: BTreeSet<String>,
    /// Where secrets may go, once that is settled.
    fence: Option<Pin>,
    /// One per request, as the contract has it.
    uuid: OnceCell<String>,
    /// The same moment in every string of one request.
    now: OnceCell<Timestamp>,
    /// Inputs that the definition names: a file or a command is asked once.
    resolved: RefCell<BTreeMap<&'static str, Value>>,
    /// The secrets that were handed out, and must not come back in a message.
    handed_out: RefCell<Vec<Secret>>,
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
            kept: Kept::default(),
            metadata: Metadata::default(),
            extra: BTreeMap::new(),
            credential: None,
            dpop_key: None,
            registered: false,
            open: BTreeSet::new(),
            fence: None,
            uuid: OnceCell::new(),
            now: OnceCell::new(),
            resolved: RefCell::default(),
            handed_out: RefCell::default(),
        }
    }

    /// The same for another request, which has a `{uuid}` and a `{now}` of its own.
    /// What a file or a command gave is not asked for again.
    #[must_use]
    pub fn of_another_request(&self) -> Self {
        Self {
            uuid: OnceCell::new(),
            now: OnceCell::new(),
            ..self.clone()
        }
    }

    /// Adds `{token}` and its like.
    #[must_use]
    pub fn with_credential(mut self, credential: &'a Credential) -> Self {
        self.credential = Some(credential);
        self.dpop_key.clone_from(&credential.dpop_key);
        self
    }

    /// Adds what answers brought, and what the server says of itself.
    #[must_use]
    pub fn with_kept(mut self, kept: Kept, metadata: Metadata) -> Self {
        self.kept = kept;
        self.metadata = metadata;
        self
    }

    /// Lets secrets go only to the origins of this pin.
    #[must_use]
    pub fn fenced(mut self, pin: Option<Pin>) -> Self {
        self.fence = pin;
        self
    }

    /// Whether secrets may go to this URL: anywhere the definition says while
    /// nothing is pinned.
    pub fn may_go_to(&self, url: &SafeUrl) -> bool {
        let fence = self.fence.as_ref();
        fence.is_none_or(|pin| pin.origins.contains(&url.origin()))
    }

    /// Begins another request, with a `uuid` and a `now` of its own.
    pub fn begin_request(&mut self) {
        self.uuid = OnceCell::new();
        self.now = OnceCell::new();
    }

    /// Begins another try of the same request, with a `now` of its own: the
    /// `uuid` may be what tells the API that it is the same.
    pub fn begin_try(&mut self) {
        self.uuid.get_or_init(|| uuid::Uuid::new_v4().to_string());
        self.now = OnceCell::new();
    }

    /// The secrets that were put in somewhere so far.
    pub fn handed_out(&self) -> Vec<Secret> {
        self.handed_out.borrow().clone()
    }

    /// Sets a value of one moment, such as `redirect_uri`.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.extra.insert(name.into(), value);
    }

    /// Lets a name stay unset: an entry that uses it is then left out.
    pub fn leave_open(&mut self, name: &str) {
        self.open.insert(name.to_owned());
    }

    /// Keeps what an answer brought.
    pub fn keep(&mut self, name: &str, text: String, secret: bool) {
        if secret {
            self.kept.secrets.insert(name.to_owned(), text.into());
        } else {
            self.kept.shown.insert(name.to_owned(), text);
        }
    }

    /// Notes what the server says of itself.
    pub fn set_metadata(&mut self, metadata: Metadata) {
        let registered = self.metadata.registered_auth().map(ToOwned::to_owned);
        self.metadata = metadata;
        if let Some(method) = registered {
            self.metadata.set_registered_auth(&method);
        }
    }

    /// Notes how a registered client authenticates.
    pub fn set_registered_auth(&mut self, method: &str) {
        self.metadata.set_registered_auth(method);
    }

    /// Adds what was typed late.
    pub fn set_parameter(&mut self, name: &str, text: String) {
        self.parameters.insert(name.to_owned(), text);
    }

    /// Adds what a registration gave in the place of typing it.
    pub fn register(&mut self, name: &str, text: Secret) {
        self.registered = true;
        if is_secret_input(name) {
            self.secrets.insert(name.to_owned(), text);
        } else {
            let text = text.expose().to_owned();
            self.parameters.insert(name.to_owned(), text);
        }
    }

    /// Whether the client was registered for this connection alone.
    pub fn is_registered(&self) -> bool {
        self.registered
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

    /// The value of this name that an answer brought.
    pub fn kept_value(&self, name: &str) -> Option<Value> {
        if let Some(secret) = self.kept.secrets.get(name) {
            return Some(Value::secret(secret.clone()));
        }
        self.kept.shown.get(name).map(Value::plain)
    }

    /// What answers brought.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// What the server says of itself.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// A built-in input: what was typed when connecting, else what the
    /// definition says; `None` where neither says anything.
    pub fn input(&self, name: &str) -> Result<Option<Secret>, RenderError> {
        if let Some(secret) = self.secrets.get(name) {
            return Ok(Some(secret.clone()));
        }
        if let Some(text) = self.parameters.get(name) {
            return Ok(Some(Secret::new(text.clone())));
        }
        Ok(self.of_definition(name)?.map(|value| value.text))
    }

    /// An endpoint: the definition's own, else what the server's metadata
    /// names (RFC 8414 section 2), for clients with a certificate where there
    /// is one (RFC 8705 section 5).
    pub fn endpoint(
        &self,
        own: Option<&Endpoint>,
        metadata: &str,
    ) -> Result<Option<SafeUrl>, RenderError> {
        match own {
            Some(endpoint) => endpoint.resolve(self.integration.auth.site.as_ref(), self),
            None if self.integration.auth.tls.is_some() => {
                Ok(self.metadata.mtls_endpoint(metadata))
            }
            None => Ok(self.metadata.endpoint(metadata)),
        }
    }

    /// Binds the tokens that will be asked for to a key (RFC 9449), a private
    /// JWK.
    pub fn set_dpop_key(&mut self, key: Secret) {
        self.dpop_key = Some(key);
    }

    /// The key that tokens are bound to.
    pub fn dpop_key(&self) -> Option<&Secret> {
        self.dpop_key.as_ref()
    }

    /// The key that the credential's token is bound to, and the token; `None`
    /// where whoever bears it can use it.
    pub fn binding(&self) -> Option<(&Secret, &Secret)> {
        self.credential?.binding()
    }

    /// The ID token of the credential.
    pub fn id_token(&self) -> Option<&Secret> {
        self.credential?.id_token.as_ref()
    }

    fn of_credential(&self, name: &str) -> Option<Value> {
        let credential = self.credential?;
        let is_signed = matches!(self.integration.auth.kind, AuthKind::Jwt);
        let secret = match name {
            "token" => credential.access_token.as_ref(),
            "jwt" if is_signed => credential.access_token.as_ref(),
            "refresh_token" => credential.refresh_token.as_ref(),
            "id_token" => credential.id_token.as_ref(),
            _ => None,
        };
        secret.cloned().map(Value::secret)
    }

    /// An input as the definition says. A parameter that describes it holds
    /// this value to its facets too.
    fn of_definition(&self, name: &str) -> Result<Option<Value>, RenderError> {
        let Some(input) = self.integration.auth.input(name) else {
            return Ok(None);
        };
        if let Some(known) = self.resolved.borrow().get(input.name) {
            return Ok(Some(known.clone()));
        }
        let described = self.integration.parameter(name);
        let mut secret = is_secret_input(name) || described.is_some_and(|known| known.secret);
        let mut text = match &input.source {
            None => return Ok(None),
            Some(InputSource::Value(source)) => source.resolve()?,
            Some(InputSource::Template(template)) => match template.render(self)? {
                Some(rendered) => {
                    secret |= rendered.is_secret();
                    rendered.text
                }
                None => return Ok(None),
            },
        };
        if let Some(parameter) = described {
            let accepted = parameter.accept(text.expose());
            text = accepted
                .map(Secret::from)
                .map_err(|why| RenderError::Unfit {
                    name: name.to_owned(),
                    place: "here",
                    why,
                })?;
        }
        let value = Value { text, secret };
        let mut resolved = self.resolved.borrow_mut();
        resolved.insert(input.name, value.clone());
        Ok(Some(value))
    }

    fn look_up(&self, name: &str) -> Result<Option<Value>, RenderError> {
        if let Some(template) = self.integration.value(name) {
            let rendered = template.render(self)?;
            return Ok(rendered.map(|rendered| Value {
                secret: rendered.is_secret(),
                text: rendered.text,
            }));
        }
        if let Some(value) = self.extra.get(name) {
            return Ok(Some(value.clone()));
        }
        if let Some(secret) = self.secrets.get(name) {
            return Ok(Some(Value::secret(secret.clone())));
        }
        if let Some(text) = self.parameters.get(name) {
            return Ok(Some(Value::plain(text)));
        }
        if let Some(value) = self.kept_value(name) {
            return Ok(Some(value));
        }
        if let Some(value) = self.of_credential(name) {
            return Ok(Some(value));
        }
        if let Some(value) = self.of_definition(name)? {
            return Ok(Some(value));
        }
        match name {
            "now" => {
                let now = self.now.get_or_init(Timestamp::now);
                return Ok(Some(Value::plain(now.unix().to_string())));
            }
            "uuid" => {
                let uuid = self.uuid.get_or_init(|| uuid::Uuid::new_v4().to_string());
                return Ok(Some(Value::plain(uuid.clone())));
            }
            _ => {}
        }
        let parameter = self.integration.parameter(name);
        if parameter.is_some_and(|parameter| parameter.optional) || self.open.contains(name) {
            return Ok(None);
        }
        Err(RenderError::NoValue {
            name: name.to_owned(),
        })
    }
}

impl Scope for Values<'_> {
    fn value(&self, name: &str) -> Result<Option<Value>, RenderError> {
        let found = self.look_up(name)?;
        if let Some(value) = found.as_ref().filter(|value| value.secret) {
            self.handed_out.borrow_mut().push(value.text.clone());
        }
        Ok(found)
    }
}
