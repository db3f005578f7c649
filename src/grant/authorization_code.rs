//! The authorization code grant with PKCE (RFC 6749 section 4.1, RFC 7636,
//! RFC 8252): a person consents in a browser, the redirect comes back to a
//! loopback listener or is pasted, and the code is exchanged where no browser
//! sees it.

use std::time::{Duration, Instant};

use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, TokenUrl,
};
use url::Url;

use super::after;
use super::arrival::{Arrived, Waiting};
use super::callback::{Landing, Listener, Responder};
use super::dpop::Key;
use super::paste::{Acceptable, Paste, PasteError};
use super::push::{self, Link};
use super::redirected::{Expected, Said};
use super::{Answer, GrantError, jwt, provider_call, register};
use crate::connection::Values;
use crate::definition::template::{RenderError, Scope, Value};
use crate::definition::{AuthorizationParam, Brand, OAuth2};
use crate::http::Http;
use crate::secret::{SafeUrl, Secret};

/// Puts each of `texts` under this name, in the place of what is there (RFC
/// 8707 section 2: a name may stand several times).
fn replace(pairs: &mut Vec<(String, String)>, name: &str, texts: Vec<String>) {
    let at = pairs.iter().position(|(known, _)| known == name);
    pairs.retain(|(known, _)| known != name);
    let at = at.unwrap_or(pairs.len()).min(pairs.len());
    let put = texts.into_iter().map(|text| (name.to_owned(), text));
    pairs.splice(at..at, put);
}

/// Longer than anybody waits, and still within every platform's clock.
const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// One run of the flow.
pub struct CodeFlow<'a, 'v> {
    /// How the provider is reached.
    pub http: &'a Http,
    /// The definition.
    pub oauth: &'a OAuth2,
    /// What fills its placeholders; gets what the flow brings.
    pub values: &'a mut Values<'v>,
    /// The scopes to ask for.
    pub scopes: &'a [String],
    /// How long to wait for the person.
    pub timeout: Duration,
    /// How the service looks on the pages the person sees.
    pub brand: &'a Brand,
    /// Whether the redirect URL may be pasted.
    pub paste: Paste,
}

/// What a person is told while the flow waits for them.
pub enum Told<'a> {
    /// Where to consent.
    Link(&'a Invitation<'a>),
    /// What they pasted is not taken; they may try again.
    NotTaken(&'a PasteError),
    /// What they pasted is the provider's no; they may try again.
    Refused(&'a GrantError),
}

/// A link, and what whoever opens it may have to know.
pub struct Invitation<'a> {
    /// The link.
    pub url: &'a Url,
    /// How long it is good for, where that is less than it is waited for.
    pub good_for: Option<Duration>,
    /// Where the browser lands, if that is the listener.
    pub landing: Option<Landing>,
    /// Whether the answer comes as a form, which no address shows.
    pub as_form: bool,
}

/// The person said yes, the code is exchanged, and their browser still waits
/// for its last page, so that it can say how storing went.
pub struct Consented {
    /// The tokens.
    pub answer: Answer,
    /// The waiting browser; none when the redirect URL was pasted.
    pub responder: Option<Responder>,
}

/// What the authorization request was made of, to check and to finish with.
struct Asked {
    link: Link,
    /// Whether the answer was asked for as a form.
    as_form: bool,
    state: Secret,
    verifier: Option<PkceCodeVerifier>,
    redirect_uri: String,
}

impl CodeFlow<'_, '_> {
    /// Listens, says through `tell` where to go, waits, exchanges the code, and
    /// makes the calls that follow.
    pub fn run(mut self, tell: &mut dyn FnMut(Told<'_>)) -> Result<Consented, GrantError> {
        let mut listener = self.listener()?;
        let redirect_uri = self.redirect_uri(listener.as_ref())?;
        register::if_needed(
            self.http,
            self.oauth,
            self.values,
            Some(&redirect_uri),
            &self.brand.name,
        )?;
        // What can be known to fail fails before the person is asked.
        super::client(self.oauth, self.values)?;
        jwt::begin(self.values)?;
        self.token_url()?;
        let asked = self.ask(redirect_uri)?;
        if let Some(listener) = listener.as_mut().filter(|_| asked.as_form) {
            listener.take_forms();
        }
        let landing = listener.as_ref();
        tell(Told::Link(&Invitation {
            url: &asked.link.url,
            good_for: asked.link.good_for.filter(|life| *life < self.timeout),
            landing: landing.and_then(|listener| listener.landing(&asked.redirect_uri)),
            as_form: asked.as_form,
        }));
        let waiting = self.waiting(&asked, listener.as_ref());
        let mut refuse = |error: &PasteError| match error {
            PasteError::Denied(error) => tell(Told::Refused(error)),
            error => tell(Told::NotTaken(error)),
        };
        let arrived = waiting.wait(listener, self.paste, &mut refuse)?;
        let Some(Arrived { said, responder }) = arrived else {
            return Err(GrantError::TimedOut(self.timeout));
        };
        let Said { outcome, params } = said;
        let finished = self
            .check_issuer(&params, &asked.link.url)
            .and(outcome)
            .and_then(|code| self.finish(code, &params, asked));
        match finished {
            Ok(answer) => Ok(Consented { answer, responder }),
            Err(error) => {
                if let Some(responder) = responder {
                    responder.failed(&error.to_string());
                }
                Err(error)
            }
        }
    }

    /// The listener. Where the redirect leads elsewhere and its URL is to be
    /// pasted, a port that is not to be had is no reason to fail.
    fn listener(&self) -> Result<Option<Listener>, GrantError> {
        match Listener::bind(&self.oauth.redirect, self.brand) {
            Ok(listener) => Ok(Some(listener)),
            Err(error) if self.paste == Paste::Expected && self.oauth.redirect_uri.is_some() => {
                tracing::info!("{error}; the redirect URL can still be pasted");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn waiting(&self, asked: &Asked, listener: Option<&Listener>) -> Waiting {
        let now = Instant::now();
        let own = listener.map(Listener::redirect_uri);
        let redirects = [Some(asked.redirect_uri.as_str()), own];
        let redirects = redirects.into_iter().flatten();
        Waiting {
            expected: Expected {
                state: asked.state.clone(),
                code_param: self.oauth.code_param.clone(),
            },
            acceptable: Acceptable {
                redirects: redirects.filter_map(|uri| Url::parse(uri).ok()).collect(),
                bare: self.paste == Paste::Expected,
                pkce: asked.verifier.is_some(),
                as_form: asked.as_form,
                named: self.issuer_is_promised(),
            },
            // What the clock cannot tell is as good as for ever.
            deadline: now.checked_add(self.timeout).unwrap_or(now + FOR_EVER),
        }
    }

    fn ask(&self, redirect_uri: String) -> Result<Asked, GrantError> {
        let own = self.oauth.authorization_url.as_ref();
        let base = self.values.endpoint(own, "authorization_endpoint")?;
        let base = base.ok_or_else(|| self.unnamed("authorization_endpoint"))?;
        let client = BasicClient::new(self.client_id()?)
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
        if let Some(key) = self.values.dpop_key() {
            // The code is of use to nobody without the key (RFC 9449 section 10).
            request = request.add_extra_param("dpop_jkt", Key::read(key)?.thumbprint());
        }
        let (url, state) = request.url();
        let url = self.bend(url, &redirect_uri, state.secret())?;
        // OAuth 2.0 Form Post Response Mode.
        let as_form = url
            .query_pairs()
            .any(|(name, mode)| name == "response_mode" && mode == "form_post");
        let link = match push::endpoint(self.oauth, self.values)? {
            Some(to) => {
                let own = (self.oauth, &*self.values);
                push::push(self.http, own, to, (base.expose(), &url))?
            }
            None => Link::new(url, None),
        };
        Ok(Asked {
            link,
            as_form,
            state: Secret::new(state.secret().clone()),
            verifier,
            redirect_uri,
        })
    }

    fn client_id(&self) -> Result<ClientId, GrantError> {
        let id = self.values.input("client_id")?;
        let id = id.ok_or(GrantError::Missing("client_id"))?;
        Ok(ClientId::new(id.expose().to_owned()))
    }

    /// What the provider is told: the listener's own address, unless the
    /// definition says otherwise.
    fn redirect_uri(&self, listener: Option<&Listener>) -> Result<String, GrantError> {
        let missing = GrantError::Missing("redirect_uri");
        let Some(template) = &self.oauth.redirect_uri else {
            let own = listener.map(Listener::redirect_uri).ok_or(missing)?;
            return Ok(own.to_owned());
        };
        let url = template.render(self.values)?;
        let url = url.ok_or(missing)?;
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
            let AuthorizationParam::Send(templates) = param else {
                pairs.retain(|(known, _)| known != name);
                continue;
            };
            let mut texts = Vec::with_capacity(templates.len());
            for template in templates {
                let value = template.render(&scope)?;
                texts.extend(value.map(|value| value.text.expose().to_owned()));
            }
            if !texts.is_empty() {
                replace(&mut pairs, name, texts);
            }
        }
        let mut bent = url;
        bent.query_pairs_mut().clear().extend_pairs(pairs);
        Ok(bent)
    }

    /// The issuer that answers (RFC 9207 section 2.4) must be the one that was
    /// asked; without a configured one, it must at least be at the origin of
    /// an endpoint.
    fn check_issuer(&self, params: &[(String, String)], asked: &Url) -> Result<(), GrantError> {
        let named = params.iter().find(|(name, _)| name == "iss");
        let metadata = self.values.metadata();
        let Some((_, issuer)) = named else {
            if self.issuer_is_promised() {
                return Err(GrantError::NoIssuer);
            }
            return Ok(());
        };
        let fits = match metadata.issuer() {
            Some(known) => known == issuer,
            None => {
                let auth = &self.values.integration().auth;
                let token = self
                    .values
                    .endpoint(auth.token_url.as_ref(), "token_endpoint")?;
                let token = token.map(|url| url.expose().origin());
                let origin = Url::parse(issuer).map(|url| url.origin()).ok();
                origin.is_some() && (origin == Some(asked.origin()) || origin == token)
            }
        };
        if fits {
            Ok(())
        } else {
            Err(GrantError::OtherIssuer(issuer.clone()))
        }
    }

    /// Whether the server says that its answers name it (RFC 9207 section 3).
    fn issuer_is_promised(&self) -> bool {
        let metadata = self.values.metadata();
        metadata.issuer().is_some() && metadata.names_itself()
    }

    /// Exchanges the code, and makes the calls that follow.
    fn finish(
        &mut self,
        code: Secret,
        params: &[(String, String)],
        asked: Asked,
    ) -> Result<Answer, GrantError> {
        after::capture_callback(self.values, params)?;
        for (name, value) in params {
            // What a redirect brings has passed through a browser, and may
            // still be nobody else's business.
            let value = Value::secret(Secret::new(value.clone()));
            self.values.set(format!("callback.{name}"), value);
        }
        self.values.set("code", Value::secret(code.clone()));
        self.values.set("state", Value::secret(asked.state.clone()));
        let redirect_uri = Value::plain(asked.redirect_uri.clone());
        self.values.set("redirect_uri", redirect_uri);
        jwt::begin(self.values)?;
        let answer = self.exchange(code, asked)?;
        after::consented(self.http, self.values, answer)
    }

    fn exchange(&self, code: Secret, asked: Asked) -> Result<Answer, GrantError> {
        let redirect = RedirectUrl::new(asked.redirect_uri)
            .map_err(|_| GrantError::Missing("redirect_uri"))?;
        let auth = &self.values.integration().auth;
        let url = self.token_url()?.ok_or(GrantError::Missing("token_url"))?;
        let mut call = provider_call(self.http, self.values, &auth.token, url);
        call.client = Some(super::client(self.oauth, self.values)?);
        let client = BasicClient::new(self.client_id()?)
            .set_token_uri(TokenUrl::from_url(call.url.expose().clone()))
            .set_redirect_uri(redirect);
        let mut request = client.exchange_code(AuthorizationCode::new(code.expose().to_owned()));
        if let Some(verifier) = asked.verifier {
            request = request.set_pkce_verifier(verifier);
        }
        let answer = call.through(|http| request.request(&http))?;
        super::needs_token(&call, &answer)?;
        Ok(answer)
    }

    /// The token endpoint; `None` while it depends on what the redirect brings.
    fn token_url(&self) -> Result<Option<SafeUrl>, GrantError> {
        let auth = &self.values.integration().auth;
        let url = match self
            .values
            .endpoint(auth.token_url.as_ref(), "token_endpoint")
        {
            Err(RenderError::NoValue { name }) if auth.keeps(&name) => return Ok(None),
            other => other?,
        };
        match url {
            Some(url) => Ok(Some(url)),
            None => Err(self.unnamed("token_endpoint")),
        }
    }

    fn unnamed(&self, endpoint: &str) -> GrantError {
        let issuer = self.values.metadata().issuer().unwrap_or_default();
        GrantError::Metadata {
            url: issuer.to_owned(),
            why: format!("it names no `{endpoint}`"),
            found: true,
        }
    }
}

/// The connection's values with those of this flow.
struct FlowScope<'a, 'v> {
    values: &'a Values<'v>,
    redirect_uri: &'a str,
    state: &'a str,
}

impl Scope for FlowScope<'_, '_> {
    fn value(&self, name: &str) -> Result<Option<Value>, RenderError> {
        match name {
            "redirect_uri" => Ok(Some(Value::plain(self.redirect_uri))),
            "state" => Ok(Some(Value::plain(self.state))),
            _ => self.values.value(name),
        }
    }
}
