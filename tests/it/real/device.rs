//! Device codes (RFC 8628) against npm's `oidc-provider`, approved by a scripted person who signs in and
//! consents there, here or on another machine.

use crate::support::Running;

use super::op::{Op, connect, person_enters};

/// A connect that waits, the page it names, and the code it shows.
#[track_caller]
fn waiting(home: &crate::support::Home) -> (Running, String, String) {
    let mut process = home.hallpass(&["connect", "op-device"]).spawn();
    let page = process.wait_for_stderr(|line| line.starts_with("http://"));
    let code = process.wait_for_stderr(|line| line.starts_with("    "));
    (process, page, code.trim().to_owned())
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_code_that_the_browser_brings_is_approved_and_what_came_of_it_is_renewed() {
    let op = Op::start(600, 600);
    let home = op.home();
    let run = connect(home.hallpass(&["connect", "op-device"]));
    assert!(run.stderr.contains("as alice"), "{run}");
    let token = home.token("op-device");
    assert!(op.takes(&token));
    let renewed = home
        .hallpass(&["token", "op-device", "--refresh"])
        .run()
        .ok();
    assert_ne!(renewed.line(), token);
    assert!(op.takes(renewed.line()));
    assert_eq!(op.tokens("refresh_token", "consumed").len(), 1);
    home.hallpass(&["disconnect", "op-device"]).run().ok();
    assert!(!op.takes(renewed.line()));
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_code_is_typed_on_another_machine() {
    let op = Op::start(600, 600);
    let home = op.home();
    let (process, page, code) = waiting(&home);
    person_enters(&page, &code, "").run().ok();
    process.wait().ok();
    assert!(op.takes(&home.token("op-device")));
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn whoever_cancels_on_another_machine_leaves_nothing_behind() {
    let op = Op::start(600, 600);
    let home = op.home();
    let (process, page, code) = waiting(&home);
    person_enters(&page, &code, "abort").run().ok();
    let run = process.wait().fails_with(5);
    assert!(run.stderr.contains("`access_denied`"), "{run}");
    assert!(op.tokens("access_token", "saved").is_empty());
    home.hallpass(&["token", "op-device"]).run().fails_with(4);
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_code_that_nobody_enters_expires() {
    let op = Op::with(&[("DEVICE_TTL", "3")]);
    let home = op.home();
    let (process, _, _) = waiting(&home);
    let run = process.wait().fails_with(4);
    assert!(run.stderr.contains("the code expired"), "{run}");
    assert!(op.tokens("access_token", "saved").is_empty());
}
