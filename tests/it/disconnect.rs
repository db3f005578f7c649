//! `disconnect`: revoked at the provider, then forgotten, and honest about it.

use serde_json::json;

use crate::support::{Provider, http};

const SERVICE: (&str, &str) = ("sandbox-service", "sandbox-secret-not-real");

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
