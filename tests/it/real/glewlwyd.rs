//! Against Glewlwyd, a second implementation: its issuer has a path, its endpoints a `//`, it takes
//! exactly the redirect URIs it knows, announces no client credentials, and answers a wrong secret with
//! an empty 403.

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
    _process: Running,
}

impl Glewlwyd {
    fn start() -> Glewlwyd {
        let mut process = Cmd::new("node", &[SERVER]).stdin_open().spawn();
        let line = process.wait_for_stdout(|line| line.starts_with("http://127.0.0.1:"));
        let (issuer, ports) = line.split_once(' ').expect("an issuer and ports");
        Glewlwyd {
            issuer: issuer.to_owned(),
            ports: ports.to_owned(),
            _process: process,
        }
    }

    fn home(&self) -> Home {
        let home = Home::new();
        let definitions = DEFINITIONS
            .replace("ISSUER", &self.issuer)
            .replace("PORTS", &self.ports);
        home.write("integrations.toml", &definitions);
        home
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
