//! The connections themselves, and the ports they come back to.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use serde_json::{Value, json};

use super::{CONSENT, Findings, command, look};
use crate::support::{Home, Recorder, Reply};

/// A provider whose token answers are these, the first one first; the last one stays.
fn giving(answers: Vec<(u16, Value)>) -> Recorder {
    Recorder::answering(move |asked, before| {
        if asked.path != "/token" {
            return None;
        }
        let (status, answer) = answers.get(before).or(answers.last())?;
        Some(Reply::json(*status, answer))
    })
}

fn token(more: &Value) -> Value {
    let mut answer = json!({ "access_token": "token-not-real", "expires_in": 3600 });
    for (name, value) in more.as_object().unwrap() {
        answer[name] = value.clone();
    }
    answer
}

fn connected(provider: &Recorder, more: &str) -> Home {
    let home = provider.home(&CONSENT.replace("#more", more));
    home.connect_untested("x");
    home
}

#[test]
fn what_is_not_connected_is_a_problem_only_where_it_is_named() {
    let provider = Recorder::start();
    let home = provider.home(CONSENT);
    let found = look(&home, &[]);
    assert_eq!(found.run.code, Some(0), "{}", found.run);
    found.one("connections", "ok", "not connected yet: `x`");
    for (arg, connect) in [
        ("x", "hallpass connect x"),
        ("x@work", "hallpass connect x@work"),
    ] {
        let found = look(&home, &[arg]);
        let finding = found.only("connections", "problem", "is not connected");
        assert_eq!(command(finding), connect);
        assert_eq!(finding["connection"], arg);
        assert_eq!(found.run.code, Some(4));
    }
}

#[test]
fn scopes_that_were_asked_for_and_not_granted_are_named() {
    let answer = token(&json!({ "refresh_token": "refresh-not-real", "scope": "a" }));
    let provider = giving(vec![(200, answer)]);
    let home = connected(&provider, "scopes = [\"a\", \"b\", \"openid\"]");
    let found = look(&home, &[]);
    assert_eq!(found.run.code, Some(0));
    let finding = found.only("connections", "warning", "was not granted `b` (granted: a)");
    assert_eq!(command(finding), "hallpass connect x");
    // What the definition came to ask for later is another matter.
    home.edit(|text| text.replace("\"b\"", "\"c\""));
    let found = look(&home, &[]);
    found.one("connections", "warning", "now also asks for `c`");
}

#[test]
fn a_refresh_token_that_did_not_come_is_told_with_what_the_provider_wants() {
    let provider = giving(vec![(200, token(&json!({})))]);
    let home = connected(&provider, "");
    let found = look(&home, &[]);
    assert_eq!(found.run.code, Some(0));
    let finding = found.only("connections", "warning", "has no refresh token");
    assert!(
        finding["fix"].as_str().unwrap().contains("offline_access"),
        "{finding}"
    );
    // Of some providers it is known. Nothing is sent to this one: the proxy is not there.
    let page = format!("{}/authorize", provider.origin());
    home.edit(|text| text.replace(&page, "https://accounts.google.com/o/oauth2/v2/auth"));
    let run = home
        .hallpass(&["doctor", "--json", "x"])
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .run();
    let found = Findings::of(run.fails_with(6));
    let finding = found.one("connections", "warning", "has no refresh token");
    let fix = finding["fix"].as_str().unwrap();
    assert!(fix.contains("Google gives one when asked"), "{finding}");
}

#[test]
fn a_token_that_never_expires_needs_no_refresh_token() {
    let provider = giving(vec![(200, json!({ "access_token": "token-not-real" }))]);
    let home = connected(&provider, "");
    assert_eq!(look(&home, &[]).bad().len(), 0);
}

#[test]
fn what_expired_for_good_and_what_the_provider_ended_have_to_be_connected_again() {
    let over = token(&json!({ "expires_in": 0 }));
    let provider = giving(vec![(200, over)]);
    let home = connected(&provider, "");
    let found = look(&home, &[]);
    let finding = found.only(
        "connections",
        "problem",
        "has expired, and nothing renews it",
    );
    assert_eq!(command(finding), "hallpass connect x");
    assert_eq!(found.run.code, Some(4));

    let over = token(&json!({ "expires_in": 0, "refresh_token": "refresh-not-real" }));
    let dead = json!({ "error": "invalid_grant", "error_description": "consent withdrawn" });
    let provider = giving(vec![(200, over), (400, dead)]);
    let home = connected(&provider, "");
    let found = look(&home, &[]);
    assert_eq!(
        found.run.code,
        Some(0),
        "it is renewed by itself\n{}",
        found.run
    );
    home.hallpass(&["token", "x"]).run().fails_with(4);
    let found = look(&home, &[]);
    let finding = found.only("connections", "problem", "has to be connected again: ");
    assert!(
        finding["message"]
            .as_str()
            .unwrap()
            .contains("consent withdrawn")
    );
    assert_eq!(found.run.code, Some(4));
}

#[test]
fn a_definition_that_moved_is_told_and_the_new_place_is_not_even_asked() {
    let (provider, stranger) = (Recorder::start(), Recorder::start());
    let home = connected(&provider, "");
    let base = format!("{}/api", provider.origin());
    home.edit(|text| text.replace(&base, stranger.origin()));
    for args in [&[][..], &["x"]] {
        let found = look(&home, args);
        let finding = found.only("connections", "problem", stranger.origin());
        assert_eq!(command(finding), "hallpass connect x --force");
        assert_eq!(found.run.code, Some(4));
    }
    assert_eq!(stranger.asked().len(), 0);
}

#[cfg(unix)]
#[test]
fn a_connection_that_nothing_defines_any_more_can_be_forgotten() {
    let provider = Recorder::start();
    let home = connected(&provider, "");
    home.write("integrations.toml", "");
    let found = look(&home, &[]);
    assert_eq!(found.run.code, Some(0));
    let finding = found.only("connections", "warning", "nothing defines it any more");
    home.shell(command(finding)).run().ok();
    assert_eq!(look(&home, &[]).bad().len(), 0);
    // One that is only broken is the definitions' matter.
    let home = connected(&provider, "");
    home.edit(|text| text.replace("client_id", "client_ix"));
    let found = look(&home, &[]);
    found.only("definitions", "problem", "");
}

#[test]
fn a_token_from_the_future_is_told() {
    let provider = Recorder::start();
    let home = connected(&provider, "");
    let path = "data/connections/x@default.json";
    let text = std::fs::read_to_string(home.path().join(path)).unwrap();
    let mut record: Value = serde_json::from_str(&text).unwrap();
    record["obtained_at"] = json!("2199-01-01T00:00:00Z");
    home.write(path, &record.to_string());
    let found = look(&home, &[]);
    let finding = found.only("clock", "warning", "was obtained in the future");
    assert_eq!(command(finding), "hallpass refresh x");
    assert_eq!(found.run.code, Some(0));
}

#[test]
fn redirect_ports_that_are_taken_are_named() {
    let provider = Recorder::start();
    let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = holder.local_addr().unwrap().port();
    let home = |ports: &str, host: &str| {
        let line = format!("redirect = {{ host = \"{host}\", ports = [{ports}] }}");
        provider.home(&CONSENT.replace("#more", &line))
    };
    let own = home(&taken.to_string(), "127.0.0.1");
    let found = look(&own, &[]);
    let finding = found.only("redirect", "problem", &format!("{taken} ("));
    assert!(command(finding).contains(&taken.to_string()));
    assert_eq!(found.run.code, Some(6));
    // The next port will do; and where nobody has to connect, it can wait.
    let found = look(&home(&format!("{taken}, 0"), "127.0.0.1"), &[]);
    assert_eq!(found.bad().len(), 0, "{}", found.run);
    let connected = home("0", "127.0.0.1");
    connected.connect("x");
    connected.edit(|text| text.replace("[0]", &format!("[{taken}]")));
    let found = look(&connected, &[]);
    found.only("redirect", "warning", &format!("{taken} ("));
    assert_eq!(found.run.code, Some(0));
}

#[test]
fn a_port_that_is_taken_in_the_other_family_is_taken_for_localhost() {
    let Ok(holder) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else {
        return; // this machine has no IPv6
    };
    let taken = holder.local_addr().unwrap().port();
    let provider = Recorder::start();
    for (host, code) in [("localhost", 6), ("::1", 6)] {
        let line = format!("redirect = {{ host = \"{host}\", ports = [{taken}] }}");
        let found = look(&provider.home(&CONSENT.replace("#more", &line)), &[]);
        assert_eq!(found.run.code, Some(code), "{}", found.run);
        found.only("redirect", "problem", host);
    }
}
