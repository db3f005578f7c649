//! `request --paginate`: page after page, fenced, counted, and never in a circle.

mod ends;

use serde_json::json;

use super::keyed_home;
use crate::support::{Asked, Home, Provider, Recorder, Reply};

/// A reply with this body.
#[allow(clippy::unnecessary_wraps)] // what a handler of the recorder returns
pub(super) fn text(body: &str) -> Option<Reply> {
    Some(Reply::text(200, "application/json", body))
}

/// The pages in the order in which they are asked for, whatever the query.
fn in_order(pages: &'static [(&'static str, &'static str)]) -> Recorder {
    Recorder::answering(move |asked, before| {
        let (body, link) = pages[before.min(pages.len() - 1)];
        let reply = (asked.path == "/items").then(|| text(body)).flatten()?;
        Some(if link.is_empty() {
            reply
        } else {
            reply.with("Link", link)
        })
    })
}

fn queries(recorder: &Recorder) -> Vec<String> {
    let asked = recorder.asked().into_iter();
    asked.map(|asked| asked.query).collect()
}

const ALL: [&str; 4] = ["request", "x", "/items", "--paginate"];

fn all(home: &Home, more: &[&str]) -> crate::support::Run {
    home.hallpass(&[&ALL[..], more].concat()).run()
}

#[test]
fn links_lead_from_page_to_page_and_each_is_printed_as_it_came() {
    let recorder = in_order(&[
        (
            "[1]",
            r#"</items?page=0>; rel="prev", <?page=2&q=a%20b+c>; rel="next last""#,
        ),
        ("[ 2.0 ]\n", "</items?page=3>; REL=next"),
        ("no JSON", ""),
    ]);
    let home = keyed_home(recorder.origin(), "");
    let run = all(&home, &["--query", "mine=1"]).ok();
    assert_eq!(run.stdout, "[1]\n[ 2.0 ]\nno JSON");
    assert_eq!(queries(&recorder), ["mine=1", "page=2&q=a%20b+c", "page=3"]);
    let credentials = recorder.asked().into_iter();
    let mut credentials = credentials.map(|asked| asked.header("authorization"));
    assert!(credentials.all(|sent| sent.as_deref() == Some("Bearer key-not-real")));
    // Without the flag one page is one page.
    let before = recorder.asked().len();
    home.hallpass(&ALL[..3]).run().ok();
    assert_eq!(recorder.asked().len(), before + 1);
}

#[test]
fn a_next_url_in_the_body_is_followed_until_there_is_none() {
    for end in [
        r#"{"paging":{"next":null}}"#,
        r#"{"paging":{"next":""}}"#,
        r#"{"paging":{"next":false}}"#,
        r#"{"paging":null}"#,
        "{}",
        "",
    ] {
        let recorder = Recorder::answering(move |asked, before| match before {
            0 => text(r#"{"paging":{"next":"items?at=2"}}"#),
            1 => {
                let host = asked.header("host").unwrap();
                text(&json!({"paging": {"next": format!("http://{host}/items?at=3")}}).to_string())
            }
            _ => text(end),
        });
        let api = r#"paginate = { next_url = "paging.next" }"#;
        let home = keyed_home(recorder.origin(), api);
        all(&home, &[]).ok();
        assert_eq!(queries(&recorder), ["", "at=2", "at=3"], "{end}");
    }
}

#[test]
fn a_cursor_goes_into_the_query_and_the_rest_of_it_stays() {
    let recorder = in_order(&[
        (r#"{"meta":{"next":"a b&c=1"}}"#, ""),
        (r#"{"meta":{"next":123456789012345678901}}"#, ""),
        (r#"{"meta":{"next":null}}"#, ""),
    ]);
    let api = r#"paginate = { cursor = "meta.next", query = "after" }"#;
    let home = keyed_home(recorder.origin(), api);
    all(&home, &["--query", "q=x y", "--query", "after=start"]).ok();
    let expected = [
        "q=x+y&after=start",
        "q=x+y&after=a+b%26c%3D1",
        "q=x+y&after=123456789012345678901",
    ];
    assert_eq!(queries(&recorder), expected);
}

#[test]
fn pages_are_counted_from_the_users_own_until_one_is_empty() {
    for end in ["[]", "", "[ ]"] {
        let recorder = Recorder::answering(move |_, before| match before {
            0 | 1 => text(&format!("[{before}]")),
            _ => text(end),
        });
        let home = keyed_home(recorder.origin(), r#"paginate = { page = "p" }"#);
        all(&home, &["--query", "p=7"]).ok();
        assert_eq!(queries(&recorder), ["p=7", "p=8", "p=9"], "{end:?}");
        let other = Recorder::answering(move |_, before| match before {
            0 => text("[1]"),
            _ => text(end),
        });
        let home = keyed_home(other.origin(), r#"paginate = { page = "p" }"#);
        all(&home, &[]).ok();
        assert_eq!(queries(&other), ["", "p=2"], "{end:?}");
    }
    let recorder = in_order(&[(r#"{"data":[1]}"#, "")]);
    let home = keyed_home(recorder.origin(), r#"paginate = { page = "p" }"#);
    let run = all(&home, &[]).fails_with(3);
    assert!(run.stderr.contains("say where the items stand"), "{run}");
    all(&home, &["--query", "p=one"]).fails_with(2);
    assert_eq!(recorder.asked().len(), 1, "that is told before it is sent");
}

#[test]
fn offsets_are_counted_by_what_came_until_fewer_than_the_limit_come() {
    let recorder = in_order(&[("[1,2]", ""), ("[3,4]", ""), ("[5]", "")]);
    let api = r#"paginate = { offset = "from", limit = 2 }"#;
    let home = keyed_home(recorder.origin(), api);
    all(&home, &["--query", "from=10"]).ok();
    let expected = ["from=10&limit=2", "from=12&limit=2", "from=14&limit=2"];
    assert_eq!(queries(&recorder), expected);
    // The API gives two at a time, whatever the user wants.
    let recorder = in_order(&[("[1,2]", ""), ("[3,4]", ""), ("[]", "")]);
    let home = keyed_home(recorder.origin(), api);
    all(&home, &["--query", "limit=500"]).ok();
    let expected = ["limit=500", "limit=500&from=2", "limit=500&from=4"];
    assert_eq!(queries(&recorder), expected);
}

#[test]
fn a_credential_in_the_query_is_put_in_anew_and_nothing_is_doubled() {
    let recorder = in_order(&[
        (
            "1",
            "<?page=2&key=old-not-real&v=2&key=older-not-real>; rel=next",
        ),
        ("2", "<?page=3>; rel=next"),
        ("3", ""),
    ]);
    let api = r#"query = { key = "{api_key}", v = "2" }"#;
    let home = keyed_home(recorder.origin(), api);
    let args = [&["-vv"][..], &ALL[..]].concat();
    let run = home.hallpass(&args).run().ok();
    let expected = [
        "key=key-not-real&v=2",
        "page=2&v=2&key=key-not-real",
        "page=3&key=key-not-real&v=2",
    ];
    assert_eq!(queries(&recorder), expected);
    assert!(!run.stderr.contains("not-real"), "{run}");
}

#[test]
fn with_include_each_page_has_its_head() {
    let recorder = in_order(&[("[1]", "<?page=2>; rel=next"), ("[2]", "")]);
    let home = keyed_home(recorder.origin(), "");
    let run = all(&home, &["-i"]).ok();
    assert_eq!(run.stdout.matches("HTTP/1.1 200").count(), 2, "{run}");
    assert!(run.stdout.contains("\r\n\r\n[1]\nHTTP/1.1 200"), "{run}");
    assert!(run.stdout.ends_with("\r\n\r\n[2]"), "{run}");
}

/// Page 2 is for the second token only.
fn renewing(asked: &Asked) -> Option<Reply> {
    if !asked.path.ends_with("/items") {
        return None;
    }
    let sent = asked.header("authorization").unwrap_or_default() + &asked.path;
    Some(match asked.query.as_str() {
        "" => text("[1]")?.with("Link", "<items?page=2>; rel=next"),
        "page=2" if sent.contains("token-1") => Reply::json(401, &json!({})),
        "page=2" => text("[2]")?.with("Link", "<items?page=3>; rel=next"),
        _ => text("[3]")?,
    })
}

#[test]
fn a_token_rejected_in_the_middle_is_renewed_once_and_the_page_asked_again() {
    let recorder = Recorder::answering(|asked, _| renewing(asked));
    let home = recorder.consenting("");
    home.connect("x");
    let run = all(&home, &[]).ok();
    assert_eq!(run.stdout, "[1]\n[2]\n[3]");
    assert_eq!(recorder.asked_at("/token").len(), 2);
    let asked = recorder.asked_at("/api/items");
    assert_eq!(asked.len(), 4);
    assert_eq!(
        asked[3].header("authorization").as_deref(),
        Some("Bearer token-2")
    );
}

#[test]
fn a_next_url_that_holds_the_token_gets_the_renewed_one() {
    let recorder = Recorder::answering(|asked, _| renewing(asked));
    let home = recorder.consenting("");
    home.edit(|text| text.replace("/api\"", "/bot{token}\""));
    home.connect_untested("x");
    let args = [&["-vv"][..], &ALL[..]].concat();
    let run = home.hallpass(&args).run().ok();
    assert_eq!(run.stdout, "[1]\n[2]\n[3]");
    let paths = recorder.asked().into_iter().map(|asked| asked.path);
    let paths: Vec<String> = paths.filter(|path| path.starts_with("/bot")).collect();
    let expected = ["token-1", "token-1", "token-2", "token-2"];
    assert_eq!(paths, expected.map(|token| format!("/bot{token}/items")));
    assert!(!run.stderr.contains("token-1"), "{run}");
    assert!(!run.stderr.contains("token-2"), "{run}");
}

#[test]
fn the_last_request_of_an_action_is_paged() {
    let recorder = Recorder::answering(|asked, _| {
        Some(match (asked.path.as_str(), asked.query.as_str()) {
            ("/boxes", _) => text(r#"[{"id":"b1"}]"#)?.with("Link", "</boxes?page=2>; rel=next"),
            ("/boxes/b1", "page=2") => text("[2]")?,
            _ => text("[1]")?.with("Link", "<?page=2>; rel=next"),
        })
    });
    let home = keyed_home(
        recorder.origin(),
        r#"
[[integrations.x.actions.letters.steps]]
path = "/boxes"
save = { box = "[0].id" }
[[integrations.x.actions.letters.steps]]
path = "/boxes/{box}"
headers = { X-Mine = "yes" }
[integrations.x.actions.send]
method = "POST"
path = "/letters"
"#,
    );
    let paged = |name| {
        home.hallpass(&["request", "x", "--action", name, "--paginate"])
            .run()
    };
    assert_eq!(paged("letters").ok().stdout, "[1]\n[2]");
    assert_eq!(recorder.asked_at("/boxes").len(), 1);
    let asked = recorder.asked_at("/boxes/b1");
    assert!(asked.iter().all(|asked| asked.header("x-mine").is_some()));
    paged("send").fails_with(2);
    assert!(recorder.asked_at("/letters").is_empty());
}

#[test]
fn the_sandbox_has_pages_to_try_with() {
    let (_provider, home) = Provider::connected(&[]);
    let run = home
        .hallpass(&["request", "sandbox", "/items?per_page=40", "--paginate"])
        .run()
        .ok();
    let lines: Vec<serde_json::Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let counts: Vec<usize> = lines
        .iter()
        .map(|page| page.as_array().unwrap().len())
        .collect();
    assert_eq!(counts, [40, 40, 15]);
}
