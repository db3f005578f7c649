//! A connection whose definition or place changes after it was made.

use super::{hallpass, start};
use crate::support::{Home, Provider};

fn grant(home: &Home, connection: &str) -> serde_json::Value {
    let status = home.hallpass(&["status", connection, "--json"]).run();
    status.ok().json()["grant"].clone()
}

#[test]
fn what_a_code_connected_is_renewed_elsewhere_after_the_definition_knows_only_links() {
    let (provider, home) = start("steady");
    let run = |home: &Home, args: &[&str]| hallpass(&provider, home, args).run().ok();
    run(&home, &["connect", "both", "--device"]);
    assert_eq!(grant(&home, "both"), "device_code");
    let device = format!(
        "device_authorization_url = \"{}/device_authorization\"",
        provider.issuer()
    );
    let plain = |text: &str| {
        let (before, after) = text.split_once("[integrations.both]").unwrap();
        format!(
            "{before}[integrations.both]{}",
            after.replacen(&device, "", 1)
        )
    };
    home.edit(plain);
    run(&home, &["token", "both", "--refresh"]);
    run(&home, &["request", "both", "/me"]);
    run(&home, &["rename", "both", "work"]);

    let other = provider.home();
    let definitions = std::fs::read_to_string(home.path().join("integrations.toml")).unwrap();
    other.write("integrations.toml", &definitions);
    let recipient = run(&other, &["import", "--recipient"]);
    let parcel = run(&home, &["export", "both@work", "--to", recipient.line()]);
    let import = hallpass(&provider, &other, &["import", "-"]);
    import.stdin(parcel.stdout).run().ok();
    run(&other, &["rename", "both@work", "laptop"]);
    run(&other, &["token", "both@laptop", "--refresh"]);
    assert_eq!(
        run(&other, &["request", "both@laptop", "/me"]).json()["login"],
        "sandbox-user"
    );
    assert_eq!(grant(&other, "both@laptop"), "device_code");
    run(&other, &["doctor", "both@laptop"]);
    run(&other, &["disconnect", "both@laptop"]);
    // Behind a pipe the first copy is kept, since nobody sees whether the other came through.
    run(&home, &["disconnect", "both@work", "--local"]);
}

#[test]
fn a_code_takes_the_place_of_a_link_where_the_client_is_the_same_and_else_by_force_alone() {
    let (provider, home) = start("once");
    let run = |args: &[&str]| hallpass(&provider, &home, args).run();
    run(&["connect", "both"]).ok();
    assert_eq!(grant(&home, "both"), "authorization_code");
    let first = home.token("both");
    run(&["connect", "both", "--device"]).ok();
    assert_eq!(grant(&home, "both"), "device_code");
    assert_ne!(home.token("both"), first);
    run(&["request", "both", "/me"]).ok();

    // Another client's connection is not replaced unasked.
    let kept = home.token("both");
    home.edit(|text| {
        text.replace(
            "[integrations.both.auth]\n",
            "[integrations.both.auth]\nclient_id = \"sandbox-device\"\nclient_auth = \"none\"\n",
        )
    });
    let refused = run(&["connect", "both", "--device"]).fails_with(4);
    assert!(
        refused.stderr.contains("client id sandbox-device"),
        "{refused}"
    );
    run(&["token", "both", "--refresh"]).fails_with(4);
    run(&["connect", "both", "--device", "--force"]).ok();
    assert_ne!(home.token("both"), kept);
    run(&["token", "both", "--refresh"]).ok();
    run(&["request", "both", "/me"]).ok();
    run(&["disconnect", "both"]).ok();
}

#[test]
fn a_link_that_is_not_answered_leaves_what_a_code_connected() {
    let (provider, home) = start("off");
    hallpass(&provider, &home, &["connect", "both", "--device"])
        .run()
        .ok();
    let kept = home.token("both");
    let connect = ["connect", "both", "--timeout", "1s"];
    let command = hallpass(&provider, &home, &connect).env("HALLPASS_BROWSER", "none");
    command.run().fails_with(4);
    assert_eq!(
        (home.token("both"), grant(&home, "both")),
        (kept, "device_code".into())
    );
    hallpass(&provider, &home, &["token", "both", "--refresh"])
        .run()
        .ok();
}

#[test]
fn a_definition_is_extended_to_another_grant_and_keeps_what_that_can_use() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let issuer = provider.issuer().to_owned();
    home.edit(|text| {
        format!(
            "{text}\n[integrations.code]\nextends = \"sandbox-dpop\"\nauth.grant = \"device_code\"\n\
             auth.device_authorization_url = \"{issuer}/device_authorization\"\n\
             [integrations.job]\nextends = \"sandbox-key\"\nauth.grant = \"token_exchange\"\nauth.dpop = \"EdDSA\"\n\
             auth.subject_token = {{ env = \"JOB\" }}\n\
             [integrations.other-job]\nextends = \"job\"\n\
             auth.subject_token = {{ github_actions = {{ audience = \"{issuer}\" }} }}\n"
        )
    });
    let checked = home.hallpass(&["check"]).run();
    assert!(!checked.stderr.contains("error"), "{checked}");
    home.connect("code");
    home.hallpass(&["request", "code", "/me"]).run().ok();
    assert_eq!(grant(&home, "code"), "device_code");
    // The table of the one source does not linger beside the other's.
    let run = hallpass(&provider, &home, &["request", "other-job", "/me"])
        .run()
        .ok();
    assert_eq!(run.json()["login"], "repo:octo/hello:ref:refs/heads/main");
    let run = home.hallpass(&["token", "job"]).run().fails_with(3);
    assert!(run.stderr.contains("`JOB`"), "{run}");
}
