//! Providers that differ, each driven end to end: connect, request, renew twice, expire, request.
//!
//! A `Case` says what the provider must have seen, parameter by parameter; that it refused nothing
//! is asserted always. The providers are `hallpass sandbox --quirks`, the definitions those of
//! `tests/definitions/quirks`. Tests that need more than a case says drive a `Quirk` themselves.

mod answers;
mod credentials;
mod devices;
mod requests;
mod values;

use std::path::Path;
use std::time::UNIX_EPOCH;

use hallpass::clock::Timestamp;
use serde_json::{Value, json};

use crate::support::{Cmd, HALLPASS, Home, Provider, Run};

/// The origin the definitions are written for.
const ORIGIN: &str = "http://127.0.0.1:8719";
/// The parameters of a standard authorization request, code exchange, and renewal.
const AUTHORIZE: &str =
    "client_id code_challenge code_challenge_method redirect_uri response_type scope state";
const EXCHANGE: &str = "code code_verifier grant_type redirect_uri";
const REFRESH: &str = "grant_type refresh_token";
/// Where the last part of a path says that it is a call for a credential.
const CALLS: [&str; 7] = [
    "token",
    "refresh",
    "extend",
    "session",
    "login",
    "trade",
    "access_tokens",
];

/// A test of one quirk per line: its sentence, and its case.
macro_rules! cases {
    ($($sentence:ident: $case:expr;)*) => {
        $(#[test] fn $sentence() { $case.holds(); })*
    };
}
use cases;

/// Parameters by name as the log writes them, all in one place.
fn sent(place: &str, names: &str) -> Vec<String> {
    let names = names.split_whitespace();
    let mut sent: Vec<_> = names.map(|name| format!("{place} {name}")).collect();
    sent.sort();
    sent
}

/// The same and an authorization scheme, or whatever `extra` names with its place.
fn with(extra: &str, mut sent: Vec<String>) -> Vec<String> {
    sent.push(if extra.contains(' ') {
        extra.to_owned()
    } else {
        format!("Authorization: {extra}").trim_end().to_owned()
    });
    sent.sort();
    sent
}

/// A provider that differs, and a home with its definition.
struct Quirk {
    name: &'static str,
    provider: Provider,
    home: Home,
}

impl Quirk {
    #[track_caller]
    fn new(name: &'static str) -> Quirk {
        let provider = Provider::start(&["--quirks"]);
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = root.join(format!("tests/definitions/quirks/{name}.toml"));
        let text = std::fs::read_to_string(file).expect("the definition");
        let home = Home::new();
        home.write(
            "integrations.toml",
            &text.replace(ORIGIN, provider.issuer()),
        );
        Quirk {
            name,
            provider,
            home,
        }
    }

    /// The binary with this command for the quirk's connection, and further arguments.
    fn hallpass(&self, command: &str, args: &[&str]) -> Cmd {
        let args = [&[command, self.name], args].concat();
        self.home
            .hallpass(&args)
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .env("QUIRK_KEY", "sbx_key_not_real")
            .env("QUIRK_APP_KEY", "sbx_app_key_not_real")
            .env("QUIRK_PASSWORD", "sbx_password_not_real")
            .env("QUIRK_ODD_PASSWORD", "sbx_pässword:not_real")
    }

    #[track_caller]
    fn connect(&self, args: &[&str]) -> Run {
        self.hallpass("connect", args).run().ok()
    }

    /// Calls the API through `request`; the right person must answer.
    #[track_caller]
    fn request(&self) {
        let me = self.hallpass("request", &["/me"]).run().ok().json();
        assert_eq!(me, json!({ "login": "quirk-user", "quirk": self.name }));
    }

    #[track_caller]
    fn token(&self) -> Value {
        let run = self.hallpass("token", &["--format", "json"]).run();
        run.ok().json()
    }

    /// Renews now, and returns the token that `token --refresh` prints.
    #[track_caller]
    fn renew(&self) -> String {
        let run = self.hallpass("token", &["--refresh"]).run().ok();
        run.line().to_owned()
    }

    /// Makes every access token dead at the API.
    fn expire(&self) {
        let order = json!({ "expire_access_tokens": true });
        self.provider.control(&order);
    }

    /// Makes every refresh token dead.
    fn end_grants(&self) {
        self.provider.control(&json!({ "revoke_grants": true }));
    }

    /// The requests whose path ends in one of these words, oldest first.
    fn seen(&self, words: &[&str]) -> Vec<Value> {
        let ends = |entry: &Value| {
            let path = entry["path"].as_str().expect("a path");
            words.contains(&path.rsplit('/').next().unwrap_or_default())
        };
        let log = self.provider.log();
        log.into_iter().filter(ends).collect()
    }

    /// The calls for a credential, oldest first.
    fn calls(&self) -> Vec<Value> {
        self.seen(&CALLS)
    }

    /// The requests to the API: the status of each.
    fn api_statuses(&self) -> Vec<u64> {
        let statuses = self.seen(&["me"]);
        let statuses = statuses.iter().map(|entry| entry["status"].as_u64());
        statuses.map(|status| status.expect("a status")).collect()
    }
}

/// What one quirk must have seen; `standard` but for what is odd.
struct Case {
    name: &'static str,
    /// Further arguments of `connect`; nothing where none is needed.
    connect: Option<&'static [&'static str]>,
    /// What the browser's request brought.
    authorize: Vec<String>,
    /// The `scope` it brought.
    scope: Option<&'static str>,
    /// What each call brought that obtained the credential.
    exchange: Vec<Vec<String>>,
    /// What each call brought that renewed it.
    refresh: Vec<Vec<String>>,
    /// What each request to the API brought.
    api: Vec<String>,
    /// The scopes the token is said to have.
    scopes: &'static [&'static str],
    /// The life the token is said to have, in seconds.
    life: Option<u64>,
    /// Whether a renewal brings another token.
    renews: bool,
    /// The status that tells that a token has expired, where renewal helps then.
    expired: Option<u64>,
}

/// A case of nothing odd.
fn standard(name: &'static str) -> Case {
    Case {
        name,
        connect: Some(&[]),
        authorize: sent("query", AUTHORIZE),
        scope: Some("profile notes:read"),
        exchange: vec![with("Basic", sent("form", EXCHANGE))],
        refresh: vec![with("Basic", sent("form", REFRESH))],
        api: with("Bearer", vec![]),
        scopes: &["notes:read", "profile"],
        life: Some(3600),
        renews: true,
        expired: Some(401),
    }
}

/// A case of something that is minted whenever it is needed.
fn minted(name: &'static str, calls: Vec<Vec<String>>) -> Case {
    Case {
        connect: None,
        authorize: vec![],
        scope: None,
        exchange: calls.clone(),
        refresh: calls,
        scopes: &[],
        ..standard(name)
    }
}

impl Case {
    #[track_caller]
    fn holds(&self) {
        let quirk = Quirk::new(self.name);
        self.connects(&quirk);
        self.tells_of_the_token(&quirk);
        quirk.request();
        let calls = self.exchange.len();
        assert_eq!(quirk.calls().len(), calls, "nothing was renewed so far");

        let mut tokens = vec![quirk.renew(), quirk.renew()];
        quirk.request();
        self.tells_of_the_token(&quirk);
        tokens.dedup();
        assert_eq!(tokens.len() > 1, self.renews, "another token each time");

        let mut renewals = 2;
        let mut statuses = vec![200; if self.connect.is_some() { 3 } else { 2 }];
        if let Some(expired) = self.expired {
            quirk.expire();
            quirk.request();
            renewals += 1;
            statuses.extend([expired, 200]);
        }
        self.saw_each_call(&quirk, renewals);
        self.saw_each_request(&quirk, &statuses);
        self.refused_nothing(&quirk);
    }

    #[track_caller]
    fn connects(&self, quirk: &Quirk) {
        if let Some(args) = self.connect {
            quirk.connect(args);
        }
        let pages = quirk.seen(&["authorize"]);
        assert_eq!(pages.is_empty(), self.authorize.is_empty());
        if let Some(asked) = pages.first() {
            assert_eq!(asked["sent"], json!(self.authorize));
            assert_eq!(asked["scope"], json!(self.scope));
        }
    }

    #[track_caller]
    fn tells_of_the_token(&self, quirk: &Quirk) {
        let token = quirk.token();
        // Afterwards: it may have been made by asking for it.
        let now = Timestamp::now().unix();
        let scopes = token["scopes"].as_array().expect("a list");
        let mut scopes: Vec<_> = scopes.iter().filter_map(Value::as_str).collect();
        scopes.sort_unstable();
        assert_eq!(scopes, self.scopes);
        let Some(life) = self.life else {
            assert_eq!(token["expires_at"], Value::Null);
            return;
        };
        let expires = token["expires_at"].as_str().expect("an end");
        let expires = humantime::parse_rfc3339(expires).expect("a moment");
        let expires = expires.duration_since(UNIX_EPOCH).expect("after 1970");
        let left = expires.as_secs().saturating_sub(now);
        // The sandbox was asked a moment ago, and not a minute.
        assert!(left <= life && left + 60 > life, "{left} of {life} s left");
    }

    #[track_caller]
    fn saw_each_call(&self, quirk: &Quirk, renewals: usize) {
        let calls = quirk.calls();
        let sent: Vec<_> = calls.iter().map(|call| &call["sent"]).collect();
        let renewed = self.refresh.iter().cycle();
        let renewed = renewed.take(self.refresh.len() * renewals);
        let expected: Vec<_> = self.exchange.iter().chain(renewed).collect();
        assert_eq!(json!(sent), json!(expected));
    }

    #[track_caller]
    fn saw_each_request(&self, quirk: &Quirk, statuses: &[u64]) {
        assert_eq!(quirk.api_statuses(), statuses);
        for entry in quirk.seen(&["me"]) {
            assert_eq!(entry["sent"], json!(self.api), "{entry}");
        }
    }

    #[track_caller]
    fn refused_nothing(&self, quirk: &Quirk) {
        for entry in quirk.provider.log() {
            let expired =
                entry["error"] == "invalid_token" && entry["status"] == json!(self.expired);
            assert!(expired || entry["error"].is_null(), "{entry}");
        }
    }
}

#[test]
fn the_sandbox_plays_quirks_only_when_asked_and_prints_definitions_that_pass_the_check() {
    let provider = Provider::start(&[]);
    let url = format!("{}/quirks/2-ms/me", provider.issuer());
    let answer = crate::support::http::get(&url);
    assert_eq!(answer["error"], "there is nothing here");

    let print = ["sandbox", "--quirks", "--print-config", "--port", "4711"];
    let config = Cmd::new(HALLPASS, &print).run().ok().stdout;
    assert!(!config.contains(ORIGIN), "the port was put in");
    let home = Home::new();
    home.write("integrations.toml", &config);
    home.hallpass(&["check"]).run().ok();
}
