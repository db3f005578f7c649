//! Where a device's code comes from: named, discovered, pinned; and the client that is registered for it.

use std::sync::Mutex;

use serde_json::json;

use super::providers::{DEVICE, connect, invitation, provider};
use crate::support::{Recorder, Reply};

#[test]
fn a_device_is_registered_where_the_definition_names_no_client() {
    let recorder = Recorder::answering(|asked, _| match asked.path.as_str() {
        "/register" => Some(Reply::json(201, &json!({ "client_id": "given" }))),
        "/device_authorization" => Some(Reply::json(200, &invitation(&json!({})))),
        _ => None,
    });
    let text = DEVICE
        .replace(
            "client_id = \"id\"\n",
            "registration_url = \"ORIGIN/register\"\n",
        )
        .replace("client_secret = \"secret-not-real\"\n", "");
    connect(&recorder.home(&text)).ok();
    let wanted = recorder.last("/register").json();
    let grants = [
        "urn:ietf:params:oauth:grant-type:device_code",
        "refresh_token",
    ];
    assert_eq!(wanted["grant_types"], json!(grants));
    assert_eq!(wanted["redirect_uris"], json!([]));
    let asked = recorder.last("/device_authorization");
    assert_eq!(asked.form("client_id").as_deref(), Some("given"));
}

#[test]
fn a_device_endpoint_that_moves_gets_no_secret() {
    let other = Recorder::start();
    let recorder = provider(invitation(&json!({})), |_, _| None);
    let home = recorder.home(DEVICE);
    connect(&home).ok();
    let device = format!("{}/device_authorization", recorder.origin());
    let moved = format!("{}/device_authorization", other.origin());
    home.edit(|text| text.replace(&device, &moved));
    for command in ["connect", "token"] {
        let run = home.hallpass(&[command, "x"]).run().fails_with(4);
        assert!(run.stderr.contains(other.origin()), "{run}");
    }
    assert!(other.asked().is_empty());
}

/// A server whose metadata names this device authorization endpoint.
fn issuer(place: &'static Mutex<String>) -> Recorder {
    Recorder::answering(move |asked, _| {
        let host = asked.header("host").unwrap_or_default();
        let at = |path: &str| format!("http://{host}{path}");
        let device = place.lock().unwrap().replace("ORIGIN", &at(""));
        match asked.path.as_str() {
            path if path.starts_with("/.well-known/") => Some(Reply::json(
                200,
                &json!({
                    "issuer": at(""),
                    "authorization_endpoint": at("/authorize"),
                    "token_endpoint": at("/token"),
                    "device_authorization_endpoint": device,
                }),
            )),
            "/device_authorization" => Some(Reply::json(200, &invitation(&json!({})))),
            _ => None,
        }
    })
}

#[test]
fn a_discovered_device_endpoint_is_pinned_and_must_be_there() {
    static PLACE: Mutex<String> = Mutex::new(String::new());
    let other = Recorder::start();
    let set = |text: &str| text.clone_into(&mut PLACE.lock().unwrap());
    let recorder = issuer(&PLACE);
    let urls =
        "device_authorization_url = \"ORIGIN/device_authorization\"\ntoken_url = \"ORIGIN/token\"";
    let home = recorder.home(&DEVICE.replace(urls, "issuer = \"ORIGIN\""));
    set("ORIGIN/device_authorization");
    connect(&home).ok();
    set(&format!("{}/device_authorization", other.origin()));
    let run = connect(&home).fails_with(4);
    assert!(run.stderr.contains(other.origin()), "{run}");
    assert!(other.asked().is_empty());
    set("http://evil.example/");
    let run = home.hallpass(&["connect", "x@new"]).run().fails_with(6);
    assert!(run.stderr.contains("is no https URL"), "{run}");
}

#[test]
fn an_issuer_without_a_device_endpoint_is_named() {
    let recorder = Recorder::answering(|asked, _| {
        let host = asked.header("host").unwrap_or_default();
        let found = asked.path == "/.well-known/oauth-authorization-server";
        let at = |path: &str| format!("http://{host}{path}");
        let metadata = json!({
            "issuer": at(""),
            "token_endpoint": at("/token"),
            "authorization_endpoint": at("/authorize"),
        });
        found.then(|| Reply::json(200, &metadata))
    });
    let urls =
        "device_authorization_url = \"ORIGIN/device_authorization\"\ntoken_url = \"ORIGIN/token\"";
    let text = DEVICE.replace(urls, "issuer = \"ORIGIN\"");
    let run = connect(&recorder.home(&text)).fails_with(6);
    assert!(
        run.stderr
            .contains("it names no `device_authorization_endpoint`"),
        "{run}"
    );
    let text = text.replace("\"device_code\"", "\"authorization_code\"");
    let home = recorder.home(&text);
    let run = home
        .hallpass(&["connect", "x", "--device"])
        .run()
        .fails_with(2);
    assert!(
        run.stderr.contains("neither the definition nor its issuer"),
        "{run}"
    );
    assert!(recorder.asked_at("/device_authorization").is_empty());
}
