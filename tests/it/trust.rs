//! Project files: found from the working directory upward, inert until somebody trusted their bytes,
//! and laid over the user's own definitions from then on.

mod found;
mod meant;
mod review;
#[cfg(unix)]
mod terminal;
mod unfit;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::{Cmd, HALLPASS, Recorder, Run};

/// A user's home with definitions of their own, a project inside it, and a directory outside.
struct Place {
    root: TempDir,
    recorder: Recorder,
}

/// What the user defines: `github`, which the project replaces, and `mine`, which it does not.
const OWN: &str = r#"
[integrations.github.auth]
type = "none"
[integrations.github.api]
base_url = "ORIGIN/own-github"
[integrations.mine]
name = "Mine"
[integrations.mine.auth]
type = "none"
[integrations.mine.api]
base_url = "ORIGIN/mine"
"#;

/// What the project defines.
const PROJECT: &str = r#"
[integrations.github.auth]
type = "none"
[integrations.github.api]
base_url = "ORIGIN/project-github"
[integrations.staging.auth]
type = "api_key"
api_key = { command = ["touch", "MARKER"] }
[integrations.staging.api]
base_url = "ORIGIN/staging"
test = "/me"
"#;

impl Place {
    fn new() -> Place {
        let place = Place {
            root: tempfile::tempdir().unwrap(),
            recorder: Recorder::start(),
        };
        for dir in ["home/work/deep/er", "outside/deep"] {
            fs::create_dir_all(place.at(dir)).unwrap();
        }
        place.write("home/.config/hallpass/integrations.toml", OWN);
        place
    }

    /// One with the project's file, which nobody has trusted.
    fn with_project() -> Place {
        let place = Place::new();
        place.write("home/work/integrations.toml", PROJECT);
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        fs::canonicalize(self.root.path()).unwrap().join(path)
    }

    fn marker(&self) -> PathBuf {
        self.at("marker")
    }

    /// Writes a file that only this user can write.
    fn write(&self, path: &str, text: &str) -> PathBuf {
        let text = text
            .replace("ORIGIN", self.recorder.origin())
            .replace("MARKER", &self.marker().display().to_string());
        self.write_bytes(path, text.as_bytes())
    }

    fn write_bytes(&self, path: &str, bytes: &[u8]) -> PathBuf {
        let path = self.at(path);
        let dir = path.parent().unwrap();
        fs::create_dir_all(dir).unwrap();
        let temp = tempfile::NamedTempFile::new_in(dir).unwrap();
        std::io::Write::write_all(&mut temp.as_file(), bytes).unwrap();
        temp.persist(&path).unwrap();
        path
    }

    fn cmd(&self, dir: &str, args: &[&str]) -> Cmd {
        Cmd::new(HALLPASS, args)
            .env("HOME", self.at("home"))
            .env("XDG_CONFIG_HOME", self.at("home/.config"))
            .env("XDG_DATA_HOME", self.at("data"))
            .env("HALLPASS_STORE", "file")
            .dir(&self.at(dir))
    }

    /// Runs it in the project, below its file.
    fn run(&self, args: &[&str]) -> Run {
        self.cmd("home/work/deep/er", args).run()
    }

    #[track_caller]
    fn trust(&self) -> Run {
        self.run(&["trust", "--yes"]).ok()
    }

    /// Which API a request in this directory reaches.
    #[track_caller]
    fn reaches(&self, dir: &str, key: &str) -> String {
        self.cmd(dir, &["request", key, "/x"]).run().ok();
        let path = self.recorder.asked().pop().unwrap().path;
        path.trim_matches('/').replace("/x", "")
    }

    #[track_caller]
    fn refuses(&self, dir: &str, key: &str) -> Run {
        let before = self.recorder.asked().len();
        let run = self.cmd(dir, &["request", key, "/x"]).run().fails_with(3);
        assert_eq!(self.recorder.asked().len(), before, "{run}");
        run
    }
}

fn hints_at_trust(run: &Run) -> bool {
    run.stderr.contains("hint:") && run.stderr.contains("`hallpass trust`")
}

const WORK: &str = "home/work/deep/er";

#[test]
fn with_an_untrusted_file_nothing_is_contacted_and_nothing_run() {
    let place = Place::with_project();
    for key in ["github", "staging"] {
        for args in [
            ["token", key].as_slice(),
            &["token", key, "--refresh"],
            &["request", key, "/me"],
            &["connect", key],
            &["status", key],
            &["test", key],
            &["disconnect", key],
        ] {
            let run = place.run(args).fails_with(3);
            assert!(hints_at_trust(&run), "{run}");
            assert!(run.stderr.contains("it is not trusted"), "{run}");
        }
    }
    for args in [["list"].as_slice(), &["list", "--json"]] {
        place.run(args).ok();
    }
    place.run(&["check"]).fails_with(3);
    place.run(&["trust"]).fails_with(4);
    assert!(place.recorder.asked().is_empty());
    assert!(!place.marker().exists());
    // What was held back is there once it is trusted.
    place.trust();
    assert!(!place.marker().exists(), "trusting runs nothing");
    place.run(&["connect", "staging"]);
    assert_eq!(place.marker().exists(), cfg!(unix));
}

#[test]
fn keys_it_does_not_name_work_as_if_it_were_not_there() {
    let place = Place::with_project();
    assert_eq!(place.reaches(WORK, "mine"), "mine");
    let run = place.run(&["status", "mine"]).ok();
    assert_eq!(run.stderr, "");
    let run = place.run(&["token", "mien"]).fails_with(3);
    assert!(run.stderr.contains("did you mean `mine`?"), "{run}");
}

#[test]
fn a_key_it_shadows_never_falls_back_to_the_users_own() {
    let place = Place::with_project();
    let run = place.refuses(WORK, "github");
    let own = place.at("home/.config/hallpass/integrations.toml");
    let named = format!("`hallpass --config {} …`", own.display());
    assert!(run.stderr.contains(&named), "{run}");
    let errors = place
        .cmd(WORK, &["token", "github"])
        .env("HALLPASS_ERRORS", "json")
        .run()
        .fails_with(3);
    assert!(errors.stderr.contains(r#""kind":"definition""#), "{errors}");
    // Elsewhere it is the user's own.
    assert_eq!(place.reaches("home", "github"), "own-github");
}

#[test]
fn a_trusted_file_replaces_definitions_whole_and_leaves_the_others() {
    let place = Place::with_project();
    place.trust();
    assert_eq!(place.reaches(WORK, "github"), "project-github");
    assert_eq!(place.reaches(WORK, "mine"), "mine");
    assert_eq!(place.reaches("home", "github"), "own-github");
    let list = place.run(&["list", "--json"]).ok().json();
    let keys: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["integration"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["github", "mine", "staging"]);
    let run = place.run(&["check"]).ok();
    assert!(run.stdout.contains("3 integrations are valid"), "{run}");
    let run = place.run(&["token", "stagin"]).fails_with(3);
    assert!(run.stderr.contains("did you mean `staging`?"), "{run}");
}

#[test]
fn a_changed_byte_takes_the_trust_away_and_the_old_bytes_bring_it_back() {
    let place = Place::with_project();
    place.trust();
    place.write("home/work/integrations.toml", &format!("{PROJECT}\n"));
    let run = place.refuses(WORK, "github");
    assert!(
        run.stderr.contains("it has changed since it was trusted"),
        "{run}"
    );
    assert_eq!(place.reaches(WORK, "mine"), "mine");
    place.write("home/work/integrations.toml", PROJECT);
    assert_eq!(place.reaches(WORK, "github"), "project-github");
    // The same bytes elsewhere are another file.
    place.write("home/other/integrations.toml", PROJECT);
    place.refuses("home/other", "github");
}

#[test]
fn list_and_check_name_the_untrusted_file_and_its_keys() {
    let place = Place::with_project();
    let path = place.at("home/work/integrations.toml");
    let run = place.run(&["list"]).ok();
    assert!(
        run.stdout.contains("mine") && !run.stdout.contains("github"),
        "{run}"
    );
    let warned = |text: &str| run.stderr.contains("warning:") && run.stderr.contains(text);
    for text in [
        path.to_str().unwrap(),
        "`github`, `staging`",
        "`hallpass trust`",
    ] {
        assert!(warned(text), "{run}");
    }
    let run = place.run(&["check"]).fails_with(3);
    assert!(hints_at_trust(&run), "{run}");
    assert!(run.stderr.contains(path.to_str().unwrap()), "{run}");
    assert!(run.stderr.contains("integrations.toml check`"), "{run}");
    let run = place.run(&["check", "--json"]).fails_with(3);
    let report = run.json();
    assert_eq!(report["file"], path.to_str().unwrap());
    assert_eq!(report["problems"][0]["message"], "it is not trusted");
}

#[test]
fn a_list_of_thousands_of_untrusted_keys_is_cut_short() {
    let place = Place::new();
    let keys = (0..5_000).map(|number| format!("[integrations.k{number}]\n"));
    place.write("home/work/integrations.toml", &keys.collect::<String>());
    let run = place.run(&["list"]).ok();
    assert!(run.stderr.contains("`k0`, `k1`"), "{run}");
    assert!(run.stderr.contains("and 4980 more"), "{run}");
    assert!(!run.stderr.contains("`k20`"), "{run}");
}

#[test]
fn check_of_an_untrusted_file_reads_no_file_and_runs_no_git() {
    let place = Place::with_project();
    // A git that would tell on whoever runs it.
    let git = place.write("bin/git", "#!/bin/sh\ntouch MARKER\n");
    executable(&git);
    fs::create_dir_all(place.at("home/work/.git")).unwrap();
    let path = format!("{}:/usr/bin:/bin", place.at("bin").display());
    let text = "[integrations.x.auth]\ntype = \"api_key\"\napi_key = \"literal-not-real\"\n";
    place.write("home/work/integrations.toml", text);
    let check = || place.cmd(WORK, &["check"]).env("PATH", &path).run();
    check().fails_with(3);
    let trust = place.cmd(WORK, &["trust", "--yes"]).env("PATH", &path);
    trust.run().ok();
    assert!(!place.marker().exists());
    check().ok();
    assert_eq!(
        place.marker().exists(),
        cfg!(unix),
        "it is run once it is trusted"
    );
}

#[test]
fn a_project_extends_the_users_and_never_the_other_way_round() {
    let place = Place::new();
    place.write(
        "home/.config/hallpass/integrations.toml",
        r#"
[integrations.base.auth]
type = "none"
[integrations.base.api]
base_url = "ORIGIN/own-base"
[integrations.over]
extends = "base"
[integrations.loop]
extends = "base"
[integrations.lost]
extends = "only-project"
"#,
    );
    place.write(
        "home/work/integrations.toml",
        r#"
[integrations.base.auth]
type = "none"
[integrations.base.api]
base_url = "ORIGIN/project-base"
[integrations.only-project]
extends = "base"
[integrations.through]
extends = "over"
[integrations.loop.api]
query = { a = "1" }
[integrations.loop]
extends = "through"
"#,
    );
    place.trust();
    for (key, expected) in [
        ("base", "project-base"),
        ("only-project", "project-base"),
        // The user's definition means in the project what it means elsewhere.
        ("over", "own-base"),
        ("through", "own-base"),
        ("loop", "own-base"),
    ] {
        assert_eq!(place.reaches(WORK, key), expected, "{key}");
    }
    let run = place.refuses(WORK, "lost");
    assert!(
        run.stderr
            .contains("there is no integration `only-project`"),
        "{run}"
    );
    let check = place.run(&["check"]).fails_with(3);
    assert!(
        check
            .stderr
            .contains("there is no integration `only-project`"),
        "{check}"
    );
}

#[test]
fn a_definition_extends_that_of_its_own_key_in_neither_file() {
    let place = Place::with_project();
    let text = "[integrations.github]\nextends = \"github\"\n";
    place.write("home/work/integrations.toml", text);
    let run = place.run(&["trust", "--yes"]).fails_with(3);
    assert!(run.stderr.contains("would extend itself"), "{run}");
}

#[cfg(unix)]
fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
fn executable(_path: &Path) {}
