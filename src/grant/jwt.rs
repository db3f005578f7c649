//! Signing a token of one's own (RFC 7519; RFC 7515 section 5.1): header and
//! claims as the definition has them. It is `{jwt}`, and what the client shows
//! who it is with, where that is by `private_key_jwt` (RFC 7523 section 2.2):
//! then claims that the standard asks for are filled in.

use std::str::FromStr as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value as Json};

use super::signing_key::SigningKey;
use super::{GrantError, Repeat};
use crate::clock::Timestamp;
use crate::connection::Values;
use crate::definition::template::Value;
use crate::definition::{ClientAuth, Grant, JWT_KEY, JsonTemplate, Jwt};
use crate::secret::Secret;

/// Begins another request: with a `uuid`, a moment and, where the definition
/// signs tokens, a token of its own, which is returned.
pub(super) fn begin(values: &mut Values<'_>) -> Result<Option<Secret>, GrantError> {
    values.begin_request();
    let Some(jwt) = &values.integration().auth.jwt else {
        return Ok(None);
    };
    let mut own = object(&jwt.claims, values)?;
    if is_clients(values) {
        fill_in(&mut own, values)?;
    } else {
        address(&mut own, values)?;
    }
    let token = sign(jwt, own, values)?;
    values.set("jwt", Value::secret(token.clone()));
    Ok(Some(token))
}

/// When a call that shows the token may be made again. A server may take one
/// with an id once only (RFC 7519 section 4.1.7), so that showing the same again
/// would turn trouble that passes into a refusal. What a client shows who it is
/// with, and an assertion that is a grant, are signed anew for each try.
pub(super) fn seen_once(values: &Values<'_>, repeat: Repeat) -> Repeat {
    let jwt = values.integration().auth.jwt.as_ref();
    let has_id = jwt.is_some_and(|jwt| jwt.claims.iter().any(|(name, _)| name == "jti"));
    let anew = is_clients(values) || is_grant(values);
    if has_id && !anew && repeat == Repeat::Passing {
        Repeat::Undone
    } else {
        repeat
    }
}

/// Another token of the definition's own, where the one that [`begin`] signed
/// was shown already.
pub(super) fn another(values: &Values<'_>) -> Result<Secret, GrantError> {
    let signed = begin(&mut values.clone())?;
    signed.ok_or(GrantError::Missing("jwt"))
}

/// A token for the client to show who it is with, good for one call (RFC 7523
/// section 3): each has a `jti` of its own, and so has each further try.
pub(super) fn client_assertion(values: &Values<'_>) -> Result<Secret, GrantError> {
    let jwt = values.integration().auth.jwt.as_ref();
    let jwt = jwt.ok_or(GrantError::Missing("jwt"))?;
    let mut values = values.clone();
    values.begin_request();
    let mut own = if is_clients(&values) {
        object(&jwt.claims, &values)?
    } else {
        // They are the grant's; key and header serve both.
        Map::new()
    };
    fill_in(&mut own, &values)?;
    sign(jwt, own, &values)
}

/// Fails as signing would.
pub(super) fn check_key(values: &Values<'_>) -> Result<(), GrantError> {
    let jwt = values.integration().auth.jwt.as_ref();
    let jwt = jwt.ok_or(GrantError::Missing("jwt"))?;
    let key_id = key_id(jwt, values)?;
    let key_id = key_id.as_ref().map(Secret::expose);
    key(algorithm(jwt)?, key_id, values).map(drop)
}

/// Whether the claims of `auth.jwt` are the client's own, not an assertion that
/// is a grant.
fn is_clients(values: &Values<'_>) -> bool {
    values.integration().auth.oauth2().is_some_and(|oauth| {
        oauth.named_client_auth == Some(ClientAuth::PrivateKeyJwt)
            && oauth.grant != Grant::JwtBearer
    })
}

/// Whether the token is the grant (RFC 7523 section 2.1).
fn is_grant(values: &Values<'_>) -> bool {
    let oauth = values.integration().auth.oauth2();
    oauth.is_some_and(|oauth| oauth.grant == Grant::JwtBearer)
}

/// What a client's assertion says unless the definition does (RFC 7523 section
/// 3, OpenID Connect Core section 9): who it is, for whom, and which it is.
fn fill_in(claims: &mut Map<String, Json>, values: &Values<'_>) -> Result<(), GrantError> {
    let id = values.input("client_id")?;
    let id = id.ok_or(GrantError::Missing("client_id"))?;
    for name in ["iss", "sub"] {
        claims
            .entry(name)
            .or_insert_with(|| id.expose().to_owned().into());
    }
    if !claims.contains_key("aud") {
        claims.insert("aud".to_owned(), audience(values)?.into());
    }
    claims
        .entry("jti")
        .or_insert_with(|| uuid::Uuid::new_v4().to_string().into());
    Ok(())
}

/// An assertion that is a grant is for the token endpoint, unless the definition
/// says otherwise (RFC 7523 section 3, no. 3).
fn address(claims: &mut Map<String, Json>, values: &Values<'_>) -> Result<(), GrantError> {
    let auth = &values.integration().auth;
    if is_grant(values)
        && !claims.contains_key("aud")
        && let Some(url) = values.endpoint(auth.token_url.as_ref(), "token_endpoint")?
    {
        claims.insert("aud".to_owned(), url.expose().as_str().into());
    }
    Ok(())
}

/// The server: by its issuer's identifier, as it writes that itself; else by its
/// token endpoint.
fn audience(values: &Values<'_>) -> Result<String, GrantError> {
    if let Some(issuer) = values.metadata().issuer() {
        return Ok(issuer.to_owned());
    }
    let auth = &values.integration().auth;
    if let Some(issuer) = auth.oauth2().and_then(|oauth| oauth.issuer.as_ref())
        && let Some(issuer) = issuer.render(values)?
    {
        let issuer = issuer.expose();
        let text = issuer.as_str();
        // A bare host has a slash only since it was read.
        let is_bare = issuer.path() == "/" && issuer.query().is_none();
        let bare = text.strip_suffix('/').filter(|_| is_bare);
        return Ok(bare.unwrap_or(text).to_owned());
    }
    let url = values.endpoint(auth.token_url.as_ref(), "token_endpoint")?;
    let url = url.ok_or(GrantError::Missing("token_url"))?;
    Ok(url.expose().as_str().to_owned())
}

fn algorithm(jwt: &Jwt) -> Result<Algorithm, GrantError> {
    Algorithm::from_str(&jwt.alg).map_err(|_| unsigned("its `alg` is not known"))
}

/// The key, or the client's secret in the place of an HMAC's.
fn key(
    algorithm: Algorithm,
    key_id: Option<&str>,
    values: &Values<'_>,
) -> Result<SigningKey, GrantError> {
    let text = match values.input(JWT_KEY)? {
        None if values.integration().auth.signs_with_secret() => {
            let secret = values.input("client_secret")?;
            secret.ok_or(GrantError::Missing("client_secret"))?
        }
        text => text.ok_or(GrantError::Missing(JWT_KEY))?,
    };
    SigningKey::read(algorithm, text.expose(), key_id).map_err(|why| unsigned(&why))
}

fn key_id(jwt: &Jwt, values: &Values<'_>) -> Result<Option<Secret>, GrantError> {
    let Some(template) = &jwt.key_id else {
        return Ok(None);
    };
    Ok(template.render(values)?.map(|rendered| rendered.text))
}

fn unsigned(why: &str) -> GrantError {
    GrantError::Unsigned(why.to_owned())
}

fn sign(
    jwt: &Jwt,
    mut claims: Map<String, Json>,
    values: &Values<'_>,
) -> Result<Secret, GrantError> {
    let algorithm = algorithm(jwt)?;
    let key_id = key_id(jwt, values)?;
    let key_id = key_id.as_ref().map(Secret::expose);
    let key = key(algorithm, key_id, values)?;
    let mut header = object(&jwt.header, values)?;
    header.insert("alg".to_owned(), jwt.alg.as_str().into());
    header.entry("typ").or_insert_with(|| "JWT".into());
    if let Some(key_id) = key_id {
        header.insert("kid".to_owned(), key_id.into());
    } else if let Some(key_id) = &key.id {
        header
            .entry("kid")
            .or_insert_with(|| key_id.as_str().into());
    }
    // A clock that is a little behind would find a token of this very second
    // to be of its future.
    let issued = Timestamp::now().before(backdated(jwt.ttl));
    claims.entry("iat").or_insert_with(|| issued.unix().into());
    claims
        .entry("exp")
        .or_insert_with(|| issued.after(jwt.ttl).unix().into());
    let part = |object| URL_SAFE_NO_PAD.encode(Json::Object(object).to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key.key, algorithm)
        .map_err(|error| unsigned(&error.to_string()))?;
    Ok(Secret::new(format!("{message}.{signature}")))
}

/// How far back `iat` lies: a minute, or a fifth of a short life.
fn backdated(ttl: Duration) -> Duration {
    (ttl / 5).min(Duration::from_secs(60))
}

/// How long a token that is signed now will live.
pub(super) fn life(ttl: Duration) -> Duration {
    ttl.saturating_sub(backdated(ttl))
}

fn object(
    entries: &[(String, JsonTemplate)],
    values: &Values<'_>,
) -> Result<Map<String, Json>, GrantError> {
    let mut object = Map::new();
    for (name, template) in entries {
        if let Some(value) = template.render(values, &mut |_| {})? {
            object.insert(name.clone(), value);
        }
    }
    Ok(object)
}

/// The claims of a JWT (RFC 7519 section 7.2), unverified: it came from where
/// it is used to. `None`: it is none.
pub fn claims(token: &str) -> Option<Json> {
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}
