//! Where credentials rest: stores, records, and the files they are in.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Findings, command, look};
use crate::support::{Home, Provider, Recorder};

const RECORD: &str = "data/connections/sandbox@default.json";

/// Changes the record of `sandbox` behind hallpass's back.
fn change_record(home: &Home, change: impl Fn(&mut Value)) {
    let text = std::fs::read_to_string(home.path().join(RECORD)).unwrap();
    let mut record: Value = serde_json::from_str(&text).unwrap();
    change(&mut record);
    home.write(RECORD, &record.to_string());
}

/// Runs the command that a finding names, after which all must be well.
#[cfg(unix)]
#[track_caller]
fn mend(home: &Home, finding: &Value) {
    home.shell(command(finding)).run().ok();
    let found = look(home, &[]);
    assert_eq!(found.bad(), [] as [&Value; 0], "{}", found.run);
}

/// Only a shell could run it.
#[cfg(not(unix))]
fn mend(_home: &Home, finding: &Value) {
    assert!(!command(finding).is_empty());
}

#[test]
fn a_wrong_key_is_told_with_the_connection_it_does_not_open() {
    use age::secrecy::ExposeSecret as _;
    let (_provider, home) = Provider::connected(&[]);
    let other = age::x25519::Identity::generate().to_string();
    for (key, says) in [
        (other.expose_secret(), "was sealed with another key"),
        ("no-key-not-real", "`HALLPASS_KEY` holds no age identity"),
    ] {
        let run = home
            .hallpass(&["doctor", "--json", "sandbox"])
            .env("HALLPASS_KEY", key)
            .run()
            .fails_with(7);
        assert!(
            !run.stdout.contains(key) && !run.stderr.contains(key),
            "{run}"
        );
        let found = Findings::of(run);
        let of_it = found
            .bad()
            .into_iter()
            .find(|one| one["connection"] == "sandbox");
        let message = of_it.unwrap()["message"].as_str().unwrap();
        assert!(
            message.starts_with("`sandbox` cannot be read: "),
            "{message}"
        );
        assert!(message.contains(says), "{message}");
    }
    assert_eq!(look(&home, &["sandbox"]).bad().len(), 0);
}

#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn no_keychain_is_a_problem_where_one_is_needed_and_only_there() {
    let (_provider, home) = Provider::connected(&[]);
    let without = |args: &[&str]| {
        let args = [&["doctor", "--json", "--store", "keychain"][..], args].concat();
        home.hallpass(&args)
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            .run()
    };
    let found = Findings::of(without(&[]).fails_with(7));
    let finding = found.only("store", "problem", "no keychain answers");
    assert!(finding["fix"].as_str().unwrap().contains("--store file"));
    // An existing connection stays where it is, and what needs no store has none.
    assert_eq!(Findings::of(without(&["sandbox"]).ok()).bad().len(), 0);
    let found = Findings::of(without(&["sandbox-service"]).ok());
    found.only("store", "warning", "no keychain answers");
}

#[test]
fn a_store_that_takes_no_writes_is_told_and_none_is_made_by_looking() {
    let provider = Recorder::start();
    let home = provider.home(super::KEY);
    home.write("data/credentials", "in the way");
    let found = look(&home, &[]);
    found.one("store", "problem", "data/credentials`");
    assert_eq!(found.run.code, Some(7));
    assert!(!home.path().join("key.txt").exists());
}

#[test]
fn a_renewal_that_broke_off_is_told_unless_somebody_is_at_it() {
    let (_provider, home) = Provider::connected(&[]);
    change_record(&home, |record| {
        record["in_flight"] = json!({ "since": "2026-01-02T03:04:05Z", "pid": 4_194_303 });
    });
    let lock = home.path().join("data/locks/sandbox@default.lock");
    let held = std::fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock)
        .unwrap();
    held.lock().unwrap();
    assert_eq!(look(&home, &[]).bad().len(), 0);
    held.unlock().unwrap();
    let found = look(&home, &["sandbox"]);
    assert_eq!(found.run.code, Some(0));
    let finding = found.only("store", "warning", "began 2026-01-02T03:04:05Z");
    mend(&home, finding);
}

#[test]
fn a_record_that_is_damaged_or_behind_is_made_again() {
    let (_provider, home) = Provider::connected(&[]);
    home.write(RECORD, "not json");
    let found = look(&home, &["sandbox"]);
    mend(&home, found.only("store", "warning", "is damaged"));
    change_record(&home, |record| record["generation"] = json!(77));
    let found = look(&home, &[]);
    mend(&home, found.only("store", "warning", "is of generation 77"));
}

#[test]
fn a_secret_that_the_definition_does_not_accept_any_more_is_told() {
    let provider = Recorder::start();
    let home = provider.home(
        r#"
[[integrations.x.parameters]]
name = "key"
secret = true
pattern = "k-.*"
[integrations.x.auth]
type = "none"
[integrations.x.api]
base_url = "ORIGIN/api"
headers = { Key = "{key}" }
"#,
    );
    home.hallpass(&["connect", "x", "--param", "key=-"])
        .stdin("k-not-real\n")
        .run()
        .ok();
    assert_eq!(look(&home, &["x"]).bad().len(), 0);
    home.edit(|text| text.replace("k-.*", "j-.*"));
    let found = look(&home, &["x"]);
    let finding = found.only("store", "problem", "does not fit its definition");
    assert_eq!(command(finding), "hallpass connect x --force");
    assert_eq!(found.run.code, Some(4));
    assert!(!found.run.stdout.contains("k-not-real"));
}

#[test]
fn a_damaged_and_a_lost_credential_are_told_apart() {
    let (_provider, home) = Provider::connected(&[]);
    let sealed = home.path().join("data/credentials/sandbox@default.age");
    home.write(
        "data/credentials/sandbox@default.age",
        "age-encryption.org/v1\n",
    );
    let found = look(&home, &[]);
    let finding = found.only("store", "problem", "`sandbox` cannot be read");
    assert_eq!(command(finding), "hallpass connect sandbox --force");
    assert_eq!(found.run.code, Some(7));
    std::fs::remove_file(sealed).unwrap();
    let found = look(&home, &[]);
    let finding = found.only("store", "problem", "is gone from its store");
    assert_eq!(command(finding), "hallpass connect sandbox");
    assert_eq!(found.run.code, Some(4));
}

#[test]
fn files_that_a_broken_write_left_are_found_once_they_are_nobodys() {
    let (_provider, home) = Provider::connected(&[]);
    let names = [
        "data/credentials/.hallpass-a",
        "data/trusted/.hallpass-b",
        ".hallpass-c",
    ];
    let left: Vec<PathBuf> = names.iter().map(|name| home.write(name, "half")).collect();
    assert_eq!(look(&home, &[]).bad().len(), 0);
    let age = |minutes: u64| {
        let now = left[0].metadata().unwrap().modified().unwrap();
        let then = now - std::time::Duration::from_secs(minutes * 60);
        for path in &left {
            let file = std::fs::File::options().write(true).open(path).unwrap();
            file.set_modified(then).unwrap();
        }
    };
    // A call to a provider may take its time, and holds room meanwhile.
    age(50);
    assert_eq!(look(&home, &[]).bad().len(), 0);
    age(20);
    let found = look(&home, &[]);
    assert_eq!(found.run.code, Some(0));
    mend(&home, found.only("store", "warning", "3 temporary files"));
}

#[cfg(unix)]
#[test]
fn what_others_can_read_or_write_is_told_with_the_command_that_ends_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_provider, home) = Provider::connected(&[]);
    for (name, mode, status, says) in [
        ("key.txt", 0o644, "problem", "others can read the key"),
        ("data", 0o777, "problem", "others can write in"),
        ("data", 0o755, "warning", "others can see into"),
        ("", 0o770, "problem", "others can write in"),
    ] {
        let path = home.path().join(name);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let found = look(&home, &[]);
        let finding = found.only("store", status, says).clone();
        assert_eq!(
            found.run.code,
            Some(if status == "problem" { 7 } else { 0 })
        );
        home.shell(command(&finding)).run().ok();
        if (name, mode) != ("data", 0o777) {
            assert_eq!(look(&home, &[]).bad().len(), 0);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_key_command_that_waits_for_somebody_is_given_up_on() {
    let (_provider, home) = Provider::connected(&[]);
    home.write("config.toml", "key_command = [\"sleep\", \"20\"]\n");
    let found = look(&home, &["sandbox"]);
    let finding = found.only("store", "problem", "did not answer within 15s");
    assert!(finding["fix"].as_str().unwrap().contains("key_command"));
    assert_eq!(found.run.code, Some(7));
}
