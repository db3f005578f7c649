//! Against Node's HTTP/2 server: what TLS agrees on (RFC 7301), bodies both ways, one connection for
//! many requests, and the two ways in which HTTP/2 breaks off (RFC 9113, sections 6.4 and 6.8).

use serde_json::{Value, json};

use crate::support::{Cmd, Home, Run, Running};

const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/loopback-ca.pem");
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/http2.mjs");

/// A home whose connection `x` calls the server.
fn there(takes_http1: bool) -> (Running, Home) {
    let takes = if takes_http1 { "1" } else { "0" };
    let server = Cmd::new("node", &[SERVER]).env("HTTP1", takes);
    let mut server = server.stdin_open().spawn();
    let origin = server.wait_for_stdout(|line| line.starts_with("https://127.0.0.1:"));
    let home = Home::new();
    let text = format!(
        "[integrations.x.auth]\ntype = \"api_key\"\napi_key = \"key-not-real\"\n\
         [integrations.x.api]\nbase_url = \"{origin}\"\n"
    );
    home.write("integrations.toml", &text);
    (server, home)
}

fn request(home: &Home, args: &[&str], stdin: &str) -> Run {
    let args = [&["request", "x"], args].concat();
    home.hallpass(&args)
        .env("SSL_CERT_FILE", AUTHORITY)
        .stdin(stdin)
        .run()
}

#[test]
#[ignore = "needs Node, as oidc-provider does: tests/run installs it"]
fn http2_is_agreed_on_and_bodies_go_both_ways() {
    let (_server, home) = there(true);
    let run = request(&home, &["/a", "-i"], "").ok();
    assert!(run.stdout.starts_with("HTTP/2.0 200"), "{run}");
    let body = "x".repeat(3_000_000);
    let sent = request(&home, &["/a", "--data-binary", "@-"], &body)
        .ok()
        .json();
    assert_eq!(sent["length"], 3_000_000);
    assert_eq!(sent["version"], "2.0");
    assert_eq!(sent["authorization"], "Bearer key-not-real");
    assert_eq!(request(&home, &["/big"], "").ok().stdout.len(), 3_000_000);
    // Unless it is not wanted.
    let run = request(&home, &["/a", "-i", "--http1.1"], "").ok();
    assert!(run.stdout.starts_with("HTTP/1.1 200"), "{run}");
}

#[test]
#[ignore = "needs Node, as oidc-provider does: tests/run installs it"]
fn a_batch_with_many_requests_under_way_goes_over_one_connection() {
    let (_server, home) = there(false);
    let lines = (0..200).fold(String::new(), |lines, at| {
        lines + &format!("{{\"path\":\"/{at}\"}}\n")
    });
    let lines = lines + "{\"path\":\"/sessions\"}\n";
    let run = request(&home, &["--batch", "-", "--parallel", "16"], &lines).ok();
    let results: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(results.len(), 201);
    for (at, result) in results[..200].iter().enumerate() {
        assert_eq!(result["body"]["path"], format!("/{at}"));
    }
    assert_eq!(
        results[200]["body"],
        json!({"sessions": 1, "version": "2.0"})
    );
}

#[test]
#[ignore = "needs Node, as oidc-provider does: tests/run installs it"]
fn what_the_server_breaks_off_is_told_and_the_connection_is_made_anew() {
    let (_server, home) = there(false);
    for path in ["/reset", "/reset-body", "/goaway"] {
        let run = request(&home, &[path], "").fails_with(6);
        assert!(run.stderr.contains("127.0.0.1"), "{run}");
        assert!(!run.stderr.contains("not-real"), "{run}");
    }
    let lines = ["/reset", "/a", "/goaway", "/b"].map(|path| format!("{{\"path\":\"{path}\"}}\n"));
    let run = request(&home, &["--batch", "-"], &lines.concat()).fails_with(6);
    let results: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds = results
        .iter()
        .map(|result| result["error"]["kind"].as_str());
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [Some("unavailable"), None, Some("unavailable"), None]
    );
    // A server without HTTP/1.1 takes nobody who speaks nothing else.
    request(&home, &["/a", "--http1.1"], "").fails_with(6);
}
