//! Pushed authorization requests (RFC 9126), and answers that come as forms.

use serde_json::json;
use url::Url;

use super::{Drive, challenge_of, send, text};
use crate::sandbox::visit;

const CALLBACK: &str = "http://127.0.0.1:9/callback";

fn request(client: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let challenge = challenge_of(super::VERIFIER);
    let standard = [
        ("client_id", client),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("state", "a \"state\" & <more>"),
    ];
    let pairs = standard.iter().chain(more);
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn push(drive: &Drive, pairs: &[(String, String)]) -> (u16, serde_json::Value) {
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    send(drive.form("/par", &pairs))
}

fn opened(drive: &Drive, client: &str, uri: &str) -> u16 {
    let mut url = Url::parse(&drive.at("/authorize")).expect("a URL");
    url.query_pairs_mut()
        .append_pair("client_id", client)
        .append_pair("request_uri", uri);
    let page = drive.http.get(url).send().expect("it answers");
    page.status().as_u16()
}

#[test]
fn a_reference_serves_its_own_client_once_and_for_as_long_as_it_says() {
    let drive = Drive::start();
    let own = request("sandbox-app", &[]);
    let (status, answer) = push(&drive, &own);
    assert_eq!((status, answer["expires_in"].as_u64()), (201, Some(60)));
    let uri = text(&answer, "request_uri");
    assert_eq!(opened(&drive, "sandbox-app", uri), 200);
    assert_eq!(opened(&drive, "sandbox-app", uri), 400, "used");
    assert_eq!(opened(&drive, "sandbox-app", "urn:unknown"), 400);
    let (_, answer) = push(&drive, &own);
    let uri = text(&answer, "request_uri");
    assert_eq!(opened(&drive, "sandbox-service", uri), 400, "another's");
    drive.control(&json!({ "pushed_ttl": 0 }));
    let (_, answer) = push(&drive, &own);
    let uri = text(&answer, "request_uri");
    assert_eq!(opened(&drive, "sandbox-app", uri), 400, "expired");
}

#[test]
fn what_the_authorization_endpoint_would_refuse_is_refused_when_it_is_pushed() {
    let drive = Drive::start();
    for (client, more, error) in [
        ("sandbox-service", vec![], "invalid_client"),
        ("nobody", vec![], "invalid_client"),
        (
            "sandbox-app",
            vec![("request_uri", "urn:x")],
            "invalid_request",
        ),
        (
            "sandbox-app",
            vec![("scope", "everything")],
            "invalid_scope",
        ),
        (
            "sandbox-app",
            vec![("response_mode", "fragment")],
            "invalid_request",
        ),
    ] {
        let (status, answer) = push(&drive, &request(client, &more));
        assert!(matches!(status, 400 | 401), "{answer}");
        assert_eq!(text(&answer, "error"), error, "{client} {more:?}");
    }
    let mut elsewhere = request("sandbox-app", &[]);
    elsewhere[2].1 = "https://evil.example/callback".to_owned();
    let (_, answer) = push(&drive, &elsewhere);
    assert_eq!(text(&answer, "error"), "invalid_request");
}

#[test]
fn where_pushing_is_demanded_nothing_else_is_taken_and_the_metadata_says_so() {
    let drive = Drive::start();
    let demands = |drive: &Drive| {
        let at = drive.at("/.well-known/oauth-authorization-server");
        let (_, metadata) = send(drive.http.get(at));
        metadata["require_pushed_authorization_requests"].as_bool()
    };
    assert_eq!(demands(&drive), Some(false));
    drive.control(&json!({ "require_pushed_requests": true }));
    assert_eq!(demands(&drive), Some(true));
    let url = drive.authorization_url(CALLBACK, &[("response_type", "code")]);
    let refused = visit(url.as_str()).expect_err("it was not pushed");
    assert!(
        format!("{refused:#}").contains("must be pushed"),
        "{refused:#}"
    );
}

#[test]
fn a_form_carries_the_answer_word_for_word_and_its_page_runs_nothing_else() {
    let drive = Drive::start();
    let extra = [
        ("response_type", "code"),
        ("code_challenge_method", "S256"),
        ("response_mode", "form_post"),
        ("scope", "no-such-scope"),
        ("state", "a \"state\" & <more>"),
    ];
    let url = drive.authorization_url(CALLBACK, &extra);
    let page = drive.http.get(url).send().expect("it answers");
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str();
    let policy = policy.expect("text").to_owned();
    assert!(policy.contains("script-src 'sha256-"), "{policy}");
    assert!(
        policy.contains("form-action http://127.0.0.1:9;"),
        "{policy}"
    );
    let text = page.text().expect("the page can be read");
    assert!(
        text.contains("name=\"error\" value=\"invalid_scope\""),
        "{text}"
    );
    assert!(
        text.contains("name=\"state\" value=\"a &quot;state&quot; &amp; &lt;more&gt;\""),
        "{text}"
    );
}
