//! What follows the token call: further steps, a lookup, and what of all the
//! answers is kept with the connection.

use serde_json::Value as Json;

use super::answer::Answer;
use super::{GrantError, jwt, provider_call};
use crate::connection::Values;
use crate::definition::call::Save;
use crate::definition::template::Value;
use crate::definition::{Call, CaptureFrom};
use crate::http::Http;
use crate::secret::Secret;

/// When the calls are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// A credential is obtained from scratch.
    Connect,
    /// One is renewed.
    Refresh,
    /// One is brought along, for which the steps were run elsewhere.
    Adopt,
}

/// Runs the definition's steps and lookup over what the token call brought,
/// and keeps what is captured, in `values`.
pub(super) fn complete(
    http: &Http,
    values: &mut Values<'_>,
    answer: &mut Answer,
    moment: Moment,
) -> Result<(), GrantError> {
    let auth = &values.integration().auth;
    capture(values, CaptureFrom::Token, &answer.json)?;
    name_tokens(values, answer);
    if answer.is_bound() && values.dpop_key().is_none() {
        return Err(GrantError::Bound);
    }
    for step in &auth.steps {
        let runs = match moment {
            Moment::Connect => step.on_connect,
            Moment::Refresh => step.on_refresh,
            Moment::Adopt => false,
        };
        if !runs {
            continue;
        }
        let brought = call(http, values, &step.call, bound_token(values, answer))?;
        if step.call.brings_token() {
            if brought.access_token.is_none() {
                return Err(GrantError::NoToken("a step"));
            }
            answer.access_token = brought.access_token;
            answer.expires_in = brought.expires_in;
            answer.token_type = brought.token_type.or(answer.token_type.take());
            answer.refresh_token = brought.refresh_token.or(answer.refresh_token.take());
            answer.id_token = brought.id_token.or(answer.id_token.take());
            answer.scopes = brought.scopes.or(answer.scopes.take());
            name_tokens(values, answer);
        }
    }
    for (from, token) in [
        (CaptureFrom::IdToken, &answer.id_token),
        (CaptureFrom::AccessToken, &answer.access_token),
    ] {
        let claims = token.as_ref().and_then(|token| jwt::claims(token.expose()));
        capture(values, from, &claims.unwrap_or_default())?;
    }
    if let Some(lookup) = auth.lookup.as_ref().filter(|_| moment != Moment::Refresh) {
        let brought = call(http, values, lookup, bound_token(values, answer))?;
        capture(values, CaptureFrom::Lookup, &brought.json)?;
    }
    Ok(())
}

/// The same for what a person consented to, which must have brought a token by
/// the end.
pub(super) fn consented(
    http: &Http,
    values: &mut Values<'_>,
    mut answer: Answer,
) -> Result<Answer, GrantError> {
    complete(http, values, &mut answer, Moment::Connect)?;
    match answer.access_token {
        Some(_) => Ok(answer),
        None => Err(GrantError::NoToken("the token endpoint")),
    }
}

/// Keeps what the redirect brought: its parameters by name.
pub(super) fn capture_callback(
    values: &mut Values<'_>,
    params: &[(String, String)],
) -> Result<(), GrantError> {
    let params = params.iter().cloned();
    let json = Json::Object(params.map(|(name, value)| (name, value.into())).collect());
    capture(values, CaptureFrom::Callback, &json)
}

/// The token of an answer, where it is bound to a key.
fn bound_token(values: &Values<'_>, answer: &Answer) -> Option<Secret> {
    // A renewal may leave out what is as it was.
    let is_bound = match answer.token_type {
        Some(_) => answer.is_bound() && values.dpop_key().is_some(),
        None => values.binding().is_some(),
    };
    answer.access_token.clone().filter(|_| is_bound)
}

/// One call after the token call; what it saves is kept. A `bound` token may be
/// in it, and its key is proved then.
fn call(
    http: &Http,
    values: &mut Values<'_>,
    call: &Call,
    bound: Option<Secret>,
) -> Result<Answer, GrantError> {
    jwt::begin(values)?;
    let url = values.endpoint(call.url.as_ref(), "")?;
    let url = url.ok_or(GrantError::Missing("url"))?;
    let mut made = provider_call(http, values, call, url);
    made.proves = bound.is_some();
    made.shows = bound;
    let answer = made.answer(Vec::new())?;
    for save in &call.save {
        let Save {
            name,
            path,
            pattern,
            secret,
        } = save;
        let found = path.text(&answer.json, values)?;
        keep(values, (name, *secret), pattern.as_ref(), found)?;
    }
    Ok(answer)
}

fn name_tokens(values: &mut Values<'_>, answer: &Answer) {
    let named = [
        ("token", &answer.access_token),
        ("refresh_token", &answer.refresh_token),
        ("id_token", &answer.id_token),
    ];
    for (name, token) in named {
        if let Some(token) = token {
            values.set(name, Value::secret(Secret::clone(token)));
        }
    }
}

fn capture(values: &mut Values<'_>, from: CaptureFrom, json: &Json) -> Result<(), GrantError> {
    let captures = &values.integration().auth.captures;
    for capture in captures.iter().filter(|capture| capture.from == from) {
        let found = capture.path.text(json, values)?;
        let place = (capture.name.as_str(), capture.secret);
        let is_known = values.kept_value(&capture.name).is_some();
        let found = found.or_else(|| capture.default.clone().filter(|_| !is_known));
        keep(values, place, capture.pattern.as_ref(), found)?;
    }
    Ok(())
}

/// Keeps a value that came; one that did not come fails where it is used.
fn keep(
    values: &mut Values<'_>,
    (name, secret): (&str, bool),
    pattern: Option<&regex::Regex>,
    found: Option<String>,
) -> Result<(), GrantError> {
    let Some(text) = found else { return Ok(()) };
    if pattern.is_some_and(|pattern| !pattern.is_match(&text)) {
        return Err(GrantError::Unfit {
            name: name.to_owned(),
            value: if secret {
                "a value".to_owned()
            } else {
                format!("`{text}`")
            },
        });
    }
    values.keep(name, text, secret);
    Ok(())
}
