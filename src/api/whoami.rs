//! The definition's test request: does the credential work, and whose is it.

use std::io::Read;
use std::time::Duration;

use super::plan::Plan;
use super::{ApiError, send};
use crate::connection::Values;
use crate::definition::Integration;
use crate::http::Http;

/// The most that is read of the answer, in bytes.
const MAX_ANSWER: u64 = 1024 * 1024;

/// What the test's answer was.
#[derive(Debug)]
pub struct Whoami {
    /// The HTTP status.
    pub status: u16,
    /// The request that was made, as it may be shown.
    pub request: String,
    /// Whose credential it is, where the definition knows where that stands.
    pub account: Option<String>,
}

/// Calls the test path; `None` where the definition has none.
pub fn whoami(
    http: &Http,
    integration: &Integration,
    values: &Values<'_>,
    timeout: Duration,
) -> Result<Option<Whoami>, ApiError> {
    let api = &integration.api;
    let (Some(test), Some(base)) = (&api.test, &api.base_url) else {
        return Ok(None);
    };
    let base = base.render(values)?.ok_or(ApiError::NoBaseUrl)?;
    let Some(url) = test.render_on(&base, values)? else {
        return Ok(None);
    };
    let host = crate::http::host_of(url.expose());
    let plan = Plan::at(url, integration, values)?;
    let shown = plan.url.to_string();
    let response = send::send_within(http, plan, Some(timeout))?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    response
        .take(MAX_ANSWER)
        .read_to_end(&mut body)
        .map_err(|error| crate::http::HttpError::Broken {
            host,
            why: error.to_string(),
        })?;
    let json = serde_json::from_slice(&body).unwrap_or_default();
    let account = api.account.as_ref().and_then(|path| path.text(&json));
    Ok(Some(Whoami {
        status,
        request: format!("GET {shown}"),
        account: account.filter(|_| status < 400),
    }))
}
