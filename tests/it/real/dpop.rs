//! DPoP (RFC 9449) against `oidc-provider`, with a client whose every token is bound, with and without
//! a nonce in each proof.

use crate::support::Home;

use super::op::{Op, connect};

const DEFINITION: &str = r#"
[integrations.bound.auth]
type = "oauth2"
grant = "authorization_code"
issuer = "ISSUER"
client_id = "hallpass-dpop"
scopes = ["openid", "offline_access"]
authorization_params = { prompt = "consent" }
dpop = ALGORITHM

[integrations.bound.api]
base_url = "ISSUER"
test = "/me"
account = "sub"

[integrations.finder.auth]
type = "api_key"
api_key = { env = "FOUND" }

[integrations.finder.api]
base_url = "ISSUER"
"#;

fn home(op: &Op, algorithm: &str) -> Home {
    let definition = DEFINITION.replace("ISSUER", op.issuer());
    let home = Home::new();
    home.write(
        "integrations.toml",
        &definition.replace("ALGORITHM", algorithm),
    );
    home
}

/// Connects, calls, renews by every way there is, and calls again.
#[track_caller]
fn lives(nonce: &str, algorithm: &str) {
    let op = Op::with(&[("DPOP_NONCE", nonce)]);
    let home = home(&op, algorithm);
    let run = |args: &[&str]| home.hallpass(args).run().ok();
    connect(home.hallpass(&["connect", "bound"]));
    let me = || {
        let me = run(&["request", "bound", "/me"]);
        assert_eq!(me.json()["sub"], "alice", "{me}");
    };
    me();
    let json = run(&["token", "bound", "--format", "json"]).json();
    assert_eq!(json["token_type"], "DPoP", "{json}");
    let first = home.token("bound");
    let second = run(&["token", "bound", "--refresh"]);
    assert_ne!(second.line(), first);
    me();
    run(&["test", "bound"]);
    // The same token in the hands of whoever found it: a connection that has it, and no key.
    home.hallpass(&["request", "finder", "/me"])
        .env("FOUND", second.line())
        .run()
        .fails_with(8);
    // What is sent once arrives: the nonce is known by now.
    let piped = [
        "request",
        "bound",
        "/me",
        "-X",
        "POST",
        "--data-binary",
        "@-",
    ];
    let me = home.hallpass(&piped).stdin("a=b").run().ok();
    assert_eq!(me.json()["sub"], "alice", "{me}");
    assert!(!op.ended_a_grant());
    run(&["disconnect", "bound"]);
    assert!(op.ended_a_grant());
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_bound_connection_lives_without_a_nonce() {
    lives("0", "true");
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_bound_connection_lives_with_a_nonce_in_each_proof() {
    lives("1", "true");
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn an_ed25519_key_is_taken_too() {
    lives("1", "\"EdDSA\"");
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn without_a_proof_such_a_client_gets_nothing() {
    let op = Op::start(600, 600);
    let home = home(&op, "false");
    home.hallpass(&["connect", "bound"])
        .env("HALLPASS_BROWSER", super::op::person())
        .run()
        .fails_with(5);
    home.hallpass(&["token", "bound"]).run().fails_with(4);
}

/// The connection as if no server had ever given a nonce.
fn forget_nonces(home: &Home) {
    std::fs::remove_dir_all(home.path().join("data/nonces")).expect("there were some");
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_body_is_sent_again_with_the_nonce_that_was_asked_for() {
    let op = Op::with(&[("DPOP_NONCE", "1")]);
    let home = home(&op, "true");
    connect(home.hallpass(&["connect", "bound"]));
    let file = home.write("body.txt", "a=from-a-file");
    let file = format!("@{}", file.display());
    let mut asked = op.asked().len();
    for (body, length) in [("a=bcd", 5), (file.as_str(), 13)] {
        forget_nonces(&home);
        let me = home
            .hallpass(&["request", "bound", "/me", "-d", body])
            .run()
            .ok();
        assert_eq!(me.json()["sub"], "alice", "{me}");
        let all = op.asked();
        let expected = [401, 200].map(|status| format!("POST /me {length} {status}"));
        assert_eq!(all[asked..], expected);
        asked = all.len();
    }
    // The next one knows it.
    home.hallpass(&["request", "bound", "/me", "-d", "a=bcd"])
        .run()
        .ok();
    assert_eq!(op.asked()[asked..], ["POST /me 5 200"]);
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_pushed_request_has_a_proof_whoever_the_client_is() {
    let op = Op::with(&[("PAR", "required"), ("DPOP_NONCE", "1")]);
    let secret = "client_id = \"hallpass-web\"\nclient_secret = { env = \"OP_SECRET\" }";
    for confidential in [false, true] {
        let home = home(&op, "true");
        if confidential {
            home.edit(|text| text.replacen("client_id = \"hallpass-dpop\"", secret, 1));
        }
        let asked = op.asked().len();
        let hallpass = |args: &[&str]| home.hallpass(args).envs([super::op::service_secret()]);
        let run = connect(hallpass(&["connect", "bound"]));
        assert!(run.stderr.contains("request_uri=urn%3Aietf"), "{run}");
        assert!(!run.stderr.contains("dpop_jkt"), "{run}");
        // The nonce that the push was asked for serves the calls that follow.
        let ends = op.asked().split_off(asked);
        let ends: Vec<_> = ends
            .iter()
            .map(|one| (one.split(' ').nth(1), one.split(' ').nth(3)))
            .collect();
        let (push, me) = (Some("/request"), Some("/me"));
        let expected = [(push, Some("400")), (push, Some("201")), (me, Some("200"))];
        assert_eq!(ends, expected);
        let json = hallpass(&["token", "bound", "--format", "json"]).run().ok();
        assert_eq!(json.json()["token_type"], "DPoP", "{json}");
        hallpass(&["disconnect", "bound"]).run().ok();
    }
}
