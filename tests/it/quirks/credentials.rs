//! The other ways to a credential: keys, pairs, sessions, signed tokens.

use serde_json::json;

use super::{Case, Quirk, cases, minted, sent, standard, with};

/// The one request to the API that each kind of call makes.
fn session() -> Vec<String> {
    sent("header", "x-session-token")
}

cases! {
    a_client_gets_a_token_for_itself: Case {
        scopes: &["notes:read", "profile"],
        ..minted("client-credentials", vec![with("Basic", sent("form", "grant_type scope"))])
    };
    a_session_may_be_a_put_with_nested_json: Case {
        api: session(),
        ..minted("session-put", vec![sent("json", "app_id app_secret options")])
    };
    a_session_may_take_two_steps: Case {
        connect: Some(&["--param", "username=quirk-user", "--param", "password=env:QUIRK_PASSWORD"]),
        api: session(),
        ..minted(
            "session-steps",
            vec![sent("form", "username password"), sent("json", "ticket remember")],
        )
    };
    a_signed_jwt_is_traded_for_an_installations_token:
        minted("signed-app", vec![with("Bearer", vec![])]);
}

/// Connects with these arguments; the API must see this of each request, and the token endpoint
/// nothing.
#[track_caller]
fn travels(name: &'static str, args: &[&str], api: Vec<String>) {
    let quirk = Quirk::new(name);
    quirk.connect(args);
    quirk.request();
    Case {
        api,
        ..standard(name)
    }
    .saw_each_request(&quirk, &[200, 200]);
    assert!(quirk.calls().is_empty());
}

/// A key, which `token` prints.
#[track_caller]
fn key_travels(name: &'static str, api: Vec<String>) {
    travels(name, &["--param", "api_key=env:QUIRK_KEY"], api);
}

#[test]
fn a_key_goes_where_a_token_goes() {
    key_travels("key-bearer", with("Bearer", vec![]));
}

#[test]
fn a_key_may_go_into_a_header_of_its_own() {
    key_travels("key-header", sent("header", "x-api-key"));
}

#[test]
fn a_key_may_go_into_another_scheme() {
    key_travels("key-scheme", with("GenieKey", vec![]));
}

#[test]
fn a_key_may_go_into_the_query() {
    key_travels("key-query", sent("query", "api_key"));
}

#[test]
fn a_key_may_go_into_the_path() {
    key_travels("key-path", vec![]);
}

#[test]
fn two_keys_may_go_into_two_headers() {
    let args = ["api_key=env:QUIRK_KEY", "app_key=env:QUIRK_APP_KEY"];
    let args = ["--param", args[0], "--param", args[1]];
    let api = sent("header", "dd-api-key dd-application-key");
    travels("key-two", &args, api);
}

#[test]
fn a_key_is_what_token_prints() {
    let quirk = Quirk::new("key-header");
    quirk.connect(&["--param", "api_key=env:QUIRK_KEY"]);
    let run = quirk.hallpass("token", &[]).run().ok();
    assert_eq!(run.line(), "sbx_key_not_real");
    let run = quirk.hallpass("token", &["--format", "header"]).run().ok();
    assert_eq!(run.line().to_lowercase(), "x-api-key: sbx_key_not_real");
    quirk.hallpass("token", &["--refresh"]).run().fails_with(4);
}

/// A user and a password.
#[track_caller]
fn pair_travels(name: &'static str, api: Vec<String>) {
    let pair = ["username=quirk-user", "password=env:QUIRK_ODD_PASSWORD"];
    travels(name, &["--param", pair[0], "--param", pair[1]], api);
}

#[test]
fn a_pair_goes_into_a_basic_header_as_utf_8() {
    pair_travels("basic-header", with("Basic", vec![]));
}

#[test]
fn a_pair_may_go_into_the_query() {
    pair_travels("basic-query", sent("query", "pass user"));
}

#[test]
fn a_password_may_be_blank() {
    let args = ["--param", "username=env:QUIRK_KEY"];
    travels("basic-blank", &args, with("Basic", vec![]));
}

#[test]
fn a_user_may_be_made_of_a_parameter() {
    let pair = ["email=quirk-user@quirks.invalid", "password=env:QUIRK_KEY"];
    let args = ["--param", pair[0], "--param", pair[1]];
    travels("basic-template", &args, with("Basic", vec![]));
}

#[test]
fn a_pair_is_printed_as_a_header_only() {
    let quirk = Quirk::new("basic-blank");
    quirk.connect(&["--param", "username=env:QUIRK_KEY"]);
    quirk.hallpass("token", &[]).run().fails_with(2);
    let run = quirk.hallpass("token", &["--format", "header"]).run().ok();
    // base64 of `sbx_key_not_real:`
    assert_eq!(run.line(), "Authorization: Basic c2J4X2tleV9ub3RfcmVhbDo=");
}

#[test]
fn a_token_may_be_signed_here_and_needs_nobody() {
    let quirk = Quirk::new("signed-token");
    quirk.request();
    let run = quirk.hallpass("token", &[]).run().ok();
    assert_eq!(run.line().split('.').count(), 3, "a JWT");
    let seen = quirk.seen(&["me"]);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["sent"], json!(["Authorization: Bearer"]));
}

#[test]
fn an_installations_token_ends_when_the_iso_time_says() {
    let quirk = Quirk::new("signed-app");
    quirk.request();
    quirk.request();
    let calls = quirk.calls();
    assert_eq!(calls.len(), 1, "the token is kept while it lives");
    assert_eq!(calls[0]["status"], 201);
}
