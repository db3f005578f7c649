//! `subject_token = { github_actions = … }`: the runner of a job is asked as GitHub documents it, and
//! nothing that it may answer instead hangs, leaks or passes for a token.

use serde_json::json;

use super::home;
use crate::support::{Cmd, Home, Provider, Recorder, Reply};

const RUNNER: &str =
    "subject_token = { github_actions = { audience = \"https://cloud.example/a b&c\" } }";

/// What a runner answers.
type Answer = Box<dyn Fn() -> Reply + Send + Sync>;

fn at_runner(cmd: Cmd, origin: &str) -> Cmd {
    cmd.env(
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        format!("{origin}/runner?api-version=2.0"),
    )
    .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "runner-s3cret-not-real")
}

#[test]
fn a_job_of_github_actions_needs_no_stored_secret() {
    let provider = Provider::start(&[]);
    let issuer = provider.issuer();
    let lines = format!("subject_token = {{ github_actions = {{ audience = \"{issuer}\" }} }}");
    let home = Home::new();
    let text = super::definition("token_exchange", &lines).replace("ORIGIN/api", "ORIGIN");
    home.write("integrations.toml", &text.replace("ORIGIN", issuer));
    let run = Cmd::new(crate::support::HALLPASS, &["request", "x", "/me"])
        .env("HOME", home.path())
        .env("HALLPASS_CONFIG", home.path().join("integrations.toml"))
        .env("HALLPASS_STORE", "none")
        .env("CI", "true")
        .env(
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            format!("{issuer}/actions/id-token?api-version=2.0"),
        )
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "sandbox-runner-not-real")
        .run()
        .ok();
    assert_eq!(run.json()["login"], "repo:octo/hello:ref:refs/heads/main");
    assert_eq!(
        provider.count("urn:ietf:params:oauth:grant-type:token-exchange"),
        1
    );
}

#[test]
fn the_runner_is_asked_for_the_audience_with_the_jobs_own_token() {
    let recorder = Recorder::answering(|asked, _| {
        (asked.path == "/runner").then(|| Reply::json(200, &json!({ "value": "id-not-real" })))
    });
    let home = home(&recorder, "token_exchange", RUNNER);
    at_runner(home.hallpass(&["token", "x"]), recorder.origin())
        .run()
        .ok();
    let asked = recorder.last("/runner");
    assert_eq!(asked.method, "GET");
    assert_eq!(asked.query("api-version").as_deref(), Some("2.0"));
    assert_eq!(
        asked.query("audience").as_deref(),
        Some("https://cloud.example/a b&c")
    );
    let shown = asked.header("authorization");
    assert_eq!(shown.as_deref(), Some("bearer runner-s3cret-not-real"));
    let sent = recorder.last("/token").form("subject_token");
    assert_eq!(sent.as_deref(), Some("id-not-real"));

    home.edit(|text| text.replace("{ audience = \"https://cloud.example/a b&c\" }", "{}"));
    at_runner(home.hallpass(&["token", "x"]), recorder.origin())
        .run()
        .ok();
    assert_eq!(recorder.last("/runner").query("audience"), None);
}

#[test]
fn another_run_gets_another_token() {
    let recorder = Recorder::answering(|asked, before| {
        let value = json!({ "value": format!("id-{before}-not-real") });
        (asked.path == "/runner").then(|| Reply::json(200, &value))
    });
    let home = home(&recorder, "token_exchange", RUNNER);
    let run = |token: &str| {
        let run = at_runner(home.hallpass(&["token", "x"]), recorder.origin());
        let run = run.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token).run();
        run.ok().line().to_owned()
    };
    let tokens = ["run-one-not-real", "run-two-not-real", "run-two-not-real"].map(run);
    assert_eq!(tokens, ["token-1", "token-2", "token-2"]);
}

#[test]
fn without_a_runner_the_job_is_told_what_it_lacks() {
    let recorder = Recorder::start();
    let home = home(&recorder, "token_exchange", RUNNER);
    for missing in [
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    ] {
        let run = at_runner(home.hallpass(&["token", "x"]), recorder.origin());
        let run = run.env_remove(missing).run().fails_with(3);
        assert!(run.stderr.contains(missing), "{run}");
        assert!(run.stderr.contains("id-token: write"), "{run}");
    }
    for odd in ["http://runner.example/x", "ftp://127.0.0.1/x", "runner"] {
        let run = at_runner(home.hallpass(&["token", "x"]), recorder.origin());
        let run = run.env("ACTIONS_ID_TOKEN_REQUEST_URL", odd).run();
        let run = run.fails_with(3);
        assert!(run.stderr.contains("ACTIONS_ID_TOKEN_REQUEST_URL"), "{run}");
    }
    let run = at_runner(home.hallpass(&["token", "x"]), recorder.origin());
    let run = run
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "two\nlines")
        .run();
    run.fails_with(3);
    assert!(recorder.asked().is_empty());
}

#[test]
fn whatever_a_runner_answers_ends_at_once_and_leaks_nothing() {
    let stranger = Recorder::start();
    let elsewhere = format!("{}/stolen", stranger.origin());
    let html = |status| Reply::text(status, "text/html", "<p>runner-s3cret-not-real</p>");
    let value = |value| Reply::json(200, &json!({ "value": value }));
    let cases: [(i32, &str, Answer); 9] = [
        (
            6,
            "there is no `value`",
            Box::new(|| Reply::json(200, &json!({ "count": 1 }))),
        ),
        (6, "there is no `value`", Box::new(move || html(200))),
        (
            6,
            "there is no `value`",
            Box::new(|| Reply::json(200, &json!({ "value": 7 }))),
        ),
        (6, "HTTP 500", Box::new(move || html(500))),
        (
            6,
            "is no token",
            Box::new(move || value("s3cret with spaces")),
        ),
        (6, "is no token", Box::new(move || value(""))),
        (
            6,
            "longer than",
            Box::new(|| Reply::text(200, "application/json", &" ".repeat(300_000))),
        ),
        (
            6,
            "redirects elsewhere",
            Box::new(move || Reply::redirect(&elsewhere)),
        ),
        (
            5,
            "HTTP 403: not *** here",
            Box::new(|| {
                Reply::json(
                    403,
                    &json!({ "message": "not runner-s3cret-not-real here" }),
                )
            }),
        ),
    ];
    for (code, said, reply) in cases {
        let recorder = Recorder::answering(move |asked, _| (asked.path == "/runner").then(&reply));
        let home = home(&recorder, "token_exchange", RUNNER);
        let run = at_runner(home.hallpass(&["-vv", "token", "x"]), recorder.origin());
        let run = run.run().fails_with(code);
        assert!(run.stderr.contains(said), "{said}\n{run}");
        assert!(!run.stderr.contains("s3cret"), "{run}");
        assert!(recorder.asked_at("/token").is_empty(), "{said}");
    }
    assert!(stranger.asked().is_empty());
}
