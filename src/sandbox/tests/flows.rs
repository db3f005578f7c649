//! The grants over HTTP: codes, rotation, client credentials, revocation, and what is refused.

use std::time::{Duration, Instant};

use super::{Drive, HOUR, VERIFIER, send, text};
use crate::sandbox::grants::{CODE_TTL, Consent, Grants, challenge_of};
use crate::sandbox::oauth::{CLIENTS, client};

#[test]
fn a_person_approves_and_the_code_becomes_tokens_once() {
    let drive = Drive::start();
    let returned = drive.authorize();
    assert_eq!(returned.get("state"), "a state & more");
    assert_eq!(returned.get("iss"), drive.sandbox.issuer());
    let (status, tokens) = drive.token(&returned.token_request());
    assert_eq!(status, 200);
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["scope"], "profile notes:read");
    let (status, me) = drive.me(text(&tokens, "access_token"));
    assert_eq!((status, text(&me, "login")), (200, "sandbox-user"));

    let (status, refused) = drive.token(&returned.token_request());
    assert_eq!((status, text(&refused, "error")), (400, "invalid_grant"));
    assert_eq!(
        drive.me(text(&tokens, "access_token")).0,
        401,
        "the reuse revoked it"
    );
    assert_eq!(drive.refresh(text(&tokens, "refresh_token")).0, 400);
}

#[test]
fn a_refresh_token_rotates_and_its_replay_ends_the_family() {
    let drive = Drive::start();
    let first = drive.connect();
    let (status, second) = drive.refresh(text(&first, "refresh_token"));
    assert_eq!(status, 200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(drive.me(text(&first, "access_token")).0, 200);

    let (status, refused) = drive.refresh(text(&first, "refresh_token"));
    assert_eq!((status, text(&refused, "error")), (400, "invalid_grant"));
    assert!(text(&refused, "error_description").contains("used before"));
    assert_eq!(drive.refresh(text(&second, "refresh_token")).0, 400);
    assert_eq!(drive.me(text(&second, "access_token")).0, 401);
}

#[test]
fn a_service_signs_in_as_itself_and_gets_no_refresh_token() {
    let drive = Drive::start();
    let (status, tokens) = drive.as_service(
        "/token",
        &[
            ("grant_type", "client_credentials"),
            ("scope", "notes:read"),
        ],
    );
    assert_eq!((status, text(&tokens, "scope")), (200, "notes:read"));
    assert!(tokens.get("refresh_token").is_none());
    let (_, me) = drive.me(text(&tokens, "access_token"));
    assert_eq!(text(&me, "login"), "sandbox-service");

    let public = [
        ("grant_type", "client_credentials"),
        ("client_id", "sandbox-app"),
    ];
    let (status, refused) = drive.token(&public);
    assert_eq!(
        (status, text(&refused, "error")),
        (400, "unauthorized_client")
    );
    let wrong = drive
        .form("/token", &public[..1])
        .basic_auth("sandbox-service", Some("no"));
    let wrong = wrong.send().expect("an answer");
    assert_eq!(wrong.status(), 401);
    assert!(wrong.headers().contains_key("www-authenticate"));
    let unknown = [
        ("grant_type", "client_credentials"),
        ("scope", "notes:read everything"),
    ];
    let (status, refused) = drive.as_service("/token", &unknown);
    assert_eq!((status, text(&refused, "error")), (400, "invalid_scope"));
}

#[test]
fn revoking_an_access_token_ends_it_alone_and_a_refresh_token_ends_all() {
    let drive = Drive::start();
    let first = drive.connect();
    let (_, second) = drive.refresh(text(&first, "refresh_token"));
    let active = |token: &str| {
        let (status, answer) = drive.as_service("/introspect", &[("token", token)]);
        assert_eq!(status, 200);
        answer["active"] == true
    };
    let revoke = |token: &str| {
        let pairs = [("token", token), ("client_id", "sandbox-app")];
        send(drive.form("/revoke", &pairs)).0
    };
    assert!(active(text(&first, "access_token")));
    assert_eq!(revoke(text(&first, "access_token")), 200);
    assert!(!active(text(&first, "access_token")));
    assert!(active(text(&second, "access_token")) && active(text(&second, "refresh_token")));
    assert_eq!(revoke(text(&second, "refresh_token")), 200);
    assert!(!active(text(&second, "access_token")) && !active(text(&second, "refresh_token")));
    assert_eq!(revoke("unknown"), 200);
    let public = drive.form(
        "/introspect",
        &[("token", "x"), ("client_id", "sandbox-app")],
    );
    assert_eq!(
        send(public).0,
        401,
        "introspection is for the confidential client"
    );
}

#[test]
fn wrong_authorization_requests_go_back_only_to_a_loopback_callback() {
    let drive = Drive::start();
    let callback = "http://localhost:1/callback";
    let s256 = ("code_challenge_method", "S256");
    let code = ("response_type", "code");
    for (redirect_uri, extra, status, error) in [
        ("https://evil.example/callback", vec![code, s256], 400, ""),
        (callback, vec![s256], 302, "invalid_request"),
        (
            callback,
            vec![("response_type", "token"), s256],
            302,
            "unsupported_response_type",
        ),
        (callback, vec![code], 302, "invalid_request"),
        (
            callback,
            vec![code, ("code_challenge_method", "plain")],
            302,
            "invalid_request",
        ),
        (
            callback,
            vec![code, s256, ("scope", "root")],
            302,
            "invalid_scope",
        ),
        (
            callback,
            vec![code, s256, ("scope", "email"), ("scope", "email")],
            302,
            "invalid_request",
        ),
    ] {
        let mut url = drive.authorization_url(redirect_uri, &extra);
        url.query_pairs_mut().append_pair("state", "s");
        let response = drive.http.get(url).send().expect("an answer");
        assert_eq!(response.status(), status, "{extra:?}");
        let location = response.headers().get("location");
        let location = location.map(|value| value.to_str().expect("ASCII"));
        assert_eq!(location.is_some(), status == 302, "{extra:?}");
        if let Some(location) = location {
            assert!(
                location.starts_with("http://localhost:1/callback?"),
                "{location}"
            );
            assert!(location.contains(&format!("error={error}&")), "{location}");
            assert!(location.contains("&state=s&iss=http"), "{location}");
        }
    }
}

#[test]
fn denying_goes_back_with_access_denied_and_a_page_answers_once() {
    let drive = Drive::start();
    let extra = [("response_type", "code"), ("code_challenge_method", "S256")];
    let url = drive.authorization_url("http://127.0.0.1:1/callback", &extra);
    let page = drive.http.get(url).send().expect("an answer");
    assert!(
        page.headers()["content-security-policy"]
            .to_str()
            .expect("ASCII")
            .contains("'none'")
    );
    let page = page.text().expect("a page");
    let id = page
        .split("name=\"request_id\" value=\"")
        .nth(1)
        .expect("a form");
    let id = id.split('"').next().expect("an id");
    let deny = [("request_id", id), ("decision", "deny")];
    let denied = drive.form("/authorize", &deny).send().expect("an answer");
    assert_eq!(denied.status(), 303);
    let location = denied.headers()["location"].to_str().expect("ASCII");
    assert!(
        location.contains("error=access_denied&error_description="),
        "{location}"
    );
    let again = drive.form("/authorize", &deny).send().expect("an answer");
    assert_eq!(again.status(), 400);
}

#[test]
fn a_code_is_good_for_its_own_client_redirect_verifier_and_minute() {
    assert_eq!(
        challenge_of(VERIFIER),
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    ); // RFC 7636, B
    let uri = "http://127.0.0.1:5/callback";
    let app = client("sandbox-app").expect("known");
    let service = &CLIENTS[1];
    let soon = Duration::from_secs(59);
    for (redeemer, redirect_uri, verifier, after, good) in [
        (app, uri, VERIFIER, soon, true),
        (service, uri, VERIFIER, soon, false),
        (app, "http://127.0.0.1:6/callback", VERIFIER, soon, false),
        (
            app,
            uri,
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX",
            soon,
            false,
        ),
        (app, uri, VERIFIER, CODE_TTL, false),
    ] {
        let (mut grants, now) = (Grants::default(), Instant::now());
        let consent = Consent {
            client: app,
            scopes: vec!["profile"],
            redirect_uri: uri.to_owned(),
            challenge: challenge_of(VERIFIER),
            key: None,
        };
        let code = grants.new_code(consent, now);
        let shown = (code.as_str(), redirect_uri, verifier);
        let outcome = grants.redeem(redeemer, shown, HOUR, now + after);
        assert_eq!(
            outcome.is_ok(),
            good,
            "{} {redirect_uri} {after:?}",
            redeemer.id
        );
    }
}
