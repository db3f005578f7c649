//! Client credentials: no connect, and no store where none answers.

use serde_json::json;

use crate::support::{Cmd, HALLPASS, Provider};

#[test]
fn a_service_needs_no_connect_and_its_token_is_reused() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let token = || {
        home.hallpass(&["token", "sandbox-service"])
            .run()
            .ok()
            .line()
            .to_owned()
    };
    let first = token();
    assert_eq!(first, token());
    assert_eq!(provider.count("client_credentials"), 1);
    let me = home
        .hallpass(&["request", "sandbox-service", "/me"])
        .run()
        .ok()
        .json();
    assert_eq!(me["login"], "sandbox-service");
}

#[test]
fn an_expired_one_is_minted_anew_once() {
    let provider = Provider::start(&["--token-ttl", "0s"]);
    let home = provider.home();
    home.hallpass(&["token", "sandbox-service"]).run().ok();
    provider.control(&json!({"token_ttl": 3600, "latency_ms": 200}));
    let calls: Vec<_> = (0..8)
        .map(|_| home.hallpass(&["token", "sandbox-service"]).spawn())
        .collect();
    for call in calls {
        call.wait().ok();
    }
    assert_eq!(provider.count("client_credentials"), 2);
}

#[test]
fn with_no_store_they_are_used_and_forgotten() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    for store in ["none", "keychain"] {
        let run = home
            .hallpass(&["token", "sandbox-service"])
            .env("HALLPASS_STORE", store)
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            .run();
        if store == "none" || cfg!(target_os = "linux") {
            assert!(run.ok().line().starts_with("sbx_at_"));
        }
    }
    assert!(!home.path().join("data/credentials").exists());
}

#[cfg(unix)]
#[test]
fn a_ci_job_needs_only_its_environment() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let config = home.path().join("integrations.toml");
    let run = Cmd::new(
        HALLPASS,
        &[
            "token",
            "sandbox-service",
            "--config",
            config.to_str().unwrap(),
        ],
    )
    .env("CI", "true")
    .env("HOME", "/nonexistent")
    .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    .run()
    .ok();
    assert!(run.line().starts_with("sbx_at_"), "{run}");
}

#[test]
fn list_says_that_it_is_ready() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    let states: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["connection"].clone(), line["state"].clone()))
        .collect();
    assert_eq!(
        states,
        [
            (json!("sandbox"), json!("not_connected")),
            (json!("sandbox-service"), json!("ready"))
        ]
    );
}

#[test]
fn a_definition_that_moves_is_minted_anew_there() {
    let provider = Provider::start(&[]);
    let other = Provider::start(&[]);
    let home = provider.home();
    home.hallpass(&["token", "sandbox-service"]).run().ok();
    home.edit(|text| text.replace(provider.issuer(), other.issuer()));
    home.hallpass(&["request", "sandbox-service", "/me"])
        .run()
        .ok();
    assert_eq!(other.count("client_credentials"), 1);
}
