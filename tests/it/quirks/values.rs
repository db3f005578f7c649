//! Quirks 10 to 17: renewal, values found on the way, where the token goes, what every call needs.

use super::{AUTHORIZE, Case, EXCHANGE, Quirk, REFRESH, cases, sent, standard, with};

/// A case in which the API sees this of a request.
fn placed(name: &'static str, api: Vec<String>) -> Case {
    Case {
        api,
        ..standard(name)
    }
}

cases! {
    a_refresh_token_that_rotates_is_never_used_twice: standard("10-rotation");
    a_refresh_token_that_is_not_repeated_is_kept: standard("10-not-returned");
    an_access_token_may_be_exchanged_for_another: Case {
        exchange: vec![with("Basic", sent("query", EXCHANGE))],
        refresh: vec![with("Basic", sent("query", "fb_exchange_token grant_type"))],
        expired: None,
        ..standard("10-from-access-token")
    };
    a_refresh_token_may_go_to_another_url: standard("10-other-url");
    a_token_may_be_prolonged: Case {
        exchange: vec![sent("form", &format!("{EXCHANGE} client_id client_secret"))],
        refresh: vec![with("Bearer", sent("form", "client_id client_secret"))],
        renews: false,
        expired: None,
        ..standard("10-prolonged")
    };
    a_short_life_is_no_reason_to_renew_each_time: Case {
        life: Some(120),
        ..standard("10-short-lived")
    };
    a_403_may_mean_that_a_token_has_expired: Case {
        expired: Some(403),
        ..standard("10-expired-is-403")
    };
    a_value_in_the_redirect_stands_in_every_path: standard("11-callback-value");
    a_url_in_the_token_answer_is_the_apis: standard("11-token-value");
    a_claim_of_the_id_token_stands_in_every_path: standard("11-id-token-value");
    a_region_has_endpoints_of_its_own: Case {
        connect: Some(&["--param", "region=us"]),
        ..standard("11-region")
    };
    a_token_may_go_into_a_header_of_its_own:
        placed("12-custom-header", vec!["header x-shopify-access-token".to_owned()]);
    a_token_may_go_into_another_scheme: placed("12-token-scheme", with("token", vec![]));
    a_token_may_go_bare_into_authorization: placed("12-raw-authorization", with("", vec![]));
    a_token_may_go_into_the_query: placed("12-query", sent("query", "access_token"));
    a_token_may_go_into_the_path: placed("12-path", vec![]);
    a_token_and_the_client_id_may_go_into_two_headers:
        placed("12-two-headers", sent("header", "x-access-token x-client-id"));
    every_call_may_need_a_version: Case {
        exchange: vec![with(
            "header quirk-version",
            with("Basic", sent("form", EXCHANGE)),
        )],
        refresh: vec![with(
            "header quirk-version",
            with("Basic", sent("form", REFRESH)),
        )],
        ..placed("13-version-header", with("header quirk-version", with("Bearer", vec![])))
    };
    every_call_may_need_a_user_agent: standard("13-user-agent");
    every_request_may_need_a_fresh_uuid:
        placed("13-fresh-uuid", with("header x-request-id", with("Bearer", vec![])));
    an_id_is_looked_up_after_connecting: standard("16-lookup");
    google_gives_a_refresh_token_for_two_parameters: Case {
        authorize: sent("query", &format!("{AUTHORIZE} access_type prompt")),
        ..standard("17-offline-params")
    };
    microsoft_gives_a_refresh_token_for_a_scope: Case {
        scope: Some("profile offline_access"),
        scopes: &["offline_access", "profile"],
        ..standard("17-offline-scope")
    };
}

#[test]
fn an_id_is_looked_up_once_with_the_token() {
    let quirk = Quirk::new("16-lookup");
    quirk.connect(&[]);
    quirk.renew();
    quirk.request();
    let lookups = quirk.seen(&["lookup"]);
    assert_eq!(lookups.len(), 1, "connecting finds it, renewing does not");
    assert_eq!(
        lookups[0]["sent"],
        serde_json::json!(["Authorization: Bearer"])
    );
}

#[test]
fn a_token_that_cannot_be_renewed_needs_a_person_when_it_expires() {
    let quirk = Quirk::new("10-none");
    quirk.connect(&[]);
    quirk.request();
    assert!(quirk.token()["expires_at"].is_null());
    quirk.hallpass("token", &["--refresh"]).run().fails_with(4);
    quirk.request();
    quirk.expire();
    let run = quirk.hallpass("request", &["/me"]).run().fails_with(8);
    assert!(run.stderr.contains("hallpass connect 10-none"), "{run}");
    assert_eq!(quirk.calls().len(), 1, "there was nothing to renew from");
}

#[test]
fn an_access_token_that_died_is_exchanged_no_more() {
    let quirk = Quirk::new("10-from-access-token");
    quirk.connect(&[]);
    quirk.expire();
    quirk.hallpass("token", &["--refresh"]).run().fails_with(4);
    let last = quirk.calls().pop().expect("the exchange was tried");
    assert_eq!(last["error"], "invalid_grant");
}

/// Connecting with a definition that asks for no refresh token says that none came.
fn connect_says_that_no_refresh_token_came(name: &'static str, from: &str, to: &str) {
    let quirk = Quirk::new(name);
    quirk.home.edit(|text| text.replace(from, to));
    let run = quirk.connect(&[]);
    assert!(run.stderr.contains("refresh token"), "{run}");
    quirk.request();
}

#[test]
fn connect_says_so_when_google_gives_no_refresh_token() {
    connect_says_that_no_refresh_token_came("17-offline-params", "access_type = \"offline\", ", "");
}

#[test]
fn connect_says_so_when_microsoft_gives_no_refresh_token() {
    connect_says_that_no_refresh_token_came("17-offline-scope", ", \"offline_access\"", "");
}
