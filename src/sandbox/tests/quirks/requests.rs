//! What a client must send: other names, other encodings, other ways to show who it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::super::{Drive, send, text};
use super::{Pairs, Quirky, bent};
use crate::sandbox::quirks::{AWKWARD_SECRET, CLIENT_SECRET};

#[test]
fn a_client_that_knows_the_other_names_gets_in() {
    let drive = Drive::start();
    for (name, renames) in [
        ("6-client-key", [("client_id", "client_key"), ("", "")]),
        (
            "6-app-id-secret",
            [("client_id", "app_id"), ("client_secret", "secret")],
        ),
        ("6-renamed-code", [("code", "auth_code"), ("", "")]),
        (
            "6-redirect-url",
            [("redirect_uri", "redirect_url"), ("", "")],
        ),
    ] {
        let quirk = Quirky::new(&drive, name);
        let rename = |pairs: Pairs<'_>| -> Vec<(String, String)> {
            let theirs = |name: &str| {
                let known = renames.iter().find(|(standard, _)| *standard == name);
                known.map_or(name, |(_, theirs)| theirs).to_owned()
            };
            let pairs = pairs.into_iter();
            pairs
                .map(|(name, value)| (theirs(name), value.to_owned()))
                .collect()
        };
        let asking = rename(Quirky::asking());
        let asking = asking
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        let back = quirk.consent(&asking).expect("consent");
        let expected = if name == "6-renamed-code" {
            "auth_code"
        } else {
            "code"
        };
        assert_eq!(back[0].0, expected, "{name}");
        let exchange = rename(Quirky::exchanging(&back[0].1));
        let exchange: Pairs<'_> = exchange
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        let (status, tokens) = send(quirk.form("/token", &exchange));
        assert_eq!(status, 200, "{name}: {tokens}");
        assert_eq!(quirk.me(text(&tokens, "access_token")).0, 200, "{name}");
        let renewal = rename(Quirky::renewing(text(&tokens, "refresh_token")));
        let renewal: Pairs<'_> = renewal
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(send(quirk.form("/token", &renewal)).0, 200, "{name}");
    }
}

#[test]
fn token_calls_travel_as_each_quirk_wants() {
    let drive = Drive::start();
    for name in ["7-json", "7-get", "7-query-post"] {
        let quirk = Quirky::new(&drive, name);
        let code = quirk.code(&Quirky::asking());
        let pairs = Quirky::exchanging(&code);
        let (status, tokens) = if name == "7-json" {
            let pairs = pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), json!(value)));
            quirk.json(Method::POST, "/token", &Value::Object(pairs.collect()))
        } else {
            let method = if name == "7-get" {
                Method::GET
            } else {
                Method::POST
            };
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&pairs)
                .finish();
            send(quirk.call(method, &format!("/token?{query}")))
        };
        assert_eq!(status, 200, "{name}: {tokens}");
        assert_eq!(quirk.me(text(&tokens, "access_token")).0, 200, "{name}");
    }
    let (status, log) = send(drive.http.get(drive.at("/sandbox/log")));
    assert_eq!(status, 200);
    let sent = log[2]["sent"].as_array().expect("what was sent");
    assert!(sent.contains(&json!("json code")), "{sent:?}");
    assert!(!log.to_string().contains(CLIENT_SECRET));
}

#[test]
fn clients_authenticate_in_one_way_each() {
    let drive = Drive::start();
    let encoded: String = form_urlencoded::byte_serialize(AWKWARD_SECRET.as_bytes()).collect();
    let plain = format!("quirk-app:{CLIENT_SECRET}");
    let awkward = format!("quirk-app:{AWKWARD_SECRET}");
    let encoded = format!("quirk-app:{encoded}");
    let secret = [("client_secret", CLIENT_SECRET)];
    let none: [(&str, &str); 0] = [];
    for (name, basic, with, good) in [
        ("8-basic-only", plain.as_str(), &none[..], true),
        ("8-basic-only", &plain, &secret, false),
        ("8-body-only", "", &secret, true),
        ("8-body-only", &plain, &none, false),
        ("8-both", &plain, &secret, true),
        ("8-both", "", &secret, false),
        ("8-public-no-secret", "", &none, true),
        ("8-public-no-secret", "", &secret, false),
        ("8-raw-basic", &awkward, &none, true),
        ("8-raw-basic", &encoded, &none, false),
        ("8-encoded-basic", &encoded, &none, true),
        ("8-encoded-basic", &awkward, &none, false),
        ("10-rotation", "", &none, false),
    ] {
        let quirk = Quirky::new(&drive, name);
        let call = |pairs: Pairs<'_>| {
            let request = quirk.form("/token", &bent(pairs, &["client_secret"], with));
            if basic.is_empty() {
                return send(request);
            }
            let header = format!("Basic {}", STANDARD.encode(basic));
            send(request.header(AUTHORIZATION, header))
        };
        let code = quirk.code(&Quirky::asking());
        let (status, tokens) = call(Quirky::exchanging(&code));
        assert_eq!(status == 200, good, "{name}: {tokens}");
        if good {
            let (status, renewed) = call(Quirky::renewing(text(&tokens, "refresh_token")));
            assert_eq!(status, 200, "{name}: {renewed}");
        }
    }
}

#[test]
fn a_refresh_token_comes_only_to_those_who_ask_for_it() {
    let drive = Drive::start();
    for (name, without, with, comes) in [
        (
            "17-offline-params",
            vec![],
            vec![("access_type", "offline")],
            false,
        ),
        (
            "17-offline-params",
            vec![],
            vec![("access_type", "offline"), ("prompt", "consent")],
            true,
        ),
        (
            "17-offline-scope",
            vec!["scope"],
            vec![("scope", "profile offline_access")],
            true,
        ),
    ] {
        let quirk = Quirky::new(&drive, name);
        let code = quirk.code(&bent(Quirky::asking(), &without, &with));
        let (_, tokens) = send(quirk.form("/token", &Quirky::exchanging(&code)));
        assert_eq!(
            tokens.get("refresh_token").is_some(),
            comes,
            "{name} {with:?}"
        );
    }
    let empty = bent(Quirky::asking(), &["scope"], &[("scope", "")]);
    let refused = Quirky::new(&drive, "9-no-empty-scope").consent(&empty);
    assert!(refused.is_err_and(|why| why.contains("leave it out")));
}
