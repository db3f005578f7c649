//! The `auth` half of a definition as it is used: how a credential is
//! obtained, validated and ready to be filled; `oauth2` is what only OAuth has
//! of it. `read_auth` reads it.

use std::time::Duration;

use regex::Regex;

use super::answer_path::AnswerPath;
use super::call::{Call, Refresh, RenewFrom, Step};
use super::input::Input;
use super::json_template::JsonTemplate;
use super::oauth2::{ClientAuth, Grant, OAuth2};
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

impl Jwt {
    /// Whether it is signed with a secret that both sides know.
    pub fn is_hmac(&self) -> bool {
        self.alg.starts_with("HS")
    }
}

/// An endpoint: absolute, or a path on the definition's site.
#[derive(Clone, Debug)]
pub struct Endpoint(pub(super) UrlTemplate);

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
