//! Who calls a quirk's token endpoint, shown in the one way this provider takes (RFC 6749, 2.3).

use subtle::ConstantTimeEq as _;

use super::super::client_auth::{basic_halves, basic_pair};
use super::super::oauth::{Client, Form, OAuthError};
use super::super::wire::Request;
use super::quirk::ClientAuth;

/// The secret of the quirks' client.
pub const CLIENT_SECRET: &str = "sbx_quirk_secret_not_real";
/// One that form-encoding changes.
pub const AWKWARD_SECRET: &str = "sbx_+quirk/secret=100%25:not real";

/// The one client of all quirks.
pub const CLIENT: Client = Client {
    id: "quirk-app",
    name: "Quirk app",
    secret: Some(CLIENT_SECRET),
    key: None,
};

/// Refuses a client that shows who it is in any other way than this provider's.
pub fn check(wanted: ClientAuth, request: &Request, form: &Form) -> Result<(), OAuthError> {
    let header = request.header("authorization");
    let body_secret = form.get("client_secret");
    let raw = matches!(wanted, ClientAuth::RawBasic);
    let pair = header.and_then(if raw { basic_halves } else { basic_pair });
    if header.is_some() && pair.is_none() {
        return Err(refused("the Authorization header is no readable Basic one"));
    }
    let (by_header, by_body) = (header.is_some(), body_secret.is_some());
    let (good, want) = match wanted {
        ClientAuth::Either => (
            by_header != by_body,
            "authenticate in the header or in the body, not in both",
        ),
        ClientAuth::Basic | ClientAuth::EncodedBasic | ClientAuth::RawBasic => (
            by_header && !by_body,
            "authenticate with Authorization: Basic, and with nothing in the body",
        ),
        ClientAuth::Body => (
            by_body && !by_header,
            "authenticate in the body, without an Authorization header",
        ),
        ClientAuth::Both => (
            by_header && by_body,
            "authenticate in the header and in the body, both at once",
        ),
        ClientAuth::Public => (
            !by_header && !by_body,
            "this is a public client, it must present no secret (AADSTS700025)",
        ),
    };
    if !good {
        return Err(refused(want));
    }
    let awkward = matches!(wanted, ClientAuth::EncodedBasic | ClientAuth::RawBasic);
    let secret = if awkward {
        AWKWARD_SECRET
    } else {
        CLIENT_SECRET
    };
    let in_body = form.get("client_id").map(|id| (id, body_secret));
    let in_header = pair
        .as_ref()
        .map(|(id, secret)| (id.as_str(), Some(secret.as_str())));
    if !by_header && in_body.is_none() {
        return Err(refused("the client's id is missing"));
    }
    for (id, shown) in in_body.into_iter().chain(in_header) {
        let right = shown.is_none_or(|shown| shown.as_bytes().ct_eq(secret.as_bytes()).into());
        if id != CLIENT.id || !right {
            let how = match wanted {
                ClientAuth::EncodedBasic => ", form-encoded before base64",
                ClientAuth::RawBasic => ", not form-encoded before base64",
                _ => "",
            };
            let text = format!("the client's id and secret are those of the definition{how}");
            return Err(refused(&text));
        }
    }
    Ok(())
}

fn refused(description: &str) -> OAuthError {
    OAuthError::new("invalid_client", description)
}
