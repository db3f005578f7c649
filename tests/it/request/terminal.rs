//! What a person sees of `request` at a terminal: formatted, coloured, harmless; and that a pipe
//! gets every byte as it came.

use std::time::Duration;

use crate::support::{Asked, Home, Recorder, Reply, Run, screen};

const SHOP: &str = "
[integrations.shop.auth]
type = \"api_key\"
api_key = \"key-not-real\"
[integrations.shop.api]
base_url = \"ORIGIN\"
";

const JSON: &str =
    r#"{"b":1.50,"a":[true,null,"\u00fc/"],"a":12345678901234567890123,"e":{},"n":{"k":"v"}}"#;
const HOSTILE: &str = "one\r\ntwo\t\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{202e}end\rover";

fn shop() -> (Recorder, Home) {
    let recorder = Recorder::answering(|asked: &Asked, _| {
        Some(match asked.path.as_str() {
            "/json" => Reply::text(200, "application/json; charset=utf-8", JSON),
            "/slow" => {
                Reply::text(200, "application/json", JSON).dripping(Duration::from_millis(1))
            }
            "/lines" => Reply::text(200, "application/x-ndjson", "{\"n\":1}\n{\"n\":2}\n"),
            "/evil" => {
                let text = "{\"k\u{1b}]0;x\u{7}\":\"\u{1b}[2J\u{202e}\0\"} \u{1b}[31mrest";
                Reply::text(200, "application/json", text)
            }
            "/text" => Reply::text(200, "text/plain", HOSTILE),
            "/umlaut" => {
                Reply::text(200, "text/plain", "grüße 🎈\n").dripping(Duration::from_millis(1))
            }
            "/png" => Reply::text(200, "image/png", "\u{1b}[2J image"),
            "/nul" => Reply::text(200, "text/plain", "a\0\u{1b}[2J"),
            "/cut" => Reply::text(200, "application/json", JSON).cut(120),
            "/go" => Reply::text(302, "text/plain", "moved").with("Location", "/head"),
            "/head" => Reply::text(200, "text/plain", "x").with("X-Odd", "\u{9b}31m\u{202e}"),
            _ => Reply::text(404, "application/json", "{\"message\":\"no\"}"),
        })
    });
    let home = recorder.home(SHOP);
    (recorder, home)
}

/// What a terminal is sent by `request shop …`, and how it ended: all of it is in `stderr`.
fn at_terminal(home: &Home, args: &[&str], env: &[(&str, &str)]) -> Run {
    let args = [&["request", "shop"], args].concat();
    let cmd = env.iter().fold(home.hallpass(&args), |cmd, (name, value)| {
        cmd.env(name, value)
    });
    let (process, _terminal) = cmd.spawn_all_at_terminal();
    process.wait()
}

#[test]
fn json_is_formatted_and_coloured() {
    let (_recorder, home) = shop();
    let run = at_terminal(&home, &["/json"], &[]).ok();
    insta::assert_snapshot!(
        "json_in_colour",
        run.stderr.replace('\u{1b}', "␛").replace('\r', "")
    );
    insta::assert_snapshot!("json_as_it_is_read", screen(&run.stderr));
}

#[test]
fn json_has_no_colour_where_none_is_wanted() {
    let (_recorder, home) = shop();
    let colored = screen(&at_terminal(&home, &["/json"], &[]).ok().stderr);
    let plain = [
        at_terminal(&home, &["/json"], &[("NO_COLOR", "1")]),
        at_terminal(&home, &["/json"], &[("TERM", "dumb")]),
        at_terminal(&home, &["/json", "--color", "never"], &[]),
    ];
    for run in plain {
        let run = run.ok();
        assert!(!run.stderr.contains('\u{1b}'), "{run}");
        assert_eq!(screen(&run.stderr), colored);
    }
    let run = at_terminal(&home, &["/json", "--color", "always"], &[("NO_COLOR", "1")]);
    assert!(run.ok().stderr.contains("\u{1b}[1;34m\"b\""));
}

#[test]
fn json_that_comes_byte_by_byte_and_json_lines_look_the_same() {
    let (_recorder, home) = shop();
    let whole = at_terminal(&home, &["/json"], &[]).ok();
    let slow = at_terminal(&home, &["/slow"], &[]).ok();
    assert_eq!(screen(&slow.stderr), screen(&whole.stderr));
    let lines = at_terminal(&home, &["/lines"], &[]).ok();
    assert_eq!(screen(&lines.stderr), "{\n  \"n\": 1\n}\n{\n  \"n\": 2\n}");
}

#[test]
fn a_pipe_gets_every_byte_as_it_came() {
    let (_recorder, home) = shop();
    for (path, body) in [
        ("/json", JSON),
        ("/text", HOSTILE),
        ("/png", "\u{1b}[2J image"),
        ("/nul", "a\0\u{1b}[2J"),
    ] {
        let args = ["request", "shop", path, "--color", "always"];
        let run = home.hallpass(&args).run().ok();
        assert_eq!(run.stdout, body);
        assert_eq!(run.stderr, "");
        let (process, _terminal) = home.hallpass(&args).spawn_at_terminal();
        assert_eq!(process.wait().ok().stdout, body, "only stdout counts");
    }
}

#[test]
fn json_cannot_act_on_the_terminal() {
    let (_recorder, home) = shop();
    let run = at_terminal(&home, &["/evil"], &[("NO_COLOR", "1")]).ok();
    assert_eq!(
        run.stderr,
        "{\r\n  \"k\\u001b]0;x\\u0007\": \"\\u001b[2J\\u202e\\u0000\"\r\n}\r\n\\u{1b}[31mrest\r\n"
    );
}

#[test]
fn text_cannot_act_on_the_terminal() {
    let (_recorder, home) = shop();
    let run = at_terminal(&home, &["/text"], &[]).ok();
    assert_eq!(
        run.stderr,
        "one\r\ntwo\t\\u{1b}]0;title\\u{7}\\u{1b}[2J\\u{9b}31m\\u{202e}end\\u{d}over\r\n"
    );
    let run = at_terminal(&home, &["/umlaut"], &[]).ok();
    assert_eq!(run.stderr, "grüße 🎈\r\n");
}

#[test]
fn the_head_is_coloured_and_cannot_act_on_the_terminal() {
    let (_recorder, home) = shop();
    let run = at_terminal(&home, &["/head", "-i"], &[]).ok();
    assert!(
        run.stderr
            .starts_with("\u{1b}[1mHTTP/1.1 200 OK\u{1b}[0m\r\n"),
        "{run}"
    );
    assert!(
        run.stderr
            .contains("\u{1b}[36mcontent-type\u{1b}[0m: text/plain\r\n"),
        "{run}"
    );
    assert!(
        run.stderr
            .contains("x-odd\u{1b}[0m: \\u{9b}31m\\u{202e}\r\n"),
        "{run}"
    );
    assert!(run.stderr.ends_with("\r\n\r\nx\r\n"), "{run}");
}

#[test]
fn a_redirect_that_is_followed_shows_its_head_before_that_of_the_answer() {
    let (_recorder, home) = shop();
    let run = at_terminal(&home, &["/go", "-i", "-L"], &[("NO_COLOR", "1")]).ok();
    let first = run.stderr.find("HTTP/1.1 302 Found\r\n").expect("a head");
    let second = run.stderr.find("HTTP/1.1 200 OK\r\n").expect("another");
    assert!(first < second, "{run}");
    assert!(
        run.stderr[..second].contains("location: /head\r\n"),
        "{run}"
    );
    assert!(!run.stderr.contains("moved"), "{run}");
}

#[test]
fn what_is_binary_is_not_shown_but_said() {
    let (_recorder, home) = shop();
    for path in ["/png", "/nul"] {
        let run = at_terminal(&home, &[path], &[("NO_COLOR", "1")]).ok();
        assert!(run.stderr.contains("The answer is binary ("), "{run}");
        assert!(run.stderr.contains("bytes) and is not shown"), "{run}");
        assert!(run.stderr.contains("`-o FILE`"), "{run}");
        assert!(!run.stderr.contains("[2J"), "{run}");
    }
    let run = at_terminal(&home, &["/png", "-o", "-"], &[]).ok();
    assert_eq!(run.stderr, "\u{1b}[2J image");
}

#[test]
fn an_error_is_shown_before_what_is_said_of_it() {
    let (_recorder, home) = shop();
    let run = at_terminal(&home, &["/none", "--jq", ".x"], &[("NO_COLOR", "1")]).exits(8);
    assert!(
        run.stderr
            .starts_with("{\r\n  \"message\": \"no\"\r\n}\r\nerror: "),
        "{run}"
    );
}

#[test]
fn an_answer_that_breaks_off_leaves_neither_colour_nor_half_a_line() {
    let (_recorder, home) = shop();
    let run = at_terminal(&home, &["/cut"], &[]).exits(6);
    let (shown, said) = run.stderr.split_once("\u{1b}[1;31merror:").unwrap();
    assert!(shown.ends_with("\r\n"), "{run}");
    assert!(said.contains("broke off"), "{run}");
    let colors: Vec<&str> = shown.matches("\u{1b}[0m").collect();
    assert_eq!(colors.len() * 2, shown.matches('\u{1b}').count(), "{run}");
}

#[test]
fn what_a_filter_picks_is_formatted_and_harmless() {
    let (_recorder, home) = shop();
    let run = at_terminal(&home, &["/json", "--jq", ".n, .b"], &[]).ok();
    assert_eq!(screen(&run.stderr), "{\n  \"k\": \"v\"\n}\n1.50");
    assert!(run.stderr.contains("\u{1b}[32m\"v\"\u{1b}[0m"), "{run}");
    let raw = at_terminal(&home, &["/json", "--jq", r#""x\u001b[2J\ny""#], &[]).ok();
    assert_eq!(raw.stderr, "x\\u{1b}[2J\r\ny\r\n");
}
