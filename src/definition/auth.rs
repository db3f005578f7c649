//! The `auth` half of a definition as it is used: how a credential is
//! obtained, validated and ready to be filled. `read_auth` reads it.

use std::time::Duration;

use regex::Regex;

use super::answer_path::AnswerPath;
use super::call::{Call, Refresh, RenewFrom, Step};
use super::input::Input;
use super::json_template::JsonTemplate;
use super::subject::SubjectToken;
use super::template::{RenderError, Scope, Template};
use super::tls::Tls;
use super::url_template::UrlTemplate;
use crate::secret::SafeUrl;

/// How to get a credential.
#[derive(Clone, Debug)]
pub struct Auth {
    /// What kind of credential it is.
    pub kind: AuthKind,
    /// What is typed when connecting, or named by the definition.
    pub inputs: Vec<Input>,
    /// What paths among the endpoints are put on.
    pub site: Option<UrlTemplate>,
    /// RFC 6749 section 3.2; for a custom token, where its request goes.
    pub token_url: Option<Endpoint>,
    /// RFC 7009.
    pub revocation_url: Option<Endpoint>,
    /// The call to the token endpoint.
    pub token: Call,
    /// The call that renews.
    pub refresh: Refresh,
    /// Calls after the token call.
    pub steps: Vec<Step>,
    /// A call after connecting, for ids that stand nowhere else.
    pub lookup: Option<Call>,
    /// The call that revokes.
    pub revoke: Call,
    /// What of the answers is kept with the connection.
    pub captures: Vec<Capture>,
    /// A token that hallpass itself signs (RFC 7519).
    pub jwt: Option<Jwt>,
    /// The certificate that is shown in TLS handshakes (RFC 8705).
    pub tls: Option<Tls>,
}

/// What kind of credential a definition gives.
#[derive(Clone, Debug)]
pub enum AuthKind {
    /// OAuth 2.0 (RFC 6749).
    OAuth2(Box<OAuth2>),
    /// A key that somebody typed.
    ApiKey,
    /// User name and password (RFC 7617).
    Basic,
    /// A token from a login of the service's own.
    CustomToken,
    /// A token that hallpass signs.
    Jwt,
    /// No credential at all.
    None,
}

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

/// A value that an answer brings and that is kept with the connection.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Its name in placeholders.
    pub name: String,
    /// Which answer it stands in.
    pub from: CaptureFrom,
    /// Where in it.
    pub path: AnswerPath,
    /// What the whole value must match.
    pub pattern: Option<Regex>,
    /// What it is when nothing came.
    pub default: Option<String>,
    /// Whether it is kept in the store and never shown.
    pub secret: bool,
}

/// Which answer a captured value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureFrom {
    /// The token endpoint's.
    Token,
    /// The redirect's parameters.
    Callback,
    /// The ID token's claims.
    IdToken,
    /// The access token's claims, where it is a JWT.
    AccessToken,
    /// The lookup's.
    Lookup,
}

/// `auth.jwt`: a token that hallpass signs (RFC 7519, RFC 7515).
#[derive(Clone, Debug)]
pub struct Jwt {
    /// The algorithm (RFC 7518 section 3.1), such as `RS256`.
    pub alg: String,
    /// `kid`.
    pub key_id: Option<Template>,
    /// Further header parameters.
    pub header: Vec<(String, JsonTemplate)>,
    /// The claims.
    pub claims: Vec<(String, JsonTemplate)>,
    /// What `exp` is after `iat`.
    pub ttl: Duration,
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

impl Jwt {
    /// Whether it is signed with a secret that both sides know.
    pub fn is_hmac(&self) -> bool {
        self.alg.starts_with("HS")
    }
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
}

/// An endpoint: absolute, or a path on the definition's site.
#[derive(Clone, Debug)]
pub struct Endpoint(pub(super) UrlTemplate);

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

impl Endpoint {
    /// The origin (RFC 6454) of the endpoint's URL, of which only the host is
    /// filled. `None`: an optional value in it is unset.
    pub fn origin(
        &self,
        site: Option<&UrlTemplate>,
        scope: &dyn Scope,
    ) -> Result<Option<String>, RenderError> {
        match site.filter(|_| self.0.is_path()) {
            Some(site) => site.render_origin(scope),
            None => self.0.render_origin(scope),
        }
    }
}

impl Auth {
    /// The word for what kind of credential this gives, in `list` and JSON.
    pub fn grant_name(&self) -> &'static str {
        match &self.kind {
            AuthKind::OAuth2(oauth) => oauth.grant.name(),
            AuthKind::ApiKey => "api_key",
            AuthKind::Basic => "basic",
            AuthKind::CustomToken => "custom_token",
            AuthKind::Jwt => "jwt",
            AuthKind::None => "none",
        }
    }

    /// Whether a connection that was obtained by this grant is used and renewed
    /// as this definition says: on which screen a person consented makes no
    /// difference to what came of it.
    pub fn takes(&self, grant: &str) -> bool {
        let consents = [Grant::AuthorizationCode, Grant::DeviceCode];
        grant == self.grant_name()
            || (self.needs_consent() && consents.iter().any(|known| known.name() == grant))
    }

    /// The OAuth half, where that is what it is.
    pub fn oauth2(&self) -> Option<&OAuth2> {
        match &self.kind {
            AuthKind::OAuth2(oauth) => Some(oauth),
            _ => None,
        }
    }

    /// Whether the client authenticates by a token that its secret signs.
    pub fn signs_with_secret(&self) -> bool {
        let named = self.oauth2().and_then(|oauth| oauth.named_client_auth);
        named == Some(ClientAuth::PrivateKeyJwt) && self.jwt.as_ref().is_some_and(Jwt::is_hmac)
    }

    /// Whether the grant is that of RFC 8628, and no redirect is ever waited for.
    pub fn is_device(&self) -> bool {
        self.oauth2()
            .is_some_and(|oauth| oauth.grant == Grant::DeviceCode)
    }

    /// Whether a person has to consent in a browser.
    pub fn needs_consent(&self) -> bool {
        self.oauth2()
            .is_some_and(|oauth| oauth.grant.needs_consent())
    }

    /// Whether a user's own name and password are shown to the token endpoint.
    pub fn is_by_password(&self) -> bool {
        self.oauth2()
            .is_some_and(|oauth| oauth.grant == Grant::Password)
    }

    /// Whether the credential is what was typed, and never renewed.
    pub fn is_fixed(&self) -> bool {
        matches!(
            self.kind,
            AuthKind::ApiKey | AuthKind::Basic | AuthKind::None
        )
    }

    /// The input of this name, where the definition has use for it.
    pub fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.iter().find(|input| input.name == name)
    }

    /// Whether an answer brings the value of this name.
    pub fn keeps(&self, name: &str) -> bool {
        self.kept_patterns(name).next().is_some()
    }

    /// What the value of this name must match, once for each answer that brings
    /// it; `None` where anything will do.
    pub fn kept_patterns(&self, name: &str) -> impl Iterator<Item = Option<&Regex>> {
        let captures = self.captures.iter();
        let captures = captures.map(|capture| (&capture.name, &capture.pattern));
        let calls = self.steps.iter().map(|step| &step.call).chain(&self.lookup);
        let saves = calls.flat_map(|call| &call.save);
        let saves = saves.map(|save| (&save.name, &save.pattern));
        let named = captures
            .chain(saves)
            .filter(move |(known, _)| *known == name);
        named.map(|(_, pattern)| pattern.as_ref())
    }

    /// What the definition asks for besides scopes, as one text that is another
    /// where any of it is; `None` where it says nothing. Placeholders stand for
    /// themselves in it.
    pub fn asked_for(&self) -> Option<String> {
        let subject = self.oauth2().and_then(|oauth| oauth.subject.as_ref());
        let audience = subject.and_then(SubjectToken::audience);
        let claims = self.jwt.as_ref().map_or(&[][..], |jwt| &jwt.claims);
        let params = &self.token.params;
        let says = audience.is_some() || !claims.is_empty() || !params.is_empty();
        says.then(|| format!("{params:?}{claims:?}{audience:?}"))
    }

    /// What the credential is renewed from: as the definition says; else the
    /// refresh token where a person consented or gave their password, or a
    /// refresh call is named, else nothing.
    pub fn renew_from(&self) -> RenewFrom {
        self.refresh.from.unwrap_or_else(|| {
            let by_user = self.needs_consent() || self.is_by_password();
            if by_user || self.refresh.url_is_own() {
                RenewFrom::RefreshToken
            } else {
                RenewFrom::Nothing
            }
        })
    }

    /// Every endpoint that the credential, or what it is made of, goes to.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        let oauth = self.oauth2();
        let own = [
            self.token_url.as_ref(),
            self.revocation_url.as_ref(),
            oauth.and_then(|oauth| oauth.registration_url.as_ref()),
            oauth.and_then(|oauth| oauth.pushed_authorization_request_url.as_ref()),
            oauth.and_then(|oauth| oauth.device_authorization_url.as_ref()),
            self.refresh.call.url.as_ref(),
            self.revoke.url.as_ref(),
            self.lookup.as_ref().and_then(|call| call.url.as_ref()),
        ];
        let steps = self.steps.iter().filter_map(|step| step.call.url.as_ref());
        own.into_iter().flatten().chain(steps)
    }
}
