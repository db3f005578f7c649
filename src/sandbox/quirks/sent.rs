//! What a request brought: the parameters of a token call in the place and under the names this
//! provider wants, what it asks for besides, and the names of everything for the log.

use serde_json::Value;
use url::form_urlencoded;
use uuid::Uuid;

use super::super::oauth::{Form, OAuthError, quoted};
use super::super::state::loggable;
use super::super::wire::Request;
use super::quirk::{Encoding, Moment, Quirk, Wanted, What};
use super::{Call, expected};

/// Headers every request has, or that say nothing of what the client means.
const USUAL: [&str; 7] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "user-agent",
];

/// The parameters of a token call under their standard names, read from where they must be.
pub fn params(call: &Call<'_>) -> Result<Form, OAuthError> {
    let request = call.request;
    let (method, in_query) = match call.quirk.encoding {
        Encoding::Form | Encoding::Json => ("POST", false),
        Encoding::Get => ("GET", true),
        Encoding::QueryPost => ("POST", true),
    };
    if request.method != method {
        let sent = quoted(&request.method);
        return Err(expected(format!("call this with {method}, not {sent}")));
    }
    if in_query && !request.body.is_empty() {
        return Err(expected("put everything into the query and send no body"));
    }
    let pairs = match call.quirk.encoding {
        Encoding::Json => json_pairs(&json(request)?),
        Encoding::Form => {
            wants_media_type(request, "application/x-www-form-urlencoded")?;
            form_pairs(&request.body)
        }
        Encoding::Get | Encoding::QueryPost => form_pairs(request.query.as_bytes()),
    };
    renamed(call.quirk, pairs)
}

/// The JSON object in the body.
pub fn json(request: &Request) -> Result<Value, OAuthError> {
    wants_media_type(request, "application/json")?;
    let value = serde_json::from_slice(&request.body).ok();
    let object = value.filter(Value::is_object);
    object.ok_or_else(|| expected("the body must be a JSON object"))
}

fn wants_media_type(request: &Request, wanted: &str) -> Result<(), OAuthError> {
    if media_type(request).eq_ignore_ascii_case(wanted) {
        Ok(())
    } else {
        Err(expected(format!("the body must be {wanted}")))
    }
}

fn media_type(request: &Request) -> &str {
    let whole = request.header("content-type").unwrap_or_default();
    whole.split(';').next().unwrap_or_default().trim()
}

/// Parameters as they were sent, those without a value too.
pub fn form_pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn json_pairs(object: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let entries = object.as_object().into_iter().flatten();
    entries
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}

/// The parameters under their standard names; one that came under the standard name although this
/// provider has another is refused, and so is one without a value.
pub fn renamed(quirk: &Quirk, mut pairs: Vec<(String, String)>) -> Result<Form, OAuthError> {
    for (name, value) in &mut pairs {
        if let Some((_, theirs)) = quirk.renames.iter().find(|(standard, _)| standard == name) {
            let name = quoted(name);
            return Err(expected(format!("{name} is called '{theirs}' here")));
        }
        if value.is_empty() {
            let name = quoted(name);
            return Err(expected(format!(
                "{name} came without a value, leave it out"
            )));
        }
        if let Some((standard, _)) = quirk.renames.iter().find(|(_, theirs)| theirs == name) {
            (*standard).clone_into(name);
        }
    }
    let form = Form::from_pairs(pairs);
    form.check_unrepeated()?;
    Ok(form)
}

/// Refuses a request that lacks what is asked for at this moment; `form` holds its parameters.
pub fn check_asks(call: &Call<'_>, moment: Moment, form: &Form) -> Result<(), OAuthError> {
    let asked = call.quirk.asks.iter();
    for ask in asked.filter(|ask| ask.at.contains(&moment)) {
        let query = form_pairs(call.request.query.as_bytes());
        let (kind, name, value) = match ask.what {
            What::Param(name) => ("parameter", name, form.get(name)),
            What::Header(name) => ("header", name, call.request.header(name)),
            What::Query(name) => {
                let pair = query.iter().find(|(key, _)| key == name);
                let value = pair.map(|(_, value)| value.as_str());
                ("query parameter", name, value)
            }
        };
        let (good, wanted) = match ask.value {
            Wanted::Is(wanted) => (value == Some(wanted), quoted(wanted)),
            Wanted::FreshUuid => {
                let uuid = value.and_then(|text| Uuid::try_parse(text).ok());
                let first = uuid.is_some_and(|uuid| call.ledger().first(format!("{name} {uuid}")));
                (first, "a UUID that was not sent before".to_owned())
            }
        };
        if !good {
            return Err(expected(format!("the {kind} '{name}' must be {wanted}")));
        }
    }
    Ok(())
}

/// What a request brought, by place and name: `query code`, `json audience`, `header x-api-key`,
/// `Authorization: Basic`. Sorted, and never a value.
pub fn names(request: &Request) -> Vec<String> {
    let mut names = Vec::new();
    let mut note = |place: &str, pairs: Vec<(String, String)>| {
        let shown = pairs.into_iter().map(|(name, _)| format!("{place} {name}"));
        names.extend(shown);
    };
    note("query", form_pairs(request.query.as_bytes()));
    match media_type(request) {
        "application/x-www-form-urlencoded" => note("form", form_pairs(&request.body)),
        "application/json" => {
            let value = serde_json::from_slice(&request.body).unwrap_or_default();
            note("json", json_pairs(&value));
        }
        _ => {}
    }
    for (name, value) in &request.headers {
        if name == "authorization" {
            let scheme = value.split_once(' ').map_or("", |(scheme, _)| scheme);
            names.push(format!("Authorization: {scheme}"));
        } else if !USUAL.contains(&name.as_str()) {
            names.push(format!("header {name}"));
        }
    }
    let shown = names.iter().map(|name| loggable(name.trim_end()));
    let mut shown: Vec<_> = shown.collect();
    shown.sort();
    shown
}
