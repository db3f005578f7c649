//! Under strace, which stops a process before a system call of its choice: killed before each one,
//! and with each one that makes something durable failing.

use crate::guarantee::killed::Sweep;
use crate::guarantee::say;
use crate::support::{Cmd, HALLPASS, Home, Run};

/// What reaches the disk or the provider, and the calls around it. A `?` before a name: not every
/// processor has it.
const CALLS: [&str; 18] = [
    "openat",
    "close",
    "read",
    "write",
    "writev",
    "fsync",
    "ftruncate",
    "flock",
    "connect",
    "recvfrom",
    "getdents64",
    "?mkdir",
    "?mkdirat",
    "?rename",
    "?renameat",
    "?renameat2",
    "?unlink",
    "?unlinkat",
];

/// What makes something durable.
const DURABLE: [&str; 6] = [
    "fsync",
    "?rename",
    "?renameat",
    "?renameat2",
    "?mkdir",
    "?mkdirat",
];

/// `token x` under strace, which does `what` to calls of this name; `when` says which of them.
fn token(home: &Home, call: &str, what: &str, when: &str) -> Run {
    let inject = format!("inject={call}:{what}:when={when}");
    let trace = format!("trace={call}");
    let args = ["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    Cmd::new("strace", &[&args[..], &[HALLPASS, "token", "x"]].concat())
        .env("HALLPASS_HOME", home.path())
        .env("HALLPASS_STORE", "file")
        .run()
}

#[test]
#[ignore = "needs strace: tests/run installs it"]
fn a_refresh_killed_before_each_of_its_system_calls_loses_nothing() {
    let mut sweep = Sweep::start();
    let mut kills = 0;
    for call in CALLS {
        // More than a renewal makes of any: the loop ends by itself.
        for number in 1..500 {
            let mut over = false;
            sweep.round(&format!("killed before {call} {number}"), |home| {
                let run = token(home, call, "signal=KILL", &number.to_string());
                over = run.code.is_some();
                if over {
                    run.ok();
                }
                !over
            });
            if over {
                break;
            }
            kills += 1;
        }
    }
    assert!(kills > 50, "only {kills}: strace finds too few calls");
    sweep.end(&format!("killed before each of {kills} system calls"));
}

#[test]
#[ignore = "needs strace: tests/run installs it"]
fn a_disk_that_fails_once_anywhere_loses_nothing() {
    for error in ["ENOSPC", "EIO", "EROFS"] {
        let mut sweep = Sweep::start();
        let (mut before, mut overcome) = (0, 0);
        for call in DURABLE {
            for number in 1..=10 {
                let asked = sweep.provider.refreshes();
                let what = format!("error={error}");
                let run = token(&sweep.home, call, &what, &number.to_string());
                if run.code == Some(0) {
                    overcome += 1;
                } else {
                    // What cannot be noted is not begun.
                    run.fails_with(7);
                    assert_eq!(
                        sweep.provider.refreshes(),
                        asked,
                        "{error}, {call} {number}"
                    );
                    before += 1;
                }
                sweep.round(&format!("{error} at {call} {number}"), |_| true);
            }
        }
        say(&format!(
            "{error}: {before} renewals not begun, {overcome} in spite of it"
        ));
        assert!(before > 2 && overcome > 2);
    }
}

#[test]
#[ignore = "needs strace: tests/run installs it"]
fn a_disk_that_fails_for_good_loses_only_what_it_says() {
    let mut lost = 0;
    for number in 1..=7 {
        let sweep = Sweep::start();
        let asked = sweep.provider.refreshes();
        let run = token(&sweep.home, "fsync", "error=ENOSPC", &format!("{number}+"));
        if run.code == Some(0) {
            continue;
        }
        let run = run.fails_with(7);
        if sweep.provider.refreshes() > asked {
            assert!(run.stderr.contains("could not be kept"), "{run}");
            assert!(run.stderr.contains("run `hallpass connect x`"), "{run}");
            lost += 1;
        } else {
            sweep.home.hallpass(&["token", "x"]).run().ok();
        }
    }
    assert!(lost > 0, "no place was after the provider's answer");
}
