//! `issuer`: endpoints from the server's own metadata (RFC 8414), a client of one's own where the
//! server takes registrations (RFC 7591), and what is refused of both.

use serde_json::{Value, json};

use crate::support::{Home, Provider, Recorder, Reply};

const DEFINITION: &str = r#"
[integrations.x.auth]
type = "oauth2"
grant = "authorization_code"
issuer = "ISSUER"
scopes = ["profile"]
[integrations.x.api]
base_url = "ISSUER"
test = "/me"
account = "login"
"#;

fn home(issuer: &str, more: &str) -> Home {
    let home = Home::new();
    let auth = format!("[integrations.x.auth]\n{more}");
    let text = DEFINITION.replace("[integrations.x.auth]", &auth);
    home.write("integrations.toml", &text.replace("ISSUER", issuer));
    home
}

#[test]
fn an_issuer_is_all_the_definition_has_to_name() {
    let provider = Provider::start(&["--token-ttl", "1h"]);
    let home = home(provider.issuer(), "client_id = \"sandbox-app\"");
    home.connect("x");
    home.hallpass(&["request", "x", "/me"]).run().ok();
    provider.control(&json!({ "expire_access_tokens": true }));
    home.hallpass(&["request", "x", "/me"]).run().ok();
    assert_eq!(provider.count("refresh_token"), 1);
    // Only connecting asks for the metadata: it is kept with the connection.
    let asked = |provider: &Provider| {
        let log = provider.log();
        let wanted = |entry: &&Value| entry["path"].as_str().unwrap().contains(".well-known");
        log.iter().filter(wanted).count()
    };
    assert_eq!(asked(&provider), 1);
    home.hallpass(&["disconnect", "x"]).run().ok();
    let log = provider.log();
    assert!(log.iter().any(|entry| entry["path"] == "/revoke"));
}

#[test]
fn client_credentials_find_their_endpoint_too() {
    let provider = Provider::start(&[]);
    let home = Home::new();
    home.write(
        "integrations.toml",
        &format!(
            "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"client_credentials\"\nissuer = \"{}\"\n\
             client_id = \"sandbox-service\"\nclient_secret = \"sandbox-secret-not-real\"\n",
            provider.issuer()
        ),
    );
    let first = home.token("x");
    assert_eq!(home.token("x"), first);
    assert_eq!(provider.count("client_credentials"), 1);
}

#[test]
fn metadata_of_another_issuer_is_refused_before_anything_is_sent() {
    for (document, said) in [
        (
            json!({ "issuer": "https://evil.example", "token_endpoint": "https://evil.example/t" }),
            "it is of the issuer `https://evil.example`",
        ),
        (
            json!({ "token_endpoint": "https://a.example/t" }),
            "it names no issuer",
        ),
        (
            json!({ "issuer": "ISSUER", "token_endpoint": "http://a.example/t" }),
            "its `token_endpoint` is no https URL",
        ),
        (json!("hello"), "it names no issuer"),
    ] {
        let document = document.to_string();
        let recorder = Recorder::answering(move |asked, _| {
            let origin = asked.header("host")?;
            let text = document.replace("ISSUER", &format!("http://{origin}"));
            let text: Value = serde_json::from_str(&text).ok()?;
            Some(Reply::json(200, &text))
        });
        let home = home(recorder.origin(), "client_id = \"id\"");
        let run = home
            .hallpass(&["connect", "x"])
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run()
            .fails_with(6);
        assert!(run.stderr.contains(said), "{run}");
        let wellknown = |asked: &crate::support::Asked| asked.path.contains("/.well-known/");
        assert!(recorder.asked().iter().all(wellknown));
    }
}

/// A server that takes registrations, and gives each client another id.
fn registering() -> Recorder {
    Recorder::answering(|asked, before| {
        let origin = format!("http://{}", asked.header("host")?);
        match asked.path.as_str() {
            "/.well-known/oauth-authorization-server" => Some(Reply::json(
                200,
                &json!({
                    "issuer": origin,
                    "authorization_endpoint": format!("{origin}/authorize"),
                    "token_endpoint": format!("{origin}/token"),
                    "registration_endpoint": format!("{origin}/register"),
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }),
            )),
            "/register" => Some(Reply::json(
                201,
                &json!({
                    "client_id": format!("made-{before}"),
                    "client_secret": "made-secret-not-real",
                }),
            )),
            _ => None,
        }
    })
}

#[test]
fn a_server_that_takes_registrations_needs_no_client_id() {
    let recorder = registering();
    let home = home(recorder.origin(), "");
    home.connect("x");
    let asked = recorder.last("/register").json();
    assert_eq!(asked["application_type"], "native");
    assert_eq!(asked["token_endpoint_auth_method"], "client_secret_post");
    let redirect_uri = recorder.last("/authorize").query("redirect_uri").unwrap();
    assert_eq!(asked["redirect_uris"], json!([redirect_uri]));
    // The client shows itself in the only way the server takes.
    let token = recorder.last("/token");
    assert_eq!(token.form("client_id").as_deref(), Some("made-0"));
    let secret = token.form("client_secret");
    assert_eq!(secret.as_deref(), Some("made-secret-not-real"));
    // It is kept for renewing, and nowhere in the open.
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    let token = recorder.last("/token");
    assert_eq!(token.form("grant_type").as_deref(), Some("refresh_token"));
    assert_eq!(token.form("client_id").as_deref(), Some("made-0"));
    assert_eq!(
        home.files_with("made-secret-not-real"),
        [] as [std::path::PathBuf; 0]
    );
    // Connecting again listens elsewhere, so that it takes another client.
    home.connect("x");
    assert_eq!(recorder.asked_at("/register").len(), 2);
    let token = recorder.last("/token");
    assert_eq!(token.form("client_id").as_deref(), Some("made-1"));
}

#[test]
fn a_registered_client_is_held_to_nothing_that_people_type() {
    let recorder = registering();
    let home = home(recorder.origin(), "");
    home.edit(|text| {
        format!("{text}[[integrations.x.parameters]]\nname = \"client_id\"\npattern = \"[0-9]+\"\n")
    });
    home.connect("x");
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
}

#[test]
fn without_a_client_id_or_registrations_a_person_is_named() {
    let provider = Provider::start(&[]);
    let home = home(provider.issuer(), "");
    let run = home
        .hallpass(&["connect", "x"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .fails_with(4);
    assert!(run.stderr.contains("--param client_id="), "{run}");
    home.hallpass(&["connect", "x", "--param", "client_id=sandbox-app"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
    home.connect("x");
}

#[test]
fn a_token_endpoint_that_moved_gets_nothing() {
    let provider = Provider::start(&[]);
    let home = home(provider.issuer(), "client_id = \"sandbox-app\"");
    home.connect("x");
    let other = Recorder::start();
    home.edit(|text| {
        text.replace(
            "client_id",
            &format!("token_url = \"{}/token\"\nclient_id", other.origin()),
        )
    });
    home.hallpass(&["token", "x", "--refresh"])
        .run()
        .fails_with(4);
    assert_eq!(other.asked().len(), 0);
}

#[test]
fn a_secret_that_came_with_a_registration_is_shown_as_the_rfc_has_it() {
    for (answer, basic) in [
        (
            json!({ "client_id": "rc", "client_secret": "rs-not-real" }),
            true,
        ),
        (
            json!({ "client_id": "rc", "client_secret": "rs-not-real", "token_endpoint_auth_method": "none" }),
            false,
        ),
    ] {
        let recorder = Recorder::answering(move |asked, _| {
            (asked.path == "/register").then(|| Reply::json(201, &answer))
        });
        let home = Home::new();
        let text = format!(
            "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"authorization_code\"\nsite = \"{}\"\n\
             authorization_url = \"/authorize\"\ntoken_url = \"/token\"\nregistration_url = \"/register\"\n",
            recorder.origin()
        );
        home.write("integrations.toml", &text);
        home.connect("x");
        let asked = recorder.last("/token");
        let pair = asked.basic();
        assert_eq!(pair.as_deref(), basic.then_some("rc:rs-not-real"));
        assert_eq!(asked.form("client_id").is_some(), !basic);
    }
}

#[test]
fn a_client_is_registered_as_the_definition_lets_it_authenticate() {
    for (line, method) in [
        ("client_auth = \"body\"", "client_secret_post"),
        ("client_auth = \"basic\"", "client_secret_basic"),
        ("client_auth = \"none\"", "none"),
        ("", "none"),
    ] {
        let recorder = Recorder::answering(|asked, _| {
            let method = asked.json()["token_endpoint_auth_method"].clone();
            let mut answer = json!({ "client_id": "rc", "token_endpoint_auth_method": method });
            if method != "none" {
                answer["client_secret"] = "rs-not-real".into();
            }
            (asked.path == "/register").then(|| Reply::json(201, &answer))
        });
        let home = recorder.consenting(&format!("registration_url = \"ORIGIN/register\"\n{line}"));
        home.drop_lines(&["client_id"]);
        home.connect("x");
        let asked = recorder.last("/register").json();
        assert_eq!(asked["token_endpoint_auth_method"], method, "{line}");
        let secret = recorder.last("/token").form("client_secret");
        assert_eq!(secret.is_some(), method == "client_secret_post", "{line}");
    }
}

#[test]
fn a_client_that_shows_a_key_is_not_registered_without_it() {
    let recorder = Recorder::answering(|asked, _| {
        let answer = json!({ "client_id": "rc" });
        (asked.path == "/register").then(|| Reply::json(201, &answer))
    });
    let home = recorder.consenting(
        "registration_url = \"ORIGIN/register\"\nclient_auth = \"private_key_jwt\"\n\
         [integrations.x.auth.jwt]\nalg = \"RS256\"\nkey = { file = \"key.jwk.json\" }",
    );
    home.write("key.jwk.json", include_str!("../keys/rfc7515-a2.jwk.json"));
    home.drop_lines(&["client_id"]);
    let run = home
        .hallpass(&["connect", "x"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .fails_with(4);
    assert!(run.stderr.contains("`client_id`"), "{run}");
    assert!(recorder.asked_at("/register").is_empty());
}
