//! `request --paginate --slurp`: one array of what all pages hold, closed when it is whole.

use serde_json::json;

use super::keyed_home;
use super::pages::text;
use crate::support::{Home, Provider, Recorder, Reply};

fn slurped(home: &Home, more: &[&str]) -> crate::support::Run {
    let args = ["request", "x", "/items", "--paginate", "--slurp"];
    home.hallpass(&[&args[..], more].concat()).run()
}

/// Pages that follow each other by `Link`, the last one without.
fn pages(bodies: &'static [&'static str]) -> Recorder {
    Recorder::answering(move |_, before| {
        let reply = text(bodies[before])?;
        Some(if before + 1 < bodies.len() {
            reply.with("Link", format!("<?page={}>; rel=next", before + 2))
        } else {
            reply
        })
    })
}

#[test]
fn items_stand_in_one_array_as_they_were_written() {
    let recorder = pages(&[
        r#"{"data":[ {"b":1.0, "a":1e400,"a": "\u0061"} , 12345678901234567890123 ],"n":1}"#,
        r#"{"data":[]}"#,
        r#"{"data":null}"#,
        "{}",
        "",
        r#"{"data":[null,"x]","y"]}"#,
    ]);
    let home = keyed_home(recorder.origin(), r#"paginate = { items = "data" }"#);
    let run = slurped(&home, &[]).ok();
    assert_eq!(
        run.stdout,
        concat!(
            r#"[{"b":1.0, "a":1e400,"a": "\u0061"},12345678901234567890123,null,"x]","y"]"#,
            "\n"
        )
    );
    assert_eq!(run.stderr, "", "{run}");
}

#[test]
fn without_a_definition_arrays_are_joined_and_other_pages_are_items() {
    let recorder = pages(&["[1, 2]", r#"{"n": 3}"#, " [4]\n"]);
    let home = keyed_home(recorder.origin(), "");
    assert_eq!(slurped(&home, &[]).ok().stdout, "[1,2,{\"n\": 3},4]\n");
    let recorder = pages(&["[]"]);
    let home = keyed_home(recorder.origin(), "");
    assert_eq!(slurped(&home, &[]).ok().stdout, "[]\n");
}

#[test]
fn an_error_in_the_middle_leaves_the_array_open() {
    let recorder = Recorder::answering(|asked, _| {
        Some(match asked.query.as_str() {
            "" => text("[1,2]")?.with("Link", "<?page=2>; rel=next"),
            _ => Reply::json(500, &json!({ "message": "no" })),
        })
    });
    let home = keyed_home(recorder.origin(), "");
    let run = slurped(&home, &[]).fails_with(8);
    assert_eq!(run.stdout, "[1,2\n{\"message\":\"no\"}");
    let file = home.path().join("all.json");
    let run = slurped(&home, &["-o", file.to_str().unwrap()]).fails_with(8);
    assert_eq!(run.json(), json!({ "message": "no" }));
    assert!(!file.exists());
    // In the beginning it is an answer like any other.
    let recorder = Recorder::answering(|_, _| Some(Reply::json(404, &json!({ "message": "no" }))));
    let home = keyed_home(recorder.origin(), "");
    let run = slurped(&home, &[]).fails_with(8);
    assert_eq!(run.stdout, "{\"message\":\"no\"}");
}

#[test]
fn what_is_no_json_leaves_the_array_open() {
    for bodies in [&["[1]", "<html>"][..], &["[1]", "[2"], &["[1]", "[2] 3"]] {
        let recorder = pages(bodies);
        let home = keyed_home(recorder.origin(), "");
        let run = slurped(&home, &[]).fails_with(6);
        assert_eq!(run.stdout, "[1", "{run}");
        assert!(run.stderr.contains("page 2"), "{run}");
        assert!(run.stderr.contains("no JSON"), "{run}");
    }
}

#[test]
fn a_bound_that_is_passed_leaves_the_array_open_and_one_that_is_meant_closes_it() {
    let endless = || {
        Recorder::answering(|_, before| {
            let next = before + 2;
            Some(text("[1]")?.with("Link", format!("<?page={next}>; rel=next")))
        })
    };
    let recorder = endless();
    let home = keyed_home(recorder.origin(), "");
    let run = slurped(&home, &["--all-pages-limit", "2"]).ok();
    assert_eq!(run.stdout, "[1,1]\n");
    assert!(run.stderr.contains("stopped after 2 pages"), "{run}");
    let recorder = endless();
    let home = keyed_home(recorder.origin(), "");
    let run = slurped(&home, &[]).fails_with(6);
    assert!(run.stdout.ends_with("1,1"), "{run}");
}

#[test]
fn a_file_holds_the_whole_array() {
    let recorder = pages(&["[1]", "[2]"]);
    let home = keyed_home(recorder.origin(), "");
    let file = home.path().join("all.json");
    let run = slurped(&home, &["-o", file.to_str().unwrap()]).ok();
    assert_eq!(run.stdout, "");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "[1,2]\n");
}

#[test]
fn items_that_are_not_where_the_definition_says_are_told_of() {
    let recorder = pages(&[r#"{"dta":[1]}"#]);
    let home = keyed_home(recorder.origin(), r#"paginate = { items = "data" }"#);
    let run = slurped(&home, &[]).ok();
    assert_eq!(run.stdout, "[]\n");
    assert!(run.stderr.contains("nothing where `api.paginate`"), "{run}");
    let recorder = pages(&[r#"{"data":{"a":1}}"#]);
    let home = keyed_home(recorder.origin(), r#"paginate = { items = "data" }"#);
    let run = slurped(&home, &[]).fails_with(3);
    assert_eq!(run.stdout, "", "{run}");
}

#[test]
fn a_page_larger_than_what_is_looked_into_is_refused() {
    let recorder = Recorder::answering(|_, _| text(&" ".repeat((64 << 20) + 1)));
    let home = keyed_home(recorder.origin(), "");
    let run = slurped(&home, &[]).fails_with(6);
    assert!(run.stderr.contains("64 MiB"), "{run}");
}

#[test]
fn slurp_needs_pages_and_has_no_heads() {
    let recorder = Recorder::start();
    let home = keyed_home(recorder.origin(), "");
    slurped(&home, &["-i"]).fails_with(2);
    for flags in [&["--slurp"][..], &["--all-pages-limit", "3"]] {
        home.hallpass(&[&["request", "x", "/items"], flags].concat())
            .run()
            .fails_with(2);
    }
    assert!(recorder.asked().is_empty());
}

#[test]
fn every_way_through_the_sandbox_s_pages_ends_with_the_same_items() {
    let (_provider, home) = Provider::connected(&[]);
    let ways = [
        ("/items", ""),
        ("/items", r#"paginate = { page = "page" }"#),
        ("/items", r#"paginate = { offset = "offset", limit = 20 }"#),
        (
            "/items/cursor?limit=19",
            r#"paginate = { items = "data", cursor = "meta.next", query = "cursor" }"#,
        ),
        (
            "/items/cursor",
            r#"paginate = { items = "data", next_url = "meta.next_url" }"#,
        ),
    ];
    let plain = std::fs::read_to_string(home.path().join("integrations.toml")).unwrap();
    for (path, paginate) in ways {
        let api = format!("test = \"/me\"\n{paginate}");
        home.write("integrations.toml", &plain.replace("test = \"/me\"", &api));
        let args = ["request", "sandbox", path, "--paginate", "--slurp"];
        let all = home.hallpass(&args).run().ok().json();
        let ids: Vec<u64> = all
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_u64().unwrap())
            .collect();
        assert_eq!(ids, (1..=95).collect::<Vec<u64>>(), "{paginate}");
    }
}
