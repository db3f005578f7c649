//! Credentials that no OAuth grant gives: a session for a PUT, a session in two steps, an
//! installation's token for a signed JWT.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::oauth::{Form, OAuthError};
use super::super::state::Entry;
use super::super::wire::Reply;
use super::client::{CLIENT, CLIENT_SECRET};
use super::ledger::{Family, Issued};
use super::{Call, expected, jwt, sent, token};
use crate::clock::Timestamp;

/// The one installation of the signed app.
const INSTALLATION: &str = "/app/installations/4711/access_tokens";
/// The person of the login in two steps.
const PERSON: (&str, &str) = ("quirk-user", "sbx_password_not_real");

/// Answers `…/session`: PUT, with the application's id and secret and an option in nested JSON.
pub fn session(call: &Call<'_>, entry: &mut Entry) -> Reply {
    let outcome = wants(call, "PUT").and_then(|()| {
        let body = sent::json(call.request)?;
        let wanted = json!({
            "app_id": CLIENT.id,
            "app_secret": CLIENT_SECRET,
            "options": { "never_expires": false, "devices": 1 },
        });
        if body != wanted {
            return Err(expected(
                "the body must be {app_id, app_secret, options: {never_expires: false, \
                 devices: 1}} and nothing else",
            ));
        }
        let issued = issue(call);
        let life = issued.life.as_secs();
        Ok(json!({ "session": { "token": issued.access_token, "expires_in": life } }))
    });
    answer(entry, 200, outcome)
}

/// Answers `…/login`: a form with user and password gives a ticket.
pub fn login(call: &Call<'_>, entry: &mut Entry) -> Reply {
    let outcome = wants(call, "POST").and_then(|()| {
        let form: Form = sent::params(call)?;
        let (user, password) = (form.require("username")?, form.require("password")?);
        if (user, password) != PERSON {
            return Err(OAuthError::new(
                "invalid_grant",
                "user or password is wrong",
            ));
        }
        if form.get("grant_type").is_some() || form.get("client_id").is_some() {
            return Err(expected("a login takes username and password alone"));
        }
        Ok(json!({ "result": [{ "ticket": call.ledger().ticket() }] }))
    });
    answer(entry, 200, outcome)
}

/// Answers `…/trade`: JSON with the ticket gives a session token, once.
pub fn trade(call: &Call<'_>, entry: &mut Entry) -> Reply {
    let outcome = wants(call, "POST").and_then(|()| {
        let body = sent::json(call.request)?;
        if body["remember"] != Value::Bool(false) {
            return Err(expected("'remember' must be false, the JSON boolean"));
        }
        let ticket = body["ticket"].as_str().unwrap_or_default();
        if !call.ledger().trade(ticket) {
            let why = "the ticket is unknown, or was traded before";
            return Err(OAuthError::new("invalid_grant", why));
        }
        Ok(json!({ "session_id": issue(call).access_token }))
    });
    answer(entry, 200, outcome)
}

/// Answers `…/app/installations/ID/access_tokens`.
pub fn app(call: &Call<'_>, entry: &mut Entry) -> Reply {
    if call.path != INSTALLATION {
        let error = expected(format!("the one installation is {INSTALLATION}"));
        return answer(entry, 404, Err(error));
    }
    let outcome = wants(call, "POST").and_then(|()| {
        let header = call.request.header("authorization").unwrap_or_default();
        let signed = header
            .strip_prefix("Bearer ")
            .ok_or_else(|| expected("show a signed JWT as Authorization: Bearer …"))?;
        jwt::verify(signed, CLIENT.id)?;
        let issued = issue(call);
        let end = Timestamp::now().after(issued.life).to_string();
        Ok(json!({ "token": issued.access_token, "expires_at": end }))
    });
    answer(entry, 201, outcome)
}

fn wants(call: &Call<'_>, method: &str) -> Result<(), OAuthError> {
    if call.request.method != method {
        return Err(expected(format!("call this with {method}")));
    }
    let basic = call.request.header("authorization");
    if basic.is_some_and(|value| value.starts_with("Basic ")) {
        return Err(expected("send no client authentication"));
    }
    Ok(())
}

fn issue(call: &Call<'_>) -> Issued {
    let nowhere = (String::new(), String::new());
    let family = Family::new(call.quirk.name, nowhere, Vec::new(), false);
    let life: Duration = token::life(call);
    call.ledger().issue(&family, life, false)
}

fn answer(entry: &mut Entry, status: u16, outcome: Result<Value, OAuthError>) -> Reply {
    match outcome {
        Ok(body) => Reply::json(status, &body).with("Cache-Control", "no-store"),
        Err(error) => {
            entry.error = Some(error.error);
            error.reply()
        }
    }
}
