//! What is kept: files, their names and modes; and what is not kept at all.

#[cfg(unix)]
use std::path::{Path, PathBuf};

use serde_json::json;

use super::canary::{canary, hallpass, none_in_files};
use super::stage::{CONNECTIONS, Stage};
use crate::support::{Home, Recorder, Reply};

/// All files and directories below a directory.
#[cfg(unix)]
fn everything(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything(&path));
        }
        found.push(path);
    }
    found
}

#[cfg(unix)]
#[test]
fn what_is_written_is_its_owners_alone_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::new();
    let before = everything(stage.home.path());
    let script = "umask 000; hallpass -vv connect service && hallpass connect key --param api_key=env:API_KEY \
                  && hallpass token service --refresh && hallpass token key && hallpass list";
    stage
        .home
        .shell(script)
        .env("SERVICE_SECRET", canary("SERVICE_SECRET"))
        .env("API_KEY", canary("API_KEY"))
        .run()
        .ok();
    let made = everything(stage.home.path());
    let made: Vec<_> = made.iter().filter(|path| !before.contains(path)).collect();
    assert!(made.len() >= 8, "{made:?}");
    for path in made {
        let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{} is {mode:o}", path.display());
    }
}

#[test]
fn only_what_is_meant_to_be_there_is_left_behind() {
    let stage = Stage::connected();
    let mut wanted = vec!["integrations.toml".to_owned(), "key.txt".to_owned()];
    for connection in CONNECTIONS {
        hallpass(&stage.home, &["token", connection]).run();
        hallpass(&stage.home, &["request", connection, "/me"])
            .run()
            .ok();
        for (directory, ending) in [
            ("credentials", "age"),
            ("connections", "json"),
            ("locks", "lock"),
        ] {
            wanted.push(format!("data/{directory}/{connection}@default.{ending}"));
        }
    }
    let files = stage.home.files();
    let files = files
        .iter()
        .map(|path| path.strip_prefix(stage.home.path()).unwrap());
    for file in files {
        let name = file.to_string_lossy().replace('\\', "/");
        assert!(wanted.contains(&name), "{name}");
    }
    none_in_files(&stage.home);
}

#[test]
fn an_answer_that_asks_to_be_kept_and_a_cookie_are_forgotten() {
    let recorder = Recorder::answering(|asked, _| {
        let reply = Reply::json(200, &json!({ "ok": canary("KEPT") }));
        let cookie = format!("session={}; Max-Age=86400", canary("LOGIN_TOKEN"));
        let reply = reply.with("Set-Cookie", &cookie);
        let reply = reply
            .with("Cache-Control", "public, max-age=86400")
            .with("ETag", "\"1\"");
        asked.path.starts_with("/api").then_some(reply)
    });
    let home = recorder.home(
        "[integrations.x.auth]\ntype = \"none\"\n[integrations.x.api]\nbase_url = \"ORIGIN/api\"\ntest = \"/me\"\n",
    );
    for _ in 0..2 {
        hallpass(&home, &["request", "x", "/me"]).run().ok();
        hallpass(&home, &["test", "x"]).run().ok();
    }
    let asked = recorder.asked_at("/api/me");
    assert_eq!(asked.len(), 4, "each was asked for again");
    for asked in asked {
        assert_eq!(asked.header("cookie"), None);
        assert_eq!(asked.header("if-none-match"), None);
    }
    none_in_files(&home);
}

/// Killed at the worst moments: while the token endpoint has the secrets and has not answered, and
/// at any moment after it has.
#[cfg(unix)]
#[test]
fn nothing_is_left_by_a_run_that_is_killed() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use crate::support::eventually;
    for wait_for_answer in [false, true] {
        let reached = Arc::new(AtomicBool::new(false));
        let go_on = Arc::new(AtomicBool::new(wait_for_answer));
        let (seen, gate) = (Arc::clone(&reached), Arc::clone(&go_on));
        let recorder = Recorder::answering(move |asked, before| {
            if asked.path != "/token" || before == 0 {
                return (asked.path == "/token").then(tokens);
            }
            seen.store(true, Ordering::SeqCst);
            eventually("the gate to open", || {
                gate.load(Ordering::SeqCst).then_some(())
            });
            Some(tokens())
        });
        let home = recorder.home(
            "[integrations.x.auth]\ntype = \"oauth2\"\nauthorization_url = \"ORIGIN/authorize\"\ntoken_url = \"ORIGIN/token\"\ngrant = \"authorization_code\"\n\
             client_id = \"app-1\"\nclient_secret = { env = \"CLIENT_SECRET\" }\n",
        );
        hallpass(&home, &["connect", "x"]).run().ok();
        let running = hallpass(&home, &["token", "x", "--refresh"]).spawn();
        eventually("the renewal", || {
            reached.load(Ordering::SeqCst).then_some(())
        });
        running.signal(rustix::process::Signal::KILL);
        go_on.store(true, Ordering::SeqCst);
        running.wait();
        none_in_files(&home);
        // And what was kept before is still whole, or newer.
        let run = hallpass(&home, &["token", "x"]).run().ok();
        assert_eq!(run.line(), canary("ACCESS_TOKEN"));
    }
}

#[cfg(unix)]
fn tokens() -> Reply {
    Reply::json(
        200,
        &json!({
            "access_token": canary("ACCESS_TOKEN"),
            "refresh_token": canary("REFRESH_TOKEN"),
            "id_token": canary("ID_TOKEN"),
            "expires_in": 3600,
        }),
    )
}

#[test]
fn a_key_that_is_made_is_the_only_secret_in_a_file() {
    let stage = Stage::connected();
    let holding = stage.home.files_with("AGE-SECRET-KEY-1");
    assert_eq!(holding, [stage.home.path().join("key.txt")]);
    let other = Home::new();
    assert!(other.files_with("AGE-SECRET-KEY-1").is_empty());
}
