//! Quirks 6 to 9: what is sent to the authorization and token endpoints, and how.

use super::{AUTHORIZE, Case, EXCHANGE, REFRESH, cases, sent, standard, with};

/// The standard parameters with one under another name.
fn renamed(names: &str, standard: &str, theirs: &str) -> String {
    let words = names.split(' ');
    let words = words.map(|word| if word == standard { theirs } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// A case in which a token call brings these words in the body, and no header.
fn in_body(name: &'static str, place: &str, client: &str) -> Case {
    Case {
        exchange: vec![sent(place, &format!("{EXCHANGE} {client}"))],
        refresh: vec![sent(place, &format!("{REFRESH} {client}"))],
        ..standard(name)
    }
}

/// A case in which the parameters of a token call are there.
fn in_place(name: &'static str, place: &str) -> Case {
    Case {
        exchange: vec![with("Basic", sent(place, EXCHANGE))],
        refresh: vec![with("Basic", sent(place, REFRESH))],
        ..standard(name)
    }
}

/// A case in which these words come with every call, and in the browser's request.
fn with_query(name: &'static str, extra: &str) -> Case {
    let query = format!("query {extra}");
    Case {
        authorize: with(&query, sent("query", AUTHORIZE)),
        exchange: vec![with(&query, with("Basic", sent("form", EXCHANGE)))],
        refresh: vec![with(&query, with("Basic", sent("form", REFRESH)))],
        ..standard(name)
    }
}

/// A case in which scopes are joined so.
fn joined(name: &'static str, scope: &'static str) -> Case {
    Case {
        scope: Some(scope),
        ..standard(name)
    }
}

cases! {
    the_client_id_may_be_called_client_key: Case {
        authorize: sent("query", &renamed(AUTHORIZE, "client_id", "client_key")),
        ..in_body("6-client-key", "form", "client_key client_secret")
    };
    the_client_may_be_called_app_id_and_secret: Case {
        authorize: sent("query", &renamed(AUTHORIZE, "client_id", "app_id")),
        ..in_body("6-app-id-secret", "form", "app_id secret")
    };
    the_code_may_be_called_auth_code: Case {
        exchange: vec![with("Basic", sent("form", &renamed(EXCHANGE, "code", "auth_code")))],
        ..standard("6-renamed-code")
    };
    the_redirect_uri_may_be_called_redirect_url: Case {
        authorize: sent("query", &renamed(AUTHORIZE, "redirect_uri", "redirect_url")),
        exchange: vec![with(
            "Basic",
            sent("form", &renamed(EXCHANGE, "redirect_uri", "redirect_url")),
        )],
        ..standard("6-redirect-url")
    };
    parameters_that_must_be_absent_are_and_only_from_the_exchange: Case {
        exchange: vec![with("Basic", sent("form", "code code_verifier"))],
        ..standard("6-absent-params")
    };
    pkce_can_be_turned_off: Case {
        authorize: sent("query", "client_id redirect_uri response_type scope state"),
        exchange: vec![with("Basic", sent("form", "code grant_type redirect_uri"))],
        ..standard("6-no-pkce")
    };
    every_call_may_need_a_parameter_more: Case {
        authorize: with("query audience", sent("query", AUTHORIZE)),
        exchange: vec![with("form audience", with("Basic", sent("form", EXCHANGE)))],
        refresh: vec![with("form audience", with("Basic", sent("form", REFRESH)))],
        ..standard("6-extra-param")
    };
    token_calls_may_be_json: in_place("7-json", "json");
    token_calls_may_be_get_requests: in_place("7-get", "query");
    token_calls_may_be_posts_with_everything_in_the_query: in_place("7-query-post", "query");
    a_query_in_the_endpoints_urls_survives: with_query("7-query-in-url", "tenant");
    json_and_other_names_go_together: Case {
        authorize: sent("query", &renamed(AUTHORIZE, "client_id", "appid")),
        exchange: vec![sent(
            "json",
            "appid client_secret auth_code code_verifier grant_type redirect_uri",
        )],
        refresh: vec![sent("json", "appid client_secret grant_type refresh_token")],
        ..standard("7-json-renamed")
    };
    a_client_may_have_to_authenticate_in_the_header_only: standard("8-basic-only");
    a_client_may_have_to_authenticate_in_the_body_only:
        in_body("8-body-only", "form", "client_id client_secret");
    a_client_may_have_to_authenticate_in_both: Case {
        exchange: vec![with(
            "Basic",
            sent("form", &format!("{EXCHANGE} client_id client_secret")),
        )],
        refresh: vec![with(
            "Basic",
            sent("form", &format!("{REFRESH} client_id client_secret")),
        )],
        ..standard("8-both")
    };
    a_public_client_sends_no_secret_on_refresh_neither:
        in_body("8-public-no-secret", "form", "client_id");
    a_basic_header_can_be_left_raw: standard("8-raw-basic");
    a_basic_header_is_form_encoded: standard("8-encoded-basic");
    scopes_are_joined_by_a_comma: joined("9-comma", "profile,notes:read");
    scopes_are_joined_by_a_plus_sign: joined("9-plus", "profile+notes:read");
    scopes_are_joined_by_a_bar: joined("9-pipe", "profile|notes:read");
    scopes_are_joined_by_a_semicolon: joined("9-semicolon", "profile;notes:read");
    no_scopes_send_no_scope: Case {
        authorize: sent("query", &AUTHORIZE.replace(" scope", "")),
        scope: None,
        scopes: &[],
        ..standard("9-no-empty-scope")
    };
}
