//! The keys that a client signs with: every algorithm, in every form that people have them; and what is
//! said of those that are none.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use super::{AT_TOKEN, BY_FILE, KEY, home};
use crate::support::{Home, Recorder};

macro_rules! key {
    ($name:literal) => {
        (
            include_str!(concat!("../../keys/signing.", $name, ".pem")),
            include_bytes!(concat!("../../keys/signing.", $name, ".pub.pem")).as_slice(),
        )
    };
}

/// RFC 7515, appendix A.2.
const RSA_JWK: &str = include_str!("../../keys/rfc7515-a2.jwk.json");
/// RFC 7515, appendix A.3, under a name.
const EC_JWK: &str = r#"{"kid":"ec-1","kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;
/// RFC 8037, appendix A.1.
const ED_JWK: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn public_pem(algorithm: Algorithm, pem: &[u8]) -> DecodingKey {
    match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => DecodingKey::from_ec_pem(pem),
        Algorithm::EdDSA => DecodingKey::from_ed_pem(pem),
        _ => DecodingKey::from_rsa_pem(pem),
    }
    .unwrap()
}

fn public_jwk(jwk: &str) -> DecodingKey {
    let jwk: Value = serde_json::from_str(jwk).unwrap();
    let part = |name: &str| jwk[name].as_str().unwrap();
    match part("kty") {
        "RSA" => DecodingKey::from_rsa_components(part("n"), part("e")),
        "EC" => DecodingKey::from_ec_components(part("x"), part("y")),
        _ => DecodingKey::from_ed_components(part("x")),
    }
    .unwrap()
}

/// The header of what was signed with a key, which its public half verifies.
#[track_caller]
fn signed(algorithm: Algorithm, key: &str, public: &DecodingKey, more: &str) -> Value {
    let recorder = Recorder::start();
    let name = format!("{algorithm:?}");
    let jwt = format!("alg = \"{name}\"\nkey = {{ env = \"KEY\" }}\n{more}");
    let home = home(&recorder, AT_TOKEN, &jwt);
    let run = home.hallpass(&["token", "x"]).env("KEY", key).run();
    assert_eq!(run.code, Some(0), "{name}\n{run}");
    let token = recorder.last("/token").form("client_assertion").unwrap();
    let mut wanted = Validation::new(algorithm);
    wanted.set_audience(&[format!("{}/token", recorder.origin())]);
    match jsonwebtoken::decode::<Value>(token, public, &wanted) {
        Ok(read) => serde_json::to_value(&read.header).unwrap(),
        Err(error) => panic!("{name}: {error}"),
    }
}

#[test]
fn every_algorithm_signs_with_a_pem_of_every_kind() {
    let pkcs1 = key!("rsa.pkcs1");
    let pkcs8 = key!("rsa.pkcs8");
    for (algorithm, (key, public)) in [
        (Algorithm::RS256, pkcs1),
        (Algorithm::RS384, pkcs8),
        (Algorithm::RS512, pkcs1),
        (Algorithm::PS256, pkcs8),
        (Algorithm::PS384, pkcs1),
        (Algorithm::PS512, pkcs8),
        (Algorithm::ES256, key!("p256.sec1")),
        (Algorithm::ES256, key!("p256.pkcs8")),
        (Algorithm::ES384, key!("p384.sec1")),
        (Algorithm::EdDSA, key!("ed25519")),
    ] {
        let public = public_pem(algorithm, public);
        signed(algorithm, key, &public, "");
        // As it comes through a variable that holds one line.
        signed(algorithm, &key.replace('\n', "\\n"), &public, "");
    }
}

#[test]
fn a_jwk_signs_under_its_own_name_and_a_set_where_it_is_clear_which() {
    for (algorithm, jwk, id) in [
        (Algorithm::RS256, RSA_JWK, Value::Null),
        (Algorithm::PS256, RSA_JWK, Value::Null),
        (Algorithm::ES256, EC_JWK, json!("ec-1")),
        (Algorithm::EdDSA, ED_JWK, Value::Null),
    ] {
        let public = public_jwk(jwk);
        assert_eq!(signed(algorithm, jwk, &public, "")["kid"], id);
        let set = format!("{{\"keys\":[{jwk}]}}");
        assert_eq!(signed(algorithm, &set, &public, "")["kid"], id);
    }
    let public = public_jwk(EC_JWK);
    let named = signed(Algorithm::ES256, EC_JWK, &public, "key_id = \"other\"");
    assert_eq!(named["kid"], "other");
    let header = signed(
        Algorithm::ES256,
        EC_JWK,
        &public,
        "header = { kid = \"own\" }",
    );
    assert_eq!(header["kid"], "own");
    let several = format!("{{\"keys\":[{RSA_JWK},{EC_JWK}]}}");
    let chosen = signed(Algorithm::ES256, &several, &public, "key_id = \"ec-1\"");
    assert_eq!(chosen["kid"], "ec-1");
}

/// What is said of a key that does not sign; nothing of it is shown, and nothing is sent.
#[track_caller]
fn refused(algorithm: &str, key: &str) -> String {
    let recorder = Recorder::start();
    let jwt = format!("alg = \"{algorithm}\"\nkey = {{ env = \"KEY\" }}");
    let home = home(&recorder, AT_TOKEN, &jwt);
    let run = home.hallpass(&["-vv", "token", "x"]).env("KEY", key).run();
    let run = run.fails_with(3);
    for line in key
        .lines()
        .filter(|line| line.len() > 20 && !line.starts_with("-----"))
    {
        assert!(!run.stderr.contains(line), "{run}");
    }
    assert!(recorder.asked().is_empty(), "{run}");
    run.stderr
}

#[test]
fn a_key_that_does_not_sign_is_told_without_showing_it() {
    let encrypted = include_str!("../../keys/signing.p256.encrypted.pem");
    let several = format!("{{\"keys\":[{RSA_JWK},{EC_JWK}]}}");
    for (algorithm, key, why) in [
        ("ES256", encrypted, "encrypted"),
        ("RS256", encrypted, "encrypted"),
        ("RS256", KEY, "no RSA private key"),
        ("ES256", key!("ed25519").0, "no EC private key"),
        (
            "ES256",
            "s3cret-that-is-no-key-at-all-not-real",
            "no EC private key",
        ),
        ("ES384", EC_JWK, "not on the curve P-384"),
        ("ES256", ED_JWK, "another type"),
        ("ES256", several.as_str(), "`key_id`"),
        ("ES256", "{\"keys\":[]}", "without keys"),
    ] {
        let said = refused(algorithm, key);
        assert!(said.contains(why), "{algorithm}: {why}\n{said}");
    }
    // The right kind on another curve.
    refused("ES384", KEY);
    refused("ES256", key!("p384.sec1").0);
}

#[test]
fn a_key_that_is_named_nowhere_is_given_when_connecting() {
    let recorder = Recorder::start();
    let home: Home = home(&recorder, AT_TOKEN, "alg = \"ES256\"");
    let run = home.hallpass(&["token", "x"]).run().fails_with(4);
    assert!(run.stderr.contains("jwt.key=env:NAME"), "{run}");
    let param = format!("jwt.key=@{}", home.path().join("key.pem").display());
    let connect = ["connect", "x", "--no-test", "--param", &param];
    home.hallpass(&connect).run().ok();
    std::fs::remove_file(home.path().join("key.pem")).unwrap();
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    assert_eq!(recorder.asked_at("/token").len(), 2);
    let middle = KEY.lines().nth(5).unwrap();
    assert!(home.files_with(middle).is_empty());
}

#[test]
fn a_missing_key_file_is_a_matter_of_the_definition() {
    let recorder = Recorder::start();
    let home = home(&recorder, AT_TOKEN, &BY_FILE.replace("key.pem", "gone.pem"));
    let run = home.hallpass(&["token", "x"]).run().fails_with(3);
    assert!(run.stderr.contains("gone.pem"), "{run}");
}
