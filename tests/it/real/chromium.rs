//! What a person sees in a real browser: the pages hallpass answers with, after a click on the
//! sandbox's consent page; and that person, for `clicked`.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Cmd, Provider, Run, eventually};

const PERSON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/chromium.mjs");

/// A picture as a service would have it, without a size of its own.
const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\">\
                   <circle cx=\"4\" cy=\"4\" r=\"4\" fill=\"#24292f\"/></svg>";

/// A person sent to a headless Chromium, and what is to be seen there.
pub struct Errand {
    out: TempDir,
    denies: bool,
}

impl Errand {
    pub fn new() -> Errand {
        Errand {
            out: tempfile::tempdir().expect("a temporary directory"),
            denies: false,
        }
    }

    /// Clicks on Deny or Cancel.
    pub fn deny(self) -> Errand {
        Errand {
            denies: true,
            ..self
        }
    }

    /// Lets this connect open its link there.
    pub fn send(&self, connect: Cmd) -> Cmd {
        let browser = format!("node {}", shell_words::quote(PERSON));
        self.told(connect).env("HALLPASS_BROWSER", browser)
    }

    /// Opens a page without being sent by a connect, and types a device's code.
    pub fn visit(&self, page: &str, code: &str) -> Cmd {
        let person = Cmd::new("node", &[PERSON, page]).env("USER_CODE", code);
        self.told(person)
    }

    fn told(&self, cmd: Cmd) -> Cmd {
        let decision = if self.denies { "deny" } else { "allow" };
        cmd.env("DECISION", decision).env("OUT", self.out.path())
    }

    /// What was seen: the page that came last (`looks`), the buttons `pressed` on those before it.
    #[track_caller]
    pub fn report(&self) -> Value {
        let report = eventually("the browser's report", || {
            read(&self.out.path().join("report.json"))
        });
        assert_eq!(report["error"], Value::Null, "{report}");
        report
    }
}

/// Connects in a headless Chromium to a service that looks like this, and returns how that ended and
/// what was seen.
#[track_caller]
fn connect(decision: &str, look: &str) -> (Run, Value) {
    connect_with(decision, look, "")
}

/// The same, with these further lines of `auth`.
#[track_caller]
fn connect_with(decision: &str, look: &str, auth: &str) -> (Run, Value) {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let client = "client_id = \"sandbox-app\"";
    if !auth.is_empty() {
        home.edit(|text| text.replacen(client, &format!("{client}\n{auth}"), 1));
    }
    home.write("logo.svg", SVG);
    let table = "[integrations.sandbox]\n";
    home.edit(|text| text.replacen(table, &format!("{table}# how it looks\n{look}\n"), 1));
    let errand = Errand {
        denies: decision == "deny",
        ..Errand::new()
    };
    let connect = home.hallpass(&["connect", "sandbox", "--timeout", "40s"]);
    let run = errand.send(connect).run();
    let report = errand.report();
    let pressed = if errand.denies { "Deny" } else { "Allow" };
    assert_eq!(report["pressed"], json!([pressed]), "{report}");
    (run, report)
}

fn read(path: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(path).ok()?;
    serde_json::from_str(&text).ok()
}

/// By day, by night and on a phone: legible, within the screen, with nothing fetched or refused.
#[track_caller]
pub fn is_fit_to_be_seen(report: &Value, headline: &str, pictures: &[bool]) {
    assert_eq!(report["complaints"], Value::Array(vec![]), "{report}");
    for (name, dark) in [("day", false), ("night", true), ("phone", false)] {
        let look = &report["looks"][name];
        let number = |key: &str| look[key].as_f64().expect("a number");
        assert_eq!(look["title"], headline, "{look}");
        assert!(
            look["text"]
                .as_str()
                .is_some_and(|text| text.contains(headline)),
            "{look}"
        );
        assert_eq!(look["pictures"], json!(pictures), "{name}: {look}");
        assert!(number("contrast") >= 4.5, "{name}: {look}");
        assert_eq!(number("background") < 0.2, dark, "{name}: {look}");
        assert_eq!(look["overflows"], false, "{name}: {look}");
        assert_eq!(look["requests"], Value::Array(vec![]), "{name}: {look}");
    }
}

#[test]
#[ignore = "needs Chromium and Node: tests/run installs them"]
fn a_click_on_allow_ends_on_a_page_that_is_fit_to_be_seen() {
    let (run, report) = connect("allow", "");
    run.ok();
    is_fit_to_be_seen(&report, "Connected to Sandbox", &[]);
}

#[test]
#[ignore = "needs Chromium and Node: tests/run installs them"]
fn a_click_on_deny_ends_on_a_page_that_is_fit_to_be_seen() {
    let (run, report) = connect("deny", "");
    run.fails_with(5);
    is_fit_to_be_seen(&report, "Not connected to Sandbox", &[]);
}

#[test]
#[ignore = "needs Chromium and Node: tests/run installs them"]
fn letters_on_a_colour_that_white_cannot_be_read_on_are_fit_to_be_seen() {
    let (run, report) = connect(
        "allow",
        "icon = \"Sb\"\ncolor = \"#fc0\"\ndescription = \"To try\"",
    );
    run.ok();
    is_fit_to_be_seen(&report, "Connected to Sandbox", &[]);
}

#[test]
#[ignore = "needs Chromium and Node: tests/run installs them"]
fn an_emoji_on_a_colour_as_dark_as_the_night_is_fit_to_be_seen() {
    let (run, report) = connect("deny", "icon = \"🌱\"\ncolor = \"#1b1e21\"");
    run.fails_with(5);
    is_fit_to_be_seen(&report, "Not connected to Sandbox", &[]);
}

#[test]
#[ignore = "needs Chromium and Node: tests/run installs them"]
fn a_picture_is_shown_by_the_policy_that_forbids_everything_else() {
    let (run, report) = connect("allow", "icon = \"logo.svg\"\ncolor = \"#24292f\"");
    run.ok();
    is_fit_to_be_seen(&report, "Connected to Sandbox", &[true]);
}

#[test]
#[ignore = "needs Chromium and Node: tests/run installs them"]
fn an_answer_that_comes_as_a_form_ends_on_the_same_page() {
    let asks = "authorization_params = { response_mode = \"form_post\" }";
    for (decision, headline) in [
        ("allow", "Connected to Sandbox"),
        ("deny", "Not connected to Sandbox"),
    ] {
        // On both names of the loopback: a browser may treat a form to either in its own way.
        for host in ["127.0.0.1", "localhost"] {
            let auth = format!("{asks}\nredirect = {{ host = \"{host}\" }}");
            let (run, report) = connect_with(decision, "", &auth);
            run.exits(if decision == "allow" { 0 } else { 5 });
            is_fit_to_be_seen(&report, headline, &[]);
        }
    }
}
