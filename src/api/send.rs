//! Sending a plan. The answer is handed on unread, so that bodies stream.

use std::fs::File;
use std::time::Duration;

use reqwest::blocking::{Body as WireBody, Request, Response};

use super::{Answer, ApiError, Body, Plan};
use crate::grant::dpop;
use crate::http::{self, Http, ServerRole};
use crate::secret::Secret;

/// How long a body that is streamed may take to be sent.
const LONGEST_UPLOAD: Duration = Duration::from_secs(24 * 60 * 60);

/// Sends a request and returns as soon as the answer's headers are there. Each
/// wait is bounded, but that of a body that is streamed, which may take a day;
/// `timeout` bounds the whole of it, the answer's body included.
///
/// A token that is bound to a key goes with a proof; where the API wants a nonce
/// in that, it did nothing (RFC 9449 section 9), and is asked again, once.
pub fn send(http: &Http, plan: Plan, timeout: Option<Duration>) -> Result<Answer, ApiError> {
    send_noting(http, plan, timeout, &mut |_| {}).map(Answer::new)
}

/// The same; `proofs` gets those that were sent.
pub(super) fn send_noting(
    http: &Http,
    plan: Plan,
    timeout: Option<Duration>,
    proofs: &mut dyn FnMut(Secret),
) -> Result<Response, ApiError> {
    if plan.binding.is_none() {
        return once(http, plan, timeout, proofs);
    }
    let url = plan.url.clone();
    let again = plan.body.is_replayable().then(|| plan.clone());
    let noted = |response: &Response| {
        let server = (url.expose(), ServerRole::Resource);
        let given = dpop::note_nonce(http, server, response.headers());
        let wanted = dpop::wants_nonce(response.status().as_u16(), response.headers());
        (wanted, given)
    };
    let response = once(http, plan, timeout, proofs)?;
    match (noted(&response), again) {
        ((false, _), _) => Ok(response),
        ((true, false), _) => Err(ApiError::Nonce("it gives none that can be sent back")),
        ((true, true), None) => Err(ApiError::NonceForStdin),
        ((true, true), Some(plan)) => {
            let response = once(http, plan, timeout, proofs)?;
            let (wanted, _) = noted(&response);
            if wanted {
                return Err(ApiError::Nonce("it takes none that it gave itself"));
            }
            Ok(response)
        }
    }
}

fn once(
    http: &Http,
    plan: Plan,
    timeout: Option<Duration>,
    proofs: &mut dyn FnMut(Secret),
) -> Result<Response, ApiError> {
    let host = http::host_of(plan.url.expose());
    tracing::info!(method = %plan.method, url = %plan.url, "request");
    let mut request = Request::new(plan.method, plan.url.expose().clone());
    *request.headers_mut() = plan.headers;
    let streams = matches!(plan.body, Body::File(_) | Body::Stdin);
    if let Some(binding) = &plan.binding {
        let proof = binding.prove(http, &mut request);
        proofs(proof.map_err(ApiError::Unproven)?);
    }
    *request.body_mut() = wire(plan.body)?;
    // The wait for the headers begins with the sending.
    *request.timeout_mut() = timeout.or(streams.then_some(LONGEST_UPLOAD));
    let client = http.client_as(plan.url.expose(), plan.identity.as_ref())?;
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
