//! Who calls the token, revocation and introspection endpoints (RFC 6749, 2.3).
//!
//! Promises: one way of authenticating per request; Basic credentials are form-decoded (2.3.1); a
//! public client that sends a secret is refused, as real providers refuse it; secrets are compared
//! in constant time and never repeated in an answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;
use url::form_urlencoded;

use super::assertion;
use super::oauth::{Client, Form, OAuthError, client, quoted};
use super::state::State;
use super::wire::Request;

/// The authenticated (or, if public, identified) client of a request, in whatever way it shows
/// who it is.
pub fn client_of(
    state: &State,
    request: &Request,
    form: &Form,
) -> Result<&'static Client, OAuthError> {
    let authorization = request.header("authorization");
    if form.get("client_assertion").is_none() {
        return authenticate(authorization, form);
    }
    if authorization.is_some() || form.get("client_secret").is_some() {
        return Err(OAuthError::new(
            "invalid_request",
            "the client authenticates by an assertion and by a secret, only one is allowed",
        ));
    }
    assertion::client_of(form, &state.issuer, &mut state.assertions())
}

/// The same, without assertions.
pub fn authenticate(
    authorization: Option<&str>,
    form: &Form,
) -> Result<&'static Client, OAuthError> {
    let body_secret = form.get("client_secret");
    let Some(authorization) = authorization else {
        let id = form
            .get("client_id")
            .ok_or_else(|| invalid_client("no client_id and no Authorization header"))?;
        return verify(known(id)?, body_secret);
    };
    if body_secret.is_some() {
        return Err(OAuthError::new(
            "invalid_request",
            "the client authenticates in the header and in the body, only one is allowed",
        ));
    }
    let (id, secret) = basic_pair(authorization)
        .ok_or_else(|| invalid_client("the Authorization header is no readable Basic one"))?;
    let client = known(&id)?;
    if form
        .get("client_id")
        .is_some_and(|other| other != client.id)
    {
        return Err(OAuthError::new(
            "invalid_request",
            "client_id differs from the one in the Authorization header",
        ));
    }
    verify(client, Some(&secret))
}

/// The client of a request that only a confidential one may make.
pub fn confidential_client_of(
    state: &State,
    request: &Request,
    form: &Form,
) -> Result<&'static Client, OAuthError> {
    let client = client_of(state, request, form)?;
    if client.is_public() {
        return Err(invalid_client("only a confidential client may ask this"));
    }
    Ok(client)
}

fn invalid_client(description: impl Into<String>) -> OAuthError {
    OAuthError::new("invalid_client", description)
}

fn known(id: &str) -> Result<&'static Client, OAuthError> {
    client(id).ok_or_else(|| invalid_client(format!("{} is no client here", quoted(id))))
}

fn verify(client: &'static Client, secret: Option<&str>) -> Result<&'static Client, OAuthError> {
    if client.key.is_some() {
        return Err(invalid_client(format!(
            "{} must show an assertion that it signed (private_key_jwt)",
            client.id
        )));
    }
    match (client.secret, secret) {
        (None, None) => Ok(client),
        (None, Some(_)) => Err(invalid_client(format!(
            "{} is a public client and must send no secret",
            client.id
        ))),
        (Some(_), None) => Err(invalid_client(format!(
            "{} must send its secret",
            client.id
        ))),
        (Some(expected), Some(secret)) => {
            if expected.as_bytes().ct_eq(secret.as_bytes()).into() {
                Ok(client)
            } else {
                Err(invalid_client("the client secret is wrong"))
            }
        }
    }
}

/// The id and secret of `Basic` credentials, each form-decoded (RFC 6749, 2.3.1).
pub fn basic_pair(authorization: &str) -> Option<(String, String)> {
    let (id, secret) = basic_halves(authorization)?;
    Some((form_decode(&id), form_decode(&secret)))
}

/// The user and password of `Basic` credentials (RFC 7617).
pub fn basic_halves(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

fn form_decode(text: &str) -> String {
    let escaped = text.replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(escaped.as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    #[test]
    fn basic_credentials_are_form_decoded() {
        for (sent, id, secret) in [
            ("a:b", "a", "b"),
            ("a%3Ab:c+d", "a:b", "c d"),
            ("a:b:c", "a", "b:c"),
            ("a:x%2By%26z%3D", "a", "x+y&z="),
            ("a:x&y=z", "a", "x&y=z"),
            ("a:%C3%A9", "a", "é"),
            (":", "", ""),
        ] {
            let read = basic_pair(&basic(sent));
            assert_eq!(read, Some((id.to_owned(), secret.to_owned())), "{sent}");
        }
        for wrong in ["Basic", "Basic !!!", "Bearer YTpi", "Basic YQ=="] {
            assert_eq!(basic_pair(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_client_authenticates_in_its_own_way_only() {
        let secret = "sandbox-secret-not-real";
        let service = basic(&format!("sandbox-service:{secret}"));
        let both = format!("client_id=sandbox-service&client_secret={secret}");
        let table: [(Option<&str>, &str, Result<&str, &str>); 12] = [
            (None, "client_id=sandbox-app", Ok("sandbox-app")),
            (
                None,
                "client_id=sandbox-app&client_secret=",
                Ok("sandbox-app"),
            ),
            (
                None,
                "client_id=sandbox-app&client_secret=x",
                Err("invalid_client"),
            ),
            (None, "client_id=sandbox-service", Err("invalid_client")),
            (
                None,
                "client_id=sandbox-service&client_secret=x",
                Err("invalid_client"),
            ),
            (None, &both, Ok("sandbox-service")),
            (None, "client_id=sandbox-key-client", Err("invalid_client")),
            (None, "client_id=nobody", Err("invalid_client")),
            (None, "", Err("invalid_client")),
            (Some(&service), "", Ok("sandbox-service")),
            (Some(&service), &both, Err("invalid_request")),
            (
                Some(&service),
                "client_id=sandbox-app",
                Err("invalid_request"),
            ),
        ];
        for (header, body, expected) in table {
            let outcome = authenticate(header, &Form::parse(body.as_bytes()));
            let outcome = outcome.as_ref().map(|client| client.id);
            assert_eq!(outcome.map_err(|error| error.error), expected, "{body}");
        }
    }
}
