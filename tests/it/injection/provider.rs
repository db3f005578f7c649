//! The same of what a provider sends: with the token, with the redirect, in further answers.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::HOSTILE;
use crate::support::{Asked, Home, Recorder, Reply};

/// Where a provider can put a value.
const SOURCES: [(&str, &str); 4] = [
    (
        "token",
        "[integrations.x.auth.capture]\nvalue = { from = \"token\" }",
    ),
    (
        "callback",
        "[integrations.x.auth.capture]\nvalue = { from = \"callback\" }",
    ),
    (
        "lookup",
        "[integrations.x.auth.lookup]\nurl = \"ORIGIN/lookup\"\nsave = { value = \"value\" }",
    ),
    (
        "step",
        "[[integrations.x.auth.steps]]\nurl = \"ORIGIN/step\"\nmethod = \"GET\"\nsave = { value = \"value\" }",
    ),
];

/// A provider that sends this value wherever it sends one.
fn sending(value: &str) -> Recorder {
    let value = value.to_owned();
    Recorder::answering(move |asked, _| match asked.path.as_str() {
        "/authorize" => {
            let parameters = [("code", "code-1"), ("value", value.as_str())];
            Some(Reply::back(asked, &parameters))
        }
        "/token" => Some(Reply::json(
            200,
            &json!({ "access_token": "token-1", "expires_in": 3600, "value": value }),
        )),
        "/lookup" | "/step" => Some(Reply::json(200, &json!({ "value": value }))),
        _ => None,
    })
}

/// An app that a person signs in to, where there is a redirect to send something with; else a client
/// that acts for itself, and needs no connect.
fn home(recorder: &Recorder, auth: &str, api: &str) -> Home {
    let grant = if auth.contains("callback") {
        "grant = \"authorization_code\"\nauthorization_url = \"ORIGIN/authorize\""
    } else {
        "grant = \"client_credentials\""
    };
    recorder.home(&format!(
        r#"
[integrations.x.auth]
type = "oauth2"
{grant}
token_url = "ORIGIN/token"
client_id = "app-0000"
client_secret = "not-a-real-secret"
{auth}
[integrations.x.api]
{api}
"#
    ))
}

/// Calls `/things`; nothing when that is refused, and then nothing was sent to the API.
#[track_caller]
fn sent(recorder: &Recorder, home: &Home, connects: bool) -> Option<Asked> {
    let connect = ["connect", "x", "--no-test"];
    let request = ["request", "x", "/things"];
    let store = if connects { "file" } else { "none" };
    for args in [connect.as_slice(), request.as_slice()]
        .iter()
        .skip(usize::from(!connects))
    {
        let run = home
            .hallpass(args)
            .env("HALLPASS_STORE", store)
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run();
        if run.code != Some(0) {
            assert!(matches!(run.code, Some(2 | 3 | 5)), "{run}");
            let to_api = |asked: &Asked| asked.path.contains("things");
            assert!(!recorder.asked().iter().any(to_api), "{run}");
            return None;
        }
    }
    recorder.asked().pop()
}

#[test]
fn a_sent_value_in_a_path_stays_one_segment() {
    for (source, auth) in SOURCES {
        let connects = source == "callback";
        // Wherever they come from they go the same way, so that a few of the others will do.
        let step = if source == "token" { 1 } else { 4 };
        let values = HOSTILE.iter().step_by(step);
        let mut arrived = 0;
        for value in values.clone() {
            let recorder = sending(value);
            let home = home(&recorder, auth, "base_url = \"ORIGIN/api/{value}\"");
            let Some(asked) = sent(&recorder, &home, connects) else {
                continue;
            };
            let inner = asked.path.strip_prefix("/api/").unwrap();
            let segment = inner.strip_suffix("/things").unwrap();
            assert!(!segment.contains('/'), "{source} {value:?}: {}", asked.path);
            assert_eq!(percent_decode_str(segment).decode_utf8().unwrap(), *value);
            assert!(asked.query.is_empty(), "{source} {value:?}");
            arrived += 1;
        }
        let all = values.count();
        assert!(
            arrived > all / 2,
            "{source}: only {arrived} of {all} arrived"
        );
    }
}

#[test]
fn a_sent_value_in_a_header_or_a_query_stays_there() {
    let api = "base_url = \"ORIGIN/api\"\nquery = { q = \"{value}\" }\n\
        headers = { X-Value = \"{value}\", Authorization = \"Bearer {token}\" }";
    for value in HOSTILE {
        let recorder = sending(value);
        let home = home(&recorder, SOURCES[0].1, api);
        let Some(asked) = sent(&recorder, &home, false) else {
            let breaks = value.contains(|c: char| c.is_control() && c != '\t');
            assert!(breaks, "{value:?} was refused");
            continue;
        };
        assert_eq!(asked.header("x-value").as_deref(), Some(value));
        assert_eq!(asked.query("q").as_deref(), Some(value));
        assert_eq!(asked.header("x-evil"), None);
    }
}

#[test]
fn a_sent_host_is_held_to_its_pattern() {
    let auth = "[integrations.x.auth.capture]\n\
        value = { from = \"token\", pattern = 'http://127\\.0\\.0\\.1:[0-9]+' }";
    for evil in [
        "http://127.0.0.1:1@evil.example",
        "http://127.0.0.1:1.evil.example",
        "http://127.0.0.1:1/",
        "http://127.0.0.1:1\n",
        "https://evil.example/#http://127.0.0.1:1",
        "",
        "..",
    ] {
        let recorder = sending(evil);
        let home = home(&recorder, auth, "base_url = \"{value}/api\"");
        home.hallpass(&["request", "x", "/things"])
            .run()
            .fails_with(5);
    }
    let own = Recorder::start();
    let recorder = sending(own.origin());
    let home = home(&recorder, auth, "base_url = \"{value}/api\"");
    home.hallpass(&["request", "x", "/things"]).run().ok();
    assert_eq!(own.asked_at("/api/things").len(), 1);
}

/// The token request of a provider whose token is this.
fn token_answered(token: &Value) -> (Recorder, Home) {
    let answer = json!({ "access_token": token, "token_type": "Bearer" });
    let recorder = Recorder::answering(move |asked, _| {
        (asked.path == "/token").then(|| Reply::json(200, &answer))
    });
    let home = home(&recorder, "", "base_url = \"ORIGIN/api\"");
    (recorder, home)
}

#[test]
fn a_token_with_anything_but_visible_ascii_in_it_is_no_token() {
    for token in [
        "a\r\nX-Evil: 1",
        "a\nb",
        "a b",
        "a\u{0}b",
        "a\u{e9}b",
        "a\tb",
        "",
        " ",
    ] {
        let (recorder, home) = token_answered(&json!(token));
        let run = home.hallpass(&["request", "x", "/things"]).run();
        assert!(matches!(run.code, Some(5 | 6)), "{token:?}: {run}");
        assert!(!run.stderr.contains("X-Evil: 1"), "{run}");
        assert!(recorder.asked_at("/api/things").is_empty());
    }
    let (_recorder, home) = token_answered(&json!("a-token_with.{}\"'\\/?#@~!"));
    home.hallpass(&["request", "x", "/things"]).run().ok();
}
