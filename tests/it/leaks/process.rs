//! What the system can see of hallpass: its arguments, its limits, and what it leaves when it dies.
#![cfg(target_os = "linux")]

use std::path::Path;

use super::canary::{CANARIES, clean, none_in_files};
use super::stage::Stage;
use crate::support::{Home, Running};

/// One that waits for its redirect, with all its secrets in memory and every limit on core files
/// raised, in a directory that is empty.
fn waiting(stage: &Stage, place: &Path) -> Running {
    let script = format!(
        "ulimit -S -c \"$(ulimit -H -c)\"; cd '{}'; exec hallpass -vv connect web --param pin=env:PIN",
        place.display()
    );
    let variables = CANARIES.map(|(name, text)| (name, text.to_owned()));
    let mut running = stage.home.shell(&script).envs(variables).spawn();
    running.wait_for_stderr(|line| line.contains("/authorize?"));
    running
}

fn proc(running: &Running, name: &str) -> String {
    let bytes = std::fs::read(format!("/proc/{}/{name}", running.id())).unwrap();
    String::from_utf8_lossy(&bytes).replace('\0', "\n")
}

#[test]
fn a_process_shows_no_secret_in_its_arguments_and_may_write_no_core() {
    let stage = Stage::new();
    let place = tempfile::tempdir().unwrap();
    let running = waiting(&stage, place.path());
    clean("its arguments", &proc(&running, "cmdline"));
    let limits = proc(&running, "limits");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    // What is not dumpable belongs to root (proc(5)); as root this says nothing.
    let environ = std::fs::metadata(format!("/proc/{}/environ", running.id())).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&environ), 0);
}

#[test]
fn a_process_that_crashes_leaves_no_core() {
    use rustix::process::Signal;
    // SIGQUIT is caught, and given its default action; SIGSEGV from outside would be survived.
    for signal in [Signal::ABORT, Signal::ILL, Signal::QUIT] {
        let stage = Stage::new();
        let place = tempfile::tempdir().unwrap();
        let running = waiting(&stage, place.path());
        running.signal(signal);
        let run = running.wait();
        assert!(run.signal.is_some(), "{run}");
        let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        none_in_files(&stage.home);
    }
}

#[test]
fn a_command_of_the_users_has_the_limit_that_we_were_given() {
    let home = Home::new();
    let mut tried = 0;
    for limit in ["0", "64"] {
        let script = format!("ulimit -S -c {limit}; hallpass sandbox -- bash -c 'ulimit -S -c'");
        let run = home.shell(&script).run();
        if run.stderr.contains("cannot modify limit") {
            continue;
        }
        let run = run.ok();
        assert!(run.stdout.lines().any(|line| line == limit), "{run}");
        tried += 1;
    }
    assert!(tried > 0, "no limit could be set");
}
