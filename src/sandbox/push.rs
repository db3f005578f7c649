//! The pushed authorization request endpoint (RFC 9126): a client brings the parameters itself, and
//! the browser comes with a reference to them.
//!
//! Promises: the client authenticates as at the token endpoint; a request that `/authorize` would
//! refuse is refused here; a reference serves its own client, once, for as long as it says. A key
//! that is proved here is the one that the code is bound to (RFC 9449, 10.1).

use std::time::Instant;

use serde_json::json;

use super::authorize::{addressee, consent_asked};
use super::client_auth::client_of;
use super::dpop;
use super::oauth::{Form, OAuthError};
use super::state::{Entry, State};
use super::token::read_form;
use super::wire::{Reply, Request};

/// A request that was pushed and waits for its browser.
pub struct Pushed {
    /// Its parameters.
    pub form: Form,
    /// When its reference ends.
    pub until: Instant,
}

/// Answers `POST /par`.
pub fn push(state: &State, request: &Request, entry: &mut Entry) -> Reply {
    let outcome = read_form(request).and_then(|form| {
        let client = client_of(state, request, &form)?;
        entry.client_id = Some(client.id.to_owned());
        let invalid = |why: &str| OAuthError::new("invalid_request", why);
        if form.get("request_uri").is_some() {
            return Err(invalid("request_uri has no place in a pushed request"));
        }
        if form.require("client_id")? != client.id {
            return Err(invalid("client_id is not the client that pushes"));
        }
        addressee(&form).map_err(|why| invalid(why.trim_end_matches('.')))?;
        consent_asked(&form)?;
        let form = bound(state, request, form)?;
        let ttl = state.pushed_ttl();
        let until = Instant::now() + ttl;
        let uri = state.keep_pushed(Pushed { form, until });
        uri.map(|uri| (uri, ttl))
            .ok_or_else(|| invalid("too many pushed requests wait"))
    });
    let reply = match outcome {
        Ok((uri, ttl)) => {
            let body = json!({ "request_uri": uri, "expires_in": ttl.as_secs() });
            Reply::json(201, &body).with("Cache-Control", "no-store")
        }
        Err(error) => {
            entry.error = Some(error.error);
            error.reply()
        }
    };
    dpop::with_nonce(state, request, reply)
}

/// The request, bound to the key that was proved with it, which has to be the one it names.
fn bound(state: &State, request: &Request, form: Form) -> Result<Form, OAuthError> {
    let proved = dpop::proved(state, request, None)
        .map_err(|fault| OAuthError::new(fault.code(), fault.why()))?;
    match (proved, form.get("dpop_jkt")) {
        (None, _) => Ok(form),
        (Some(key), Some(named)) if key == named => Ok(form),
        (Some(_), Some(_)) => Err(OAuthError::new(
            "invalid_dpop_proof",
            "dpop_jkt names another key than the one that was proved",
        )),
        (Some(key), None) => Ok(form.with("dpop_jkt", key)),
    }
}

/// The parameters of an authorization request: those that were pushed, where it refers to such.
/// The error is a sentence for the person's page.
pub fn resolve(state: &State, form: Form) -> Result<Form, String> {
    let Some(uri) = form.get("request_uri") else {
        if state.demands_push() {
            return Err("Authorization requests must be pushed here (RFC 9126).".to_owned());
        }
        return Ok(form);
    };
    let pushed = state.take_pushed(uri);
    let pushed = pushed.filter(|pushed| pushed.until > Instant::now());
    match pushed {
        Some(Pushed { form: own, .. }) if own.get("client_id") == form.get("client_id") => Ok(own),
        Some(_) => Err("The request_uri was given to another client.".to_owned()),
        None => Err("The request_uri is unknown, was used before, or has expired.".to_owned()),
    }
}
