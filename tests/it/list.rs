//! `list` and `status`: what there is, without unlocking anything.

use serde_json::json;

use crate::support::{Home, Provider};

#[test]
fn list_has_the_shape_scripts_rely_on() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.connect("sandbox@work");
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    let line = &list[0];
    assert_eq!(line["integration"], "sandbox");
    assert_eq!(line["connection"], "sandbox@work");
    assert_eq!(line["state"], "connected");
    assert_eq!(line["account"], "sandbox-user");
    assert_eq!(line["scopes"], json!(["profile", "notes:read"]));
    assert_eq!(line["store"], "file");
    assert_eq!(line["grant"], "authorization_code");
    assert!(line["expires_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(line.as_object().unwrap().len(), 8);
    let text = home.hallpass(&["list"]).run().ok().stdout;
    assert!(
        text.contains("sandbox@work") && text.contains("sandbox-user"),
        "{text}"
    );
}

#[test]
fn neither_needs_the_key() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    std::fs::remove_file(home.path().join("key.txt")).unwrap();
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(list[0]["state"], "expired");
    let status = home.hallpass(&["status", "sandbox"]).run().ok();
    assert!(status.stdout.contains("state        expired"), "{status}");
    assert!(
        status.stdout.contains("by itself, with a refresh token"),
        "{status}"
    );
    assert_eq!(provider.count("refresh_token"), 0);
}

#[test]
fn an_empty_home_says_how_to_begin() {
    let home = Home::new();
    let run = home.hallpass(&["list"]).run().ok();
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("hint:"), "{run}");
    assert_eq!(
        home.hallpass(&["list", "--json"]).run().ok().json(),
        json!([])
    );
}

#[test]
fn the_definition_says_which_connection_the_bare_key_means() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.edit(|text| {
        text.replace(
            "[integrations.sandbox]\n",
            "[integrations.sandbox]\nconnection = \"work\"\n",
        )
    });
    home.connect("sandbox");
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(list[0]["connection"], "sandbox@work");
    home.hallpass(&["token", "sandbox@work"]).run().ok();
    home.hallpass(&["token", "sandbox@default"])
        .run()
        .fails_with(4);
}

#[test]
fn text_from_a_provider_cannot_act_on_the_terminal() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    provider.control(&json!({"answers": [{"path": "/me", "status": 200, "body": {"login": "eve\u{1b}[2J\u{202e}"}}]}));
    let run = home.connect("sandbox");
    assert!(
        !run.stderr.contains('\u{1b}') && run.stderr.contains("\\u{1b}"),
        "{run}"
    );
    let list = home.hallpass(&["list"]).run().ok().stdout;
    assert!(
        !list.contains('\u{1b}') && !list.contains('\u{202e}'),
        "{list}"
    );
}

#[test]
fn a_definition_with_a_typo_does_not_make_a_person_connect_again() {
    let (provider, home) = Provider::connected(&[]);
    home.hallpass(&["token", "sandbox-service"]).run().ok();
    let late = Provider::start(&["--token-ttl", "0s"]);
    let later = late.home();
    later.connect_untested("sandbox");
    later.hallpass(&["token", "sandbox-service"]).run().ok();
    for (home, state) in [(&home, "connected"), (&later, "expired")] {
        home.edit(|text| text.replace("client_id =", "clientid ="));
        let run = home.hallpass(&["list", "--json"]).run().ok();
        assert!(run.stderr.contains("has problems"), "{run}");
        let rows = run.json();
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), 2, "{run}");
        for row in rows {
            assert_eq!(row["state"], state, "{run}");
        }
    }
    // One that is gone is another matter, and so is one that the record calls dead.
    home.write("integrations.toml", "");
    let rows = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(rows[0]["state"], "needs_connecting");
    drop(provider);
}
