//! Quirks 14: how devices are told their code, and what their polls are told.

use serde_json::{Value, json};

use super::{Quirk, REFRESH, sent, with};
use crate::support::{Run, http};

/// What a poll brings.
const POLL: &str = "device_code grant_type";

/// The parameters and headers of each request to these paths.
fn brought(quirk: &Quirk, path: &str) -> Vec<Value> {
    let seen = quirk.seen(&[path]);
    seen.iter().map(|entry| entry["sent"].clone()).collect()
}

/// A connect by the scripted person, its request, and a renewal; `wanted` is what the device's
/// request, each poll and the renewal must have brought, `told` what the polls were told.
#[track_caller]
fn holds(name: &'static str, wanted: [Vec<String>; 3], told: &[Option<&str>]) {
    let quirk = Quirk::new(name);
    quirk.connect(&[]);
    quirk.request();
    let polls = quirk.calls();
    let errors: Vec<_> = polls.iter().map(|poll| poll["error"].as_str()).collect();
    assert_eq!(errors, told);
    let [request, poll, renewal] = wanted;
    assert_eq!(brought(&quirk, "device_authorization"), [json!(request)]);
    assert!(
        polls.iter().all(|call| call["sent"] == json!(poll)),
        "{polls:?}"
    );
    assert_eq!(
        quirk.seen(&["device_authorization"])[0]["scope"],
        "profile notes:read"
    );
    quirk.renew();
    let last = quirk.calls().pop().unwrap();
    assert_eq!(last["sent"], json!(renewal));
    assert!(quirk.seen(&["authorize"]).is_empty());
}

fn standard() -> [Vec<String>; 3] {
    ["scope", POLL, REFRESH].map(|names| with("Basic", sent("form", names)))
}

/// A connect that the provider ends.
#[track_caller]
fn ended(name: &'static str, code: i32) -> Run {
    let quirk = Quirk::new(name);
    let run = quirk.hallpass("connect", &[]).run().fails_with(code);
    quirk.hallpass("token", &[]).run().fails_with(4);
    assert_eq!(quirk.calls().len(), 1, "no poll follows the last word");
    run
}

#[test]
fn a_link_called_verification_url_is_found_and_the_code_typed() {
    let quirk = Quirk::new("14-verification-url");
    let connect = quirk
        .hallpass("connect", &[])
        .env("HALLPASS_BROWSER", "none");
    let mut process = connect.spawn();
    let page = process.wait_for_stderr(|line| line.starts_with("http://"));
    let code = process.wait_for_stderr(|line| line.starts_with("    "));
    let code = code.trim().replace('-', "").to_lowercase();
    http::enter_code(&page, &code, "allow");
    let run = process.wait().ok();
    assert!(!run.stderr.contains("has the code in it"), "{run}");
    quirk.request();
}

#[test]
fn a_complete_link_by_its_other_name_goes_to_the_browser_and_strings_are_numbers() {
    holds("14-complete-url", standard(), &[None]);
}

#[test]
fn a_devices_answer_may_be_a_form() {
    holds("14-form", standard(), &[None]);
}

#[test]
fn slow_down_is_obeyed() {
    holds("14-slow-down", standard(), &[Some("slow_down"), None]);
}

#[test]
fn an_error_in_a_200_is_waited_out_too() {
    let told = [Some("authorization_pending"), None];
    holds("14-pending-in-200", standard(), &told);
}

#[test]
fn the_client_authenticates_when_it_asks_for_a_code() {
    holds("14-client-auth", standard(), &[None]);
}

#[test]
fn both_calls_of_a_device_are_bent_each_by_its_table() {
    let client = "client_id client_secret";
    let bent = [
        format!("audience scope {client}"),
        format!("code grant_type {client}"),
        format!("{REFRESH} {client}"),
    ];
    holds("14-bent", bent.map(|names| sent("json", &names)), &[None]);
}

#[test]
fn an_expired_code_is_4_and_names_the_next_command() {
    let run = ended("14-expired", 4);
    assert!(run.stderr.contains("the code expired"), "{run}");
    assert!(run.stderr.contains("hallpass connect 14-expired"), "{run}");
}

#[test]
fn a_person_who_says_no_is_5() {
    let run = ended("14-denied", 5);
    assert!(run.stderr.contains("`access_denied`"), "{run}");
}

#[test]
fn a_code_that_the_provider_does_not_know_is_5() {
    let run = ended("14-unknown-code", 5);
    assert!(run.stderr.contains("`invalid_grant`"), "{run}");
}
