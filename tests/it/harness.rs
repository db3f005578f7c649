//! What the tests' own tools promise.

use serde_json::json;

use crate::support::{Cmd, Home, Provider, eventually, http};

#[cfg(unix)]
fn shell(script: &str) -> Cmd {
    Cmd::new("sh", &["-c", script])
}

#[cfg(unix)]
#[test]
fn a_program_sees_nothing_of_the_tests_environment() {
    let run = Cmd::new("env", &[]).env("ADDED", "1").run().ok();
    let variables = run.stdout.lines().filter_map(|line| line.split_once('='));
    let mut names: Vec<_> = variables.map(|(name, _)| name).collect();
    names.sort_unstable();
    assert_eq!(names, ["ADDED", "PATH"]);
}

#[cfg(unix)]
#[test]
fn a_home_and_what_is_written_in_it_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    home.write("data/nested.txt", "first");
    let file = home.write("data/nested.txt", "second, not-a-real-token");
    let mode = |path: &std::path::Path| path.metadata().expect("it is there").permissions().mode();
    assert_eq!(mode(home.path()) & 0o777, 0o700);
    assert_eq!(mode(&file) & 0o777, 0o600);
    assert_eq!(home.files_with("not-a-real-token"), [file]);
    assert!(home.files_with("first").is_empty());
}

#[cfg(unix)]
#[test]
fn a_run_keeps_both_outputs_and_how_it_ended() {
    let home = Home::new();
    home.write("here", "");
    let run = shell("cat; ls; echo 'hint: two' >&2; exit 3")
        .dir(home.path())
        .stdin("one\n")
        .run()
        .fails_with(3);
    assert_eq!(run.stdout, "one\nhere\n");
    assert_eq!(run.stderr, "hint: two\n");
    let run = shell("kill -TERM $$").run();
    assert_eq!((run.code, run.signal), (None, Some(15)));
}

#[cfg(unix)]
#[test]
#[should_panic(expected = "no hint at the end")]
fn a_failure_without_a_hint_is_a_failed_test() {
    shell("echo 'hint: too early' >&2; echo 'error: it broke' >&2; exit 1")
        .run()
        .fails_with(1);
}

#[cfg(unix)]
#[test]
fn a_running_program_is_heard_signalled_and_ended() {
    let script = "trap 'echo bye >&2; exit 143' TERM; echo ready; read line";
    let mut program = shell(script).stdin_open().spawn();
    program.wait_for_stdout(|line| line == "ready");
    program.signal(rustix::process::Signal::TERM);
    assert_eq!(program.wait_for_stderr(|line| line == "bye"), "bye");
    program.wait().exits(143);

    let left = shell("read line").stdin_open().spawn();
    let id = rustix::process::Pid::from_raw(left.id().cast_signed()).expect("an id");
    drop(left);
    eventually("the dropped program is gone", || {
        rustix::process::test_kill_process(id).err()
    });
}

#[test]
fn a_provider_of_ones_own_serves_obeys_and_counts() {
    let provider = Provider::start(&["--token-ttl", "0s"]);
    let home = provider.home();
    assert_eq!(home.files_with(provider.issuer()).len(), 1);

    let url = format!("{}/token", provider.issuer());
    let client = ("sandbox-service", "sandbox-secret-not-real");
    let form = [("grant_type", "client_credentials")];
    let answer = http::post_form(&url, client, &form);
    assert_eq!(answer["expires_in"], 0, "{answer}");
    provider.control(&json!({ "answers": [{ "path": "/token", "status": 503, "body": {} }] }));
    assert_eq!(http::post_form(&url, client, &form), json!({}));
    assert_eq!(provider.count("client_credentials"), 2);
    assert_eq!(provider.count("refresh_token"), 0);
}

#[test]
fn a_home_connects_with_the_scripted_person() {
    let (provider, home) = Provider::connected(&[]);
    let token = home.hallpass(&["token", "sandbox"]).run().ok();
    assert!(home.files_with(token.line()).is_empty());
    assert_eq!(provider.count("authorization_code"), 1);
}
