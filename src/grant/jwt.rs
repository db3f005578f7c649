//! Signing a token of one's own (RFC 7519; RFC 7515 section 5.1): header and
//! claims as the definition has them, the key as PEM, as a symmetric JWK (RFC
//! 7517 section 4, `oct`) or as the shared secret itself.

use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey};
use serde_json::{Map, Value as Json};

use super::GrantError;
use crate::clock::Timestamp;
use crate::connection::Values;
use crate::definition::template::Value;
use crate::definition::{JWT_KEY, JsonTemplate, Jwt};
use crate::secret::Secret;

/// Signs the definition's token, where it has one, and gives it its name.
pub(super) fn sign_for(values: &mut Values<'_>) -> Result<Option<Secret>, GrantError> {
    let Some(jwt) = &values.integration().auth.jwt else {
        return Ok(None);
    };
    let token = sign(jwt, values)?;
    values.set("jwt", Value::secret(token.clone()));
    Ok(Some(token))
}

fn sign(jwt: &Jwt, values: &Values<'_>) -> Result<Secret, GrantError> {
    let fault = |why: &str| GrantError::Unsigned(why.to_owned());
    let key = values.input(JWT_KEY)?.ok_or(GrantError::Missing(JWT_KEY))?;
    let algorithm = Algorithm::from_str(&jwt.alg).map_err(|_| fault("its `alg` is not known"))?;
    let key = encoding_key(algorithm, key.expose()).map_err(|why| fault(&why))?;
    let mut header = object(&jwt.header, values)?;
    header.insert("alg".to_owned(), jwt.alg.as_str().into());
    header.entry("typ").or_insert_with(|| "JWT".into());
    if let Some(template) = &jwt.key_id
        && let Some(rendered) = template.render(values)?
    {
        header.insert("kid".to_owned(), rendered.text.expose().into());
    }
    let mut claims = object(&jwt.claims, values)?;
    let now = Timestamp::now();
    claims.entry("iat").or_insert_with(|| now.unix().into());
    claims
        .entry("exp")
        .or_insert_with(|| now.after(jwt.ttl).unix().into());
    let part = |object| URL_SAFE_NO_PAD.encode(Json::Object(object).to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm)
        .map_err(|error| fault(&error.to_string()))?;
    Ok(Secret::new(format!("{message}.{signature}")))
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

/// The key, as its algorithm wants it; the error says what it is instead,
/// never what it holds.
fn encoding_key(algorithm: Algorithm, text: &str) -> Result<EncodingKey, String> {
    let text = text.trim();
    // A PEM that came through an environment variable has its breaks escaped.
    let pem = text.replace("\\n", "\n");
    let pem = pem.as_bytes();
    match algorithm.family() {
        AlgorithmFamily::Hmac => match symmetric_jwk(text) {
            Some(Ok(bytes)) => Ok(EncodingKey::from_secret(&bytes)),
            Some(Err(why)) => Err(why),
            None => Ok(EncodingKey::from_secret(text.as_bytes())),
        },
        AlgorithmFamily::Rsa => EncodingKey::from_rsa_pem(pem)
            .map_err(|_| "its key is no RSA private key in PEM".to_owned()),
        AlgorithmFamily::Ec => EncodingKey::from_ec_pem(pem)
            .map_err(|_| "its key is no EC private key in PEM (PKCS #8)".to_owned()),
        AlgorithmFamily::Ed => EncodingKey::from_ed_pem(pem)
            .map_err(|_| "its key is no Ed25519 private key in PEM (PKCS #8)".to_owned()),
    }
}

/// The bytes of an `oct` JWK (RFC 7518 section 6.4); `None`: it is no JWK.
fn symmetric_jwk(text: &str) -> Option<Result<Vec<u8>, String>> {
    let json: Json = serde_json::from_str(text).ok()?;
    let kind = json.get("kty")?.as_str()?;
    if kind != "oct" {
        return Some(Err(format!("its key is a JWK of type `{kind}`, not `oct`")));
    }
    let bytes = json.get("k").and_then(Json::as_str);
    let bytes = bytes.and_then(|k| URL_SAFE_NO_PAD.decode(k.trim_end_matches('=')).ok());
    Some(bytes.ok_or_else(|| "its key is a JWK without `k`".to_owned()))
}

/// The claims of a JWT (RFC 7519 section 7.2), unverified: it came from where
/// it is used to. `None`: it is none.
pub fn claims(token: &str) -> Option<Json> {
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}
