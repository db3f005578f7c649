//! Against Glewlwyd, a second implementation: its issuer has a path, its endpoints a `//`, it takes
//! exactly the redirect URIs it knows, announces no client credentials, answers a wrong secret with an
//! empty 403, takes only keys that have a name, and assertions only for the URL they are sent to.
//!
//! Where it wants a nonce in each DPoP proof it gives none for a pushed request, so that nobody can push
//! one there.

use std::net::TcpStream;

use crate::support::{Cmd, Home, Running};

const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/glewlwyd.mjs");
const PERSON: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/real/glewlwyd-person.mjs"
);

/// A running server; dropping it ends it.
struct Glewlwyd {
    issuer: String,
    ports: String,
    process: Option<Running>,
}

impl Glewlwyd {
    fn start() -> Glewlwyd {
        Glewlwyd::with(&[])
    }

    /// Starts one with these variables, of which `glewlwyd.mjs` tells.
    fn with(variables: &[(&str, &str)]) -> Glewlwyd {
        let variables = variables.iter();
        let variables = variables.map(|(name, value)| (*name, (*value).to_owned()));
        let server = Cmd::new("node", &[SERVER]).envs(variables);
        let mut process = server.stdin_open().spawn();
        let line = process.wait_for_stdout(|line| line.starts_with("http://127.0.0.1:"));
        let (issuer, ports) = line.split_once(' ').expect("an issuer and ports");
        Glewlwyd {
            issuer: issuer.to_owned(),
            ports: ports.to_owned(),
            process: Some(process),
        }
    }

    /// Where it says its endpoints are.
    fn endpoints(&self) -> String {
        self.issuer.replace("/api/oidc", "//api/oidc")
    }

    fn home(&self) -> Home {
        let home = Home::new();
        let definitions = DEFINITIONS
            .replace("ISSUER", &self.issuer)
            .replace("ENDPOINTS", &self.endpoints())
            .replace("KEYS", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys"))
            .replace("PORTS", &self.ports);
        home.write("integrations.toml", &definitions);
        home
    }
}

/// What it started is a process of its own, which it ends when its stdin does and not when it is killed.
impl Drop for Glewlwyd {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.close_stdin();
            process.wait();
        }
    }
}

const DEFINITIONS: &str = r#"
[integrations.glewlwyd.auth]
type = "oauth2"
grant = "authorization_code"
issuer = "ISSUER"
client_id = "hallpass-test"
client_secret = { env = "GLEWLWYD_SECRET" }
scopes = ["api"]
redirect = { ports = [PORTS] }

[integrations.glewlwyd.api]
base_url = "ISSUER"
test = "/userinfo"
account = "sub"

[integrations.glewlwyd-service.auth]
type = "oauth2"
grant = "client_credentials"
issuer = "ISSUER"
client_id = "hallpass-test"
client_secret = { env = "GLEWLWYD_SECRET" }
scopes = ["api"]

[integrations.glewlwyd-service.api]
base_url = "ISSUER"

[integrations.glewlwyd-device.auth]
type = "oauth2"
grant = "device_code"
issuer = "ISSUER"
client_id = "hallpass-test"
client_secret = { env = "GLEWLWYD_SECRET" }
scopes = ["api"]

[integrations.glewlwyd-device.api]
base_url = "ISSUER"
test = "/userinfo"
account = "sub"

[integrations.glewlwyd-key.auth]
type = "oauth2"
grant = "authorization_code"
issuer = "ISSUER"
client_id = "hallpass-key"
client_auth = "private_key_jwt"
scopes = ["api"]
redirect = { ports = [PORTS] }

[integrations.glewlwyd-key.auth.jwt]
alg = "ES256"
key = { file = "KEYS/signing.p256.pkcs8.pem" }
key_id = "p256"
claims = { aud = "ENDPOINTS/token" }

[integrations.glewlwyd-key.api]
base_url = "ISSUER"
test = "/userinfo"
account = "sub"

[integrations.glewlwyd-bound]
extends = "glewlwyd"

[integrations.glewlwyd-bound.auth]
dpop = true

[integrations.glewlwyd-bound.api]
base_url = "ENDPOINTS"

[integrations.finder.auth]
type = "api_key"
api_key = { env = "FOUND" }

[integrations.finder.api]
base_url = "ENDPOINTS"
"#;

trait Knows {
    fn knowing(self, secret: &str) -> Self;
}

impl Knows for Cmd {
    fn knowing(self, secret: &str) -> Self {
        self.env("GLEWLWYD_SECRET", secret)
    }
}

const SECRET: &str = "not-a-real-secret";

#[test]
#[ignore = "needs glewlwyd: tests/run installs it"]
fn a_person_connects_the_token_rotates_and_is_taken_back() {
    let server = Glewlwyd::start();
    let home = server.home();
    let hallpass = |args: &[&str]| home.hallpass(args).knowing(SECRET);
    hallpass(&["connect", "glewlwyd"])
        .env("HALLPASS_BROWSER", format!("node {PERSON}"))
        .run()
        .ok();
    let status = hallpass(&["status", "glewlwyd", "--json"]).run().ok();
    assert_eq!(status.json()["state"], "connected");
    let first = hallpass(&["token", "glewlwyd"]).run().ok();
    // Each refresh token is taken once: two renewals need the one that the first brought.
    let mut last = first.line().to_owned();
    for _ in 0..2 {
        let renewed = hallpass(&["token", "glewlwyd", "--refresh"]).run().ok();
        assert_ne!(renewed.line(), last);
        renewed.line().clone_into(&mut last);
    }
    let me = hallpass(&["request", "glewlwyd", "/userinfo"]).run().ok();
    assert!(me.json()["sub"].is_string(), "{me}");
    hallpass(&["disconnect", "glewlwyd"]).run().ok();
    hallpass(&["token", "glewlwyd"]).run().fails_with(4);
}

#[test]
#[ignore = "needs glewlwyd: tests/run installs it"]
fn client_credentials_work_though_it_does_not_announce_them() {
    let server = Glewlwyd::start();
    let home = server.home();
    let token = home
        .hallpass(&["token", "glewlwyd-service"])
        .knowing(SECRET);
    assert_eq!(token.run().ok().line().split('.').count(), 3);
}

#[test]
#[ignore = "needs glewlwyd: tests/run installs it"]
fn a_wrong_secret_is_told_as_a_refusal_though_the_answer_is_an_empty_403() {
    let server = Glewlwyd::start();
    let home = server.home();
    let wrong = "wrong-and-not-real";
    let token = home.hallpass(&["token", "glewlwyd-service"]).knowing(wrong);
    let run = token.run().fails_with(5);
    assert!(run.stderr.contains("403"), "{run}");
    assert!(run.stderr.contains("hint: "), "{run}");
    assert!(!run.stderr.contains(wrong), "{run}");
}

#[test]
#[ignore = "needs glewlwyd: tests/run installs it"]
fn a_server_that_is_dropped_is_gone() {
    let server = Glewlwyd::start();
    let address = server.issuer.trim_start_matches("http://");
    let address = address.split('/').next().expect("an address").to_owned();
    assert!(TcpStream::connect(&address).is_ok());
    drop(server);
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
#[ignore = "needs glewlwyd: tests/run installs it"]
fn a_code_of_a_device_is_entered_on_its_page() {
    let server = Glewlwyd::start();
    let home = server.home();
    let hallpass = |args: &[&str]| home.hallpass(args).knowing(SECRET);
    let mut process = hallpass(&["connect", "glewlwyd-device"]).spawn();
    let page = process.wait_for_stderr(|line| line.starts_with("http://"));
    let code = process.wait_for_stderr(|line| line.starts_with("    "));
    let person = Cmd::new("node", &[PERSON, &page]).env("USER_CODE", code.trim());
    person.run().ok();
    process.wait().ok();
    let first = hallpass(&["token", "glewlwyd-device"]).run().ok();
    let renewed = hallpass(&["token", "glewlwyd-device", "--refresh"]);
    assert_ne!(renewed.run().ok().line(), first.line());
    hallpass(&["test", "glewlwyd-device"]).run().ok();
    hallpass(&["disconnect", "glewlwyd-device"]).run().ok();
}

#[test]
#[ignore = "needs glewlwyd: tests/run installs it"]
fn a_client_with_a_key_signs_for_the_token_endpoint() {
    let server = Glewlwyd::start();
    let home = server.home();
    home.hallpass(&["connect", "glewlwyd-key"])
        .env("HALLPASS_BROWSER", format!("node {PERSON}"))
        .env("CLIENT", "hallpass-key")
        .run()
        .ok();
    // Another assertion each time, or it would be refused.
    let mut last = home.token("glewlwyd-key");
    for _ in 0..2 {
        let renewed = home.hallpass(&["token", "glewlwyd-key", "--refresh"]);
        let renewed = renewed.run().ok();
        assert_ne!(renewed.line(), last);
        renewed.line().clone_into(&mut last);
    }
    // Whoever has another key is nobody.
    home.edit(|text| text.replace("signing.p256.pkcs8.pem", "signing.p256.sec1.pem"));
    let stranger = home.hallpass(&["token", "glewlwyd-key", "--refresh"]);
    stranger.run().fails_with(5);
}

#[test]
#[ignore = "needs glewlwyd: tests/run installs it"]
fn requests_are_pushed_where_it_demands_them_with_a_bound_token_too() {
    let server = Glewlwyd::with(&[("PAR", "required")]);
    let home = server.home();
    let hallpass = |args: &[&str]| home.hallpass(args).knowing(SECRET);
    for connection in ["glewlwyd", "glewlwyd-bound"] {
        let run = hallpass(&["connect", connection])
            .env("HALLPASS_BROWSER", format!("node {PERSON}"))
            .run()
            .ok();
        assert!(run.stderr.contains("request_uri=urn%3Aietf"), "{run}");
        assert!(!run.stderr.contains("code_challenge"), "{run}");
        let me = hallpass(&["request", connection, "/userinfo"]).run().ok();
        assert!(me.json()["sub"].is_string(), "{me}");
    }
}

#[test]
#[ignore = "needs glewlwyd: tests/run installs it"]
fn a_bound_connection_lives_with_a_nonce_in_each_proof() {
    let server = Glewlwyd::with(&[("DPOP_NONCE", "1")]);
    let home = server.home();
    let hallpass = |args: &[&str]| home.hallpass(args).knowing(SECRET);
    hallpass(&["connect", "glewlwyd-bound"])
        .env("HALLPASS_BROWSER", format!("node {PERSON}"))
        .run()
        .ok();
    let json = hallpass(&["token", "glewlwyd-bound", "--format", "json"]);
    assert_eq!(json.run().ok().json()["token_type"], "DPoP");
    hallpass(&["token", "glewlwyd-bound", "--refresh"])
        .run()
        .ok();
    let me = hallpass(&["request", "glewlwyd-bound", "/userinfo"]).run();
    assert!(me.ok().json()["sub"].is_string());
    // The same token in the hands of whoever found it: a connection that has it, and no key.
    let token = hallpass(&["token", "glewlwyd-bound"]).run().ok();
    home.hallpass(&["request", "finder", "/userinfo"])
        .env("FOUND", token.line())
        .run()
        .fails_with(8);
}
