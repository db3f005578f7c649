//! The authorization code grant with PKCE (RFC 6749 section 4.1, RFC 7636,
//! RFC 8252): a person consents in a browser, the redirect comes back to a
//! loopback listener, and the code is exchanged where no browser sees it.

use std::time::{Duration, Instant};

use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, TokenUrl,
};
use url::Url;

use super::callback::{Arrived, Listener, Responder};
use super::{Answer, GrantError, TokenEndpoint};
use crate::connection::Values;
use crate::definition::template::Value;
use crate::definition::{AuthorizationParam, OAuth2};
use crate::secret::Secret;

/// Longer than anybody waits, and still within every platform's clock.
const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// One run of the flow.
pub struct CodeFlow<'a, 'v> {
    /// The definition.
    pub oauth: &'a OAuth2,
    /// What fills its placeholders; gets `redirect_uri`.
    pub values: &'a mut Values<'v>,
    /// Where the code is exchanged.
    pub endpoint: TokenEndpoint<'a>,
    /// The scopes to ask for.
    pub scopes: &'a [String],
    /// How long to wait for the person.
    pub timeout: Duration,
    /// What the service is called on the pages the person sees.
    pub name: &'a str,
}

/// The person said yes, the code is exchanged, and their browser still waits
/// for its last page, so that it can say how storing went.
pub struct Consented {
    /// The tokens.
    pub answer: Answer,
    /// The waiting browser.
    pub responder: Responder,
}

/// What the authorization request was made of, to check and to finish with.
struct Asked {
    url: Url,
    state: Secret,
    verifier: Option<PkceCodeVerifier>,
    redirect_uri: String,
}

impl CodeFlow<'_, '_> {
    /// Listens, shows the URL through `show`, waits, and exchanges the code.
    pub fn run(self, show: &mut dyn FnMut(&Url)) -> Result<Consented, GrantError> {
        let listener = Listener::bind(&self.oauth.redirect, self.name)?;
        let asked = self.ask(&listener)?;
        show(&asked.url);
        let now = Instant::now();
        // What the clock cannot tell is as good as for ever.
        let deadline = now.checked_add(self.timeout).unwrap_or(now + FOR_EVER);
        let arrived = listener.wait(&asked.state, &self.oauth.code_param, deadline)?;
        let Some(arrived) = arrived else {
            return Err(GrantError::TimedOut(self.timeout));
        };
        let Arrived {
            outcome,
            issuer,
            responder,
        } = arrived;
        let finished = self
            .check_issuer(issuer, &asked.url)
            .and(outcome)
            .and_then(|code| self.exchange(code, asked));
        match finished {
            Ok(answer) => Ok(Consented { answer, responder }),
            Err(error) => {
                responder.failed(&error.to_string());
                Err(error)
            }
        }
    }

    fn ask(&self, listener: &Listener) -> Result<Asked, GrantError> {
        let authorization_url = self.oauth.authorization_url.as_ref();
        let endpoint = authorization_url.ok_or(GrantError::Missing("authorization_url"))?;
        let site = self.oauth.site.as_ref();
        let base = endpoint.resolve(site, self.values)?;
        let base = base.ok_or(GrantError::Missing("authorization_url"))?;
        let redirect_uri = self.redirect_uri(listener)?;
        let client = BasicClient::new(ClientId::new(self.endpoint.client().id.expose().to_owned()))
            .set_auth_uri(AuthUrl::from_url(base.expose().clone()));
        let redirect = RedirectUrl::new(redirect_uri.clone())
            .map_err(|_| GrantError::Missing("redirect_uri"))?;
        let mut request = client
            .authorize_url(CsrfToken::new_random)
            .set_redirect_uri(std::borrow::Cow::Owned(redirect));
        let mut verifier = None;
        if self.oauth.pkce {
            let (challenge, made) = PkceCodeChallenge::new_random_sha256();
            request = request.set_pkce_challenge(challenge);
            verifier = Some(made);
        }
        let scope = self.scopes.join(&self.oauth.scope_separator);
        if !scope.is_empty() {
            request = request.add_extra_param("scope", scope);
        }
        let (url, state) = request.url();
        Ok(Asked {
            url: self.bend(url, &redirect_uri, state.secret())?,
            state: Secret::new(state.secret().clone()),
            verifier,
            redirect_uri,
        })
    }

    /// What the provider is told: the listener's own address, unless the
    /// definition says otherwise.
    fn redirect_uri(&self, listener: &Listener) -> Result<String, GrantError> {
        let Some(template) = &self.oauth.redirect_uri else {
            return Ok(listener.redirect_uri().to_owned());
        };
        let url = template.render(self.values)?;
        let url = url.ok_or(GrantError::Missing("redirect_uri"))?;
        Ok(url.expose().to_string())
    }

    /// Adds, replaces and drops parameters as the definition says; a query
    /// that the authorization URL has of its own stays.
    fn bend(&self, url: Url, redirect_uri: &str, state: &str) -> Result<Url, GrantError> {
        if self.oauth.authorization_params.is_empty() {
            return Ok(url);
        }
        let scope = FlowScope {
            values: self.values,
            redirect_uri,
            state,
        };
        let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        for (name, param) in &self.oauth.authorization_params {
            let value = match param {
                AuthorizationParam::Drop => None,
                AuthorizationParam::Send(template) => template.render(&scope)?,
            };
            if let Some(value) = value {
                let text = value.text.expose().to_owned();
                match pairs.iter_mut().find(|(known, _)| known == name) {
                    Some(pair) => pair.1 = text,
                    None => pairs.push((name.clone(), text)),
                }
            } else if matches!(param, AuthorizationParam::Drop) {
                pairs.retain(|(known, _)| known != name);
            }
        }
        let mut bent = url;
        bent.query_pairs_mut().clear().extend_pairs(pairs);
        Ok(bent)
    }

    /// Without a configured issuer the one that answers must at least be at
    /// the origin of an endpoint that was asked (RFC 9207 section 2.4).
    fn check_issuer(&self, issuer: Option<String>, asked: &Url) -> Result<(), GrantError> {
        let Some(issuer) = issuer else { return Ok(()) };
        let origin = Url::parse(&issuer).map(|url| url.origin());
        let known = [asked.origin(), self.endpoint.url().expose().origin()];
        match origin {
            Ok(origin) if known.contains(&origin) => Ok(()),
            _ => Err(GrantError::OtherIssuer(issuer)),
        }
    }

    fn exchange(&self, code: Secret, asked: Asked) -> Result<Answer, GrantError> {
        let redirect = RedirectUrl::new(asked.redirect_uri)
            .map_err(|_| GrantError::Missing("redirect_uri"))?;
        let client = BasicClient::new(ClientId::new(self.endpoint.client().id.expose().to_owned()))
            .set_token_uri(TokenUrl::from_url(self.endpoint.url().expose().clone()))
            .set_redirect_uri(redirect);
        let mut request = client.exchange_code(AuthorizationCode::new(code.expose().to_owned()));
        if let Some(verifier) = asked.verifier {
            request = request.set_pkce_verifier(verifier);
        }
        Ok(self.endpoint.through(|http| request.request(&http))?)
    }
}

/// The connection's values with those of this flow.
struct FlowScope<'a, 'v> {
    values: &'a Values<'v>,
    redirect_uri: &'a str,
    state: &'a str,
}

impl crate::definition::template::Scope for FlowScope<'_, '_> {
    fn value(&self, name: &str) -> Result<Option<Value>, crate::definition::template::RenderError> {
        match name {
            "redirect_uri" => Ok(Some(Value::plain(self.redirect_uri))),
            "state" => Ok(Some(Value::plain(self.state))),
            _ => self.values.value(name),
        }
    }
}
