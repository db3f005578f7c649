//! Answers that no good server gives: each ends in bounded time with a code and a message that a
//! terminal can be shown, and leaves nothing half written.

use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::support::{Raw, Run};

/// Asks for a file, beside an old one of its name; checks what is left.
#[track_caller]
fn asked(api: &Raw, args: &[&str]) -> Run {
    let home = api.home("");
    home.write("file", "old");
    let before = home.files().len();
    let args = [&["request", "x", "/file", "-o", "file"], args].concat();
    let began = Instant::now();
    let run = home.hallpass(&args).dir(home.path()).run();
    assert!(began.elapsed() < Duration::from_secs(50), "{run}");
    assert!(
        !run.stderr.chars().any(|c| c.is_control() && c != '\n'),
        "{run}"
    );
    assert!(!run.stderr.contains("key-not-real"), "{run}");
    let text = std::fs::read_to_string(home.path().join("file")).unwrap();
    if run.code == Some(6) {
        assert_eq!(text, "old", "{run}");
        assert_eq!(home.files().len(), before, "{run}");
    }
    run
}

#[track_caller]
fn is_refused(api: &Raw) {
    asked(api, &[]).fails_with(6);
}

#[test]
fn headers_without_end_are_given_up() {
    for (piece, break_at) in [("X-Header: value\r\n", 0), ("vvvvvvvvvvvvvvvv", 1)] {
        let api = Raw::start(move |stream, _, _| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nX: ")?;
            if break_at == 0 {
                stream.write_all(b"y\r\n")?;
            }
            let pieces = piece.repeat(1000);
            loop {
                stream.write_all(pieces.as_bytes())?;
            }
        });
        is_refused(&api);
    }
}

#[test]
fn heads_that_make_no_sense_are_refused() {
    for head in [
        "",
        "\r\n",
        "HTTP/1.1",
        "garbage\u{1b}[2J\r\n\r\n",
        "SSH-2.0-OpenSSH_9.9\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 99999 OK\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX\u{1b}[2J: b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Le",
    ] {
        is_refused(&Raw::saying(head));
    }
}

#[test]
fn bodies_that_are_not_what_they_were_said_to_be_are_refused() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in [
        "zz\r\nbody\r\n0\r\n\r\n",
        "\u{1b}[2J\r\n",
        "ffffffffffffffffff\r\nbody",
        "4\r\nbodyXX0\r\n\r\n",
        "4\r\nbo",
        "4\r\nbody\r\n",
        "",
        "-4\r\nbody\r\n0\r\n\r\n",
    ] {
        is_refused(&Raw::saying(format!("{CHUNKED}{body}")));
    }
    is_refused(&Raw::saying(
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody",
    ));
    is_refused(&Raw::saying(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nbody",
    ));
}

#[test]
fn what_is_behind_the_answer_is_no_part_of_it() {
    for (answer, body) in [
        (
            "200 OK\r\nContent-Length: 4\r\n\r\nbodyHTTP/1.1 200 OK\r\n\r\nmore",
            "body",
        ),
        ("204 No Content\r\n\r\nbody", ""),
        ("204 No Content\r\nContent-Length: 4\r\n\r\nbody", ""),
        ("304 Not Modified\r\nContent-Length: 4\r\n\r\nbody", ""),
        // Of the two lengths the chunks count (RFC 9112 section 6.3).
        (
            "200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
            "body",
        ),
        // Without a length it is all until the end.
        ("200 OK\r\n\r\nbody", "body"),
    ] {
        let api = Raw::saying(format!("HTTP/1.1 {answer}"));
        let run = api.home("").hallpass(&["request", "x", "/"]).run().ok();
        assert_eq!(run.stdout, body, "{answer}");
    }
}

#[test]
fn interim_answers_without_end_are_given_up_at_the_deadline() {
    let api = Raw::start(|stream, _, _| {
        loop {
            stream.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")?;
        }
    });
    let home = api.home("");
    home.edit(|text| text.replace("timeout = \"20s\"", "timeout = \"1s\""));
    let run = home.hallpass(&["request", "x", "/"]).run().fails_with(6);
    assert_eq!(run.stdout, "");
    let few = "HTTP/1.1 100 Continue\r\n\r\n".repeat(3);
    let api = Raw::saying(format!(
        "{few}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    ));
    let run = api.home("").hallpass(&["request", "x", "/"]).run().ok();
    assert_eq!(run.stdout, "ok");
}

#[test]
fn a_body_without_end_is_held_to_the_bound_that_is_set() {
    let api = Raw::start(|stream, _, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        let block = vec![b'x'; 64 * 1024];
        loop {
            stream.write_all(&block)?;
        }
    });
    asked(&api, &["--max-filesize", "1M"]).fails_with(6);
    // What must be held is bounded without being told.
    let home = api.home(
        "[integrations.x.actions.two]\nsteps = [{ path = \"/a\", save = { id = \"id\" } }, { path = \"/b/{id}\" }]",
    );
    let run = home.hallpass(&["request", "x", "--action", "two"]).run();
    assert!(run.fails_with(6).stderr.contains("it is longer than"));
}

#[test]
fn an_answer_before_the_body_was_sent_is_the_answer() {
    let api = Raw::start(|stream, _, _| {
        stream.write_all(
            b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhuge",
        )?;
        // Closing upon unread bytes would take the answer back.
        std::io::copy(stream, &mut std::io::sink()).map(drop)
    });
    let home = api.home("");
    home.write("body", &"x".repeat(3_000_000));
    let run = home
        .hallpass(&["request", "x", "/", "--data-binary", "@body"])
        .dir(home.path())
        .run()
        .fails_with(8);
    assert_eq!(run.stdout, "huge");
}
