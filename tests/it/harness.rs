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

/// `nohup tests/run`, or `tests/run &` in a script: what was ignored there is not for a program here.
#[cfg(target_os = "linux")]
#[test]
fn a_program_is_given_signals_that_the_tests_were_started_to_ignore() {
    const INSIDE: &str = "exec::child::beside_us_the_command_gets_the_signals_that_are_sent_to_us";
    let tests = std::env::current_exe().expect("it runs");
    let script = format!("trap '' HUP INT QUIT USR1 USR2 CHLD; exec \"$0\" --exact {INSIDE}");
    let run = Cmd::new("sh", &["-c", &script, tests.to_str().expect("a path")]);
    assert!(run.run().ok().stdout.contains("1 passed"));
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

/// What a module of `real` needs, by what it is written with.
fn needs(source: &str) -> Vec<&'static str> {
    let marks = [
        ("needs Chromium", "chromium"),
        ("needs git", "git"),
        ("needs glewlwyd", "glewlwyd"),
        ("gnome-keyring", "gnome_keyring"),
        ("oidc-provider", "oidc_provider"),
        ("needs strace", "strace"),
    ];
    // What a test says it needs, and what its module takes from its neighbours.
    let reasons = source.lines().filter(|line| line.starts_with("#[ignore"));
    let taken = [("op::", "oidc_provider"), ("session::", "gnome_keyring")];
    let taken = taken
        .into_iter()
        .filter(|(module, _)| source.contains(&format!("super::{module}")));
    let mut found: Vec<_> = reasons
        .flat_map(|reason| marks.iter().filter(move |(mark, _)| reason.contains(mark)))
        .map(|(_, part)| *part)
        .chain(taken.map(|(_, part)| part))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn every_test_against_a_real_part_is_run_by_the_script_where_its_parts_are() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect(path);
    let mut wanted = Vec::new();
    for line in read("tests/it/real/mod.rs").lines() {
        let Some(module) = line.strip_prefix("mod ") else {
            continue;
        };
        let module = module.trim_end_matches(';');
        let source = read(&format!("tests/it/real/{module}.rs"));
        let tests = source.matches("#[test]").count();
        assert_eq!(
            tests,
            source.matches("\n#[ignore = \"").count(),
            "each waits for tests/run, and says what for: {module}"
        );
        if tests > 0 {
            wanted.push(format!("real {module} {}", needs(&source).join(" ")));
        }
    }
    let script = read("tests/run");
    let mut run: Vec<_> = script
        .lines()
        .filter(|line| line.starts_with("real "))
        .collect();
    run.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(run, wanted, "tests/run, and what stands in tests/it/real");
}
