//! Client credentials: no connect, and no store where none answers.

use serde_json::json;

use crate::support::{Cmd, HALLPASS, Provider};

#[test]
fn a_service_needs_no_connect_and_its_token_is_reused() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let token = || {
        home.hallpass(&["token", "sandbox-service"])
            .run()
            .ok()
            .line()
            .to_owned()
    };
    let first = token();
    assert_eq!(first, token());
    assert_eq!(provider.count("client_credentials"), 1);
    let me = home
        .hallpass(&["request", "sandbox-service", "/me"])
        .run()
        .ok()
        .json();
    assert_eq!(me["login"], "sandbox-service");
}

#[test]
fn an_expired_one_is_minted_anew_once() {
    let provider = Provider::start(&["--token-ttl", "0s"]);
    let home = provider.home();
    home.hallpass(&["token", "sandbox-service"]).run().ok();
    provider.control(&json!({"token_ttl": 3600, "latency_ms": 200}));
    let calls: Vec<_> = (0..8)
        .map(|_| home.hallpass(&["token", "sandbox-service"]).spawn())
        .collect();
    for call in calls {
        call.wait().ok();
    }
    assert_eq!(provider.count("client_credentials"), 2);
}

#[test]
fn with_no_store_they_are_used_and_forgotten() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    for store in ["none", "keychain"] {
        let run = home
            .hallpass(&["token", "sandbox-service"])
            .env("HALLPASS_STORE", store)
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            .run();
        if store == "none" || cfg!(target_os = "linux") {
            assert!(run.ok().line().starts_with("sbx_at_"));
        }
    }
    assert!(!home.path().join("data/credentials").exists());
}

#[cfg(unix)]
#[test]
fn a_ci_job_needs_only_its_environment() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let config = home.path().join("integrations.toml");
    let run = Cmd::new(
        HALLPASS,
        &[
            "token",
            "sandbox-service",
            "--config",
            config.to_str().unwrap(),
        ],
    )
    .env("CI", "true")
    .env("HOME", "/dev/null")
    .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    .run()
    .ok();
    assert!(run.line().starts_with("sbx_at_"), "{run}");
}

#[test]
fn list_says_that_it_is_ready() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    let states: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["connection"].clone(), line["state"].clone()))
        .collect();
    assert_eq!(
        states,
        [
            (json!("sandbox"), json!("not_connected")),
            (json!("sandbox-device"), json!("not_connected")),
            (json!("sandbox-dpop"), json!("not_connected")),
            (json!("sandbox-key"), json!("ready")),
            (json!("sandbox-service"), json!("ready"))
        ]
    );
}

#[test]
fn a_definition_that_moves_is_minted_anew_there() {
    let provider = Provider::start(&[]);
    let other = Provider::start(&[]);
    let home = provider.home();
    home.hallpass(&["connect", "sandbox-service"]).run().ok();
    home.edit(|text| text.replace(provider.issuer(), other.issuer()));
    home.hallpass(&["request", "sandbox-service", "/me"])
        .run()
        .ok();
    assert_eq!(other.count("client_credentials"), 1);
}

#[test]
fn a_secret_that_was_typed_goes_to_no_stranger() {
    let provider = Provider::start(&[]);
    let stranger = Provider::start(&[]);
    let home = provider.home();
    home.drop_lines(&["client_secret"]);
    home.hallpass(&["connect", "sandbox-service", "--param", "client_secret=-"])
        .stdin("sandbox-secret-not-real")
        .run()
        .ok();
    home.edit(|text| text.replace(provider.issuer(), stranger.issuer()));
    let run = home
        .hallpass(&["token", "sandbox-service"])
        .run()
        .fails_with(4);
    assert!(run.stderr.contains(stranger.issuer()), "{run}");
    assert!(stranger.log().is_empty());
}

#[test]
fn another_environment_gets_another_token() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.edit(|text| {
        text.replace(
            "[integrations.sandbox-service]\n",
            "[integrations.sandbox-service]\nparameters = [{ name = \"scope\", env = \"JOB_SCOPE\" }]\n",
        )
        .replace(
            "client_secret = \"sandbox-secret-not-real\"",
            "client_secret = { env = \"JOB_SECRET\" }",
        )
    });
    home.edit(|text| {
        let (before, service) = text.split_once("[integrations.sandbox-service]").unwrap();
        let service = service.replace("\"notes:read\"", "\"{scope}\"");
        format!("{before}[integrations.sandbox-service]{service}")
    });
    let scopes = |scope: &str| {
        let run = home.hallpass(&["token", "sandbox-service", "--format", "json"]);
        let run = run
            .env("JOB_SCOPE", scope)
            .env("JOB_SECRET", "sandbox-secret-not-real")
            .run();
        run.ok().json()["scopes"].clone()
    };
    assert_eq!(scopes("profile"), json!(["profile"]));
    assert_eq!(scopes("notes:read"), json!(["notes:read"]));
    assert_eq!(scopes("notes:read"), json!(["notes:read"]));
    assert_eq!(provider.count("client_credentials"), 2);
    home.hallpass(&["token", "sandbox-service"])
        .run()
        .fails_with(4);
}

#[test]
fn a_renewal_keeps_what_connect_added() {
    let provider = Provider::start(&["--token-ttl", "0s"]);
    let home = provider.home();
    home.hallpass(&[
        "connect",
        "sandbox-service",
        "--no-test",
        "--scope",
        "profile",
    ])
    .run()
    .ok();
    provider.control(&json!({"token_ttl": 3600}));
    let token = home
        .hallpass(&["token", "sandbox-service", "--format", "json"])
        .run()
        .ok()
        .json();
    assert_eq!(token["scopes"], json!(["notes:read", "profile"]));
}

#[test]
fn min_ttl_holds_without_a_store_too() {
    let provider = Provider::start(&["--token-ttl", "1h"]);
    let home = provider.home();
    let wanted = [
        "token",
        "sandbox-service",
        "--store",
        "none",
        "--min-ttl",
        "9h",
    ];
    let run = home.hallpass(&wanted).run().fails_with(4);
    assert_eq!(run.stdout, "");
}

#[test]
fn a_living_token_is_used_while_no_other_is_to_be_had() {
    let provider = Provider::start(&["--token-ttl", "10m"]);
    let home = provider.home();
    home.edit(|text| {
        text.replace(
            "[integrations.sandbox-service.api]\n",
            "[integrations.sandbox-service.auth.refresh]\nbefore = \"1h\"\n[integrations.sandbox-service.api]\n",
        )
    });
    let first = home.token("sandbox-service");
    provider.control(
        &json!({"answers": [{"path": "/token", "status": 503, "body": "busy", "times": 4}]}),
    );
    let run = home.hallpass(&["token", "sandbox-service"]).run().ok();
    assert_eq!(run.line(), first);
    assert!(run.stderr.contains("its old token still lives"), "{run}");
    home.hallpass(&["token", "sandbox-service", "--refresh"])
        .run()
        .fails_with(6);
}

#[test]
fn a_store_that_does_not_open_is_named_when_it_holds_what_is_missing() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.drop_lines(&["client_secret"]);
    home.hallpass(&["connect", "sandbox-service", "--param", "client_secret=-"])
        .stdin("sandbox-secret-not-real")
        .run()
        .ok();
    home.hallpass(&["token", "sandbox-service"])
        .env("HALLPASS_KEY", "not a key")
        .run()
        .fails_with(7);
}

#[test]
fn a_parameter_may_be_called_like_an_input_that_oauth_has_not() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.edit(|text| {
        text.replace(
            "[integrations.sandbox-service]\n",
            "[integrations.sandbox-service]\nparameters = [{ name = \"username\", env = \"WHO\" }]\n",
        )
        .replace(
            "[integrations.sandbox-service.api]\n",
            "[integrations.sandbox-service.api]\nheaders = { X-Who = \"{username}\", Authorization = \"Bearer {token}\" }\n",
        )
    });
    let echo = home
        .hallpass(&["request", "sandbox-service", "/echo"])
        .env("WHO", "ada")
        .run();
    assert_eq!(echo.ok().json()["headers"]["x-who"], "ada");
}
