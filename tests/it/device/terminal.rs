//! What a person at a terminal sees of a device code: the offer where no browser can be opened, the
//! link, the code, and the drawing of both.

use serde_json::{Value, json};

use super::providers::invitation;
use crate::support::{Cmd, Home, Recorder, Reply, Run, Running, Terminal, http};

/// An app `x` that is connected by a link, or with a code.
const BOTH: &str = r#"
[integrations.x]
name = "Television"
[integrations.x.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "ORIGIN/authorize"
device_authorization_url = "ORIGIN/device_authorization"
token_url = "ORIGIN/token"
client_id = "id"
[integrations.x.api]
base_url = "ORIGIN/api"
"#;
const OFFER: &str = "This machine has no browser. Connect with a code instead?";

/// A provider whose device authorization endpoint answers so.
fn provider(status: u16, answer: Value) -> Recorder {
    Recorder::answering(move |asked, _| {
        let device = asked.path == "/device_authorization";
        device.then(|| Reply::json(status, &answer))
    })
}

fn television() -> Recorder {
    let complete = "https://tv.example.com/device?user_code=WDJB-MJHT";
    provider(
        200,
        invitation(&json!({ "verification_uri_complete": complete })),
    )
}

/// Connects at a terminal that was reached over SSH.
fn over_ssh(home: &Home, args: &[&str]) -> Cmd {
    let args = [&["connect", "x"], args].concat();
    home.hallpass(&args)
        .env("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")
}

/// Starts at a terminal of this size, and answers the offer.
fn offered(connect: Cmd, (columns, rows): (u16, u16), answer: &str) -> (Running, Terminal) {
    let (mut process, terminal) = connect.spawn_at_terminal();
    process.wait_for_question(OFFER);
    terminal.resize(columns, rows);
    process.types(answer);
    (process, terminal)
}

/// What the terminal showed after the offer, with escapes to be read.
fn screen(run: &Run) -> String {
    let text = run.stderr.replace("\r\n", "\n");
    let from = text.find("Open this link").expect("an invitation");
    let text = text[from..].replace('\u{1b}', "␛");
    let (shown, _) = text.split_once("Connected").expect("it was connected");
    shown.to_owned()
}

#[test]
fn where_no_browser_can_be_opened_a_code_is_offered_and_drawn() {
    let recorder = television();
    let home = recorder.home(BOTH);
    let (process, _terminal) = offered(over_ssh(&home, &[]), (100, 40), "y");
    let run = process.wait().ok();
    insta::assert_snapshot!("device_code_at_a_terminal", screen(&run));
    assert!(recorder.asked_at("/authorize").is_empty());
}

#[test]
fn whoever_wants_no_code_gets_the_link() {
    let recorder = television();
    let home = recorder.home(BOTH);
    let (mut process, _terminal) = offered(over_ssh(&home, &[]), (100, 40), "n");
    let link = process.wait_for_stderr(|line| line.contains("/authorize?"));
    http::follow(&link);
    process.wait().ok();
    assert!(recorder.asked_at("/device_authorization").is_empty());
}

#[test]
fn without_a_display_a_code_is_offered_too() {
    let recorder = television();
    let home = recorder.home(BOTH);
    let connect = home.hallpass(&["connect", "x"]);
    let (process, _terminal) = offered(connect, (100, 40), "y");
    process.wait().ok();
}

#[test]
fn a_client_that_gets_no_code_is_sent_to_the_link() {
    let recorder = provider(400, json!({ "error": "unauthorized_client" }));
    let home = recorder.home(BOTH);
    let (mut process, _terminal) = offered(over_ssh(&home, &[]), (100, 40), "y");
    process.wait_for_stderr(|line| line.contains("gives this client no code"));
    let link = process.wait_for_stderr(|line| line.contains("/authorize?"));
    http::follow(&link);
    process.wait().ok();
    // Whoever insists is told instead.
    let run = over_ssh(&home, &["--device"]).run().fails_with(5);
    assert!(run.stderr.contains("`unauthorized_client`"), "{run}");
}

/// Whether a connect asks anything before it shows its link.
#[track_caller]
fn offers_nothing(connect: Cmd) {
    let (mut process, _terminal) = connect.spawn_at_terminal();
    let link = process.wait_for_stderr(|line| line.contains("/authorize?"));
    http::follow(&link);
    let run = process.wait().ok();
    assert!(!run.stderr.contains(OFFER), "{run}");
}

#[test]
fn nobody_is_offered_a_code_that_cannot_be_or_was_not_wanted() {
    let recorder = television();
    let home = recorder.home(BOTH);
    offers_nothing(over_ssh(&home, &["--no-browser"]));
    offers_nothing(over_ssh(&home, &["--paste"]));
    offers_nothing(over_ssh(&home, &[]).env("HALLPASS_BROWSER", "true"));
    let wsl = home
        .hallpass(&["connect", "x"])
        .env("WSL_DISTRO_NAME", "Debian");
    offers_nothing(wsl.env("PATH", "/nonexistent"));
    home.drop_lines(&["device_authorization_url"]);
    offers_nothing(over_ssh(&home, &[]));
}

#[test]
fn an_issuer_that_grants_no_devices_makes_no_offer() {
    for (grants, offer) in [
        (json!(["authorization_code"]), false),
        (
            json!(["urn:ietf:params:oauth:grant-type:device_code"]),
            true,
        ),
        (json!(null), true),
    ] {
        let recorder = Recorder::answering(move |asked, _| {
            let host = asked.header("host").unwrap_or_default();
            let at = |path: &str| format!("http://{host}{path}");
            match asked.path.as_str() {
                "/.well-known/oauth-authorization-server" => Some(Reply::json(
                    200,
                    &json!({
                        "issuer": at(""),
                        "authorization_endpoint": at("/authorize"),
                        "token_endpoint": at("/token"),
                        "device_authorization_endpoint": at("/device_authorization"),
                        "grant_types_supported": grants,
                    }),
                )),
                "/device_authorization" => Some(Reply::json(200, &invitation(&json!({})))),
                _ => None,
            }
        });
        let own = ["authorization_url", "device_authorization_url", "token_url"];
        let lines = BOTH.lines();
        let kept = lines.filter(|line| !own.iter().any(|key| line.starts_with(key)));
        let text = kept.collect::<Vec<_>>().join("\n");
        let home = recorder.home(&text.replace("client_id", "issuer = \"ORIGIN\"\nclient_id"));
        if offer {
            let (process, _terminal) = offered(over_ssh(&home, &[]), (100, 40), "y");
            process.wait().ok();
        } else {
            offers_nothing(over_ssh(&home, &[]));
        }
    }
}

#[test]
fn nothing_is_drawn_without_room_colour_or_a_wish() {
    let recorder = television();
    for (columns, rows, variable, args, drawn) in [
        (100, 40, "X", [].as_slice(), true),
        (30, 40, "X", &[], false),
        (100, 15, "X", &[], false),
        (100, 40, "NO_COLOR", &[], false),
        (100, 40, "X", &["--quiet"], false),
        (100, 40, "X", &["--color", "never"], false),
    ] {
        let home = recorder.home(BOTH);
        let connect = over_ssh(&home, args).env(variable, "1");
        let (process, _terminal) = offered(connect, (columns, rows), "y");
        let run = process.wait().ok();
        assert_eq!(
            run.stderr.contains('█'),
            drawn,
            "{columns}x{rows} {variable} {args:?} {run}"
        );
        assert!(run.stderr.contains("WDJB-MJHT"), "{run}");
    }
}

#[test]
fn at_a_terminal_the_named_browser_is_opened_and_nothing_drawn() {
    let provider = crate::support::Provider::start(&[]);
    let home = provider.home();
    let connect = home.hallpass(&["connect", "sandbox-device"]);
    let connect = connect.env("HALLPASS_BROWSER", Home::sandbox_person());
    let (process, terminal) = connect.spawn_at_terminal();
    terminal.resize(100, 40);
    let run = process.wait().ok();
    assert!(run.stderr.contains("Your browser opens."), "{run}");
    assert!(!run.stderr.contains('█'), "{run}");
}
