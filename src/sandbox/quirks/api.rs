//! A quirk's API: `/me`, for whoever brings the credential in the one place where it is wanted.
//!
//! Promises: a credential in any other place, or in two, is refused with the place that was expected.

use percent_encoding::percent_decode_str;
use serde_json::json;
use subtle::ConstantTimeEq as _;

use super::super::client_auth::basic_halves;
use super::super::oauth::{Form, OAuthError};
use super::super::state::Entry;
use super::super::wire::Reply;
use super::client::CLIENT;
use super::quirk::{Moment, Place, Quirk, Source};
use super::{Call, expected, jwt, sent};

/// The key of those who take a key.
pub const API_KEY: &str = "sbx_key_not_real";

/// A credential as it came, and the path without it.
type Shown<'a> = (String, &'a str);

/// Answers a request to the API.
pub fn answer(call: &Call<'_>, entry: &mut Entry) -> Reply {
    let outcome = read(call).and_then(|(credential, path)| {
        let base = admitted(call, &credential)?;
        Ok(base.map(|base| (format!("{base}/me"), path)))
    });
    match outcome {
        Ok(Some((there, path))) if path == there => {
            entry.client_id = Some(CLIENT.id.to_owned());
            Reply::json(
                200,
                &json!({ "login": "quirk-user", "quirk": call.quirk.name }),
            )
        }
        Ok(Some(_)) => {
            let why = "there is nothing here; the API is where the redirect, the token answer, \
                       the ID token or /lookup said";
            refuse(entry, 404, &OAuthError::new("not_found", why))
        }
        Ok(None) => expired(call, entry),
        Err(error) => refuse(entry, 400, &error),
    }
}

/// Answers `…/lookup`, where a bearer token finds its id.
pub fn lookup(call: &Call<'_>, entry: &mut Entry) -> Reply {
    let header = call.request.header("authorization").unwrap_or_default();
    let Some(token) = header.strip_prefix("Bearer ") else {
        let error = expected("show the token as Authorization: Bearer …");
        return refuse(entry, 400, &error);
    };
    match call.ledger().live(call.quirk.name, token) {
        Some(family) => {
            let other = json!({ "id": "0", "name": "another site" });
            let own = json!({ "id": family.value, "name": "quirk-site" });
            Reply::json(200, &json!([other, own]))
        }
        None => expired(call, entry),
    }
}

fn refuse(entry: &mut Entry, status: u16, error: &OAuthError) -> Reply {
    entry.error = Some(error.error);
    let body = json!({ "error": error.error, "error_description": error.description });
    Reply::json(status, &body)
}

fn expired(call: &Call<'_>, entry: &mut Entry) -> Reply {
    let why = "the credential is unknown, expired or revoked";
    let error = OAuthError::new("invalid_token", why);
    refuse(entry, call.quirk.expired_status, &error)
}

/// The credential, when it came where it is wanted and nowhere else.
fn read<'a>(call: &Call<'a>) -> Result<Shown<'a>, OAuthError> {
    let query = sent::form_pairs(call.request.query.as_bytes());
    sent::check_asks(call, Moment::Api, &Form::from_pairs(query.clone()))?;
    let place = call.quirk.place;
    if call.request.header("authorization").is_some() && !in_authorization(place) {
        return Err(expected(format!(
            "send no Authorization header: {}",
            described(place)
        )));
    }
    let named = |name: &str| {
        let pair = query.iter().find(|(key, _)| key == name);
        pair.map(|(_, value)| value.clone())
    };
    let mut path = call.path;
    let after = |prefix: &str| {
        let value = call.request.header("authorization")?;
        Some(value.strip_prefix(prefix)?.to_owned())
    };
    let credential = match place {
        Place::Bearer => after("Bearer "),
        Place::Scheme(scheme) => after(&format!("{scheme} ")),
        Place::Raw => after("").filter(|value| !value.contains(' ')),
        Place::Basic => after("").and_then(|value| pair(&value)),
        Place::Header(name) => call.request.header(name).map(str::to_owned),
        Place::Query(name) => named(name),
        Place::QueryPair(user, password) => named(user)
            .zip(named(password))
            .map(|(user, password)| format!("{user}:{password}")),
        Place::Path(before) => in_path(call.path, before).map(|(token, rest)| {
            path = rest;
            token
        }),
    };
    let credential = credential.ok_or_else(|| expected(described(place)))?;
    Ok((credential, path))
}

fn pair(authorization: &str) -> Option<String> {
    let (user, password) = basic_halves(authorization)?;
    Some(format!("{user}:{password}"))
}

fn in_path<'a>(path: &'a str, before: &str) -> Option<(String, &'a str)> {
    let rest = path.strip_prefix(before)?;
    let (token, rest) = rest.split_at(rest.find('/')?);
    let token = percent_decode_str(token).decode_utf8().ok()?;
    Some((token.into_owned(), rest))
}

fn in_authorization(place: Place) -> bool {
    matches!(
        place,
        Place::Bearer | Place::Scheme(_) | Place::Raw | Place::Basic
    )
}

fn described(place: Place) -> String {
    let place = match place {
        Place::Bearer => "Authorization: Bearer …".to_owned(),
        Place::Scheme(scheme) => format!("Authorization: {scheme} …"),
        Place::Raw => "Authorization without a scheme".to_owned(),
        Place::Basic => "Authorization: Basic …".to_owned(),
        Place::Header(name) => format!("the header {name}"),
        Place::Query(name) => format!("the query parameter {name}"),
        Place::QueryPair(user, password) => format!("the query parameters {user} and {password}"),
        Place::Path(before) => format!("the path, {before}…/me"),
    };
    format!("the credential goes into {place}")
}

/// The base a credential opens; nothing when it opens none.
fn admitted(call: &Call<'_>, credential: &str) -> Result<Option<String>, OAuthError> {
    let here = |good: bool| good.then(String::new);
    Ok(match call.quirk.source {
        Source::Key => here(same(credential, API_KEY)),
        Source::Pair(user, password) => here(same(credential, &format!("{user}:{password}"))),
        Source::Jwt => {
            jwt::verify(credential, CLIENT.id)?;
            here(true)
        }
        _ => issued(call.quirk, call, credential)?,
    })
}

fn issued(quirk: &Quirk, call: &Call<'_>, token: &str) -> Result<Option<String>, OAuthError> {
    if token == super::answer::ANOTHERS {
        return Err(expected("that is the bot's token, send the person's"));
    }
    let family = call.ledger().live(quirk.name, token);
    // A region is no part of the path any more.
    let region = call.region;
    let opens = family.filter(|family| region.is_empty() || family.base == region);
    Ok(opens.map(|family| match region {
        "" => family.base.clone(),
        _ => String::new(),
    }))
}

fn same(shown: &str, expected: &str) -> bool {
    shown.as_bytes().ct_eq(expected.as_bytes()).into()
}
