//! What comes back: the same facts, put as each provider puts them.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::super::{Drive, send, text};
use super::{Quirky, bent};
use crate::clock::Timestamp;
use crate::sandbox::quirks::CLIENT_SECRET;

/// The answer to a standard exchange.
fn tokens(drive: &Drive, name: &str) -> Value {
    let quirk = Quirky::new(drive, name);
    let code = quirk.code(&Quirky::asking());
    let (status, tokens) = send(quirk.form("/token", &Quirky::exchanging(&code)));
    assert!(matches!(status, 200 | 201), "{name}: {tokens}");
    tokens
}

#[test]
fn the_life_of_a_token_is_told_in_seven_ways() {
    let drive = Drive::start();
    for (name, field, life) in [
        ("2-string", "expires_in", json!("3600")),
        ("2-ms", "expires_in", json!(3_600_000)),
        ("2-other-name", "expires", json!(3600)),
        ("2-absent", "expires_in", Value::Null),
        ("10-none", "expires_in", Value::Null),
    ] {
        assert_eq!(tokens(&drive, name)[field], life, "{name}");
    }
    let soon = |unix: u64| {
        let left = unix.saturating_sub(Timestamp::now().unix());
        (3590..=3600).contains(&left)
    };
    let unix = tokens(&drive, "2-absolute-unix")["expires_at"].as_u64();
    assert!(unix.is_some_and(soon));
    let milliseconds = tokens(&drive, "2-absolute-unix-ms")["expiry"].as_u64();
    assert!(milliseconds.is_some_and(|milliseconds| soon(milliseconds / 1000)));
    let iso: Timestamp =
        serde_json::from_value(tokens(&drive, "2-iso")["expiresAt"].clone()).expect("a moment");
    assert!(soon(iso.unix()));
}

#[test]
fn the_token_is_where_each_quirk_puts_it() {
    let drive = Drive::start();
    for (name, place) in [
        ("1-no-token-type", "/access_token"),
        ("3-nested-authed-user", "/authed_user/access_token"),
        ("3-data", "/data/access_token"),
        ("3-list", "/tokens/1/access_token"),
        ("4-envelope", "/data/access_token"),
        ("4-201", "/access_token"),
    ] {
        let answer = tokens(&drive, name);
        let token = answer.pointer(place).and_then(Value::as_str);
        let token = token.unwrap_or_else(|| panic!("{name}: {answer}"));
        let (status, me) = Quirky::new(&drive, name).me(token);
        assert_eq!((status, text(&me, "quirk")), (200, name));
    }
    assert!(
        tokens(&drive, "1-no-token-type")
            .get("token_type")
            .is_none()
    );
    assert_eq!(tokens(&drive, "1-odd-case")["token_type"], "bEaReR");
    let scopes = &tokens(&drive, "1-scope-array")["scope"];
    assert_eq!(scopes, &json!(["profile", "notes:read"]));
}

#[test]
fn an_answer_may_be_a_form_or_the_bare_token() {
    let drive = Drive::start();
    for (name, content_type) in [
        ("5-form", "text/html; charset=utf-8"),
        ("5-form-as-json", "application/json"),
        ("5-form-as-text", "text/plain"),
    ] {
        let quirk = Quirky::new(&drive, name);
        let code = quirk.code(&Quirky::asking());
        let answer = quirk.form("/token", &Quirky::exchanging(&code)).send();
        let answer = answer.expect("an answer");
        assert_eq!(answer.headers()[CONTENT_TYPE], content_type, "{name}");
        let body = answer.text().expect("a body");
        assert!(body.starts_with("access_token=sbx_at_"), "{name}: {body}");
    }
    let quirk = Quirky::new(&drive, "3-raw-text");
    let mut asking = bent(Quirky::renewing("x"), &["refresh_token", "grant_type"], &[]);
    asking.push(("grant_type", "client_credentials"));
    let (_, token) = send(quirk.form("/token", &asking));
    assert_eq!(quirk.me(token.as_str().expect("a text")).0, 200);
}

#[test]
fn json_goes_with_other_names_and_a_version_with_every_call() {
    let drive = Drive::start();
    let quirk = Quirky::new(&drive, "7-json-renamed");
    let asking = bent(Quirky::asking(), &["client_id"], &[("appid", "quirk-app")]);
    let code = quirk.code(&asking);
    let mut exchange = json!({
        "appid": "quirk-app", "client_secret": CLIENT_SECRET, "auth_code": code,
        "grant_type": "authorization_code",
    });
    for (name, value) in Quirky::exchanging("") {
        if ["redirect_uri", "code_verifier"].contains(&name) {
            exchange[name] = json!(value);
        }
    }
    let (status, tokens) = quirk.json(Method::POST, "/token", &exchange);
    assert_eq!(status, 200, "{tokens}");

    let quirk = Quirky::new(&drive, "13-version-header");
    let code = quirk.code(&Quirky::asking());
    let exchange = quirk.form("/token", &Quirky::exchanging(&code));
    let (_, tokens) = send(exchange.header("Quirk-Version", "2022-06-28"));
    let me = quirk.call(Method::GET, "/me");
    let me = me.bearer_auth(text(&tokens, "access_token"));
    assert_eq!(send(me.header("quirk-version", "2022-06-28")).0, 200);
}
