//! Dynamic client registration (RFC 7591): a client of one's own at a server
//! that nobody has an account with. It is kept with the connection.

use reqwest::Method;
use reqwest::blocking::Request;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use serde_json::{Value as Json, json};

use super::{CallError, GrantError, fields};
use crate::connection::{DEVICE_GRANT, Values};
use crate::definition::{ClientAuth, OAuth2};
use crate::http::{self, Http};
use crate::secret::Secret;

/// The most that is read of the answer, in bytes.
const MAX_ANSWER: u64 = 256 * 1024;

/// Registers a client where the definition has none and the server takes
/// registrations; `values` get its id, and its secret where it has one. Without
/// a `redirect_uri` it is a device's (RFC 8628 section 3.1).
pub(super) fn if_needed(
    http: &Http,
    oauth: &OAuth2,
    values: &mut Values<'_>,
    redirect_uri: Option<&str>,
    name: &str,
) -> Result<(), GrantError> {
    if values.input("client_id")?.is_some() || !oauth.can_register() {
        return Ok(());
    }
    let own = oauth.registration_url.as_ref();
    let Some(url) = values.endpoint(own, "registration_endpoint")? else {
        return Ok(());
    };
    let refuses = |method: &str| values.metadata().takes_client_auth(method) == Some(false);
    let named = oauth.named_client_auth.and_then(ClientAuth::registered_as);
    let methods = ["none", "client_secret_basic", "client_secret_post"];
    let method = named.or_else(|| methods.into_iter().find(|method| !refuses(method)));
    let method = method.ok_or_else(|| {
        GrantError::OtherAuth(values.metadata().client_auth_methods().join("`, `"))
    })?;
    let grant = redirect_uri.map_or(DEVICE_GRANT, |_| "authorization_code");
    let response_types: &[&str] = redirect_uri.map_or(&[], |_| &["code"]);
    let mut wanted = json!({
        "client_name": format!("hallpass ({name})"),
        "redirect_uris": redirect_uri.as_slice(),
        "grant_types": [grant, "refresh_token"],
        "response_types": response_types,
        "token_endpoint_auth_method": method,
        "application_type": "native",
    });
    if oauth.dpop.is_some() {
        // The server is held to it too (RFC 9449 section 5.2).
        wanted["dpop_bound_access_tokens"] = true.into();
    }
    let mut request = Request::new(Method::POST, url.expose().clone());
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(wanted.to_string().into());
    let answer = http
        .fetch_as(request, MAX_ANSWER, values.identity()?.as_ref())
        .map_err(CallError::from)?;
    let document = fields::parse(&answer.body).unwrap_or_default();
    let text = |name: &str| document.get(name).and_then(Json::as_str);
    let (200..300, Some(id)) = (answer.status, text("client_id")) else {
        return Err(refused(&document, &answer, url.expose()));
    };
    values.register("client_id", Secret::new(id));
    // What the server settled on counts, whatever was asked for; a secret
    // without a word on it is for Basic (RFC 7591 section 2).
    let usual = match (text("client_secret"), method) {
        (Some(_), "none") => "client_secret_basic",
        (Some(_), method) => method,
        (None, _) => "none",
    };
    let settled = text("token_endpoint_auth_method").unwrap_or(usual);
    values.set_registered_auth(settled);
    if let Some(secret) = text("client_secret") {
        values.register("client_secret", Secret::new(secret));
    }
    Ok(())
}

fn refused(document: &Json, answer: &http::Answer, url: &url::Url) -> GrantError {
    let description = fields::description(document).map(|text| super::shortened(&text));
    let error = document.get("error").and_then(Json::as_str);
    match (error, answer.status) {
        (Some(error), 400..500) => CallError::Refused {
            error: super::shortened(error),
            description,
            dead: false,
        },
        (_, status) => CallError::Unusable {
            host: http::host_of(url),
            why: format!(
                "HTTP {status} to a client registration{}",
                super::described(description.as_deref())
            ),
            undone: false,
        },
    }
    .into()
}
