//! `request`: curl's habits, the credential added, fenced to its own hosts.

mod action_types;
mod attacks;
mod batch;
mod batch_course;
mod bodies;
mod certificates;
mod compressed;
mod curl;
mod deadlines;
mod downloads;
mod dry_run;
mod hostile;
mod jq;
#[cfg(target_os = "linux")]
mod memory;
mod multipart;
mod pages;
mod proxies;
mod redirects;
mod renewing;
mod resume;
mod retries;
mod server;
mod slurp;
#[cfg(unix)]
mod terminal;
mod together;
#[cfg(unix)]
mod unix_socket;
mod uploads;
mod verbose;

use serde_json::json;

use crate::support::{Home, Provider, Recorder};

fn connected() -> (Provider, Home) {
    let (provider, home) = Provider::connected(&[]);
    (provider, home)
}

fn header<'a>(echo: &'a serde_json::Value, name: &str) -> &'a str {
    echo["headers"][name].as_str().unwrap_or_default()
}

#[test]
fn method_headers_query_and_bodies_arrive_as_they_were_given() {
    let (_provider, home) = connected();
    let echo = |args: &[&str]| {
        let args = [&["request", "sandbox", "/echo?a=1"], args].concat();
        home.hallpass(&args).run().ok().json()
    };
    let plain = echo(&["--query", "b=x y&z", "-H", "X-One: 1"]);
    assert_eq!(plain["method"], "GET");
    assert_eq!(plain["query"], json!([["a", "1"], ["b", "x y&z"]]));
    assert_eq!(header(&plain, "x-one"), "1");
    assert!(header(&plain, "authorization").starts_with("Bearer sbx_at_"));
    let form = echo(&["-d", "a=1", "-d", "b=2"]);
    assert_eq!(
        (form["method"].as_str(), form["body"].as_str()),
        (Some("POST"), Some("a=1&b=2"))
    );
    assert_eq!(
        header(&form, "content-type"),
        "application/x-www-form-urlencoded"
    );
    let body = echo(&["-X", "PATCH", "--json", "{\"a\":1}"]);
    assert_eq!(
        (body["method"].as_str(), body["body"].as_str()),
        (Some("PATCH"), Some("{\"a\":1}"))
    );
    assert_eq!(header(&body, "content-type"), "application/json");
    assert_eq!(header(&body, "accept"), "application/json");
    let typed = echo(&["-d", "x", "-H", "Content-Type: text/plain"]);
    assert_eq!(header(&typed, "content-type"), "text/plain");
}

#[test]
fn bodies_come_from_files_and_stdin() {
    let (_provider, home) = connected();
    let file = home.write("body.txt", "one\ntwo\n");
    let at = format!("@{}", file.display());
    let sent = |args: &[&str], stdin: &str| {
        let args = [&["request", "sandbox", "/echo"], args].concat();
        home.hallpass(&args).stdin(stdin).run().ok().json()["body"].clone()
    };
    assert_eq!(sent(&["-d", &at], ""), "onetwo", "as curl does");
    assert_eq!(sent(&["--data-binary", &at], ""), "one\ntwo\n");
    assert_eq!(sent(&["--data-binary", "@-"], "piped\n"), "piped\n");
    assert_eq!(sent(&["--json", "@-"], "{}"), "{}");
    home.hallpass(&["request", "sandbox", "/echo", "-d", "@/no/such/file"])
        .run()
        .fails_with(2);
}

#[test]
fn an_answer_goes_to_a_file_whole() {
    let (_provider, home) = connected();
    let file = home.path().join("answer.bin");
    let name = file.to_str().unwrap();
    let run = home
        .hallpass(&["request", "sandbox", "/bytes/3000000", "-o", name])
        .run()
        .ok();
    assert_eq!(run.stdout, "");
    assert_eq!(std::fs::metadata(&file).unwrap().len(), 3_000_000);
    let beside = std::fs::read_dir(home.path()).unwrap();
    assert!(beside.into_iter().all(|entry| {
        !entry
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with(".hallpass-")
    }));
    home.hallpass(&["request", "sandbox", "/me", "-o", "/no/such/dir/x"])
        .run()
        .fails_with(2);
}

#[test]
fn include_prints_the_status_line_and_the_headers_first() {
    let (_provider, home) = connected();
    let run = home
        .hallpass(&["request", "sandbox", "/me", "-i"])
        .run()
        .ok();
    assert!(run.stdout.starts_with("HTTP/1.1 200 OK\r\n"), "{run}");
    assert!(
        run.stdout.contains("content-type: application/json\r\n"),
        "{run}"
    );
    assert!(run.stdout.contains("\r\n\r\n{"), "{run}");
}

#[test]
fn a_credential_goes_nowhere_else() {
    let (provider, home) = connected();
    let stranger = Provider::start(&[]);
    for url in [
        format!("{}/me", stranger.issuer()),
        "https://evil.test/".to_owned(),
        format!("{}@evil.test/", provider.issuer()),
    ] {
        let run = home
            .hallpass(&["request", "sandbox", &url])
            .run()
            .fails_with(2);
        assert!(
            run.stderr.contains("not a place this credential may go to"),
            "{run}"
        );
    }
    assert!(stranger.log().is_empty());
    let own = format!("{}/me", provider.issuer());
    home.hallpass(&["request", "sandbox", &own]).run().ok();
}

#[test]
fn a_redirect_is_shown_and_not_followed() {
    let (provider, home) = connected();
    let stranger = Provider::start(&[]);
    let to = format!("{}/me", stranger.issuer());
    provider.control(&json!({"answers": [{"path": "/echo", "status": 302, "headers": {"Location": to}, "body": ""}]}));
    let run = home
        .hallpass(&["request", "sandbox", "/echo", "-i"])
        .run()
        .ok();
    assert!(run.stdout.starts_with("HTTP/1.1 302"), "{run}");
    assert!(stranger.log().is_empty());
}

#[test]
fn a_rejected_token_is_renewed_once_and_the_request_made_again() {
    let (provider, home) = connected();
    provider.control(&json!({"expire_access_tokens": true}));
    let run = home
        .hallpass(&["request", "sandbox", "/echo", "-d", "x=1"])
        .run()
        .ok();
    assert_eq!(run.json()["body"], "x=1");
    assert_eq!(provider.count("refresh_token"), 1);
}

#[test]
fn an_api_that_rejects_every_token_is_asked_twice_and_no_more() {
    let (provider, home) = connected();
    let rejected = json!({"path": "/me", "status": 401, "body": {"message": "no"}, "times": 5});
    provider.control(&json!({"answers": [rejected]}));
    let run = home
        .hallpass(&["request", "sandbox", "/me"])
        .run()
        .fails_with(8);
    assert_eq!(run.json()["message"], "no");
    let asked = provider
        .log()
        .iter()
        .filter(|entry| entry["path"] == "/me")
        .count();
    assert_eq!(asked - 1, 2, "one of them was connect's");
}

#[test]
fn a_definition_without_an_api_says_what_to_add() {
    let (_provider, home) = connected();
    home.drop_lines(&["base_url", "test"]);
    let run = home
        .hallpass(&["request", "sandbox", "/me"])
        .run()
        .fails_with(3);
    assert!(run.stderr.contains("add `base_url`"), "{run}");
}

#[test]
fn headers_cannot_be_split() {
    let (_provider, home) = connected();
    home.hallpass(&["request", "sandbox", "/me", "-H", "X: a\r\nY: b"])
        .run()
        .fails_with(2);
    home.hallpass(&["request", "sandbox", "/me", "-H", "no colon"])
        .run()
        .fails_with(2);
}

#[test]
fn several_headers_of_a_name_are_all_sent_and_a_fragment_is_not() {
    let (_provider, home) = connected();
    let args = [
        "request",
        "sandbox",
        "/echo?a=1#part",
        "-H",
        "X: 1",
        "-H",
        "X: 2",
    ];
    let echo = home.hallpass(&args).run().ok().json();
    assert_eq!(echo["query"], json!([["a", "1"]]));
    let said = echo["headers"]["x"].to_string();
    assert!(said.contains('1') && said.contains('2'), "{echo}");
}

#[cfg(unix)]
#[test]
fn a_file_that_is_replaced_keeps_its_mode_and_a_link_is_followed() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_provider, home) = connected();
    let file = home.write("kept.json", "old");
    let link = home.path().join("link.json");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    home.hallpass(&["request", "sandbox", "/me", "-o", link.to_str().unwrap()])
        .run()
        .ok();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .contains("sandbox-user")
    );
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_url_elsewhere_is_refused_before_anything_is_looked_for_or_sent() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    for name in ["sandbox", "sandbox@never-connected"] {
        home.hallpass(&["request", name, "https://evil.test/"])
            .run()
            .fails_with(2);
    }
    assert_eq!(provider.count("refresh_token"), 0);
}

#[test]
fn a_token_in_the_path_of_the_base_url_connects_and_travels_there() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.edit(|text| {
        let base = format!("base_url = \"{}\"", provider.issuer());
        text.replace(
            &base,
            &format!("base_url = \"{}/echo/bot{{token}}\"", provider.issuer()),
        )
        .replace(
            "test = \"/me\"",
            "headers = { Authorization = \"Bearer {token}\" }",
        )
    });
    home.connect("sandbox");
    let token = home.token("sandbox");
    let echo = home
        .hallpass(&["request", "sandbox", "/getMe"])
        .run()
        .ok()
        .json();
    assert_eq!(echo["path"], format!("/echo/bot{token}/getMe"));
    let run = home
        .hallpass(&["-vv", "request", "sandbox", "/getMe"])
        .run()
        .ok();
    assert!(!run.stderr.contains(&token), "{run}");
}

/// A server that answers every request with this much, and is silent for ever after.
fn silent_server(beginning: &'static str) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer);
            let _ = stream.write_all(beginning.as_bytes());
            open.push(stream);
        }
    });
    origin
}

fn keyed_home(origin: &str, api: &str) -> Home {
    let home = Home::new();
    let text = format!(
        "[integrations.x.auth]\ntype = \"api_key\"\napi_key = \"key-not-real\"\n[integrations.x.api]\nbase_url = \"{origin}\"\n{api}\n"
    );
    home.write("integrations.toml", &text);
    home
}

#[test]
fn a_server_that_says_nothing_is_waited_for_so_long_and_no_longer() {
    let origin = silent_server("");
    let home = keyed_home(&origin, "timeout = \"1s\"");
    let run = home.hallpass(&["request", "x", "/"]).run().fails_with(6);
    assert!(run.stderr.contains("did not answer in time"), "{run}");
    assert!(run.stderr.contains("got no answer"), "{run}");
    let origin = silent_server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    let home = keyed_home(&origin, "timeout = \"1s\"");
    home.hallpass(&["request", "x", "/"]).run().fails_with(6);
}

#[test]
fn a_credential_in_a_json_body_is_merged_at_every_depth_and_never_left_out() {
    let recorder = Recorder::start();
    let home = keyed_home(
        recorder.origin(),
        "json = { auth = { key = \"{api_key}\", app = 1 } }",
    );
    let body = [
        "request",
        "x",
        "/y",
        "--json",
        "{\"auth\":{\"app\":2},\"a\":[1]}",
    ];
    home.hallpass(&body).run().ok();
    assert_eq!(
        recorder.last("/y").json(),
        json!({ "auth": { "key": "key-not-real", "app": 2 }, "a": [1] })
    );
    home.hallpass(&["request", "x", "/post", "-X", "POST"])
        .run()
        .ok();
    assert_eq!(recorder.last("/post").json()["auth"]["key"], "key-not-real");
    let before = recorder.asked().len();
    for args in [&["/y"][..], &["/y", "--json", "[1]"], &["/y", "-d", "a=b"]] {
        let run = home
            .hallpass(&[&["request", "x"], args].concat())
            .run()
            .fails_with(2);
        assert!(run.stderr.contains("travels in a JSON body"), "{run}");
    }
    assert_eq!(recorder.asked().len(), before);
}
