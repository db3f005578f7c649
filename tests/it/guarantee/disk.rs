//! Disks that are full, or not to be written: found out before the provider is asked, so that nothing
//! is lost that could not be kept.

use serde_json::json;

use crate::support::{HALLPASS, Home, Recorder, Reply, Run};

use super::sealed;

/// A provider whose refresh tokens rotate, and whose answers to a refresh are of this many bytes; a
/// home that is connected to it, with a token that is over.
fn growing(bytes: usize) -> (Recorder, Home) {
    let recorder = Recorder::answering(move |asked, before| {
        let number = before + 1;
        let is_refresh = asked.form("refresh_token").is_some();
        let id_token = "x".repeat(if is_refresh { bytes } else { 1 });
        (asked.path == "/token").then(|| {
            Reply::json(
                200,
                &json!({
                    "access_token": format!("token-{number}"),
                    "refresh_token": format!("refresh-{number}"),
                    "id_token": id_token,
                    "expires_in": 0,
                }),
            )
        })
    });
    let home = recorder.consenting("");
    home.connect_untested("x");
    (recorder, home)
}

/// A command where no file can grow beyond this many KiB: to a program that is what a disk is that
/// has no more room.
fn with_room_for(home: &Home, kib: u32, command: &str) -> Run {
    let script = format!(
        "trap '' XFSZ; ulimit -f {kib}; exec {} {command}",
        shell_words::quote(HALLPASS)
    );
    home.shell(&script).run()
}

#[test]
fn a_full_disk_is_found_out_before_the_provider_is_asked() {
    for bytes in [10, 5_000, 20_000] {
        let (provider, home) = growing(bytes);
        let (mut begun, mut ended) = (0, 0);
        for kib in (0..=20).chain([24, 32, 48, 63, 64, 65, 80, 96, 128]) {
            let before = sealed::refresh_token(&home, "x").unwrap();
            let asked = provider.asked_at("/token").len();
            let run = with_room_for(&home, kib, "token x");
            let now = sealed::refresh_token(&home, "x").unwrap();
            let newest = provider.asked_at("/token").len();
            if run.code == Some(0) {
                assert_eq!(now, format!("refresh-{newest}"), "{kib} KiB, {bytes}");
                begun += 1;
            } else {
                run.fails_with(7);
                assert_eq!((now, newest), (before, asked), "{kib} KiB, {bytes}");
                ended += 1;
            }
        }
        assert!(begun > 0 && ended > 0, "{begun} renewed, {ended} not");
        home.hallpass(&["token", "x"]).run().ok();
    }
}

#[test]
fn an_answer_that_is_larger_than_the_room_that_was_taken_is_kept_where_there_is_some() {
    let (provider, home) = growing(200_000);
    home.hallpass(&["token", "x"]).run().ok();
    let newest = provider.asked_at("/token").len();
    let kept = sealed::refresh_token(&home, "x").unwrap();
    assert_eq!(kept, format!("refresh-{newest}"));
}

#[test]
fn a_full_disk_takes_no_token_away_that_needs_nobody() {
    let recorder = Recorder::start();
    let home = recorder.home(
        r#"
        [integrations.x.auth]
        type = "oauth2"
        grant = "client_credentials"
        token_url = "ORIGIN/token"
        client_id = "id"
        client_secret = "secret-not-real"
        refresh.from = "refresh_token"
        "#,
    );
    home.token("x");
    let run = with_room_for(&home, 0, "token x --refresh").ok();
    assert_eq!(run.line(), "token-2", "{run}");
}

#[test]
fn a_full_disk_takes_no_token_away_that_still_lives() {
    let provider = Recorder::start();
    let home = provider.consenting("refresh.before = \"2h\"");
    home.connect_untested("x");
    let run = with_room_for(&home, 0, "token x").ok();
    assert_eq!(run.line(), "token-1");
    assert!(run.stderr.contains("its old token still lives"), "{run}");
    assert_eq!(provider.asked_at("/token").len(), 1);
}

#[test]
fn a_disk_without_room_ends_a_connect_before_the_browser_opens() {
    let provider = Recorder::start();
    let home = provider.consenting("");
    let script = format!(
        "trap '' XFSZ; ulimit -f 0; exec {} connect x --no-test",
        shell_words::quote(HALLPASS)
    );
    let run = home
        .shell(&script)
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .fails_with(7);
    assert!(provider.asked().is_empty(), "{run}");
}

#[test]
fn truncated_and_foreign_files_are_told_apart_and_hurt_nobody() {
    let (_provider, home) = growing(10);
    let path = sealed::path(&home, "x");
    let whole = std::fs::read(&path).unwrap();
    let put = |bytes: &[u8]| {
        use std::io::Write as _;
        let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap()).unwrap();
        file.write_all(bytes).unwrap();
        file.persist(&path).unwrap();
    };
    // Every length, and every fiftieth byte otherwise than it was.
    for length in (0..whole.len()).step_by(37) {
        put(&whole[..length]);
        let run = home.hallpass(&["token", "x"]).run().fails_with(7);
        assert_eq!(run.stdout, "", "{length} bytes of {}", whole.len());
    }
    for at in (0..whole.len()).step_by(50) {
        let mut other = whole.clone();
        other[at] ^= 1;
        put(&other);
        home.hallpass(&["token", "x"]).run().fails_with(7);
    }
    put(b"-----BEGIN SOMETHING ELSE-----");
    home.hallpass(&["token", "x"]).run().fails_with(7);
    put(&whole);
    home.hallpass(&["token", "x"]).run().ok();
}
