//! The whole way, with nothing of ours at either end: a certified provider, a person who signs in and
//! consents there, and the keyring of a Linux desktop.

use crate::support::eventually;

use super::op::{Op, connect};
use super::session::Session;

#[test]
#[ignore = "needs oidc-provider and gnome-keyring: tests/run installs them"]
fn from_connect_over_refresh_to_disconnect() {
    let op = Op::start(5, 600);
    let session = Session::unlocked();
    let home = op.home();
    let hallpass = |args: &[&str]| {
        home.hallpass(args)
            .env("HALLPASS_STORE", "keychain")
            .envs(session.variables())
    };

    // Connected: whose it is, and where it rests.
    connect(hallpass(&["connect", "op"]));
    let list = hallpass(&["list", "--json"]).run().ok().json();
    let row = list
        .as_array()
        .and_then(|rows| rows.iter().find(|row| row["connection"] == "op"));
    let row = row.expect("a row for `op`");
    assert_eq!(row["account"], "alice", "{row}");
    assert_eq!(row["store"], "keychain", "{row}");
    let first_access = op
        .tokens("access_token", "saved")
        .pop()
        .expect("an access token");
    let first_refresh = op
        .tokens("refresh_token", "saved")
        .pop()
        .expect("a refresh token");
    let kept = session.kept_for(home.path());
    assert!(kept.contains(&first_access) && kept.contains(&first_refresh));

    // Used while it lives.
    let me = hallpass(&["request", "op", "/me"]).run().ok();
    assert_eq!(me.json()["sub"], "alice", "{me}");

    // Used after its life: renewed, and the refresh token exchanged for another one.
    eventually("the token has expired", || {
        let status = hallpass(&["status", "op", "--json"]).run().ok();
        (status.json()["state"] == "expired").then_some(())
    });
    let me = hallpass(&["request", "op", "/me"]).run().ok();
    assert_eq!(me.json()["sub"], "alice", "{me}");
    assert_eq!(
        op.tokens("refresh_token", "consumed"),
        [first_refresh.as_str()]
    );
    let refresh = op
        .tokens("refresh_token", "saved")
        .pop()
        .expect("a refresh token");
    assert_ne!(refresh, first_refresh);
    let token = hallpass(&["token", "op"]).run().ok();
    let access = token.line();
    assert_ne!(access, first_access);
    assert!(op.takes(access) && op.takes(&refresh));
    let kept = session.kept_for(home.path());
    assert!(kept.contains(access) && kept.contains(&refresh));

    // No file has ever held a token.
    for kind in ["access_token", "refresh_token"] {
        for token in op.tokens(kind, "saved") {
            assert!(
                home.files_with(&token).is_empty(),
                "a {kind} stands in a file"
            );
        }
    }

    // Disconnected: dead at the provider, gone from the keyring.
    hallpass(&["disconnect", "op"]).run().ok();
    assert!(!op.takes(access), "the access token still lives");
    assert!(!op.takes(&refresh), "the refresh token still lives");
    let kept = session.kept_for(home.path());
    assert!(!kept.contains(access) && !kept.contains(&refresh));
    hallpass(&["token", "op"]).run().fails_with(4);
}
