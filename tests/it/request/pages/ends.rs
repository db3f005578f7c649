//! Pages that end before the last: circles, bounds, errors, strangers, and a
//! reader that has gone away.

use serde_json::json;

use super::{ALL, all, in_order, text};
use crate::request::keyed_home;
use crate::support::{Recorder, Reply};

#[test]
fn a_next_page_elsewhere_is_refused_and_nothing_is_sent_there() {
    let stranger = Recorder::start();
    let elsewhere = format!("{}/items", stranger.origin());
    for (api, by_link) in [("", true), (r#"paginate = { next_url = "next" }"#, false)] {
        let to = elsewhere.clone();
        let recorder = Recorder::answering(move |_, _| {
            let body = json!({ "next": to });
            let reply = Reply::json(200, &body);
            Some(if by_link {
                reply.with("Link", format!("<{to}>; rel=next"))
            } else {
                reply
            })
        });
        let home = keyed_home(recorder.origin(), api);
        let file = home.path().join("all.json");
        let run = all(&home, &["-o", file.to_str().unwrap()]).fails_with(2);
        assert!(
            run.stderr.contains("not a place this credential may go to"),
            "{run}"
        );
        assert!(!file.exists());
        assert_eq!(recorder.asked().len(), 1);
    }
    assert!(stranger.asked().is_empty());
}

#[test]
fn a_circle_is_noticed_and_left() {
    for (api, body, link, most) in [
        ("", "1", "</items>; rel=next", 1),
        ("", "1", "</items?page=2>; rel=next", 2),
        (
            r#"paginate = { next_url = "next" }"#,
            r#"{"next":"/items?a=1"}"#,
            "",
            2,
        ),
        (
            r#"paginate = { cursor = "next", query = "c" }"#,
            r#"{"next":"a"}"#,
            "",
            2,
        ),
        (r#"paginate = { page = "p" }"#, "[1]", "", 2),
        (r#"paginate = { offset = "o", limit = 1 }"#, "[1]", "", 2),
    ] {
        let recorder = Recorder::answering(move |_, _| {
            let reply = text(body)?;
            Some(if link.is_empty() {
                reply
            } else {
                reply.with("Link", link)
            })
        });
        let home = keyed_home(recorder.origin(), api);
        let run = all(&home, &[]).fails_with(6);
        assert!(
            run.stderr.contains("a page that was there already"),
            "{run}"
        );
        assert_eq!(recorder.asked().len(), most, "{api}");
    }
}

/// A server whose pages never end.
fn endless() -> Recorder {
    Recorder::answering(|_, before| {
        let next = before + 2;
        Some(text(&format!("[{next}]\n"))?.with("Link", format!("<?page={next}>; rel=next")))
    })
}

#[test]
fn more_pages_than_the_usual_bound_are_a_failure() {
    let recorder = endless();
    let home = keyed_home(recorder.origin(), "");
    let file = home.path().join("all.json");
    let run = all(&home, &["-o", file.to_str().unwrap()]).fails_with(6);
    assert!(run.stderr.contains("more than 1000 pages"), "{run}");
    assert!(run.stderr.contains("--all-pages-limit N"), "{run}");
    assert_eq!(recorder.asked().len(), 1000);
    assert!(!file.exists(), "all pages or none");
}

#[test]
fn as_many_pages_as_are_wanted_are_a_success_with_a_note() {
    let recorder = endless();
    let home = keyed_home(recorder.origin(), "");
    let run = all(&home, &["--all-pages-limit", "3"]).ok();
    assert_eq!(run.stdout, "[2]\n[3]\n[4]\n");
    assert!(
        run.stderr.contains("stopped after 3 pages; there are more"),
        "{run}"
    );
    assert_eq!(recorder.asked().len(), 3);
    // Where there are no more, nothing is said of more.
    let recorder = in_order(&[("1", "<?page=2>; rel=next"), ("2", "")]);
    let home = keyed_home(recorder.origin(), "");
    let run = all(&home, &["--all-pages-limit", "2"]).ok();
    assert_eq!(run.stderr, "", "{run}");
    all(&home, &["--all-pages-limit", "0"]).fails_with(2);
}

#[test]
fn a_file_gets_all_pages_or_stays_as_it_was() {
    let recorder = Recorder::answering(|asked, _| {
        Some(match asked.query("page").as_deref() {
            None => text("[1]")?.with("Link", "<?page=2>; rel=next"),
            Some("2") if asked.query.contains("good") => text("[2]")?,
            Some("2") => Reply::json(500, &json!({ "message": "no" })),
            _ => return None,
        })
    });
    let home = keyed_home(recorder.origin(), "");
    let file = home.write("all.json", "before");
    let name = file.to_str().unwrap();
    let run = all(&home, &["-o", name]).fails_with(8);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "before");
    assert_eq!(run.json(), json!({ "message": "no" }), "it is not lost");
    assert!(run.stderr.contains("page 2 did not come"), "{run}");
    let leftovers = home.files();
    assert!(
        !leftovers
            .iter()
            .any(|file| file.to_string_lossy().contains(".hallpass-")),
        "{leftovers:?}"
    );
    let recorder = in_order(&[("[1]", "<?page=2>; rel=next"), ("[2]", "")]);
    let home = keyed_home(recorder.origin(), "");
    let file = home.write("all.json", "before");
    all(&home, &["-o", file.to_str().unwrap()]).ok();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "[1]\n[2]");
}

#[test]
fn an_error_in_the_middle_comes_as_with_any_request() {
    let recorder = Recorder::answering(|asked, _| {
        Some(match asked.query.as_str() {
            "" => text("[1]")?.with("Link", "<?page=2>; rel=next"),
            _ => Reply::json(403, &json!({ "message": "no" })),
        })
    });
    let home = keyed_home(recorder.origin(), "");
    let run = all(&home, &[]).fails_with(8);
    assert_eq!(run.stdout, "[1]\n{\"message\":\"no\"}");
    assert!(run.stderr.contains("page 2 did not come"), "{run}");
    assert!(run.stderr.contains("403"), "{run}");
}

#[test]
fn a_redirect_is_no_page() {
    let recorder = Recorder::answering(|asked, _| {
        Some(match asked.query.as_str() {
            "" => text("[1]")?.with("Link", "<?page=2>; rel=next"),
            _ => Reply::redirect("/elsewhere"),
        })
    });
    let home = keyed_home(recorder.origin(), "");
    let run = all(&home, &[]).fails_with(6);
    assert!(run.stderr.contains("page 2 is elsewhere"), "{run}");
    assert!(recorder.asked_at("/elsewhere").is_empty());
}

#[test]
fn a_page_that_is_no_json_is_printed_and_leaves_the_end_unknown() {
    let recorder = in_order(&[(r#"{"next":"/items?a=2"}"#, ""), ("<html>", "")]);
    let home = keyed_home(recorder.origin(), r#"paginate = { next_url = "next" }"#);
    let run = all(&home, &[]).fails_with(6);
    assert!(run.stdout.ends_with("\n<html>"), "{run}");
    assert!(run.stderr.contains("after page 2"), "{run}");
    for body in [r#"{"next":{}}"#, r#"{"next":[1]}"#, r#"{"next":true}"#] {
        let recorder = Recorder::answering(move |_, _| text(body));
        let home = keyed_home(recorder.origin(), r#"paginate = { next_url = "next" }"#);
        let run = all(&home, &[]).fails_with(3);
        assert!(run.stderr.contains("mend `paginate`"), "{run}");
    }
}

#[test]
fn a_page_that_breaks_off_is_no_success() {
    for api in ["", r#"paginate = { next_url = "next" }"#] {
        let recorder = Recorder::answering(|_, before| match before {
            0 => Some(text(r#"{"next":"?p=2"}"#)?.with("Link", "<?p=2>; rel=next")),
            _ => Some(text(r#"{"next":null,"filler":"filler"}"#)?.cut(110)),
        });
        let home = keyed_home(recorder.origin(), api);
        let run = all(&home, &[]).fails_with(6);
        assert!(run.stderr.contains("broke off"), "{run}");
    }
}

#[test]
fn only_what_is_safe_is_done_page_after_page() {
    let recorder = Recorder::start();
    let home = keyed_home(recorder.origin(), "");
    for more in [&["-X", "POST"][..], &["--json", "{}"], &["-X", "DELETE"]] {
        let run = all(&home, more).fails_with(2);
        assert!(
            run.stderr.contains("may change something each time"),
            "{run}"
        );
    }
    let args = [&ALL[..], &["-X", "GET", "--data-binary", "@-"]].concat();
    // More than is read before it is sent.
    let stdin = home.hallpass(&args).stdin("x".repeat(3 << 20));
    let run = stdin.run().fails_with(2);
    assert!(run.stderr.contains("stdin is sent once"), "{run}");
    let by_body = keyed_home(recorder.origin(), r#"paginate = { next_url = "next" }"#);
    all(&by_body, &["-X", "HEAD"]).fails_with(2);
    assert!(recorder.asked().is_empty());
    all(&home, &["-X", "HEAD"]).ok();
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_gone_away_ends_it() {
    let recorder = endless();
    let home = keyed_home(recorder.origin(), "");
    let run = home
        .shell("{ hallpass request x /items --paginate; echo $? >&2; } | head -n 1")
        .run()
        .ok();
    assert_eq!(run.stdout, "[2]\n");
    assert_eq!(run.stderr.trim(), "0", "{run}");
    assert!(recorder.asked().len() < 1000);
}
