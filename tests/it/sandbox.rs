//! `sandbox`: the tour, a command inside, and the definitions it prints.

use crate::support::{Cmd, HALLPASS, Provider};

#[test]
fn the_tour_shows_everything_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let run = Cmd::new(HALLPASS, &["sandbox", "--tour"])
        .env("TMPDIR", temporary.path())
        .env("HOME", "/dev/null")
        .run()
        .ok();
    for seen in [
        "$ hallpass connect sandbox",
        "as sandbox-user",
        "$ hallpass token sandbox",
        "$ hallpass request sandbox /me",
        "grant_type=refresh_token → 200",
        "$ hallpass token sandbox-service",
        "$ hallpass disconnect sandbox",
        "\"active\": false",
    ] {
        assert!(run.stdout.contains(seen), "{seen}\n{run}");
    }
    assert_eq!(run.stderr, "");
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_command_runs_inside_with_a_home_of_its_own_and_its_code_is_passed_on() {
    let script = "hallpass connect sandbox && hallpass token sandbox && hallpass token sandbox-service && exit 7";
    let run = Cmd::new(HALLPASS, &["sandbox", "--", "sh", "-c", script])
        .env("CI", "true")
        .run();
    assert_eq!(run.code, Some(7), "{run}");
    assert_eq!(
        run.stdout
            .lines()
            .filter(|line| line.starts_with("sbx_at_"))
            .count(),
        2,
        "{run}"
    );
}

#[test]
fn a_command_that_is_not_there_is_127() {
    let run = Cmd::new(HALLPASS, &["sandbox", "--", "no-such-program-here"]).run();
    assert_eq!(run.code, Some(127), "{run}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_child_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let mut run = Cmd::new(
        HALLPASS,
        &["sandbox", "--", "sh", "-c", "echo up; exec cat"],
    )
    .env("TMPDIR", temporary.path())
    .stdin_open()
    .spawn();
    run.wait_for_stdout(|line| line == "up");
    run.signal(rustix::process::Signal::TERM);
    let run = run.wait();
    assert_eq!(run.code, Some(143), "{run}");
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn a_taken_port_is_named() {
    let provider = Provider::start(&[]);
    let (_, port) = provider.issuer().rsplit_once(':').unwrap();
    let run = Cmd::new(HALLPASS, &["sandbox", "--port", port])
        .run()
        .fails_with(1);
    assert!(
        run.stderr.contains(&format!("port {port}")) && run.stderr.contains("taken"),
        "{run}"
    );
}
