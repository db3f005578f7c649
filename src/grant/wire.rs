//! A provider call as it goes over the wire: the standard parameters and the
//! client's authentication, bent by the definition's call table; as a form, as
//! JSON, or in the query. Values go in through the serialisers, so that none
//! can reach beyond its place.

use reqwest::Method;
use reqwest::blocking::Request;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value as Json};
use url::Url;

use super::GrantError;
use super::client::Client;
use crate::connection::Values;
use crate::definition::template::{RenderError, Rendered, Scope};
use crate::definition::{Call, Encoding, Param};
use crate::http;
use crate::secret::Secret;

/// Parameters in the order they are sent. Whether a value is secret is not asked
/// here: none of them is ever shown.
pub type Params = Vec<(String, Secret)>;

/// Parameters whose values are secrets (RFC 6749, 7009, 7523, 7636, 8628, 8693).
const SECRET_PARAMS: &[&str] = &[
    "code",
    "code_verifier",
    "device_code",
    "refresh_token",
    "client_secret",
    "token",
    "assertion",
    "subject_token",
    "actor_token",
    "password",
    "client_assertion",
];

/// A request, and what it holds that must not come back in a message.
pub(super) struct Wired {
    pub(super) request: Request,
    pub(super) secrets: Vec<Secret>,
}

/// Makes the request of a call. Its body and URL are the wire's, and plain: the
/// HTTP library keeps them as it likes, and nothing of ours prints a request. `standard` are the parameters the RFC has;
/// `client` authenticates, where that is asked for.
pub(super) fn wire(
    url: &Url,
    call: &Call,
    standard: Params,
    client: Option<&Client>,
    values: &Values<'_>,
) -> Result<Wired, GrantError> {
    let mut secrets: Vec<Secret> = Vec::new();
    let mut fields: Vec<(String, Json)> = Vec::new();
    let mut put =
        |name: String, value: Json| match fields.iter_mut().find(|(known, _)| *known == name) {
            Some(field) => field.1 = value,
            None => fields.push((name, value)),
        };
    let mut authorization = None;
    let mut params = standard;
    if let Some(client) = client {
        // The client authenticates in one way, whatever made the parameters.
        params.retain(|(name, _)| name != "client_id" && name != "client_secret");
        let (basic, own) = client.credentials(values)?;
        secrets.extend(basic.iter().filter_map(of_header));
        authorization = basic;
        params.extend(own);
        secrets.extend(client.secret.clone());
    }
    for (name, values) in by_name(params) {
        if SECRET_PARAMS.contains(&name.as_str()) {
            secrets.extend(values.iter().cloned());
        }
        let value = match &values[..] {
            [only] => only.expose().into(),
            several => several.iter().map(Secret::expose).collect(),
        };
        put(name, value);
    }
    let mut dropped = Vec::new();
    for (name, param) in &call.params {
        match param {
            Param::Drop => dropped.push(name.as_str()),
            Param::Send(json) => {
                if let Some(value) = json.render(values, &mut |text| note(text, &mut secrets))? {
                    put(name.clone(), value);
                }
            }
        }
    }
    fields.retain(|(name, _)| !dropped.contains(&name.as_str()));
    let mut headers = headers(call, authorization, values, &mut secrets)?;
    let method = call.method.clone().unwrap_or(Method::POST);
    let bodiless = method == Method::GET || method == Method::HEAD;
    let usual = if bodiless {
        Encoding::Query
    } else {
        Encoding::Form
    };
    let mut url = url.clone();
    let mut body = None;
    if !fields.is_empty() {
        match call.encoding.unwrap_or(usual) {
            Encoding::Query => {
                let mut query = url.query_pairs_mut();
                query.extend_pairs(fields.iter().flat_map(pairs));
            }
            Encoding::Form => {
                let form = url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(fields.iter().flat_map(pairs))
                    .finish();
                body = Some((form, "application/x-www-form-urlencoded"));
            }
            Encoding::Json => {
                let object: Map<String, Json> = fields.into_iter().collect();
                body = Some((Json::Object(object).to_string(), "application/json"));
            }
        }
    }
    let mut request = Request::new(method, url);
    if let Some((body, content_type)) = body {
        let content_type = HeaderValue::from_static(content_type);
        headers.entry(CONTENT_TYPE).or_insert(content_type);
        *request.body_mut() = Some(body.into());
    }
    *request.headers_mut() = headers;
    // What stood in the URL was put in before.
    secrets.extend(values.handed_out());
    Ok(Wired { request, secrets })
}

/// Parameters with all values of each: a name may stand several times (RFC 8707
/// section 2).
fn by_name(params: Params) -> Vec<(String, Vec<Secret>)> {
    let mut named: Vec<(String, Vec<Secret>)> = Vec::new();
    for (name, value) in params {
        match named.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => named.push((name, vec![value])),
        }
    }
    named
}

fn headers(
    call: &Call,
    authorization: Option<HeaderValue>,
    scope: &dyn Scope,
    secrets: &mut Vec<Secret>,
) -> Result<HeaderMap, RenderError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(authorization) = authorization {
        headers.insert(AUTHORIZATION, authorization);
    }
    if let Some((user, password)) = &call.basic {
        let pair = user.render(scope)?.zip(password.render(scope)?);
        if let Some((user, password)) = pair {
            let (user, password) = (user.text.expose(), password.text.expose());
            let pair = http::basic(user, password).map_err(|why| RenderError::Whole {
                what: "`basic`",
                why: why.to_owned(),
            })?;
            let (name, value) = header(AUTHORIZATION.as_str(), &pair, true)?;
            secrets.extend(of_header(&value));
            headers.insert(name, value);
        }
    }
    for (name, template) in &call.headers {
        let Some(rendered) = template.render(scope)? else {
            continue;
        };
        note(&rendered, secrets);
        let (name, value) = header(name, rendered.text.expose(), rendered.is_secret())?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn header(
    name: &str,
    value: &str,
    sensitive: bool,
) -> Result<(HeaderName, HeaderValue), RenderError> {
    http::header(name, value, sensitive).map_err(|why| RenderError::Whole {
        what: "a header",
        why: format!("`{name}`: {why}"),
    })
}

/// What a credential's header holds, without the scheme's name.
fn of_header(value: &HeaderValue) -> Option<Secret> {
    let text = value.to_str().ok()?;
    Some(Secret::new(http::credential_of(text)))
}

fn note(rendered: &Rendered, secrets: &mut Vec<Secret>) {
    if rendered.is_secret() {
        secrets.push(rendered.text.clone());
    }
}

/// A parameter where there is only text: the name once for each of a list (RFC
/// 8707 section 2, RFC 8693 section 2.1).
fn pairs((name, value): &(String, Json)) -> Vec<(&str, String)> {
    match value {
        Json::Array(items) => items.iter().map(|item| (&**name, text(item))).collect(),
        other => vec![(name, text(other))],
    }
}

/// A value where there is only text.
fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
