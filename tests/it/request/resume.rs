//! `-C -`: what broke off is gone on with, and never put together from two different things.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;

use crate::support::{Home, Raw, Run};

const TAG: &str = "ETag: \"v1\"\r\n";

/// Runs `request x /file -o file` in the home.
fn get(home: &Home, args: &[&str]) -> Run {
    let args = [&["request", "x", "/file", "-o", "file"], args].concat();
    home.hallpass(&args).dir(home.path()).run()
}

fn text(home: &Home, name: &str) -> Option<String> {
    std::fs::read_to_string(home.path().join(name)).ok()
}

/// Nothing but the file is left of a download.
#[track_caller]
fn is_whole(home: &Home, body: &str) {
    assert_eq!(text(home, "file").as_deref(), Some(body));
    for name in ["file.part", "file.part.hallpass"] {
        assert_eq!(text(home, name), None, "{name}");
    }
}

/// An API that breaks off after five bytes the first time, and then answers so.
fn breaking_off(
    headers: &'static str,
    then: impl Fn(&mut TcpStream, &str) -> std::io::Result<()> + Send + Sync + 'static,
) -> (Raw, Home) {
    let api = Raw::start(move |stream, head, before| {
        if before > 0 {
            return then(stream, &head.to_ascii_lowercase());
        }
        write!(
            stream,
            "HTTP/1.1 200 OK\r\n{headers}Content-Length: 10\r\n\r\n01234"
        )
    });
    let home = api.home("");
    (api, home)
}

fn rest(stream: &mut TcpStream, head: &str) -> std::io::Result<()> {
    assert!(head.contains("\r\nrange: bytes=5-\r\n"), "{head}");
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\n{TAG}Content-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789"
    )
}

#[test]
fn what_broke_off_is_kept_beside_the_old_file_and_gone_on_with() {
    let (api, home) = breaking_off(TAG, rest);
    home.write("file", "old");
    let run = get(&home, &[]).fails_with(6);
    assert!(run.stderr.contains("`-C -`"), "{run}");
    assert_eq!(text(&home, "file").as_deref(), Some("old"));
    assert_eq!(text(&home, "file.part").as_deref(), Some("01234"));
    get(&home, &["-C", "-"]).ok();
    is_whole(&home, "0123456789");
    let asked = api.heads().pop().unwrap();
    assert!(asked.contains("\r\nif-range: \"v1\"\r\n"), "{asked}");
    assert!(
        asked.contains("\r\naccept-encoding: identity\r\n"),
        "{asked}"
    );
}

#[test]
fn a_date_of_last_change_is_gone_on_with_too() {
    let dates =
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 09:49:37 GMT\r\n";
    let (api, home) = breaking_off(dates, rest);
    get(&home, &[]).fails_with(6);
    get(&home, &["-C", "-"]).ok();
    is_whole(&home, "0123456789");
    let asked = api.heads().pop().unwrap();
    assert!(
        asked.contains("\r\nif-range: sun, 06 nov 1994 08:49:37 gmt\r\n"),
        "{asked}"
    );
}

#[test]
fn nothing_is_kept_of_what_could_not_be_gone_on_with() {
    for headers in [
        "",
        "ETag: W/\"weak\"\r\n",
        "ETag: \"v1\"\r\nAccept-Ranges: none\r\n",
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
    ] {
        let (_api, home) = breaking_off(headers, rest);
        let run = get(&home, &[]).fails_with(6);
        assert!(run.stderr.contains("nothing was kept"), "{run}");
        let files = home.files();
        assert!(
            files
                .iter()
                .all(|path| !path.to_string_lossy().contains("part")),
            "{headers}: {files:?}"
        );
        assert_eq!(text(&home, "file"), None);
    }
}

#[test]
fn a_server_that_gives_all_of_it_again_or_another_file_begins_from_the_start() {
    for headers in ["", "ETag: \"v2\"\r\n"] {
        let (_api, home) = breaking_off(TAG, move |stream, _| {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\n{headers}Content-Length: 8\r\n\r\nabcdefgh"
            )
        });
        get(&home, &[]).fails_with(6);
        let run = get(&home, &["-C", "-"]).ok();
        assert!(run.stderr.contains("from the start"), "{run}");
        assert_eq!(text(&home, "file").as_deref(), Some("abcdefgh"));
    }
}

#[test]
fn a_part_that_is_whole_already_becomes_the_file() {
    let (_api, home) = breaking_off(TAG, |stream, _| {
        write!(
            stream,
            "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */5\r\nContent-Length: 2\r\n\r\nno"
        )
    });
    get(&home, &[]).fails_with(6);
    let run = get(&home, &["-C", "-"]).ok();
    assert_eq!(run.stdout, "");
    is_whole(&home, "01234");
}

#[test]
fn an_error_leaves_the_part_and_the_old_file_as_they_are() {
    let (_api, home) = breaking_off(TAG, |stream, _| {
        write!(
            stream,
            "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */3\r\nContent-Length: 2\r\n\r\nno"
        )
    });
    home.write("file", "old");
    get(&home, &[]).fails_with(6);
    let run = get(&home, &["-C", "-"]).fails_with(8);
    assert_eq!(run.stdout, "no");
    assert_eq!(text(&home, "file").as_deref(), Some("old"));
    assert_eq!(text(&home, "file.part").as_deref(), Some("01234"));
}

#[test]
fn a_wrong_part_is_never_put_behind_the_right_one() {
    for headers in [
        "Content-Range: bytes 4-8/10\r\n",
        "Content-Range: bytes 5-9/11\r\n",
        "Content-Range: bytes 5-10/10\r\n",
        "Content-Range: lines 5-9/10\r\n",
        "Content-Type: multipart/byteranges; boundary=x\r\n",
        "",
        "ETag: \"v2\"\r\nContent-Range: bytes 5-9/10\r\n",
        "Content-Encoding: gzip\r\nContent-Range: bytes 5-9/10\r\n",
    ] {
        let (_api, home) = breaking_off(TAG, move |stream, _| {
            write!(
                stream,
                "HTTP/1.1 206 Partial Content\r\n{headers}Content-Length: 5\r\n\r\nwrong"
            )
        });
        get(&home, &[]).fails_with(6);
        let run = get(&home, &["-C", "-"]).fails_with(6);
        assert!(run.stderr.contains("without `-C -`"), "{headers}: {run}");
        assert_eq!(text(&home, "file.part").as_deref(), Some("01234"));
        assert_eq!(text(&home, "file"), None);
    }
}

#[test]
fn a_rest_that_breaks_off_or_is_only_some_of_it_is_gone_on_with_in_turn() {
    let (_api, home) = breaking_off(TAG, |stream, head| {
        let (range, body) = if head.contains("range: bytes=5-") {
            ("5-6/10", "56")
        } else {
            assert!(head.contains("range: bytes=7-"), "{head}");
            ("7-9/10", "789")
        };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 206 Partial Content\r\n{TAG}Content-Range: bytes {range}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    });
    get(&home, &[]).fails_with(6);
    let run = get(&home, &["-C", "-"]).fails_with(6);
    assert!(run.stderr.contains("`-C -`"), "{run}");
    get(&home, &["-C", "-"]).ok();
    is_whole(&home, "0123456789");
}

#[test]
fn a_file_that_another_tool_left_half_done_is_gone_on_with_where_the_answer_fits() {
    let (range, wrong) = ("bytes 5-9/10", "bytes 4-8/10");
    for (range, fits) in [(range, true), (wrong, false), ("bytes 5-9/*", false)] {
        let api = Raw::start(move |stream, head, _| {
            let head = head.to_ascii_lowercase();
            assert!(head.contains("\r\nrange: bytes=5-\r\n"), "{head}");
            assert!(!head.contains("if-range"), "{head}");
            write!(
                stream,
                "HTTP/1.1 206 Partial Content\r\nContent-Range: {range}\r\nContent-Length: 5\r\n\r\n56789"
            )
        });
        let home = api.home("");
        home.write("file", "01234");
        let run = get(&home, &["-C", "-"]);
        if fits {
            run.ok();
            is_whole(&home, "0123456789");
        } else {
            run.fails_with(6);
            is_whole(&home, "01234");
        }
    }
}

#[test]
fn a_part_whose_note_is_lost_torn_or_of_another_request_is_not_trusted() {
    // Lost: the part may be anybody's, and is left alone.
    let answer = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 3\r\n\r\nnew";
    let api = Raw::saying(answer);
    let home = api.home("");
    home.write("file.part", "01234");
    get(&home, &["-C", "-"]).ok();
    assert_eq!(text(&home, "file").as_deref(), Some("new"));
    assert_eq!(text(&home, "file.part").as_deref(), Some("01234"));
    assert!(!api.heads()[0].contains("range:"));
    // Torn, or of another request: ours, and begun anew.
    let other = r#"{"of":"other","validator":"\"v1\"","total":10}"#;
    for note in ["", "{\"of\":", other] {
        let api = Raw::saying(answer);
        let home = api.home("");
        home.write("file.part", "01234");
        home.write("file.part.hallpass", note);
        get(&home, &["-C", "-"]).ok();
        is_whole(&home, "new");
        assert!(!api.heads()[0].contains("range:"), "{note}");
    }
}

#[cfg(unix)]
#[test]
fn a_killed_download_leaves_the_old_file_and_a_part_to_go_on_with() {
    use rustix::process::Signal;
    for (signal, code) in [
        (Signal::KILL, None),
        (Signal::INT, Some(130)),
        (Signal::TERM, Some(143)),
    ] {
        let api = Raw::start(|stream, head, before| {
            if before > 0 {
                return rest(stream, &head.to_ascii_lowercase());
            }
            write!(
                stream,
                "HTTP/1.1 200 OK\r\n{TAG}Content-Length: 10\r\n\r\n01234"
            )?;
            // Until the caller is gone.
            std::io::copy(stream, &mut std::io::sink()).map(drop)
        });
        let home = api.home("");
        home.write("file", "old");
        let args = ["request", "x", "/file", "-o", "file"];
        let running = home.hallpass(&args).dir(home.path()).spawn();
        crate::support::eventually("the first bytes are there", || {
            (text(&home, "file.part").as_deref() == Some("01234")).then_some(())
        });
        running.signal(signal);
        let run = running.wait();
        assert_eq!(run.code, code, "{run}");
        if code.is_some() {
            assert!(run.stderr.contains("`-C -`"), "{run}");
        }
        assert_eq!(text(&home, "file").as_deref(), Some("old"));
        get(&home, &["-C", "-"]).ok();
        is_whole(&home, "0123456789");
    }
}

#[test]
fn two_downloads_of_one_file_at_once_do_not_mix() {
    let api = Raw::start(|stream, _, before| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\n{TAG}Content-Length: 10\r\n\r\n01234"
        )?;
        if before > 0 {
            return stream.write_all(b"56789");
        }
        std::io::copy(stream, &mut std::io::sink()).map(drop)
    });
    let home = api.home("");
    let args = ["request", "x", "/file", "-o", "file"];
    let first = home.hallpass(&args).dir(home.path()).spawn();
    crate::support::eventually("the first is at it", || {
        (text(&home, "file.part").as_deref() == Some("01234")).then_some(())
    });
    get(&home, &[]).ok();
    assert_eq!(text(&home, "file").as_deref(), Some("0123456789"));
    assert_eq!(text(&home, "file.part").as_deref(), Some("01234"));
    drop(first);
}

#[test]
fn going_on_wants_a_file_and_knows_no_number() {
    let api = Raw::saying("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let home = api.home("");
    for args in [
        &["-C", "-"][..],
        &["-o", "-", "-C", "-"],
        &["-o", "f", "-C", "100"],
        &["-o", "f", "-C", "-", "-i"],
        &["-o", "f", "-C", "-", "-X", "POST"],
    ] {
        let args = [&["request", "x", "/file"], args].concat();
        home.hallpass(&args).dir(home.path()).run().exits(2);
    }
    assert!(api.heads().is_empty());
    assert!(!Path::new(&home.path().join("f")).exists());
}
