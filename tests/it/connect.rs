//! `connect`: consent, every way it ends; in `listener` the loopback listener's rules, in `attacks`,
//! `answers` and `ports` what is tried against it, in `forms` and `relay` the answer that comes as a form or by a detour, in `paste` and `terminal` the other way in, in `races` who else
//! connects meanwhile, in `look` how the page looks.

mod answers;
mod attacks;
mod forms;
mod listener;
mod look;
mod paste;
mod ports;
mod races;
mod relay;
#[cfg(unix)]
mod terminal;
mod with_token;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::json;

use crate::support::{Cmd, Home, Provider, Running, http};

/// A connect that waits for its redirect, and where.
struct Waiting {
    process: Running,
    link: url::Url,
    redirect: url::Url,
}

impl Waiting {
    fn start(home: &Home, args: &[&str]) -> Waiting {
        let args = [&["connect", "sandbox"], args].concat();
        Waiting::spawn(home.hallpass(&args))
    }

    fn spawn(connect: Cmd) -> Waiting {
        let mut process = connect.stdin_open().spawn();
        let link = process.wait_for_stderr(|line| line.starts_with("http://"));
        let link = url::Url::parse(&link).unwrap();
        let redirect = query(&link, "redirect_uri").unwrap();
        let redirect = url::Url::parse(&redirect).unwrap();
        Waiting {
            process,
            link,
            redirect,
        }
    }

    fn address(&self) -> SocketAddr {
        self.redirect.socket_addrs(|| None).unwrap()[0]
    }

    /// Sends a request to the listener as it is, and returns the whole answer.
    fn say(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    }

    fn get(&self, target: &str, host: &str) -> String {
        self.say(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.redirect.port().unwrap())
    }

    fn state(&self) -> String {
        query(&self.link, "state").unwrap()
    }
}

fn query(url: &url::Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn a_person_consents_and_the_connection_is_kept_tried_and_named() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let run = home.connect("sandbox");
    assert_eq!(run.stdout, "");
    assert!(
        run.stderr
            .contains("Connected `sandbox` to Sandbox as sandbox-user"),
        "{run}"
    );
    let seen: Vec<_> = provider
        .log()
        .iter()
        .map(|entry| entry["path"].clone())
        .collect();
    assert!(
        seen.contains(&json!("/token")) && seen.contains(&json!("/me")),
        "{seen:?}"
    );
    let status = home
        .hallpass(&["status", "sandbox", "--json"])
        .run()
        .ok()
        .json();
    assert_eq!(status["state"], "connected");
    assert_eq!(status["account"], "sandbox-user");
    assert_eq!(status["store"], "file");
    assert_eq!(status["scopes"], json!(["profile", "notes:read"]));
}

#[test]
fn several_connections_of_one_integration_live_side_by_side() {
    let (_provider, home) = Provider::connected(&[]);
    home.connect("sandbox@work");
    let token = |name: &str| home.hallpass(&["token", name]).run().ok().line().to_owned();
    assert_ne!(token("sandbox"), token("sandbox@work"));
    home.hallpass(&["disconnect", "sandbox"]).run().ok();
    home.hallpass(&["token", "sandbox@work"]).run().ok();
}

#[test]
fn without_a_browser_the_link_stands_on_a_line_of_its_own_and_the_page_answers() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &["--no-browser"]);
    assert_eq!(
        query(&waiting.link, "code_challenge_method").unwrap(),
        "S256"
    );
    assert_eq!(waiting.redirect.path(), "/callback");
    let page = http::approve(waiting.link.as_str());
    assert!(page.body.contains("Connected to Sandbox"), "{}", page.body);
    assert!(page.body.contains("notes:read") && page.body.contains("sandbox-user"));
    let policy = &page.headers["content-security-policy"];
    assert!(
        policy
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'; style-src 'sha256-")
    );
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert!(!page.body.contains("<script"));
    let token = {
        waiting.process.wait().ok();
        home.token("sandbox")
    };
    assert!(!page.body.contains(&token), "the page shows no token");
}

#[test]
fn denied_consent_is_5_and_keeps_nothing() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let page = http::deny(waiting.link.as_str());
    assert!(
        page.body.contains("Not connected to Sandbox"),
        "{}",
        page.body
    );
    let run = waiting.process.wait().fails_with(5);
    assert!(run.stderr.contains("access_denied"), "{run}");
    home.hallpass(&["token", "sandbox"]).run().fails_with(4);
}

#[test]
fn nobody_answering_is_4_at_the_timeout() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let run = home
        .hallpass(&["connect", "sandbox", "--timeout", "50ms"])
        .run()
        .fails_with(4);
    assert!(run.stderr.contains("nobody answered within 50ms"), "{run}");
}

#[test]
fn an_answer_from_another_issuer_is_5() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let target = format!(
        "/callback?code=x&state={}&iss=https%3A%2F%2Fevil.test",
        waiting.state()
    );
    waiting.get(&target, &waiting.host());
    let run = waiting.process.wait().fails_with(5);
    assert!(run.stderr.contains("another issuer"), "{run}");
    assert_eq!(
        provider.count("authorization_code"),
        0,
        "the code was not sent"
    );
}

#[test]
fn under_ci_a_connect_that_needs_a_person_is_4_at_once() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    for (name, args) in [
        ("CI", ["connect", "sandbox"].as_slice()),
        ("X", &["connect", "sandbox", "--no-input"]),
    ] {
        let run = home.hallpass(args).env(name, "true").run().fails_with(4);
        assert!(run.stderr.contains("needs a person"), "{run}");
    }
    home.hallpass(&["connect", "sandbox-service"])
        .env("CI", "true")
        .run()
        .ok();
    let person = Home::sandbox_person();
    home.hallpass(&["connect", "sandbox"])
        .env("CI", "true")
        .env("HALLPASS_BROWSER", person)
        .run()
        .ok();
}

#[test]
fn a_definition_that_moves_elsewhere_gets_nothing() {
    let provider = Provider::start(&[]);
    let other = Provider::start(&[]);
    let home = provider.home();
    home.connect("sandbox");
    let text = std::fs::read_to_string(home.path().join("integrations.toml")).unwrap();
    let api = format!("base_url = \"{}\"", provider.issuer());
    let moved = text.replace(&api, &format!("base_url = \"{}\"", other.issuer()));
    assert_ne!(text, moved);
    home.write("integrations.toml", &moved);
    for args in [
        ["token", "sandbox"].as_slice(),
        &["request", "sandbox", "/me"],
        &["connect", "sandbox"],
    ] {
        let run = home
            .hallpass(args)
            .env("HALLPASS_BROWSER", "none")
            .run()
            .fails_with(4);
        assert!(run.stderr.contains(other.issuer()), "{run}");
        assert!(run.stderr.contains("--force"), "{run}");
    }
    assert!(other.log().is_empty(), "nothing was sent");
    home.hallpass(&["status", "sandbox"]).run().fails_with(4);
    home.hallpass(&["connect", "sandbox", "--force"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run();
    home.hallpass(&["token", "sandbox"]).run().ok();
}

#[test]
fn a_failing_test_keeps_the_connection_and_is_8() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    provider.control(&json!({"answers": [{"path": "/me", "status": 403, "body": "{}"}]}));
    let run = home
        .hallpass(&["connect", "sandbox"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .fails_with(8);
    assert!(run.stderr.contains("answered 403"), "{run}");
    home.hallpass(&["token", "sandbox"]).run().ok();
}

#[test]
fn secrets_on_the_command_line_are_refused() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.drop_lines(&["client_secret"]);
    let given = [
        "connect",
        "sandbox-service",
        "--param",
        "client_secret=sandbox-secret-not-real",
    ];
    let run = home.hallpass(&given).run().fails_with(2);
    assert!(run.stderr.contains("env:"), "{run}");
    home.hallpass(&["connect", "sandbox-service"])
        .run()
        .fails_with(4);
    home.hallpass(&["connect", "sandbox-service", "--param", "client_secret=-"])
        .stdin("sandbox-secret-not-real\n")
        .run()
        .ok();
    // Kept in the store with the connection, sealed.
    home.hallpass(&["token", "sandbox-service"]).run().ok();
    assert!(home.files_with("sandbox-secret-not-real").is_empty());
}

#[test]
fn a_secret_that_is_given_is_used_though_the_definition_names_none() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.edit(|text| {
        text.replace(
            "client_id = \"sandbox-app\"",
            "client_id = \"sandbox-service\"",
        )
    });
    let given = [
        "connect",
        "sandbox",
        "--param",
        "client_secret=env:APP_SECRET",
    ];
    home.hallpass(&given)
        .env("APP_SECRET", "sandbox-secret-not-real")
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    assert!(
        home.files_with("sandbox-secret-not-real").len() <= 1,
        "only the definition of the other one"
    );
}
