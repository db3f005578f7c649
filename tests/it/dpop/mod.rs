//! DPoP (RFC 9449): tokens that are bound to a key. What goes over the wire (`bound`), nonces
//! (`nonces`), providers and APIs that mean no good (`hostile`), where the key rests (`kept`), who is
//! not given the token (`handed_out`).

mod bound;
mod handed_out;
mod hostile;
mod kept;
mod nonces;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use serde_json::{Value, json};

use crate::support::{Asked, Home, Provider, Recorder, Reply};

/// A proof whose signature was verified.
struct Proof {
    header: Value,
    claims: Value,
    thumbprint: String,
}

/// The proof of a request, verified by its own key.
#[track_caller]
fn proof(asked: &Asked) -> Proof {
    let text = asked.header("dpop").expect("a proof");
    let part = |text: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    };
    let (message, signature) = text.rsplit_once('.').expect("a JWT");
    let (header, claims) = message.split_once('.').expect("a JWT");
    let header = part(header);
    let key: Jwk = serde_json::from_value(header["jwk"].clone()).unwrap();
    let public = jsonwebtoken::DecodingKey::from_jwk(&key).unwrap();
    let algorithm = header["alg"].as_str().unwrap().parse().unwrap();
    let good =
        jsonwebtoken::crypto::verify(signature, message.as_bytes(), &public, algorithm).unwrap();
    assert!(good, "the signature is wrong: {text}");
    Proof {
        claims: part(claims),
        thumbprint: key.thumbprint(ThumbprintHash::SHA256).unwrap(),
        header,
    }
}

/// A provider that binds tokens, and an API: `token-1`, `token-2`, … of the type `DPoP`.
fn binding() -> Recorder {
    Recorder::answering(|asked, before| (asked.path == "/token").then(|| bound(before)))
}

fn bound(before: usize) -> Reply {
    let number = before + 1;
    Reply::json(
        200,
        &json!({
            "access_token": format!("token-{number}"),
            "refresh_token": format!("refresh-{number}"),
            "token_type": "DPoP",
            "expires_in": 3600,
        }),
    )
}

/// The answer that wants a nonce, at the token endpoint.
fn wants(nonce: &str) -> Reply {
    Reply::json(400, &json!({ "error": "use_dpop_nonce" })).with("DPoP-Nonce", nonce)
}

/// The same of an API.
fn api_wants(nonce: &str) -> Reply {
    Reply::json(401, &json!({ "error": "no" }))
        .with("WWW-Authenticate", "DPoP error=\"use_dpop_nonce\"")
        .with("DPoP-Nonce", nonce)
}

/// A sandbox, and a home in which `sandbox-dpop` is connected to it.
fn connected() -> (Provider, Home) {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.connect("sandbox-dpop");
    (provider, home)
}

/// The errors and statuses of what a sandbox was asked at a path.
fn outcomes(provider: &Provider, path: &str) -> Vec<String> {
    let log = provider.log();
    let asked = log.iter().filter(|entry| entry["path"] == path);
    let outcomes = asked.map(|entry| match entry["error"].as_str() {
        Some(error) => error.to_owned(),
        None => entry["status"].to_string(),
    });
    outcomes.collect()
}

/// The key that a home keeps for a connection.
#[track_caller]
fn key(home: &Home, connection: &str) -> String {
    let item = crate::guarantee::sealed::item(home, connection).expect("it is kept");
    let key = item["credential"]["dpop_key"].as_str();
    key.expect("a key is kept").to_owned()
}
