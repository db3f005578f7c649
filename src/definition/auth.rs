//! The `auth` half of a definition as it is used: how a credential is
//! obtained (RFC 6749), validated and ready to be filled. `read_auth` reads it.

use std::time::Duration;

use super::source::ValueSource;
use super::template::{RenderError, Scope, Template};
use super::url_template::UrlTemplate;
use crate::secret::SafeUrl;

/// How to get a credential.
#[derive(Clone, Debug)]
pub enum Auth {
    /// OAuth 2.0 (RFC 6749).
    OAuth2(Box<OAuth2>),
}

/// An OAuth 2.0 client and the server it talks to.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// How the credential is obtained.
    pub grant: Grant,
    /// What paths among the endpoints are put on.
    pub site: Option<UrlTemplate>,
    /// RFC 6749 section 3.1; present for the authorization code grant.
    pub authorization_url: Option<Endpoint>,
    /// RFC 6749 section 3.2.
    pub token_url: Endpoint,
    /// RFC 7009.
    pub revocation_url: Option<Endpoint>,
    /// The client's id; `None`: asked for when connecting.
    pub client_id: Option<ValueSource>,
    /// The client's secret; `None`: a public client, unless `client_auth`
    /// says that there is one, which is then asked for when connecting.
    pub client_secret: Option<ValueSource>,
    /// How the client shows who it is, where the definition says so; see
    /// [`OAuth2::client_auth`].
    pub named_client_auth: Option<ClientAuth>,
    /// How id and secret are written into a Basic header.
    pub basic_encoding: BasicEncoding,
    /// The scopes to ask for.
    pub scopes: Vec<Template>,
    /// What scopes are joined with.
    pub scope_separator: String,
    /// Whether to use PKCE (RFC 7636, S256).
    pub pkce: bool,
    /// What else the authorization request carries, or leaves out.
    pub authorization_params: Vec<(String, AuthorizationParam)>,
    /// The name under which the redirect brings the code.
    pub code_param: String,
    /// Where the redirect is listened for.
    pub redirect: Redirect,
    /// What the provider is told, when that differs.
    pub redirect_uri: Option<UrlTemplate>,
    /// Renew when less life than this is left; a sensible default unless set.
    pub refresh_before: Option<Duration>,
}

/// How an OAuth credential is obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// RFC 6749 section 4.1: a person consents in a browser.
    AuthorizationCode,
    /// RFC 6749 section 4.4: the client acts for itself.
    ClientCredentials,
}

impl Grant {
    /// The word in definitions and output.
    pub fn name(self) -> &'static str {
        match self {
            Grant::AuthorizationCode => "authorization_code",
            Grant::ClientCredentials => "client_credentials",
        }
    }

    /// Whether a credential can be obtained with nobody there.
    pub fn is_unattended(self) -> bool {
        self == Grant::ClientCredentials
    }
}

impl OAuth2 {
    /// How the client shows who it is: as the definition says; else by Basic
    /// where there is a secret, or where the client is all there is to
    /// authenticate; else not at all.
    pub fn client_auth(&self, has_secret: bool) -> ClientAuth {
        self.named_client_auth.unwrap_or({
            if has_secret || self.grant == Grant::ClientCredentials {
                ClientAuth::Basic
            } else {
                ClientAuth::None
            }
        })
    }
}

/// An endpoint: absolute, or a path on the definition's site.
#[derive(Clone, Debug)]
pub struct Endpoint(pub(super) UrlTemplate);

/// How the client authenticates (RFC 6749 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `Authorization: Basic`.
    Basic,
    /// `client_id` and `client_secret` in the body.
    Body,
    /// Both, for providers that insist.
    BasicAndBody,
    /// `client_id` alone: a public client.
    None,
}

impl ClientAuth {
    /// Whether it takes a secret.
    pub fn needs_secret(self) -> bool {
        self != ClientAuth::None
    }
}

/// How id and secret are written into a Basic header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasicEncoding {
    /// Form-encoded first, as RFC 6749 section 2.3.1 says.
    Form,
    /// As they are, as some providers want it.
    Raw,
}

/// A parameter of the authorization request.
#[derive(Clone, Debug)]
pub enum AuthorizationParam {
    /// Sent with this value.
    Send(Template),
    /// A standard parameter that is left out.
    Drop,
}

/// Where the redirect is listened for (RFC 8252 section 7.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// `127.0.0.1`, `::1` or `localhost` (which listens on both).
    pub host: String,
    /// Ports tried in order; 0 is any free one.
    pub ports: Vec<u16>,
    /// The exact path.
    pub path: String,
}

impl Default for Redirect {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            ports: vec![0],
            path: "/callback".to_owned(),
        }
    }
}

impl Endpoint {
    /// The endpoint's URL. `None`: an optional value in it is unset.
    pub fn resolve(
        &self,
        site: Option<&UrlTemplate>,
        scope: &dyn Scope,
    ) -> Result<Option<SafeUrl>, RenderError> {
        if !self.0.is_path() {
            return self.0.render(scope);
        }
        // A path without a site does not pass the reading.
        let Some(site) = site else { return Ok(None) };
        match site.render(scope)? {
            Some(base) => self.0.render_on(&base, scope),
            None => Ok(None),
        }
    }
}

impl Auth {
    /// The word for what kind of credential this gives, in `list` and JSON.
    pub fn grant_name(&self) -> &'static str {
        match self {
            Auth::OAuth2(oauth) => oauth.grant.name(),
        }
    }

    /// Whether a credential can be had with nobody there, and so needs no
    /// `connect`.
    pub fn is_unattended(&self) -> bool {
        match self {
            Auth::OAuth2(oauth) => oauth.grant.is_unattended(),
        }
    }
}
