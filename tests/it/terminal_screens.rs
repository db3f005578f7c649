//! What a person sees of `connect` at a terminal, screen by screen: kept as snapshots, so that a
//! changed word shows in review. Ports, states and places are written as what they are.

use serde_json::json;

use crate::support::{Cmd, Home, Provider, Recorder, Running, Terminal, eventually, http, screen};

const SSH: (&str, &str) = ("SSH_CONNECTION", "198.51.100.7 5100 203.0.113.5 22");

/// A screen without what differs from run to run.
fn shown(written: &str, home: &Home) -> String {
    let home = home.path().to_string_lossy().into_owned();
    let text = screen(written).replace(&home, "HOME");
    let port = regex::Regex::new(r"(127\.0\.0\.1|localhost|%3A|:|-L )(%3A|:)?\d{4,5}\b").unwrap();
    let text = port.replace_all(&text, "${1}${2}PORT");
    let random = regex::Regex::new(r"(state|code_challenge|code|request_uri)=[^&\s]+").unwrap();
    random.replace_all(&text, "$1=…").into_owned()
}

fn at_terminal(cmd: Cmd) -> (Running, Terminal) {
    cmd.env("USER", "me").spawn_at_terminal()
}

/// Answers a question once it is read for.
#[track_caller]
fn answer(process: &mut Running, terminal: &Terminal, question: &str, keys: &str) {
    process.wait_for_question(question);
    eventually("the question's reading", || {
        (!terminal.is_in_normal_mode()).then_some(())
    });
    process.types(keys);
}

/// A home with a browser in `PATH` that opens nothing; macOS asks no `PATH`.
#[cfg(not(target_os = "macos"))]
fn with_browser(home: &Home) -> String {
    let path = home.write("bin/xdg-open", "#!/bin/sh\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&path, mode).unwrap();
    path.parent().unwrap().to_string_lossy().into_owned()
}

#[cfg(not(target_os = "macos"))]
#[test]
fn a_consent_in_the_browser_beside_the_terminal() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let bin = with_browser(&home);
    let connect = home.hallpass(&["connect", "sandbox"]);
    let connect = connect.env("DISPLAY", ":9").env("PATH", bin);
    let (mut process, _terminal) = at_terminal(connect);
    let link = process.wait_for_stderr(|line| line.starts_with("http://"));
    process.wait_for_stderr(|line| line.starts_with("Waiting"));
    http::approve(&link);
    let run = process.wait().ok();
    insta::assert_snapshot!(shown(&run.stderr, &home));
}

#[cfg(not(target_os = "macos"))]
#[test]
fn a_consent_that_is_refused() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let bin = with_browser(&home);
    let connect = home.hallpass(&["connect", "sandbox"]);
    let connect = connect.env("DISPLAY", ":9").env("PATH", bin);
    let (mut process, _terminal) = at_terminal(connect);
    let link = process.wait_for_stderr(|line| line.starts_with("http://"));
    process.wait_for_stderr(|line| line.starts_with("Waiting"));
    http::deny(&link);
    let run = process.wait().exits(5);
    insta::assert_snapshot!(shown(&run.stderr, &home));
}

#[test]
fn over_ssh_until_nobody_came() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let connect = home.hallpass(&["connect", "sandbox", "--timeout", "50ms"]);
    let (process, _terminal) = at_terminal(connect.env(SSH.0, SSH.1));
    let run = process.wait().exits(4);
    insta::assert_snapshot!(shown(&run.stderr, &home));
}

#[test]
fn over_ssh_with_the_address_pasted_at_the_second_try() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let connect = home.hallpass(&["connect", "sandbox"]);
    let (mut process, mut terminal) = at_terminal(connect.env(SSH.0, SSH.1));
    let link = process.wait_for_stderr(|line| line.starts_with("http://"));
    process.wait_for_stderr(|line| line.starts_with("Waiting"));
    terminal.type_line("what do I paste?");
    process.wait_for_stderr(|line| line.starts_with("That was not taken"));
    terminal.type_line(&http::landing(&link));
    let run = process.wait().ok();
    insta::assert_snapshot!(shown(&run.stderr, &home));
}

#[cfg(not(target_os = "macos"))]
#[test]
fn in_a_container_with_a_link_that_is_good_for_a_minute() {
    let provider = Provider::start(&[]);
    provider.control(&json!({ "require_pushed_requests": true }));
    let home = Home::new();
    let issuer = provider.issuer();
    home.write(
        "integrations.toml",
        &format!(
            "[integrations.bank]\nname = \"Bank\"\n[integrations.bank.auth]\ntype = \"oauth2\"\n\
             grant = \"authorization_code\"\nissuer = \"{issuer}\"\nclient_id = \"sandbox-app\"\n"
        ),
    );
    let connect = home.hallpass(&["connect", "bank"]);
    let (mut process, _terminal) = at_terminal(connect.env("container", "podman"));
    // The issuer grants by code too.
    process.wait_for_question("Connect with a code instead?");
    process.types("n");
    let link = process.wait_for_stderr(|line| line.starts_with("http://"));
    process.wait_for_stderr(|line| line.starts_with("Waiting"));
    http::approve(&link);
    let run = process.wait().ok();
    insta::assert_snapshot!(shown(&run.stderr, &home));
}

#[test]
fn the_questions_a_connect_asks() {
    let recorder = Recorder::start();
    let home = recorder.home(
        r#"
[integrations.shop]
name = "Shop"
[integrations.shop.auth]
type = "api_key"
[integrations.shop.api]
base_url = "ORIGIN/{region}/{shop}"
test = "/me"
[[integrations.shop.parameters]]
name = "region"
label = "Where your shop is"
choices = { "Europe" = "eu", "America" = "us" }
[[integrations.shop.parameters]]
name = "shop"
label = "Name of your shop"
help = "what stands before .shop.example.com"
pattern = "[a-z-]+"
strip = [".shop.example.com"]
[[integrations.shop.parameters]]
name = "lang"
optional = true
label = "Language"
[[integrations.shop.parameters]]
name = "api_key"
label = "API key"
help = "Settings, then API"
"#,
    );
    let (mut process, terminal) = at_terminal(home.hallpass(&["connect", "shop"]));
    process.wait_for_question("America");
    insta::assert_snapshot!("the_questions_a_choice", shown(&process.written(), &home));
    answer(&mut process, &terminal, "America", "\u{1b}[B\r");
    answer(&mut process, &terminal, "Name of your shop", "No Good\r");
    answer(
        &mut process,
        &terminal,
        "does not",
        "acme.shop.example.com\r",
    );
    answer(&mut process, &terminal, "Language", "\r");
    answer(&mut process, &terminal, "API key", "key-not-real\r");
    let run = process.wait().ok();
    assert!(!run.stderr.contains("key-not-real"), "{run}");
    insta::assert_snapshot!("the_questions_all", shown(&run.stderr, &home));
    let sent = recorder.last("/us/acme/me");
    let sent = sent.header("authorization").unwrap_or_default();
    assert_eq!(sent, "Bearer key-not-real");
}

#[test]
fn scopes_to_pick_from() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let client = "client_id = \"sandbox-app\"";
    let optional = "optional_scopes = [{ name = \"email\", label = \"See your address\" }, \
                    { name = \"notes:write\", label = \"Write notes\" }]";
    home.edit(|text| text.replace(client, &format!("{client}\n{optional}")));
    let connect = home.hallpass(&["connect", "sandbox", "--no-browser"]);
    let (mut process, terminal) = at_terminal(connect.env("DISPLAY", ":9").env("container", ""));
    answer(&mut process, &terminal, "Write notes", "\u{1b}[B \r");
    let link = process.wait_for_stderr(|line| line.starts_with("http://"));
    assert!(
        link.contains("notes%3Awrite") && !link.contains("email"),
        "{link}"
    );
    process.wait_for_stderr(|line| line.starts_with("Waiting"));
    let written = process.written();
    let (questions, _) = written.split_once("Open this link").unwrap();
    insta::assert_snapshot!(shown(questions, &home));
    http::approve(&link);
    process.wait().ok();
}
