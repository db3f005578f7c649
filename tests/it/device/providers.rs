//! What providers answer to a device: well-meant, in trouble, and hostile.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::{Asked, Home, PATIENCE, Recorder, Reply, Run};

/// An app `x` that is connected with a code.
pub(super) const DEVICE: &str = r#"
[integrations.x.auth]
type = "oauth2"
grant = "device_code"
device_authorization_url = "ORIGIN/device_authorization"
token_url = "ORIGIN/token"
client_id = "id"
client_secret = "secret-not-real"
#more
[integrations.x.api]
base_url = "ORIGIN/api"
"#;

/// A device authorization answer with these members besides.
pub(super) fn invitation(more: &Value) -> Value {
    let mut answer = json!({
        "device_code": "device-code-not-real",
        "user_code": "WDJB-MJHT",
        "verification_uri": "https://tv.example.com/device",
        "expires_in": 900,
        "interval": 1,
    });
    for (name, value) in more.as_object().unwrap() {
        answer[name] = value.clone();
    }
    answer
}

/// A provider that gives this invitation, and answers polls so; where it says nothing, with a token.
pub(super) fn provider(
    invitation: Value,
    polled: impl Fn(&Asked, usize) -> Option<Reply> + Send + Sync + 'static,
) -> Recorder {
    Recorder::answering(move |asked, before| match asked.path.as_str() {
        "/device_authorization" => Some(Reply::json(200, &invitation)),
        "/token" => polled(asked, before),
        _ => None,
    })
}

fn said(status: u16, error: &str) -> Reply {
    Reply::json(status, &json!({ "error": error }))
}

pub(super) fn connect(home: &Home) -> Run {
    home.hallpass(&["connect", "x"]).run()
}

/// A connect to a provider whose device authorization endpoint answers so.
#[track_caller]
fn refused_for(reply: impl Fn() -> Reply + Send + Sync + 'static, code: i32, says: &str) {
    let recorder = Recorder::answering(move |asked, _| {
        let device = asked.path == "/device_authorization";
        device.then(&reply)
    });
    let run = connect(&recorder.home(DEVICE)).fails_with(code);
    assert!(run.stderr.contains(says), "{run}");
    assert!(!run.stderr.contains("secret-not-real"), "{run}");
    assert!(recorder.asked_at("/token").is_empty(), "nothing was polled");
}

#[test]
fn the_device_request_and_its_polls_are_the_standards() {
    let recorder = provider(invitation(&json!({})), |_, before| match before {
        0 => Some(said(400, "authorization_pending")),
        _ => None,
    });
    let more = "scopes = [\"a\", \"b\"]\ncapture.tenant = { from = \"token\", default = \"t\" }";
    let home = recorder.home(&DEVICE.replace("#more", more));
    connect(&home).ok();
    let asked = recorder.last("/device_authorization");
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.body, "scope=a+b");
    assert_eq!(asked.basic().as_deref(), Some("id:secret-not-real"));
    let polls = recorder.asked_at("/token");
    assert_eq!(polls.len(), 2);
    for poll in polls {
        assert_eq!(poll.basic().as_deref(), Some("id:secret-not-real"));
        assert_eq!(
            poll.body,
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=device-code-not-real"
        );
    }
    assert_eq!(home.token("x"), "token-2");
}

#[test]
fn a_public_client_names_itself_in_both() {
    let recorder = provider(invitation(&json!({})), |_, _| None);
    let home = recorder.home(&DEVICE.replace("client_secret = \"secret-not-real\"", ""));
    connect(&home).ok();
    for path in ["/device_authorization", "/token"] {
        assert_eq!(recorder.last(path).form("client_id").as_deref(), Some("id"));
    }
}

#[test]
fn what_follows_a_token_call_follows_a_devices_too() {
    let recorder = Recorder::answering(|asked, _| match asked.path.as_str() {
        "/device_authorization" => Some(Reply::json(200, &invitation(&json!({})))),
        "/token" => Some(Reply::json(
            200,
            &json!({ "access_token": "first-not-real", "tenant": "acme" }),
        )),
        "/step" => Some(Reply::json(200, &json!({ "better": "second-not-real" }))),
        "/lookup" => Some(Reply::json(200, &json!({ "id": 7 }))),
        _ => None,
    });
    let more = r#"
capture.tenant = { from = "token" }
lookup = { url = "/lookup", headers = { A = "{token}" }, save = { place = "id" } }
site = "ORIGIN"
[[integrations.x.auth.steps]]
url = "/step"
params = { tenant = "{tenant}" }
response = { access_token = "better" }
"#;
    let text = DEVICE.replace("#more", more) + "headers = { X-Place = \"{place}-{tenant}\" }\n";
    let home = recorder.home(&text);
    connect(&home).ok();
    assert_eq!(
        recorder.last("/step").form("tenant").as_deref(),
        Some("acme")
    );
    let looked = recorder.last("/lookup").header("a");
    assert_eq!(looked.as_deref(), Some("second-not-real"));
    home.hallpass(&["request", "x", "/me"]).run().ok();
    let used = recorder.last("/api/me");
    assert_eq!(used.header("x-place").as_deref(), Some("7-acme"));
    assert_eq!(
        used.header("authorization").as_deref(),
        Some("Bearer second-not-real")
    );
}

#[test]
fn trouble_while_polling_is_waited_out() {
    let recorder = provider(invitation(&json!({})), |_, before| match before {
        0 => Some(Reply::text(503, "text/html", "<html>down</html>").with("Retry-After", "0")),
        1 => Some(Reply::json(200, &json!({ "access_token": "t" })).cut(5)),
        2 => Some(said(200, "authorization_pending")),
        _ => None,
    });
    let home = recorder.home(DEVICE);
    connect(&home).ok();
    assert_eq!(recorder.asked_at("/token").len(), 4);
}

#[test]
fn whom_nobody_could_ask_until_the_end_is_6_and_not_blamed() {
    let short = invitation(&json!({ "expires_in": 2 }));
    let recorder = provider(short, |_, _| Some(Reply::json(502, &json!({}))));
    let run = connect(&recorder.home(DEVICE)).fails_with(6);
    assert!(
        run.stderr.contains("502") && !run.stderr.contains("expired"),
        "{run}"
    );
}

#[test]
fn a_provider_that_says_nothing_does_not_outlast_the_code() {
    let short = invitation(&json!({ "expires_in": 2 }));
    let recorder = provider(short, |_, _| {
        Some(Reply::json(200, &json!({})).dripping(PATIENCE))
    });
    let begun = Instant::now();
    let run = connect(&recorder.home(DEVICE)).fails_with(6);
    assert!(run.stderr.contains("127.0.0.1"), "{run}");
    assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
}

#[test]
fn an_answer_that_is_none_ends_the_wait_at_once() {
    for (reply, code, says) in [
        ((404, "<html>nothing</html>"), 6, "404"),
        ((200, "<html>log in</html>"), 6, "neither JSON nor a form"),
        ((200, "{}"), 6, "no access token"),
        (
            (401, r#"{"error":"invalid_client"}"#),
            5,
            "`invalid_client`",
        ),
        ((302, ""), 6, "HTTP 302"),
    ] {
        let (status, body) = reply;
        let recorder = provider(invitation(&json!({})), move |_, _| {
            Some(Reply::text(status, "text/html", body))
        });
        let run = connect(&recorder.home(DEVICE)).fails_with(code);
        let redirected = status == 302 && run.stderr.contains("secrets follow no redirect");
        assert!(run.stderr.contains(says) || redirected, "{run}");
        assert_eq!(recorder.asked_at("/token").len(), 1);
    }
}

#[test]
fn a_provider_that_repeats_what_it_was_sent_is_not_quoted() {
    let recorder = provider(invitation(&json!({})), |asked, _| {
        let body = json!({ "error": "invalid_grant", "error_description": asked.body });
        Some(Reply::json(400, &body))
    });
    let run = connect(&recorder.home(DEVICE)).fails_with(5);
    assert!(run.stderr.contains("`invalid_grant`"), "{run}");
    assert!(!run.stderr.contains("device-code-not-real"), "{run}");
}

#[test]
fn nobody_is_sent_to_a_page_that_is_not_https() {
    for link in [
        "http://evil.example/device",
        "https://github.com@evil.example/",
        "javascript:alert(1)//\u{1b}[2J",
    ] {
        for name in ["verification_uri", "verification_uri_complete"] {
            let reply = move || Reply::json(200, &invitation(&json!({ name: link })));
            refused_for(reply, 5, "which is not https");
        }
    }
}

#[test]
fn what_would_act_on_a_terminal_is_escaped() {
    let recorder = provider(
        invitation(&json!({ "user_code": "\u{1b}[2JAB\u{202e}CD\nline" })),
        |_, _| None,
    );
    let run = connect(&recorder.home(DEVICE)).ok();
    assert!(
        run.stderr.contains("    \\u{1b}[2JAB\\u{202e}CD line\n"),
        "{run}"
    );
    assert!(!run.stderr.contains(['\u{1b}', '\u{202e}']), "{run}");
}

#[test]
fn an_invitation_that_is_none_is_told_for_what_it_lacks() {
    let lacking =
        |name: &'static str| move || Reply::json(200, &invitation(&json!({ name: null })));
    for name in ["device_code", "user_code", "verification_uri"] {
        refused_for(lacking(name), 6, &format!("it holds no `{name}`"));
    }
    let long = "X".repeat(100);
    let too_long = move || Reply::json(200, &invitation(&json!({ "user_code": long })));
    refused_for(too_long, 6, "longer than anybody types");
    refused_for(
        || Reply::text(200, "text/html", "<html></html>"),
        6,
        "it holds no `device_code`",
    );
    refused_for(
        || Reply::redirect("https://evil.example/"),
        6,
        "secrets follow no redirect",
    );
    let nothing = || Reply::text(404, "text/html", "<html></html>");
    refused_for(nothing, 6, "see that `device_authorization_url` of `x`");
    let no = || Reply::json(200, &json!({ "error": "device_flow_disabled" }));
    refused_for(no, 5, "`device_flow_disabled`");
}

#[test]
fn the_life_of_a_code_is_said_as_it_is_given() {
    for (life, words) in [
        (json!(900), "15 minutes"),
        (json!("839"), "13 minutes"),
        (json!(null), "15 minutes"),
        (json!(1e12), "24 hours"),
    ] {
        let recorder = provider(invitation(&json!({ "expires_in": life })), |_, _| None);
        let run = connect(&recorder.home(DEVICE)).ok();
        let good = format!("(the code is good for {words})");
        assert!(run.stderr.contains(&good), "{run}");
    }
}

#[test]
fn with_a_code_instead_of_a_link_nothing_is_sent_that_only_a_link_brings() {
    let text = DEVICE
        .replace("\"device_code\"", "\"authorization_code\"")
        .replace(
            "#more",
            "authorization_url = \"ORIGIN/authorize\"\n[integrations.x.auth.token]\n\
             params = { grant_type = \"swap\", ticket = \"{code}\", back = \"{redirect_uri}\", extra = \"e\" }",
        );
    let recorder = provider(invitation(&json!({})), |_, _| None);
    let home = recorder.home(&text);
    home.hallpass(&["connect", "x", "--device"]).run().ok();
    let poll = recorder.last("/token");
    assert_eq!(poll.form("extra").as_deref(), Some("e"));
    assert!(poll.form("grant_type").unwrap().ends_with(":device_code"));
    assert!(poll.form("ticket").is_none() && poll.form("back").is_none());
}
