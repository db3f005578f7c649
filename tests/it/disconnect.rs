//! `disconnect`: revoked at the provider, then forgotten, and honest about it.

use serde_json::json;

use crate::support::{Home, Provider, Run, http};

const SERVICE: (&str, &str) = ("sandbox-service", "sandbox-secret-not-real");

/// Runs a command where no keychain answers.
fn without_keychain(home: &Home, args: &[&str]) -> Run {
    home.hallpass(args)
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
}

const RECORD: &str = "data/connections/sandbox@default.json";

fn record(home: &Home) -> serde_json::Value {
    let text = std::fs::read_to_string(home.path().join(RECORD)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn sealed(home: &Home) -> std::path::PathBuf {
    home.path().join("data/credentials/sandbox@default.age")
}

/// Says in the record that a move was cut off, and left a copy in the keychain.
fn with_a_copy_in_the_keychain(home: &Home) {
    let mut record = record(home);
    record["also_in"] = json!("keychain");
    home.write(RECORD, &record.to_string());
}

#[test]
fn tokens_are_dead_at_the_provider_and_gone_here() {
    let (provider, home) = Provider::connected(&[]);
    let token = home.token("sandbox");
    let active = || {
        let url = format!("{}/introspect", provider.issuer());
        http::post_form(&url, SERVICE, &[("token", &token)])["active"].clone()
    };
    assert_eq!(active(), true);
    let run = home.hallpass(&["disconnect", "sandbox"]).run().ok();
    assert!(run.stderr.contains("revoked and forgotten"), "{run}");
    assert_eq!(active(), false);
    home.hallpass(&["token", "sandbox"]).run().fails_with(4);
    let left = std::fs::read_dir(home.path().join("data/credentials")).unwrap();
    assert_eq!(left.count(), 0);
}

#[test]
fn an_unreachable_provider_keeps_the_connection_unless_local() {
    let home = {
        let (_provider, home) = Provider::connected(&[]);
        home
    };
    let run = home
        .hallpass(&["disconnect", "sandbox"])
        .run()
        .fails_with(6);
    assert!(run.stderr.contains("--local"), "{run}");
    home.hallpass(&["token", "sandbox"]).run().ok();
    let run = home
        .hallpass(&["disconnect", "sandbox", "--local"])
        .run()
        .ok();
    assert!(run.stderr.contains("still honours its tokens"), "{run}");
    home.hallpass(&["token", "sandbox"]).run().fails_with(4);
}

#[test]
fn all_disconnects_everything() {
    let (_provider, home) = Provider::connected(&[]);
    home.connect("sandbox@work");
    home.hallpass(&["token", "sandbox-service"]).run().ok();
    home.hallpass(&["disconnect", "--all"]).run().ok();
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert!(
        list.as_array()
            .unwrap()
            .iter()
            .all(|line| line["store"].is_null()),
        "{list}"
    );
    home.hallpass(&["disconnect", "--all"]).run().ok();
    home.hallpass(&["disconnect"]).run().fails_with(2);
}

#[test]
fn a_refused_revocation_keeps_the_connection() {
    let (provider, home) = Provider::connected(&[]);
    provider.control(&json!({"answers": [{"path": "/revoke", "status": 401, "body": {"error": "invalid_client"}}]}));
    home.hallpass(&["disconnect", "sandbox"])
        .run()
        .fails_with(5);
    home.hallpass(&["disconnect", "sandbox"]).run().ok();
}

#[test]
fn a_connection_whose_definition_is_gone_can_be_forgotten() {
    let (_provider, home) = Provider::connected(&[]);
    home.write("integrations.toml", "");
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(list[0]["state"], "needs_connecting");
    home.hallpass(&["disconnect", "sandbox"])
        .run()
        .fails_with(3);
    home.hallpass(&["disconnect", "sandbox", "--local"])
        .run()
        .ok();
    assert_eq!(
        home.hallpass(&["list", "--json"]).run().ok().json(),
        json!([])
    );
}

#[test]
fn without_a_revocation_endpoint_it_says_what_it_did_not_do() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.drop_lines(&["revocation_url"]);
    home.connect("sandbox");
    let run = home.hallpass(&["disconnect", "sandbox"]).run().ok();
    assert!(run.stderr.contains("names no `revocation_url`"), "{run}");
}

#[test]
fn a_token_that_is_dead_already_is_no_obstacle() {
    let (provider, home) = Provider::connected(&[]);
    provider.control(&json!({"answers": [
        {"path": "/revoke", "status": 400, "body": {"error": "invalid_token"}, "times": 2},
    ]}));
    home.hallpass(&["disconnect", "sandbox"]).run().ok();
}

#[test]
fn a_copy_in_a_keychain_that_does_not_answer_is_no_success_and_is_remembered() {
    let (_provider, home) = Provider::connected(&[]);
    with_a_copy_in_the_keychain(&home);
    let run = without_keychain(&home, &["disconnect", "sandbox"]).fails_with(7);
    for said in [
        "are revoked, but not all forgotten",
        "may be left in the keychain",
        "hallpass disconnect sandbox --local",
        "sandbox@default.json",
    ] {
        assert!(run.stderr.contains(said), "{said}\n{run}");
    }
    assert!(!sealed(&home).exists());
    without_keychain(&home, &["token", "sandbox"]).fails_with(4);
    let status = without_keychain(&home, &["status", "sandbox"]).fails_with(4);
    assert!(
        status.stdout.contains("it is forgotten, but the store"),
        "{status}"
    );
    // Doing it again forgets it no sooner, and says so again.
    for args in [
        &["disconnect", "sandbox", "--local"][..],
        &["disconnect", "--all"],
    ] {
        let run = without_keychain(&home, args).fails_with(7);
        assert!(run.stderr.contains("may be left in the keychain"), "{run}");
    }
    // Connected anew, it works, and the copy is still known.
    without_keychain(&home, &["connect", "sandbox"]).ok();
    without_keychain(&home, &["token", "sandbox"]).ok();
    assert_eq!(record(&home)["also_in"], "keychain");
    assert!(record(&home)["forgotten"].is_null());
}

#[test]
fn a_copy_in_a_keychain_that_does_not_answer_outlives_no_move_unknown() {
    let (_provider, home) = Provider::connected(&[]);
    with_a_copy_in_the_keychain(&home);
    without_keychain(&home, &["move", "sandbox", "--to", "file"]).ok();
    assert_eq!(record(&home)["also_in"], "keychain");
    without_keychain(&home, &["disconnect", "sandbox", "--local"]).fails_with(7);
}

#[test]
fn what_is_damaged_everywhere_is_forgotten_where_no_keychain_answers() {
    let (_provider, home) = Provider::connected(&[]);
    home.write(RECORD, "");
    home.write("data/credentials/sandbox@default.age", "age-encrypt");
    let run = home
        .hallpass(&["disconnect", "sandbox", "--local"])
        .env_remove("HALLPASS_STORE")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .run()
        .ok();
    assert!(run.stderr.contains("Forgot `sandbox` here"), "{run}");
    assert!(!sealed(&home).exists());
    assert!(!home.path().join(RECORD).exists());
}

#[test]
fn what_a_keychain_that_does_not_answer_holds_is_not_forgotten_and_the_hint_is_another() {
    let (_provider, home) = Provider::connected(&[]);
    let mut moved = record(&home);
    moved["store"] = json!("keychain");
    home.write(RECORD, &moved.to_string());
    let again = "`hallpass disconnect sandbox --local`";
    let run = without_keychain(&home, &["disconnect", "sandbox"]).fails_with(7);
    assert!(run.stderr.contains(again), "{run}");
    let run = without_keychain(&home, &["disconnect", "sandbox", "--local"]).fails_with(7);
    assert!(!run.stderr.contains(again), "{run}");
    assert!(run.stderr.contains("where it answers"), "{run}");
    assert!(run.stderr.contains("sandbox@default.json"), "{run}");
    assert!(home.path().join(RECORD).exists());
}
