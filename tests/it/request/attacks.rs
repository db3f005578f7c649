//! What an API, or somebody in its place, might try in order to get at a credential, to have one
//! renewed for nothing, or to keep a command from coming to its end.

use std::io::Write as _;
use std::time::{Duration, Instant};

use super::keyed_home;
#[cfg(unix)]
use crate::support::eventually;
use crate::support::{Raw, Recorder, Reply};

const KEY: &str = "key-not-real";

#[test]
fn an_action_s_redirect_with_the_credential_in_it_is_not_followed() {
    let stranger = Recorder::start();
    let to = format!("{}/there?t={KEY}", stranger.origin());
    let api = Recorder::answering(move |_, _| Some(Reply::redirect(&to)));
    let home = keyed_home(
        api.origin(),
        "query = { key = \"{api_key}\" }\n[integrations.x.actions.go]\npath = \"/go\"",
    );
    let args = ["-v", "request", "x", "--action", "go", "-L"];
    let run = home.hallpass(&args).run().fails_with(6);
    assert!(run.stderr.contains("holds the credential"), "{run}");
    assert!(!run.stderr.contains(KEY), "{run}");
    assert!(stranger.asked().is_empty());
}

#[test]
fn what_an_api_repeats_is_not_shown_for_an_action_or_a_batch() {
    let api = Recorder::answering(|_, _| {
        Some(Reply::text(200, "text/plain", "").with("X-Echo", format!("you sent {KEY}")))
    });
    let home = keyed_home(
        api.origin(),
        "query = { key = \"{api_key}\" }\n[integrations.x.actions.go]\npath = \"/go\"",
    );
    let action = home.hallpass(&["-v", "request", "x", "--action", "go"]);
    let batch = home.hallpass(&["-v", "request", "x", "--batch", "-"]);
    let batch = batch.stdin("{\"path\":\"/go\"}\n");
    for run in [action.run().ok(), batch.run().ok()] {
        assert!(run.stderr.contains("x-echo: you sent ***"), "{run}");
        assert!(!run.stderr.contains(KEY), "{run}");
    }
}

#[test]
fn a_credential_of_ones_own_that_is_rejected_has_nothing_renewed() {
    let api = Recorder::answering(|asked, _| {
        let rejected = || Reply::text(401, "text/plain", "rejected");
        asked.path.starts_with("/api").then(rejected)
    });
    let home = api.consenting("");
    home.connect_untested("x");
    let before = api.asked_at("/token").len();
    for own in [
        &["-H", "Authorization: Bearer other-not-real"][..],
        &["-H", "Authorization:"],
    ] {
        let args = [&["request", "x", "/y"], own].concat();
        home.hallpass(&args).run().fails_with(8);
        assert_eq!(api.asked_at("/token").len(), before, "{own:?}");
    }
    assert_eq!(api.asked_at("/api/y").len(), 2);
    home.hallpass(&["request", "x", "/y"]).run().fails_with(8);
    assert_eq!(api.asked_at("/token").len(), before + 1);
}

#[test]
fn an_answer_that_drips_behind_an_upload_is_left_when_the_time_is_over() {
    let api = Raw::start(|stream, _, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        loop {
            stream.write_all(b"x")?;
            // The slowness is what is tried; nothing is waited for.
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let home = api.home("");
    let file = home.write("body.txt", &"x".repeat(3 << 20));
    let file = file.to_str().unwrap();
    let began = Instant::now();
    let args = ["request", "x", "/y", "--max-time", "2", "-T", file];
    let run = home.hallpass(&args).run().fails_with(6);
    assert!(run.stderr.contains("it was not over within 2s"), "{run}");
    assert!(began.elapsed() < Duration::from_secs(20), "{run}");
}

#[test]
fn a_next_page_elsewhere_does_not_bring_a_credential_into_the_message() {
    let stranger = Recorder::start();
    let to = format!("{}/bot{KEY}/items", stranger.origin());
    let api = Recorder::answering(move |_, _| {
        let reply = Reply::text(200, "application/json", "[]");
        Some(reply.with("Link", format!("<{to}>; rel=next")))
    });
    let home = keyed_home(&format!("{}/bot{{api_key}}", api.origin()), "");
    let run = home
        .hallpass(&["request", "x", "/items", "--paginate"])
        .run();
    let run = run.fails_with(2);
    assert!(run.stderr.contains("/bot***/items"), "{run}");
    assert!(!run.stderr.contains(KEY), "{run}");
    assert!(stranger.asked().is_empty());
}

#[test]
fn a_test_is_understood_that_is_compressed_unasked() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"{\"ok\":true}").unwrap();
    let body = gzip.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let api = Raw::saying([head.as_bytes(), &body].concat());
    let home = api.home("test = { path = \"/me\", expect = { require = { ok = true } } }");
    home.hallpass(&["test", "x"]).run().ok();
}

#[test]
fn a_stranger_s_page_does_not_say_what_the_credential_is_used_for_next() {
    for paginate in ["", "paginate = { next_url = \"next\" }"] {
        let api = Recorder::answering(|asked, _| {
            let to = asked.query("to").filter(|_| asked.path == "/items");
            to.map(|to| Reply::redirect(&to))
        });
        let next = format!("{}/remove-all", api.origin());
        let stranger = Recorder::answering(move |_, _| {
            let reply = Reply::json(200, &serde_json::json!({ "next": next }));
            Some(reply.with("Link", format!("<{next}>; rel=next")))
        });
        let home = keyed_home(api.origin(), paginate);
        let to = format!("to={}/there", stranger.origin());
        let args = ["request", "x", "/items", "-L", "--paginate", "--query", &to];
        let run = home.hallpass(&args).run().fails_with(6);
        assert!(run.stderr.contains("no say in where"), "{run}");
        assert!(api.asked_at("/remove-all").is_empty(), "{run}");
    }
}

#[cfg(unix)]
#[test]
fn a_batch_s_results_cannot_act_on_the_terminal_and_say_the_same() {
    const BODY: &str = "{\"a\":\"\u{9b}31m\u{7f}\u{202e}\"}";
    let api = Recorder::answering(|_, _| Some(Reply::text(200, "application/json", BODY)));
    let home = keyed_home(api.origin(), "");
    let lines = home.write("lines.ndjson", "{\"path\":\"/y\"}\n");
    let args = ["request", "x", "--batch", lines.to_str().unwrap()];
    let piped = home.hallpass(&args).run().ok();
    assert!(piped.stdout.contains(BODY), "{piped}");
    let (process, _terminal) = home.hallpass(&args).spawn_all_at_terminal();
    let run = process.wait().ok();
    assert!(run.stderr.contains("\\u009b31m\\u007f\\u202e"), "{run}");
    assert!(
        !run.stderr.contains(['\u{9b}', '\u{7f}', '\u{202e}']),
        "{run}"
    );
}

#[cfg(unix)]
#[test]
fn the_longest_body_is_held_to_at_a_terminal_too() {
    let api = Raw::start(|stream, _, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")?;
        loop {
            stream.write_all(b"without end\n")?;
        }
    });
    let home = api.home("");
    let args = ["request", "x", "/y", "--max-filesize", "100k"];
    let (process, _terminal) = home.hallpass(&args).spawn_all_at_terminal();
    let run = process.wait().exits(6);
    assert!(run.stderr.contains("is longer than 102400 bytes"), "{run}");
}

#[cfg(unix)]
#[test]
fn a_download_that_is_interrupted_leaves_nothing_that_cannot_be_gone_on_with() {
    use rustix::process::Signal;
    for more in [&[][..], &["--paginate"]] {
        let api = Raw::start(|stream, _, _| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")?;
            // The rest never comes: the caller is interrupted.
            std::io::copy(stream, &mut std::io::sink()).map(drop)
        });
        let home = api.home("");
        let dir = tempfile::tempdir().unwrap();
        let names = || std::fs::read_dir(dir.path()).unwrap().count();
        let args = [&["request", "x", "/y", "-o", "file"], more].concat();
        let running = home.hallpass(&args).dir(dir.path()).spawn();
        eventually("it is on its way", || (names() > 0).then_some(()));
        running.signal(Signal::TERM);
        running.wait().exits(143);
        assert_eq!(names(), 0, "{more:?}");
    }
}
