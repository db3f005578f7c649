//! `request --max-time` and `--connect-timeout`: the whole command has its time, and no more.

use std::time::{Duration, Instant};

use super::{keyed_home, silent_server};
use crate::support::{Home, Recorder, Reply, Run};

fn asking(home: &Home, args: &[&str]) -> Run {
    home.hallpass(&[&["request", "x", "/y"], args].concat())
        .run()
}

fn is_too_late(run: Run) {
    let run = run.fails_with(6);
    assert!(run.stderr.contains("it was not over within"), "{run}");
}

#[test]
fn a_server_that_says_nothing_is_left_when_the_time_is_over() {
    for time in ["0.3", "300ms"] {
        let home = keyed_home(&silent_server(""), "");
        is_too_late(asking(&home, &["--max-time", time]));
    }
}

#[test]
fn a_body_that_drips_is_left_when_the_time_is_over() {
    let drip = |_: &_, _| {
        let long = "x".repeat(2000);
        Some(Reply::text(200, "text/plain", &long).dripping(Duration::from_millis(20)))
    };
    let api = Recorder::answering(drip);
    let home = keyed_home(api.origin(), "");
    is_too_late(asking(&home, &["--max-time", "1"]));
    let file = home.path().join("answer.txt");
    let name = file.to_str().unwrap();
    is_too_late(asking(&home, &["--max-time", "1", "-o", name]));
    assert!(!file.exists());
}

#[test]
fn tries_and_redirects_share_the_time() {
    let busy = || Reply::text(503, "text/plain", "").with("Retry-After", "0");
    let api = Recorder::answering(move |_, _| Some(busy()));
    let home = keyed_home(api.origin(), "");
    is_too_late(asking(&home, &["--max-time", "0.5", "--retry", "1000000"]));
    let api = Recorder::answering(|_, _| Some(Reply::redirect("/y")));
    let home = keyed_home(api.origin(), "");
    let args = ["--max-time", "0.5", "-L", "--max-redirs", "1000000"];
    is_too_late(asking(&home, &args));
}

#[test]
fn a_stdin_that_gives_nothing_is_left_when_the_time_is_over() {
    let api = Recorder::start();
    let home = keyed_home(api.origin(), "");
    let args = [
        "request",
        "x",
        "/y",
        "-X",
        "PUT",
        "--data-binary",
        "@-",
        "--max-time",
        "0.3",
    ];
    is_too_late(home.hallpass(&args).stdin_open().run());
}

#[test]
fn a_token_endpoint_that_says_nothing_is_left_when_the_time_is_over() {
    let api = Recorder::start();
    let text = format!(
        "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"client_credentials\"\nclient_id = \"c\"\nclient_secret = \"secret-not-real\"\ntoken_url = \"{}/token\"\n[integrations.x.api]\nbase_url = \"{}\"\n",
        silent_server(""),
        api.origin()
    );
    let home = Home::new();
    home.write("integrations.toml", &text);
    let began = Instant::now();
    is_too_late(asking(&home, &["--max-time", "0.3"]));
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(api.asked().is_empty());
}

#[test]
fn what_is_done_in_time_is_done() {
    let api = Recorder::start();
    let home = keyed_home(api.origin(), "");
    let run = asking(&home, &["--max-time", "60", "--connect-timeout", "30s"]).ok();
    assert_eq!(run.stdout, "{\"ok\":true}");
    for (flag, time) in [
        ("--max-time", "0"),
        ("--max-time", "soon"),
        ("--connect-timeout", "-1"),
    ] {
        asking(&home, &[&format!("{flag}={time}")]).fails_with(2);
    }
    assert_eq!(api.asked().len(), 1);
}

#[test]
fn a_connection_that_does_not_come_up_is_left_when_its_time_is_over() {
    // It takes the call and says nothing of TLS.
    let silent = silent_server("").replace("http://", "https://");
    let home = keyed_home(&silent, "");
    let run = asking(&home, &["--connect-timeout", "0.3"]).fails_with(6);
    assert!(run.stderr.contains("cannot connect to 127.0.0.1"), "{run}");
}
