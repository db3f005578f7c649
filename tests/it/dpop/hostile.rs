//! Providers and APIs that mean no good, and a key that is none.

use serde_json::json;

use super::{api_wants, binding, bound, proof, wants};
use crate::guarantee::sealed;
use crate::support::{Home, Recorder, Reply};

#[test]
fn a_provider_that_always_wants_another_nonce_is_asked_twice() {
    let recorder = Recorder::answering(|asked, before| match (asked.path.as_str(), before) {
        ("/token", 0) => Some(bound(0)),
        ("/token", _) => Some(wants(&format!("nonce-{before}"))),
        _ => None,
    });
    let home = recorder.consenting("dpop = true");
    home.connect("x");
    let run = home
        .hallpass(&["token", "x", "--refresh"])
        .run()
        .fails_with(5);
    assert!(run.stderr.contains("use_dpop_nonce"), "{run}");
    assert!(run.stderr.contains("another nonce each time"), "{run}");
    assert_eq!(recorder.asked_at("/token").len(), 3);
    // Nothing was done, and nothing is lost.
    assert_eq!(home.token("x"), "token-1");
    assert_eq!(
        sealed::refresh_token(&home, "x").as_deref(),
        Some("refresh-1")
    );
}

#[test]
fn an_api_that_always_wants_another_nonce_is_asked_twice_and_no_token_is_renewed_for_it() {
    let recorder = Recorder::answering(|asked, before| match asked.path.as_str() {
        "/token" => Some(bound(before)),
        "/api/me" => Some(api_wants(&format!("nonce-{before}"))),
        _ => None,
    });
    let home = recorder.consenting("dpop = true");
    home.edit(|text| format!("{text}test = \"/me\"\n"));
    home.connect_untested("x");
    for args in [["request", "x", "/me"].as_slice(), &["test", "x"]] {
        let before = recorder.asked_at("/api/me").len();
        let run = home.hallpass(args).run().fails_with(6);
        assert!(run.stderr.contains("nonce"), "{run}");
        assert_eq!(recorder.asked_at("/api/me").len(), before + 2);
    }
    assert_eq!(recorder.asked_at("/token").len(), 1);
}

#[test]
fn a_nonce_that_is_none_is_not_sent_back() {
    let long = "n".repeat(10 * 1024);
    for nonce in [long.as_str(), "a b", "a\"b", "a\tb", "a\\b", "\u{e4}", ""] {
        let own = nonce.to_owned();
        let recorder = Recorder::answering(move |asked, before| match asked.path.as_str() {
            "/token" if before > 0 => Some(wants(&own)),
            "/token" => Some(bound(before)),
            "/api/me" => Some(api_wants(&own)),
            _ => None,
        });
        let home = recorder.consenting("dpop = true");
        home.connect("x");
        let run = home
            .hallpass(&["token", "x", "--refresh"])
            .run()
            .fails_with(5);
        assert!(run.stderr.len() < 2000, "{run}");
        home.hallpass(&["request", "x", "/me"]).run().fails_with(6);
        for path in ["/token", "/api/me"] {
            let asked = recorder.asked_at(path);
            let proved = asked.iter().map(proof);
            let mut nonces = proved.filter_map(|proof| proof.claims.get("nonce").cloned());
            assert_eq!(nonces.next(), None, "{path} {nonce:?}");
        }
        assert_eq!(recorder.asked_at("/token").len(), 2);
        assert_eq!(recorder.asked_at("/api/me").len(), 1);
    }
}

#[test]
fn a_header_that_breaks_the_protocol_is_trouble_that_may_pass() {
    // A control character ends the answer before anything of it is believed.
    let recorder = Recorder::answering(|asked, before| match asked.path.as_str() {
        "/token" if before > 0 => Some(wants("a\u{1b}[2Jb")),
        "/token" => Some(bound(before)),
        _ => None,
    });
    let home = recorder.consenting("dpop = true");
    home.connect("x");
    let run = home
        .hallpass(&["token", "x", "--refresh"])
        .run()
        .fails_with(6);
    assert!(!run.stderr.contains('\u{1b}'), "{run}");
    assert_eq!(home.token("x"), "token-1");
}

#[test]
fn a_proof_that_a_provider_repeats_is_not_repeated_by_us() {
    let recorder = Recorder::answering(|asked, _| {
        let echo = asked.header("dpop").unwrap_or_default();
        let body = json!({ "error": "invalid_dpop_proof", "error_description": format!("you sent {echo}") });
        (asked.path == "/token").then(|| Reply::json(400, &body))
    });
    let home = recorder.consenting("dpop = true");
    let run = home
        .hallpass(&["-vv", "connect", "x"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .fails_with(5);
    let sent = recorder.last("/token").header("dpop").expect("a proof");
    assert!(run.stderr.contains("you sent ***"), "{run}");
    assert!(!run.stderr.contains(&sent), "{run}");
    assert!(run.stderr.contains("clock"), "{run}");
}

#[test]
fn a_kept_key_that_is_none_is_told_without_showing_it_and_nothing_is_sent() {
    let recorder = binding();
    let home = recorder.consenting("dpop = true");
    home.connect("x");
    let before = recorder.asked().len();
    for key in [
        "k3y-not-real",
        r#"{"kty":"EC","crv":"P-256","d":"k3y-not-real"}"#,
    ] {
        sealed::change(&home, "x", |item| {
            item["credential"]["dpop_key"] = key.into();
        });
        for args in [
            ["request", "x", "/me"].as_slice(),
            &["token", "x", "--refresh"],
        ] {
            let run = home.hallpass(args).run().fails_with(4);
            assert!(run.stderr.contains("hallpass connect x"), "{run}");
            assert!(!run.stderr.contains("k3y-not-real"), "{run}");
        }
    }
    assert_eq!(recorder.asked().len(), before);
}
