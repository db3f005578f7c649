//! `request --retry`: what helps and does no harm is tried again, each wait is said, and nothing that
//! may have been done is done twice unasked.

use super::keyed_home;
use crate::support::{Home, Recorder, Reply, Run};

/// An API that answers so at first and is well from then on.
fn ailing(times: usize, reply: impl Fn() -> Reply + Send + Sync + 'static) -> (Recorder, Home) {
    let api = Recorder::answering(move |_, before| (before < times).then(&reply));
    let home = keyed_home(api.origin(), "retry_after = [\"x-ratelimit-reset\"]");
    (api, home)
}

fn busy(status: u16) -> Reply {
    Reply::text(status, "text/plain", "busy").with("Retry-After", "0")
}

fn asking(home: &Home, args: &[&str]) -> Run {
    home.hallpass(&[&["request", "x", "/y"], args].concat())
        .run()
}

#[test]
fn what_may_pass_is_tried_again_after_the_wait_the_api_asks_for() {
    for status in [403, 408, 425, 429, 500, 502, 503, 504] {
        let (api, home) = ailing(2, move || busy(status));
        let run = asking(&home, &["--retry", "3"]).ok();
        assert_eq!(run.stdout, "{\"ok\":true}");
        let said = format!("the API answered {status}; trying again in 0 s (2 of 3)");
        assert!(run.stderr.contains(&said), "{run}");
        assert_eq!(api.asked().len(), 3, "{status}");
    }
}

#[test]
fn unasked_nothing_is_tried_again() {
    let (api, home) = ailing(1, || busy(503));
    let run = asking(&home, &[]).fails_with(8);
    assert_eq!(run.stdout, "busy");
    assert_eq!(api.asked().len(), 1);
}

#[test]
fn when_it_does_not_pass_the_last_answer_is_shown() {
    let (api, home) = ailing(9, || busy(503));
    let run = asking(&home, &["--retry", "2"]).fails_with(8);
    assert_eq!(run.stdout, "busy");
    assert_eq!(api.asked().len(), 3);
    for status in [400, 404, 409, 422, 501] {
        let (api, home) = ailing(1, move || busy(status));
        asking(&home, &["--retry", "2"]).fails_with(8);
        assert_eq!(api.asked().len(), 1, "{status}");
    }
}

#[test]
fn a_post_is_not_sent_twice_unasked() {
    let post = ["--retry", "1", "-d", "a=1"];
    for more in [&[][..], &["-X", "PATCH"]] {
        let (api, home) = ailing(1, || busy(503));
        let run = asking(&home, &[&post, more].concat()).fails_with(8);
        assert!(run.stderr.contains("is not sent twice unasked"), "{run}");
        assert_eq!(api.asked().len(), 1);
    }
    for more in [
        &["--retry-non-idempotent"][..],
        &["-H", "Idempotency-Key: 1"],
        &["-X", "PUT"],
    ] {
        let (api, home) = ailing(1, || busy(503));
        asking(&home, &[&post, more].concat()).ok();
        let bodies: Vec<String> = api.asked().into_iter().map(|asked| asked.body).collect();
        assert_eq!(bodies, ["a=1", "a=1"], "{more:?}");
    }
}

#[test]
fn the_tries_of_one_request_have_one_key_that_tells_so_and_another_has_its_own() {
    let api = Recorder::answering(|_, before| (before % 2 == 0).then(|| busy(503)));
    let home = keyed_home(
        api.origin(),
        "headers = { Authorization = \"Bearer {token}\", Idempotency-Key = \"{uuid}\" }\n[integrations.x.actions.pay]\nmethod = \"POST\"\npath = \"/y\"\njson = { a = 1 }",
    );
    for _ in 0..2 {
        asking(&home, &["--retry", "1", "-d", "a=1"]).ok();
        let action = ["request", "x", "--action", "pay", "--retry", "1"];
        home.hallpass(&action).run().ok();
    }
    let keys: Vec<String> = api
        .asked()
        .iter()
        .map(|asked| asked.header("idempotency-key").unwrap())
        .collect();
    assert_eq!(keys.len(), 8);
    assert!(keys.chunks(2).all(|tries| tries[0] == tries[1]), "{keys:?}");
    let others: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(others.len(), 4, "{keys:?}");
}

#[test]
fn an_answer_that_is_cut_is_asked_for_again_where_that_does_no_harm() {
    let cut = || Reply::text(200, "text/plain", "x").cut(5);
    let (api, home) = ailing(1, cut);
    // The one wait here that is not the API's: a second, or half of it.
    let run = asking(&home, &["--retry", "1"]).ok();
    assert!(
        run.stderr.contains("gave no answer that could be read"),
        "{run}"
    );
    assert_eq!(api.asked().len(), 2);
    let (api, home) = ailing(1, cut);
    asking(&home, &["--retry", "1", "-d", "a=1"]).fails_with(6);
    assert_eq!(api.asked().len(), 1);
}

#[test]
fn what_never_left_is_tried_again_whatever_it_is() {
    let home = keyed_home("http://127.0.0.1:1", "");
    let run = asking(&home, &["--retry", "1", "-d", "a=1"]).fails_with(6);
    assert!(
        run.stderr.contains("could not be reached; trying again"),
        "{run}"
    );
    assert!(run.stderr.contains("(1 of 1)"), "{run}");
}

#[test]
fn an_age_is_not_waited_for() {
    for (name, value) in [
        ("Retry-After", "31536000"),
        ("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ("Retry-After", "99999999999999999999999"),
        ("X-RateLimit-Reset", "4102444800"),
    ] {
        let (api, home) = ailing(1, move || {
            Reply::text(429, "text/plain", "later").with(name, value)
        });
        let run = asking(&home, &["--retry", "5"]).fails_with(8);
        assert!(
            run.stderr.contains("longer than 15m: not tried again"),
            "{run}"
        );
        assert_eq!(api.asked().len(), 1);
    }
    let long = || Reply::text(503, "text/plain", "later").with("Retry-After", "120");
    let (api, home) = ailing(1, long);
    let run = asking(&home, &["--retry", "5", "--max-time", "30"]).fails_with(8);
    assert!(
        run.stderr.contains("longer than `--max-time` leaves"),
        "{run}"
    );
    assert_eq!(api.asked().len(), 1);
}

#[test]
fn a_limits_reset_is_waited_for_as_the_definition_names_it() {
    let spent = || {
        Reply::text(403, "text/plain", "slowly")
            .with("X-RateLimit-Remaining", "0")
            .with("X-RateLimit-Reset", "0")
    };
    let (api, home) = ailing(1, spent);
    asking(&home, &["--retry", "1"]).ok();
    assert_eq!(api.asked().len(), 2);
    let (api, home) = ailing(1, || Reply::text(403, "text/plain", "no"));
    asking(&home, &["--retry", "1"]).fails_with(8);
    assert_eq!(api.asked().len(), 1);
}

#[test]
fn a_body_from_stdin_is_not_tried_again() {
    let (api, home) = ailing(1, || busy(503));
    let args = [
        "request",
        "x",
        "/y",
        "--retry",
        "1",
        "-X",
        "PUT",
        "--data-binary",
        "@-",
    ];
    // More than is read before it is sent.
    let run = home.hallpass(&args).stdin("x".repeat(3 << 20)).run();
    let run = run.fails_with(8);
    assert!(run.stderr.contains("stdin cannot be sent twice"), "{run}");
    assert_eq!(api.asked().len(), 1);
}

#[test]
fn a_try_goes_on_where_the_redirects_led() {
    let api = Recorder::answering(|asked, before| match (asked.path.as_str(), before) {
        ("/y", _) => Some(Reply::text(303, "text/plain", "").with("Location", "/there")),
        ("/there", 0) => Some(busy(503)),
        _ => None,
    });
    let home = keyed_home(api.origin(), "");
    asking(&home, &["-L", "--retry", "1", "-d", "a=1"]).ok();
    assert_eq!(api.asked_at("/y").len(), 1, "the POST was done");
    assert_eq!(api.asked_at("/there").len(), 2);
}
