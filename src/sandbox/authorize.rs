//! The authorization endpoint: what a person's browser sees (RFC 6749, 4.1; RFC 7636; RFC 9207;
//! OAuth 2.0 Form Post Response Mode).
//!
//! Promises: nothing is redirected to a place that is not a loopback callback (RFC 8252, 7.3), not
//! even an error; each consent page answers once; every redirect back carries `state` and `iss`.

use std::time::Instant;

use url::form_urlencoded;

use super::grants::Consent;
use super::oauth::{Client, Form, OAuthError, Scopes, client, parse_scopes, quoted};
use super::page;
use super::push;
use super::state::{Entry, Pending, State};
use super::wire::{Reply, Request};

/// Answers `GET /authorize`.
pub fn ask(state: &State, request: &Request, entry: &mut Entry) -> Reply {
    let mut refuse = |why: String| {
        entry.error = Some("invalid_request");
        page::problem(400, &why)
    };
    let form = match push::resolve(state, Form::parse(request.query.as_bytes())) {
        Ok(form) => form,
        Err(why) => return refuse(why),
    };
    let (client, redirect_uri) = match addressee(&form) {
        Ok(addressee) => addressee,
        Err(why) => return refuse(why),
    };
    let as_form = form.get("response_mode") == Some("form_post");
    entry.client_id = Some(client.id.to_owned());
    let client_state = form.get("state").map(str::to_owned);
    match consent_asked(&form) {
        Err(error) => {
            entry.error = Some(error.error);
            let parameters = [
                ("error", error.error),
                ("error_description", &error.description),
            ];
            let status = if as_form { 200 } else { 302 };
            answer(
                status,
                state,
                redirect_uri,
                client_state.as_deref(),
                &parameters,
            )
        }
        Ok((challenge, scopes)) => {
            let consent = Consent {
                client,
                scopes: scopes.clone(),
                redirect_uri: redirect_uri.to_owned(),
                challenge: challenge.to_owned(),
                key: form.get("dpop_jkt").map(str::to_owned),
            };
            match state.await_consent(Pending::new(consent, client_state, as_form)) {
                Some(id) => page::consent(client, "/authorize", &scopes, redirect_uri, &id),
                None => page::problem(503, "Too many authorization requests wait for an answer."),
            }
        }
    }
}

/// Answers `POST /authorize`: the person's Allow or Deny.
pub fn decide(state: &State, request: &Request, entry: &mut Entry) -> Reply {
    let form = Form::parse(&request.body);
    let decision = form.get("decision");
    if !matches!(decision, Some("allow" | "deny")) {
        entry.error = Some("invalid_request");
        return page::problem(400, "The form says neither Allow nor Deny.");
    }
    let waiting = form
        .get("request_id")
        .and_then(|id| state.answer_consent(id));
    let Some(Pending {
        consent,
        state: client_state,
        as_form,
        ..
    }) = waiting
    else {
        entry.error = Some("invalid_request");
        return page::problem(400, "This request was answered before, or has expired.");
    };
    entry.client_id = Some(consent.client.id.to_owned());
    let redirect_uri = consent.redirect_uri.clone();
    let client_state = client_state.as_deref();
    let status = if as_form { 200 } else { 303 };
    if decision == Some("allow") {
        let code = state.grants().new_code(consent, Instant::now());
        answer(
            status,
            state,
            &redirect_uri,
            client_state,
            &[("code", &code)],
        )
    } else {
        entry.error = Some("access_denied");
        let parameters = [
            ("error", "access_denied"),
            ("error_description", "the person said no"),
        ];
        answer(status, state, &redirect_uri, client_state, &parameters)
    }
}

/// Who asks and where the answer goes; while that is in doubt nothing may be redirected
/// (RFC 6749, 4.1.2.1).
pub fn addressee(form: &Form) -> Result<(&'static Client, &str), String> {
    if let Some(name @ ("client_id" | "redirect_uri")) = form.repeated() {
        return Err(format!("{name} was sent more than once."));
    }
    let id = form.get("client_id").ok_or("client_id is missing.")?;
    let client = client(id).ok_or_else(|| format!("{} is no client here.", quoted(id)))?;
    let redirect_uri = form.get("redirect_uri").ok_or("redirect_uri is missing.")?;
    if !is_loopback_callback(redirect_uri) {
        return Err(format!(
            "{} is not registered as redirect_uri. \
             Registered is http://127.0.0.1/callback, also with localhost or [::1], on any port.",
            quoted(redirect_uri)
        ));
    }
    Ok((client, redirect_uri))
}

/// Whether this is `http://<loopback>[:port]/callback`, written exactly so (RFC 8252, 7.3).
pub fn is_loopback_callback(uri: &str) -> bool {
    let Some(authority) = uri
        .strip_prefix("http://")
        .and_then(|rest| rest.strip_suffix("/callback"))
    else {
        return false;
    };
    ["127.0.0.1", "[::1]", "localhost"].iter().any(|host| {
        authority.strip_prefix(host).is_some_and(|port| {
            port.is_empty()
                || port.strip_prefix(':').is_some_and(|port| {
                    port.bytes().all(|byte| byte.is_ascii_digit())
                        && port.parse::<u16>().is_ok_and(|port| port != 0)
                })
        })
    })
}

/// What a person would be asked for: the challenge and the scopes, or why not.
pub fn consent_asked(form: &Form) -> Result<(&str, Scopes), OAuthError> {
    let invalid = |description: &str| OAuthError::new("invalid_request", description);
    form.check_unrepeated()?;
    match form.require("response_type")? {
        "code" => {}
        other => {
            return Err(OAuthError::new(
                "unsupported_response_type",
                format!("{} is not supported, only 'code' is", quoted(other)),
            ));
        }
    }
    if !matches!(
        form.get("response_mode"),
        None | Some("query" | "form_post")
    ) {
        return Err(invalid("response_mode must be query or form_post"));
    }
    let challenge = form
        .get("code_challenge")
        .ok_or_else(|| invalid("PKCE is required, code_challenge is missing"))?;
    if form.get("code_challenge_method") != Some("S256") {
        return Err(invalid("code_challenge_method must be S256"));
    }
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if challenge.len() != 43 || !challenge.bytes().all(base64url) {
        return Err(invalid(
            "code_challenge is no S256 challenge of 43 characters",
        ));
    }
    Ok((challenge, parse_scopes(form.get("scope"))?))
}

/// The answer to the client: with the status 200 as a form that the browser sends, else as a
/// redirect.
fn answer(
    status: u16,
    state: &State,
    redirect_uri: &str,
    client_state: Option<&str>,
    parameters: &[(&str, &str)],
) -> Reply {
    if status != 200 {
        return send_back(status, state, redirect_uri, client_state, parameters);
    }
    let own = [("state", client_state), ("iss", Some(&*state.issuer))];
    let own = own.into_iter();
    let own = own.filter_map(|(name, value)| Some((name, value?)));
    let pairs: Vec<_> = parameters.iter().copied().chain(own).collect();
    page::answer(redirect_uri, &pairs)
}

/// The redirect back to the client, with `state` and `iss` (RFC 6749, 4.1.2; RFC 9207).
pub fn send_back(
    status: u16,
    state: &State,
    redirect_uri: &str,
    client_state: Option<&str>,
    parameters: &[(&str, &str)],
) -> Reply {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    if let Some(client_state) = client_state {
        query.append_pair("state", client_state);
    }
    query.append_pair("iss", &state.issuer);
    let location = format!("{redirect_uri}?{}", query.finish());
    Reply::new(
        status,
        "text/plain; charset=utf-8",
        "Back to the application.\n",
    )
    .with("Location", location)
    .with("Cache-Control", "no-store")
    .with("Referrer-Policy", "no-referrer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_callbacks_are_redirect_uris() {
        for good in [
            "http://127.0.0.1/callback",
            "http://127.0.0.1:1/callback",
            "http://127.0.0.1:65535/callback",
            "http://[::1]:8080/callback",
            "http://localhost:49152/callback",
        ] {
            assert!(is_loopback_callback(good), "{good}");
        }
        for bad in [
            "",
            "/callback",
            "https://127.0.0.1/callback",
            "http://127.0.0.1",
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:+80/callback",
            "http://127.0.0.1:80/callback/",
            "http://127.0.0.1:80/callback?a=b",
            "http://127.0.0.1:80/callback#x",
            "http://127.0.0.1:80/x/../callback",
            "http://user@127.0.0.1/callback",
            "http://127.0.0.1@evil.example/callback",
            "http://127.0.0.1.evil.example/callback",
            "http://localhost.evil.example:80/callback",
            "http://evil.example/callback",
            "http://127.0.0.2/callback",
            "http://::1/callback",
            "HTTP://LOCALHOST/callback",
            "http://127.0.0.1\\callback",
        ] {
            assert!(!is_loopback_callback(bad), "{bad}");
        }
    }
}
