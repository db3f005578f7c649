//! No secret where nobody asked for it: stderr, errors, records, files, argv.

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

#[test]
fn no_secret_type_has_a_display() {
    // `Secret` must not become printable by accident; the text of its module is what holds that.
    let module = include_str!("../../src/secret.rs");
    assert!(!module.contains("Display for Secret"));
    assert!(!module.contains("derive(Debug"));
}
