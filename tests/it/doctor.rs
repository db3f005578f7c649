//! `hallpass doctor`: each thing it finds is brought about, and the command it names is run where
//! that mends it; and it changes nothing, sends no credential and shows no secret.

mod connections;
mod network;
mod stores;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::Value;

use crate::support::{CONSENT, Cmd, HALLPASS, Home, Provider, Recorder, Run};

/// A connection that needs nobody, and goes to `ORIGIN` alone.
const KEY: &str = r#"
[integrations.x.auth]
type = "api_key"
api_key = "key-not-real"
[integrations.x.api]
base_url = "ORIGIN/api"
"#;

static HELP: LazyLock<String> = LazyLock::new(|| Cmd::new(HALLPASS, &["--help"]).run().ok().stdout);

/// What a run found.
struct Findings {
    run: Run,
    all: Vec<Value>,
}

impl Findings {
    /// Reads `--json`, and holds it to what every finding promises.
    #[track_caller]
    fn of(run: Run) -> Findings {
        let report = run.json();
        let all = report["findings"].as_array().unwrap().clone();
        assert_eq!(report["ok"], run.code == Some(0), "{run}");
        for finding in &all {
            let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            let mended = !text("command").is_empty() || !text("fix").is_empty();
            assert_eq!(mended, text("status") != "ok", "{finding}");
            assert!(!text("subject").is_empty() && !text("message").is_empty());
            if let Some(ours) = text("command").strip_prefix("hallpass ") {
                let command = ours
                    .split(' ')
                    .find(|word| HELP.contains(&format!("\n  {word} ")));
                assert!(command.is_some(), "no such command: {finding}");
            }
        }
        Findings { run, all }
    }

    /// The findings that are not good.
    fn bad(&self) -> Vec<&Value> {
        let bad = self.all.iter().filter(|finding| finding["status"] != "ok");
        bad.collect()
    }

    /// The one finding of a subject and status that says so.
    #[track_caller]
    fn one(&self, subject: &str, status: &str, says: &str) -> &Value {
        let mut found = self.all.iter().filter(|finding| {
            let message = finding["message"].as_str().unwrap_or_default();
            finding["subject"] == subject && finding["status"] == status && message.contains(says)
        });
        match (found.next(), found.next()) {
            (Some(one), None) => one,
            _ => panic!(
                "not one {status} of {subject} that says “{says}”\n{}",
                self.run
            ),
        }
    }

    /// Asserts that there is no other finding that is not good, and returns it.
    #[track_caller]
    fn only(&self, subject: &str, status: &str, says: &str) -> &Value {
        assert_eq!(self.bad().len(), 1, "{}", self.run);
        self.one(subject, status, says)
    }
}

/// Looks, without what the machine the tests run on may have set.
#[track_caller]
fn look(home: &Home, args: &[&str]) -> Findings {
    let args = [&["doctor", "--json"][..], args].concat();
    Findings::of(home.hallpass(&args).run())
}

fn command(finding: &Value) -> &str {
    finding["command"].as_str().unwrap_or_default()
}

/// Every file below a home, with its bytes.
fn files(home: &Home) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut directories = vec![home.path().to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                found.insert(path, bytes);
            }
        }
    }
    found
}

#[test]
fn all_is_well_in_a_healthy_home_and_nothing_is_changed() {
    let (_provider, home) = Provider::connected(&[]);
    home.token("sandbox-service");
    let before = files(&home);
    for args in [&[][..], &["sandbox"], &["sandbox-service"]] {
        let found = look(&home, args);
        assert_eq!(found.bad(), [] as [&Value; 0], "{}", found.run);
        assert_eq!(found.run.stderr, "", "{}", found.run);
        assert_eq!(found.run.code, Some(0));
    }
    let run = home.hallpass(&["doctor"]).run().ok();
    for subject in ["definitions", "store", "connections", "network", "redirect"] {
        let named = run.stdout.lines().any(|line| line == subject);
        assert!(named, "{subject}: {run}");
    }
    assert!(!run.stdout.contains('\u{1b}'), "{run}");
    assert_eq!(files(&home), before);
}

#[test]
fn an_empty_home_stays_empty_and_is_told_what_comes_first() {
    let home = Home::new();
    let found = look(&home, &[]);
    assert_eq!(found.run.code, Some(0));
    found.only("definitions", "warning", "nothing is defined");
    assert!(std::fs::read_dir(home.path()).unwrap().next().is_none());
}

#[test]
fn no_credential_is_sent_and_no_secret_is_shown() {
    let provider = Recorder::start();
    let home = provider.home(&format!("{CONSENT}{}", KEY.replace(".x.", ".k.")));
    home.connect("x");
    let token = home.token("x");
    let before = provider.asked().len();
    let run = home.hallpass(&["-vv", "doctor"]).run().ok();
    for secret in [token.as_str(), "refresh-1", "key-not-real"] {
        assert!(
            !run.stdout.contains(secret) && !run.stderr.contains(secret),
            "{run}"
        );
    }
    let asked = provider.asked();
    let by_us: Vec<_> = asked[before..].iter().collect();
    assert_eq!(by_us.len(), 1, "each origin is asked once");
    for asked in by_us {
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("HEAD", "/"));
        assert_eq!((asked.query.as_str(), asked.body.as_str()), ("", ""));
        let names = asked.headers.iter().map(|(name, _)| name.as_str());
        for name in names {
            assert!(
                ["accept", "host", "user-agent"].contains(&name),
                "{asked:?}"
            );
        }
    }
}

#[test]
fn the_worst_problem_decides_the_exit_code_and_the_error_counts_them() {
    let home = Home::new();
    let broken = "[integrations.b]\nnam = \"B\"\n";
    let closed = KEY.replace("ORIGIN", "http://127.0.0.1:1");
    home.write("integrations.toml", broken);
    let run = home.hallpass(&["doctor"]).run().fails_with(3);
    assert!(run.stderr.starts_with("error: 1 problem\n"), "{run}");
    assert!(run.stdout.contains("  problem  "), "{run}");
    assert!(
        run.stdout.contains("           run: hallpass check\n"),
        "{run}"
    );
    home.write("integrations.toml", &format!("{broken}{closed}"));
    let run = home.hallpass(&["doctor"]).run().fails_with(6);
    assert!(run.stderr.starts_with("error: 2 problems\n"), "{run}");
    home.write("data/credentials", "in the way");
    let run = home.hallpass(&["doctor", "--json"]).run().fails_with(7);
    let error: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["kind"], "store", "{run}");
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("3 problems: store: "), "{run}");
    assert!(message.contains("data/credentials"), "{run}");
    Findings::of(run);
}

#[test]
fn definitions_are_told_in_short_with_their_first_problem_and_the_warnings() {
    let home = Home::new();
    home.write(
        "integrations.toml",
        "[integrations.a]\nnam = \"A\"\n[integrations.b]\n",
    );
    let found = look(&home, &[]);
    let finding = found.one("definitions", "problem", "3 problems, the first at ");
    let message = finding["message"].as_str().unwrap();
    assert!(message.contains("integrations.toml:1: "), "{message}");
    assert_eq!(command(finding), "hallpass check");

    let provider = Recorder::start();
    let unset = KEY.replace("\"key-not-real\"", "{ env = \"X_KEY\" }");
    let home = provider.home(&unset);
    let found = look(&home, &[]);
    found.only("definitions", "warning", "`X_KEY` is not set");
    assert_eq!(found.run.code, Some(0));
    // The connection that was asked for cannot do without.
    let found = look(&home, &["x"]);
    found.only("definitions", "problem", "`X_KEY` is not set");
    assert_eq!(found.run.code, Some(3));
    let args = ["doctor", "x"];
    home.hallpass(&args).env("X_KEY", "key-not-real").run().ok();
    for place in [
        "{ file = \"none\" }",
        "{ command = [\"hallpass-no-such\"] }",
    ] {
        let home = provider.home(&KEY.replace("\"key-not-real\"", place));
        let found = look(&home, &["x"]);
        found.only("definitions", "problem", "`api_key` is not to be had");
    }
}

#[test]
fn what_is_not_defined_and_settings_that_are_wrong_are_findings_too() {
    let home = Home::new();
    home.write("integrations.toml", KEY);
    let found = look(&home, &["nosuch"]);
    found.only("definitions", "problem", "no integration `nosuch`");
    assert_eq!(found.run.code, Some(3));
    home.write("config.toml", "stor = \"file\"\n");
    let found = look(&home, &[]);
    found.only("settings", "problem", "unknown field `stor`");
    assert_eq!(found.run.code, Some(3));
}

#[test]
fn commands_name_the_definition_file_that_was_named() {
    let home = Home::new();
    let file = home.write("my defs.toml", "[integrations.a]\n");
    let file = file.to_str().unwrap();
    let found = look(&home, &["--config", file]);
    let finding = found.only("definitions", "problem", "");
    let quoted = shell_words::quote(file);
    assert_eq!(
        command(finding),
        format!("hallpass --config {quoted} check")
    );
}

#[test]
fn a_browser_that_is_not_there_is_told_and_so_is_that_links_are_printed() {
    let provider = Recorder::start();
    let home = provider.home(CONSENT);
    let with = |name: &str, value: &str| {
        let run = home.hallpass(&["doctor", "--json"]).env(name, value).run();
        Findings::of(run.ok())
    };
    let found = with("HALLPASS_BROWSER", "hallpass-no-such --new");
    let finding = found.only("browser", "warning", "no program `hallpass-no-such`");
    assert_eq!(command(finding), "unset HALLPASS_BROWSER");
    let person = Home::sandbox_person();
    with("HALLPASS_BROWSER", &person).one("browser", "ok", "links are opened with");
    with("SSH_CONNECTION", "1").one("browser", "ok", "over SSH links are printed");
    with("CI", "true").one("browser", "ok", "nobody is there");
    with("HALLPASS_BROWSER", "none").one("browser", "ok", "links are printed");
}

#[test]
fn the_error_names_what_is_wrong_and_whose_it_is() {
    let home = Home::new();
    home.write(
        "integrations.toml",
        &KEY.replace("\"key-not-real\"", "{ env = \"X_KEY\" }")
            .replace("ORIGIN", "http://127.0.0.1:1"),
    );
    let run = home
        .hallpass(&["doctor", "x"])
        .env("HALLPASS_ERRORS", "json")
        .run()
        .fails_with(6);
    let error: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    let message = error["error"]["message"].as_str().unwrap();
    let first = "2 problems: network: http://127.0.0.1:1 cannot be reached: ";
    assert!(
        message.starts_with(first) && message.contains("`x`"),
        "{run}"
    );
    home.write("integrations.toml", "[integrations.x\n");
    let run = home
        .hallpass(&["doctor", "--json", "x"])
        .run()
        .fails_with(3);
    let error: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("1 problem: definitions: "), "{run}");
    assert!(message.contains("integrations.toml"), "{run}");
}

/// A home whose path would clear a screen.
#[cfg(unix)]
#[test]
fn a_path_that_acts_on_a_terminal_is_shown_and_does_not() {
    let home = Home::new();
    let key = KEY.replace("ORIGIN", "http://127.0.0.1:1");
    home.write("a\u{1b}[2Jb/integrations.toml", &key);
    let inner = home.path().join("a\u{1b}[2Jb");
    let left = home.write("a\u{1b}[2Jb/data/trusted/.hallpass-a", "half");
    let file = std::fs::File::options().write(true).open(left).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    let run = |args: &[&str]| home.hallpass(args).env("HALLPASS_HOME", &inner).run();
    let doctor = run(&["doctor"]);
    assert!(doctor.stdout.contains("run: rm "), "{doctor}");
    for run in [doctor, run(&["check"]).ok(), run(&["list"]).ok()] {
        assert!(!run.stdout.contains('\u{1b}'), "{run}");
        assert!(!run.stderr.contains('\u{1b}'), "{run}");
    }
    let check = run(&["check"]).ok();
    assert!(check.stdout.contains("a\\u{1b}[2Jb"), "{check}");
    home.write("a\u{1b}[2Jb/integrations.toml", "");
    let list = run(&["list"]).ok();
    assert!(list.stderr.contains("a\\u{1b}[2Jb"), "{list}");
}
