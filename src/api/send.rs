//! Sending a plan. The answer is handed on unread, so that bodies stream.

use std::fs::File;
use std::time::{Duration, Instant};

use reqwest::blocking::{Body as WireBody, Request, Response};

use super::upload::{self, Pulse, Trouble};
use super::{Answer, ApiError, Body, Limits, Plan, verbose};
use crate::grant::dpop;
use crate::http::{self, Http, HttpError, ServerRole};
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
    plan: Plan,
    limits: Limits,
    secrets: &[Secret],
) -> Result<Answer, ApiError> {
    let mut sent = secrets.to_vec();
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
    let host = http::host_of(plan.url.expose());
    verbose::request(&plan, secrets);
    let mut request = Request::new(plan.method, plan.url.expose().clone());
    *request.headers_mut() = plan.headers;
    let streams = matches!(plan.body, Body::File(_) | Body::Stdin);
    if let Some(binding) = &plan.binding {
        let proof = binding.prove(http, &mut request);
        secrets.push(proof.map_err(ApiError::Unproven)?);
    }
    let pulse = Pulse::new();
    *request.body_mut() = wire(plan.body, &pulse)?;
    // The wait for the headers begins with the sending.
    *request.timeout_mut() = limits.shortest().or(streams.then_some(LONGEST_UPLOAD));
    let client = http.client_as(plan.url.expose(), plan.identity.as_ref())?;
    let began = Instant::now();
    let executed = if streams {
        upload::execute(client, request, &pulse, limits.deadline, upload::STALL)
    } else {
        client.execute(request).map_err(Trouble::Client)
    };
    let response = executed.map_err(|trouble| {
        let error = match trouble {
            Trouble::Client(error) => http::explain(&error, &host),
            Trouble::Late => HttpError::Timeout { host },
        };
        // What was cut off by the deadline says so, whatever it was doing.
        late(limits).err().unwrap_or(ApiError::Http(error))
    })?;
    verbose::answer(&response, began.elapsed(), secrets);
    Ok(response)
}

fn late(limits: Limits) -> Result<(), ApiError> {
    match limits.deadline {
        Some(deadline) if deadline.has_passed() => Err(ApiError::TooLate(deadline.whole())),
        _ => Ok(()),
    }
}

fn wire(body: Body, pulse: &Pulse) -> Result<Option<WireBody>, ApiError> {
    Ok(match body {
        Body::None => None,
        Body::Bytes(bytes) => Some(bytes.into()),
        Body::Stdin => Some(WireBody::new(pulse.of(std::io::stdin()))),
        Body::File(path) => {
            let opened = File::open(&path).and_then(|file| Ok((file.metadata()?, file)));
            match opened {
                // A pipe has no length that could be told beforehand.
                Ok((meta, file)) if meta.is_file() => {
                    Some(WireBody::sized(pulse.of(file), meta.len()))
                }
                Ok((_, file)) => Some(WireBody::new(pulse.of(file))),
                Err(source) => return Err(ApiError::Body { path, source }),
            }
        }
    })
}
