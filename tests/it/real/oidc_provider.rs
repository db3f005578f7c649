//! Against npm's `oidc-provider`, a certified OpenID provider that rotates refresh tokens and ends the
//! whole grant when one comes twice.

use crate::support::{Cmd, Home, eventually};

use super::op::{Op, connect, person, service_secret};

const HALLPASS: &str = env!("CARGO_BIN_EXE_hallpass");

/// Waits until the access token's life is over.
#[track_caller]
fn wait_until_expired(home: &Home) {
    eventually("the token has expired", || {
        let status = home.hallpass(&["status", "op", "--json"]).run().ok();
        (status.json()["state"] == "expired").then_some(())
    });
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn eight_at_once_find_one_expired_token_and_the_grant_lives_on() {
    let op = Op::start(4, 600);
    let home = op.home();
    connect(home.hallpass(&["connect", "op"]));
    let expired = op.tokens("access_token", "saved").pop().expect("a token");
    wait_until_expired(&home);

    let started: Vec<_> = (0..8)
        .map(|_| home.hallpass(&["token", "op"]).spawn())
        .collect();
    let runs: Vec<_> = started.into_iter().map(|one| one.wait().ok()).collect();
    let token = runs[0].line();
    assert_ne!(token, expired);
    assert!(runs.iter().all(|run| run.line() == token), "{runs:?}");
    assert!(op.takes(token));
    assert_eq!(op.tokens("refresh_token", "consumed").len(), 1);

    let renewed = home.hallpass(&["token", "op", "--refresh"]).run().ok();
    assert_ne!(renewed.line(), token);
    assert!(op.takes(renewed.line()));
    assert!(!op.ended_a_grant());
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_person_who_refuses_consent_leaves_nothing_behind() {
    let op = Op::start(600, 600);
    let home = op.home();
    let refused = home
        .hallpass(&["connect", "op"])
        .env("HALLPASS_BROWSER", person())
        .env("DECISION", "abort")
        .run()
        .fails_with(5);
    assert!(refused.stderr.contains("access_denied"), "{refused}");
    home.hallpass(&["token", "op"]).run().fails_with(4);
    assert!(op.tokens("access_token", "saved").is_empty());
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn client_credentials_need_neither_connect_nor_store() {
    let op = Op::start(600, 600);
    let home = op.home();
    let token = home
        .hallpass(&["token", "op-service", "--store", "none"])
        .env_remove("HALLPASS_STORE")
        .envs([service_secret()])
        .run()
        .ok();
    assert!(op.takes(token.line()), "{token}");
    assert!(home.files_with(token.line()).is_empty());

    // As in a CI job: an empty home, no keychain, a definition and a secret in the environment.
    let token = Cmd::new(HALLPASS, &["token", "op-service"])
        .env("HOME", home.path().join("empty"))
        .env("HALLPASS_CONFIG", home.path().join("integrations.toml"))
        .envs([service_secret(), ("CI", "true".to_owned())])
        .run()
        .ok();
    assert!(op.takes(token.line()), "{token}");
}
