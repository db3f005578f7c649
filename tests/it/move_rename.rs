//! `move` and `rename`: another store, another name, and never two copies of one grant in use.

use std::path::PathBuf;
use std::time::Instant;

use serde_json::json;

use crate::support::{Home, PATIENCE, Provider};

fn sealed(home: &Home, stem: &str) -> PathBuf {
    home.path().join(format!("data/credentials/{stem}.age"))
}

fn record(home: &Home, stem: &str) -> PathBuf {
    home.path().join(format!("data/connections/{stem}.json"))
}

/// The connections that have a record.
fn connections(home: &Home) -> Vec<String> {
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    let rows = list.as_array().unwrap().iter();
    let kept = rows.filter(|row| !row["store"].is_null());
    kept.map(|row| row["connection"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_renamed_connection_lives_on_under_its_new_name_alone() {
    let (provider, home) = Provider::connected(&[]);
    let token = home.token("sandbox");
    let run = home.hallpass(&["rename", "sandbox", "work"]).run().ok();
    assert!(
        run.stderr.contains("Renamed `sandbox` to `sandbox@work`"),
        "{run}"
    );
    assert_eq!(run.stdout, "");
    assert_eq!(home.token("sandbox@work"), token);
    home.hallpass(&["token", "sandbox"]).run().fails_with(4);
    assert!(!sealed(&home, "sandbox@default").exists());
    assert!(!record(&home, "sandbox@default").exists());
    // What it is renewed from came along.
    home.hallpass(&["token", "sandbox@work", "--refresh"])
        .run()
        .ok();
    assert_eq!(provider.count("refresh_token"), 1);
    let status = home
        .hallpass(&["status", "sandbox@work", "--json"])
        .run()
        .ok()
        .json();
    assert_eq!(status["account"], "sandbox-user");
    // And back, written in full.
    home.hallpass(&["rename", "sandbox@work", "sandbox@default"])
        .run()
        .ok();
    assert_eq!(connections(&home), ["sandbox"]);
}

#[test]
fn a_name_that_is_taken_or_none_is_refused_and_nothing_is_lost() {
    let (_provider, home) = Provider::connected(&[]);
    home.connect("sandbox@work");
    let (one, other) = (home.token("sandbox"), home.token("sandbox@work"));
    let run = home
        .hallpass(&["rename", "sandbox", "work"])
        .run()
        .fails_with(2);
    assert!(
        run.stderr
            .contains("there is a connection `sandbox@work` already"),
        "{run}"
    );
    assert!(
        run.stderr.contains("hallpass disconnect sandbox@work"),
        "{run}"
    );
    for name in ["Not A Name", "other@work", "a@b@c", ""] {
        home.hallpass(&["rename", "sandbox", name])
            .run()
            .fails_with(2);
    }
    home.hallpass(&["rename", "sandbox@nobody", "else"])
        .run()
        .fails_with(4);
    let run = home.hallpass(&["rename", "sandbox", "default"]).run().ok();
    assert!(run.stderr.contains("already"), "{run}");
    assert_eq!(home.token("sandbox"), one);
    assert_eq!(home.token("sandbox@work"), other);
    // Something unreadable has the name too.
    std::fs::copy(
        sealed(&home, "sandbox@work"),
        sealed(&home, "sandbox@third"),
    )
    .unwrap();
    home.hallpass(&["rename", "sandbox", "third"])
        .run()
        .fails_with(2);
}

#[test]
fn connections_change_place_without_their_definition() {
    let (_provider, home) = Provider::connected(&[]);
    let definitions = std::fs::read_to_string(home.path().join("integrations.toml")).unwrap();
    home.write("integrations.toml", "not = [valid");
    home.hallpass(&["rename", "sandbox", "work"]).run().ok();
    let run = home
        .hallpass(&["move", "sandbox@work", "--to", "file"])
        .run()
        .ok();
    assert!(
        run.stderr.contains("rests in the store `file` already"),
        "{run}"
    );
    home.write("integrations.toml", &definitions);
    home.token("sandbox@work");
}

#[test]
fn a_move_to_a_keychain_that_is_not_there_does_not_advise_the_files_it_is_in() {
    let (_provider, home) = Provider::connected(&[]);
    let run = home
        .hallpass(&["move", "sandbox", "--to", "keychain"])
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .run()
        .fails_with(7);
    assert!(run.stderr.contains("start the keychain"), "{run}");
    assert!(run.stderr.contains("`sandbox` stays where it is"), "{run}");
    assert!(!run.stderr.contains("--store file"), "{run}");
    home.token("sandbox");
}

#[test]
fn a_rename_that_leaves_a_copy_in_a_keychain_that_does_not_answer_is_done_and_says_so() {
    let (_provider, home) = Provider::connected(&[]);
    let text = std::fs::read_to_string(record(&home, "sandbox@default")).unwrap();
    let mut known: serde_json::Value = serde_json::from_str(&text).unwrap();
    known["also_in"] = json!("keychain");
    let name = "data/connections/sandbox@default.json";
    home.write(name, &known.to_string());
    let run = |args: &[&str]| {
        home.hallpass(args)
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run()
    };
    let renamed = run(&["rename", "sandbox", "work"]).ok();
    let said = "a copy of `sandbox` may be left in the keychain";
    assert!(renamed.stderr.contains(said), "{renamed}");
    run(&["token", "sandbox@work"]).ok();
    run(&["token", "sandbox"]).fails_with(4);
    let again = run(&["disconnect", "sandbox", "--local"]).fails_with(7);
    assert!(again.stderr.contains(said), "{again}");
    // The name can be used again meanwhile.
    run(&["rename", "sandbox@work", "default"]).ok();
    run(&["token", "sandbox"]).ok();
}

#[test]
fn a_dead_connection_stays_dead_under_its_new_name() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    provider.control(&json!({"revoke_grants": true}));
    home.hallpass(&["token", "sandbox"]).run().fails_with(4);
    let asked = provider.count("refresh_token");
    home.hallpass(&["rename", "sandbox", "work"]).run().ok();
    let run = home
        .hallpass(&["token", "sandbox@work"])
        .run()
        .fails_with(4);
    assert!(run.stderr.contains("invalid_grant"), "{run}");
    assert_eq!(provider.count("refresh_token"), asked);
}

#[cfg(unix)]
#[test]
fn a_refresh_whose_answer_was_lost_is_still_noted_under_the_new_name() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    provider.control(&json!({"latency_ms": 60_000}));
    let call = home.hallpass(&["token", "sandbox"]).spawn();
    crate::support::eventually("the refresh", || {
        (provider.count("refresh_token") == 1).then_some(())
    });
    call.signal(rustix::process::Signal::KILL);
    call.wait();
    let note = |stem: &str| {
        let text = std::fs::read_to_string(record(&home, stem)).unwrap();
        let record: serde_json::Value = serde_json::from_str(&text).unwrap();
        record["in_flight"].clone()
    };
    let before = note("sandbox@default");
    assert!(before.is_object(), "{before}");
    home.hallpass(&["rename", "sandbox", "work"]).run().ok();
    assert_eq!(note("sandbox@work"), before);
}

/// Puts a home in the state of a rename that was cut off when both names had the item.
fn with_both_names(home: &Home) {
    // The new one cannot be told from what a finished rename leaves.
    let old = sealed(home, "sandbox@default");
    let before = std::fs::read(&old).unwrap();
    home.write("data/connections/sandbox@work.json/in-the-way", "");
    let run = home
        .hallpass(&["rename", "sandbox", "work"])
        .run()
        .fails_with(7);
    assert!(run.stderr.contains("was not renamed"), "{run}");
    assert_ne!(std::fs::read(&old).unwrap(), before, "it is marked");
    assert!(sealed(home, "sandbox@work").exists());
    std::fs::remove_dir_all(record(home, "sandbox@work")).unwrap();
}

#[test]
fn a_rename_that_was_cut_off_leaves_one_copy_in_use_and_is_finished_by_itself() {
    let (provider, home) = Provider::connected(&[]);
    with_both_names(&home);
    for args in [
        ["token", "sandbox"].as_slice(),
        &["token", "sandbox", "--refresh"],
        &["request", "sandbox", "/user"],
        &["status", "sandbox"],
        &["disconnect", "sandbox"],
        &["connect", "sandbox"],
        &["export", "sandbox", "--to", &recipient(&home)],
        &["rename", "sandbox", "elsewhere"],
    ] {
        let run = home
            .hallpass(args)
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run()
            .fails_with(4);
        assert!(run.stderr.contains("hallpass rename sandbox work"), "{run}");
    }
    // The other is in use meanwhile, and renewed.
    home.hallpass(&["token", "sandbox@work", "--refresh"])
        .run()
        .ok();
    let token = home.token("sandbox@work");
    home.hallpass(&["rename", "sandbox", "work"]).run().ok();
    assert_eq!(home.token("sandbox@work"), token, "nothing older came back");
    assert_eq!(connections(&home), ["sandbox@work"]);
    assert_eq!(provider.count("refresh_token"), 1);
    home.hallpass(&["token", "sandbox@work", "--refresh"])
        .run()
        .ok();
}

#[test]
fn a_marked_connection_can_be_forgotten_and_leaves_the_other_alone() {
    let (provider, home) = Provider::connected(&[]);
    with_both_names(&home);
    home.hallpass(&["disconnect", "sandbox", "--local"])
        .run()
        .ok();
    assert!(!sealed(&home, "sandbox@default").exists());
    home.hallpass(&["token", "sandbox@work", "--refresh"])
        .run()
        .ok();
    assert!(
        !provider
            .log()
            .iter()
            .any(|entry| entry["path"] == "/revoke")
    );
}

fn recipient(home: &Home) -> String {
    let run = home.hallpass(&["import", "--recipient"]).run().ok();
    run.line().to_owned()
}

/// Ends a rename at moments all over its run: whatever is left, one name works, the other says how to
/// go on, and doing it again finishes it.
#[cfg(unix)]
#[test]
fn killed_at_any_moment_a_rename_never_leaves_two_in_use() {
    const MOMENTS: u32 = 40;
    let (provider, home) = Provider::connected(&[]);
    let names = ["sandbox@default", "sandbox@work"];
    // How long one takes here, killed or not.
    let began = Instant::now();
    home.hallpass(&["rename", names[0], "work"]).run().ok();
    home.hallpass(&["rename", names[1], "default"]).run().ok();
    let whole = began.elapsed() / 2;
    let (mut from, mut cut_off) = (0, 0);
    for round in 0.. {
        if round >= MOMENTS && (cut_off > 0 || began.elapsed() > PATIENCE) {
            break;
        }
        let moment = round % MOMENTS;
        let (old, new) = (names[from], names[1 - from]);
        let to = new.split_once('@').unwrap().1;
        let call = home.hallpass(&["rename", old, to]).spawn();
        // The moments are what is tried here; nothing is waited for.
        std::thread::sleep(whole * moment / MOMENTS);
        call.signal(rustix::process::Signal::KILL);
        call.wait();

        let works = |name: &str| home.hallpass(&["token", name]).run().code == Some(0);
        let (old_works, new_works) = (works(old), works(new));
        assert!(!(old_works && new_works), "two in use at {moment}");
        if !new_works && !old_works {
            let run = home.hallpass(&["token", old]).run().fails_with(4);
            let again = format!("hallpass rename {} {to}", old.trim_end_matches("@default"));
            assert!(run.stderr.contains(&again), "{run}");
        }
        cut_off += u32::from(!old_works && sealed(&home, old).exists());
        if old_works || sealed(&home, old).exists() {
            home.hallpass(&["rename", old, to]).run().ok();
        } else {
            // Only the record of the old name may be left, and goes too.
            home.hallpass(&["rename", old, to]).run();
        }
        let kept = connections(&home);
        assert_eq!(kept, [new.trim_end_matches("@default")], "at {moment}");
        from = 1 - from;
        if moment == MOMENTS - 1 {
            let name = names[from];
            home.hallpass(&["token", name, "--refresh"]).run().ok();
        }
    }
    assert!(provider.count("refresh_token") > 0, "the grant lives");
    assert!(cut_off > 0, "no moment hit the middle");
}
