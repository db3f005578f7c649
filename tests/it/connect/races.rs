//! A connection that is made, made again and taken away at the same time: whoever comes last wins,
//! whole.

use std::sync::{Arc, Condvar, Mutex};

use serde_json::json;

use super::Waiting;
use crate::support::{Home, PATIENCE, Provider, Recorder, Reply, eventually, http};

const DEFINITION: &str = r#"
[integrations.x.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "ORIGIN/authorize"
token_url = "ORIGIN/token"
client_id = "id"
[integrations.x.api]
base_url = "ORIGIN"
test = "/me"
account = "login"
"#;

/// Holds an answer back until it is opened.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn pass(&self) {
        let (open, news) = &*self.0;
        let open = open.lock().unwrap();
        drop(
            news.wait_timeout_while(open, PATIENCE, |open| !*open)
                .unwrap(),
        );
    }

    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

/// A provider of `code-1`, `code-2`, … for which it gives `token-of-code-1`, …, whose account is
/// `account-of-code-1`, …; it answers the first one at this path only once the gate is open.
fn provider(held: &'static str, gate: &Gate) -> Recorder {
    let gate = gate.clone();
    Recorder::answering(move |asked, before| {
        let code = match asked.path.as_str() {
            "/authorize" => {
                let code = format!("code-{}", before + 1);
                return Some(Reply::back(asked, &[("code", &code)]));
            }
            "/token" => asked.form("code").or(asked.form("refresh_token"))?,
            "/me" => asked
                .header("authorization")?
                .replace("Bearer token-of-", ""),
            _ => return None,
        };
        if asked.path == held && code == "code-1" {
            gate.pass();
        }
        Some(match asked.path.as_str() {
            "/me" => Reply::json(200, &json!({ "login": format!("account-of-{code}") })),
            _ => Reply::json(
                200,
                &json!({
                    "access_token": format!("token-of-{code}"),
                    "refresh_token": format!("refresh-of-{code}"),
                    "expires_in": 3600,
                }),
            ),
        })
    })
}

/// Nothing of what is kept is another's.
#[track_caller]
fn holds_all_of(home: &Home, recorder: &Recorder, code: &str) {
    let status = home.hallpass(&["status", "x", "--json"]).run().ok().json();
    assert_eq!(status["account"], format!("account-of-{code}"), "{status}");
    assert_eq!(status["state"], "connected");
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(list[0]["account"], format!("account-of-{code}"), "{list}");
    assert_eq!(home.token("x"), format!("token-of-{code}"));
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    let refreshed = recorder.last("/token").form("refresh_token");
    assert_eq!(refreshed, Some(format!("refresh-of-{code}")));
}

#[test]
fn of_two_connects_the_one_that_ends_last_is_kept_and_nothing_of_the_other() {
    // The first one is held up before it is kept, or after, when it asks whose it is.
    for (held, kept) in [("/token", "code-1"), ("/me", "code-2")] {
        let gate = Gate::default();
        let recorder = provider(held, &gate);
        let home = recorder.home(DEFINITION);
        let first = home
            .hallpass(&["connect", "x"])
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .spawn();
        eventually("the first one's call", || {
            (recorder.asked_at(held).len() == 1).then_some(())
        });
        home.connect("x");
        gate.open();
        first.wait().ok();
        holds_all_of(&home, &recorder, kept);
    }
}

#[test]
fn many_connects_at_once_all_end_well() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let connects: Vec<_> = (0..5)
        .map(|_| {
            home.hallpass(&["connect", "sandbox"])
                .env("HALLPASS_BROWSER", Home::sandbox_person())
                .spawn()
        })
        .collect();
    for connect in connects {
        connect.wait().ok();
    }
    assert_eq!(provider.count("authorization_code"), 5);
    // A rotating refresh token that were another's would be refused.
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(list[0]["account"], "sandbox-user", "{list}");
}

#[test]
fn what_was_connected_elsewhere_meanwhile_is_not_replaced_unasked() {
    let (provider, other) = (Provider::start(&[]), Provider::start(&[]));
    let home = provider.home();
    let elsewhere = std::fs::read_to_string(other.home().path().join("integrations.toml"));
    let elsewhere = home.write("elsewhere.toml", &elsewhere.unwrap());
    let elsewhere = elsewhere.to_str().unwrap();
    let waiting = Waiting::start(&home, &[]);
    home.hallpass(&["--config", elsewhere, "connect", "sandbox"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
    http::approve(waiting.link.as_str());
    let run = waiting.process.wait().fails_with(4);
    assert!(
        run.stderr.contains("hallpass connect sandbox@NAME"),
        "{run}"
    );
    home.hallpass(&["--config", elsewhere, "token", "sandbox", "--refresh"])
        .run()
        .ok();
    assert_eq!(other.count("refresh_token"), 1);
}

#[test]
fn a_disconnect_while_a_connect_waits_takes_what_was_and_not_what_comes() {
    let (provider, home) = Provider::connected(&[]);
    let old = home.token("sandbox");
    let waiting = Waiting::start(&home, &[]);
    home.hallpass(&["disconnect", "sandbox"]).run().ok();
    home.hallpass(&["token", "sandbox"]).run().fails_with(4);
    http::approve(waiting.link.as_str());
    waiting.process.wait().ok();
    assert_ne!(home.token("sandbox"), old);
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    home.hallpass(&["test", "sandbox"]).run().ok();
    assert_eq!(provider.count("authorization_code"), 2);
}

#[test]
fn a_connect_that_still_asks_whose_it_is_never_brings_back_what_is_disconnected() {
    let gate = Gate::default();
    let recorder = provider("/me", &gate);
    let home = recorder.home(DEFINITION);
    let connect = home
        .hallpass(&["connect", "x"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .spawn();
    eventually("the test", || {
        (recorder.asked_at("/me").len() == 1).then_some(())
    });
    home.hallpass(&["disconnect", "x"]).run().ok();
    gate.open();
    connect.wait();
    home.hallpass(&["token", "x"]).run().fails_with(4);
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(list[0]["state"], "not_connected", "{list}");
}

#[test]
fn a_test_of_what_is_replaced_meanwhile_does_not_name_the_new_one() {
    let gate = Gate::default();
    let recorder = provider("/me", &gate);
    let home = recorder.home(DEFINITION);
    home.connect_untested("x");
    let test = home.hallpass(&["test", "x"]).spawn();
    eventually("the test", || {
        (recorder.asked_at("/me").len() == 1).then_some(())
    });
    home.connect("x");
    gate.open();
    test.wait().ok();
    holds_all_of(&home, &recorder, "code-2");
}
