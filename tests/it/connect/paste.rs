//! The redirect URL on stdin: what is taken, what is told, and that the listener and the paste
//! together exchange one code.

use std::net::TcpListener;

use serde_json::json;

use super::{Waiting, query, status};
use crate::support::{Home, Provider, Recorder, http};

fn code_in(landing: &str) -> String {
    query(&url::Url::parse(landing).unwrap(), "code").unwrap()
}

/// A provider that asks nothing, and knows no PKCE unless told.
pub(super) const PLAIN: &str = r#"
[integrations.sandbox.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "ORIGIN/authorize"
token_url = "ORIGIN/token"
client_id = "id"
"#;

#[test]
fn a_pasted_address_connects_and_its_code_is_shown_nowhere() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let mut waiting = Waiting::start(&home, &["--paste", "-vv"]);
    let landing = http::landing(waiting.link.as_str());
    waiting.process.write_line(&landing);
    // Stdin is still open: it keeps nothing from ending.
    let run = waiting.process.wait().ok();
    assert!(run.stderr.contains("as sandbox-user"), "{run}");
    assert!(!run.stderr.contains(&code_in(&landing)), "{run}");
    assert_eq!(provider.count("authorization_code"), 1);
    home.token("sandbox");
}

#[test]
fn what_copying_leaves_around_an_address_is_no_obstacle() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    for around in [
        "  URL \t\r",
        "\"URL\"",
        "'URL'",
        "<URL>",
        "“URL”",
        "URL#_=_",
        "BARE",
    ] {
        let mut waiting = Waiting::start(&home, &["--paste", "--no-test"]);
        let landing = http::landing(waiting.link.as_str());
        let bare = landing.strip_prefix("http://").unwrap();
        let line = around.replace("URL", &landing).replace("BARE", bare);
        waiting.process.write_line(&line);
        waiting.process.wait().ok();
    }
}

#[test]
fn the_last_line_needs_no_end() {
    let recorder = Recorder::start();
    let home = recorder.home(PLAIN);
    // A bare code can be there before there is a link.
    let args = ["connect", "sandbox", "--paste"];
    let code = "sixteen-letters-";
    home.hallpass(&args).stdin(code).run().ok();
    assert_eq!(recorder.last("/token").form("code").unwrap(), code);
    assert!(recorder.last("/token").form("code_verifier").is_some());
}

#[test]
fn what_is_not_taken_is_told_and_the_next_may_be_right() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let mut waiting = Waiting::start(&home, &["--paste"]);
    let (landing, state, link) = (
        http::landing(waiting.link.as_str()),
        waiting.state(),
        waiting.link.to_string(),
    );
    let code = code_in(&landing);
    let at = format!("http://{}/callback", waiting.host());
    for (line, said) in [
        (landing.replace(&state, "wrong-state"), "its `state` is not"),
        (format!("{at}?code={code}"), "its `state` is not"),
        (format!("{landing}&state={state}"), "its `state` is not"),
        (format!("{at}?error=x&state=wrong"), "its `state` is not"),
        (format!("{at}?state={state}"), "there is no code in it"),
        (format!("{landing}&code={code}"), "there is no code in it"),
        (format!("{landing}&iss=x"), "names its issuer twice"),
        (link, "this is another address"),
        (
            landing.replace("127.0.0.1", "evil.test"),
            "this is another address",
        ),
        (
            landing.replace("http:", "https:"),
            "this is another address",
        ),
        (
            landing.replace("http://", "http://user@"),
            "this is another address",
        ),
        (
            landing.replace("/callback", "/callback/"),
            "this is another address",
        ),
        (landing.replace('?', "#"), "stands behind `#`"),
        (format!("?code={code}&state={state}"), "neither"),
        (format!("code={code}"), "neither"),
        ("what now".to_owned(), "neither"),
        ("help".to_owned(), "neither"),
        (format!("view-source:{landing}"), "neither"),
        ("é".repeat(6), "neither"),
        (format!("{at}?{}", "x".repeat(70_000)), "too long"),
    ] {
        waiting.process.write_line(&line);
        let told = waiting.process.wait_for_stderr(|told| {
            told.starts_with("That was not taken: ") && told.contains(said)
        });
        assert!(!told.contains(&code), "{told}");
    }
    assert_eq!(provider.count("authorization_code"), 0, "nothing was sent");
    waiting.process.write_line(""); // an empty line is nothing
    waiting.process.write_line(&landing);
    let run = waiting.process.wait().ok();
    let told = run.stderr.matches("That was not taken").count();
    assert_eq!(told, 20, "each is told of once: {run}");
    assert!(!run.stderr.contains(&code), "{run}");
}

#[test]
fn a_pipe_that_ends_without_an_answer_is_4_at_once() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    for input in ["", "nonsense words\n", "\n\n", "\u{0}\u{1}\n"] {
        let run = home
            .hallpass(&["connect", "sandbox", "--paste"])
            .stdin(input)
            .run()
            .fails_with(4);
        assert!(run.stderr.contains("stdin ended"), "{run}");
        assert!(run.stderr.contains("connect sandbox --paste"), "{run}");
    }
    // Nor is an endless one read for ever.
    let run = home
        .hallpass(&["connect", "sandbox", "--paste"])
        .stdin("nonsense words\n".repeat(10_000))
        .run()
        .fails_with(4);
    assert!(run.stderr.lines().count() < 120, "{run}");
    assert!(run.stderr.contains("too many lines"), "{run}");
    assert!(!run.stderr.contains("stdin ended"), "{run}");
}

#[test]
fn blank_lines_are_not_counted_against_anybody() {
    let recorder = Recorder::start();
    let home = recorder.home(PLAIN);
    let input = format!("{}sixteen-letters-\n", "\n \n".repeat(200));
    let args = ["connect", "sandbox", "--paste"];
    home.hallpass(&args).stdin(input).run().ok();
}

#[test]
fn nobody_pasting_is_4_at_the_timeout() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &["--paste", "--timeout", "50ms"]);
    let run = waiting.process.wait().fails_with(4);
    assert!(run.stderr.contains("nobody answered within 50ms"), "{run}");
}

#[test]
fn a_pasted_no_is_5_when_nothing_better_follows() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    for (args, ended) in [
        (["--paste", "--timeout", "5m"], true),
        (["--paste", "--timeout", "2s"], false),
    ] {
        let mut waiting = Waiting::start(&home, &args);
        let at = format!("http://{}/callback", waiting.host());
        let no = format!("{at}?error=access_denied&state={}", waiting.state());
        waiting.process.write_line(&no);
        let told = |line: &str| line.starts_with("That is a refusal: the provider answered");
        let told = waiting.process.wait_for_stderr(told);
        assert!(told.contains("`access_denied`"), "{told}");
        assert!(told.contains("Open the link again"), "{told}");
        if ended {
            waiting.process.close_stdin();
        }
        let run = waiting.process.wait().fails_with(5);
        assert!(
            run.stderr
                .contains("because: the provider answered `access_denied`"),
            "{run}"
        );
    }
}

#[test]
fn a_pasted_answer_of_another_issuer_is_5_and_its_code_is_not_sent() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let mut waiting = Waiting::start(&home, &["--paste"]);
    let landing = http::landing(waiting.link.as_str());
    let (before, _) = landing.split_once("&iss=").unwrap();
    waiting
        .process
        .write_line(&format!("{before}&iss=https%3A%2F%2Fevil.test"));
    let run = waiting.process.wait().fails_with(5);
    assert!(run.stderr.contains("another issuer"), "{run}");
    assert_eq!(provider.count("authorization_code"), 0);
}

#[test]
fn without_pkce_a_bare_code_is_not_taken_and_the_whole_address_is() {
    let recorder = Recorder::start();
    let home = recorder.home(&format!("{PLAIN}pkce = false\n"));
    let mut waiting = Waiting::start(&home, &["--paste"]);
    waiting.process.write_line("sixteen-letters-");
    waiting
        .process
        .wait_for_stderr(|line| line.contains("without PKCE a code alone may be anybody's"));
    assert!(recorder.asked_at("/token").is_empty());
    let landing = http::landing_unasked(waiting.link.as_str());
    waiting.process.write_line(&landing);
    waiting.process.wait().ok();
    assert_eq!(recorder.asked_at("/token").len(), 1);
}

#[test]
fn where_the_server_names_itself_a_bare_code_is_not_taken_and_the_whole_address_is() {
    let provider = Provider::start(&[]);
    let home = Home::new();
    home.write(
        "integrations.toml",
        &format!(
            "[integrations.sandbox.auth]\ntype = \"oauth2\"\ngrant = \"authorization_code\"\nissuer = \"{}\"\n\
             client_id = \"sandbox-app\"\nscopes = [\"profile\"]\n",
            provider.issuer()
        ),
    );
    let mut waiting = Waiting::start(&home, &["--paste"]);
    let landing = http::landing(waiting.link.as_str());
    waiting.process.write_line(&code_in(&landing));
    waiting
        .process
        .wait_for_stderr(|line| line.contains("a code alone names nobody"));
    assert_eq!(provider.count("authorization_code"), 0);
    waiting.process.write_line(&landing);
    waiting.process.wait().ok();
}

#[test]
fn under_ci_and_without_input_a_pipe_may_bring_the_address() {
    let provider = Provider::start(&[]);
    for (variable, flag) in [("CI", "--no-test"), ("X", "--no-input")] {
        let home = provider.home();
        let connect = home.hallpass(&["connect", "sandbox", "--paste", flag]);
        let mut waiting = Waiting::spawn(connect.env(variable, "true"));
        let landing = http::landing(waiting.link.as_str());
        waiting.process.write_line(&landing);
        waiting.process.wait().ok();
    }
}

#[test]
fn a_parameter_and_the_address_cannot_both_come_from_stdin() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let args = ["connect", "sandbox", "--paste", "--param", "client_id=-"];
    let run = home.hallpass(&args).stdin("x\n").run().fails_with(2);
    assert!(run.stderr.contains("`--paste` reads stdin"), "{run}");
}

#[test]
fn a_relay_needs_no_port_when_its_address_is_pasted() {
    let recorder = Recorder::start();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let redirect = format!("redirect = {{ ports = [{port}] }}\n");
    let relay = "redirect_uri = \"https://relay.example.com/back\"\n";
    let home = recorder.home(&format!("{PLAIN}{redirect}{relay}"));
    let mut waiting = Waiting::start(&home, &["--paste"]);
    let landing = http::landing_unasked(waiting.link.as_str());
    assert!(landing.starts_with("https://relay.example.com/back?code=code-1&state="));
    let listener = landing.replace(
        "https://relay.example.com/back",
        &format!("http://127.0.0.1:{port}/callback"),
    );
    waiting.process.write_line(&listener);
    waiting
        .process
        .wait_for_stderr(|line| line.contains("comes back to `https://relay.example.com/back`"));
    waiting.process.write_line(&landing);
    waiting.process.wait().ok();
    let told = recorder.last("/token").form("redirect_uri");
    assert_eq!(told.as_deref(), Some("https://relay.example.com/back"));
    // Without `--paste`, or with a redirect that needs the port, it is as it was.
    home.hallpass(&["connect", "sandbox"]).run().fails_with(6);
    let home = recorder.home(&format!("{PLAIN}{redirect}"));
    let run = home.hallpass(&["connect", "sandbox", "--paste"]).run();
    assert!(run.fails_with(6).stderr.contains("`ports`"));
}

#[test]
fn a_relay_may_lead_to_the_listener_and_that_address_is_taken_too() {
    let recorder = Recorder::start();
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let home = recorder.home(&format!(
        "{PLAIN}redirect = {{ ports = [{port}, 0] }}\nredirect_uri = \"https://relay.example.com/back\"\n"
    ));
    let mut waiting = Waiting::start(&home, &["--paste"]);
    let state = waiting.state();
    let at = format!("http://127.0.0.1:{port}/callback?code=code-1&state={state}");
    waiting.process.write_line(&at);
    waiting.process.wait().ok();
}

#[test]
fn a_browser_that_comes_after_the_paste_is_told_and_its_code_is_let_go() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let mut waiting = Waiting::start(&home, &["--paste"]);
    let pasted = http::landing(waiting.link.as_str());
    let late = http::landing(waiting.link.as_str());
    assert_ne!(code_in(&pasted), code_in(&late));
    provider.control(&json!({"latency_ms": 1500}));
    waiting.process.write_line(&pasted);
    crate::support::eventually("the exchange", || {
        (provider.count("authorization_code") == 1).then_some(())
    });
    let target = late.split_once(&waiting.host()).unwrap().1;
    let page = waiting.get(target, &waiting.host());
    assert_eq!(status(&page), "410", "{page}");
    assert!(page.contains("Answered already"), "{page}");
    assert!(page.contains("no-store") && page.contains("no-referrer"));
    // A stranger learns no more than before.
    let stranger = waiting.get("/callback?code=x&state=wrong", &waiting.host());
    assert_eq!(status(&stranger), "400");
    provider.control(&json!({"latency_ms": 0}));
    waiting.process.wait().ok();
    assert_eq!(provider.count("authorization_code"), 1);
    home.hallpass(&["request", "sandbox", "/me"]).run().ok();
}

#[test]
fn a_browser_wins_though_stdin_stays_open_and_what_is_pasted_then_is_let_go() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let mut waiting = Waiting::start(&home, &["--paste"]);
    let late = http::landing(waiting.link.as_str());
    provider.control(&json!({"latency_ms": 1500}));
    let link = waiting.link.to_string();
    let browser = std::thread::spawn(move || http::approve(&link));
    crate::support::eventually("the exchange", || {
        (provider.count("authorization_code") == 1).then_some(())
    });
    waiting.process.write_line(&late);
    waiting.process.wait().ok();
    assert!(browser.join().unwrap().body.contains("Connected to"));
    assert_eq!(provider.count("authorization_code"), 1);
}

#[test]
fn no_browser_opens_none_whatever_is_set() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let connect = home
        .hallpass(&["connect", "sandbox", "--no-browser"])
        .env("HALLPASS_BROWSER", Home::sandbox_person());
    let mut waiting = Waiting::spawn(connect);
    waiting
        .process
        .wait_for_stderr(|line| line.starts_with("Waiting"));
    assert!(provider.log().is_empty(), "nobody was sent there");
    http::approve(waiting.link.as_str());
    let run = waiting.process.wait().ok();
    assert!(run.stderr.contains("Open this link to connect:"), "{run}");
}
