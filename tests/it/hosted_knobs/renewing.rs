//! When a token is renewed, and how often.

use serde_json::json;

use super::{call, oauth};
use crate::support::{Home, Recorder, Reply};

/// A provider whose tokens live so many seconds.
fn with_life(seconds: u64) -> Recorder {
    Recorder::answering(move |asked, before| {
        let number = before + 1;
        let answer = json!({
            "access_token": format!("token-{number}"),
            "refresh_token": format!("refresh-{number}"),
            "expires_in": seconds,
        });
        (asked.path == "/token").then(|| Reply::json(200, &answer))
    })
}

/// How many refreshes it took to get a token right after connecting.
fn refreshes(life: u64, rules: &str) -> usize {
    let recorder = with_life(life);
    let home = oauth(&recorder, rules, "");
    home.connect_untested("x");
    home.token("x");
    let asked = recorder.asked_at("/token");
    let renewed = asked
        .iter()
        .filter(|asked| asked.form("grant_type").as_deref() == Some("refresh_token"));
    renewed.count()
}

#[test]
fn a_token_is_renewed_when_less_life_is_left_than_was_chosen() {
    let half_an_hour = "[integrations.x.auth.refresh]\nbefore = \"30m\"";
    assert_eq!(refreshes(1700, half_an_hour), 1);
    assert_eq!(refreshes(3600, half_an_hour), 0);
    assert_eq!(refreshes(1700, ""), 0);
}

#[test]
fn a_token_that_lives_less_than_five_minutes_is_used_before_it_is_renewed() {
    assert_eq!(refreshes(240, ""), 0);
    assert_eq!(refreshes(90, ""), 0);
}

/// An API that answers the first token with this status, and every other with success.
fn tired_of_the_first_token(status: u16) -> Recorder {
    Recorder::answering(move |asked, _| {
        let first = asked.header("authorization").as_deref() == Some("Bearer token-1");
        let tired = asked.path == "/api/things" && first;
        tired.then(|| Reply::json(status, &json!({ "message": "expired" })))
    })
}

fn connected(recorder: &Recorder, rules: &str) -> Home {
    let home = oauth(recorder, rules, "");
    home.connect("x");
    home
}

#[test]
fn a_token_is_renewed_and_the_call_made_again_once_on_401() {
    let recorder = tired_of_the_first_token(401);
    let home = connected(&recorder, "");
    call(&home, "x");
    let refresh = recorder.last("/token");
    assert_eq!(refresh.form("grant_type").as_deref(), Some("refresh_token"));
    assert_eq!(refresh.form("refresh_token").as_deref(), Some("refresh-1"));
    let said = recorder.last("/api/things").header("authorization");
    assert_eq!(said.as_deref(), Some("Bearer token-2"));
    assert_eq!(recorder.asked_at("/api/things").len(), 2);
}

#[test]
fn a_token_is_renewed_and_the_call_made_again_once_on_403_where_the_definition_says_so() {
    let rules = "[integrations.x.auth.refresh]\non_status = [401, 403]";
    let recorder = tired_of_the_first_token(403);
    call(&connected(&recorder, rules), "x");
    assert_eq!(recorder.asked_at("/api/things").len(), 2);
    let recorder = tired_of_the_first_token(403);
    let home = connected(&recorder, "");
    home.hallpass(&["request", "x", "/things"])
        .run()
        .fails_with(8);
    assert_eq!(recorder.asked_at("/api/things").len(), 1);
    assert_eq!(recorder.asked_at("/token").len(), 1);
}

#[test]
fn a_call_that_is_refused_with_every_token_is_made_twice_and_no_more() {
    let recorder = Recorder::answering(|asked, _| {
        (asked.path == "/api/things").then(|| Reply::json(403, &json!({})))
    });
    let home = connected(
        &recorder,
        "[integrations.x.auth.refresh]\non_status = [401, 403]",
    );
    home.hallpass(&["request", "x", "/things"])
        .run()
        .fails_with(8);
    assert_eq!(recorder.asked_at("/api/things").len(), 2);
    assert_eq!(recorder.asked_at("/token").len(), 2);
}

#[test]
fn a_custom_token_is_obtained_anew_when_the_api_refuses_it() {
    let recorder = tired_of_the_first_token(401);
    let home = recorder.home(
        r#"
[integrations.x.auth]
type = "custom_token"
token_url = "ORIGIN/token"
password = "not-a-real-password"
[integrations.x.auth.token]
params = { password = "{password}" }
[integrations.x.auth.refresh]
from = "none"
[integrations.x.api]
base_url = "ORIGIN/api"
"#,
    );
    call(&home, "x");
    let asked = recorder.asked_at("/token");
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|asked| {
        asked.form("password").as_deref() == Some("not-a-real-password")
            && asked.form("grant_type").is_none()
    }));
}
