//! Keys, user names and passwords: where they travel, and what else goes with every call.

use serde_json::json;

use super::{api_key, call};
use crate::support::{Recorder, Reply};

#[test]
fn an_api_key_travels_in_a_header() {
    let recorder = Recorder::start();
    let home = api_key(&recorder, "", "headers = { X-Api-Key = \"{api_key}\" }");
    call(&home, "x");
    let asked = recorder.last("/api/things");
    assert_eq!(asked.header("x-api-key").as_deref(), Some("not-a-real-key"));
    assert_eq!(asked.header("authorization"), None);
    let home = api_key(&recorder, "", "");
    call(&home, "x");
    let asked = recorder.last("/api/things").header("authorization");
    assert_eq!(asked.as_deref(), Some("Bearer not-a-real-key"));
}

#[test]
fn an_api_key_travels_in_the_query() {
    let recorder = Recorder::start();
    let home = api_key(&recorder, "", "query = { key = \"{api_key}\" }");
    let run = home
        .hallpass(&["-vv", "request", "x", "/things?a=1"])
        .run()
        .ok();
    assert!(!run.stderr.contains("not-a-real-key"), "{run}");
    let asked = recorder.last("/api/things");
    assert_eq!(asked.query("key").as_deref(), Some("not-a-real-key"));
    assert_eq!(asked.query("a").as_deref(), Some("1"));
    assert_eq!(asked.header("authorization"), None);
}

#[test]
fn several_keys_travel_at_once() {
    let recorder = Recorder::start();
    let home = api_key(
        &recorder,
        "[[integrations.x.parameters]]\nname = \"app_key\"\nsecret = true\nenv = \"APP_KEY\"\n\
         [integrations.x.values]\npair = \"{api_key}:{app_key}\"",
        "headers = { X-Api-Key = \"{api_key}\", X-App-Key = \"{app_key}\" }\nquery = { pair = \"{pair|base64}\" }",
    );
    home.hallpass(&["request", "x", "/things"])
        .env("APP_KEY", "second-not-real")
        .run()
        .ok();
    let asked = recorder.last("/api/things");
    assert_eq!(asked.header("x-api-key").as_deref(), Some("not-a-real-key"));
    assert_eq!(
        asked.header("x-app-key").as_deref(),
        Some("second-not-real")
    );
    assert_eq!(
        asked.query("pair").as_deref(),
        Some("bm90LWEtcmVhbC1rZXk6c2Vjb25kLW5vdC1yZWFs")
    );
}

const BASIC: &str = r#"
[integrations.x.auth]
type = "basic"
[integrations.x.api]
base_url = "ORIGIN/api"
"#;

/// The call of somebody who connected with a user name and a password.
fn with_password(api: &str) -> crate::support::Asked {
    let recorder = Recorder::start();
    let home = recorder.home(&format!("{BASIC}{api}"));
    home.hallpass(&[
        "connect",
        "x",
        "--param",
        "username=ada",
        "--param",
        "password=env:P",
    ])
    .env("P", "p:w not-real")
    .run()
    .ok();
    call(&home, "x");
    recorder.last("/api/things")
}

#[test]
fn basic_credentials_travel_in_the_header() {
    let asked = with_password("");
    assert_eq!(asked.basic().as_deref(), Some("ada:p:w not-real"));
}

#[test]
fn basic_credentials_travel_in_the_query() {
    let asked = with_password("query = { user = \"{username}\", pass = \"{password}\" }");
    assert_eq!(asked.query("user").as_deref(), Some("ada"));
    assert_eq!(asked.query("pass").as_deref(), Some("p:w not-real"));
    assert_eq!(asked.header("authorization"), None);
}

#[test]
fn the_test_endpoint_has_a_verb_and_something_to_expect() {
    let recorder = Recorder::answering(|asked, _| {
        (asked.path == "/api/ping").then(|| Reply::text(204, "text/plain", ""))
    });
    let test = "test = { method = \"OPTIONS\", path = \"/ping\", expect = { status = [204] } }";
    let home = api_key(&recorder, "", test);
    home.hallpass(&["connect", "x"]).run().ok();
    assert_eq!(recorder.last("/api/ping").method, "OPTIONS");
    let other = Recorder::start();
    let home = api_key(&other, "", test);
    home.hallpass(&["connect", "x"]).run().fails_with(8);
    let home = api_key(
        &other,
        "",
        "test = { path = \"/ping\", expect = { require = { ok = false } } }",
    );
    home.hallpass(&["connect", "x"]).run().fails_with(8);
    let home = api_key(
        &other,
        "",
        "test = { path = \"/ping\", expect = { require = { ok = true } } }",
    );
    home.hallpass(&["connect", "x"]).run().ok();
}

#[test]
fn any_verb_reaches_the_base_url() {
    let recorder = Recorder::start();
    let home = api_key(&recorder, "", "");
    for verb in [
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND",
    ] {
        home.hallpass(&["request", "x", "/things", "-X", verb])
            .run()
            .ok();
        assert_eq!(recorder.last("/api/things").method, verb);
    }
}

#[test]
fn parameters_in_braces_fill_any_field() {
    let recorder = Recorder::start();
    let home = recorder.home(
        r#"
[[integrations.x.parameters]]
name = "team"
default = "a b/c"
[integrations.x.auth]
type = "oauth2"
grant = "client_credentials"
token_url = "ORIGIN/{team}/token"
client_id = "app-0000"
client_secret = "not-a-real-secret"
scopes = ["team:{team}"]
[integrations.x.auth.token]
params = { team = "{team}" }
headers = { X-Team = "{team}" }
[integrations.x.api]
base_url = "ORIGIN/api/{team}"
headers = { X-Team = "<{team}>", X-Braces = "{{{team}}}" }
query = { team = "{team}" }
json = { team = "{team}", all = ["{team}", 1] }
"#,
    );
    home.hallpass(&["request", "x", "/things", "--json", "{\"own\":true}"])
        .run()
        .ok();
    let token = recorder.last("/a%20b%2Fc/token");
    assert_eq!(token.form("team").as_deref(), Some("a b/c"));
    assert_eq!(token.form("scope").as_deref(), Some("team:a b/c"));
    assert_eq!(token.header("x-team").as_deref(), Some("a b/c"));
    let asked = recorder.last("/api/a%20b%2Fc/things");
    assert_eq!(asked.header("x-team").as_deref(), Some("<a b/c>"));
    assert_eq!(asked.header("x-braces").as_deref(), Some("{a b/c}"));
    assert_eq!(asked.query("team").as_deref(), Some("a b/c"));
    assert_eq!(
        asked.json(),
        json!({ "own": true, "team": "a b/c", "all": ["a b/c", 1] })
    );
}

#[test]
fn request_parameters_go_with_every_call() {
    let recorder = Recorder::start();
    let home = api_key(
        &recorder,
        "",
        "query = { version = 2, trace = true }\nheaders = { X-Client = \"hallpass\", Authorization = \"Bearer {token}\" }\ntest = \"/me\"",
    );
    home.hallpass(&["connect", "x"]).run().ok();
    call(&home, "x");
    home.hallpass(&["request", "x", "/things", "--query", "own=1", "-d", "a=1"])
        .run()
        .ok();
    let asked = recorder.asked();
    assert_eq!(asked.len(), 3);
    for asked in &asked {
        assert_eq!(asked.query("version").as_deref(), Some("2"));
        assert_eq!(asked.query("trace").as_deref(), Some("true"));
        assert_eq!(asked.header("x-client").as_deref(), Some("hallpass"));
    }
    assert_eq!(asked[2].query("own").as_deref(), Some("1"));
}
