//! A quirk's authorization endpoint: the page, and the way back under this provider's names.
//!
//! Promises: nothing is redirected to a place that is not a loopback callback; a request that is not
//! what this provider wants gets a page that says what was expected, and nobody is redirected.

use uuid::Uuid;

use super::super::authorize::{is_loopback_callback, send_back};
use super::super::oauth::{Form, OAuthError, quoted};
use super::super::page;
use super::super::state::{Entry, loggable};
use super::super::wire::Reply;
use super::client::CLIENT;
use super::ledger::{Consent, Family};
use super::quirk::{Base, Moment, Offline, Quirk};
use super::{Call, expected, sent};

/// The scopes known here.
const SCOPES: [&str; 4] = ["profile", "email", "notes:read", "offline_access"];

/// Answers `GET …/authorize`.
pub fn ask(call: &Call<'_>, entry: &mut Entry) -> Reply {
    entry.client_id = Some(CLIENT.id.to_owned());
    match consent(call, entry) {
        Ok(consent) => {
            let (scopes, to) = (consent.family.scopes.clone(), consent.redirect_uri.clone());
            let id = call.ledger().wait(consent);
            page::consent(&CLIENT, &call.request.path, &scopes, &to, &id)
        }
        Err(error) => {
            entry.error = Some(error.error);
            page::problem(400, &format!("{}.", error.description))
        }
    }
}

/// Answers `POST …/authorize`: the person's Allow or Deny.
pub fn decide(call: &Call<'_>, entry: &mut Entry) -> Reply {
    let form = Form::parse(&call.request.body);
    let waiting = form
        .get("request_id")
        .and_then(|id| call.ledger().answered(call.quirk.name, id));
    let Some(consent) = waiting else {
        entry.error = Some("invalid_request");
        return page::problem(400, "This request was answered before, or has expired.");
    };
    let (to, state) = (consent.redirect_uri.clone(), consent.state.clone());
    if form.get("decision") != Some("allow") {
        entry.error = Some("access_denied");
        let back = [("error", "access_denied")];
        return send_back(303, call.state, &to, state.as_deref(), &back);
    }
    let value = consent.family.value.clone();
    let code = call.ledger().code(consent);
    let renames = call.quirk.renames.iter();
    let name = renames
        .clone()
        .find(|(standard, _)| *standard == "code")
        .map_or("code", |(_, theirs)| theirs);
    let mut back = vec![(name, code.as_str())];
    if let Base::Callback(name) = call.quirk.base {
        back.push((name, &value));
    }
    send_back(303, call.state, &to, state.as_deref(), &back)
}

fn consent(call: &Call<'_>, entry: &mut Entry) -> Result<Consent, OAuthError> {
    let quirk = call.quirk;
    let pairs = sent::form_pairs(call.request.query.as_bytes());
    let form = sent::renamed(quirk, pairs)?;
    entry.scope = form.get("scope").map(loggable);
    sent::check_asks(call, Moment::Authorize, &form)?;
    if form.require("client_id")? != CLIENT.id {
        return Err(expected(format!("the only client here is '{}'", CLIENT.id)));
    }
    if form.get("client_secret").is_some() {
        return Err(expected(
            "a client secret has no place in the browser's address",
        ));
    }
    if form.require("response_type")? != "code" {
        return Err(expected("response_type must be 'code'"));
    }
    let redirect_uri = form.require("redirect_uri")?;
    if !is_loopback_callback(redirect_uri) {
        let uri = quoted(redirect_uri);
        return Err(expected(format!("{uri} is not registered as redirect_uri")));
    }
    let scopes = scopes(quirk, form.get("scope"))?;
    let offline = offline(quirk, &form, &scopes);
    Ok(Consent {
        redirect_uri: redirect_uri.to_owned(),
        state: form.get("state").map(str::to_owned),
        challenge: challenge(quirk, &form)?.to_owned(),
        family: Family::new(quirk.name, base(call), scopes, offline),
    })
}

/// Reads scopes as this quirk joins them.
pub fn scopes(quirk: &Quirk, text: Option<&str>) -> Result<Vec<&'static str>, OAuthError> {
    let words = text
        .into_iter()
        .flat_map(|text| text.split(quirk.separator));
    let known = words.map(|word| {
        let scope = SCOPES.iter().find(|scope| **scope == word);
        scope.copied().ok_or_else(|| {
            let (word, separator) = (quoted(word), quoted(quirk.separator));
            let text = format!("{word} is no scope here; scopes are joined by {separator}");
            OAuthError::new("invalid_scope", text)
        })
    });
    known.collect()
}

fn offline(quirk: &Quirk, form: &Form, scopes: &[&str]) -> bool {
    match quirk.offline {
        Offline::Always => true,
        Offline::Params(wanted) => wanted
            .iter()
            .all(|(name, value)| form.get(name) == Some(value)),
        Offline::Scope(scope) => scopes.contains(&scope),
    }
}

fn challenge<'f>(quirk: &Quirk, form: &'f Form) -> Result<&'f str, OAuthError> {
    let challenge = form.get("code_challenge");
    if !quirk.pkce {
        let unknown = challenge.is_some() || form.get("code_challenge_method").is_some();
        return if unknown {
            Err(expected("PKCE is not known here, send no code_challenge"))
        } else {
            Ok("")
        };
    }
    if form.get("code_challenge_method") != Some("S256") {
        return Err(expected("PKCE is required, with S256"));
    }
    challenge
        .filter(|challenge| challenge.len() == 43)
        .ok_or_else(|| expected("code_challenge must have 43 characters"))
}

/// Where this consent's API will be, and the value in it that no client can know beforehand.
pub fn base(call: &Call<'_>) -> (String, String) {
    let value = (Uuid::new_v4().as_u128() % 1_000_000_000).to_string();
    let below = |folder: &str| format!("/{folder}/{value}");
    let base = match call.quirk.base {
        Base::Here => String::new(),
        Base::Callback(_) => below("company"),
        Base::Token(_) => below("pods"),
        Base::IdToken(_) => below("tenants"),
        Base::Lookup => below("ex"),
        Base::Region(_) => call.region.to_owned(),
    };
    (base, value)
}
