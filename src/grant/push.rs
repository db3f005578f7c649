//! Pushed authorization requests (RFC 9126): the parameters go to the server
//! itself, from a client that shows who it is, and the browser is sent with a
//! reference to them. It is done where the server's metadata demands it, or the
//! definition names the endpoint.

use std::time::Duration;

use serde_json::Value as Json;
use url::Url;

use super::wire::Params;
use super::{GrantError, Repeat, provider_call};
use crate::connection::Values;
use crate::definition::{AuthorizationParam, Call, JsonTemplate, OAuth2, Param};
use crate::http::Http;
use crate::secret::{SafeUrl, Secret};

/// The longest reference that is put into a link, in bytes.
const LONGEST: usize = 4096;

/// What a browser is sent with.
pub(super) struct Link {
    /// The authorization endpoint, with all parameters or a reference to them.
    pub(super) url: Url,
    /// How long a reference is good for.
    pub(super) good_for: Option<Duration>,
}

impl Link {
    /// The link to a URL, whose route is put in order.
    pub(super) fn new(url: Url, good_for: Option<Duration>) -> Self {
        let url = routed(url);
        Self { url, good_for }
    }
}

/// A fragment that is a route (`#/login`) is where a single-page application
/// looks for its query, so that it goes before it; any other stays behind.
fn routed(url: Url) -> Url {
    let route = url.fragment().filter(|fragment| fragment.starts_with('/'));
    let (Some(route), Some(query)) = (route, url.query()) else {
        return url;
    };
    let joined = format!(
        "{route}{}{query}",
        if route.contains('?') { '&' } else { '?' }
    );
    let mut routed = url.clone();
    routed.set_query(None);
    routed.set_fragment(Some(&joined));
    routed
}

/// Where requests are pushed to; `None` where nobody asks for that.
pub(super) fn endpoint(oauth: &OAuth2, values: &Values<'_>) -> Result<Option<SafeUrl>, GrantError> {
    let own = oauth.pushed_authorization_request_url.as_ref();
    let demanded = values.metadata().demands_pushed_requests();
    if own.is_none() && !demanded {
        return Ok(None);
    }
    let url = values.endpoint(own, "pushed_authorization_request_endpoint")?;
    match url {
        None if demanded => Err(GrantError::Metadata {
            url: values.metadata().issuer().unwrap_or_default().to_owned(),
            why: "it demands pushed authorization requests, and names no `pushed_authorization_request_endpoint`".to_owned(),
            found: true,
        }),
        url => Ok(url),
    }
}

/// Pushes the parameters of the link `whole`, which is made of the endpoint
/// `base`, to `to`.
pub(super) fn push(
    http: &Http,
    (oauth, values): (&OAuth2, &Values<'_>),
    to: SafeUrl,
    (base, whole): (&Url, &Url),
) -> Result<Link, GrantError> {
    let params = own_params(oauth, base, whole);
    let id = params.iter().find(|(name, _)| name == "client_id");
    let id = id.map(|(_, id)| id.expose().to_owned());
    let id = id.ok_or(GrantError::Missing("client_id"))?;
    // Section 2.1: it is a parameter of the request itself, however the client
    // authenticates.
    let named = JsonTemplate::Scalar(Json::String(id.clone()));
    let call = Call {
        params: vec![("client_id".to_owned(), Param::Send(named))],
        ..Call::default()
    };
    let mut call = provider_call(http, values, &call, to);
    // Pushed twice, the first is never asked for.
    call.repeat = Repeat::Passing;
    call.client = Some(super::client(oauth, values)?);
    let answer = call.answer(params).map_err(|error| match error {
        GrantError::Call(error) => GrantError::Push(error),
        other => other,
    })?;
    let usable = |uri: &&str| {
        !uri.is_empty() && uri.len() <= LONGEST && uri.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let uri = answer.json.get("request_uri").and_then(Json::as_str);
    let Some(uri) = uri.filter(usable) else {
        let error = call.lacking("it names no `request_uri` (RFC 9126)");
        return Err(match error {
            GrantError::Call(error) => GrantError::Push(error),
            other => other,
        });
    };
    let mut url = base.clone();
    url.query_pairs_mut()
        .append_pair("client_id", &id)
        .append_pair("request_uri", uri);
    Ok(Link::new(url, answer.expires_in))
}

/// The parameters of the request, without those that the endpoint's URL has of
/// its own, which stay in it (RFC 6749 section 3.1).
fn own_params(oauth: &OAuth2, base: &Url, whole: &Url) -> Params {
    let mut own: Vec<(String, String)> = base.query_pairs().into_owned().collect();
    let is_bent = |name: &str| {
        let mut bent = oauth.authorization_params.iter();
        bent.any(|(known, param)| known == name && matches!(param, AuthorizationParam::Send(_)))
    };
    own.retain(|(name, _)| !is_bent(name));
    let mut params = Params::new();
    for (name, value) in whole.query_pairs().into_owned() {
        let pair = (name, value);
        if let Some(at) = own.iter().position(|known| *known == pair) {
            own.swap_remove(at);
        } else {
            params.push((pair.0, Secret::new(pair.1)));
        }
    }
    params
}
