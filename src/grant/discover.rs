//! Discovery: a server's metadata by its issuer (RFC 8414 section 3, OpenID
//! Connect Discovery 1.0 section 4), held to naming that same issuer.

use reqwest::Method;
use reqwest::blocking::Request;
use reqwest::header::{ACCEPT, HeaderValue};
use url::Url;

use super::GrantError;
use crate::connection::{Metadata, Values};
use crate::definition::Grant;
use crate::http::{Http, Identity};

/// The most that is read of a metadata document, in bytes.
const MAX_DOCUMENT: u64 = 512 * 1024;

/// Asks the definition's issuer about itself, and notes it in `values`. Where
/// the definition names the endpoints it needs itself, no answer is no failure:
/// what was wrong is returned.
pub fn discover(http: &Http, values: &mut Values<'_>) -> Result<Option<GrantError>, GrantError> {
    let auth = &values.integration().auth;
    let Some(oauth) = auth.oauth2() else {
        return Ok(None);
    };
    let Some(url) = oauth.issuer.as_ref().map(|issuer| issuer.render(values)) else {
        return Ok(None);
    };
    let Some(url) = url? else {
        return Ok(None);
    };
    let asked_at = match oauth.grant {
        Grant::AuthorizationCode => oauth.authorization_url.is_some(),
        Grant::DeviceCode => oauth.device_authorization_url.is_some(),
        _ => true,
    };
    let needed = auth.token_url.is_none()
        || !asked_at
        || (!oauth.grant.goes_without_client() && matches!(values.input("client_id"), Ok(None)));
    let identity = values.identity()?;
    let at = (http, identity.as_ref());
    match ask(at, url.expose()) {
        Ok(metadata) => {
            values.set_metadata(metadata);
            Ok(None)
        }
        Err(error) if needed => Err(error),
        Err(error) => Ok(Some(error)),
    }
}

/// The same, where the issuer was not asked yet: a connection that came from
/// another machine brings nothing that would be believed of its server.
pub(super) fn if_unknown(http: &Http, values: &mut Values<'_>) -> Result<(), GrantError> {
    let oauth = values.integration().auth.oauth2();
    let named = oauth.is_some_and(|oauth| oauth.issuer.is_some());
    if named && values.metadata().issuer().is_none() {
        discover(http, values)?;
    }
    Ok(())
}

/// How a server is asked, and what is shown where it wants a certificate.
type Asking<'a> = (&'a Http, Option<&'a Identity>);

fn ask(at: Asking<'_>, issuer: &Url) -> Result<Metadata, GrantError> {
    let mut failed: Option<GrantError> = None;
    for place in places(issuer) {
        match fetch(at, &place, issuer.as_str()) {
            Ok(metadata) => return Ok(metadata),
            // A document that is wrong says more than a place without one.
            Err(error) => {
                let is_document = matches!(&error, GrantError::Metadata { found: true, .. });
                if is_document || failed.is_none() {
                    failed = Some(error);
                }
            }
        }
    }
    Err(failed.unwrap_or(GrantError::Missing("issuer")))
}

/// Where the metadata may be: with an issuer that has a path, RFC 8414 puts
/// the well-known part before it, OpenID Connect after.
fn places(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    let candidates = [
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("{path}/.well-known/openid-configuration"),
        format!("/.well-known/openid-configuration{path}"),
    ];
    let mut places: Vec<Url> = Vec::new();
    for candidate in candidates {
        let mut url = issuer.clone();
        url.set_path(&candidate);
        url.set_query(None);
        if !places.contains(&url) {
            places.push(url);
        }
    }
    places
}

fn fetch((http, identity): Asking<'_>, url: &Url, issuer: &str) -> Result<Metadata, GrantError> {
    let wrong = |why: String| GrantError::Metadata {
        url: url.to_string(),
        why,
        found: true,
    };
    let mut request = Request::new(Method::GET, url.clone());
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(ACCEPT, json);
    let answer = http
        .fetch_as(request, MAX_DOCUMENT, identity)
        .map_err(super::CallError::from)?;
    if answer.status != 200 {
        return Err(GrantError::Metadata {
            url: url.to_string(),
            why: format!("it answers {}", answer.status),
            found: false,
        });
    }
    let document =
        serde_json::from_slice(&answer.body).map_err(|_| wrong("it is no JSON".to_owned()))?;
    let metadata = Metadata::read(&document).map_err(wrong)?;
    // RFC 8414 section 3.3: it must be the very issuer that was asked for.
    match metadata.issuer() {
        Some(named) if named.trim_end_matches('/') == issuer.trim_end_matches('/') => Ok(metadata),
        Some(named) => Err(wrong(format!(
            "it is of the issuer `{}`, not of `{issuer}`",
            crate::ui::escape(named)
        ))),
        None => Err(wrong("it names no issuer".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_looked_for_where_the_standards_put_it() {
        let at = |issuer: &str| {
            let issuer = Url::parse(issuer).unwrap();
            places(&issuer)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            at("https://h.example"),
            [
                "https://h.example/.well-known/oauth-authorization-server",
                "https://h.example/.well-known/openid-configuration",
            ]
        );
        assert_eq!(
            at("https://h.example/realms/a/"),
            [
                "https://h.example/.well-known/oauth-authorization-server/realms/a",
                "https://h.example/realms/a/.well-known/openid-configuration",
                "https://h.example/.well-known/openid-configuration/realms/a",
            ]
        );
    }
}
