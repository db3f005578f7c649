//! Where the key rests: sealed beside the token, and wherever that goes.

use super::{bound, connected, key, proof};
use crate::guarantee::sealed;
use crate::support::{Home, Provider, Recorder};

#[test]
fn a_renewal_keeps_the_key_and_a_new_connect_makes_another() {
    let (_provider, home) = connected();
    let first = key(&home, "sandbox-dpop");
    home.hallpass(&["token", "sandbox-dpop", "--refresh"])
        .run()
        .ok();
    assert_eq!(key(&home, "sandbox-dpop"), first);
    home.connect("sandbox-dpop");
    assert_ne!(key(&home, "sandbox-dpop"), first);
}

#[test]
fn the_key_goes_with_a_connection_that_is_renamed_exported_and_imported() {
    let (provider, home) = connected();
    home.hallpass(&["rename", "sandbox-dpop", "work"])
        .run()
        .ok();
    let request = |home: &Home, connection: &str| {
        let run = home.hallpass(&["request", connection, "/me"]).run().ok();
        assert_eq!(run.json()["login"], "sandbox-user");
    };
    request(&home, "sandbox-dpop@work");

    let other = provider.home();
    let recipient = other.hallpass(&["import", "--recipient"]).run().ok();
    let args = ["export", "sandbox-dpop@work", "--to", recipient.line()];
    let parcel = home.hallpass(&args).run().ok().stdout;
    other.hallpass(&["import", "-"]).stdin(parcel).run().ok();
    request(&other, "sandbox-dpop@work");
    other
        .hallpass(&["token", "sandbox-dpop@work", "--refresh"])
        .run()
        .ok();
    request(&other, "sandbox-dpop@work");
}

#[test]
fn a_connection_from_before_stays_a_bearers_until_it_is_made_anew() {
    let (_provider, home) = Provider::connected(&[]);
    let item = sealed::item(&home, "sandbox").expect("it is kept");
    assert!(item["credential"].get("dpop_key").is_none());
    home.edit(|text| {
        let id = "client_id = \"sandbox-app\"";
        text.replacen(id, &format!("dpop = true\n{id}"), 1)
    });
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    home.hallpass(&["request", "sandbox", "/me"]).run().ok();
    let dpop = || {
        let status = home.hallpass(&["status", "sandbox", "--json"]).run().ok();
        status.json()["dpop"].clone()
    };
    assert_eq!(dpop(), false);
    home.connect("sandbox");
    assert_eq!(dpop(), true);
    // And back: what is bound stays so, whatever the definition says now.
    home.edit(|text| {
        text.replacen(
            "dpop = true\nclient_id = \"sandbox-app\"",
            "client_id = \"sandbox-app\"",
            1,
        )
    });
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    home.hallpass(&["request", "sandbox", "/me"]).run().ok();
    assert_eq!(dpop(), true);
}

#[test]
fn a_token_that_was_brought_along_is_bound_when_it_is_renewed() {
    let recorder = Recorder::answering(|asked, _| asked.header("dpop").is_some().then(|| bound(1)));
    let home = recorder.consenting("dpop = true");
    let answer = r#"{"access_token":"brought-not-real","refresh_token":"r-not-real"}"#;
    let args = ["connect", "x", "--no-test", "--with-token", "-"];
    let run = home.hallpass(&args).stdin(answer).run().ok();
    assert!(run.stderr.contains("did not bind"), "{run}");
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    let shown = proof(&recorder.last("/token")).thumbprint;
    home.hallpass(&["request", "x", "/me"]).run().ok();
    let asked = recorder.last("/api/me");
    assert_eq!(
        asked.header("authorization").as_deref(),
        Some("DPoP token-2")
    );
    assert_eq!(proof(&asked).thumbprint, shown);

    // One that is bound already is bound to a key that nobody has here.
    let answer = r#"{"access_token":"brought-not-real","token_type":"dpop"}"#;
    home.hallpass(&args).stdin(answer).run().fails_with(2);
}
