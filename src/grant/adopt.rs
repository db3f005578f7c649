//! A token that somebody has already: as it is, or in the answer of a token
//! endpoint (RFC 6749 section 5.1), in whatever shape the definition's provider
//! gives it, or in the usual one.

use std::time::Duration;

use serde_json::Value as Json;

use super::after::{self, Moment};
use super::answer::Answer;
use super::success::{Misanswer, Rules};
use super::{GrantError, jwt};
use crate::clock::Timestamp;
use crate::connection::Values;
use crate::definition::Response;
use crate::http::Http;
use crate::secret::Secret;

/// Takes a token over, and makes the lookup that goes with connecting; steps
/// are not run, which make a token of another. `Err` with [`GrantError::NoToken`]
/// where the text holds none that can be sent, with [`GrantError::Bound`] where
/// it is of no use without a key.
pub fn adopt(http: &Http, values: &mut Values<'_>, text: &Secret) -> Result<Answer, GrantError> {
    let mut answer = read(values, text.expose())?;
    let Some(token) = &answer.access_token else {
        return Err(GrantError::NoToken(WHAT));
    };
    // Its key is where it was made, whatever the definition says of this one.
    if answer.is_bound() || is_confirmed(token) {
        return Err(GrantError::Bound);
    }
    if answer.expires_in.is_none() {
        answer.expires_in = life(token);
    }
    after::complete(http, values, &mut answer, Moment::Adopt)?;
    Ok(answer)
}

/// Where the token was to be.
const WHAT: &str = "what came on stdin";

fn read(values: &Values<'_>, text: &str) -> Result<Answer, GrantError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let auth = &values.integration().auth;
    let separator = auth.oauth2().map_or(" ", |oauth| &oauth.scope_separator);
    let usual = Response::default();
    let bare = Response {
        raw: Some(true),
        ..Response::default()
    };
    // A token may end in `=` and still be no form.
    let is_answer = text.starts_with('{') || text.contains("access_token=");
    let shapes: &[&Response] = if is_answer {
        &[&auth.token.response, &usual]
    } else {
        &[&bare]
    };
    let mut failed = GrantError::NoToken(WHAT);
    for response in shapes {
        let rules = Rules {
            response,
            separator,
            scope: values,
        };
        match Answer::read(200, text.as_bytes(), &rules) {
            Ok(answer) if answer.access_token.is_some() => return Ok(answer),
            Ok(_) | Err(Misanswer::Unusable(_)) => {}
            Err(Misanswer::Refused { error, description }) => {
                failed = GrantError::Denied { error, description };
            }
            Err(Misanswer::Render(error)) => return Err(error.into()),
        }
    }
    Err(failed)
}

/// Whether a token tells itself that it is bound to a key, where it is a JWT
/// (RFC 9449 section 6.1).
fn is_confirmed(token: &Secret) -> bool {
    jwt::claims(token.expose()).is_some_and(|claims| claims["cnf"]["jkt"].is_string())
}

/// What is left of the life that a token tells itself, where it is a JWT (RFC
/// 7519 section 4.1.4).
fn life(token: &Secret) -> Option<Duration> {
    let claims = jwt::claims(token.expose())?;
    let end = claims.get("exp").and_then(Json::as_f64)?;
    let end = Duration::try_from_secs_f64(end).ok()?;
    Some(Timestamp::from_unix(end.as_secs()).remaining(Timestamp::now()))
}
