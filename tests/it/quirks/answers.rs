//! Quirks 1 to 5: token answers that are read whatever they look like.

use super::{Case, Quirk, cases, minted, sent, standard, with};

/// What a service that signs in as itself sends.
fn as_itself() -> Vec<Vec<String>> {
    vec![with("Basic", sent("form", "grant_type scope"))]
}

cases! {
    a_missing_token_type_means_bearer: standard("1-no-token-type");
    a_token_type_in_odd_case_is_sent_as_bearer: standard("1-odd-case");
    scopes_may_be_an_array: standard("1-scope-array");
    a_life_may_be_a_string: standard("2-string");
    a_life_may_count_milliseconds: standard("2-ms");
    a_life_may_have_another_name: standard("2-other-name");
    a_life_may_be_a_moment_in_unix_seconds: standard("2-absolute-unix");
    a_life_may_be_a_moment_in_unix_milliseconds: standard("2-absolute-unix-ms");
    a_life_may_be_a_moment_in_iso_8601: standard("2-iso");
    a_life_that_is_not_told_is_the_definitions: standard("2-absent");
    a_token_is_found_where_slack_nests_it: standard("3-nested-authed-user");
    a_token_is_found_in_data: standard("3-data");
    a_token_is_found_in_a_list_by_its_kind: standard("3-list");
    a_body_may_be_the_bare_token: Case {
        scopes: &["notes:read", "profile"],
        ..minted("3-raw-text", as_itself())
    };
    an_answer_with_201_is_a_success: standard("4-201");
    errors_inside_200_leave_a_success_alone: standard("4-github-200-error");
    a_success_that_says_ok_is_one: standard("4-slack-ok-false");
    a_success_in_an_envelope_is_one: standard("4-envelope");
    a_form_that_calls_itself_html_is_read: standard("5-form");
    a_form_that_calls_itself_json_is_read: standard("5-form-as-json");
    a_form_that_calls_itself_text_is_read: standard("5-form-as-text");
}

/// A dead grant is told as such inside a 200; without `dead` the same answer is a refusal.
fn a_dead_grant_is_noticed_inside_200(name: &'static str) {
    let quirk = Quirk::new(name);
    quirk.connect(&[]);
    let token = quirk.token();
    quirk.end_grants();
    let definition = std::fs::read_to_string(quirk.home.path().join("integrations.toml"))
        .expect("the definition");
    quirk.home.drop_lines(&["dead ="]);
    let refresh = || quirk.hallpass("token", &["--refresh"]).run();
    refresh().fails_with(5);
    assert_eq!(quirk.token(), token, "the credential is kept");
    quirk.home.write("integrations.toml", &definition);
    refresh().fails_with(4);
    let calls = quirk.calls();
    let statuses: Vec<_> = calls.iter().map(|call| &call["status"]).collect();
    assert_eq!(statuses, [200, 200, 200]);
    assert_eq!(calls[2]["error"], "invalid_grant");
}

#[test]
fn githubs_dead_grant_is_noticed_inside_200() {
    a_dead_grant_is_noticed_inside_200("4-github-200-error");
}

#[test]
fn slacks_dead_grant_is_noticed_inside_200() {
    a_dead_grant_is_noticed_inside_200("4-slack-ok-false");
}

#[test]
fn a_dead_grant_is_noticed_by_the_code_in_an_envelope() {
    a_dead_grant_is_noticed_inside_200("4-envelope");
}
