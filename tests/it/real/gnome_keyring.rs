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
    let asked = provider.log().len();
    let failed = connect(&session, &other).fails_with(7);
    assert!(failed.stderr.contains("locked"), "{failed}");
    assert_eq!(provider.log().len(), asked, "no browser opened for nothing");
    hallpass(&session, &other, &["token", "sandbox"])
        .run()
        .fails_with(4);
}

#[test]
#[ignore = "needs gnome-keyring: tests/run installs it"]
fn doctor_tells_a_locked_keyring_from_an_open_one_without_asking_to_unlock_it() {
    let mut session = Session::unlocked();
    let provider = Provider::start(&[]);
    let home = provider.home();
    connect(&session, &home).ok();
    let well = hallpass(&session, &home, &["doctor"]).run().ok();
    assert!(well.stdout.contains("`sandbox` opens"), "{well}");
    session.lock();
    // An item that is there would have to be unlocked, so it is not even looked for.
    for args in [&["doctor"][..], &["doctor", "sandbox"]] {
        let failed = hallpass(&session, &home, args).run().fails_with(7);
        assert!(
            failed.stdout.contains("the keychain is locked: it waits"),
            "{failed}"
        );
        assert!(!failed.stdout.contains("prompt"), "{failed}");
    }
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

#[test]
#[ignore = "needs gnome-keyring: tests/run installs it"]
fn a_connection_moves_into_the_keyring_and_back_and_is_nowhere_twice() {
    let session = Session::unlocked();
    let (provider, home) = Provider::connected(&[]);
    let sealed = home.path().join("data/credentials/sandbox@default.age");
    let token = home.token("sandbox");
    let run = |args: &[&str]| hallpass(&session, &home, args).run();

    let moved = run(&["move", "sandbox", "--to", "keychain"]).ok();
    assert!(
        moved.stderr.contains("from the store `file` to `keychain`"),
        "{moved}"
    );
    assert!(!sealed.exists());
    assert!(session.kept_for(home.path()).contains(&token));
    assert_eq!(run(&["token", "sandbox"]).ok().line(), token);
    let status = run(&["status", "sandbox", "--json"]).ok().json();
    assert_eq!(status["store"], "keychain");
    assert_eq!(status["protection"]["by"], "keychain");
    let again = run(&["move", "sandbox", "--to", "keychain"]).ok();
    assert!(again.stderr.contains("already"), "{again}");
    run(&["token", "sandbox", "--refresh"]).ok();
    run(&["rename", "sandbox", "work"]).ok();
    let token = run(&["token", "sandbox@work"]).ok().line().to_owned();

    run(&["move", "sandbox@work", "--to", "file"]).ok();
    assert!(!session.kept_for(home.path()).contains("sbx_"));
    assert_eq!(home.token("sandbox@work"), token);
    home.hallpass(&["token", "sandbox@work", "--refresh"])
        .run()
        .ok();
    assert_eq!(provider.count("refresh_token"), 2);
}

#[test]
#[ignore = "needs gnome-keyring: tests/run installs it"]
fn an_old_copy_in_another_store_never_wins() {
    let session = Session::unlocked();
    let (provider, home) = Provider::connected(&[]);
    let sealed = home.path().join("data/credentials/sandbox@default.age");
    let old = std::fs::read(&sealed).unwrap();
    let run = |args: &[&str]| hallpass(&session, &home, args).run();
    run(&["move", "sandbox", "--to", "keychain"]).ok();
    let token = run(&["token", "sandbox", "--refresh"])
        .ok()
        .line()
        .to_owned();
    // The old file comes back, from a backup say, and the record is lost.
    let put_back = |bytes: &[u8]| {
        use std::io::Write as _;
        let mut file = std::fs::File::create_new(&sealed).unwrap();
        file.write_all(bytes).unwrap();
    };
    put_back(&old);
    home.write("data/connections/sandbox@default.json", "");
    // Whichever store is looked into first.
    for store in ["file", "keychain"] {
        let newest = hallpass(&session, &home, &["token", "sandbox"])
            .env("HALLPASS_STORE", store)
            .run()
            .ok();
        assert_eq!(newest.line(), token, "{store} first");
    }
    // Nor does a move write it over the newer one.
    run(&["move", "sandbox", "--to", "file"]).ok();
    assert_eq!(home.token("sandbox"), token);
    assert!(!session.kept_for(home.path()).contains("sbx_"));
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    assert_eq!(provider.count("refresh_token"), 2);
}

#[test]
#[ignore = "needs gnome-keyring: tests/run installs it"]
fn what_an_earlier_login_left_in_the_keyring_never_wins() {
    let session = Session::unlocked();
    let (_provider, home) = Provider::connected(&[]);
    let run = |args: &[&str]| hallpass(&session, &home, args).run();
    run(&["move", "sandbox", "--to", "keychain"]).ok();
    for _ in 0..3 {
        run(&["token", "sandbox", "--refresh"]).ok();
    }
    // The data directory is lost, and the connection made anew elsewhere.
    std::fs::remove_dir_all(home.path().join("data")).unwrap();
    home.connect("sandbox");
    let token = home.token("sandbox");
    run(&["move", "sandbox", "--to", "keychain"]).ok();
    assert_eq!(run(&["token", "sandbox"]).ok().line(), token);
    run(&["token", "sandbox", "--refresh"]).ok();
}

#[test]
#[ignore = "needs gnome-keyring: tests/run installs it"]
fn a_copy_in_a_keyring_of_another_session_is_not_used_again_and_goes_with_the_next_disconnect() {
    let session = Session::unlocked();
    let nobody = Session::without_keyring();
    let (_provider, home) = Provider::connected(&[]);
    let sealed = home.path().join("data/credentials/sandbox@default.age");
    let record = home.path().join("data/connections/sandbox@default.json");
    let (item, text) = (
        std::fs::read(&sealed).unwrap(),
        std::fs::read_to_string(record).unwrap(),
    );
    let run = |args: &[&str]| hallpass(&session, &home, args).run();
    run(&["move", "sandbox", "--to", "keychain"]).ok();
    // As if the move had been cut off after it wrote to the keyring.
    let mut text: serde_json::Value = serde_json::from_str(&text).unwrap();
    text["also_in"] = "keychain".into();
    home.write("data/connections/sandbox@default.json", &text.to_string());
    {
        use std::io::Write as _;
        let mut file = std::fs::File::create_new(&sealed).unwrap();
        file.write_all(&item).unwrap();
    }
    let forget = ["disconnect", "sandbox", "--local"];
    hallpass(&nobody, &home, &forget).run().fails_with(7);
    assert!(!sealed.exists());
    assert!(session.kept_for(home.path()).contains("sbx_"));
    run(&["token", "sandbox"]).fails_with(4);
    let gone = run(&forget).ok();
    assert!(gone.stderr.contains("what was left"), "{gone}");
    assert!(!session.kept_for(home.path()).contains("sbx_"));
    run(&forget).fails_with(4);
}

#[test]
#[ignore = "needs gnome-keyring: tests/run installs it"]
fn a_move_to_a_keyring_that_is_locked_or_gone_leaves_everything_as_it_was() {
    let mut session = Session::unlocked();
    session.lock();
    let nobody = Session::without_keyring();
    let (_provider, home) = Provider::connected(&[]);
    let token = home.token("sandbox");
    for (session, said, hint) in [
        (&session, "is locked", "unlock the keychain"),
        (&nobody, "no keychain answers", "start the keychain"),
    ] {
        let to_keychain = ["move", "sandbox", "--to", "keychain"];
        let failed = hallpass(session, &home, &to_keychain).run().fails_with(7);
        assert!(failed.stderr.contains("was not moved"), "{failed}");
        assert!(failed.stderr.contains(said), "{failed}");
        assert!(failed.stderr.contains(hint), "{failed}");
        assert_eq!(home.token("sandbox"), token);
    }
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
}

/// Ends moves at moments all over their run, in both directions.
#[test]
#[ignore = "needs gnome-keyring: tests/run installs it"]
fn killed_at_any_moment_a_move_leaves_the_connection_usable_and_never_older() {
    const MOMENTS: u32 = 30;
    let session = Session::unlocked();
    let (provider, home) = Provider::connected(&[]);
    let run = |args: &[&str]| hallpass(&session, &home, args).run();
    let began = std::time::Instant::now();
    run(&["move", "sandbox", "--to", "keychain"]).ok();
    run(&["move", "sandbox", "--to", "file"]).ok();
    let whole = began.elapsed() / 2;
    let mut token = String::new();
    for moment in 0..MOMENTS {
        let to = ["keychain", "file"][moment as usize % 2];
        let call = hallpass(&session, &home, &["move", "sandbox", "--to", to]).spawn();
        // The moments are what is tried here; nothing is waited for.
        std::thread::sleep(whole * moment / MOMENTS);
        call.signal(rustix::process::Signal::KILL);
        call.wait();
        let now = run(&["token", "sandbox"]).ok().line().to_owned();
        assert!(token.is_empty() || now == token, "older at {moment}");
        token = run(&["token", "sandbox", "--refresh"])
            .ok()
            .line()
            .to_owned();
        run(&["move", "sandbox", "--to", to]).ok();
        assert_eq!(run(&["token", "sandbox"]).ok().line(), token);
        // Nothing is left where it is not.
        let sealed = home.path().join("data/credentials/sandbox@default.age");
        assert_eq!(sealed.exists(), to == "file", "at {moment}");
        let in_keyring = session.kept_for(home.path()).contains("sbx_");
        assert_eq!(in_keyring, to == "keychain", "at {moment}");
    }
    assert_eq!(provider.count("refresh_token"), MOMENTS as usize);
}
