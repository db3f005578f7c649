//! `request -v`: what was sent and answered, in curl's manner, without what is secret.

use super::keyed_home;
use crate::support::{Recorder, Reply};

#[test]
fn each_request_and_answer_is_shown_as_curl_shows_it() {
    let api = Recorder::answering(|asked, before| match (asked.path.as_str(), before) {
        ("/v1/go", 0) => Some(Reply::text(503, "text/plain", "").with("Retry-After", "0")),
        ("/v1/go", _) => Some(Reply::redirect("there")),
        _ => None,
    });
    let base = format!("{}/v1", api.origin());
    let home = keyed_home(&base, "headers = { X-Plain = \"seen\" }");
    let args = [
        "-v", "request", "x", "/go", "-L", "--retry", "1", "--json", "{}", "-X", "PUT",
    ];
    let run = home.hallpass(&args).run().ok();
    let lines: Vec<&str> = run.stderr.lines().collect();
    let count = |line: &str| lines.iter().filter(|known| **known == line).count();
    assert_eq!(count("> PUT /v1/go HTTP/1.1"), 2, "{run}");
    assert_eq!(count("> PUT /v1/there HTTP/1.1"), 1, "{run}");
    assert_eq!(count("> authorization: ***"), 3, "{run}");
    assert_eq!(count("> content-type: application/json"), 3, "{run}");
    assert_eq!(count("> x-plain: seen"), 3, "{run}");
    assert_eq!(count("< HTTP/1.1 200 OK"), 1, "{run}");
    assert_eq!(count("< content-type: application/json"), 1, "{run}");
    assert!(run.stderr.contains("* following the redirect to "), "{run}");
    assert!(run.stderr.contains("answered after "), "{run}");
    assert_eq!(run.stdout, "{\"ok\":true}");
    let quiet = ["request", "x", "/there"];
    assert_eq!(home.hallpass(&quiet).run().ok().stderr, "");
}

#[test]
fn nothing_secret_is_shown_in_either_direction() {
    let api = Recorder::answering(|asked, _| {
        let sent = asked.header("x-key").unwrap_or_default();
        let reply = Reply::text(302, "text/plain", "")
            .with("Set-Cookie", "id=cookie-not-real")
            .with("X-Subject-Token", "subject-not-real")
            .with("X-Echo", format!("you sent {sent}"))
            .with("X-Harm", "a\u{9b}2Jb")
            .with(
                "Location",
                "https://user:pw-not-real@cdn.example.com/f?sig=sig-not-real",
            );
        Some(reply)
    });
    let home = keyed_home(
        api.origin(),
        "headers = { X-Key = \"{api_key}\" }\nquery = { q = \"{api_key}\" }",
    );
    let args = [
        "-vv",
        "request",
        "x",
        "/y?own=1",
        "-H",
        "X-Own: header-not-real",
        "-H",
        "Cookie: a=b-not-real",
    ];
    let run = home.hallpass(&args).run().ok();
    assert!(!run.stderr.contains("not-real"), "{run}");
    assert!(!run.stderr.contains('\u{9b}'), "{run}");
    assert!(
        run.stderr.contains("> GET /y?own=1&q=*** HTTP/1.1"),
        "{run}"
    );
    assert!(run.stderr.contains("> x-own: ***"), "{run}");
    assert!(run.stderr.contains("< x-echo: you sent ***"), "{run}");
    assert!(run.stderr.contains("< set-cookie: ***"), "{run}");
    assert!(
        run.stderr
            .contains("< location: https://cdn.example.com/f?sig=***"),
        "{run}"
    );
}
