//! Trouble at the token endpoint is not the end of a login: a token that lives is used, one that does
//! not makes for exit code 6, and only what is safe is tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use super::sealed;
use crate::support::{Home, Recorder, Reply};

/// Renewal is always due.
const DUE: &str = "refresh.before = \"2h\"";

/// A way to be in trouble: its name, the answer, and how often the call is made.
type Trouble = (&'static str, fn() -> Reply, usize);

fn page(status: u16) -> Reply {
    Reply::text(status, "text/html", "<html><p>a=b&error=oops</p></html>")
}

fn good() -> Reply {
    Reply::json(
        200,
        &json!({"access_token": "at-not-real", "refresh_token": "rt-not-real", "expires_in": 3600}),
    )
}

const TROUBLES: [Trouble; 20] = [
    ("500", || page(500), 1),
    ("502", || page(502), 1),
    ("503", || page(503), 1),
    (
        "503 in OAuth's words",
        || Reply::json(503, &json!({"error": "temporarily_unavailable"})),
        3,
    ),
    (
        "429, come back at a moment that is over",
        || page(429).with("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"),
        3,
    ),
    (
        "429, come back in a year that is far",
        || page(429).with("Retry-After", "Fri, 06 Nov 2093 08:49:37 GMT"),
        1,
    ),
    ("504", || page(504), 1),
    (
        "429",
        || Reply::json(429, &json!({"error": "slow_down"})),
        3,
    ),
    (
        "429, come back in an hour",
        || page(429).with("Retry-After", "3600"),
        1,
    ),
    (
        "503, come back at once",
        || page(503).with("Retry-After", "0"),
        3,
    ),
    ("a page in the place of an answer", || page(200), 1),
    ("a page for what is not there", || page(404), 1),
    (
        "an empty answer",
        || Reply::text(200, "application/json", ""),
        1,
    ),
    (
        "a passing error by its name",
        || Reply::json(400, &json!({"error": "temporarily_unavailable"})),
        1,
    ),
    (
        "a redirect",
        || page(302).with("Location", "http://127.0.0.1:9/token"),
        1,
    ),
    (
        "a redirect that keeps the body",
        || page(307).with("Location", "http://127.0.0.1:9/token"),
        1,
    ),
    ("a connection that breaks off at once", || good().cut(0), 1),
    ("an answer that breaks off", || good().cut(100), 1),
    (
        "ten megabytes",
        || {
            Reply::text(
                200,
                "application/json",
                &format!("{{\"a\":\"{}\"", "x".repeat(10_000_000)),
            )
        },
        1,
    ),
    (
        "a slow drip",
        || good().dripping(Duration::from_millis(50)),
        1,
    ),
];

/// A connection to a provider whose token endpoint, once it has connected, is in this trouble; and
/// how often that was called then.
fn in_trouble(trouble: fn() -> Reply) -> (Recorder, Home, Arc<AtomicUsize>) {
    let calls = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&calls);
    let recorder = Recorder::answering(move |asked, before| {
        if asked.path != "/token" || before == 0 {
            return None;
        }
        counted.fetch_add(1, Ordering::SeqCst);
        Some(trouble())
    });
    let home = recorder.consenting(DUE);
    home.connect_untested("x");
    home.write("config.toml", "http_timeout = \"1s\"\n");
    (recorder, home, calls)
}

#[test]
fn a_living_token_is_used_and_a_dead_one_makes_for_exit_code_6() {
    for (name, trouble, times) in TROUBLES {
        let (_recorder, home, calls) = in_trouble(trouble);
        let before = sealed::item(&home, "x").unwrap();
        let run = home.hallpass(&["token", "x"]).run().ok();
        assert_eq!(run.line(), "token-1", "{name}");
        assert!(run.stderr.contains("its old token still lives"), "{run}");
        // What will do as it is, is not waited for.
        assert_eq!(calls.swap(0, Ordering::SeqCst), 1, "{name}");
        sealed::shift(&home, "x", -2 * 3600);
        let run = home.hallpass(&["token", "x"]).run().fails_with(6);
        assert_eq!(run.stdout, "", "{name}");
        assert_eq!(calls.swap(0, Ordering::SeqCst), times, "{name}");
        let after = sealed::item(&home, "x").unwrap();
        assert_eq!(before["generation"], after["generation"], "{name}");
        assert_eq!(after["standing"], "good", "{name}");
        let status = home.hallpass(&["status", "x", "--json"]).run().ok().json();
        assert_eq!(status["state"], "expired", "{name}");
    }
}

/// Makes a connection one to another place, as if it had been made there.
fn lead_to(home: &Home, recorder: &Recorder, origin: &str) {
    sealed::change(home, "x", |item| {
        let text = item.to_string().replace(recorder.origin(), origin);
        *item = serde_json::from_str(&text).unwrap();
    });
    home.edit(|text| text.replace(recorder.origin(), origin));
}

#[test]
fn a_provider_that_cannot_be_reached_is_trouble_and_not_death() {
    let unknown = format!("https://{}.test", "a".repeat(70));
    let recorder = Recorder::start();
    let tls = recorder.origin().replace("http:", "https:");
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    for (origin, said) in [
        (unknown.as_str(), "cannot connect to"),
        (&tls, "cannot connect to"),
        (&closed, "cannot connect to"),
    ] {
        let home = recorder.consenting(DUE);
        home.connect_untested("x");
        lead_to(&home, &recorder, origin);
        let run = home.hallpass(&["token", "x"]).run().ok();
        assert!(run.line().starts_with("token-"), "{run}");
        sealed::shift(&home, "x", -2 * 3600);
        let run = home.hallpass(&["token", "x"]).run().fails_with(6);
        assert!(run.stderr.contains(said), "{run}");
        // Nothing was sent, so nothing can have been lost.
        let status = home.hallpass(&["status", "x", "--json"]).run().ok().json();
        assert!(status["in_flight"].is_null(), "{status}");
    }
}

#[test]
fn what_passes_while_it_is_tried_again_is_not_even_noticed() {
    let recorder = Recorder::answering(|asked, before| match (asked.path.as_str(), before) {
        ("/token", 1 | 2) => Some(page(503).with("Retry-After", "0")),
        _ => None,
    });
    let home = recorder.consenting(DUE);
    home.connect_untested("x");
    sealed::shift(&home, "x", -2 * 3600);
    let run = home.hallpass(&["token", "x"]).run().ok();
    assert_eq!((run.line(), run.stderr.as_str()), ("token-4", ""));
}

#[test]
fn a_token_that_nobody_consents_to_is_asked_for_again_after_any_trouble() {
    for trouble in [|| page(500), || good().cut(0), || page(503)] {
        let recorder = Recorder::answering(move |_, before| (before < 2).then(trouble));
        let home = recorder.home(
            r#"
            [integrations.x.auth]
            type = "oauth2"
            grant = "client_credentials"
            token_url = "ORIGIN/token"
            client_id = "client-not-real"
            client_secret = "secret-not-real"
            "#,
        );
        assert_eq!(home.token("x"), "token-3");
    }
}

#[test]
fn words_that_a_provider_has_for_death_are_death_and_others_are_not() {
    for (status, error, code) in [
        (400, "invalid_grant", 4),
        (401, "invalid_grant", 4),
        (200, "invalid_grant", 4),
        (400, "invalid_client", 5),
        (401, "unauthorized_client", 5),
        (400, "invalid_scope", 5),
        (400, "consent_required_by_somebody", 5),
        (503, "invalid_grant", 6),
        (429, "invalid_grant", 6),
    ] {
        let recorder = Recorder::answering(move |asked, before| {
            let refused = asked.path == "/token" && before > 0;
            refused.then(|| Reply::json(status, &json!({ "error": error })))
        });
        let home = recorder.consenting(DUE);
        home.connect_untested("x");
        sealed::shift(&home, "x", -2 * 3600);
        home.hallpass(&["token", "x"]).run().fails_with(code);
        let standing = sealed::item(&home, "x").unwrap()["standing"].clone();
        assert_eq!(
            standing == "good",
            code != 4,
            "{status} {error}: {standing}"
        );
    }
}
