//! Whom TLS trusts: `SSL_CERT_FILE` and `SSL_CERT_DIR`.

use super::server::{Api, keyed};
use crate::support::{Home, Run};

const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/loopback-ca.pem");

/// An API over TLS, and a home that calls it.
fn there() -> (Api, Home) {
    let api = Api::start();
    let home = keyed(&format!("https://127.0.0.1:{}", api.on_tls("loopback")), "");
    (api, home)
}

fn with(home: &Home, variables: &[(&str, &str)]) -> Run {
    let variables = variables
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    home.hallpass(&["request", "x", "/me"])
        .envs(variables)
        .run()
}

#[test]
fn an_authority_of_ones_own_is_trusted_by_file_and_by_directory() {
    let (_api, home) = there();
    let pem = std::fs::read_to_string(AUTHORITY).unwrap();
    home.write("authorities/own.pem", &pem);
    let dir = home.path().join("authorities");
    let dir = dir.to_str().unwrap();
    for variables in [
        &[("SSL_CERT_FILE", AUTHORITY)][..],
        &[("SSL_CERT_DIR", dir)],
        &[
            ("SSL_CERT_FILE", "/no/such/file.pem"),
            ("SSL_CERT_DIR", dir),
        ],
    ] {
        assert_eq!(
            with(&home, variables).ok().json()["path"],
            "/me",
            "{variables:?}"
        );
    }
}

#[test]
fn who_is_vouched_for_by_nobody_is_refused_with_a_hint_and_sent_nothing() {
    let (api, home) = there();
    let other = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/named-ca.pem");
    let run = with(&home, &[("SSL_CERT_FILE", other)]).fails_with(6);
    assert!(run.stderr.contains("is not believed"), "{run}");
    assert!(run.stderr.contains("export SSL_CERT_FILE="), "{run}");
    // A name that the certificate does not have.
    let port = api.on_tls("loopback");
    let named = keyed(&format!("https://localhost:{port}"), "");
    let run = with(&named, &[("SSL_CERT_FILE", AUTHORITY)]).fails_with(6);
    assert!(run.stderr.contains("is not believed"), "{run}");
    assert!(api.asked().is_empty());
}

#[test]
fn a_file_of_authorities_that_is_none_is_told() {
    let (api, home) = there();
    let empty = home.write("empty.pem", "");
    let garbage = home.write("garbage.pem", "-----BEGIN CERTIFICATE-----\nno\n");
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/loopback.key.pem");
    for (path, why) in [
        ("", "is set, and empty"),
        ("/no/such/file.pem", "No such file"),
        (empty.to_str().unwrap(), "holds no certificate"),
        (garbage.to_str().unwrap(), "holds no certificate"),
        (key, "holds no certificate"),
        (home.path().to_str().unwrap(), "directory"),
    ] {
        let run = with(&home, &[("SSL_CERT_FILE", path)]).fails_with(6);
        assert!(run.stderr.contains("`SSL_CERT_FILE`"), "{run}");
        assert!(run.stderr.contains(why), "{run}");
    }
    let run = with(&home, &[("SSL_CERT_DIR", "/no/such/directory")]).fails_with(6);
    assert!(run.stderr.contains("`SSL_CERT_DIR`"), "{run}");
    assert!(api.asked().is_empty());
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_authorities_is_not_waited_for() {
    let (_api, home) = there();
    let pipe = home.path().join("pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let pipe = pipe.to_str().unwrap();
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys");
    for variables in [
        &[("SSL_CERT_FILE", pipe)][..],
        &[("SSL_CERT_FILE", pipe), ("SSL_CERT_DIR", dir)],
    ] {
        let run = with(&home, variables).fails_with(6);
        assert!(run.stderr.contains("it is a pipe"), "{run}");
    }
}
