//! A token that an API rejects in the middle of something is renewed once, and what can be sent again
//! goes on from there.

use crate::support::{Home, Recorder, Reply};

/// An API with a person's connection `x`; the answers are for what is asked below `/api`.
fn connected(
    answer: impl Fn(&str, &str, usize) -> Option<Reply> + Send + Sync + 'static,
) -> (Recorder, Home) {
    let api = Recorder::answering(move |asked, before| {
        let token = asked.header("authorization").unwrap_or_default();
        let path = asked.path.strip_prefix("/api")?;
        answer(path, token.trim_start_matches("Bearer "), before)
    });
    let home = api.consenting("");
    home.connect("x");
    (api, home)
}

fn rejected() -> Reply {
    Reply::text(401, "text/plain", "rejected")
}

fn renewals(api: &Recorder) -> usize {
    let asked = api.asked_at("/token");
    let renewals = asked
        .iter()
        .filter(|asked| asked.form("refresh_token").is_some());
    renewals.count()
}

#[test]
fn a_rejection_behind_a_redirect_goes_on_where_the_redirect_led() {
    let (api, home) = connected(|path, token, _| match (path, token) {
        ("/go", _) => Some(Reply::text(303, "text/plain", "").with("Location", "/api/there")),
        ("/there", "token-1") => Some(rejected()),
        _ => None,
    });
    let args = ["request", "x", "/go", "-L", "-d", "a=1"];
    home.hallpass(&args).run().ok();
    assert_eq!(api.asked_at("/api/go").len(), 1, "the POST was done");
    let there = api.asked_at("/api/there");
    let tokens: Vec<_> = there
        .iter()
        .filter_map(|asked| asked.header("authorization"))
        .collect();
    assert_eq!(tokens, ["Bearer token-1", "Bearer token-2"]);
    assert_eq!(renewals(&api), 1);
}

#[test]
fn a_rejection_between_tries_is_no_try_and_happens_once() {
    let (api, home) = connected(|path, _, before| match (path, before) {
        ("/y", 0 | 2) => Some(Reply::text(503, "text/plain", "").with("Retry-After", "0")),
        ("/y", 1 | 3) => Some(rejected()),
        _ => None,
    });
    let run = home.hallpass(&["request", "x", "/y", "--retry", "2"]).run();
    assert_eq!(run.fails_with(8).stdout, "rejected");
    assert_eq!(api.asked_at("/api/y").len(), 4);
    assert_eq!(renewals(&api), 1);
}

#[test]
fn a_stranger_has_no_say_in_what_is_renewed() {
    let stranger = Recorder::answering(|_, _| Some(rejected()));
    let to = format!("{}/there", stranger.origin());
    let (api, home) = connected(move |path, _, _| (path == "/go").then(|| Reply::redirect(&to)));
    home.hallpass(&["request", "x", "/go", "-L"])
        .run()
        .fails_with(8);
    assert_eq!(stranger.last("/there").header("authorization"), None);
    assert_eq!(stranger.asked().len(), 1);
    assert_eq!(renewals(&api), 0);
}

#[test]
fn a_file_is_sent_again_and_stdin_is_not() {
    let (api, home) = connected(|path, token, _| match (path, token) {
        ("/y", "token-1" | "token-2") => Some(rejected()),
        _ => None,
    });
    // More than is read before it is sent.
    let long = "x".repeat(3 << 20);
    let streamed = ["request", "x", "/y", "--data-binary", "@-"];
    let run = home
        .hallpass(&streamed)
        .stdin(long.clone())
        .run()
        .fails_with(8);
    assert_eq!(run.stdout, "rejected");
    assert!(run.stderr.contains("stdin cannot be sent twice"), "{run}");
    assert_eq!((api.asked_at("/api/y").len(), renewals(&api)), (1, 1));
    let file = home.write("body.txt", &long);
    let at = format!("@{}", file.display());
    home.hallpass(&["request", "x", "/y", "--data-binary", &at])
        .run()
        .ok();
    assert_eq!(api.last("/api/y").body.len(), 3 << 20);
    assert_eq!((api.asked_at("/api/y").len(), renewals(&api)), (3, 2));
}
