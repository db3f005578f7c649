//! Sending a plan. The answer is handed on unread, so that bodies stream.

use std::time::{Duration, Instant};

use reqwest::blocking::{Request, Response};

use super::{Answer, ApiError, Body, Limits, Plan, coding, verbose};
use crate::grant::dpop;
use crate::http::{self, Http, Identity, ServerRole};
use crate::secret::Secret;

/// How long a body that is streamed may take to be sent, while it moves.
const LONGEST_UPLOAD: Duration = Duration::from_secs(24 * 60 * 60);

/// Sends a request and returns as soon as the answer's headers are there. Each
/// wait is bounded, and `limits` bound the whole of it, the answer's body
/// included.
///
/// A token that is bound to a key goes with a proof; where the API wants a nonce
/// in that, it did nothing (RFC 9449 section 9), and is asked again, once.
/// `secrets` are what the request carries: they are shown to nobody.
pub fn send(
    http: &Http,
    mut plan: Plan,
    limits: Limits,
    secrets: &[Secret],
) -> Result<Answer, ApiError> {
    let mut sent = secrets.to_vec();
    coding::ask(&mut plan.headers);
    send_noting(http, plan, limits, &mut sent)
        .map(|response| Answer::new(response, limits.deadline))
}

/// The same; the proofs that were sent are added to the secrets.
pub(super) fn send_noting(
    http: &Http,
    plan: Plan,
    limits: Limits,
    secrets: &mut Vec<Secret>,
) -> Result<Response, ApiError> {
    if plan.binding.is_none() {
        return once(http, plan, limits, secrets);
    }
    let url = plan.url.clone();
    let again = plan.body.is_replayable().then(|| plan.clone());
    let noted = |response: &Response| {
        let server = (url.expose(), ServerRole::Resource);
        let given = dpop::note_nonce(http, server, response.headers());
        let wanted = dpop::wants_nonce(response.status().as_u16(), response.headers());
        (wanted, given)
    };
    let response = once(http, plan, limits, secrets)?;
    match (noted(&response), again) {
        ((false, _), _) => Ok(response),
        ((true, false), _) => Err(ApiError::Nonce("it gives none that can be sent back")),
        ((true, true), None) => Err(ApiError::NonceForStdin),
        ((true, true), Some(plan)) => {
            let response = once(http, plan, limits, secrets)?;
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
    limits: Limits,
    secrets: &mut Vec<Secret>,
) -> Result<Response, ApiError> {
    late(limits)?;
    verbose::request(&plan, secrets);
    let mut request = Request::new(plan.method, plan.url.expose().clone());
    *request.headers_mut() = plan.headers;
    if let Some(binding) = &plan.binding {
        let proof = binding.prove(http, &mut request);
        secrets.push(proof.map_err(ApiError::Unproven)?);
    }
    let began = Instant::now();
    let response = sent(http, request, plan.body, plan.identity.as_ref(), limits);
    // What was cut off by the deadline says so, whatever it was doing.
    let response = response.map_err(|error| late(limits).err().unwrap_or(error))?;
    verbose::answer(&response, began.elapsed(), secrets);
    Ok(response)
}

fn sent(
    http: &Http,
    mut request: Request,
    body: Body,
    identity: Option<&Identity>,
    limits: Limits,
) -> Result<Response, ApiError> {
    let timeout = limits.shortest();
    if let Body::Stream(stream) = body {
        let wire = stream.wire()?;
        // The wait for the headers begins with the sending.
        let patience = timeout.unwrap_or(LONGEST_UPLOAD);
        let sent = http.upload(&request, wire.reader, wire.length, identity, patience);
        wire.progress.finish();
        return sent.map_err(|error| wire.fault.take().unwrap_or(error.into()));
    }
    if let Body::Bytes(bytes) = body {
        *request.body_mut() = Some(bytes.into());
    }
    *request.timeout_mut() = timeout;
    let host = http.peer(request.url());
    let client = http.client_to_api(request.url(), identity)?;
    let response = client.execute(request);
    response.map_err(|error| http::explain(&error, &host).into())
}

fn late(limits: Limits) -> Result<(), ApiError> {
    match limits.deadline {
        Some(deadline) if deadline.has_passed() => Err(ApiError::TooLate(deadline.whole())),
        _ => Ok(()),
    }
}
