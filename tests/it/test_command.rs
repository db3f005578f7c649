//! `hallpass test`, `expect`, and whose credential it is.

use serde_json::json;

use crate::support::{Home, Provider, Recorder, Reply};

const KEY: &str = r#"
[integrations.x.auth]
type = "api_key"
[integrations.x.api]
base_url = "ORIGIN"
account = "user.name"
"#;

fn home(recorder: &Recorder, test: &str) -> Home {
    let home = Home::new();
    let text = KEY.replace("ORIGIN", recorder.origin());
    home.write("integrations.toml", &format!("{text}{test}\n"));
    home
}

fn connect(home: &Home) -> crate::support::Run {
    home.hallpass(&["connect", "x", "--param", "api_key=env:KEY"])
        .env("KEY", "key-not-real")
        .run()
}

#[test]
fn a_test_says_that_it_works_and_whose_it_is() {
    let recorder = Recorder::answering(|asked, _| {
        let who = json!({ "ok": true, "user": { "name": "ada\u{1b}[31m" } });
        (asked.path == "/me").then(|| Reply::json(200, &who))
    });
    let home = home(
        &recorder,
        "test = { method = \"POST\", path = \"/me\", json = { a = 1 }, expect = { status = [200], require = { ok = true } } }",
    );
    connect(&home).ok();
    let run = home.hallpass(&["test", "x"]).run().ok();
    assert!(run.stdout.starts_with("x works as ada"), "{run}");
    assert!(!run.stdout.contains('\u{1b}'), "{run}");
    assert_eq!(recorder.last("/me").json(), json!({ "a": 1 }));
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(list[0]["state"], "connected");
    assert!(list[0]["account"].as_str().unwrap().starts_with("ada"));
    let status = home.hallpass(&["status", "x", "--json"]).run().ok().json();
    assert!(status["account"].as_str().unwrap().starts_with("ada"));
}

#[test]
fn an_answer_that_is_not_expected_fails_and_the_connection_stays() {
    for (body, status, expect, said) in [
        (
            json!({ "ok": false }),
            200,
            "{ require = { ok = true } }",
            "`false` where `expect` wants `true`",
        ),
        (
            json!({}),
            200,
            "{ require = { ok = true } }",
            "nothing where `expect` wants `true`",
        ),
        (
            json!({ "ok": true }),
            202,
            "{ status = [200] }",
            "answered 202",
        ),
        (json!({ "ok": true }), 404, "{}", "answered 404"),
    ] {
        let recorder = Recorder::answering(move |_, _| Some(Reply::json(status, &body)));
        let test = format!("test = {{ path = \"/me\", expect = {expect} }}");
        let home = home(&recorder, &test);
        let run = connect(&home).fails_with(8);
        assert!(run.stderr.contains(said), "{run}");
        let run = home.hallpass(&["test", "x"]).run().fails_with(8);
        assert!(run.stderr.contains(said), "{run}");
        assert_eq!(home.token("x"), "key-not-real");
    }
}

#[test]
fn a_status_that_is_expected_is_a_success_whatever_it_is() {
    let recorder = Recorder::answering(|_, _| Some(Reply::json(404, &json!({}))));
    let home = home(
        &recorder,
        "test = { path = \"/nothing\", expect = { status = [404] } }",
    );
    connect(&home).ok();
    home.hallpass(&["test", "x"]).run().ok();
}

#[test]
fn a_test_renews_a_token_that_is_rejected() {
    let (provider, home) = Provider::connected(&[]);
    provider.control(&json!({ "expire_access_tokens": true }));
    let run = home.hallpass(&["test", "sandbox"]).run().ok();
    assert!(run.stdout.contains("sandbox works as"), "{run}");
    assert_eq!(provider.count("refresh_token"), 1);
    provider.control(&json!({ "revoke_grants": true, "expire_access_tokens": true }));
    home.hallpass(&["test", "sandbox"]).run().fails_with(8);
}

#[test]
fn without_a_test_the_definition_is_asked_for_one() {
    let recorder = Recorder::start();
    let home = home(&recorder, "");
    connect(&home).ok();
    let run = home.hallpass(&["test", "x"]).run().fails_with(3);
    assert!(run.stderr.contains("add `test = "), "{run}");
}

#[test]
fn user_and_password_are_known_by_the_user() {
    let recorder = Recorder::start();
    let home = Home::new();
    let text = format!(
        "[integrations.x.auth]\ntype = \"basic\"\n[integrations.x.api]\nbase_url = \"{}\"\n",
        recorder.origin()
    );
    home.write("integrations.toml", &text);
    home.hallpass(&[
        "connect",
        "x",
        "--param",
        "username=ada",
        "--param",
        "password=env:PW",
    ])
    .env("PW", "pw-not-real")
    .run()
    .ok();
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(list[0]["account"], "ada");
    assert_eq!(list[0]["grant"], "basic");
}
