//! A client that shows who it is by a token it signed: `private_key_jwt` (RFC 7523, 2.2 and 3;
//! OpenID Connect Core, 9).
//!
//! Promises: nothing in the token is believed before its signature is checked; each is good once,
//! for this provider, and for ten minutes at most.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use super::oauth::{Client, Form, OAuthError, PublicKey, client};
use crate::clock::Timestamp;

/// The kind of assertion that is taken (RFC 7523, 2.2).
pub const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest life an assertion may have, in seconds.
const LONGEST: u64 = 600;
/// How far two clocks may be apart, in seconds.
const SKEW: u64 = 60;
/// How many are remembered.
const MOST: usize = 10_000;

/// The assertions that were shown, by `jti`, and when each would have ended.
#[derive(Default)]
pub struct Shown(HashMap<String, u64>);

impl Shown {
    /// Notes one; false when it was shown before, or too many are remembered.
    fn note(&mut self, id: &str, ends: u64, now: u64) -> bool {
        self.0.retain(|_, ends| *ends + SKEW > now);
        self.0.len() < MOST && self.0.insert(id.to_owned(), ends).is_none()
    }
}

/// The client that the assertion in a form proves.
pub fn client_of(
    form: &Form,
    issuer: &str,
    shown: &mut Shown,
) -> Result<&'static Client, OAuthError> {
    if form.get("client_assertion_type") != Some(KIND) {
        return Err(refused(format!("client_assertion_type must be {KIND}")));
    }
    let token = form.require("client_assertion")?;
    let claims = claims(token).ok_or_else(|| refused("the client assertion is no JWT"))?;
    let id = claims["sub"].as_str().unwrap_or_default();
    let known = client(id).and_then(|client| Some((client, client.key.as_ref()?)));
    let (client, key) =
        known.ok_or_else(|| refused("sub of the client assertion is no client with a key here"))?;
    if !is_signed(token, key) {
        return Err(refused(
            "the client assertion has a signature that does not fit",
        ));
    }
    check(&claims, client, issuer, shown)?;
    if form
        .get("client_id")
        .is_some_and(|other| other != client.id)
    {
        return Err(OAuthError::new(
            "invalid_request",
            "client_id differs from the one in the client assertion",
        ));
    }
    Ok(client)
}

fn refused(description: impl Into<String>) -> OAuthError {
    OAuthError::new("invalid_client", description)
}

fn read(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn claims(token: &str) -> Option<Value> {
    read(token.split('.').nth(1)?)
}

fn is_signed(token: &str, key: &PublicKey) -> bool {
    let Some((signed, signature)) = token.rsplit_once('.') else {
        return false;
    };
    let header = signed.split('.').next().and_then(read).unwrap_or_default();
    let public = DecodingKey::from_ec_components(key.x, key.y);
    let verified = public.and_then(|public| {
        jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &public, Algorithm::ES256)
    });
    header["alg"] == "ES256" && matches!(verified, Ok(true))
}

fn check(
    claims: &Value,
    client: &Client,
    issuer: &str,
    shown: &mut Shown,
) -> Result<(), OAuthError> {
    if claims["iss"] != client.id {
        return Err(refused("iss of the client assertion must be the client"));
    }
    let named = match &claims["aud"] {
        Value::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    let endpoint = format!("{issuer}/token");
    if !named
        .iter()
        .any(|name| *name == issuer || *name == endpoint)
    {
        return Err(refused(format!(
            "aud of the client assertion must be {issuer}"
        )));
    }
    let now = Timestamp::now().unix();
    let ends = claims["exp"].as_u64();
    let ends = ends.ok_or_else(|| refused("the client assertion must say exp"))?;
    let begins = claims["iat"].as_u64().unwrap_or(now);
    if ends <= now || begins > now + SKEW || ends > now + LONGEST {
        return Err(refused(
            "the client assertion is not good now, or for more than ten minutes",
        ));
    }
    let id = claims["jti"].as_str();
    let id = id.ok_or_else(|| refused("the client assertion must say jti"))?;
    if !shown.note(id, ends, now) {
        return Err(refused("the client assertion was shown before"));
    }
    Ok(())
}
