//! The token that is exchanged (RFC 8693 section 2.1), read anew each time: a
//! projected file rotates, and another job has another. A GitHub Actions runner
//! signs one when it is asked.

use reqwest::Method;
use reqwest::blocking::Request;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use serde_json::Value as Json;
use url::Url;

use super::again::{self, Repeat};
use super::{CallError, GrantError, jwt};
use crate::clock::Timestamp;
use crate::connection::Values;
use crate::definition::template::Template;
use crate::definition::{SubjectSource, SubjectToken};
use crate::env;
use crate::http::{self, Answer, Http};
use crate::secret::{self, Secret};

/// The most that is read of a runner's answer, in bytes.
const MAX_ANSWER: u64 = 256 * 1024;

/// Why there is no token to exchange.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// This is no job of GitHub Actions, or one that may not ask.
    #[error(
        "the environment variable `{0}` is not set, so there is no runner of GitHub Actions to ask for an ID token"
    )]
    NoRunner(&'static str),
    /// What the environment says of the runner cannot be used.
    #[error("the environment variable `{0}` {1}")]
    OddRunner(&'static str, &'static str),
    /// The runner said no.
    #[error("the runner of GitHub Actions answered HTTP {status}{}", super::described(.said.as_deref()))]
    Refused {
        /// The status.
        status: u16,
        /// Its words.
        said: Option<String>,
    },
    /// The runner's answer is of no use.
    #[error("the runner of GitHub Actions ({host}) gave an answer that cannot be used: {why}")]
    Unusable {
        /// Host and port.
        host: String,
        /// What about it.
        why: String,
    },
    /// What was read is no token.
    #[error("the subject token cannot be sent: {0}")]
    NoToken(&'static str),
}

impl SubjectError {
    /// Whether the same may succeed later.
    pub fn is_passing(&self) -> bool {
        matches!(self, SubjectError::Unusable { .. })
    }
}

/// The subject token, read or asked for now.
pub(super) fn fetch(
    http: &Http,
    subject: &SubjectToken,
    values: &Values<'_>,
    repeat: Repeat,
) -> Result<Secret, GrantError> {
    let token = match &subject.source {
        SubjectSource::Place(place) => {
            let text = place
                .resolve()
                .map_err(crate::definition::template::RenderError::from)?;
            let token = Secret::new(text.expose().trim());
            if let Some(why) = unfit(token.expose()) {
                return Err(SubjectError::NoToken(why).into());
            }
            token
        }
        SubjectSource::GithubActions { audience } => {
            ask_runner(http, audience.as_ref(), values, repeat)?
        }
    };
    tell_if_expired(&token);
    Ok(token)
}

/// Why a text is no token (RFC 6750 section 2.1, RFC 7522 section 2.1: what is
/// sent is visible ASCII).
fn unfit(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("it is empty")
    } else if text.bytes().any(|byte| !byte.is_ascii_graphic()) {
        Some("it holds spaces, line breaks or other characters that no token has")
    } else {
        None
    }
}

/// The provider will refuse it; why is easily overlooked.
fn tell_if_expired(token: &Secret) {
    let claims = jwt::claims(token.expose()).unwrap_or_default();
    let Some(expires) = claims["exp"].as_u64() else {
        return;
    };
    let ago = Timestamp::now().unix().saturating_sub(expires);
    if ago > 0 {
        tracing::info!("the subject token expired {ago} seconds ago");
    }
}

/// Asks the runner of this job for its ID token, as GitHub documents it: a GET
/// with the job's own bearer token.
fn ask_runner(
    http: &Http,
    audience: Option<&Template>,
    values: &Values<'_>,
    repeat: Repeat,
) -> Result<Secret, GrantError> {
    let (url, bearer) = runner(audience, values)?;
    let host = http::host_of(&url);
    let mut request = Request::new(Method::GET, url);
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let (name, value) = http::header(
        AUTHORIZATION.as_str(),
        &format!("bearer {}", bearer.expose()),
        true,
    )
    .map_err(|_| {
        let name = env::ACTIONS_ID_TOKEN_REQUEST_TOKEN;
        SubjectError::OddRunner(name, "holds what cannot stand in a header")
    })?;
    headers.insert(name, value);
    let answer = again::patiently(repeat, || {
        let request = request.try_clone();
        let request = request.ok_or_else(|| http::HttpError::Setup("no copy".to_owned()))?;
        http.fetch(request, MAX_ANSWER)
    });
    let answer = answer.map_err(CallError::from)?;
    Ok(token_in(&answer, host, &bearer)?)
}

/// Where the runner is, and what it is shown.
fn runner(audience: Option<&Template>, values: &Values<'_>) -> Result<(Url, Secret), GrantError> {
    let name = env::ACTIONS_ID_TOKEN_REQUEST_URL;
    let url = env::var(name).ok_or(SubjectError::NoRunner(name))?;
    let mut url = Url::parse(url.trim()).map_err(|_| SubjectError::OddRunner(name, "is no URL"))?;
    if !http::is_protected(&url) {
        return Err(SubjectError::OddRunner(name, "is no URL of https").into());
    }
    let name = env::ACTIONS_ID_TOKEN_REQUEST_TOKEN;
    let bearer = env::var(name).ok_or(SubjectError::NoRunner(name))?;
    let bearer = Secret::new(bearer.trim());
    if let Some(audience) = audience
        && let Some(rendered) = audience.render(values)?
    {
        let text = rendered.text.expose();
        url.query_pairs_mut().append_pair("audience", text);
    }
    Ok((url, bearer))
}

/// The token in a runner's answer: `{"value": "…"}`.
fn token_in(answer: &Answer, host: String, bearer: &Secret) -> Result<Secret, SubjectError> {
    let json: Option<Json> = serde_json::from_slice(&answer.body).ok();
    let text = |name: &str| json.as_ref().and_then(|json| json[name].as_str());
    let unusable = |why: String| SubjectError::Unusable { host, why };
    match answer.status {
        200..=299 => {}
        429 | 500.. => return Err(unusable(format!("HTTP {}", answer.status))),
        300..=399 => {
            let why = "it redirects elsewhere, and secrets follow no redirect";
            return Err(unusable(why.to_owned()));
        }
        status => {
            let shown = std::slice::from_ref(bearer);
            let said = text("message").map(|said| secret::redacted(said, shown));
            let said = said.map(|said| super::shortened(&said));
            return Err(SubjectError::Refused { status, said });
        }
    }
    let Some(token) = text("value").map(|text| Secret::new(text.trim())) else {
        return Err(unusable("there is no `value` in it".to_owned()));
    };
    match unfit(token.expose()) {
        Some(why) => Err(unusable(format!("its `value` is no token: {why}"))),
        None => Ok(token),
    }
}
