//! The JWTs of the quirks: HS256 over one shared key (RFC 7515, RFC 7519).
//!
//! Promises: a signature is checked before anything in the token is believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::super::oauth::OAuthError;
use super::expected;
use crate::clock::Timestamp;

/// The key both sides know.
pub const JWT_KEY: &str = "sbx_quirk_signing_key_of_32_bytes_or_more_not_real";
/// The longest life a signed assertion may have, in seconds.
const LONGEST: u64 = 600;
/// How far two clocks may be apart, in seconds.
const SKEW: u64 = 60;

/// A token with these claims.
pub fn sign(claims: &Value, key: &str) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = encode(&json!({ "alg": "HS256", "typ": "JWT" }));
    let signed = format!("{head}.{}", encode(claims));
    let mac = mac(&signed, key).map(|mac| mac.finalize().into_bytes());
    let signature = mac.map_or(String::new(), |bytes| URL_SAFE_NO_PAD.encode(bytes));
    format!("{signed}.{signature}")
}

fn mac(text: &str, key: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

/// A part of a token, which nobody has vouched for yet.
pub fn part(text: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// The claims of a token that was signed with this key.
pub fn vouched(token: &str, key: &str) -> Option<Value> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (head, claims) = signed.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    mac(signed, key)?.verify_slice(&signature).ok()?;
    (part(head)?["alg"] == "HS256").then(|| part(claims))?
}

/// Refuses what this issuer has not signed with `JWT_KEY`, for now and not for long.
pub fn verify(token: &str, issuer: &str) -> Result<(), OAuthError> {
    let refuse = |what: &str| Err(expected(format!("the JWT {what}")));
    let Some((signed, signature)) = token.rsplit_once('.') else {
        return refuse("is none: it has no dots");
    };
    let Some((head, claims)) = signed.split_once('.') else {
        return refuse("is none: it has one dot");
    };
    let read = |part: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
    };
    if read(head).is_none_or(|head| head["alg"] != "HS256") {
        return refuse("must say alg HS256");
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    let checked = mac(signed, JWT_KEY).is_some_and(|mac| mac.verify_slice(&signature).is_ok());
    if !checked {
        return refuse("has a signature that does not fit");
    }
    let claims = read(claims).unwrap_or_default();
    if claims["iss"] != issuer {
        return refuse(&format!("must have iss '{issuer}'"));
    }
    let (Some(from), Some(until)) = (claims["iat"].as_u64(), claims["exp"].as_u64()) else {
        return refuse("must say iat and exp");
    };
    let now = Timestamp::now().unix();
    if until <= now || from > now + SKEW {
        return refuse("is not good now");
    }
    if until.saturating_sub(from) > LONGEST {
        return refuse("may be good for ten minutes at most");
    }
    Ok(())
}
