//! Bodies and queries as curl's flags make them, and the headers that go with
//! them.

use super::keyed_home;
use crate::support::{Asked, Home, Provider, Recorder, Reply, Run};

/// An API that takes anything, and a home that knows it as `x`.
fn api() -> (Recorder, Home) {
    let recorder = Recorder::start();
    let home = keyed_home(recorder.origin(), "");
    (recorder, home)
}

fn request(home: &Home, args: &[&str], stdin: &str) -> Run {
    let args = [&["request", "x"], args].concat();
    home.hallpass(&args).stdin(stdin).run()
}

/// What the API got.
fn sent(args: &[&str], stdin: &str) -> Asked {
    let (recorder, home) = api();
    request(&home, &[&["/y"], args].concat(), stdin).ok();
    recorder.last("/y")
}

#[test]
fn data_of_every_kind_is_joined_in_its_order() {
    let home = Home::new();
    let file = home.write("f", "l 1\r\nl&2\n");
    let at = format!("@{}", file.display());
    let named = format!("n{at}");
    let asked = sent(
        &[
            "--data-urlencode",
            "a=b c+é",
            "-d",
            "z",
            "--data-raw",
            "@no",
            "--data-urlencode",
            "=x=y",
            "-d",
            &at,
            "--data-binary",
            &at,
            "--data-urlencode",
            &named,
        ],
        "",
    );
    assert_eq!(asked.method, "POST");
    assert_eq!(
        asked.body,
        "a=b+c%2B%C3%A9&z&@no&x%3Dy&l 1l&2&l 1\r\nl&2\n&n=l+1%0D%0Al%262%0A"
    );
    let kind = asked.header("content-type");
    assert_eq!(kind.as_deref(), Some("application/x-www-form-urlencoded"));
    let length = asked.body.len().to_string();
    assert_eq!(asked.header("content-length"), Some(length));
}

#[test]
fn several_pieces_of_json_are_one_body() {
    let asked = sent(&["--json", "{\"a\"", "--json", "@-"], ":1}");
    assert_eq!(asked.body, "{\"a\":1}");
    for name in ["content-type", "accept"] {
        assert_eq!(asked.header(name).as_deref(), Some("application/json"));
    }
}

#[test]
fn get_puts_the_data_into_the_query_behind_what_is_there() {
    let asked = sent(
        &[
            "-G",
            "-d",
            "a=b#c",
            "--data-urlencode",
            "q=d e&",
            "--query",
            "z=1 2",
        ],
        "",
    );
    assert_eq!((asked.method.as_str(), asked.body.as_str()), ("GET", ""));
    assert_eq!(asked.query, "a=b%23c&q=d+e%26&z=1+2");
    assert_eq!(asked.header("content-type"), None);
    let (recorder, home) = api();
    request(
        &home,
        &["/y?own=1#part", "-G", "-d", "a", "--query", "b=c"],
        "",
    )
    .ok();
    assert_eq!(recorder.last("/y").query, "own=1&a&b=c");
    request(&home, &["/y", "-G", "-d", "a", "-X", "DELETE"], "").ok();
    assert_eq!(recorder.last("/y").method, "DELETE");
}

#[test]
fn a_header_is_left_out_or_sent_empty_where_that_is_said() {
    let (recorder, home) = api();
    home.edit(|text| format!("{text}headers = {{ X-Own = \"1\" }}\n"));
    request(&home, &["/y", "-d", "a"], "").ok();
    assert_eq!(recorder.last("/y").header("x-own").as_deref(), Some("1"));
    let args = [
        "/y",
        "-d",
        "a",
        "-H",
        "Content-Type:",
        "-H",
        "x-own: ",
        "-H",
        "X-Empty;",
    ];
    request(&home, &args, "").ok();
    let asked = recorder.last("/y");
    assert_eq!(asked.header("content-type"), None);
    assert_eq!(asked.header("x-own"), None);
    assert_eq!(asked.header("x-empty").as_deref(), Some(""));
    assert_eq!(asked.body, "a");
}

#[test]
fn headers_are_read_from_a_file_and_from_stdin() {
    let (recorder, home) = api();
    let file = home.write("headers", "X-One: 1\r\n\nX-Two: 2\n");
    let at = format!("@{}", file.display());
    request(&home, &["/y", "-H", &at, "-H", "@-"], "X-Three: 3").ok();
    let asked = recorder.last("/y");
    for (name, value) in [("x-one", "1"), ("x-two", "2"), ("x-three", "3")] {
        assert_eq!(asked.header(name).as_deref(), Some(value));
    }
    request(&home, &["/y", "-H", "@/no/such/file"], "").fails_with(2);
}

#[test]
fn headers_that_frame_a_request_must_tell_the_truth() {
    let (recorder, home) = api();
    for lie in [
        "Host: evil.test",
        "Content-Length: 2",
        "Content-Length: x",
        "Transfer-Encoding: gzip",
    ] {
        request(&home, &["/y", "-d", "abc", "-H", lie], "").fails_with(2);
    }
    assert_eq!(recorder.asked().len(), 0, "nothing was sent");
    let host = recorder.origin().replace("http://", "Host: ");
    let truth = ["/y", "-d", "abc", "-H", &host, "-H", "Content-Length: 3"];
    request(&home, &truth, "").ok();
    let asked = recorder.last("/y");
    assert_eq!(asked.header("content-length").as_deref(), Some("3"));
    assert_eq!(asked.body, "abc");
}

#[test]
fn a_body_that_cannot_be_read_says_what_to_do() {
    let (recorder, home) = api();
    let here = format!("@{}", home.path().display());
    let part = format!("f={here}");
    let upload = home.path().display().to_string();
    for args in [
        &["-d", "@/no/such/file"][..],
        &["--data-binary", "@/no/such/file"],
        &["--data-urlencode", "n@/no/such/file"],
        &["-T", "/no/such/file"],
        &["-F", "f=@/no/such/file"],
        &["-d", &here],
        &["--data-binary", &here],
        &["-T", &upload],
        &["-F", &part],
        &["-d", "@-", "-d", "@-"],
        &["-F", "a=@-", "-F", "b=<-"],
        &["-F", "a=b", "-d", "c"],
        &["-F", "a=b", "-T", "c"],
        &["--json", "{}", "-d", "c"],
        &["-G", "--json", "{}"],
        &["-F", "no equals sign"],
        &["-F", "a=b;c"],
        &["-F", "a=b;type=text/x\r\nX: y"],
        &["-F", "a=b;headers=\"X: a\r\nY: b\""],
    ] {
        request(&home, &[&["/y"], args].concat(), "x").fails_with(2);
    }
    assert_eq!(recorder.asked().len(), 0, "nothing was sent");
}

#[test]
fn what_stdin_held_is_sent_again_with_a_renewed_token() {
    let (provider, home) = Provider::connected(&[]);
    provider.control(&serde_json::json!({"expire_access_tokens": true}));
    let args = ["request", "sandbox", "/echo", "--data-binary", "@-"];
    let echo = home.hallpass(&args).stdin("twice").run().ok().json();
    assert_eq!(echo["body"], "twice");
    assert_eq!(echo["headers"]["content-length"], "5");
    assert_eq!(provider.count("refresh_token"), 1);
}

#[test]
fn what_is_too_long_to_be_kept_is_not_sent_twice() {
    let recorder = Recorder::answering(|asked, before| {
        let first = asked.path == "/api/y" && before == 0;
        first.then(|| Reply::json(401, &serde_json::json!({})))
    });
    let home = recorder.consenting("");
    home.connect("x");
    let long = "x".repeat(1024 * 1024 + 1);
    let args = ["/y", "-T", "-", "-H", "Content-Length: 1048577"];
    let run = request(&home, &args, &long).fails_with(8);
    assert!(run.stderr.contains("stdin cannot be sent twice"), "{run}");
    assert_eq!(recorder.asked_at("/api/y").len(), 1);
    request(&home, &args, &long).ok();
    assert_eq!(recorder.last("/api/y").body.len(), long.len());
    let tokens = recorder.asked_at("/token");
    assert_eq!(tokens.len(), 2, "it was renewed for the next time");
}
