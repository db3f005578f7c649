//! Against gnome-keyring: where there is no keychain, or a locked one, hallpass says so and keeps
//! nothing elsewhere.

use crate::support::{Cmd, Home, Provider, Run};

use super::session::Session;

/// The binary in the session, with the `keychain` store.
fn hallpass(session: &Session, home: &Home, args: &[&str]) -> Cmd {
    home.hallpass(args)
        .env("HALLPASS_STORE", "keychain")
        .envs(session.variables())
}

#[track_caller]
fn connect(session: &Session, home: &Home) -> Run {
    hallpass(session, home, &["connect", "sandbox"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
}

#[test]
#[ignore = "needs gnome-keyring: tests/run installs it"]
fn a_connection_rests_in_the_keyring_until_it_is_disconnected() {
    let session = Session::unlocked();
    let provider = Provider::start(&[]);
    let home = provider.home();
    connect(&session, &home).ok();
    let token = hallpass(&session, &home, &["token", "sandbox"]).run().ok();
    assert!(session.kept_for(home.path()).contains(token.line()));
    assert!(home.files_with(token.line()).is_empty());

    hallpass(&session, &home, &["disconnect", "sandbox"])
        .run()
        .ok();
    assert!(!session.kept_for(home.path()).contains(token.line()));
    hallpass(&session, &home, &["token", "sandbox"])
        .run()
        .fails_with(4);
}

#[test]
#[ignore = "needs gnome-keyring: tests/run installs it"]
fn a_locked_keyring_is_named_and_nothing_is_kept_elsewhere() {
    let mut session = Session::unlocked();
    let provider = Provider::start(&[]);
    let home = provider.home();
    connect(&session, &home).ok();
    session.lock();

    let failed = hallpass(&session, &home, &["token", "sandbox"]).run();
    let failed = failed.fails_with(7);
    assert!(failed.stderr.contains("locked"), "{failed}");
    let other = provider.home();
    let failed = connect(&session, &other).fails_with(7);
    assert!(failed.stderr.contains("locked"), "{failed}");
    hallpass(&session, &other, &["token", "sandbox"])
        .run()
        .fails_with(4);
}

#[test]
#[ignore = "needs gnome-keyring: tests/run installs it"]
fn where_no_keychain_answers_connecting_says_what_to_do_instead() {
    let session = Session::without_keyring();
    let provider = Provider::start(&[]);
    let home = provider.home();
    let failed = connect(&session, &home).fails_with(7);
    assert!(failed.stderr.contains("--store file"), "{failed}");
}

#[test]
#[ignore = "needs gnome-keyring: tests/run installs it"]
fn client_credentials_work_with_a_locked_keyring_too() {
    let mut session = Session::unlocked();
    session.lock();
    let provider = Provider::start(&[]);
    let home = provider.home();
    let token = hallpass(&session, &home, &["token", "sandbox-service"]).run();
    assert!(!token.ok().line().is_empty());
    assert_eq!(provider.count("client_credentials"), 1);
}
