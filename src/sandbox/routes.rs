//! Which request goes where, and what is noted of it.
//!
//! Promises: a request with a foreign `Host` is refused before anything else, so a name rebound to
//! loopback reaches nothing; scripted answers come before the real ones; every request but the
//! control ones is logged, before its answer leaves. Metadata: RFC 8414, section 2.

use std::thread;

use serde_json::{Value, json};

use super::oauth::{CLIENTS, Form, SCOPES};
use super::state::{Entry, State, loggable};
use super::wire::{Reply, Request};
use super::{api, authorize, control, device, dpop, machines, push, quirks, token};
use crate::connection::DEVICE_GRANT;

/// Answers one request.
pub fn answer(state: &State, request: &Request) -> Reply {
    let mut entry = Entry::new(&request.method, &request.path);
    if !host_is_loopback(request) {
        let reply = Reply::json(421, &json!({ "error": "this Host is not served here" }));
        entry.status = reply.status;
        state.record(entry);
        return reply;
    }
    if request.path.starts_with("/sandbox/") {
        return control::answer(state, request);
    }
    let reply = match state.take_answer(&request.path) {
        Some(reply) => {
            note_form(request, &mut entry);
            reply
        }
        None => route(state, request, &mut entry),
    };
    entry.status = reply.status;
    state.record(entry);
    if request.path == "/token" {
        thread::sleep(state.latency());
    }
    reply
}

fn host_is_loopback(request: &Request) -> bool {
    let mut hosts = request.headers.iter().filter(|(name, _)| name == "host");
    let host = hosts.next().map(|(_, value)| value.as_str());
    let single = hosts.all(|(_, other)| Some(other.as_str()) == host);
    single && host.is_some_and(names_loopback)
}

fn names_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name == "127.0.0.1" || name == "[::1]" || name.eq_ignore_ascii_case("localhost")
}

fn note_form(request: &Request, entry: &mut Entry) {
    let form = Form::parse(&request.body);
    entry.grant_type = form.get("grant_type").map(loggable);
    entry.client_id = form.get("client_id").map(loggable);
}

fn route(state: &State, request: &Request, entry: &mut Entry) -> Reply {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET" | "HEAD", "/") => Reply::json(200, &welcome(state)),
        (
            "GET" | "HEAD",
            "/.well-known/oauth-authorization-server" | "/.well-known/openid-configuration",
        ) => Reply::json(200, &metadata(state)),
        ("GET", "/authorize") => authorize::ask(state, request, entry),
        ("POST", "/authorize") => authorize::decide(state, request, entry),
        ("POST", "/device_authorization") => device::begin(state, request, entry),
        ("GET", "/device") => device::ask(state, request, entry),
        ("POST", "/device") => device::decide(state, request, entry),
        ("POST", "/token") => token::token(state, request, entry),
        ("POST", "/revoke") => token::revoke(state, request, entry),
        ("POST", "/introspect") => token::introspect(state, request, entry),
        ("GET", machines::RUNNER) => machines::id_token(state, request, entry),
        ("POST", "/par") => push::push(state, request, entry),
        (_, "/token" | "/revoke" | "/introspect" | "/par" | "/device_authorization") => {
            not_allowed("POST")
        }
        (_, "/authorize" | "/device") => not_allowed("GET, POST"),
        (_, path) if state.with_quirks && path.starts_with(quirks::PREFIX) => {
            quirks::answer(state, request, entry)
        }
        (_, path) if api::owns(path) => {
            dpop::with_nonce(state, request, api::answer(state, request, entry))
        }
        _ => Reply::json(
            404,
            &json!({ "error": "there is nothing here", "see": "/" }),
        ),
    }
}

fn not_allowed(allow: &str) -> Reply {
    Reply::json(405, &json!({ "error": "method not allowed" })).with("Allow", allow)
}

fn welcome(state: &State) -> Value {
    let issuer = &state.issuer;
    let mut welcome = json!({
        "what": "hallpass sandbox: an OAuth 2.0 provider and API to try things on, nothing is real",
        "metadata": format!("{issuer}/.well-known/oauth-authorization-server"),
        "clients": CLIENTS.iter().map(|client| client.id).collect::<Vec<_>>(),
        "api": ["/me", "/echo", "/status/{code}", "/bytes/{n}", "/items", "/items/cursor"],
        "control": ["/sandbox/control", "/sandbox/log"],
        "definitions": "hallpass sandbox --print-config",
    });
    if state.with_quirks {
        welcome["quirks"] = quirks::list();
        welcome["definitions"] = json!("hallpass sandbox --quirks --print-config");
    }
    welcome
}

fn metadata(state: &State) -> Value {
    let issuer = &state.issuer;
    let at = |path: &str| format!("{issuer}{path}");
    let ways = [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "none",
    ];
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "device_authorization_endpoint": at("/device_authorization"),
        "token_endpoint": at("/token"),
        "revocation_endpoint": at("/revoke"),
        "introspection_endpoint": at("/introspect"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "pushed_authorization_request_endpoint": at("/par"),
        "require_pushed_authorization_requests": state.demands_push(),
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "password",
            DEVICE_GRANT,
            machines::JWT_BEARER,
            machines::TOKEN_EXCHANGE,
        ],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": SCOPES.iter().map(|(scope, _)| scope).collect::<Vec<_>>(),
        "token_endpoint_auth_methods_supported": ways,
        "revocation_endpoint_auth_methods_supported": ways,
        "introspection_endpoint_auth_methods_supported": &ways[..3],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": true,
        "dpop_signing_alg_values_supported": dpop::ALGORITHMS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_hosts() {
        for good in [
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost:1",
            "LOCALHOST",
            "[::1]",
            "[::1]:9",
        ] {
            assert!(names_loopback(good), "{good}");
        }
        for bad in [
            "",
            ":80",
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.:1",
            "::1",
            "127.0.0.1:80@evil.example",
            "127.0.0.1:x",
        ] {
            assert!(!names_loopback(bad), "{bad}");
        }
    }
}
