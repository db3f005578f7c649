//! Where an answer goes: files by name, heads alone, nothing at all; and how much of it is taken.

use std::path::Path;
use std::time::Duration;

use super::keyed_home;
use crate::support::{Raw, Recorder, Reply, Run};

/// Runs `request x` in a directory, with these arguments.
fn asked(api: &Raw, dir: &Path, args: &[&str]) -> Run {
    let args = [&["request", "x"], args].concat();
    api.home("").hallpass(&args).dir(dir).run()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn text(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap()
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
const MISSING: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\noops";

#[test]
fn a_file_is_named_by_the_urls_last_segment() {
    let (api, dir) = (Raw::saying(OK), tempfile::tempdir().unwrap());
    let run = asked(&api, dir.path(), &["-O", "/a/b%20c.zip?x=/y"]).ok();
    assert_eq!(run.stdout, "");
    assert_eq!(names(dir.path()), ["b c.zip"]);
    assert_eq!(text(dir.path(), "b c.zip"), "body");
    let before = api.heads().len();
    for target in ["/a/", "/..%2f..%2fetc", "/a%00b", "/%2e%2e"] {
        let run = asked(&api, dir.path(), &["-O", target]).fails_with(2);
        assert!(run.stderr.contains("-o FILE"), "{run}");
    }
    assert_eq!(api.heads().len(), before, "nothing was sent");
    assert_eq!(names(dir.path()), ["b c.zip"]);
}

#[test]
fn a_name_from_the_answer_stays_in_this_directory_and_replaces_nothing() {
    let api = Raw::saying(
        "HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=\"../../evil.txt\"\r\nContent-Length: 4\r\n\r\nbody",
    );
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("a/b");
    std::fs::create_dir_all(&dir).unwrap();
    asked(&api, &dir, &["-OJ", "/x"]).ok();
    assert_eq!(names(&dir), ["evil.txt"]);
    assert_eq!(names(outer.path()), ["a"]);
    crate::support::eventually("it is written", || {
        dir.join("evil.txt").exists().then_some(())
    });
    let kept = dir.join("evil.txt");
    std::fs::OpenOptions::new()
        .append(true)
        .open(&kept)
        .and_then(|mut file| std::io::Write::write_all(&mut file, b" kept"))
        .unwrap();
    asked(&api, &dir, &["-OJ", "/x"]).fails_with(2);
    assert_eq!(text(&dir, "evil.txt"), "body kept");
    assert_eq!(names(&dir), ["evil.txt"]);
}

#[test]
fn a_dash_is_stdout_and_directories_are_made_on_demand() {
    let (api, dir) = (Raw::saying(OK), tempfile::tempdir().unwrap());
    assert_eq!(
        asked(&api, dir.path(), &["-o", "-", "/x"]).ok().stdout,
        "body"
    );
    asked(&api, dir.path(), &["-o", "a/b/c", "/x"]).fails_with(2);
    asked(&api, dir.path(), &["--create-dirs", "-o", "a/b/c", "/x"]).ok();
    assert_eq!(text(dir.path(), "a/b/c"), "body");
}

#[test]
fn head_asks_for_the_head_and_prints_it_alone() {
    let api = Raw::saying("HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: 1000\r\n\r\n");
    let dir = tempfile::tempdir().unwrap();
    let run = asked(&api, dir.path(), &["-I", "/x"]).ok();
    assert!(
        run.stdout.starts_with("HTTP/1.1 200 OK\r\nx-one: 1\r\n"),
        "{run}"
    );
    assert!(run.stdout.ends_with("\r\n\r\n"), "{run}");
    assert!(api.heads()[0].starts_with("head /x "), "{:?}", api.heads());
    asked(&api, dir.path(), &["-I", "-d", "x", "/x"]).exits(2);
}

#[test]
fn fail_shows_and_writes_no_body_of_an_error_and_ends_with_the_same_code() {
    let (api, dir) = (Raw::saying(MISSING), tempfile::tempdir().unwrap());
    let shown = asked(&api, dir.path(), &["/x"]).fails_with(8);
    assert_eq!(shown.stdout, "oops");
    let failed = asked(&api, dir.path(), &["-fsS", "/x"]).fails_with(8);
    assert_eq!(failed.stdout, "");
    assert!(failed.stderr.contains("404"), "{failed}");
    asked(&api, dir.path(), &["-f", "-o", "file", "/x"]).fails_with(8);
    assert!(names(dir.path()).is_empty());
    asked(&api, dir.path(), &["-o", "file", "/x"]).fails_with(8);
    assert_eq!(text(dir.path(), "file"), "oops", "as curl does");
}

#[test]
fn silence_keeps_warnings_back_and_not_errors() {
    let api =
        Raw::saying("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nbody");
    let dir = tempfile::tempdir().unwrap();
    assert!(
        asked(&api, dir.path(), &["/x"])
            .ok()
            .stderr
            .contains("warning:")
    );
    for flag in ["-s", "--silent", "--quiet"] {
        assert_eq!(asked(&api, dir.path(), &[flag, "/x"]).ok().stderr, "");
    }
    let cut = Raw::saying("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody");
    asked(&cut, dir.path(), &["-s", "/x"]).fails_with(6);
}

#[test]
fn an_answer_beyond_the_limit_is_not_taken_whether_it_says_its_length_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";
    for answer in [OK, chunked] {
        let api = Raw::saying(answer);
        let run = asked(
            &api,
            dir.path(),
            &["--max-filesize", "3", "-o", "file", "/x"],
        );
        assert!(run.fails_with(6).stderr.contains("--max-filesize"));
        assert!(names(dir.path()).is_empty());
        let run = asked(&api, dir.path(), &["--max-filesize", "3", "/x"]);
        assert_eq!(run.fails_with(6).stdout, "");
    }
    let api = Raw::saying(OK);
    asked(
        &api,
        dir.path(),
        &["--max-filesize", "4", "-o", "file", "/x"],
    )
    .ok();
    assert_eq!(text(dir.path(), "file"), "body");
}

#[cfg(unix)]
#[test]
fn a_device_is_written_to_and_a_full_one_is_an_error() {
    let (api, dir) = (Raw::saying(OK), tempfile::tempdir().unwrap());
    asked(&api, dir.path(), &["-o", "/dev/null", "/x"]).ok();
    if Path::new("/dev/full").exists() {
        let run = asked(&api, dir.path(), &["-o", "/dev/full", "/x"]).fails_with(2);
        assert!(run.stderr.contains("/dev/full"), "{run}");
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_the_old_file_stays() {
    let long = "x".repeat(200_000);
    let tag = "ETag: \"v1\"\r\n";
    for (headers, kept) in [("", false), (tag, true)] {
        let api = Raw::saying(format!(
            "HTTP/1.1 200 OK\r\n{headers}Content-Length: 200000\r\n\r\n{long}"
        ));
        let home = api.home("");
        home.write("file", "old");
        let script = "trap '' XFSZ; ulimit -f 100; exec hallpass request x /x -o file";
        let run = home.shell(script).dir(home.path()).run().fails_with(1);
        assert!(run.stderr.contains("`file` cannot be written"), "{run}");
        assert!(run.stderr.contains("make room"), "{run}");
        assert_eq!(text(home.path(), "file"), "old");
        assert_eq!(home.path().join("file.part").exists(), kept, "{run}");
        assert_eq!(run.stderr.contains("`-C -`"), kept, "{run}");
        let beside = names(home.path());
        assert!(!beside.iter().any(|name| name.starts_with(".hallpass-")));
    }
}

#[cfg(unix)]
#[test]
fn progress_is_shown_on_a_terminal_and_nowhere_else() {
    use crate::support::screen;
    let api = Recorder::answering(|_, _| {
        let text = "x".repeat(32);
        Some(Reply::text(200, "text/plain", &text).dripping(Duration::from_millis(40)))
    });
    let home = keyed_home(api.origin(), "");
    let download = |more: &[&str], at_terminal: bool| {
        let args = [&["request", "x", "/y", "-o", "file"], more].concat();
        let cmd = home.hallpass(&args).dir(home.path());
        let run = if at_terminal {
            let (running, terminal) = cmd.spawn_at_terminal();
            terminal.resize(100, 24);
            running.wait()
        } else {
            cmd.run()
        };
        assert_eq!(text(home.path(), "file").len(), 32);
        run.ok().stderr
    };
    let shown = download(&[], true);
    assert!(shown.contains("downloading"), "{shown:?}");
    assert!(shown.contains("of 32 B"), "{shown:?}");
    assert_eq!(screen(&shown), "", "it is cleared: {shown:?}");
    assert_eq!(download(&["-s"], true), "");
    assert_eq!(download(&[], false), "");
}
