//! Bound tokens (RFC 9449): the provider takes no proof but the right one.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use reqwest::blocking::Response;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Drive, SECRET, send};
use crate::clock::Timestamp;
use crate::sandbox::oauth::random;

fn key() -> EncodingKey {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    EncodingKey::from_ec_der(made.expect("a key").as_ref())
}

/// A proof with these claims, and the header as `change` leaves it.
fn signed(key: &EncodingKey, claims: &Value, change: impl FnOnce(&mut Value)) -> String {
    let public = Jwk::from_encoding_key(key, Algorithm::ES256).expect("a public half");
    let mut public = json!(public);
    public.as_object_mut().expect("an object").remove("alg");
    let mut header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": public });
    change(&mut header);
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", part(&header), part(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, Algorithm::ES256);
    format!("{message}.{}", signature.expect("a signature"))
}

impl Drive {
    fn claims(&self, method: &str, path: &str, token: Option<&str>) -> Value {
        let mut claims = json!({
            "jti": random(""),
            "htm": method,
            "htu": self.at(path),
            "iat": Timestamp::now().unix(),
        });
        if let Some(token) = token {
            claims["ath"] = URL_SAFE_NO_PAD.encode(Sha256::digest(token)).into();
        }
        claims
    }

    fn prove(&self, key: &EncodingKey, method: &str, path: &str, token: Option<&str>) -> String {
        signed(key, &self.claims(method, path, token), |_| {})
    }

    /// A token of `sandbox-service`, asked for with this proof.
    fn minted(&self, proof: &str) -> (u16, Value) {
        let form = self.form("/token", &[("grant_type", "client_credentials")]);
        let form = form.basic_auth("sandbox-service", Some(SECRET));
        send(form.header("DPoP", proof))
    }

    fn me_with(&self, scheme: &str, token: &str, proof: Option<&str>) -> Response {
        let request = self.http.get(self.at("/me"));
        let mut request = request.header("Authorization", format!("{scheme} {token}"));
        if let Some(proof) = proof {
            request = request.header("DPoP", proof);
        }
        request.send().expect("the sandbox answers")
    }
}

#[test]
fn a_proof_is_for_one_request_of_this_minute_and_for_one_use() {
    let drive = Drive::start();
    let key = key();
    let good = drive.prove(&key, "POST", "/token", None);
    let (status, answer) = drive.minted(&good);
    assert_eq!((status, &answer["token_type"]), (200, &json!("DPoP")));
    let (status, answer) = drive.minted(&good);
    assert_eq!(
        (status, &answer["error"]),
        (400, &json!("invalid_dpop_proof"))
    );

    let now = Timestamp::now().unix();
    let private = json!("not-real");
    for (name, value) in [
        ("htm", json!("GET")),
        ("htu", json!(drive.at("/me"))),
        ("htu", json!(drive.at("/token?x=1"))),
        ("iat", json!(now - 120)),
        ("iat", json!(now + 120)),
        ("iat", json!("now")),
        ("jti", json!("")),
        ("jti", Value::Null),
    ] {
        let mut claims = drive.claims("POST", "/token", None);
        claims[name] = value;
        let (status, answer) = drive.minted(&signed(&key, &claims, |_| {}));
        assert_eq!(status, 400, "{name}: {answer}");
        assert_eq!(answer["error"], "invalid_dpop_proof", "{name}: {answer}");
    }
    let changes: [fn(&mut Value); 4] = [
        |header| header["typ"] = "JWT".into(),
        |header| header["alg"] = "none".into(),
        |header| header["alg"] = "HS256".into(),
        |header| header["jwk"]["x"] = header["jwk"]["y"].clone(),
    ];
    for change in changes {
        let claims = drive.claims("POST", "/token", None);
        let (status, answer) = drive.minted(&signed(&key, &claims, change));
        assert_eq!(
            (status, &answer["error"]),
            (400, &json!("invalid_dpop_proof"))
        );
    }
    let claims = drive.claims("POST", "/token", None);
    let (status, answer) = drive.minted(&signed(&key, &claims, |header| {
        header["jwk"]["d"] = private;
    }));
    assert_eq!(
        (status, &answer["error"]),
        (400, &json!("invalid_dpop_proof"))
    );
    let forged = drive.prove(&key, "POST", "/token", None);
    let other = drive.prove(&key, "POST", "/token", None);
    let (message, _) = forged.rsplit_once('.').expect("a JWT");
    let (_, signature) = other.rsplit_once('.').expect("a JWT");
    let (status, _) = drive.minted(&format!("{message}.{signature}"));
    assert_eq!(status, 400);
}

#[test]
fn a_bound_token_is_taken_with_a_proof_of_its_own_key_and_for_itself_alone() {
    let drive = Drive::start();
    let (own, other) = (key(), key());
    let (_, minted) = drive.minted(&drive.prove(&own, "POST", "/token", None));
    let token = super::text(&minted, "access_token").to_owned();
    let proof = |key: &EncodingKey, of: Option<&str>| drive.prove(key, "GET", "/me", of);
    for (scheme, proof, status) in [
        ("DPoP", Some(proof(&own, Some(&token))), 200),
        ("dpop", Some(proof(&own, Some(&token))), 200),
        ("Bearer", Some(proof(&own, Some(&token))), 401),
        ("Bearer", None, 401),
        ("DPoP", None, 401),
        ("DPoP", Some(proof(&other, Some(&token))), 401),
        ("DPoP", Some(proof(&own, None)), 401),
        ("DPoP", Some(proof(&own, Some("another"))), 401),
        (
            "DPoP",
            Some(drive.prove(&own, "POST", "/me", Some(&token))),
            401,
        ),
    ] {
        let answer = drive.me_with(scheme, &token, proof.as_deref());
        assert_eq!(answer.status().as_u16(), status, "{scheme} {proof:?}");
    }
    // A bearer's token is not bound by whoever finds it.
    let tokens = drive.connect();
    let bearer = super::text(&tokens, "access_token");
    let answer = drive.me_with("DPoP", bearer, Some(&proof(&own, Some(bearer))));
    assert_eq!(answer.status().as_u16(), 401);
}

#[test]
fn codes_and_refresh_tokens_are_bound_too() {
    let drive = Drive::start();
    let (own, other) = (key(), key());
    let returned = drive.authorize();
    let redeemed = |key: &EncodingKey| {
        let form = drive.form("/token", &returned.token_request());
        send(form.header("DPoP", drive.prove(key, "POST", "/token", None)))
    };
    let (status, tokens) = redeemed(&own);
    assert_eq!(status, 200, "{tokens}");
    let refresh_token = super::text(&tokens, "refresh_token").to_owned();
    let refresh = |proof: Option<String>| {
        let form = drive.form(
            "/token",
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", &refresh_token),
                ("client_id", "sandbox-app"),
            ],
        );
        send(match proof {
            Some(proof) => form.header("DPoP", proof),
            None => form,
        })
    };
    let proof = |key| Some(drive.prove(key, "POST", "/token", None));
    for refused in [None, proof(&other)] {
        let (status, answer) = refresh(refused);
        assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
    }
    assert_eq!(refresh(proof(&own)).0, 200);
}

#[test]
fn a_client_that_has_to_prove_a_key_gets_nothing_without() {
    let drive = Drive::start();
    let (status, answer) = drive.token(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", "any"),
        ("client_id", "sandbox-dpop"),
    ]);
    assert_eq!(
        (status, &answer["error"]),
        (400, &json!("invalid_dpop_proof"))
    );
}

#[test]
fn nonces_are_asked_for_and_each_is_of_use_as_often_as_was_ordered() {
    let drive = Drive::start();
    let key = key();
    let ask = |nonce: Option<&str>| {
        let mut claims = drive.claims("POST", "/token", None);
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        let form = drive.form("/token", &[("grant_type", "client_credentials")]);
        let form = form.basic_auth("sandbox-service", Some(SECRET));
        let answer = form.header("DPoP", signed(&key, &claims, |_| {})).send();
        let answer = answer.expect("the sandbox answers");
        let nonce = answer.headers().get("dpop-nonce");
        let nonce = nonce.map(|nonce| nonce.to_str().expect("text").to_owned());
        (answer.status().as_u16(), nonce)
    };
    assert_eq!(ask(None), (200, None));
    for (order, second) in [("steady", 200), ("once", 400)] {
        drive.control(&json!({ "dpop_nonce": order }));
        let (status, nonce) = ask(None);
        assert_eq!(status, 400, "{order}");
        let nonce = nonce.expect("a nonce");
        assert_eq!(ask(Some(&nonce)).0, 200, "{order}");
        assert_eq!(ask(Some(&nonce)).0, second, "{order}");
        assert_eq!(ask(Some("another")).0, 400, "{order}");
    }
    drive.control(&json!({ "dpop_nonce": "off" }));
    assert_eq!(ask(None), (200, None));
}
