//! The file of `--token-file`: who can read it, how it is kept fresh, and that it goes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::Signal;
use serde_json::json;

use super::around;
use crate::support::{Home, Provider, Recorder, Reply, Running, eventually};

/// Tells where the file is, and lives until it gets a line.
const WAITER: &str = "echo $F; read -r line; cat $F";

/// A key that needs no provider.
fn key() -> Home {
    let home = Home::new();
    home.write(
        "integrations.toml",
        "[integrations.key.auth]\ntype = \"api_key\"\napi_key = \"key-not-real\"\n",
    );
    home
}

/// Starts a command that waits, with its runtime directory in `place`; and the file's path.
#[track_caller]
fn waiting(home: &Home, options: &[&str], place: &Path) -> (Running, std::path::PathBuf) {
    let options = [options, &["--token-file", "F"]].concat();
    let mut running = home
        .hallpass(&around(&options, WAITER))
        .env("XDG_RUNTIME_DIR", place)
        .stdin_open()
        .spawn();
    let path = running.wait_for_stdout(|line| line.ends_with("/token"));
    (running, path.into())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn entries(place: &Path) -> usize {
    fs::read_dir(place).unwrap().count()
}

#[test]
fn it_is_its_owners_alone_in_the_sessions_own_directory_and_goes_with_the_command() {
    let place = tempfile::tempdir().unwrap();
    let (mut running, path) = waiting(&key(), &["key"], place.path());
    assert!(path.starts_with(place.path()), "{}", path.display());
    assert_eq!(fs::read_to_string(&path).unwrap(), "key-not-real");
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    running.write_line("go");
    let run = running.wait().ok();
    assert!(run.stdout.ends_with("\nkey-not-real"), "{run}");
    assert_eq!(entries(place.path()), 0);
}

#[test]
fn without_a_session_directory_it_is_with_the_temporary_files() {
    let place = tempfile::tempdir().unwrap();
    let home = key();
    let file = home.write("file", "");
    let below = file.join("x");
    for runtime in ["relative", below.to_str().unwrap(), ""] {
        let run = home
            .hallpass(&around(&["key", "--token-file", "F"], "echo $F"))
            .env("XDG_RUNTIME_DIR", runtime)
            .env("TMPDIR", place.path())
            .run()
            .ok();
        assert!(Path::new(run.line()).starts_with(place.path()), "{run}");
    }
    let run = home
        .hallpass(&around(&["key", "--token-file", "F"], "echo ran"))
        .env("TMPDIR", &below)
        .run()
        .fails_with(7);
    assert_eq!(run.stdout, "");
}

#[test]
fn its_content_is_what_the_template_says() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.connect("sandbox");
    let options = [
        "sandbox",
        "sandbox-service",
        "--token-file",
        "F=machine x password {sandbox.token}",
    ];
    let run = home.hallpass(&around(&options, "cat $F")).run().ok();
    let expected = format!("machine x password {}", home.token("sandbox"));
    assert_eq!(run.stdout, expected);
    assert_eq!(provider.count("client_credentials"), 1);
}

#[test]
fn a_killed_runs_file_is_cleared_away_by_the_next_and_a_living_ones_is_not() {
    let place = tempfile::tempdir().unwrap();
    let home = key();
    let (living, kept) = waiting(&home, &["key"], place.path());
    let (killed, left) = waiting(&home, &["key"], place.path());
    killed.signal(Signal::KILL);
    drop(killed);
    assert!(left.exists());
    // Nobody's: another program's, and one that was made this moment.
    fs::create_dir(place.path().join("hallpass-exec-new")).unwrap();
    fs::create_dir(place.path().join("another")).unwrap();
    let run = home
        .hallpass(&around(&["key", "--token-file", "F"], "true"))
        .env("XDG_RUNTIME_DIR", place.path());
    run.run().ok();
    assert!(!left.parent().unwrap().exists());
    assert!(kept.exists());
    assert_eq!(entries(place.path()), 3);
    drop(living);
}

#[test]
fn it_is_renewed_while_the_command_runs_as_often_as_it_is_due() {
    let (provider, home) = Provider::connected(&["--token-ttl", "3s"]);
    // Each content is another, and none is empty or torn.
    let script = r#"
        seen=0 last=
        while [ $seen -lt 4 ]; do
            now=$(cat "$F")
            case $now in sbx_at_?*) ;; *) echo "torn: $now"; exit 1;; esac
            if [ "$now" != "$last" ]; then seen=$((seen + 1)); last=$now; fi
            sleep 0.02
        done
        echo "$last""#;
    let place = tempfile::tempdir().unwrap();
    let run = home
        .hallpass(&around(&["sandbox", "--token-file", "F"], script))
        .env("XDG_RUNTIME_DIR", place.path())
        .run()
        .ok();
    assert_eq!(run.stderr, "");
    // A provider that punishes reuse of a refresh token saw none.
    assert!(run.line().starts_with("sbx_at_"), "{run}");
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    let renewals = provider.count("refresh_token");
    assert!((3..=12).contains(&renewals), "{renewals}");
    assert_eq!(entries(place.path()), 0);
}

/// A provider whose tokens live for some seconds, and that answers renewals with `trouble` from the
/// `from`th request on, for `times` of them.
fn troubled(life: u64, from: usize, times: usize, trouble: fn() -> Reply) -> Recorder {
    Recorder::answering(move |asked, before| {
        if asked.path != "/token" {
            return None;
        }
        if (from..from + times).contains(&before) {
            return Some(trouble());
        }
        Some(Reply::json(
            200,
            &json!({
                "access_token": format!("token-{before}-not-real"),
                "refresh_token": format!("refresh-{before}-not-real"),
                "expires_in": life,
            }),
        ))
    })
}

#[test]
fn trouble_that_passes_is_said_once_and_leaves_the_old_token_until_it_has_passed() {
    let provider = troubled(4, 1, 3, || {
        let text = "\u{1b}[2J down";
        Reply::json(
            503,
            &json!({"error": "server_error", "error_description": text}),
        )
    });
    let home = provider.consenting("");
    home.connect_untested("x");
    let place = tempfile::tempdir().unwrap();
    let (mut running, path) = waiting(&home, &["x"], place.path());
    let said = running.wait_for_stderr(|line| line.contains("could not be renewed"));
    assert!(
        said.contains("it is tried again") && !said.contains('\u{1b}'),
        "{said}"
    );
    eventually("the next token", || {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            ["token-0-not-real", "token-4-not-real"].contains(&&*text),
            "{text}"
        );
        (text == "token-4-not-real").then_some(())
    });
    running.write_line("go");
    let run = running.wait().ok();
    assert_eq!(run.stderr.matches("warning:").count(), 1, "{run}");
}

#[test]
fn a_dead_grant_is_said_once_and_not_tried_again() {
    let provider = troubled(5, 1, 99, || {
        Reply::json(400, &json!({"error": "invalid_grant"}))
    });
    let home = provider.consenting("");
    home.connect_untested("x");
    let place = tempfile::tempdir().unwrap();
    let (mut running, path) = waiting(&home, &["x"], place.path());
    running.wait_for_stderr(|line| line == "hint: run `hallpass connect x`");
    assert_eq!(fs::read_to_string(&path).unwrap(), "token-0-not-real");
    // Meanwhile the file of another, whose tokens live a second, is renewed several times.
    let other = troubled(1, 99, 0, || Reply::json(500, &json!({})));
    let beside = other.consenting("");
    beside.connect_untested("x");
    let (ticking, _) = waiting(&beside, &["x"], place.path());
    eventually("four renewals of another", || {
        (other.asked_at("/token").len() > 4).then_some(())
    });
    drop(ticking);
    assert_eq!(provider.asked_at("/token").len(), 2);
    running.write_line("go");
    let run = running.wait().ok();
    assert_eq!(run.stderr.matches("warning:").count(), 1, "{run}");
}

#[test]
fn a_connection_that_is_forgotten_and_made_anew_gives_the_file_its_new_token() {
    let provider = troubled(86_400, 99, 0, || Reply::json(500, &json!({})));
    let home = provider.consenting("");
    // Another one that is renewed all the time, so that nobody has to wait for a look.
    let ticking = troubled(2, 99, 0, || Reply::json(500, &json!({})));
    let other = fs::read_to_string(ticking.consenting("").path().join("integrations.toml"));
    let other = other.unwrap().replace("integrations.x", "integrations.y");
    home.edit(|text| format!("{text}\n{other}"));
    home.connect_untested("x");
    home.connect_untested("y");
    let place = tempfile::tempdir().unwrap();
    let mut running = home
        .hallpass(&around(
            &["x", "y", "--token-file", "F={x.token}|{y.token}"],
            WAITER,
        ))
        .env("XDG_RUNTIME_DIR", place.path())
        .stdin_open()
        .spawn();
    let path = running.wait_for_stdout(|line| line.ends_with("/token"));
    let content = |wanted: &str| {
        eventually(wanted, || {
            let text = fs::read_to_string(&path).unwrap();
            text.contains(wanted).then_some(())
        });
    };
    content("token-0-not-real|token-1-not-real");
    home.hallpass(&["disconnect", "x", "--local"]).run().ok();
    // What is forgotten is not taken from the command.
    content("token-0-not-real|token-2-not-real");
    home.connect_untested("x");
    content("token-1-not-real|");
    running.write_line("go");
    assert_eq!(running.wait().ok().stderr, "");
}

#[test]
fn a_reader_that_holds_it_open_reads_what_it_opened_and_the_path_stays() {
    let (_provider, home) = Provider::connected(&["--token-ttl", "3s"]);
    // It is replaced, and never written to.
    let script = r#"
        exec 3<"$F"; old=$(cat "$F")
        while [ "$(cat "$F")" = "$old" ]; do sleep 0.02; done
        [ "$(cat <&3)" = "$old" ] && echo whole"#;
    let args = around(&["sandbox", "--token-file", "F"], script);
    assert_eq!(home.hallpass(&args).run().ok().line(), "whole");
}

#[test]
fn its_path_holds_wherever_the_command_goes() {
    let home = key();
    fs::create_dir(home.path().join("here")).unwrap();
    let run = home
        .hallpass(&around(&["key", "--token-file", "F"], "cd / && cat $F"))
        .env("TMPDIR", "here")
        .dir(home.path())
        .run()
        .ok();
    assert_eq!(run.stdout, "key-not-real");
    assert_eq!(entries(&home.path().join("here")), 0);
}

#[test]
fn a_command_that_cannot_be_started_leaves_none() {
    let place = tempfile::tempdir().unwrap();
    let args = ["exec", "key", "--token-file", "F", "--", "no-such-program"];
    let home = key();
    let run = home.hallpass(&args).env("XDG_RUNTIME_DIR", place.path());
    run.run().fails_with(127);
    assert_eq!(entries(place.path()), 0);
}

#[test]
fn a_provider_that_hangs_does_not_keep_the_command_from_ending() {
    let hung = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&hung);
    let provider = Recorder::answering(move |asked, before| {
        if asked.path != "/token" {
            return None;
        }
        let life = if before == 0 { 1 } else { 3600 };
        let answer = Reply::json(
            200,
            &json!({"access_token": format!("token-{before}-not-real"), "refresh_token": "r-not-real", "expires_in": life}),
        );
        if before == 0 {
            return Some(answer);
        }
        count.fetch_add(1, Ordering::SeqCst);
        Some(answer.dripping(std::time::Duration::from_millis(20)))
    });
    let home = provider.consenting("");
    home.connect_untested("x");
    let place = tempfile::tempdir().unwrap();
    let (mut running, _) = waiting(&home, &["x"], place.path());
    eventually("a renewal", || {
        (hung.load(Ordering::SeqCst) > 0).then_some(())
    });
    running.write_line("go");
    running.wait().ok();
    assert_eq!(entries(place.path()), 0);
    // What the provider gave at the last moment was kept: nothing is asked again.
    assert_eq!(home.token("x"), "token-1-not-real");
    assert_eq!(provider.asked_at("/token").len(), 2);
}
