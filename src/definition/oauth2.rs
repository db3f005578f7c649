//! What only OAuth has in a definition (RFC 6749): the grant, the client and its
//! manners, what a person's browser is sent with and where it comes back.
//! `read_oauth2` reads it.

use super::auth::Endpoint;
use super::call::Call;
use super::subject::SubjectToken;
use super::template::Template;
use super::url_template::UrlTemplate;

/// An OAuth 2.0 client and the server it talks to.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// How the credential is obtained.
    pub grant: Grant,
    /// Whose metadata names the endpoints that the definition does not (RFC
    /// 8414, OpenID Connect Discovery).
    pub issuer: Option<UrlTemplate>,
    /// RFC 6749 section 3.1.
    pub authorization_url: Option<Endpoint>,
    /// RFC 7591.
    pub registration_url: Option<Endpoint>,
    /// RFC 9126; where it is named, requests are pushed.
    pub pushed_authorization_request_url: Option<Endpoint>,
    /// RFC 8628 section 3.1.
    pub device_authorization_url: Option<Endpoint>,
    /// The call to the device authorization endpoint.
    pub device: Call,
    /// The call to the token endpoint that asks whether a device is approved:
    /// `auth.token`, less what only the exchange of a code has.
    pub device_poll: Call,
    /// How the client shows who it is, where the definition says so; see
    /// [`OAuth2::client_auth`].
    pub named_client_auth: Option<ClientAuth>,
    /// How id and secret are written into a Basic header.
    pub basic_encoding: BasicEncoding,
    /// The scopes to ask for.
    pub scopes: Vec<Template>,
    /// Scopes that are offered when connecting.
    pub optional_scopes: Vec<OptionalScope>,
    /// What scopes are joined with.
    pub scope_separator: String,
    /// Whether to use PKCE (RFC 7636, S256).
    pub pkce: bool,
    /// Whether tokens are bound to a key of the connection's own (RFC 9449),
    /// and to which kind.
    pub dpop: Option<Dpop>,
    /// What else the authorization request carries, or leaves out.
    pub authorization_params: Vec<(String, AuthorizationParam)>,
    /// The name under which the redirect brings the code.
    pub code_param: String,
    /// Where the redirect is listened for.
    pub redirect: Redirect,
    /// What the provider is told, when that differs.
    pub redirect_uri: Option<UrlTemplate>,
    /// The token that is exchanged (RFC 8693), where one is.
    pub subject: Option<SubjectToken>,
}

/// A scope that is asked for only if the person wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionalScope {
    /// The scope.
    pub name: String,
    /// What the person sees.
    pub label: String,
}

impl OAuth2 {
    /// Whether a client can be registered that authenticates as the definition
    /// says (RFC 7591).
    pub fn can_register(&self) -> bool {
        let named = self.named_client_auth;
        named.is_none_or(|named| named.registered_as().is_some())
    }

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

/// How an OAuth credential is obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// RFC 6749 section 4.1: a person consents in a browser.
    AuthorizationCode,
    /// RFC 8628: a person consents in a browser that may be anywhere.
    DeviceCode,
    /// RFC 6749 section 4.4: the client acts for itself.
    ClientCredentials,
    /// RFC 6749 section 4.3: the user's own name and password.
    Password,
    /// RFC 7523 section 2.1: an assertion that hallpass signs.
    JwtBearer,
    /// RFC 8693: another token is exchanged.
    TokenExchange,
}

impl Grant {
    /// The word in definitions and output.
    pub fn name(self) -> &'static str {
        match self {
            Grant::AuthorizationCode => "authorization_code",
            Grant::DeviceCode => "device_code",
            Grant::ClientCredentials => "client_credentials",
            Grant::Password => "password",
            Grant::JwtBearer => "jwt_bearer",
            Grant::TokenExchange => "token_exchange",
        }
    }

    /// Whether a person has to consent.
    pub fn needs_consent(self) -> bool {
        matches!(self, Grant::AuthorizationCode | Grant::DeviceCode)
    }

    /// Whether it is made with no client, where the definition has none: the
    /// assertion, or the user, is all there is to authenticate (RFC 7523
    /// section 2.1, RFC 8693 section 2.1).
    pub fn goes_without_client(self) -> bool {
        matches!(
            self,
            Grant::Password | Grant::JwtBearer | Grant::TokenExchange
        )
    }
}

/// How the client authenticates (RFC 6749 section 2.3, RFC 7523 section 2.2, RFC
/// 8705 section 2).
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
    /// A token that `auth.jwt` signs: `private_key_jwt`, or `client_secret_jwt`
    /// where its algorithm is an HMAC (OpenID Connect Core section 9).
    PrivateKeyJwt,
    /// `client_id` alone, over TLS that shows the certificate of `auth.tls`.
    Mtls,
}

impl ClientAuth {
    /// RFC 7591 section 2's word for it, where a client can be registered with
    /// nothing but that: a key or a certificate is made known elsewhere.
    pub fn registered_as(self) -> Option<&'static str> {
        match self {
            ClientAuth::Basic | ClientAuth::BasicAndBody => Some("client_secret_basic"),
            ClientAuth::Body => Some("client_secret_post"),
            ClientAuth::None => Some("none"),
            ClientAuth::PrivateKeyJwt | ClientAuth::Mtls => None,
        }
    }

    /// Whether it sends a secret.
    pub fn needs_secret(self) -> bool {
        matches!(
            self,
            ClientAuth::Basic | ClientAuth::Body | ClientAuth::BasicAndBody
        )
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

/// The algorithm of the key that tokens are bound to (RFC 9449).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dpop {
    /// ES256, or what the server takes instead.
    Any,
    /// ECDSA on P-256 (RFC 7518 section 3.4).
    Es256,
    /// Ed25519 (RFC 8037 section 3.1).
    EdDsa,
}

impl Dpop {
    /// The word in definitions.
    pub fn name(self) -> &'static str {
        match self {
            Dpop::Any => "true",
            Dpop::Es256 => "ES256",
            Dpop::EdDsa => "EdDSA",
        }
    }
}

/// A parameter of the authorization request.
#[derive(Clone, Debug)]
pub enum AuthorizationParam {
    /// Sent with this value, or once with each of these (RFC 8707 section 2).
    Send(Vec<Template>),
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
