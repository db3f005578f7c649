//! Connecting at a terminal: what is pasted there, and that it is left as it was.

use super::paste::PLAIN;
use crate::support::{Provider, Recorder, http};

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
    for word in ["cancel", "fifteen-letters"] {
        terminal.type_line(word);
        process.wait_for_stderr(|line| line.contains("it is neither"));
    }
    terminal.type_line("sixteen-letters-");
    process.wait().ok();
    let code = recorder.last("/token").form("code");
    assert_eq!(code.as_deref(), Some("sixteen-letters-"));
}
