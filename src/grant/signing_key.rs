//! The key that signs a token: as PEM (PKCS #1, PKCS #8, SEC 1), as a JWK (`jwk`)
//! or a set of them, or as the shared secret itself. Errors say what it is
//! instead, never what it holds.

use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey};
use rustls::pki_types::PrivateSec1KeyDer;
use rustls::pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use super::jwk::{self, Curve};

/// A key, ready to sign.
pub(super) struct SigningKey {
    /// The key.
    pub(super) key: EncodingKey,
    /// Its own name (RFC 7517 section 4.5), where it is a JWK that has one.
    pub(super) id: Option<String>,
}

impl SigningKey {
    /// The key for an algorithm; `id` chooses among the keys of a set.
    pub(super) fn read(algorithm: Algorithm, text: &str, id: Option<&str>) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with('{') && text.contains("\"private_key\"") {
            let why = "its key is a whole JSON file; take the key out of it, as `jq -r .private_key FILE` does";
            return Err(why.to_owned());
        }
        match jwk::read(text, id)? {
            Some(jwk) => Ok(Self {
                key: from_jwk(algorithm, &jwk)?,
                id: jwk.id().map(ToOwned::to_owned),
            }),
            None => Ok(Self {
                key: from_text(algorithm, text)?,
                id: None,
            }),
        }
    }
}

fn from_jwk(algorithm: Algorithm, jwk: &jwk::Jwk) -> Result<EncodingKey, String> {
    Ok(match algorithm.family() {
        AlgorithmFamily::Hmac => EncodingKey::from_secret(&jwk.secret()?),
        AlgorithmFamily::Rsa => EncodingKey::from_rsa_der(&jwk.rsa_der()?),
        AlgorithmFamily::Ec => EncodingKey::from_ec_der(&jwk.ec_der(curve(algorithm))?),
        AlgorithmFamily::Ed => EncodingKey::from_ed_der(&jwk.ed_der()?),
    })
}

fn from_text(algorithm: Algorithm, text: &str) -> Result<EncodingKey, String> {
    if algorithm.family() == AlgorithmFamily::Hmac {
        return Ok(EncodingKey::from_secret(text.as_bytes()));
    }
    // A PEM that came through an environment variable has its breaks escaped.
    let pem = Zeroizing::new(text.replace("\\n", "\n"));
    if pem.contains("BEGIN ENCRYPTED PRIVATE KEY") || pem.contains("Proc-Type: 4,ENCRYPTED") {
        return Err("its key is encrypted: name one without a passphrase (`openssl pkey -in key.pem -out plain.pem`), or a command that prints it".to_owned());
    }
    let pem = pem.as_bytes();
    let (key, what) = match algorithm.family() {
        AlgorithmFamily::Rsa => (EncodingKey::from_rsa_pem(pem), "RSA"),
        AlgorithmFamily::Ec => {
            // What OpenSSL writes by default (RFC 5915), which signers do not take.
            if let Ok(sec1) = PrivateSec1KeyDer::from_pem_slice(pem) {
                let der = curve(algorithm).pkcs8(sec1.secret_sec1_der());
                return Ok(EncodingKey::from_ec_der(&der));
            }
            (EncodingKey::from_ec_pem(pem), "EC")
        }
        _ => (EncodingKey::from_ed_pem(pem), "Ed25519 (PKCS #8)"),
    };
    key.map_err(|_| format!("its key is no {what} private key, as PEM or JWK"))
}

/// RFC 7518 section 3.4.
fn curve(algorithm: Algorithm) -> Curve {
    match algorithm {
        Algorithm::ES384 => Curve::P384,
        _ => Curve::P256,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    fn signature(alg: Algorithm, key: &str, message: &str) -> Result<String, String> {
        let key = SigningKey::read(alg, key, None)?.key;
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
        let der = jwk::read(RSA, None).unwrap().unwrap().rsa_der().unwrap();
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
            (Algorithm::RS256, r#"{"private_key":"s3cret"}"#),
        ] {
            let why = signature(alg, key, "a.b").unwrap_err();
            assert!(why.starts_with("its key is "), "{why}");
            assert!(!why.contains("s3cret"), "{why}");
        }
    }
}
