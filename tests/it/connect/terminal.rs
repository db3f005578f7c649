//! Connecting at a terminal: what is pasted there, and that it is left as it was.

use rustix::process::Signal;

use super::paste::PLAIN;
use crate::support::{Home, Provider, Recorder, eventually, http};

#[test]
fn at_a_terminal_the_address_may_be_pasted_at_any_time() {
    let provider = Provider::start(&[]);
    for flags in [["--no-browser"].as_slice(), &["--no-browser", "--paste"]] {
        let home = provider.home();
        let args = [&["connect", "sandbox"], flags].concat();
        let (mut process, mut terminal) = home.hallpass(&args).spawn_at_terminal();
        let link = process.wait_for_stderr(|line| line.starts_with("http://"));
        process.wait_for_stderr(|line| line.starts_with("Waiting for the answer… "));
        assert!(terminal.is_in_normal_mode());
        terminal.type_line("http://127.0.0.1:1/callback?code=x-not-real&state=x");
        process.wait_for_stderr(|line| line.contains("this is another address"));
        let landing = http::landing(&link);
        terminal.type_line(&landing);
        process.wait().ok();
        assert!(terminal.is_in_normal_mode());
        home.token("sandbox");
    }
}

#[test]
fn at_a_terminal_nobody_pasting_leaves_the_listener_to_it() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let args = ["connect", "sandbox", "--no-browser"];
    let (mut process, mut terminal) = home.hallpass(&args).spawn_at_terminal();
    let link = process.wait_for_stderr(|line| line.starts_with("http://"));
    process.wait_for_stderr(|line| line.starts_with("Waiting"));
    terminal.type_line("\u{4}"); // Ctrl-D: no more will be typed
    http::approve(&link);
    process.wait().ok();
    assert!(terminal.is_in_normal_mode());
}

#[test]
fn at_a_terminal_a_word_is_no_code_unless_pasting_was_asked_for() {
    let recorder = Recorder::start();
    let home = recorder.home(PLAIN);
    let args = ["connect", "sandbox", "--no-browser"];
    let (mut process, mut terminal) = home.hallpass(&args).spawn_at_terminal();
    let link = process.wait_for_stderr(|line| line.starts_with("http://"));
    for word in ["cancel", "a-whole-code-not-real"] {
        terminal.type_line(word);
        process.wait_for_stderr(|line| line.contains("it is not the whole address"));
    }
    assert!(recorder.asked_at("/token").is_empty());
    terminal.type_line(&http::landing_unasked(&link));
    process.wait().ok();

    let args = ["connect", "sandbox", "--no-browser", "--paste"];
    let (mut process, mut terminal) = home.hallpass(&args).spawn_at_terminal();
    process.wait_for_stderr(|line| line.starts_with("http://"));
    for word in ["cancel", "7-chars"] {
        terminal.type_line(word);
        process.wait_for_stderr(|line| line.contains("it is neither"));
    }
    terminal.type_line("8-chars-");
    process.wait().ok();
    let code = recorder.last("/token").form("code");
    assert_eq!(code.as_deref(), Some("8-chars-"));
}

/// A question that is interrupted, by a key or a signal: the code, what is said, and the terminal.
#[track_caller]
fn interrupted(home: &Home, args: &[&str], question: &str, by: Option<Signal>) {
    let (mut process, terminal) = home.hallpass(args).spawn_at_terminal();
    process.wait_for_question(question);
    eventually("the question's reading", || {
        (!terminal.is_in_normal_mode()).then_some(())
    });
    match by {
        Some(signal) => process.signal(signal),
        None => process.types("\u{3}"), // Ctrl-C
    }
    let code = if by == Some(Signal::TERM) { 143 } else { 130 };
    let run = process.wait().exits(code);
    assert!(run.stderr.contains("interrupted while asking"), "{run}");
    assert!(
        run.stderr.contains("run the command again when you can"),
        "{run}"
    );
    assert!(!run.stderr.contains("no answer to"), "said once: {run}");
    let hidden = run.stderr.rfind("\u{1b}[?25l");
    let shown = run.stderr.rfind("\u{1b}[?25h");
    assert!(hidden.is_none() || shown > hidden, "no cursor: {run}");
    assert!(terminal.is_in_normal_mode(), "{run}");
}

#[test]
fn an_interrupted_question_is_told_and_leaves_the_terminal_as_it_was() {
    let home = Home::new();
    home.write(
        "integrations.toml",
        "[integrations.x.auth]\ntype = \"api_key\"\n[integrations.x.api]\nbase_url = \"http://127.0.0.1:1\"\n\
         [integrations.c.auth]\ntype = \"none\"\n[integrations.c.api]\nbase_url = \"https://{where}\"\n\
         [[integrations.c.parameters]]\nname = \"where\"\nlabel = \"Where\"\nchoices = [\"a.example.com\", \"b.example.com\"]\n",
    );
    for by in [None, Some(Signal::INT), Some(Signal::TERM)] {
        interrupted(&home, &["connect", "c"], "Where", by);
        // The terminal is nobody's own here, so that no key makes a signal of itself.
        if by.is_some() {
            interrupted(&home, &["connect", "x"], "API key", by);
        }
    }
}
