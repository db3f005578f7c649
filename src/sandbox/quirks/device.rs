//! A quirk's device authorization endpoint, the page its code is entered on, and what polls are told.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::super::device::{is_code, user_code};
use super::super::oauth::{Form, OAuthError, random};
use super::super::page;
use super::super::state::{Entry, loggable};
use super::super::wire::Reply;
use super::authorize::{base, scopes};
use super::client::{self, CLIENT};
use super::ledger::{Device, Family};
use super::quirk::Moment;
use super::{Call, answer, sent};

/// Answers `…/device_authorization`.
pub fn begin(call: &Call<'_>, entry: &mut Entry) -> Reply {
    entry.client_id = Some(CLIENT.id.to_owned());
    match begun(call, entry) {
        Ok(facts) if call.quirk.device.form => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in &facts {
                let text = value.as_str().map_or_else(|| value.to_string(), Into::into);
                form.append_pair(name, &text);
            }
            Reply::new(200, "application/x-www-form-urlencoded", form.finish())
        }
        Ok(facts) => Reply::json(200, &Value::Object(facts)),
        Err(error) => {
            entry.error = Some(error.error);
            answer::failure(call.quirk, &error)
        }
    }
}

fn begun(call: &Call<'_>, entry: &mut Entry) -> Result<Map<String, Value>, OAuthError> {
    let quirk = call.quirk;
    let form = sent::params(call)?;
    entry.scope = form.get("scope").map(loggable);
    sent::check_asks(call, Moment::Device, &form)?;
    client::check(quirk.client, call.request, &form)?;
    let scopes = scopes(quirk, form.get("scope"))?;
    let user_code = user_code();
    let device_code = call.ledger().device_code(Device {
        family: Family::new(quirk.name, base(call), scopes, true),
        user_code: user_code.clone(),
        request_id: random(""),
        polls: 0,
        allowed: None,
    });
    let page = call.url("/device");
    let number = |number: u64| {
        if quirk.device.text {
            json!(number.to_string())
        } else {
            json!(number)
        }
    };
    let mut facts = Map::new();
    let mut put = |name: &str, value: Value| facts.insert(name.to_owned(), value);
    put("device_code", json!(device_code));
    put("user_code", json!(user_code));
    put(quirk.device.link, json!(page));
    if let Some(name) = quirk.device.complete {
        put(name, json!(format!("{page}?user_code={user_code}")));
    }
    put("expires_in", number(900));
    put("interval", number(1));
    Ok(facts)
}

/// What a poll is told: whose tokens to give, or why there are none.
pub fn poll(call: &Call<'_>, code: &str) -> Result<Arc<Family>, OAuthError> {
    let quirk = call.quirk;
    let mut ledger = call.ledger();
    let device = ledger.device(quirk.name, code);
    let device =
        device.ok_or_else(|| OAuthError::new("invalid_grant", "the device code is unknown"))?;
    let told = quirk.device.first.get(device.polls).copied();
    device.polls += 1;
    let error = match (told.or(quirk.device.always), device.allowed) {
        (Some(error), _) => error,
        (None, None) => "authorization_pending",
        (None, Some(false)) => "access_denied",
        (None, Some(true)) => {
            let family = Arc::clone(&device.family);
            ledger.spend_device(code);
            return Ok(family);
        }
    };
    Err(OAuthError::new(error, "see RFC 8628, 3.5"))
}

/// Answers `GET …/device`.
pub fn ask(call: &Call<'_>, entry: &mut Entry) -> Reply {
    match Form::parse(call.request.query.as_bytes()).get("user_code") {
        Some(code) => question(call, code, entry),
        None => page::enter_code(&call.request.path),
    }
}

/// Answers `POST …/device`: the code, or the person's Allow or Deny.
pub fn decide(call: &Call<'_>, entry: &mut Entry) -> Reply {
    let form = Form::parse(&call.request.body);
    if let Some(code) = form.get("user_code") {
        return question(call, code, entry);
    }
    let id = form.get("request_id").unwrap_or_default();
    let allowed = form.get("decision") == Some("allow");
    let mut ledger = call.ledger();
    let Some(device) = ledger.undecided(call.quirk.name, |device| device.request_id == id) else {
        entry.error = Some("invalid_request");
        return page::problem(400, "This request was answered before, or has expired.");
    };
    device.allowed = Some(allowed);
    page::answered(allowed)
}

fn question(call: &Call<'_>, typed: &str, entry: &mut Entry) -> Reply {
    let mut ledger = call.ledger();
    let device = ledger.undecided(call.quirk.name, |device| is_code(typed, &device.user_code));
    let Some(device) = device else {
        entry.error = Some("invalid_request");
        return page::problem(400, "No device waits with this code.");
    };
    let (scopes, path) = (&device.family.scopes, &call.request.path);
    page::device(&CLIENT, path, scopes, &device.user_code, &device.request_id)
}
