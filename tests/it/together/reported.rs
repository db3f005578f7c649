//! What `status`, `list`, `doctor`, `test` and actions make of each new kind of connection.

use serde_json::Value;

use super::{MACHINES, hallpass, start};
use crate::support::{Home, Provider};

const CONNECTED: [&str; 3] = ["device", "pushed", "both"];

fn prepared() -> (Provider, Home) {
    let (provider, home) = start("steady");
    for connection in CONNECTED {
        hallpass(&provider, &home, &["connect", connection])
            .run()
            .ok();
    }
    for connection in MACHINES {
        hallpass(&provider, &home, &["token", connection])
            .run()
            .ok();
    }
    (provider, home)
}

#[test]
fn every_kind_of_connection_is_told_as_it_is() {
    let (provider, home) = prepared();
    let list = hallpass(&provider, &home, &["list", "--json"])
        .run()
        .ok()
        .json();
    for (connection, grant) in [
        ("device", "device_code"),
        ("pushed", "authorization_code"),
        ("both", "authorization_code"),
        ("keyed", "client_credentials"),
        ("robot", "jwt_bearer"),
        ("job", "token_exchange"),
        ("user", "password"),
    ] {
        let row = list.as_array().unwrap().iter();
        let row = row
            .clone()
            .find(|row| row["connection"] == connection)
            .unwrap();
        let state = if MACHINES.contains(&connection) {
            "ready"
        } else {
            "connected"
        };
        assert_eq!(
            (&row["grant"], &row["state"]),
            (&grant.into(), &state.into()),
            "{row}"
        );
        let status = hallpass(&provider, &home, &["status", connection, "--json"]).run();
        let status: Value = status.ok().json();
        assert_eq!(status["grant"], grant, "{status}");
        assert_eq!(status["dpop"], true, "{status}");
        assert!(status["expires_at"].is_string(), "{status}");
        let told = hallpass(&provider, &home, &["status", connection])
            .run()
            .ok();
        assert!(
            told.stdout.contains(grant) && told.stdout.contains("DPoP"),
            "{told}"
        );
        let run = hallpass(&provider, &home, &["doctor", connection]).run();
        assert!(!run.stderr.contains("panicked"), "{run}");
        assert_eq!(run.code, Some(0), "{run}");
        let run = hallpass(&provider, &home, &["doctor", connection, "--json"])
            .run()
            .ok();
        assert!(run.json().is_object() || run.json().is_array(), "{run}");
    }
}

#[test]
fn an_action_and_a_test_prove_the_key_in_every_step() {
    let (provider, home) = prepared();
    let actions = r#"
[integrations.NAME.actions.twice]
[[integrations.NAME.actions.twice.steps]]
path = "/me"
save = { who = "login" }
[[integrations.NAME.actions.twice.steps]]
method = "POST"
path = "/echo"
json = { who = "{who}" }
"#;
    home.edit(|text| {
        let more = CONNECTED.iter().chain(&MACHINES);
        let more = more.map(|name| actions.replace("NAME", name));
        format!("{text}{}", more.collect::<String>())
    });
    provider.control(&serde_json::json!({ "dpop_nonce": "once" }));
    for connection in CONNECTED.iter().chain(&MACHINES) {
        let args = ["request", connection, "--action", "twice"];
        let run = hallpass(&provider, &home, &args).run().ok();
        assert!(
            run.json()["body"].as_str().unwrap().contains("\"who\":\""),
            "{run}"
        );
        hallpass(&provider, &home, &["test", connection]).run().ok();
    }
}

#[test]
fn a_job_without_its_surroundings_is_told_what_it_lacks_and_nothing_panics() {
    let (provider, home) = start("off");
    for (connection, code, lacks) in [
        ("job", 3, "ACTIONS_ID_TOKEN_REQUEST_URL"),
        ("user", 3, "USER_PASSWORD"),
    ] {
        let run = home.hallpass(&["token", connection]).run().fails_with(code);
        assert!(run.stderr.contains(lacks), "{run}");
        for args in [["doctor", connection], ["status", connection]] {
            let run = home.hallpass(&args).run();
            assert!(!run.stderr.contains("panicked"), "{run}");
            assert!(run.code.is_some_and(|code| code < 9), "{run}");
        }
    }
    // A key that is none is the definition's fault, before anything is sent.
    home.edit(|text| text.replace("\"d\":\"jps", "\"d\":\"!!!"));
    let before = provider.log().len();
    for connection in ["keyed", "robot", "job", "user"] {
        let run = hallpass(&provider, &home, &["token", connection]).run();
        let run = run.fails_with(3);
        assert!(run.stderr.contains("auth.jwt"), "{run}");
        assert!(!run.stderr.contains("!!!"), "{run}");
        let run = hallpass(&provider, &home, &["doctor", connection]).run();
        assert!(!run.stderr.contains("panicked"), "{run}");
    }
    let asked: Vec<_> = provider.log().split_off(before);
    let at_token = asked.iter().filter(|entry| entry["path"] == "/token");
    assert_eq!(at_token.count(), 0, "{asked:?}");
}
