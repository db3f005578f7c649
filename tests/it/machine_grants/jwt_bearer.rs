//! `grant = "jwt_bearer"` (RFC 7523 section 2.1): the assertion is verified as a service would, and
//! what was shown once is shown again only where that does no harm.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use super::home;
use crate::support::{Home, Provider, Recorder, Reply};
use crate::together::all_different;

const KEY: &str = include_str!("../../keys/rfc7515-a2.jwk.json");
const ROBOT: &str = "[integrations.x.auth.jwt]\nalg = \"RS256\"\nkey = { file = \"robot.jwk.json\" }\n\
                     claims = { iss = \"robot@sandbox.example\" }";

fn with_key(home: Home) -> Home {
    home.write("robot.jwk.json", KEY);
    home
}

/// The claims of an assertion whose signature is the key's and whose audience is this.
#[track_caller]
fn verified(assertion: &str, audience: &str) -> Value {
    let key: Value = serde_json::from_str(KEY).unwrap();
    let part = |name: &str| key[name].as_str().unwrap();
    let public = DecodingKey::from_rsa_components(part("n"), part("e")).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[audience]);
    jsonwebtoken::decode::<Value>(assertion, &public, &validation)
        .unwrap()
        .claims
}

#[test]
fn a_service_account_gets_a_token_of_a_strict_provider_with_no_client_and_no_connect() {
    let provider = Provider::start(&[]);
    let text = super::definition("jwt_bearer", &format!("scopes = [\"notes:read\"]\n{ROBOT}"));
    let home = with_key(Home::new());
    let text = text.replace("ORIGIN/api", "ORIGIN");
    home.write(
        "integrations.toml",
        &text.replace("ORIGIN", provider.issuer()),
    );
    let first = home.token("x");
    assert_eq!(home.token("x"), first, "it is kept while it lives");
    let me = home.hallpass(&["request", "x", "/me"]).run().ok().json();
    assert_eq!(me["login"], "robot@sandbox.example");
    assert_eq!(me["scopes"], json!(["notes:read"]));
    let renewed = home.hallpass(&["token", "x", "--refresh"]).run().ok();
    assert_ne!(renewed.line(), first);
    home.hallpass(&["connect", "x"]).run().ok();
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    assert_eq!(provider.count(grant), 3);
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(list[0]["state"], "ready");
    assert_eq!(list[0]["grant"], "jwt_bearer");
}

#[test]
fn the_assertion_has_the_claims_that_are_written_and_those_that_are_left_out() {
    let recorder = Recorder::start();
    let home = with_key(home(
        &recorder,
        "jwt_bearer",
        &format!("scopes = [\"a\", \"b\"]\n{ROBOT}\nttl = \"10m\""),
    ));
    assert_eq!(home.token("x"), "token-1");
    let asked = recorder.last("/token");
    let endpoint = format!("{}/token", recorder.origin());
    let claims = verified(&asked.form("assertion").unwrap(), &endpoint);
    assert_eq!(claims["iss"], "robot@sandbox.example");
    assert_eq!(claims["aud"], endpoint);
    let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert_eq!(life, 600);
    assert_eq!(
        asked.form("grant_type").as_deref(),
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer")
    );
    assert_eq!(asked.form("scope").as_deref(), Some("a b"));
    assert_eq!(asked.form("client_id"), None);
    assert_eq!(asked.header("authorization"), None);

    home.edit(|text| text.replace("iss = ", "aud = \"https://login.crm.example\", iss = "));
    assert_eq!(home.token("x"), "token-2", "another claim, another token");
    let assertion = recorder.last("/token").form("assertion").unwrap();
    verified(&assertion, "https://login.crm.example");
}

#[test]
fn a_client_that_the_definition_names_authenticates_besides() {
    for (lines, id, basic) in [
        ("client_id = \"id\"\n", Some("id"), None),
        (
            "client_id = \"id\"\nclient_secret = { env = \"S\" }\n",
            None,
            Some("id:s3cret-not-real"),
        ),
        (
            "client_id = \"id\"\nclient_secret = { env = \"S\" }\nclient_auth = \"body\"\n",
            Some("id"),
            None,
        ),
    ] {
        let recorder = Recorder::start();
        let home = with_key(home(&recorder, "jwt_bearer", &format!("{lines}{ROBOT}")));
        let run = home
            .hallpass(&["token", "x"])
            .env("S", "s3cret-not-real")
            .run();
        assert_eq!(run.ok().line(), "token-1");
        let asked = recorder.last("/token");
        assert_eq!(asked.form("client_id").as_deref(), id, "{lines}");
        assert_eq!(asked.basic().as_deref(), basic, "{lines}");
    }
}

#[test]
fn what_the_provider_does_not_know_is_refused_in_words_that_help() {
    let provider = Provider::start(&[]);
    let text = super::definition("jwt_bearer", ROBOT);
    for (wrong, right, said) in [
        (
            "iss = \"mallory\"",
            "iss = \"robot@sandbox.example\"",
            "iss must be",
        ),
        (
            "aud = \"https://elsewhere.example\", iss",
            "iss",
            "aud must be",
        ),
        ("exp = 1, iss", "iss", "it has expired"),
    ] {
        let home = with_key(Home::new());
        let text = text.replace(right, wrong);
        home.write(
            "integrations.toml",
            &text.replace("ORIGIN", provider.issuer()),
        );
        let run = home.hallpass(&["token", "x"]).run().fails_with(5);
        assert!(run.stderr.contains(said), "{run}");
        assert!(run.stderr.contains("[integrations.x.auth.jwt]"), "{run}");
    }
}

#[test]
fn an_assertion_with_an_id_is_never_shown_twice() {
    for id in ["", ", jti = \"{uuid}\""] {
        let recorder = Recorder::answering(|asked, before| {
            (asked.path == "/token" && before == 0).then(|| Reply::text(502, "text/html", "<p>"))
        });
        let robot = ROBOT.replace("example\"", &format!("example\"{id}"));
        let home = with_key(home(&recorder, "jwt_bearer", &robot));
        home.hallpass(&["token", "x"]).run().ok();
        let asked = recorder.asked_at("/token");
        let shown = asked.iter().filter_map(|asked| asked.form("assertion"));
        let shown: Vec<_> = shown.collect();
        assert_eq!(shown.len(), 2, "{id}");
        if !id.is_empty() {
            all_different("assertions", &shown);
        }
    }
}

#[test]
fn a_signed_token_with_an_id_is_shown_once_by_whatever_shows_it() {
    let robot = ROBOT.replace("example\"", "example\", jti = \"{uuid}\"");
    for (kind, shown) in [
        (
            "type = \"custom_token\"",
            "headers = { Authorization = \"Bearer {jwt}\" }",
        ),
        (
            "type = \"oauth2\"\ngrant = \"client_credentials\"\nclient_id = \"id\"\nclient_auth = \"none\"",
            "params = { ticket = \"{jwt}\" }",
        ),
    ] {
        let recorder = Recorder::answering(|asked, before| {
            (asked.path == "/token" && before == 0).then(|| Reply::text(502, "text/html", "<p>"))
        });
        let home = with_key(recorder.home(&format!(
            "[integrations.x.auth]\n{kind}\ntoken_url = \"ORIGIN/token\"\n\
             [integrations.x.auth.token]\n{shown}\n{robot}\n"
        )));
        home.hallpass(&["token", "x"]).run().fails_with(6);
        assert_eq!(recorder.asked_at("/token").len(), 1, "{kind}");
    }
}

#[test]
fn an_assertion_that_the_provider_repeats_is_not_shown() {
    let recorder = Recorder::answering(|asked, _| {
        let assertion = asked.form("assertion")?;
        let said = json!({ "error": "invalid_grant", "error_description": assertion });
        Some(Reply::json(400, &said))
    });
    let home = with_key(home(&recorder, "jwt_bearer", ROBOT));
    let run = home.hallpass(&["-vv", "token", "x"]).run().fails_with(5);
    let assertion = recorder.last("/token").form("assertion").unwrap();
    assert!(!run.stderr.contains(&assertion), "{run}");
}

#[test]
fn a_strict_provider_takes_an_assertion_with_an_id_once() {
    let provider = Provider::start(&[]);
    let robot = ROBOT.replace("iss =", "jti = \"the-same\", iss =");
    let home = with_key(Home::new());
    let text = super::definition("jwt_bearer", &robot);
    home.write(
        "integrations.toml",
        &text.replace("ORIGIN", provider.issuer()),
    );
    home.token("x");
    let run = home.hallpass(&["token", "x", "--refresh"]).run();
    let run = run.fails_with(5);
    assert!(run.stderr.contains("was shown before"), "{run}");
}

#[test]
fn the_token_endpoint_may_be_discovered_and_is_the_audience_then() {
    let provider = Provider::start(&[]);
    let home = with_key(Home::new());
    let text = super::definition("jwt_bearer", ROBOT);
    let text = text.replace("token_url = \"ORIGIN/token\"", "issuer = \"ORIGIN\"");
    home.write(
        "integrations.toml",
        &text.replace("ORIGIN", provider.issuer()),
    );
    assert!(home.token("x").starts_with("sbx_at_"));
}

#[test]
fn the_file_of_a_service_account_is_told_from_its_key() {
    let recorder = Recorder::start();
    let home = home(&recorder, "jwt_bearer", ROBOT);
    home.write(
        "robot.jwk.json",
        r#"{"type": "service_account", "private_key": "s3cret-not-real"}"#,
    );
    let run = home.hallpass(&["-vv", "token", "x"]).run().fails_with(3);
    assert!(run.stderr.contains("jq -r .private_key"), "{run}");
    assert!(!run.stderr.contains("s3cret"), "{run}");
    assert!(recorder.asked().is_empty());
}
