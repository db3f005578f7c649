//! How a token is asked for, and how it travels.

use serde_json::json;

use super::{call, oauth};
use crate::support::{Recorder, Reply};

#[test]
fn the_token_endpoint_is_asked_by_post() {
    let recorder = Recorder::start();
    oauth(&recorder, "", "").connect("x");
    let asked = recorder.last("/token");
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.form("code").as_deref(), Some("code-1"));
    assert_eq!(asked.query, "");
}

#[test]
fn the_token_endpoint_is_asked_by_get() {
    let recorder = Recorder::start();
    let home = oauth(
        &recorder,
        "client_auth = \"body\"\n[integrations.x.auth.token]\nmethod = \"GET\"",
        "",
    );
    home.edit(|text| text.replace("/token\"", "/token?v=2\""));
    let run = home
        .hallpass(&["-vv", "connect", "x"])
        .env("HALLPASS_BROWSER", crate::support::Home::sandbox_person())
        .run()
        .ok();
    assert!(!run.stderr.contains("not-a-real-secret"), "{run}");
    assert!(!run.stderr.contains("code-1"), "{run}");
    let asked = recorder.last("/token");
    assert_eq!((asked.method.as_str(), asked.body.as_str()), ("GET", ""));
    for (name, value) in [
        ("v", "2"),
        ("code", "code-1"),
        ("client_id", "app-0000"),
        ("client_secret", "not-a-real-secret"),
        ("grant_type", "authorization_code"),
    ] {
        assert_eq!(asked.query(name).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn the_token_endpoint_is_asked_by_post_with_all_in_the_query() {
    let recorder = Recorder::start();
    let home = oauth(
        &recorder,
        "client_auth = \"body\"\n[integrations.x.auth.token]\nencoding = \"query\"",
        "",
    );
    home.connect("x");
    let asked = recorder.last("/token");
    assert_eq!((asked.method.as_str(), asked.body.as_str()), ("POST", ""));
    assert_eq!(asked.query("code").as_deref(), Some("code-1"));
}

#[test]
fn the_token_request_is_json() {
    let recorder = Recorder::start();
    let home = oauth(
        &recorder,
        "client_auth = \"body\"\n[integrations.x.auth.token]\nencoding = \"json\"\n\
         params = { account = { id = 7, names = [\"{client_id}\"] }, redirect_uri = false }",
        "",
    );
    home.connect("x");
    let asked = recorder.last("/token");
    assert_eq!(
        asked.header("content-type").as_deref(),
        Some("application/json")
    );
    let mut body = asked.json();
    body.as_object_mut()
        .unwrap()
        .remove("code_verifier")
        .unwrap();
    assert_eq!(
        body,
        json!({
            "grant_type": "authorization_code",
            "code": "code-1",
            "client_id": "app-0000",
            "client_secret": "not-a-real-secret",
            "account": { "id": 7, "names": ["app-0000"] },
        })
    );
}

#[test]
fn a_token_travels_as_a_url_parameter() {
    let recorder = Recorder::start();
    let home = oauth(&recorder, "", "query = { access_token = \"{token}\" }");
    home.connect("x");
    call(&home, "x");
    let asked = recorder.last("/api/things");
    assert_eq!(asked.query("access_token").as_deref(), Some("token-1"));
    assert_eq!(asked.header("authorization"), None);
}

#[test]
fn a_token_travels_in_a_header_of_any_name_and_shape() {
    let recorder = Recorder::start();
    for (header, name, value) in [
        ("X-Auth-Token = \"{token}\"", "x-auth-token", "token-"),
        (
            "Authorization = \"token {token}\"",
            "authorization",
            "token token-",
        ),
        ("Authorization = \"{token}\"", "authorization", "token-"),
        (
            "Authorization = \"Token token={token}, app=\\\"7\\\"\"",
            "authorization",
            "Token token=token-",
        ),
    ] {
        let home = oauth(&recorder, "", &format!("headers = {{ {header} }}"));
        home.connect("x");
        call(&home, "x");
        let asked = recorder.last("/api/things");
        let said = asked.header(name).unwrap();
        assert!(said.starts_with(value), "{said}");
        assert!(name == "authorization" || asked.header("authorization").is_none());
        let printed = home
            .hallpass(&["token", "x", "--format", "header"])
            .run()
            .ok();
        let (printed_name, printed_value) = printed.line().split_once(": ").unwrap();
        assert_eq!(printed_name.to_lowercase(), name);
        assert_eq!(printed_value, said);
    }
}

#[test]
fn a_token_comes_from_a_custom_endpoint_with_its_verb_and_parameters() {
    let recorder = Recorder::answering(|asked, _| {
        let session = json!({ "data": { "session": "s-1", "lives": "20" } });
        (asked.path == "/login").then(|| Reply::json(201, &session))
    });
    let home = recorder.home(
        r#"
[integrations.x.auth]
type = "custom_token"
token_url = "ORIGIN/login"
username = "ada"
password = { env = "PASSWORD" }
[integrations.x.auth.token]
method = "PUT"
encoding = "json"
params = { user = "{username}", secret = { value = "{password}" }, stay = false }
headers = { X-Client = "hallpass" }
[integrations.x.auth.token.response]
access_token = "data.session"
expires_in = "data.lives"
[integrations.x.api]
base_url = "ORIGIN/api"
headers = { X-Session = "{token}" }
"#,
    );
    home.hallpass(&["request", "x", "/things"])
        .env("PASSWORD", "not-a-real-password")
        .run()
        .ok();
    let asked = recorder.last("/login");
    assert_eq!(asked.method, "PUT");
    assert_eq!(asked.header("x-client").as_deref(), Some("hallpass"));
    assert_eq!(asked.header("authorization"), None);
    assert_eq!(
        asked.json(),
        json!({ "user": "ada", "secret": { "value": "not-a-real-password" }, "stay": false })
    );
    let asked = recorder.last("/api/things");
    assert_eq!(asked.header("x-session").as_deref(), Some("s-1"));
}

#[test]
fn a_custom_endpoint_is_asked_by_get_with_basic_and_answers_in_plain_text() {
    let recorder = Recorder::answering(|asked, before| {
        let token = format!("raw-{}\n", before + 1);
        (asked.path == "/generate").then(|| Reply::text(200, "text/plain", &token))
    });
    let home = recorder.home(
        r#"
[integrations.x.auth]
type = "custom_token"
token_url = "ORIGIN/generate?f=text"
username = "ada"
password = "not-a-real-password"
[integrations.x.auth.token]
method = "GET"
basic = ["{username}/token", "{password}"]
params = { minutes = 60 }
response = { raw = true, ttl = "1h" }
[integrations.x.api]
base_url = "ORIGIN/api"
"#,
    );
    call(&home, "x");
    call(&home, "x");
    let asked = recorder.asked_at("/generate");
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].basic().as_deref(),
        Some("ada/token:not-a-real-password")
    );
    assert_eq!(asked[0].query("f").as_deref(), Some("text"));
    assert_eq!(asked[0].query("minutes").as_deref(), Some("60"));
    let said = recorder.last("/api/things").header("authorization");
    assert_eq!(said.as_deref(), Some("Bearer raw-1"));
}
