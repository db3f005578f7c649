//! Flags of `request` that meet: each does what it says beside the others, or is
//! refused; none is left out in silence.

use serde_json::json;

use super::keyed_home;
use super::pages::text;
use crate::support::{Recorder, Reply};

/// Two pages, and an error.
fn api() -> Recorder {
    Recorder::answering(|asked, _| match asked.path.as_str() {
        "/none" => Some(Reply::json(404, &json!({"error": "none"}))),
        "/items" => text("[1,2,3]").map(|reply| reply.with("Link", "</last>; rel=next")),
        _ => text("[4]"),
    })
}

#[test]
fn a_filter_refuses_what_it_would_not_do() {
    let recorder = api();
    let home = keyed_home(recorder.origin(), "");
    for flags in [&["-O"][..], &["-OJ"], &["-I"], &["--paginate", "-I"]] {
        let args = [&["request", "x", "/items", "--jq", "."], flags].concat();
        let run = home.hallpass(&args).run().fails_with(2);
        assert!(run.stderr.contains("cannot be used with"), "{run}");
    }
    assert!(recorder.asked().is_empty(), "nothing was sent");
}

#[test]
fn a_head_request_takes_no_body_but_data_in_its_query() {
    let recorder = api();
    let home = keyed_home(recorder.origin(), "");
    let file = home.write("file", "x");
    let file = file.to_str().unwrap();
    for flags in [
        ["-d", "a=b"],
        ["--data-raw", "a=b"],
        ["--data-urlencode", "a=b"],
        ["-F", "a=b"],
        ["--json", "{}"],
        ["-T", file],
    ] {
        let args = [&["request", "x", "/last", "-I"], &flags[..]].concat();
        let run = home.hallpass(&args).run().fails_with(2);
        assert!(run.stderr.contains("HEAD"), "{run}");
    }
    assert!(recorder.asked().is_empty(), "nothing was sent");
    let args = ["request", "x", "/last", "-I", "-G", "-d", "a=b"];
    home.hallpass(&args).run().ok();
    let asked = &recorder.asked()[0];
    assert_eq!((&*asked.method, &*asked.body), ("HEAD", ""));
    assert_eq!(asked.query, "a=b");
}

#[test]
fn a_bound_on_the_body_holds_wherever_it_goes() {
    let recorder = api();
    let home = keyed_home(recorder.origin(), "");
    for more in [
        &[][..],
        &["-o", "file"],
        &["--jq", "."],
        &["--paginate"],
        &["--paginate", "--slurp"],
        &["--paginate", "--jq", "."],
        &["--paginate", "--slurp", "--jq", "."],
    ] {
        let bounded = |most: &str| {
            let args = ["request", "x", "/items", "--max-filesize", most];
            let cmd = home.hallpass(&[&args, more].concat());
            cmd.dir(home.path()).run()
        };
        let run = bounded("6").fails_with(6);
        assert!(run.stderr.contains("is longer than 6 bytes"), "{run}");
        assert!(run.stderr.contains("hint: allow more with"), "{run}");
        assert!(!run.stdout.contains('3'), "{run}");
        // It is the bound of each page, and not of all of them.
        bounded("7").ok();
    }
}

#[cfg(unix)]
#[test]
fn a_bound_on_the_body_holds_on_a_terminal() {
    let recorder = api();
    let home = keyed_home(recorder.origin(), "");
    let bounded = |most: &str| {
        let args = ["request", "x", "/items", "--max-filesize", most];
        let (running, _terminal) = home.hallpass(&args).spawn_all_at_terminal();
        running.wait()
    };
    let run = bounded("6").exits(6);
    assert!(run.stderr.contains("is longer than 6 bytes"), "{run}");
    bounded("7").ok();
}

#[test]
fn the_hint_tells_where_an_error_is_to_be_seen() {
    let recorder = api();
    let home = keyed_home(recorder.origin(), "");
    for (flags, seen) in [
        (&[][..], "see the answer above"),
        (&["-o", "-"], "see the answer above"),
        (&["-o", "file"], "see the answer in `file`"),
        (&["-O"], "see the answer in the file"),
        (&["-f"], "see the answer without `-f`"),
        (&["-f", "-o", "file"], "see the answer without `-f`"),
    ] {
        let args = [&["request", "x", "/none"], flags].concat();
        let run = home.hallpass(&args).dir(home.path()).run().fails_with(8);
        assert!(run.stderr.contains(seen), "{run}");
    }
}

#[test]
fn directories_are_made_for_pages_too() {
    let recorder = api();
    let home = keyed_home(recorder.origin(), "");
    let pages = |dir: &str, more: &[&str]| {
        let file = format!("{dir}/b/pages");
        let args = ["request", "x", "/items", "--paginate", "-o", &file];
        let args = [&args, more].concat();
        (home.hallpass(&args).dir(home.path()).run(), file)
    };
    let (run, _) = pages("a", &[]);
    assert!(run.fails_with(2).stderr.contains("--create-dirs"));
    for (dir, more, written) in [
        ("a", &["--create-dirs"][..], "[1,2,3]\n[4]"),
        ("b", &["--create-dirs", "--slurp"], "[1,2,3,4]\n"),
    ] {
        let (run, file) = pages(dir, more);
        run.ok();
        let text = std::fs::read_to_string(home.path().join(file)).unwrap();
        assert_eq!(text, written);
    }
}

#[test]
fn a_flag_that_is_given_twice_counts_once_and_the_last_value_of_one_counts() {
    let recorder = api();
    let home = keyed_home(recorder.origin(), "");
    let flags = [
        "-s", "-s", "-L", "-L", "-i", "-i", "-X", "PUT", "-X", "PATCH",
    ];
    let args = [&["request", "x", "/last"], &flags[..]].concat();
    home.hallpass(&args).run().ok();
    let methods: Vec<String> = recorder
        .asked()
        .into_iter()
        .map(|asked| asked.method)
        .collect();
    assert_eq!(methods, ["PATCH"]);
}
