//! `type = "jwt"`: a token signed here, with a key from a file or typed when connecting, verified as
//! a service would.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::{Home, Recorder};

const KEY: &str = include_str!("../keys/rfc7515-a2.jwk.json");

fn home(key: &str, recorder: &Recorder) -> Home {
    let home = Home::new();
    home.write("app.jwk.json", KEY);
    let text = format!(
        "[integrations.x.auth]\ntype = \"jwt\"\n[integrations.x.auth.jwt]\nalg = \"RS256\"\n{key}key_id = \"k1\"\n\
         ttl = \"10m\"\nheader = {{ cty = \"x\" }}\nclaims = {{ iss = \"app\", jti = \"{{uuid}}\", admin = true, n = [1, {{ a = 2 }}] }}\n\
         [integrations.x.api]\nbase_url = \"{}\"\nheaders = {{ X-Signed = \"{{jwt}}\" }}\n",
        recorder.origin()
    );
    home.write("integrations.toml", &text);
    home
}

fn verified(token: &str) -> (Value, Value) {
    let key: Value = serde_json::from_str(KEY).unwrap();
    let part = |name: &str| key[name].as_str().unwrap();
    let public = DecodingKey::from_rsa_components(part("n"), part("e")).unwrap();
    let read: jsonwebtoken::TokenData<Value> =
        jsonwebtoken::decode(token, &public, &Validation::new(Algorithm::RS256)).unwrap();
    (serde_json::to_value(&read.header).unwrap(), read.claims)
}

#[test]
fn a_signed_token_is_what_the_definition_says_and_kept_while_it_lives() {
    let recorder = Recorder::start();
    let home = home("key = { file = \"app.jwk.json\" }\n", &recorder);
    let token = home.token("x");
    let (header, claims) = verified(&token);
    assert_eq!(
        (&header["kid"], &header["cty"]),
        (&json!("k1"), &json!("x"))
    );
    assert_eq!(claims["iss"], "app");
    assert_eq!(claims["n"], json!([1, { "a": 2 }]));
    let (issued, ends) = (&claims["iat"], &claims["exp"]);
    assert_eq!(ends.as_u64().unwrap() - issued.as_u64().unwrap(), 600);
    assert_eq!(home.token("x"), token);
    let run = home.hallpass(&["token", "x", "--refresh"]).run().ok();
    assert_ne!(verified(run.line()).1["jti"], claims["jti"]);
    home.hallpass(&["request", "x", "/me"]).run().ok();
    let asked = recorder.last("/me");
    verified(&asked.header("x-signed").unwrap());
    assert_eq!(asked.header("authorization"), None);
}

#[test]
fn the_key_may_be_given_when_connecting_and_is_kept_sealed() {
    let recorder = Recorder::start();
    let home = home("", &recorder);
    let run = home.hallpass(&["token", "x"]).run().fails_with(4);
    assert!(run.stderr.contains("jwt.key=env:NAME"), "{run}");
    let path = home.path().join("app.jwk.json");
    let param = format!("jwt.key=@{}", path.display());
    home.hallpass(&["connect", "x", "--param", &param])
        .run()
        .ok();
    std::fs::remove_file(path).unwrap();
    verified(&home.token("x"));
    let key: Value = serde_json::from_str(KEY).unwrap();
    let written = home.files_with(key["d"].as_str().unwrap());
    assert_eq!(written, [] as [std::path::PathBuf; 0]);
    let run = home.hallpass(&["connect", "x", "--param", "jwt.key=in-argv"]);
    run.run().fails_with(2);
}

#[test]
fn a_key_that_is_none_is_told_and_not_shown() {
    let recorder = Recorder::start();
    let home = home("key = { env = \"KEY\" }\n", &recorder);
    let run = home
        .hallpass(&["-vv", "token", "x"])
        .env("KEY", "s3cret-not-real");
    let run = run.run().fails_with(3);
    assert!(
        run.stderr.contains("its key is no RSA private key"),
        "{run}"
    );
    assert!(!run.stderr.contains("s3cret"), "{run}");
}
