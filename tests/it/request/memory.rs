//! How much memory an answer takes, whatever its length: the peak as the kernel knows it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{Raw, eventually};

/// How much more a long body may take than a short one, in KiB. (A debug build
/// takes much by itself; the release build's 32 MiB are `cargo bench`'s to show.)
const MORE: u64 = 8 * 1024;

const MIB: usize = 1024 * 1024;

/// The peak of a process's memory, in KiB.
fn peak(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Downloads this from an API that keeps the end back until the peak was looked at.
fn peak_of(headers: &'static str, body: Vec<u8>, arrived: u64) -> u64 {
    let length = body.len();
    let api = Raw::start(move |stream, _, _| {
        let held = body.len() - 1;
        write!(
            stream,
            "HTTP/1.1 200 OK\r\n{headers}Content-Length: {length}\r\n\r\n"
        )?;
        stream.write_all(&body[..held])?;
        // The last byte never comes: the caller is killed.
        std::io::copy(stream, &mut std::io::sink()).map(drop)
    });
    let home = api.home("");
    // What can be gone on with is kept beside its name until it is whole; what was undone is not.
    let (way, file) = if headers.contains("ETag") {
        ("-o file", "file.part")
    } else {
        ("> file", "file")
    };
    let script = format!("cd \"$HALLPASS_HOME\"; exec hallpass request x /file {way}");
    let running = home.shell(&script).spawn();
    let file = home.path().join(file);
    eventually("all but the end has arrived", || {
        let meta = std::fs::metadata(&file).ok()?;
        (meta.len() >= arrived).then_some(())
    });
    peak(running.id()).unwrap()
}

#[test]
fn a_long_body_takes_constant_memory() {
    let peak = |length: usize| {
        let body = vec![b'x'; length];
        peak_of("ETag: \"v1\"\r\n", body, length as u64 - 1)
    };
    let (short, long) = (peak(2 * MIB), peak(128 * MIB));
    assert!(long <= short + MORE, "{short} KiB, then {long} KiB");
}

/// So many zeros, compressed a thousandfold.
fn bomb(mib: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let block = vec![0; MIB];
    for _ in 0..mib {
        encoder.write_all(&block).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn a_gzip_bomb_takes_constant_memory() {
    let peak = |mib: usize| {
        // A little less is out before the last byte is in.
        let arrived = (MIB * mib) as u64 * 9 / 10;
        peak_of("Content-Encoding: gzip\r\n", bomb(mib), arrived)
    };
    let (short, long) = (peak(4), peak(96));
    assert!(long <= short + MORE, "{short} KiB, then {long} KiB");
}

#[test]
fn a_bomb_to_something_that_must_hold_it_is_given_up() {
    let body = bomb(64);
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n");
    let api = Raw::saying([head.as_bytes(), &body].concat());
    let home = api.home(
        "[integrations.x.actions.two]\nsteps = [{ path = \"/a\", save = { id = \"id\" } }, { path = \"/b/{id}\" }]",
    );
    let run = home
        .hallpass(&["request", "x", "--action", "two"])
        .run()
        .fails_with(6);
    assert!(run.stderr.contains("it is longer than"), "{run}");
    assert_eq!(api.heads().len(), 1);
}
