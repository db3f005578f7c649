//! `grant = "password"` (RFC 6749 section 4.3): for what has nothing else, and said to be obsolete
//! where it is set up, never where it is used.

use serde_json::{Value, json};

use super::home;
#[cfg(unix)]
use crate::support::eventually;
use crate::support::{Home, Provider, Recorder, Reply};

const WORD: &str = "sandbox-password-not-real";

/// A strict provider, and a home in which `x` is connected to it as `ada`.
fn connected() -> (Provider, Home) {
    let provider = Provider::start(&[]);
    let home = Home::new();
    let text = super::definition("password", "client_id = \"sandbox-app\"");
    home.write(
        "integrations.toml",
        &text.replace("ORIGIN", provider.issuer()),
    );
    let connect = [
        "connect",
        "x",
        "--param",
        "username=ada",
        "--param",
        "password=-",
    ];
    let run = home.hallpass(&connect).stdin(WORD).run().ok();
    assert!(run.stderr.contains("obsolete grant `password`"), "{run}");
    (provider, home)
}

#[test]
fn a_password_is_typed_once_and_its_refresh_token_used_from_then_on() {
    let (provider, home) = connected();
    let first = home.token("x");
    let run = home.hallpass(&["token", "x", "--refresh"]).run().ok();
    assert_ne!(run.line(), first);
    assert_eq!(run.stderr, "", "no noise where it is used");
    assert_eq!(provider.count("password"), 1);
    assert_eq!(provider.count("refresh_token"), 1);
    assert!(home.files_with(WORD).is_empty());
}

#[test]
fn when_the_refresh_token_is_dead_the_password_brings_another() {
    let (provider, home) = connected();
    provider.control(&json!({ "revoke_grants": true }));
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    assert_eq!(provider.count("refresh_token"), 1);
    assert_eq!(provider.count("password"), 2);
}

#[test]
fn a_wrong_password_is_refused_in_words_that_help() {
    let provider = Provider::start(&[]);
    let home = Home::new();
    let lines = "client_id = \"sandbox-app\"\nusername = \"ada\"\npassword = { env = \"WORD\" }";
    let text = super::definition("password", lines);
    home.write(
        "integrations.toml",
        &text.replace("ORIGIN", provider.issuer()),
    );
    let token = |word: &str| {
        home.hallpass(&["-vv", "token", "x"])
            .env("WORD", word)
            .run()
    };
    let run = token("s3cret-wrong-not-real").fails_with(5);
    assert!(
        run.stderr.contains("user name and password are right"),
        "{run}"
    );
    assert!(!run.stderr.contains("s3cret"), "{run}");
    token(WORD).ok();
}

#[test]
fn check_warns_and_says_what_to_prefer() {
    let home = Home::new();
    let text = super::definition("password", "").replace("ORIGIN", "https://x.example.com");
    home.write("integrations.toml", &text);
    let run = home.hallpass(&["check", "--json"]).run().ok();
    let problems = run.json()["problems"].as_array().unwrap().clone();
    let said: Vec<&Value> = problems.iter().map(|problem| &problem["message"]).collect();
    assert_eq!(said, ["the grant `password` is obsolete"]);
    assert_eq!(problems[0]["severity"], "warning");
    assert!(
        problems[0]["help"]
            .as_str()
            .unwrap()
            .contains("authorization_code"),
        "{run}"
    );
}

#[test]
fn the_call_is_plain_and_has_a_client_only_where_one_is_named() {
    for (lines, id, basic) in [
        ("", None, None),
        ("client_id = \"id\"\n", Some("id"), None),
        (
            "client_id = \"id\"\nclient_secret = \"s-not-real\"\n",
            None,
            Some("id:s-not-real"),
        ),
    ] {
        let recorder = Recorder::start();
        let lines = format!(
            "{lines}username = \"ada\"\npassword = {{ file = \"word\" }}\nscopes = [\"a\"]"
        );
        let home = home(&recorder, "password", &lines);
        home.write("word", "pass word-not-real\n");
        assert_eq!(home.token("x"), "token-1");
        let asked = recorder.last("/token");
        for (name, value) in [
            ("grant_type", Some("password")),
            ("username", Some("ada")),
            ("password", Some("pass word-not-real")),
            ("scope", Some("a")),
            ("client_id", id),
        ] {
            assert_eq!(asked.form(name).as_deref(), value, "{lines}");
        }
        assert_eq!(asked.basic().as_deref(), basic, "{lines}");
    }
}

#[test]
fn nobody_is_asked_where_nobody_is() {
    let recorder = Recorder::start();
    let home = home(&recorder, "password", "client_id = \"id\"");
    let run = home.hallpass(&["token", "x"]).run().fails_with(4);
    assert!(run.stderr.contains("`username`"), "{run}");
    let run = home.hallpass(&["connect", "x"]).run().fails_with(4);
    assert!(run.stderr.contains("`password`"), "{run}");
    let connect = [
        "connect",
        "x",
        "--param",
        "username=ada",
        "--param",
        "password=in-argv",
    ];
    home.hallpass(&connect).run().fails_with(2);
    assert!(recorder.asked().is_empty());
}

#[test]
fn trouble_that_passes_is_no_reason_to_show_the_password_again() {
    let recorder = Recorder::answering(|asked, _| {
        let renews = asked.form("grant_type").as_deref() == Some("refresh_token");
        renews.then(|| Reply::text(500, "text/html", "<p>"))
    });
    let home = home(
        &recorder,
        "password",
        "username = \"ada\"\npassword = { env = \"WORD\" }",
    );
    let token = |args: &[&str]| {
        let run = home.hallpass(&[&["token", "x"], args].concat());
        run.env("WORD", "word-not-real").run()
    };
    token(&[]).ok();
    token(&["--refresh"]).fails_with(6);
    let shown = recorder.asked_at("/token").into_iter();
    let shown = shown.filter(|asked| asked.form("password").is_some());
    assert_eq!(shown.count(), 1);
}

#[cfg(unix)]
#[test]
fn at_a_terminal_both_are_asked_for_and_asked_for_again() {
    let recorder = Recorder::start();
    let home = home(&recorder, "password", "");
    for word in ["first-not-real", "second-not-real"] {
        let connect = home.hallpass(&["connect", "x", "--no-test"]);
        let (mut process, mut terminal) = connect.spawn_at_terminal();
        for (question, answer) in [("User name", "ada"), ("Password", word)] {
            process.wait_for_question(question);
            // What is typed before the reading has begun is lost.
            eventually("the question's reading", || {
                (!terminal.is_in_normal_mode()).then_some(())
            });
            terminal.type_line(answer);
        }
        let run = process.wait().ok();
        assert!(run.stderr.contains("obsolete grant `password`"), "{run}");
        assert!(!run.stderr.contains(word), "{run}");
        let asked = recorder.last("/token");
        assert_eq!(asked.form("username").as_deref(), Some("ada"));
        assert_eq!(asked.form("password").as_deref(), Some(word));
    }
}

#[test]
fn a_typed_password_that_is_wrong_by_now_is_shown_once_and_never_again() {
    let (provider, home) = connected();
    let dead = json!({ "error": "invalid_grant", "error_description": "no such password" });
    let answer = json!({ "path": "/token", "status": 400, "body": dead.to_string(), "times": 2 });
    provider.control(&json!({ "answers": [answer] }));
    for _ in 0..3 {
        let run = home.hallpass(&["token", "x", "--refresh"]).run();
        let run = run.fails_with(4);
        assert!(run.stderr.contains("no such password"), "{run}");
        assert!(run.stderr.contains("hallpass connect x"), "{run}");
    }
    assert_eq!(
        provider.count("password"),
        2,
        "once to connect, and once since"
    );
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(list[0]["state"], "needs_connecting");
    let connect = [
        "connect",
        "x",
        "--param",
        "username=ada",
        "--param",
        "password=-",
    ];
    home.hallpass(&connect).stdin(WORD).run().ok();
    home.token("x");
}
