//! The API the tokens are for: who am I, an echo, any status, so many bytes, a list in pages (`items`).
//!
//! Promises: nothing without a live token, one that is bound to a key only with a proof of it, and a refusal as RFC 6750, section 3 wants it;
//! `/bytes` is made while it is sent, in constant memory.

use std::time::Instant;

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::dpop::{self, Fault};
use super::grants::{Grant, Live};
use super::items;
use super::state::{Entry, State};
use super::wire::{Body, Reply, Request};

/// Whether a path belongs to the API.
pub fn owns(path: &str) -> bool {
    path == "/me"
        || path == "/echo"
        || path == "/items"
        || path == "/items/cursor"
        || ["/echo/", "/status/", "/bytes/"]
            .iter()
            .any(|prefix| path.starts_with(prefix))
}

/// Answers a request to a path the API owns.
pub fn answer(state: &State, request: &Request, entry: &mut Entry) -> Reply {
    let Some((scheme, token)) = shown(request) else {
        return unauthorized(entry, None);
    };
    let proved = match dpop::proved(state, request, Some(token)) {
        Ok(proved) => proved,
        Err(fault) => return unproven(entry, &fault),
    };
    let live = state.grants().live(token, Instant::now());
    let Some(live) = live.filter(|live| !live.refresh) else {
        return unauthorized(
            entry,
            Some("the access token is unknown, expired or revoked"),
        );
    };
    let bound = state.grants().key_of(token);
    if bound.is_some() && (bound != proved || scheme == Scheme::Bearer) {
        let why = "the access token is bound to a key that was not proved";
        return unproven(entry, &Fault::Proof(why));
    }
    if bound.is_none() && scheme == Scheme::Dpop {
        return unauthorized(entry, Some("the access token is a bearer's"));
    }
    entry.client_id = Some(live.grant.client.id.to_owned());
    if request.path == "/me" {
        return match request.method.as_str() {
            "GET" | "HEAD" => Reply::json(200, &me(&live)),
            _ => Reply::json(405, &json!({ "error": "method not allowed" })).with("Allow", "GET"),
        };
    }
    if request.path.starts_with("/items") {
        return items::answer(&state.issuer, request);
    }
    if let Some(code) = request.path.strip_prefix("/status/") {
        return match code.parse() {
            Ok(code @ 200..=599) => Reply::json(code, &json!({ "status": code })),
            _ => Reply::json(
                404,
                &json!({ "error": "a status is a number from 200 to 599" }),
            ),
        };
    }
    if let Some(count) = request.path.strip_prefix("/bytes/") {
        return match count.parse() {
            Ok(count) => Reply {
                status: 200,
                headers: vec![(
                    "Content-Type".to_owned(),
                    "application/octet-stream".to_owned(),
                )],
                body: Body::Filler(count),
            },
            Err(_) => Reply::json(404, &json!({ "error": "that is no number of bytes" })),
        };
    }
    Reply::json(200, &echo(request))
}

/// How a token is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449, 7.1.
    Dpop,
}

fn shown(request: &Request) -> Option<(Scheme, &str)> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    let schemes = [("bearer", Scheme::Bearer), ("dpop", Scheme::Dpop)];
    let known = schemes
        .iter()
        .find(|(known, _)| scheme.eq_ignore_ascii_case(known));
    known.map(|(_, scheme)| (*scheme, token.trim()))
}

/// A 401 for a proof that is not taken (RFC 9449, 7.1 and 9).
fn unproven(entry: &mut Entry, fault: &Fault) -> Reply {
    let (code, why) = (fault.code(), fault.why());
    entry.error = Some(code);
    let challenge =
        format!(r#"DPoP error="{code}", error_description="{why}", algs="ES256 EdDSA""#);
    let body = json!({ "error": code, "error_description": why });
    Reply::json(401, &body).with("WWW-Authenticate", challenge)
}

/// A 401; without a reason no token was shown, and then no error code is given (RFC 6750, 3.1).
fn unauthorized(entry: &mut Entry, why: Option<&str>) -> Reply {
    const REALM: &str = r#"Bearer realm="hallpass sandbox""#;
    entry.error = Some("invalid_token");
    let challenge = why.map_or(REALM.to_owned(), |why| {
        format!(r#"{REALM}, error="invalid_token", error_description="{why}""#)
    });
    let body = json!({
        "error": "invalid_token",
        "error_description": why.unwrap_or("no bearer token was sent"),
    });
    Reply::json(401, &body).with("WWW-Authenticate", challenge)
}

/// The login a grant acts as: the person's, or the client's own.
pub fn login(grant: &Grant) -> &'static str {
    if grant.person {
        "sandbox-user"
    } else {
        grant.client.id
    }
}

fn me(live: &Live) -> Value {
    let login = login(&live.grant);
    let (id, name, email) = if live.grant.person {
        (1, "Sandbox User", Some("sandbox-user@sandbox.invalid"))
    } else {
        (2, live.grant.client.name, None)
    };
    json!({
        "id": id,
        "login": login,
        "name": name,
        "email": email,
        "client_id": live.grant.client.id,
        "scopes": live.scopes,
    })
}

fn echo(request: &Request) -> Value {
    let mut headers = Map::new();
    for (name, value) in &request.headers {
        let value = match headers.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.clone(),
        };
        headers.insert(name.clone(), Value::String(value));
    }
    let query: Vec<_> = form_urlencoded::parse(request.query.as_bytes()).collect();
    json!({
        "method": request.method,
        "path": request.path,
        "query": query,
        "headers": headers,
        "body": String::from_utf8_lossy(&request.body),
    })
}
