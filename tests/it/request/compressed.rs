//! Compressed answers: asked for, undone while they stream, and told when they are broken.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::support::Raw;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn coded(coding: &str, body: &[u8]) -> Raw {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {length}\r\n\r\n"
    );
    Raw::saying([head.as_bytes(), body].concat())
}

const TEXT: &str = "{\"text\":\"a body\"}";

#[test]
fn every_coding_that_is_known_is_undone() {
    let text = TEXT.as_bytes();
    let (first, second) = text.split_at(5);
    for (coding, body) in [
        ("gzip", gzip(text)),
        ("x-gzip", gzip(text)),
        ("GZIP", [gzip(first), gzip(second)].concat()),
        ("deflate", zlib(text)),
        ("deflate", deflate(text)),
        ("deflate, gzip", gzip(&zlib(text))),
        ("identity", text.to_vec()),
    ] {
        let api = coded(coding, &body);
        let home = api.home("");
        let run = home.hallpass(&["request", "x", "/"]).run().ok();
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (TEXT, ""));
        let file = home.path().join("file");
        let name = file.to_str().unwrap();
        home.hallpass(&["request", "x", "/", "-o", name]).run().ok();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), TEXT, "{coding}");
    }
}

#[test]
fn gzip_is_asked_for_unless_the_user_or_the_definition_says_otherwise() {
    let sent = |more: &str, args: &[&str]| {
        let api = coded("identity", b"x");
        let args = [&["request", "x", "/"], args].concat();
        api.home(more).hallpass(&args).run().ok();
        api.heads().pop().unwrap()
    };
    assert!(sent("", &[]).contains("\r\naccept-encoding: gzip\r\n"));
    let own = sent("", &["-H", "Accept-Encoding: br"]);
    assert!(own.contains("\r\naccept-encoding: br\r\n"), "{own}");
    assert!(!own.contains("gzip"), "{own}");
    let without = sent("", &["-H", "Accept-Encoding:"]);
    assert!(!without.contains("gzip"), "{without}");
    let defined = sent("headers = { Accept-Encoding = \"identity\" }", &[]);
    assert!(!defined.contains("gzip"), "{defined}");
    let part = sent("", &["-H", "Range: bytes=0-3"]);
    assert!(!part.contains("gzip"), "{part}");
}

#[test]
fn include_shows_the_headers_as_they_came() {
    let body = gzip(TEXT.as_bytes());
    let run = coded("gzip", &body)
        .home("")
        .hallpass(&["request", "x", "/", "-i"])
        .run()
        .ok();
    let length = format!("content-length: {}\r\n", body.len());
    assert!(run.stdout.contains("content-encoding: gzip\r\n"), "{run}");
    assert!(run.stdout.contains(&length), "{run}");
    assert!(run.stdout.ends_with(TEXT), "{run}");
}

#[test]
fn an_unknown_coding_is_handed_on_with_a_warning() {
    let api = coded("br\u{1b}[2J, gzip", b"bytes");
    let run = api.home("").hallpass(&["request", "x", "/"]).run();
    // The escape makes it no header at all, or a harmless warning.
    assert!(!run.stderr.contains('\u{1b}'), "{run}");
    let run = coded("br", b"bytes")
        .home("")
        .hallpass(&["request", "x", "/"])
        .run()
        .ok();
    assert_eq!(run.stdout, "bytes");
    assert!(run.stderr.contains("warning:"), "{run}");
    assert!(run.stderr.contains("`br`"), "{run}");
}

#[test]
fn an_answer_without_a_body_is_not_broken() {
    let gzip = "Content-Encoding: gzip\r\n";
    for (head, args) in [
        (format!("HTTP/1.1 204 No Content\r\n{gzip}\r\n"), &[][..]),
        (format!("HTTP/1.1 304 Not Modified\r\n{gzip}\r\n"), &[]),
        (
            format!("HTTP/1.1 200 OK\r\n{gzip}Content-Length: 0\r\n\r\n"),
            &[],
        ),
        (
            format!("HTTP/1.1 200 OK\r\n{gzip}Content-Length: 99\r\n\r\n"),
            &["-X", "HEAD"],
        ),
    ] {
        let args = [&["request", "x", "/"], args].concat();
        let run = Raw::saying(head).home("").hallpass(&args).run().ok();
        assert_eq!(run.stdout, "", "{run}");
    }
}

#[test]
fn a_gzip_that_is_cut_or_damaged_is_no_answer_and_nothing_is_kept() {
    let whole = gzip(&(0..20_000).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
    let cut = whole[..whole.len() - 3].to_vec();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    for byte in &mut damaged[middle..middle + 50] {
        *byte = !*byte;
    }
    for (body, why) in [(cut, "cut short"), (damaged, "its gzip is")] {
        let api = coded("gzip\r\nETag: \"v1\"", &body);
        let home = api.home("");
        home.write("file", "old");
        let run = home
            .hallpass(&["request", "x", "/", "-o", "file"])
            .dir(home.path())
            .run()
            .fails_with(6);
        assert!(run.stderr.contains(why), "{run}");
        let old = std::fs::read_to_string(home.path().join("file"));
        assert_eq!(old.unwrap(), "old");
        assert!(home.files().iter().all(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            !name.contains("part") && !name.starts_with(".hallpass")
        }));
    }
}
