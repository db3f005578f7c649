//! Login, consent and a device's code at npm's `oidc-provider`, typed and clicked in a real browser,
//! until hallpass's own page or the provider's last one comes.

use serde_json::{Value, json};

use super::chromium::{Errand, is_fit_to_be_seen};
use super::op::Op;
use crate::support::Home;

/// A home whose connection `op` asks for its answer in this way.
fn home(op: &Op, response_mode: &str) -> Home {
    let home = op.home();
    home.edit(|text| {
        let asked = "prompt = \"consent\"";
        assert!(text.contains(asked), "{text}");
        text.replacen(
            asked,
            &format!("{asked}, response_mode = \"{response_mode}\""),
            1,
        )
    });
    home
}

/// Signs in, consents, and sees that it is done.
#[track_caller]
fn comes_back_by(response_mode: &str) {
    let op = Op::start(600, 600);
    let home = home(&op, response_mode);
    let errand = Errand::new();
    let run = errand.send(home.hallpass(&["connect", "op"])).run().ok();
    assert!(run.stderr.contains("as alice"), "{run}");
    let report = errand.report();
    assert_eq!(
        report["pressed"],
        json!(["Sign-in", "Continue"]),
        "{report}"
    );
    is_fit_to_be_seen(&report, "Connected to op", &[]);
    assert!(op.takes(&home.token("op")));
    // An answer by form stands in no address.
    let link = report["left"].as_str().expect("an address");
    assert_eq!(link.contains("code="), response_mode == "query", "{link}");
}

#[test]
#[ignore = "needs Chromium and oidc-provider: tests/run installs them"]
fn a_person_signs_in_and_consents_with_keys_and_mouse() {
    comes_back_by("query");
}

#[test]
#[ignore = "needs Chromium and oidc-provider: tests/run installs them"]
fn the_answer_comes_back_as_a_form() {
    comes_back_by("form_post");
}

#[test]
#[ignore = "needs Chromium and oidc-provider: tests/run installs them"]
fn a_click_on_cancel_ends_the_connect_whichever_way_it_comes_back() {
    for response_mode in ["query", "form_post"] {
        let op = Op::start(600, 600);
        let home = home(&op, response_mode);
        let errand = Errand::new().deny();
        let run = errand.send(home.hallpass(&["connect", "op"])).run();
        let run = run.fails_with(5);
        assert!(run.stderr.contains("access_denied"), "{run}");
        let report = errand.report();
        assert_eq!(report["pressed"], json!(["[ Cancel ]"]), "{report}");
        is_fit_to_be_seen(&report, "Not connected to op", &[]);
        home.hallpass(&["token", "op"]).run().fails_with(4);
        assert!(op.tokens("access_token", "saved").is_empty());
    }
}

/// Connects without a browser here; somebody opens the page elsewhere and types the code.
fn device(decision: &str) -> (Op, Home, crate::support::Run, Value) {
    let op = Op::start(600, 600);
    let home = op.home();
    let mut process = home.hallpass(&["connect", "op-device"]).spawn();
    let page = process.wait_for_stderr(|line| line.starts_with("http://"));
    let code = process.wait_for_stderr(|line| line.starts_with("    "));
    let errand = match decision {
        "deny" => Errand::new().deny(),
        _ => Errand::new(),
    };
    errand.visit(&page, code.trim()).run().ok();
    let run = process.wait();
    (op, home, run, errand.report())
}

#[test]
#[ignore = "needs Chromium and oidc-provider: tests/run installs them"]
fn the_code_of_a_device_is_typed_on_another_machine() {
    let (op, home, run, report) = device("allow");
    let run = run.ok();
    assert!(run.stderr.contains("as alice"), "{run}");
    let pressed = ["Continue", "Continue", "Sign-in", "Continue"];
    assert_eq!(report["pressed"], json!(pressed), "{report}");
    let last = &report["looks"]["day"]["text"];
    assert!(
        last.as_str().is_some_and(|text| text.contains("Success")),
        "{report}"
    );
    assert!(op.takes(&home.token("op-device")));
}

#[test]
#[ignore = "needs Chromium and oidc-provider: tests/run installs them"]
fn a_device_that_is_not_ones_own_is_turned_away() {
    let (op, home, run, report) = device("deny");
    let run = run.fails_with(5);
    assert!(run.stderr.contains("`access_denied`"), "{run}");
    assert_eq!(
        report["pressed"],
        json!(["Continue", "[ Abort ]"]),
        "{report}"
    );
    home.hallpass(&["token", "op-device"]).run().fails_with(4);
    assert!(op.tokens("access_token", "saved").is_empty());
}
