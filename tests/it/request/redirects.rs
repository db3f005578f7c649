//! `request -L`: redirects are followed as far as the credential's rules allow. Beside the API stands
//! a stranger, which may be read from and gets to know nothing.

use super::keyed_home;
use crate::support::{Asked, Home, Recorder, Reply, Run};

const KEY: &str = "key-not-real";

/// A home whose `x` is an API that redirects `/go` with this status to there.
fn redirecting(status: u16, to: &str) -> (Recorder, Home) {
    let to = to.to_owned();
    let api = Recorder::answering(move |asked, _| {
        let redirects = asked.path == "/go";
        redirects.then(|| Reply::text(status, "text/plain", "moved").with("Location", &to))
    });
    let home = keyed_home(api.origin(), "");
    (api, home)
}

fn following(home: &Home, args: &[&str]) -> Run {
    home.hallpass(&[&["request", "x", "/go", "-L"], args].concat())
        .run()
}

fn bearer(asked: &Asked) -> Option<String> {
    asked.header("authorization")
}

#[test]
fn within_its_origin_the_credential_goes_along_however_the_location_is_written() {
    for to in [
        "/there?a=1",
        "there?a=1",
        "ORIGIN/there?a=1",
        "./there?a=1#part",
    ] {
        let api = Recorder::answering(move |asked, _| {
            let host = asked.header("host").unwrap_or_default();
            let to = to.replace("ORIGIN", &format!("http://{host}"));
            (asked.path == "/go").then(|| Reply::redirect(&to))
        });
        let home = keyed_home(api.origin(), "");
        following(&home, &["-H", "X-Own: 1"]).ok();
        let there = api.last("/there");
        assert_eq!(
            bearer(&there).as_deref(),
            Some("Bearer key-not-real"),
            "{to}"
        );
        assert_eq!(there.header("x-own").as_deref(), Some("1"));
        assert_eq!(there.query, "a=1");
    }
}

#[test]
fn a_key_in_the_query_goes_along_within_its_origin() {
    let api = Recorder::answering(|asked, _| {
        (asked.path == "/go").then(|| Reply::redirect("/there?a=1"))
    });
    let home = keyed_home(api.origin(), "query = { key = \"{api_key}\" }");
    let run = home
        .hallpass(&["-v", "request", "x", "/go", "-L"])
        .run()
        .ok();
    assert_eq!(api.last("/there").query("key").as_deref(), Some(KEY));
    assert!(!run.stderr.contains(KEY), "{run}");
}

#[test]
fn methods_and_bodies_change_as_rfc_9110_has_it() {
    for (status, method, expected, body) in [
        (301, "POST", "GET", ""),
        (302, "POST", "GET", ""),
        (303, "PUT", "GET", ""),
        (307, "POST", "POST", "a=1"),
        (308, "PUT", "PUT", "a=1"),
    ] {
        let (api, home) = redirecting(status, "/there");
        following(&home, &["-X", method, "-d", "a=1"]).ok();
        let there = api.last("/there");
        assert_eq!(
            (there.method.as_str(), there.body.as_str()),
            (expected, body)
        );
        let content_type = there.header("content-type");
        assert_eq!(content_type.is_some(), !body.is_empty(), "{status}");
    }
}

#[test]
fn a_file_is_opened_again_and_stdin_cannot_be_sent_twice() {
    let (api, home) = redirecting(307, "/there");
    let file = home.write("body.txt", "from a file");
    let at = format!("@{}", file.display());
    following(&home, &["--data-binary", &at]).ok();
    assert_eq!(api.last("/there").body, "from a file");
    let before = api.asked_at("/there").len();
    let args = ["request", "x", "/go", "-L", "--data-binary", "@-"];
    // More than is read before it is sent.
    let run = home.hallpass(&args).stdin("x".repeat(3 << 20)).run();
    let run = run.fails_with(6);
    assert!(run.stderr.contains("stdin cannot be sent twice"), "{run}");
    assert_eq!(api.asked_at("/there").len(), before);
}

#[test]
fn another_origin_gets_to_know_nothing_and_nothing_comes_back_by_it() {
    let api = Recorder::answering(|asked, _| {
        let to = asked.query("to").filter(|_| asked.path == "/go");
        to.map(|to| Reply::redirect(&to))
    });
    {
        let back = format!("{}/back", api.origin());
        let stranger = Recorder::answering(move |asked, _| {
            (asked.path == "/on").then(|| Reply::redirect(&back))
        });
        let home = keyed_home(
            api.origin(),
            "headers = { X-Definition = \"1\", Accept = \"application/json\", User-Agent = \"agent {api_key}\" }\nquery = { key = \"{api_key}\" }",
        );
        let to = format!("to={}/on?a=1", stranger.origin());
        let args = [
            "--query",
            &to,
            "-H",
            "X-Own: 1",
            "-H",
            "Cookie: c=cookie-not-real",
            "-H",
            "Range: bytes=0-9",
        ];
        following(&home, &args).ok();
        let there = stranger.last("/on");
        assert_eq!(there.query, "a=1");
        assert_eq!(there.header("accept").as_deref(), Some("application/json"));
        assert_eq!(there.header("range").as_deref(), Some("bytes=0-9"));
        for name in [
            "authorization",
            "cookie",
            "x-own",
            "x-definition",
            "referer",
        ] {
            assert_eq!(there.header(name), None, "{name}");
        }
        assert!(!format!("{there:?}").contains("not-real"), "{there:?}");
    }
    // Back at its own origin it is still a stranger's redirect.
    let back = api.last("/back");
    assert!(!format!("{back:?}").contains("not-real"), "{back:?}");
}

#[test]
fn a_body_goes_to_no_other_origin() {
    let stranger = Recorder::start();
    let to = format!("{}/there", stranger.origin());
    for (status, args) in [
        (307, ["-X", "POST", "-d", "a=1"]),
        (308, ["-X", "PUT", "-d", "a=1"]),
        (302, ["-X", "PUT", "-d", "a=1"]),
        (307, ["-X", "DELETE", "-H", "X: 1"]),
        (301, ["-X", "GET", "-d", "a=1"]),
    ] {
        let (_api, home) = redirecting(status, &to);
        let run = following(&home, &args).fails_with(2);
        assert!(run.stderr.contains("goes to another origin"), "{run}");
        assert!(run.stderr.contains("hint:"), "{run}");
    }
    assert!(stranger.asked().is_empty());
    // What is left of it is a GET.
    let (_api, home) = redirecting(303, &to);
    following(&home, &["-d", "a=1"]).ok();
    assert_eq!(stranger.last("/there").body, "");
}

#[test]
fn a_location_with_the_credential_in_it_is_not_followed() {
    for to in [
        "/there?t=key-not-real",
        "/there?t=key%2Dnot%2dreal",
        "/there/%6bey-not-real",
        "/there?t=%256bey-not-real",
        "/there?t=a2V5LW5vdC1yZWFs",
        "STRANGER/there?t=key-not-real",
    ] {
        let stranger = Recorder::start();
        let (api, home) = redirecting(302, &to.replace("STRANGER", stranger.origin()));
        let run = following(&home, &[]).fails_with(6);
        assert!(run.stderr.contains("holds the credential"), "{to} {run}");
        assert!(!run.stderr.contains(KEY), "{to} {run}");
        assert_eq!(api.asked().len(), 1, "{to}");
        assert!(stranger.asked().is_empty(), "{to}");
    }
}

#[test]
fn a_location_that_is_none_of_http_or_names_a_user_is_not_followed() {
    for to in [
        "ftp://127.0.0.1/x",
        "file:///etc/hostname",
        "javascript:alert(1)",
        "data:text/plain,x",
        "http://user:pw-not-real@127.0.0.1:9/",
        "http://[bad/",
        "http://api.example.com/plain",
        "https://:99999/",
    ] {
        let (api, home) = redirecting(302, to);
        let run = following(&home, &[]).fails_with(6);
        assert!(run.stderr.contains("ended at a redirect"), "{to} {run}");
        assert!(!run.stderr.contains("pw-not-real"), "{to} {run}");
        assert_eq!(run.stdout, "");
        assert_eq!(api.asked().len(), 1, "{to}");
    }
    // Two that differ are none.
    let api = Recorder::answering(|_, _| Some(Reply::redirect("/a").with("Location", "/b")));
    let home = keyed_home(api.origin(), "");
    following(&home, &[]).fails_with(6);
    assert_eq!(api.asked().len(), 1);
}

#[test]
fn a_redirect_that_leads_nowhere_is_an_answer() {
    let api = Recorder::answering(|asked, _| {
        let reply = match asked.path.as_str() {
            "/go" => Reply::text(302, "text/plain", "nowhere"),
            _ => Reply::text(304, "text/plain", "").with("Location", "/there"),
        };
        Some(reply)
    });
    let home = keyed_home(api.origin(), "");
    assert_eq!(following(&home, &[]).ok().stdout, "nowhere");
    home.hallpass(&["request", "x", "/same", "-L"]).run().ok();
    assert_eq!(api.asked().len(), 2);
}

#[test]
fn loops_end_and_the_bound_is_the_users() {
    let (api, home) = redirecting(302, "/go");
    let run = following(&home, &[]).fails_with(6);
    assert!(
        run.stderr.contains("redirected more than 10 times"),
        "{run}"
    );
    assert_eq!(api.asked().len(), 11);
    for (most, asked) in [("0", 1), ("2", 3)] {
        let before = api.asked().len();
        following(&home, &["--max-redirs", most]).fails_with(6);
        assert_eq!(api.asked().len() - before, asked);
    }
}

#[test]
fn without_being_asked_no_redirect_is_followed() {
    let (api, home) = redirecting(302, "/there");
    let run = home.hallpass(&["request", "x", "/go"]).run().ok();
    assert_eq!(run.stdout, "moved");
    assert_eq!(api.asked().len(), 1);
}

#[test]
fn each_redirect_that_is_followed_shows_its_head() {
    let api = Recorder::answering(|asked, _| match asked.path.as_str() {
        "/go" => Some(Reply::text(302, "text/plain", "moved").with("Location", "/on")),
        "/on" => Some(Reply::text(307, "text/plain", "moved").with("Location", "/there")),
        _ => Some(Reply::text(200, "text/plain", "arrived")),
    });
    let home = keyed_home(api.origin(), "");
    for (flag, body) in [("-i", "arrived"), ("-I", "")] {
        let run = following(&home, &[flag]).ok();
        let heads: Vec<&str> = run.stdout.split("\r\n\r\n").collect();
        let [go, on, there, rest] = heads[..] else {
            panic!("{run}");
        };
        assert!(go.starts_with("HTTP/1.1 302 Found\r\n"), "{run}");
        assert!(go.contains("location: /on"), "{run}");
        assert!(on.starts_with("HTTP/1.1 307 "), "{run}");
        assert!(there.starts_with("HTTP/1.1 200 OK\r\n"), "{run}");
        assert_eq!(rest, body, "{run}");
    }
}
