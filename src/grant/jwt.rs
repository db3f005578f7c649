//! Signing a token of one's own (RFC 7519; RFC 7515 section 5.1): header and
//! claims as the definition has them, the key as PEM, as a JWK (`jwk`) or as
//! the shared secret itself.

use std::str::FromStr as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey};
use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

use super::{GrantError, jwk};
use crate::clock::Timestamp;
use crate::connection::Values;
use crate::definition::template::Value;
use crate::definition::{JWT_KEY, JsonTemplate, Jwt};
use crate::secret::Secret;

/// Begins another request: with a `uuid`, a moment and, where the definition
/// signs tokens, a token of its own, which is returned.
pub(super) fn begin(values: &mut Values<'_>) -> Result<Option<Secret>, GrantError> {
    values.begin_request();
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
    // A clock that is a little behind would find a token of this very second
    // to be of its future.
    let issued = Timestamp::now().before(backdated(jwt.ttl));
    claims.entry("iat").or_insert_with(|| issued.unix().into());
    claims
        .entry("exp")
        .or_insert_with(|| issued.after(jwt.ttl).unix().into());
    let part = |object| URL_SAFE_NO_PAD.encode(Json::Object(object).to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm)
        .map_err(|error| fault(&error.to_string()))?;
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

/// The key, as its algorithm wants it; the error says what it is instead,
/// never what it holds.
fn encoding_key(algorithm: Algorithm, text: &str) -> Result<EncodingKey, String> {
    let text = text.trim();
    let jwk = jwk::read(text);
    // A PEM that came through an environment variable has its breaks escaped.
    let pem = Zeroizing::new(text.replace("\\n", "\n"));
    let pem = pem.as_bytes();
    let from_pem = |key: jsonwebtoken::errors::Result<EncodingKey>, what: &str| {
        key.map_err(|_| format!("its key is no {what} private key, as PEM or JWK"))
    };
    match algorithm.family() {
        AlgorithmFamily::Hmac => Ok(match jwk {
            Some(jwk) => EncodingKey::from_secret(&jwk.secret()?),
            None => EncodingKey::from_secret(text.as_bytes()),
        }),
        AlgorithmFamily::Rsa => match jwk {
            Some(jwk) => Ok(EncodingKey::from_rsa_der(&jwk.rsa_der()?)),
            None => from_pem(EncodingKey::from_rsa_pem(pem), "RSA"),
        },
        AlgorithmFamily::Ec => match jwk {
            Some(jwk) => Ok(EncodingKey::from_ec_der(&jwk.ec_der()?)),
            None => from_pem(EncodingKey::from_ec_pem(pem), "EC (PKCS #8)"),
        },
        AlgorithmFamily::Ed => match jwk {
            Some(jwk) => Ok(EncodingKey::from_ed_der(&jwk.ed_der()?)),
            None => from_pem(EncodingKey::from_ed_pem(pem), "Ed25519 (PKCS #8)"),
        },
    }
}

/// The claims of a JWT (RFC 7519 section 7.2), unverified: it came from where
/// it is used to. `None`: it is none.
pub fn claims(token: &str) -> Option<Json> {
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(alg: Algorithm, key: &str, message: &str) -> Result<String, String> {
        let key = encoding_key(alg, key)?;
        jsonwebtoken::crypto::sign(message.as_bytes(), &key, alg).map_err(|e| e.to_string())
    }

    // RFC 7515 appendix A.1: HMAC with SHA-256.
    #[test]
    fn a_symmetric_jwk_signs_as_the_rfc_shows() {
        let key = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
        let message = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signed = signature(Algorithm::HS256, key, message).unwrap();
        assert_eq!(signed, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    // RFC 8037 appendix A.4: Ed25519.
    #[test]
    fn an_ed25519_jwk_signs_as_the_rfc_shows() {
        let key = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signed = signature(Algorithm::EdDSA, key, message).unwrap();
        assert_eq!(
            signed,
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    // RFC 7515 appendix A.3: the key; what it signs is another each time.
    #[test]
    fn an_ec_jwk_signs_what_its_public_half_verifies() {
        let key = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;
        let signed = signature(Algorithm::ES256, key, "a.b").unwrap();
        let public = jsonwebtoken::DecodingKey::from_ec_components(
            "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        );
        let verified =
            jsonwebtoken::crypto::verify(&signed, b"a.b", &public.unwrap(), Algorithm::ES256);
        assert!(verified.unwrap());
    }

    /// RFC 7515 appendix A.2's key, which the whole world knows.
    const RSA: &str = include_str!("../../tests/keys/rfc7515-a2.jwk.json");

    // RFC 7515 appendix A.2: RSASSA-PKCS1-v1_5 with SHA-256, as JWK and as PEM.
    #[test]
    fn an_rsa_key_signs_as_the_rfc_shows() {
        let message = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let expected = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        assert_eq!(signature(Algorithm::RS256, RSA, message).unwrap(), expected);
        let der = jwk::read(RSA).unwrap().rsa_der().unwrap();
        let base64 = base64::engine::general_purpose::STANDARD.encode(&*der);
        let lines: Vec<&str> = (0..base64.len())
            .step_by(64)
            .map(|at| &base64[at..base64.len().min(at + 64)])
            .collect();
        let label = "RSA PRIVATE KEY";
        let pem = format!(
            "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
            lines.join("\n")
        );
        for pem in [pem.clone(), pem.replace('\n', "\\n")] {
            assert_eq!(
                signature(Algorithm::RS256, &pem, message).unwrap(),
                expected
            );
        }
    }

    #[test]
    fn what_is_no_key_is_told_without_showing_it() {
        for (alg, key) in [
            (Algorithm::RS256, "s3cret-not-real"),
            (Algorithm::ES256, "-----BEGIN PRIVATE KEY-----\\ns3cret\\n"),
            (Algorithm::EdDSA, r#"{"kty":"EC","d":"s3cret"}"#),
            (Algorithm::HS256, r#"{"kty":"oct"}"#),
            (Algorithm::RS256, r#"{"kty":"RSA","n":"s3cret"}"#),
        ] {
            let why = signature(alg, key, "a.b").unwrap_err();
            assert!(why.starts_with("its key is "), "{why}");
            assert!(!why.contains("s3cret"), "{why}");
        }
    }
}
