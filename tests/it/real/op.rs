//! The certified provider as a test sees it: `tests/real/op.mjs` in a process of its own, definitions
//! for it, and a person who signs in there.

use serde_json::Value;

use crate::support::{Cmd, Home, Run, Running, http};

const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/op.mjs");
const PERSON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/browse.mjs");
/// The confidential client, which may also introspect.
const SERVICE: (&str, &str) = ("hallpass-service", "not-a-real-secret");

/// A running provider; dropping it ends it.
pub struct Op {
    issuer: String,
    _process: Running,
}

impl Op {
    /// Starts one. `access_ttl` is the life in seconds of the first access token of a grant,
    /// `refreshed_ttl` of those a refresh brings.
    #[track_caller]
    pub fn start(access_ttl: u32, refreshed_ttl: u32) -> Op {
        let (access, refreshed) = (access_ttl.to_string(), refreshed_ttl.to_string());
        Op::with(&[("ACCESS_TTL", &access), ("REFRESHED_TTL", &refreshed)])
    }

    /// Starts one with these variables, of which `op.mjs` tells.
    #[track_caller]
    pub fn with(variables: &[(&str, &str)]) -> Op {
        let variables = variables.iter();
        let variables = variables.map(|(name, value)| (*name, (*value).to_owned()));
        let server = Cmd::new("node", &[SERVER]).envs(variables);
        let mut process = server.stdin_open().spawn();
        let is_issuer = |line: &str| line.starts_with("http") && line.contains("://127.0.0.1:");
        Op {
            issuer: process.wait_for_stdout(is_issuer),
            _process: process,
        }
    }

    /// Starts one over https, which asks clients for a certificate.
    #[track_caller]
    pub fn over_tls() -> Op {
        Op::with(&[("TLS", "1")])
    }

    /// Where it is, without a trailing slash.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The definitions that go with it: `op` (a person signs in), `op-device` (a person enters a
    /// code) and `op-service` (client credentials, the secret in `OP_SECRET`).
    pub fn definitions(&self) -> String {
        DEFINITIONS.replace("ISSUER", &self.issuer)
    }

    /// A home with the definitions.
    pub fn home(&self) -> Home {
        let home = Home::new();
        home.write("integrations.toml", &self.definitions());
        home
    }

    /// Whether the provider takes this token for good (RFC 7662).
    #[track_caller]
    pub fn takes(&self, token: &str) -> bool {
        let url = format!("{}/token/introspection", self.issuer);
        let answer = http::post_form(&url, SERVICE, &[("token", token)]);
        match answer["active"].as_bool() {
            Some(active) => active,
            None => panic!("no introspection: {answer}"),
        }
    }

    /// The tokens of a kind (`access_token`, `refresh_token`, `client_credentials`) that were `saved`,
    /// `consumed` or `destroyed`, oldest first.
    #[track_caller]
    pub fn tokens(&self, kind: &str, what: &str) -> Vec<String> {
        let events = self.events();
        let wanted = events
            .iter()
            .filter(|event| event["kind"] == kind && event["what"] == what);
        let tokens = wanted.filter_map(|event| event["token"].as_str());
        tokens.map(str::to_owned).collect()
    }

    /// Whether a grant was ended: by a revocation, or because a refresh token came twice.
    #[track_caller]
    pub fn ended_a_grant(&self) -> bool {
        let events = self.events();
        events.iter().any(|event| event["kind"] == "grant")
    }

    /// What was asked for tokens' owners and of the pushed endpoint, oldest first: method, path, the
    /// body's announced length in bytes, and the answer's status.
    #[track_caller]
    pub fn asked(&self) -> Vec<String> {
        let events = self.events();
        let asked = events.iter().filter(|event| event["kind"] == "asked");
        let asked = asked.filter_map(|event| event["what"].as_str());
        asked.map(str::to_owned).collect()
    }

    fn events(&self) -> Vec<Value> {
        match http::get(&format!("{}/test/events", self.issuer)) {
            Value::Array(events) => events,
            other => panic!("no events: {other}"),
        }
    }
}

/// The environment's secret of `op-service`.
pub fn service_secret() -> (&'static str, String) {
    ("OP_SECRET", SERVICE.1.to_owned())
}

/// Connects with a scripted person who signs in as `alice` and consents, and asserts success.
#[track_caller]
pub fn connect(cmd: Cmd) -> Run {
    cmd.env("HALLPASS_BROWSER", person()).run().ok()
}

/// That person on another machine: opens a page, types a device's code, signs in and consents; or
/// cancels.
pub fn person_enters(page: &str, code: &str, decision: &str) -> Cmd {
    Cmd::new("node", &[PERSON, page])
        .env("USER_CODE", code)
        .env("DECISION", decision)
}

/// The value of `HALLPASS_BROWSER` for that person.
pub fn person() -> String {
    format!("node {}", shell_words::quote(PERSON))
}

const DEFINITIONS: &str = r#"
[integrations.op.auth]
type = "oauth2"
grant = "authorization_code"
issuer = "ISSUER"
client_id = "hallpass-test"
scopes = ["openid", "offline_access", "email"]
authorization_params = { prompt = "consent" }   # OpenID Connect Core, section 11, for offline_access

[integrations.op.api]
base_url = "ISSUER"
test = "/me"
account = "sub"

[integrations.op-device.auth]
type = "oauth2"
grant = "device_code"
issuer = "ISSUER"
client_id = "hallpass-device"
scopes = ["openid", "offline_access", "email"]

[integrations.op-device.api]
base_url = "ISSUER"
test = "/me"
account = "sub"

[integrations.op-service.auth]
type = "oauth2"
grant = "client_credentials"
issuer = "ISSUER"
client_id = "hallpass-service"
client_secret = { env = "OP_SECRET" }

[integrations.op-service.api]
base_url = "ISSUER"
"#;
