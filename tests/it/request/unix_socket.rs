//! `--unix-socket`: the definition's base URL, on a socket of this machine.

use super::server::{Api, keyed};
use crate::support::{Recorder, Run};

fn on(home: &crate::support::Home, socket: &std::path::Path, args: &[&str]) -> Run {
    let socket = socket.to_str().unwrap();
    let args = [&["request", "x", "--unix-socket", socket], args].concat();
    home.hallpass(&args)
        .env(
            "SSL_CERT_FILE",
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/named-ca.pem"),
        )
        // What is on a socket is behind no proxy.
        .env("ALL_PROXY", "http://127.0.0.1:1")
        .run()
}

#[test]
fn the_base_url_is_reached_on_the_socket_and_with_tls_where_it_says_https() {
    for (base, certificate) in [
        ("http://localhost", None),
        ("https://api.test/v1", Some("named")),
    ] {
        let api = Api::start();
        let home = keyed(base, "");
        let socket = home.path().join("api.sock");
        api.on_socket(&socket, certificate);
        let run = on(&home, &socket, &["/me", "-d", "a=b"]).ok();
        let path = format!(
            "{}/me",
            base.strip_prefix("https://api.test").unwrap_or_default()
        );
        assert_eq!(run.json()["path"], path);
        let asked = api.asked().remove(0);
        assert_eq!(asked.body, b"a=b");
        assert!(asked.head.contains("bearer key-not-real"), "{}", asked.head);
        let host = base.rsplit("//").next().unwrap().trim_end_matches("/v1");
        assert!(
            asked.head.contains(&format!("host: {host}\r\n")),
            "{}",
            asked.head
        );
    }
}

#[test]
fn a_batch_goes_over_one_connection_of_the_socket() {
    let api = Api::start();
    let home = keyed("http://localhost", "");
    let socket = home.path().join("api.sock");
    api.on_socket(&socket, None);
    let file = home.write("batch.jsonl", &"{\"path\":\"/a\"}\n".repeat(20));
    let run = on(&home, &socket, &["--batch", file.to_str().unwrap()]).ok();
    assert_eq!(run.stdout.lines().count(), 20);
    assert_eq!(api.connections(), 1);
}

#[test]
fn only_the_base_url_is_on_the_socket_tokens_are_had_as_always() {
    let recorder = Recorder::start();
    let api = Api::start();
    let home = recorder.home(
        "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"client_credentials\"\n\
         token_url = \"ORIGIN/token\"\nclient_id = \"id\"\nclient_secret = \"s3cret-not-real\"\n\
         [integrations.x.api]\nbase_url = \"http://localhost:1/api\"\n",
    );
    let socket = home.path().join("api.sock");
    api.on_socket(&socket, None);
    on(&home, &socket, &["/me"]).ok();
    assert_eq!(recorder.asked_at("/token").len(), 1);
    let asked = api.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path, "/api/me");
    assert!(
        asked[0].head.contains("bearer token-1"),
        "{}",
        asked[0].head
    );
    // Without the flag there is nobody.
    home.hallpass(&["request", "x", "/me"]).run().fails_with(6);
    // Elsewhere is as far away as without it.
    on(&home, &socket, &["https://evil.test/"]).fails_with(2);
    assert_eq!(api.asked().len(), 1);
}

#[test]
fn a_socket_that_is_not_there_or_none_is_named() {
    let home = keyed("http://localhost", "");
    let file = home.write("file", "");
    for path in [home.path().join("none"), file, home.path().to_owned()] {
        let run = on(&home, &path, &["/me"]).fails_with(6);
        let named = format!("localhost (on the socket `{}`)", path.display());
        assert!(run.stderr.contains(&named), "{run}");
        assert!(!run.stderr.contains("not-real"), "{run}");
    }
    let run = home
        .hallpass(&["request", "x", "/me", "--unix-socket"])
        .run();
    run.exits(2);
}
