//! The endpoints clients call themselves: token (RFC 6749, 3.2), revocation (RFC 7009) and
//! introspection (RFC 7662).
//!
//! Promises: every answer is `no-store`; a refused request changes nothing but what reuse demands.

use std::time::Instant;

use serde_json::{Value, json};

use super::client_auth::{client_of, confidential_client_of};
use super::dpop;
use super::grants::{Grant, Issued};
use super::machines;
use super::oauth::{Client, Form, OAuthError, parse_scopes, quoted};
use super::state::{Entry, State, loggable};
use super::wire::{Reply, Request};
use crate::connection::DEVICE_GRANT;

/// Answers `POST /token`.
pub fn token(state: &State, request: &Request, entry: &mut Entry) -> Reply {
    let outcome = read_form(request).and_then(|form| {
        entry.grant_type = form.get("grant_type").map(loggable);
        entry.client_id = form.get("client_id").map(loggable);
        let client = match request.header("authorization") {
            // What is shown speaks for itself where no client does.
            None if machines::goes_without_client(&form) => None,
            _ => Some(client_of(state, request, &form)?),
        };
        entry.client_id = client.map(|client| client.id.to_owned());
        let key = dpop::at_token(state, request, client, &form)?;
        let mut answer = match (machines::issue(state, &form), client) {
            (Some(issued), client) => {
                let (who, answer) = issued?;
                entry.client_id = Some(client.map_or(who, |client| client.id).to_owned());
                answer
            }
            (None, Some(client)) => exchange(state, client, &form)?,
            (None, None) => {
                return Err(OAuthError::new("invalid_client", "there is no client_id"));
            }
        };
        if let Some(key) = key {
            dpop::bind(state, &mut answer, &key);
        }
        Ok(answer)
    });
    dpop::with_nonce(state, request, answer(entry, outcome))
}

/// Answers `POST /revoke`.
pub fn revoke(state: &State, request: &Request, entry: &mut Entry) -> Reply {
    let outcome = read_form(request).and_then(|form| {
        let client = client_of(state, request, &form)?;
        entry.client_id = Some(client.id.to_owned());
        state.grants().revoke(client, form.require("token")?)?;
        Ok(json!({}))
    });
    answer(entry, outcome)
}

/// Answers `POST /introspect`; only a confidential client may ask, about any client's tokens.
pub fn introspect(state: &State, request: &Request, entry: &mut Entry) -> Reply {
    let outcome = read_form(request).and_then(|form| {
        let client = confidential_client_of(state, request, &form)?;
        entry.client_id = Some(client.id.to_owned());
        let token = form.require("token")?;
        let live = state.grants().live(token, Instant::now());
        let key = state.grants().key_of(token);
        Ok(live.map_or_else(
            || json!({ "active": false }),
            |live| {
                json!({
                    "active": true,
                    "cnf": key.map(|key| json!({ "jkt": key })),
                    "client_id": live.grant.client.id,
                    "username": super::api::login(&live.grant),
                    "scope": live.scopes.join(" "),
                    "token_type": if live.refresh { "refresh_token" } else { "Bearer" },
                    "iss": state.issuer,
                })
            },
        ))
    });
    answer(entry, outcome)
}

/// The answer of an endpoint that clients call themselves, noted in the log.
pub fn answer(entry: &mut Entry, outcome: Result<Value, OAuthError>) -> Reply {
    match outcome {
        Ok(body) => Reply::json(200, &body)
            .with("Cache-Control", "no-store")
            .with("Pragma", "no-cache"),
        Err(error) => {
            entry.error = Some(error.error);
            error.reply()
        }
    }
}

/// The form that such a request must be.
pub fn read_form(request: &Request) -> Result<Form, OAuthError> {
    let media_type = request.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(OAuthError::new(
            "invalid_request",
            "the body must be application/x-www-form-urlencoded",
        ));
    }
    let form = Form::parse(&request.body);
    form.check_unrepeated()?;
    Ok(form)
}

fn exchange(state: &State, client: &'static Client, form: &Form) -> Result<Value, OAuthError> {
    let (ttl, now) = (state.token_ttl(), Instant::now());
    let issued = match form.require("grant_type")? {
        "authorization_code" => {
            let shown = (
                form.require("code")?,
                form.require("redirect_uri")?,
                code_verifier(form)?,
            );
            state.grants().redeem(client, shown, ttl, now)
        }
        "refresh_token" => {
            let value = form.require("refresh_token")?;
            let narrowed = form.get("scope");
            let narrowed = narrowed
                .map(|scope| parse_scopes(Some(scope)))
                .transpose()?;
            state.grants().rotate(client, value, narrowed, ttl, now)
        }
        "client_credentials" if client.is_public() => Err(OAuthError::new(
            "unauthorized_client",
            "a public client has no credentials to be granted anything for",
        )),
        "client_credentials" => {
            let scopes = parse_scopes(form.get("scope"))?;
            let grant = Grant::new(client, scopes.clone(), false);
            Ok(state.grants().issue(&grant, scopes, ttl, now))
        }
        DEVICE_GRANT => {
            let code = form.require("device_code")?;
            let scopes = state.devices().poll(client, code, now)?;
            let grant = Grant::new(client, scopes.clone(), true);
            Ok(state.grants().issue(&grant, scopes, ttl, now))
        }
        "password" => {
            let scopes = parse_scopes(form.get("scope"))?;
            machines::check_password(form)?;
            let grant = Grant::new(client, scopes.clone(), true);
            Ok(state.grants().issue(&grant, scopes, ttl, now))
        }
        other => Err(OAuthError::new(
            "unsupported_grant_type",
            format!("{} is not granted here", quoted(other)),
        )),
    }?;
    Ok(token_answer(&issued, ttl.as_secs()))
}

/// The verifier, if it is one by RFC 7636, 4.1: 43 to 128 unreserved characters.
fn code_verifier(form: &Form) -> Result<&str, OAuthError> {
    let verifier = form.require("code_verifier")?;
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved) {
        Ok(verifier)
    } else {
        Err(OAuthError::new(
            "invalid_request",
            "code_verifier must have 43 to 128 unreserved characters",
        ))
    }
}

pub(super) fn token_answer(issued: &Issued, expires_in: u64) -> Value {
    let mut answer = json!({
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": expires_in,
        "scope": issued.scopes.join(" "),
    });
    if let Some(refresh_token) = &issued.refresh_token {
        answer["refresh_token"] = json!(refresh_token);
    }
    answer
}
