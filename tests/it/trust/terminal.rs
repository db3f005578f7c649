//! A person at a terminal, who is shown the file and asked.

use crate::support::{Running, eventually};

use super::{PROJECT, Place, WORK};

const QUESTION: &str = "Let hallpass use";

impl Place {
    fn at_terminal(&self, args: &[&str]) -> Running {
        let (mut running, _) = self.cmd(WORK, args).spawn_at_terminal();
        running.wait_for_question(QUESTION);
        running
    }
}

#[test]
fn a_yes_trusts_the_file_and_the_command_goes_on() {
    let place = Place::with_project();
    let mut running = place.at_terminal(&["request", "github", "/x"]);
    assert!(place.recorder.asked().is_empty());
    running.types("y");
    let run = running.wait().ok();
    for text in [
        "defines 2 integrations",
        "replaces your own `github`",
        "runs touch",
    ] {
        assert!(run.stderr.contains(text), "{run}");
    }
    assert_eq!(run.stdout, "{\"ok\":true}");
    assert_eq!(place.recorder.asked_at("/project-github/x").len(), 1);
    assert_eq!(place.reaches(WORK, "github"), "project-github");
}

#[test]
fn anything_but_yes_leaves_it_untrusted() {
    let place = Place::with_project();
    for keys in ["n", "\r"] {
        for args in [["request", "github", "/x"].as_slice(), &["trust"]] {
            let mut running = place.at_terminal(args);
            running.types(keys);
            let run = running.wait().exits(3);
            assert!(run.stderr.contains("hint:"), "{run}");
        }
    }
    place.refuses(WORK, "github");
    assert!(place.recorder.asked().is_empty());
}

#[test]
fn an_interrupted_yes_or_no_is_130_and_the_cursor_is_shown_again() {
    let place = Place::with_project();
    let (mut running, terminal) = place.cmd(WORK, &["trust"]).spawn_at_terminal();
    running.wait_for_question(QUESTION);
    eventually("the question's reading", || {
        (!terminal.is_in_normal_mode()).then_some(())
    });
    running.types("\u{3}"); // Ctrl-C
    let run = running.wait().exits(130);
    assert!(run.stderr.contains("interrupted while asking"), "{run}");
    assert!(
        run.stderr.contains("run the command again when you can"),
        "{run}"
    );
    let hidden = run.stderr.rfind("\u{1b}[?25l");
    assert!(hidden.is_some(), "it was hidden: {run}");
    assert!(run.stderr.rfind("\u{1b}[?25h") > hidden, "{run}");
    assert!(terminal.is_in_normal_mode());
    place.refuses(WORK, "github");
}

#[test]
fn who_silenced_notes_still_sees_what_they_are_asked_about() {
    let place = Place::with_project();
    let mut running = place.at_terminal(&["--quiet", "trust"]);
    running.types("y");
    let run = running.wait().ok();
    assert!(run.stderr.contains("defines 2 integrations"), "{run}");
    assert!(!run.stderr.contains("Trusted"), "{run}");
}

#[test]
fn nobody_is_asked_for_a_key_that_is_not_the_files_or_under_no_input() {
    let place = Place::with_project();
    let request = place.cmd(WORK, &["request", "mine", "/x"]);
    let run = request.spawn_at_terminal().0.wait().ok();
    assert!(!run.stderr.contains(QUESTION), "{run}");
    let request = place.cmd(WORK, &["request", "github", "/x", "--no-input"]);
    let run = request.spawn_at_terminal().0.wait().exits(3);
    assert!(!run.stderr.contains(QUESTION), "{run}");
}

#[test]
fn what_is_trusted_is_what_was_shown() {
    let place = Place::with_project();
    for args in [["request", "github", "/x"].as_slice(), &["trust"]] {
        place.write("home/work/integrations.toml", PROJECT);
        let mut running = place.at_terminal(args);
        let evil = PROJECT.replace("project-github", "evil");
        place.write("home/work/integrations.toml", &evil);
        running.types("y");
        running.wait().ok();
        assert!(place.recorder.asked_at("/evil/x").is_empty());
        let run = place.refuses(WORK, "github");
        assert!(run.stderr.contains("has changed"), "{run}");
        place.write("home/work/integrations.toml", PROJECT);
        assert_eq!(place.reaches(WORK, "github"), "project-github");
        place.run(&["trust", "--revoke"]).ok();
    }
}

#[test]
fn what_only_looks_or_needs_no_definition_asks_nobody_and_trusts_nothing() {
    let place = Place::with_project();
    for args in [
        ["doctor", "github"].as_slice(),
        &["rename", "github", "work"],
        &["move", "github", "--to", "file"],
        &["disconnect", "github", "--local"],
    ] {
        let (mut running, _) = place.cmd(WORK, args).spawn_at_terminal();
        // Where somebody was asked after all, this would be their answer.
        running.types("y");
        let run = running.wait().exits(3);
        assert!(!run.stderr.contains(QUESTION), "{run}");
        place.refuses(WORK, "github");
    }
    assert!(!place.at("data/hallpass/trusted").exists());
}
