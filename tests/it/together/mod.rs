//! Features together: what each does alone has tests of its own; here one connection has several of
//! them. The sandbox is strict about all of it: it takes every proof and every assertion once.

mod changed;
mod devices;
mod machines;
mod pushed;
mod renewing;
mod reported;
mod reviewed;
mod shown_certificate;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::support::{Asked, Cmd, Home, Provider, Running};

/// Definitions over those that `hallpass sandbox --print-config` prints; `ISSUER` is the sandbox.
const DEFINITIONS: &str = r#"
[integrations.keyed]
extends = "sandbox-key"
[integrations.keyed.auth]
dpop = true

[integrations.device]
extends = "keyed"
[integrations.device.auth]
grant = "device_code"
device_authorization_url = "ISSUER/device_authorization"
scopes = ["profile", "notes:read"]

[integrations.pushed]
extends = "keyed"
[integrations.pushed.auth]
grant = "authorization_code"
authorization_url = "ISSUER/authorize"
pushed_authorization_request_url = "ISSUER/par"
scopes = ["profile", "notes:read"]

[integrations.both]
extends = "pushed"
[integrations.both.auth]
device_authorization_url = "ISSUER/device_authorization"

[integrations.robot]
extends = "keyed"
[integrations.robot.auth]
grant = "jwt_bearer"
[integrations.robot.auth.jwt]
claims = { iss = "robot@sandbox.example", jti = "{uuid}" }

[integrations.job]
extends = "keyed"
[integrations.job.auth]
grant = "token_exchange"
subject_token = { github_actions = { audience = "ISSUER" } }

[integrations.user]
extends = "keyed"
[integrations.user.auth]
grant = "password"
username = "ada"
password = { env = "USER_PASSWORD" }
scopes = ["profile"]
"#;

/// Those of [`DEFINITIONS`] that need nobody.
const MACHINES: [&str; 4] = ["keyed", "robot", "job", "user"];

/// A sandbox that asks for such nonces, and a home with [`DEFINITIONS`].
#[track_caller]
fn start(nonces: &str) -> (Provider, Home) {
    let provider = Provider::start(&[]);
    provider.control(&serde_json::json!({ "dpop_nonce": nonces }));
    let home = provider.home();
    let own = DEFINITIONS.replace("ISSUER", provider.issuer());
    home.edit(|text| format!("{text}{own}"));
    (provider, home)
}

/// The binary with what a job of the sandbox's runner has in its environment, and its person.
fn hallpass(provider: &Provider, home: &Home, args: &[&str]) -> Cmd {
    let runner = format!("{}/actions/id-token?api-version=2.0", provider.issuer());
    home.hallpass(args)
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", runner)
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "sandbox-runner-not-real")
        .env("USER_PASSWORD", "sandbox-password-not-real")
        .env("HALLPASS_BROWSER", Home::sandbox_person())
}

/// Has the token bound, accepted by the API, renewed, accepted again, and taken back.
#[track_caller]
fn whole_life(provider: &Provider, home: &Home, connection: &str, login: &str) {
    let run = |args: &[&str]| hallpass(provider, home, args).run().ok();
    let first = run(&["token", connection]).stdout;
    let header = ["token", connection, "--format", "header"];
    hallpass(provider, home, &header).run().fails_with(2);
    for args in [
        ["request", connection, "/me"].as_slice(),
        &["request", connection, "/echo", "-d", "a=b"],
        &["test", connection],
    ] {
        run(args);
    }
    let renewed = run(&["token", connection, "--refresh"]).stdout;
    assert_ne!(renewed, first, "{connection}");
    let me = run(&["request", connection, "/me"]).json();
    assert_eq!(me["login"], login, "{connection}");
    run(&["refresh", connection]);
    let gone = run(&["token", connection]);
    run(&["disconnect", connection]);
    let live = crate::support::http::post_form(
        &format!("{}/introspect", provider.issuer()),
        ("sandbox-service", "sandbox-secret-not-real"),
        &[("token", gone.line())],
    );
    // The sandbox gives these to the subject, whose they are to take back.
    let own = !["robot", "job"].contains(&connection);
    assert!(live["active"] == false || !own, "{connection}: {live}");
}

/// A connect that waits for its code to be entered.
#[track_caller]
fn enter_code(provider: &Provider, connect: Cmd) -> crate::support::Run {
    let mut process: Running = connect.spawn();
    let page = process.wait_for_stderr(|line| line.starts_with("http"));
    let code = process.wait_for_stderr(|line| line.starts_with("    "));
    // It has asked in vain at least once.
    crate::support::eventually("a poll", || {
        let log = provider.log();
        let pending = |entry: &Value| entry["error"] == "authorization_pending";
        log.iter().any(pending).then_some(())
    });
    crate::support::http::enter_code(&page, code.trim(), "allow");
    process.wait().ok()
}

/// The errors and statuses of what a sandbox was asked at a path.
fn outcomes(provider: &Provider, path: &str) -> Vec<String> {
    let log = provider.log();
    let asked = log.iter().filter(|entry| entry["path"] == path);
    let outcomes = asked.map(|entry| match entry["error"].as_str() {
        Some(error) => error.to_owned(),
        None => entry["status"].to_string(),
    });
    outcomes.collect()
}

/// The claims of a JWT, whoever signed it.
#[track_caller]
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("Base64")).expect("JSON")
}

/// Asserts that each of these tokens has an id (`jti`) that none of the others has.
#[track_caller]
pub fn all_different(what: &str, tokens: &[String]) {
    let ids = tokens.iter().map(|token| claims(token)["jti"].to_string());
    let ids: BTreeSet<String> = ids.collect();
    assert_eq!(ids.len(), tokens.len(), "{what}: {tokens:#?}");
    assert!(!ids.contains("null"), "{what}: {tokens:#?}");
}

/// What was sent in this field of so many forms.
pub fn sent(asked: &[Asked], field: &str) -> Vec<String> {
    asked.iter().filter_map(|asked| asked.form(field)).collect()
}

/// The proofs that were sent.
pub fn proofs(asked: &[Asked]) -> Vec<String> {
    asked
        .iter()
        .filter_map(|asked| asked.header("dpop"))
        .collect()
}
