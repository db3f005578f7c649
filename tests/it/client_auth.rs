//! `client_auth = "private_key_jwt"`: the client shows who it is by a token it signed, verified here as
//! a server would.

mod keys;

use std::collections::BTreeSet;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::{Asked, Home, Provider, Recorder, Reply};

const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const KEY: &str = include_str!("../keys/signing.p256.sec1.pem");
const PUBLIC: &[u8] = include_bytes!("../keys/signing.p256.sec1.pub.pem");

/// A service that signs with the key of this file's; further lines of `auth` and of `auth.jwt`.
fn definition(auth: &str, jwt: &str) -> String {
    format!(
        "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"client_credentials\"\nclient_id = \"id-1\"\n\
         client_auth = \"private_key_jwt\"\n{auth}\n[integrations.x.auth.jwt]\n{jwt}\n\
         [integrations.x.api]\nbase_url = \"ORIGIN/api\"\n"
    )
}

fn home(recorder: &Recorder, auth: &str, jwt: &str) -> Home {
    let home = recorder.home(&definition(auth, jwt));
    home.write("key.pem", KEY);
    home
}

const AT_TOKEN: &str = "token_url = \"ORIGIN/token\"";
const BY_FILE: &str = "alg = \"ES256\"\nkey = { file = \"key.pem\" }";

/// Header and claims of the assertion in a form, once its signature, its audience and its time are
/// seen to be right.
#[track_caller]
fn verified(asked: &Asked, audience: &str) -> (Value, Value) {
    assert_eq!(asked.form("client_assertion_type").as_deref(), Some(KIND));
    assert_eq!(asked.form("client_id").as_deref(), Some("id-1"));
    assert_eq!(asked.form("client_secret"), None);
    assert_eq!(asked.header("authorization"), None);
    let mut wanted = Validation::new(Algorithm::ES256);
    wanted.set_audience(&[audience]);
    wanted.set_issuer(&["id-1"]);
    wanted.sub = Some("id-1".to_owned());
    wanted.set_required_spec_claims(&["exp", "iss", "sub", "aud"]);
    let key = DecodingKey::from_ec_pem(PUBLIC).unwrap();
    let token = asked.form("client_assertion").expect("an assertion");
    let read: jsonwebtoken::TokenData<Value> = jsonwebtoken::decode(token, &key, &wanted).unwrap();
    assert!(read.claims["iat"].is_u64());
    (serde_json::to_value(&read.header).unwrap(), read.claims)
}

#[test]
fn the_client_signs_who_it_is_for_the_token_endpoint() {
    let recorder = Recorder::start();
    let home = home(&recorder, AT_TOKEN, BY_FILE);
    assert_eq!(home.token("x"), "token-1");
    let endpoint = format!("{}/token", recorder.origin());
    let (header, claims) = verified(&recorder.last("/token"), &endpoint);
    assert_eq!(header, json!({ "alg": "ES256", "typ": "JWT" }));
    assert_eq!(claims["jti"].as_str().unwrap().len(), 36);
    let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert_eq!(life, 300);
}

#[test]
fn the_definition_says_more_and_other_things() {
    let recorder = Recorder::start();
    let jwt = format!(
        "{BY_FILE}\nkey_id = \"k-1\"\nttl = \"1m\"\nheader = {{ \"x5t#S256\" = \"dGh1bWJwcmludA\" }}\n\
         claims = {{ aud = \"https://other.example\", jti = \"{{uuid}}\", tenant = \"t\" }}"
    );
    let home = home(&recorder, AT_TOKEN, &jwt);
    home.token("x");
    let asked = recorder.last("/token");
    let (_, claims) = verified(&asked, "https://other.example");
    assert_eq!(
        (&claims["tenant"], &claims["sub"]),
        (&json!("t"), &json!("id-1"))
    );
    let head = asked.form("client_assertion").unwrap();
    let head = head.split('.').next().unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, head);
    let head: Value = serde_json::from_slice(&bytes.unwrap()).unwrap();
    assert_eq!(head["x5t#S256"], "dGh1bWJwcmludA");
    assert_eq!(head["kid"], "k-1");
}

#[test]
fn the_audience_is_the_issuer_as_it_writes_itself() {
    let recorder = Recorder::answering(|asked, _| {
        let origin = format!("http://{}", asked.header("host")?);
        let says = json!({ "issuer": origin, "token_endpoint": format!("{origin}/o/token") });
        (asked.path == "/.well-known/oauth-authorization-server").then(|| Reply::json(200, &says))
    });
    let home = home(&recorder, "issuer = \"ORIGIN\"", BY_FILE);
    home.token("x");
    verified(&recorder.last("/o/token"), recorder.origin());
}

#[test]
fn an_issuer_that_says_nothing_is_the_audience_all_the_same() {
    let recorder = Recorder::answering(|asked, _| {
        let hidden = asked.path.starts_with("/.well-known/");
        hidden.then(|| Reply::json(404, &json!({})))
    });
    let auth = format!("{AT_TOKEN}\nissuer = \"ORIGIN\"");
    let home = home(&recorder, &auth, BY_FILE);
    home.token("x");
    verified(&recorder.last("/token"), recorder.origin());
}

#[test]
fn every_call_and_every_try_has_an_assertion_of_its_own() {
    let recorder = Recorder::answering(|asked, before| {
        let busy = asked.path == "/token" && before == 0;
        busy.then(|| Reply::json(503, &json!({ "error": "temporarily_unavailable" })))
    });
    let auth = format!(
        "{AT_TOKEN}\nrevocation_url = \"ORIGIN/revoke\"\nrefresh = {{ from = \"refresh_token\" }}"
    );
    // The definition's own `jti` is another for each try as well.
    for jwt in [
        BY_FILE,
        &format!("{BY_FILE}\nclaims = {{ jti = \"{{uuid}}\" }}"),
    ] {
        let before = recorder.asked().len();
        let home = home(&recorder, &auth, jwt);
        home.token("x");
        home.hallpass(&["token", "x", "--refresh"]).run().ok();
        home.hallpass(&["disconnect", "x"]).run().ok();
        let asked = recorder.asked().split_off(before);
        let endpoint = format!("{}/token", recorder.origin());
        let jtis = asked
            .iter()
            .map(|asked| verified(asked, &endpoint).1["jti"].to_string());
        let jtis: BTreeSet<String> = jtis.collect();
        assert_eq!(jtis.len(), asked.len(), "{jtis:?}");
        let kinds: Vec<_> = asked.iter().map(|asked| asked.form("grant_type")).collect();
        assert!(
            kinds.contains(&Some("refresh_token".to_owned())),
            "{kinds:?}"
        );
        assert_eq!(asked.last().unwrap().path, "/revoke");
    }
    // Once in vain, then again, with an assertion that was not shown yet.
    assert_eq!(recorder.asked_at("/token").len(), 5);
}

#[test]
fn a_person_who_consents_has_the_code_exchanged_by_the_key() {
    let recorder = Recorder::start();
    let text = definition(
        &format!("{AT_TOKEN}\nauthorization_url = \"ORIGIN/authorize\""),
        BY_FILE,
    );
    let home = recorder.home(&text.replace("client_credentials", "authorization_code"));
    home.write("key.pem", KEY);
    home.connect_untested("x");
    let endpoint = format!("{}/token", recorder.origin());
    verified(&recorder.last("/token"), &endpoint);
    assert!(recorder.last("/token").form("code").is_some());
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    verified(&recorder.last("/token"), &endpoint);
}

#[test]
fn the_sandbox_takes_each_assertion_once() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let token = home.token("sandbox-key");
    let run = home.hallpass(&["test", "sandbox-key"]).run().ok();
    assert!(run.stdout.contains("as sandbox-key-client"), "{run}");
    let renewed = home
        .hallpass(&["token", "sandbox-key", "--refresh"])
        .run()
        .ok();
    assert_ne!(renewed.line(), token);
    home.hallpass(&["disconnect", "sandbox-key"]).run().ok();
    // One that is always the same is refused the second time.
    let path = home.path().join("integrations.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let fixed = "alg = \"ES256\"\nclaims = { jti = \"always-the-same\" }";
    home.write("integrations.toml", &text.replace("alg = \"ES256\"", fixed));
    home.token("sandbox-key");
    let run = home.hallpass(&["token", "sandbox-key", "--refresh"]).run();
    let run = run.fails_with(5);
    assert!(run.stderr.contains("shown before"), "{run}");
    assert!(run.stderr.contains("`private_key_jwt`"), "{run}");
}

#[test]
fn what_the_sandbox_refuses_of_an_assertion_is_said() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let path = home.path().join("integrations.toml");
    let text = std::fs::read_to_string(path).unwrap();
    for (claims, why) in [
        (
            "aud = \"https://other.example\"",
            "aud of the client assertion",
        ),
        ("iss = \"sandbox-app\"", "iss of the client assertion"),
        ("sub = \"sandbox-app\"", "no client with a key"),
        ("exp = 1", "not good now"),
    ] {
        let jwt = format!("alg = \"ES256\"\nclaims = {{ {claims} }}");
        home.write("integrations.toml", &text.replace("alg = \"ES256\"", &jwt));
        let run = home.hallpass(&["token", "sandbox-key"]).run().fails_with(5);
        assert!(run.stderr.contains(why), "{claims}\n{run}");
    }
    // Another key than the one whose public half the sandbox has.
    let other = text.replace("key = '{", "key = { file = \"key.pem\" } # '{");
    home.write("integrations.toml", &other);
    home.write("key.pem", KEY);
    let run = home.hallpass(&["token", "sandbox-key"]).run().fails_with(5);
    assert!(run.stderr.contains("signature that does not fit"), "{run}");
}

#[test]
fn a_client_secret_signs_where_the_algorithm_is_an_hmac() {
    let recorder = Recorder::start();
    let secret = "a-client-secret-of-32-bytes-not-real";
    let auth = format!("{AT_TOKEN}\nclient_secret = {{ env = \"SECRET\" }}");
    let home = home(&recorder, &auth, "alg = \"HS256\"");
    let run = home.hallpass(&["token", "x"]).env("SECRET", secret).run();
    run.ok();
    let asked = recorder.last("/token");
    assert!(!asked.body.contains(secret), "the secret itself stays here");
    let mut wanted = Validation::new(Algorithm::HS256);
    wanted.set_audience(&[format!("{}/token", recorder.origin())]);
    let key = DecodingKey::from_secret(secret.as_bytes());
    let token = asked.form("client_assertion").unwrap();
    let read: jsonwebtoken::TokenData<Value> = jsonwebtoken::decode(token, &key, &wanted).unwrap();
    assert_eq!(read.claims["iss"], "id-1");
}

#[test]
fn a_server_that_takes_only_keys_is_not_sent_a_secret() {
    let recorder = Recorder::answering(|asked, _| {
        let origin = format!("http://{}", asked.header("host")?);
        let says = json!({
            "issuer": origin,
            "token_endpoint": format!("{origin}/token"),
            "registration_endpoint": format!("{origin}/register"),
            "authorization_endpoint": format!("{origin}/authorize"),
            "token_endpoint_auth_methods_supported": ["private_key_jwt", "tls_client_auth"],
        });
        asked
            .path
            .starts_with("/.well-known/")
            .then(|| Reply::json(200, &says))
    });
    let home = recorder.home(
        "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"client_credentials\"\nissuer = \"ORIGIN\"\n\
         client_id = \"id\"\nclient_secret = \"s3cret-not-real\"\n[integrations.x.api]\nbase_url = \"ORIGIN\"\n\
         [integrations.r.auth]\ntype = \"oauth2\"\ngrant = \"authorization_code\"\nissuer = \"ORIGIN\"\n\
         [integrations.r.api]\nbase_url = \"ORIGIN\"\n",
    );
    let run = home.hallpass(&["token", "x"]).run().fails_with(3);
    assert!(
        run.stderr.contains("`private_key_jwt`, `tls_client_auth`"),
        "{run}"
    );
    assert!(run.stderr.contains("[integrations.x.auth.jwt]"), "{run}");
    // Nor does it get a client registered that could not show who it is.
    let run = home.hallpass(&["connect", "r"]).run().fails_with(3);
    assert!(run.stderr.contains("[integrations.r.auth.jwt]"), "{run}");
    let asked = recorder.asked();
    assert!(
        asked
            .iter()
            .all(|asked| asked.path.starts_with("/.well-known/")),
        "{asked:#?}"
    );
}

#[test]
fn an_assertion_never_comes_back_in_a_message() {
    let recorder = Recorder::answering(|asked, _| {
        let assertion = asked.form("client_assertion").unwrap_or_default();
        let said =
            json!({ "error": "invalid_client", "error_description": format!("not {assertion}") });
        Some(Reply::json(401, &said))
    });
    let home = home(&recorder, AT_TOKEN, BY_FILE);
    let run = home.hallpass(&["-vv", "token", "x"]).run().fails_with(5);
    let sent = recorder.last("/token").form("client_assertion").unwrap();
    assert!(run.stderr.contains("not ***"), "{run}");
    assert!(!run.stderr.contains(&sent), "{run}");
}
