//! What comes of it: renewal, values that open the API, keys, sessions and signed tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::json;
use url::form_urlencoded;

use super::super::{Drive, send, text};
use super::{Pairs, Quirky, bent, message};
use crate::clock::Timestamp;
use crate::sandbox::quirks::{CLIENT_SECRET, JWT_KEY, sign};

#[test]
fn each_quirk_renews_in_its_own_way() {
    let drive = Drive::start();
    let connected = |name: &str| {
        let quirk = Quirky::new(&drive, name);
        let code = quirk.code(&Quirky::asking());
        let (_, tokens) = send(quirk.form("/token", &Quirky::exchanging(&code)));
        (quirk, tokens)
    };
    let (quirk, first) = connected("10-rotation");
    let used = Quirky::renewing(text(&first, "refresh_token"));
    let (_, second) = send(quirk.form("/token", &used));
    assert_eq!(quirk.me(text(&second, "access_token")).0, 200);
    let (status, refused) = send(quirk.form("/token", &used));
    assert_eq!((status, text(&refused, "error")), (400, "invalid_grant"));
    assert_eq!(
        quirk.me(text(&second, "access_token")).0,
        401,
        "the family is dead"
    );

    let (quirk, first) = connected("10-not-returned");
    for _ in 0..2 {
        let kept = Quirky::renewing(text(&first, "refresh_token"));
        let (status, renewed) = send(quirk.form("/token", &kept));
        assert_eq!(status, 200, "{renewed}");
        assert!(renewed.get("refresh_token").is_none());
    }
    let (quirk, first) = connected("10-other-url");
    let refresh = Quirky::renewing(text(&first, "refresh_token"));
    assert_eq!(send(quirk.form("/refresh", &refresh)).0, 200);

    let (quirk, first) = connected("10-prolonged");
    let token = text(&first, "access_token");
    let extend = quirk.form("/extend", &[("client_id", "quirk-app")]);
    assert_eq!(
        send(extend.bearer_auth(token)).1,
        json!({ "extended": true })
    );
    assert_eq!(quirk.me(token).0, 200);

    let (quirk, first) = connected("10-short-lived");
    assert_eq!(first["expires_in"], 120);
    drop(quirk);
    let (quirk, first) = connected("10-expired-is-403");
    drive.control(&json!({ "expire_access_tokens": true }));
    assert_eq!(quirk.me(text(&first, "access_token")).0, 403);

    for (name, status, dead) in [
        ("4-github-200-error", 200, "bad_refresh_token"),
        ("4-slack-ok-false", 200, "invalid_refresh_token"),
        ("4-201", 400, "invalid_grant"),
    ] {
        let (quirk, first) = connected(name);
        let refresh = Quirky::renewing(text(&first, "refresh_token"));
        drive.control(&json!({ "revoke_grants": true }));
        let (answered, refused) = send(quirk.form("/token", &refresh));
        assert_eq!(
            (answered, text(&refused, "error")),
            (status, dead),
            "{name}"
        );
    }
}

#[test]
fn an_access_token_is_exchanged_for_another_while_it_lives() {
    let drive = Drive::start();
    let quirk = Quirky::new(&drive, "10-from-access-token");
    let code = quirk.code(&Quirky::asking());
    let get = |pairs: &Pairs<'_>| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(pairs).finish();
        send(quirk.call(Method::GET, &format!("/token?{query}")))
    };
    let (_, tokens) = get(&Quirky::exchanging(&code));
    assert!(tokens.get("refresh_token").is_none());
    let token = text(&tokens, "access_token").to_owned();
    let from = [
        ("grant_type", "fb_exchange_token"),
        ("fb_exchange_token", &token),
    ];
    let exchange = bent(
        Quirky::renewing("x"),
        &["grant_type", "refresh_token"],
        &from,
    );
    assert_eq!(get(&exchange).0, 200);
    drive.control(&json!({ "expire_access_tokens": true }));
    let (status, refused) = get(&exchange);
    assert_eq!((status, text(&refused, "error")), (400, "invalid_grant"));
}

#[test]
fn what_a_call_brings_opens_the_api() {
    let drive = Drive::start();
    let connected = |name: &str| {
        let quirk = Quirky::new(&drive, name);
        let back = quirk.consent(&Quirky::asking()).expect("consent");
        let (_, tokens) = send(quirk.form("/token", &Quirky::exchanging(&back[0].1)));
        let token = text(&tokens, "access_token").to_owned();
        (quirk, back, tokens, token)
    };
    let get = |quirk: &Quirky<'_>, path: &str, token: &str| {
        send(quirk.call(Method::GET, path).bearer_auth(token)).0
    };
    let (quirk, back, _, token) = connected("11-callback-value");
    let (name, realm) = &back[1];
    assert_eq!(name, "realmId");
    assert_eq!(get(&quirk, &format!("/company/{realm}/me"), &token), 200);
    assert_eq!(get(&quirk, "/company/1/me", &token), 404);

    let (_, _, tokens, token) = connected("11-token-value");
    let url = format!("{}/me", text(&tokens, "instance_url"));
    assert_eq!(send(drive.http.get(url).bearer_auth(token)).0, 200);

    let (_, _, tokens, _) = connected("11-id-token-value");
    assert_eq!(text(&tokens, "id_token").split('.').count(), 3);

    let (quirk, _, _, token) = connected("16-lookup");
    let found = quirk.call(Method::GET, "/lookup").bearer_auth(&token);
    let (_, sites) = send(found);
    let id = text(&sites[1], "id");
    assert_eq!(get(&quirk, &format!("/ex/{id}/me"), &token), 200);

    let (eu, _, _, token) = connected("11-region/eu");
    assert_eq!(eu.me(&token).0, 200);
    assert_eq!(Quirky::new(&drive, "11-region/us").me(&token).0, 401);

    let (quirk, _, _, token) = connected("12-path");
    let path = format!("/bot{token}/me");
    assert_eq!(send(quirk.call(Method::GET, &path)).0, 200);
    let (quirk, _, _, token) = connected("13-fresh-uuid");
    let once = || {
        let call = quirk.call(Method::GET, "/me").bearer_auth(&token);
        call.header("X-Request-Id", "67e55044-10b1-426f-9247-bb680e5fe0c8")
    };
    assert_eq!(send(once()).0, 200);
    assert_eq!(send(once()).0, 400);
}

#[test]
fn keys_and_pairs_are_taken_where_they_belong() {
    let drive = Drive::start();
    let get = |name: &str, path: &str, header: Option<(&str, &str)>| {
        let call = Quirky::new(&drive, name).call(Method::GET, path);
        let call = match header {
            Some((name, value)) => call.header(name, value),
            None => call,
        };
        send(call).0
    };
    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    let pair = basic("quirk-user:sbx_pässword:not_real");
    let key = "sbx_key_not_real";
    assert_eq!(get("key-header", "/me", Some(("X-Api-Key", key))), 200);
    assert_eq!(get("key-header", "/me", Some(("X-Api-Key", "other"))), 401);
    assert_eq!(get("key-header", "/me", Some(("Authorization", key))), 400);
    assert_eq!(get("key-query", &format!("/me?api_key={key}"), None), 200);
    assert_eq!(get("key-path", &format!("/bot{key}/me"), None), 200);
    assert_eq!(get("key-two", "/me", Some(("DD-Api-Key", key))), 400);
    assert_eq!(
        get("basic-header", "/me", Some(("Authorization", &pair))),
        200
    );
    let blank = basic(&format!("{key}:"));
    assert_eq!(
        get("basic-blank", "/me", Some(("Authorization", &blank))),
        200
    );
    let query = "/me?user=quirk-user&pass=sbx_p%C3%A4ssword:not_real";
    assert_eq!(get("basic-query", query, None), 200);
    assert_eq!(
        get("basic-query", query, Some(("Authorization", &pair))),
        400
    );
}

#[test]
fn sessions_are_given_for_exactly_what_is_asked() {
    let drive = Drive::start();
    let session = |quirk: &Quirky<'_>, token: &str| {
        let call = quirk.call(Method::GET, "/me");
        send(call.header("X-Session-Token", token)).0
    };
    let put = Quirky::new(&drive, "session-put");
    let mut body = json!({
        "app_id": "quirk-app", "app_secret": CLIENT_SECRET,
        "options": { "never_expires": false, "devices": 1 },
    });
    assert_eq!(put.json(Method::POST, "/session", &body).0, 400);
    let (_, answer) = put.json(Method::PUT, "/session", &body);
    assert_eq!(session(&put, text(&answer["session"], "token")), 200);
    body["options"]["never_expires"] = json!("false");
    assert_eq!(put.json(Method::PUT, "/session", &body).0, 400);

    let steps = Quirky::new(&drive, "session-steps");
    let person = [
        ("username", "quirk-user"),
        ("password", "sbx_password_not_real"),
    ];
    let (_, answer) = send(steps.form("/login", &person));
    let trade = json!({ "ticket": answer["result"][0]["ticket"], "remember": false });
    let (_, answer) = steps.json(Method::POST, "/trade", &trade);
    assert_eq!(session(&steps, text(&answer, "session_id")), 200);
    assert_eq!(
        steps.json(Method::POST, "/trade", &trade).0,
        400,
        "a ticket works once"
    );
}

#[test]
fn a_signature_is_looked_at() {
    let drive = Drive::start();
    let now = Timestamp::now().unix();
    let claims = |issuer: &str, until: u64| json!({ "iss": issuer, "iat": now, "exp": until });
    let good = sign(&claims("quirk-app", now + 300), JWT_KEY);
    let app = Quirky::new(&drive, "signed-app");
    let trade = |token: &str| {
        let path = "/app/installations/4711/access_tokens";
        send(app.call(Method::POST, path).bearer_auth(token))
    };
    let (status, answer) = trade(&good);
    assert_eq!(status, 201, "{answer}");
    assert!(text(&answer, "expires_at").ends_with('Z'));
    assert_eq!(app.me(text(&answer, "token")).0, 200);
    let token = Quirky::new(&drive, "signed-token");
    assert_eq!(token.me(&good).0, 200);
    for (token, told) in [
        (
            sign(&claims("quirk-app", now + 300), "another key"),
            "signature",
        ),
        (sign(&claims("someone", now + 300), JWT_KEY), "iss"),
        (sign(&claims("quirk-app", now), JWT_KEY), "not good now"),
        (
            sign(&claims("quirk-app", now + 3600), JWT_KEY),
            "ten minutes",
        ),
        ("nonsense".to_owned(), "no dots"),
    ] {
        let (status, refused) = trade(&token);
        assert_eq!(status, 400);
        assert!(message(&refused).contains(told), "{refused}");
    }
}
