//! The controls, the log, the API and the listener.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use reqwest::blocking::Response;
use reqwest::header::HOST;
use serde_json::{Value, json};
use url::Url;

use super::{Drive, HOUR, SECRET, send, text};
use crate::sandbox::{Options, Sandbox, wire};

#[test]
fn scripted_answers_come_first_in_order_and_then_the_real_ones() {
    let drive = Drive::start();
    let order = json!({ "answers": [
        { "path": "/token", "status": 503, "headers": { "Retry-After": "7" }, "body": "down", "times": 2 },
        { "path": "/token", "status": 200, "body": { "error": "odd" } },
    ]});
    assert_eq!(drive.control(&order).0, 200);
    let request = [("grant_type", "client_credentials")];
    let down = drive.form("/token", &request).send().expect("an answer");
    assert_eq!(down.headers()["retry-after"], "7");
    assert_eq!(drive.as_service("/token", &request), (503, json!("down")));
    assert_eq!(
        drive.as_service("/token", &request),
        (200, json!({ "error": "odd" }))
    );
    assert!(
        drive
            .as_service("/token", &request)
            .1
            .get("access_token")
            .is_some()
    );
    let (status, refused) = drive.control(&json!({ "answer": [] }));
    assert_eq!(status, 400);
    assert!(text(&refused, "error").contains("`answer`"));
}

#[test]
fn the_controls_expire_tokens_and_kill_grants() {
    let drive = Drive::start();
    let tokens = drive.connect();
    drive.control(&json!({ "expire_access_tokens": true }));
    let (status, refused) = drive.me(text(&tokens, "access_token"));
    assert_eq!((status, text(&refused, "error")), (401, "invalid_token"));
    drive.control(&json!({ "token_ttl": 0 }));
    let (_, renewed) = drive.refresh(text(&tokens, "refresh_token"));
    assert_eq!(renewed["expires_in"], 0);
    assert_eq!(
        drive.me(text(&renewed, "access_token")).0,
        401,
        "born expired"
    );
    drive.control(&json!({ "revoke_grants": true }));
    let (status, refused) = drive.refresh(text(&renewed, "refresh_token"));
    assert_eq!((status, text(&refused, "error")), (400, "invalid_grant"));
    assert_eq!(
        Drive::with_ttl(Duration::MAX).connect()["token_type"],
        "Bearer"
    );
}

#[test]
fn the_log_tells_what_was_asked_and_no_secret() {
    let drive = Drive::start();
    let tokens = drive.connect();
    let refresh_token = text(&tokens, "refresh_token");
    drive.refresh(refresh_token);
    drive.refresh(refresh_token);
    send(
        drive
            .http
            .get(drive.at(&format!("/echo/{refresh_token}")))
            .bearer_auth(refresh_token),
    );
    let (_, log) = send(drive.http.get(drive.at("/sandbox/log")));
    let log = log.to_string();
    assert!(!log.contains("sbx_") && !log.contains(SECRET), "{log}");
    let entry = concat!(
        r#"{"method":"POST","path":"/token","grant_type":"refresh_token","#,
        r#""client_id":"sandbox-app","status":400,"error":"invalid_grant"}"#
    );
    let entry: Value = serde_json::from_str(entry).expect("JSON");
    let entries: Vec<Value> = serde_json::from_str(&log).expect("an array");
    let paths: Vec<_> = entries.iter().map(|entry| text(entry, "path")).collect();
    assert_eq!(
        paths,
        [
            "/authorize",
            "/authorize",
            "/token",
            "/token",
            "/token",
            "/echo/…"
        ]
    );
    assert_eq!(entries[4], entry);
    drive
        .http
        .delete(drive.at("/sandbox/log"))
        .send()
        .expect("an answer");
    assert_eq!(send(drive.http.get(drive.at("/sandbox/log"))).1, json!([]));
}

#[test]
fn foreign_hosts_and_web_pages_reach_nothing() {
    let drive = Drive::start();
    let rebound = drive.http.get(drive.at("/")).header(HOST, "evil.example");
    assert_eq!(send(rebound).0, 421);
    let page = drive.http.post(drive.at("/sandbox/control"));
    let page = page.header("origin", "https://evil.example").body("{}");
    assert_eq!(send(page).0, 403);
}

#[test]
fn the_api_echoes_streams_and_answers_as_told() {
    let drive = Drive::start();
    let (_, tokens) = drive.as_service("/token", &[("grant_type", "client_credentials")]);
    let token = text(&tokens, "access_token");
    let put = drive
        .http
        .put(drive.at("/echo/a%2Fb?x=1&x=%20y"))
        .bearer_auth(token);
    let (status, echo) = send(
        put.header("X-Twice", "1")
            .header("X-Twice", "2")
            .body("héllo"),
    );
    assert_eq!(status, 200);
    assert_eq!(echo["method"], "PUT");
    assert_eq!(echo["path"], "/echo/a%2Fb");
    assert_eq!(echo["query"], json!([["x", "1"], ["x", " y"]]));
    assert_eq!(echo["headers"]["x-twice"], "1, 2");
    assert_eq!(echo["body"], "héllo");
    let teapot = drive
        .http
        .delete(drive.at("/status/418"))
        .bearer_auth(token);
    assert_eq!(send(teapot).0, 418);
    let bytes = drive.http.get(drive.at("/bytes/200001")).bearer_auth(token);
    let bytes = bytes.send().and_then(Response::bytes);
    assert_eq!(bytes.expect("a body").len(), 200_001);
    let large = drive.http.post(drive.at("/echo")).bearer_auth(token);
    assert_eq!(send(large.body(vec![b'x'; wire::MAX_BODY + 1])).0, 413);
}

#[test]
fn dropping_a_sandbox_frees_its_port_and_a_taken_one_is_named() {
    let drive = Drive::start();
    let port = Url::parse(drive.sandbox.issuer())
        .expect("a URL")
        .port()
        .expect("a port");
    let options = Options {
        port,
        token_ttl: HOUR,
        quirks: false,
    };
    let error = Sandbox::start(&options).err().expect("the port is taken");
    assert!(
        error
            .to_string()
            .contains(&format!("port {port} on 127.0.0.1 is taken"))
    );
    drop(drive);
    TcpListener::bind(("127.0.0.1", port)).expect("the port is free again");
}

#[test]
fn a_slow_token_call_holds_up_no_other_and_ends_with_the_sandbox() {
    let drive = Drive::start();
    let (_, tokens) = drive.as_service("/token", &[("grant_type", "client_credentials")]);
    assert_eq!(drive.control(&json!({ "latency_ms": 60_000 })).0, 200);
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let request = [("grant_type", "client_credentials")];
            let call = drive
                .form("/token", &request)
                .basic_auth("sandbox-service", Some(SECRET));
            thread::spawn(move || call.send().is_err())
        })
        .collect();
    while drive.sandbox.state.with_log(VecDeque::len) < 51 {
        thread::yield_now(); // each call is logged before its answer is held back
    }
    assert_eq!(drive.me(text(&tokens, "access_token")).0, 200);
    drop(drive);
    for call in calls {
        assert!(call.join().expect("no panic"), "the call was cut off");
    }
}
