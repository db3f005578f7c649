//! A `hallpass sandbox` to test against: a strict OAuth provider and API whose strings can be pulled.

use serde_json::{Value, json};

use super::home::HALLPASS;
use super::{Cmd, Home, Running, http};

/// A running sandbox; dropping it ends it.
pub struct Provider {
    issuer: String,
    _process: Running,
}

impl Provider {
    /// Starts `hallpass sandbox` on a free port, with these further arguments
    /// (`&["--token-ttl", "0s"]`), and waits until it can be called.
    #[track_caller]
    pub fn start(args: &[&str]) -> Provider {
        let args = [&["sandbox", "--port", "0"], args].concat();
        let mut process = Cmd::new(HALLPASS, &args).spawn();
        Provider {
            issuer: process.wait_for_stdout(|line| line.starts_with("http://127.0.0.1:")),
            _process: process,
        }
    }

    /// A sandbox, and a home in which `sandbox` is connected to it.
    #[track_caller]
    pub fn connected(args: &[&str]) -> (Provider, Home) {
        let provider = Provider::start(args);
        let home = provider.home();
        if args.contains(&"0s") {
            // Tokens that are born expired pass no test request.
            home.connect_untested("sandbox");
        } else {
            home.connect("sandbox");
        }
        (provider, home)
    }

    /// Where it is: `http://127.0.0.1:PORT`, no trailing slash.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A home with the definitions that go with it: `sandbox` (a person signs in) and
    /// `sandbox-service` (client credentials).
    #[track_caller]
    pub fn home(&self) -> Home {
        let (_, port) = self.issuer.rsplit_once(':').expect("the issuer has a port");
        let args = ["sandbox", "--print-config", "--port", port];
        let home = Home::new();
        home.write(
            "integrations.toml",
            &Cmd::new(HALLPASS, &args).run().ok().stdout,
        );
        home
    }

    /// Pulls strings: `json!({ "expire_access_tokens": true })`.
    #[track_caller]
    pub fn control(&self, order: &Value) {
        let answer = http::post_json(&format!("{}/sandbox/control", self.issuer), order);
        assert_eq!(
            answer,
            json!({ "ok": true }),
            "the order {order} was refused"
        );
    }

    /// Every request it was sent, oldest first: `method`, `path`, `status`, and where there is one
    /// `grant_type`, `client_id`, `error`.
    #[track_caller]
    pub fn log(&self) -> Vec<Value> {
        match http::get(&format!("{}/sandbox/log", self.issuer)) {
            Value::Array(entries) => entries,
            other => panic!("no log: {other}"),
        }
    }

    /// How many token requests of this grant type it was sent, whatever it answered.
    #[track_caller]
    pub fn count(&self, grant_type: &str) -> usize {
        let log = self.log();
        let asked = log.iter().filter(|entry| entry["path"] == "/token");
        asked
            .filter(|entry| entry["grant_type"] == grant_type)
            .count()
    }
}
