//! Which connection a bare key means where its definition cannot be used: none is guessed, nobody is
//! asked, and what is kept stays what it was.

use std::path::Path;

use serde_json::Value;

use super::{PROJECT, Place, WORK};
use crate::support::Run;

/// `keyed` means `keyed@work`.
const KEYED: &str = r#"
[integrations.keyed]
connection = "work"
[integrations.keyed.auth]
type = "api_key"
[integrations.keyed.api]
base_url = "ORIGIN/keyed"
"#;

/// A project that names it too.
const OVER: &str = "[integrations.keyed.auth]\ntype = \"none\"\n";

const OWN: &str = "home/.config/hallpass/integrations.toml";
const FOUND: &str = "home/work/integrations.toml";

impl Place {
    /// One with `keyed@work` and `keyed@default`.
    fn with_two_keys() -> Place {
        let place = Place::new();
        place.write(OWN, KEYED);
        for name in ["work", "default"] {
            let connection = format!("keyed@{name}");
            let args = ["connect", &connection, "--param", "api_key=-", "--no-test"];
            let connect = place.cmd(WORK, &args);
            connect.stdin(format!("{name}-not-real")).run().ok();
        }
        place
    }

    /// What is kept of connections.
    fn kept(&self) -> Vec<String> {
        let dir = self.at("data/hallpass/credentials");
        let names = std::fs::read_dir(dir).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            Path::file_stem(&path).unwrap().to_string_lossy().into()
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// The commands that handle what is kept, and need no definition for it.
    fn handled(&self, connection: &str) -> [Run; 4] {
        let to = self.run(&["import", "--recipient"]).ok();
        let to = to.line();
        [
            &["export", connection, "--to", to][..],
            &["rename", connection, "other"],
            &["move", connection, "--to", "file"],
            &["disconnect", connection, "--local"],
        ]
        .map(|args| self.run(args))
    }

    /// That a bare key is not taken for a connection that nobody named.
    #[track_caller]
    fn guesses_none(&self, why: &str) {
        let both = ["keyed@default", "keyed@work"];
        for run in self.handled("keyed") {
            let run = run.fails_with(3);
            assert!(run.stderr.contains(why), "{why}\n{run}");
            let hint = "name it in full: `keyed@default`";
            assert!(run.stderr.contains(hint), "{run}");
            assert_eq!(run.stdout, "", "{run}");
            assert_eq!(self.kept(), both, "{run}");
        }
        let states = self.run(&["list", "--json"]).ok().json();
        let of = |row: &Value| (row["connection"].clone(), row["state"].clone());
        let states: Vec<_> = states.as_array().unwrap().iter().map(of).collect();
        for connection in ["keyed", "keyed@work"] {
            let expected = (connection.into(), "connected".into());
            assert!(states.contains(&expected), "{connection}: {states:?}");
        }
        let doctor = self.run(&["doctor"]).exits(3);
        assert!(!doctor.stdout.contains("nothing defines"), "{doctor}");
    }
}

#[test]
fn a_bare_key_whose_definition_is_withheld_or_broken_means_no_connection() {
    let place = Place::with_two_keys();
    place.write(FOUND, OVER);
    place.guesses_none("it is not trusted");
    place.write(FOUND, "[integrations.keyed\n");
    place.guesses_none("it is not TOML");
    std::fs::remove_file(place.at(FOUND)).unwrap();
    for broken in [
        KEYED.replace("connection =", "conection ="),
        format!("{KEYED}\n<<<<<<<\n"),
    ] {
        place.write(OWN, &broken);
        place.guesses_none("problem");
    }
}

#[test]
fn a_connection_that_is_named_in_full_is_handled_whatever_its_definition() {
    for (own, found) in [(KEYED, OVER), ("[[[ keyed", ""), ("", "")] {
        let place = Place::with_two_keys();
        place.write(OWN, own);
        place.write(FOUND, found);
        let run = place.run(&["rename", "keyed@work", "other"]).ok();
        assert_eq!(run.stdout, "", "{run}");
        assert_eq!(place.kept(), ["keyed@default", "keyed@other"]);
        for run in place.handled("keyed@other") {
            assert!(!run.stderr.contains("trusted"), "{run}");
        }
        assert_eq!(place.kept(), ["keyed@default"]);
    }
}

#[test]
fn a_bare_key_that_nothing_defines_any_more_means_the_default_connection() {
    let place = Place::with_two_keys();
    for (own, found) in [("", ""), ("", PROJECT), ("[[[", "[[[")] {
        place.write(OWN, own);
        place.write(FOUND, found);
        let run = place.run(&["rename", "keyed", "aside"]).ok();
        assert!(run.stderr.contains("Renamed `keyed` to"), "{run}");
        place.run(&["rename", "keyed@aside", "default"]).ok();
    }
    let list = place.cmd(WORK, &["list", "--json"]);
    place.write(OWN, "");
    for row in list.run().ok().json().as_array().unwrap() {
        assert_eq!(row["state"], "needs_connecting", "{row}");
    }
    let doctor = place.run(&["doctor"]).exits(3);
    assert!(doctor.stdout.contains("nothing defines it"), "{doctor}");
    place.run(&["disconnect", "keyed", "--local"]).ok();
    assert_eq!(place.kept(), ["keyed@work"]);
}

#[cfg(unix)]
#[test]
fn an_import_warns_of_a_withheld_definition_and_asks_nobody_about_it() {
    let place = Place::with_two_keys();
    let to = place.run(&["import", "--recipient"]).ok();
    let sealed = place.at("home/sealed.age");
    let sealed = sealed.to_str().unwrap();
    let args = [
        "export",
        "keyed@work",
        "--to",
        to.line(),
        "--output",
        sealed,
    ];
    place.run(&args).ok();
    place.write(FOUND, OVER);
    let import = place.cmd(WORK, &["import", sealed, "--as", "again"]);
    let (mut running, _) = import.spawn_at_terminal();
    // Where somebody was asked after all, this would be their answer.
    running.types("y");
    let run = running.wait().ok();
    assert!(run.stderr.contains("it is not trusted"), "{run}");
    assert!(!run.stderr.contains("Let hallpass use"), "{run}");
    assert!(!place.at("data/hallpass/trusted").exists());
}
