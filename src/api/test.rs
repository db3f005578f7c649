//! The definition's test request: does the credential work, and whose is it.

use std::io::Read;
use std::time::Duration;

use serde_json::Value as Json;

use super::plan::Plan;
use super::{Answer, ApiError, Limits, send::send_noting};
use crate::connection::Values;
use crate::definition::answer_path::{is_same, text_of};
use crate::definition::template::Scope as _;
use crate::definition::{AuthKind, Integration, request::TestRequest};
use crate::http::Http;
use crate::secret::redacted;

/// The most that is read of the answer, in bytes.
const MAX_ANSWER: u64 = 1024 * 1024;

/// What the test came to.
#[derive(Debug)]
pub struct Tested {
    /// The HTTP status.
    pub status: u16,
    /// The request that was made, as it may be shown.
    pub request: String,
    /// Why that is no success; `None` where it is one.
    pub fault: Option<String>,
    /// Whose credential it is, where that is known.
    pub account: Option<String>,
}

/// Makes the test request; `None` where the definition has none.
pub fn test(
    http: &Http,
    integration: &Integration,
    values: &Values<'_>,
    timeout: Duration,
) -> Result<Option<Tested>, ApiError> {
    let api = &integration.api;
    let Some(test) = &api.test else {
        return Ok(None);
    };
    let plan = Plan::of(integration, values, &test.request)?;
    let host = crate::http::host_of(plan.url.expose());
    let shown = format!("{} {}", plan.method, plan.url);
    let mut sent = plan.credentials();
    sent.extend(values.handed_out());
    let limits = Limits {
        timeout: Some(api.timeout.unwrap_or(timeout)),
        deadline: None,
    };
    let response = send_noting(http, plan, limits, &mut sent)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    // Some compress what nobody wanted compressed.
    Answer::new(response, None)
        .take(MAX_ANSWER)
        .read_to_end(&mut body)
        .map_err(|error| crate::http::HttpError::Broken {
            host,
            why: error.to_string(),
        })?;
    let json: Json = serde_json::from_slice(&body).unwrap_or_default();
    // An API may repeat what it was sent, and this is a message.
    let fault = fault(test, status, &json, values)?;
    let fault = fault.map(|why| redacted(&why, &[sent, values.handed_out()].concat()));
    let account = match &api.account {
        Some(path) if fault.is_none() => path.text(&json, values)?,
        _ => None,
    };
    Ok(Some(Tested {
        status,
        request: shown,
        fault,
        account,
    }))
}

/// Why an answer is not what the definition expects.
fn fault(
    test: &TestRequest,
    status: u16,
    json: &Json,
    values: &Values<'_>,
) -> Result<Option<String>, ApiError> {
    let expected = if test.status.is_empty() {
        // A redirect is where services send those they do not know.
        status < 300
    } else {
        test.status.contains(&status)
    };
    if !expected {
        return Ok(Some(format!("answered {status}")));
    }
    for (path, wanted) in &test.require {
        let found = path.find(json, values)?;
        if !found.is_some_and(|found| is_same(found, wanted)) {
            let found = found.and_then(text_of);
            let found = found.map_or_else(|| "nothing".to_owned(), |text| format!("`{text}`"));
            return Ok(Some(format!(
                "answered {status}, with {found} where `expect` wants `{}`",
                text_of(wanted).unwrap_or_default()
            )));
        }
    }
    Ok(None)
}

/// Whose credential it is, where no test tells: the name in the ID token
/// (OpenID Connect Core section 5.1), or the user name.
pub fn account(integration: &Integration, values: &Values<'_>) -> Option<String> {
    if matches!(integration.auth.kind, AuthKind::Basic) {
        let user = values.value("username").ok().flatten()?;
        let shown = Some(user.text.expose().to_owned()).filter(|_| !user.secret);
        return shown.filter(|user| !user.is_empty());
    }
    let id_token = values.id_token()?;
    let claims = crate::grant::claims(id_token.expose())?;
    ["email", "preferred_username", "name", "sub"]
        .iter()
        .find_map(|name| claims.get(*name)?.as_str())
        .map(ToOwned::to_owned)
}
