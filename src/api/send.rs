//! Sending a plan. The answer is handed on unread, so that bodies stream.

use std::fs::File;
use std::time::Duration;

use reqwest::blocking::{Body as WireBody, Request, Response};

use super::{ApiError, Body, Plan};
use crate::http::{self, Http};

/// Sends a request and returns as soon as the answer's headers are there; the
/// body may take its time.
pub fn send(http: &Http, plan: Plan) -> Result<Response, ApiError> {
    send_within(http, plan, None)
}

/// The same, with a bound on the whole of it.
pub(super) fn send_within(
    http: &Http,
    plan: Plan,
    timeout: Option<Duration>,
) -> Result<Response, ApiError> {
    let host = http::host_of(plan.url.expose());
    tracing::info!(method = %plan.method, url = %plan.url, "request");
    let mut request = Request::new(plan.method, plan.url.expose().clone());
    *request.headers_mut() = plan.headers;
    *request.body_mut() = wire(plan.body)?;
    *request.timeout_mut() = timeout;
    let client = http.client_for(plan.url.expose())?;
    let response = client
        .execute(request)
        .map_err(|error| http::explain(&error, &host))?;
    tracing::info!(status = response.status().as_u16(), "answer");
    Ok(response)
}

fn wire(body: Body) -> Result<Option<WireBody>, ApiError> {
    Ok(match body {
        Body::None => None,
        Body::Bytes(bytes) => Some(bytes.into()),
        Body::Stdin => Some(WireBody::new(std::io::stdin())),
        Body::File(path) => match File::open(&path) {
            Ok(file) => Some(file.into()),
            Err(source) => return Err(ApiError::Body { path, source }),
        },
    })
}
