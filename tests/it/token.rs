//! `token`: the forms a script wants, and how much life they have.

use serde_json::json;

use crate::support::Provider;

#[test]
fn raw_is_the_token_and_one_line_break() {
    let (_provider, home) = Provider::connected(&[]);
    let run = home.hallpass(&["token", "sandbox"]).run().ok();
    assert!(run.line().starts_with("sbx_at_"), "{run}");
    assert_eq!(run.stderr, "");
}

#[test]
fn json_header_and_env_have_the_shapes_scripts_rely_on() {
    let (_provider, home) = Provider::connected(&["--token-ttl", "1h"]);
    let token = home.token("sandbox");
    let form = |form: &str| {
        home.hallpass(&["token", "sandbox", "--format", form])
            .run()
            .ok()
    };
    let object = form("json").json();
    assert_eq!(object["access_token"], json!(token));
    assert_eq!(object["token_type"], "Bearer");
    assert_eq!(object["scopes"], json!(["profile", "notes:read"]));
    let expires = humantime::parse_rfc3339(object["expires_at"].as_str().unwrap()).unwrap();
    assert!(expires > std::time::UNIX_EPOCH);
    assert!(object.get("id_token").is_none());
    assert_eq!(
        form("header").line(),
        format!("Authorization: Bearer {token}")
    );
    assert_eq!(form("env").line(), format!("HALLPASS_TOKEN='{token}'"));
}

#[test]
fn a_format_the_credential_has_not_is_2() {
    let (_provider, home) = Provider::connected(&[]);
    home.hallpass(&["token", "sandbox", "--format", "id-token"])
        .run()
        .fails_with(2);
}

#[test]
fn header_is_the_line_the_definition_would_send() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.edit(|text| {
        text.replace(
            "[integrations.sandbox.api]\n",
            "[integrations.sandbox.api]\nheaders = { X-Auth-Token = \"t {token}\" }\n",
        )
    });
    home.connect_untested("sandbox");
    let run = home
        .hallpass(&["token", "sandbox", "--format", "header"])
        .run()
        .ok();
    assert!(run.line().starts_with("X-Auth-Token: t sbx_at_"), "{run}");
}

#[test]
fn header_is_the_one_that_carries_the_credential_and_no_other_secret() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.edit(|text| {
        text.replace(
            "[integrations.sandbox-service.api]\n",
            "[integrations.sandbox-service.api]\nheaders = { X-App = \"{client_secret}\", X-Token = \"{token}\" }\n",
        )
    });
    let header = ["token", "sandbox-service", "--format", "header"];
    let run = home.hallpass(&header).run().ok();
    assert!(run.line().starts_with("X-Token: sbx_at_"), "{run}");
}

#[test]
fn min_ttl_renews_or_fails() {
    let (provider, home) = Provider::connected(&["--token-ttl", "10m"]);
    let token = |wanted: &str| {
        home.hallpass(&["token", "sandbox", "--min-ttl", wanted])
            .run()
    };
    token("5m").ok();
    assert_eq!(provider.count("refresh_token"), 0, "it had enough life");
    provider.control(&json!({"token_ttl": 3600}));
    token("30m").ok();
    assert_eq!(provider.count("refresh_token"), 1);
    let run = token("2h").fails_with(4);
    assert!(
        run.stdout.is_empty() && run.stderr.contains("does not live for 2h"),
        "{run}"
    );
}

#[test]
fn refresh_never_prints_the_old_token() {
    let (provider, home) = Provider::connected(&[]);
    let old = home.token("sandbox");
    let new = home
        .hallpass(&["token", "sandbox", "--refresh"])
        .run()
        .ok()
        .line()
        .to_owned();
    assert_ne!(old, new);
    provider.control(&json!({"answers": [{"path": "/token", "status": 503, "body": "busy"}]}));
    let run = home
        .hallpass(&["token", "sandbox", "--refresh"])
        .run()
        .fails_with(6);
    assert_eq!(run.stdout, "");
    // The trouble has passed, and the credential is still there.
    assert_eq!(home.hallpass(&["token", "sandbox"]).run().ok().line(), new);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_failure() {
    let (_provider, home) = Provider::connected(&[]);
    let script = "set -o pipefail; hallpass request sandbox /bytes/10000000 | head -c 10";
    let run = home.shell(script).run().ok();
    assert_eq!((run.stdout.len(), run.stderr.as_str()), (10, ""));
}
