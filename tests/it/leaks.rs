//! No secret where nobody asked for it. What is said, with every command in every way to fail
//! (`said`); what is kept (`kept`); what others see (`children`, `process`, `tls`); the keys that tokens
//! are bound to (`bound`); what needs no person, and what other tools ask (`unattended`). The secrets are all different (`canary`), and the provider repeats them
//! (`stage`).

mod bound;
mod canary;
mod children;
mod kept;
mod process;
mod said;
mod stage;
mod tls;
mod unattended;

use serde_json::json;

use crate::support::{Home, Provider};

#[test]
fn secrets_are_in_no_message_and_no_readable_file() {
    let provider = Provider::start(&["--token-ttl", "0s"]);
    let home = provider.home();
    let run = home
        .hallpass(&["-vv", "connect", "sandbox", "--no-test"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
    let mut said = run.stderr;
    for args in [
        ["-vv", "token", "sandbox"].as_slice(),
        &["-vv", "token", "sandbox-service"],
        &["-vv", "request", "sandbox", "/status/500"],
        &["-vv", "list"],
        &["-vv", "status", "sandbox", "--json"],
    ] {
        said.push_str(&home.hallpass(args).run().stderr);
    }
    provider.control(&json!({"answers": [
        {"path": "/token", "status": 400, "body": {"error": "invalid_grant", "error_description": "no"}},
    ]}));
    said.push_str(&home.hallpass(&["-vv", "token", "sandbox"]).run().stderr);
    for canary in ["sbx_at_", "sbx_rt_", "sandbox-secret-not-real", "code="] {
        assert!(!said.contains(canary), "{canary} in:\n{said}");
    }
    for canary in ["sbx_at_", "sbx_rt_"] {
        assert!(home.files_with(canary).is_empty(), "{canary}");
    }
}

/// A provider that echoes, into every error, whatever it was sent.
fn echoing(answer: &str) -> (String, std::thread::JoinHandle<()>) {
    let server = tiny_http::Server::http("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", server.server_addr());
    let answer = answer.to_owned();
    let thread = std::thread::spawn(move || {
        // As many requests as the test makes; the test's end ends the process.
        while let Ok(mut request) = server.recv() {
            let mut body = String::new();
            request.as_reader().read_to_string(&mut body).unwrap();
            let text = answer.replace("ECHO", &body.replace('"', ""));
            let response = tiny_http::Response::from_string(text).with_status_code(400);
            request.respond(response).unwrap();
        }
    });
    (issuer, thread)
}

#[test]
fn a_provider_that_repeats_secrets_does_not_make_us_repeat_them() {
    let (issuer, _thread) =
        echoing(r#"{"error":"invalid_client","error_description":"you sent ECHO"}"#);
    let home = Home::new();
    home.write(
        "integrations.toml",
        &format!(
            "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"client_credentials\"\ntoken_url = \"{issuer}/token\"\nclient_id = \"id\"\nclient_secret = \"s3cret-not-real\"\nclient_auth = \"body\"\n"
        ),
    );
    let run = home.hallpass(&["-vv", "token", "x"]).run().fails_with(5);
    assert!(run.stderr.contains("you sent"), "{run}");
    assert!(run.stderr.contains("client_secret=***"), "{run}");
    assert!(!run.stderr.contains("s3cret-not-real"), "{run}");
}
