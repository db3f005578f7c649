//! What can be wrong with a store's files and its key, told apart, each with its remedy.

use crate::support::{Home, Provider};

/// A connection, and the file it is sealed in.
fn connected() -> (Provider, Home, std::path::PathBuf) {
    let (provider, home) = Provider::connected(&[]);
    let sealed = home.path().join("data/credentials/sandbox@default.age");
    (provider, home, sealed)
}

#[test]
fn what_is_in_a_credentials_place_is_told_apart_with_its_remedy() {
    let (_provider, home, sealed) = connected();
    let good = std::fs::read(&sealed).unwrap();
    let file = |bytes: &[u8]| {
        use std::io::Write as _;
        let mut file = std::fs::File::options()
            .write(true)
            .truncate(true)
            .open(&sealed)
            .unwrap();
        file.write_all(bytes).unwrap();
    };
    let told = |said: &str, hint: &str| {
        let run = home.hallpass(&["token", "sandbox"]).run().fails_with(7);
        assert!(run.stderr.contains(said), "{said}\n{run}");
        assert!(run.stderr.contains(hint), "{hint}\n{run}");
    };
    let anew = "`hallpass connect sandbox --force`";
    for length in [0, 10, good.len() / 2, good.len() - 1] {
        file(&good[..length]);
        told("cut short or changed", anew);
    }
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    file(&changed);
    told("cut short or changed", anew);
    file(b"another tool's");
    told("no file of hallpass's", "move `");
    // What is not hallpass's is not overwritten.
    let run = home
        .hallpass(&["connect", "sandbox"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .fails_with(7);
    assert!(run.stderr.contains("no file of hallpass's"), "{run}");
    assert_eq!(std::fs::read(&sealed).unwrap(), b"another tool's");
    // Another connection's item, put in this one's place.
    file(&good);
    home.connect("sandbox@work");
    let other = home.path().join("data/credentials/sandbox@work.age");
    std::fs::copy(&other, &sealed).unwrap();
    told("it belongs to another connection", anew);
    std::fs::remove_file(&sealed).unwrap();
    std::fs::create_dir(&sealed).unwrap();
    told("is a directory", "move `");
    std::fs::remove_dir(&sealed).unwrap();
    home.hallpass(&["token", "sandbox"]).run().fails_with(4);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_is_never_waited_for() {
    let (_provider, home, sealed) = connected();
    let pipe = |path: &std::path::Path| {
        std::fs::remove_file(path).unwrap();
        crate::support::Cmd::new("mkfifo", &[path.to_str().unwrap()])
            .run()
            .ok();
    };
    let record = home.path().join("data/connections/sandbox@default.json");
    pipe(&record);
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    assert!(record.is_file(), "it is made again from the item");
    pipe(&home.path().join("key.txt"));
    let run = home.hallpass(&["token", "sandbox"]).run().fails_with(7);
    assert!(run.stderr.contains("it is a pipe"), "{run}");
    pipe(&sealed);
    let run = home.hallpass(&["token", "sandbox"]).run().fails_with(7);
    assert!(run.stderr.contains("is a pipe"), "{run}");
}

#[test]
fn every_trouble_with_a_key_is_told_apart() {
    let (_provider, home, _) = connected();
    let told = |said: &str, hint: &str| {
        let run = home.hallpass(&["token", "sandbox"]).run().fails_with(7);
        assert!(run.stderr.contains(said), "{said}\n{run}");
        assert!(run.stderr.contains(hint), "{hint}\n{run}");
    };
    let malformed = "AGE-SECRET-KEY-1NOT-REAL";
    let run = home
        .hallpass(&["token", "sandbox"])
        .env("HALLPASS_KEY", malformed)
        .run()
        .fails_with(7);
    assert!(
        run.stderr.contains("`HALLPASS_KEY` holds no age identity"),
        "{run}"
    );
    assert!(!run.stderr.contains(malformed), "{run}");
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let no_text = std::ffi::OsStr::from_bytes(b"\xff");
        home.hallpass(&["token", "sandbox"])
            .env("HALLPASS_KEY", no_text)
            .run()
            .fails_with(7);
    }
    let key = home.write("my.key", "nothing of a key\n");
    home.write("config.toml", &format!("key_file = '{}'\n", key.display()));
    told("holds no age identity", "needs a line");
    std::fs::remove_file(&key).unwrap();
    told("is not there", "mend `key_file`");
    home.write("config.toml", "key_file = '.'\n");
    told("a directory", "a file that you can read");
    home.write("config.toml", "key_command = [\"no-such-program-here\"]\n");
    told("could not be started", "run the command of `key_command`");
    #[cfg(unix)]
    for (command, said) in [
        ("[\"false\"]", "failed (exit status: 1)"),
        ("[\"true\"]", "printed nothing"),
        ("[\"echo\", \"no key\"]", "is no age identity"),
    ] {
        home.write("config.toml", &format!("key_command = {command}\n"));
        told(said, "run the command of `key_command`");
    }
    home.write("config.toml", "");
    let made = home.path().join("key.txt");
    let text = std::fs::read_to_string(&made).unwrap();
    std::fs::remove_file(&made).unwrap();
    told(
        "key.txt`, which opens what is kept in files, is not there",
        "put the key back",
    );
    home.write("key.txt", &text);
    home.token("sandbox");
}

/// Connects, and asserts that nobody was asked and nothing changed: the connection that is there is as
/// good as its key.
#[track_caller]
fn is_protected(provider: &Provider, call: crate::support::Cmd, told: &[&str]) {
    let before = provider.log().len();
    let call = call.env("HALLPASS_BROWSER", Home::sandbox_person());
    let run = call.run().fails_with(7);
    let there = "there is a connection `sandbox` already";
    for said in [&[there], told].concat() {
        assert!(run.stderr.contains(said), "{said}\n{run}");
    }
    assert_eq!(provider.log().len(), before, "nothing was opened: {run}");
}

#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn what_is_in_a_keychain_that_is_not_there_is_replaced_by_force_alone() {
    let (_provider, home) = Provider::connected(&[]);
    let record = "data/connections/sandbox@default.json";
    let text = std::fs::read_to_string(home.path().join(record)).unwrap();
    home.write(record, &text.replace("\"file\"", "\"keychain\""));
    let sealed = home.path().join("data/credentials/sandbox@default.age");
    std::fs::remove_file(sealed).unwrap();
    let connect = |more: &[&str]| {
        home.hallpass(&[&["connect", "sandbox", "--store", "file"], more].concat())
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run()
    };
    connect(&[]).fails_with(7);
    connect(&["--force"]).ok();
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
}

#[test]
fn what_lacks_only_its_key_is_replaced_by_force_alone() {
    let (provider, home, sealed) = connected();
    let before = std::fs::read(&sealed).unwrap();
    let connect = |args: &[&str]| home.hallpass(&[&["connect", "sandbox"], args].concat());
    let by_force = "hallpass connect sandbox --force";
    let call = connect(&[]).env("HALLPASS_KEY", super::key());
    is_protected(
        &provider,
        call,
        &["give the key it was sealed with", by_force],
    );
    let made = home.path().join("key.txt");
    let text = std::fs::read_to_string(&made).unwrap();
    std::fs::remove_file(&made).unwrap();
    let remedies = ["put the key back", "hallpass connect CONN --force"];
    is_protected(&provider, connect(&[]), &remedies);
    assert!(!made.exists());
    assert_eq!(std::fs::read(&sealed).unwrap(), before);
    home.write("key.txt", &text);
    home.token("sandbox");

    // By force another key is made; where it locks something out, that is said.
    let replace = || {
        std::fs::remove_file(&made).unwrap();
        let call = connect(&["--force"]).env("HALLPASS_BROWSER", Home::sandbox_person());
        let run = call.run().ok();
        home.token("sandbox");
        run.stderr.contains("stays shut")
    };
    assert!(!replace());
    home.connect("sandbox@work");
    assert!(replace());
    let run = home
        .hallpass(&["token", "sandbox@work"])
        .run()
        .fails_with(7);
    assert!(run.stderr.contains("was sealed with another key"), "{run}");
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_write_is_refused_and_one_they_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_provider, home, sealed) = connected();
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let key = home.path().join("key.txt");
    mode(&key, 0o644);
    let run = home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    let warned = run
        .stderr
        .matches("can be read by others (its mode is 644)");
    assert_eq!(warned.count(), 1, "{run}");
    assert!(run.stderr.contains("chmod 600"), "{run}");
    mode(&key, 0o620);
    let run = home.hallpass(&["token", "sandbox"]).run().fails_with(7);
    assert!(run.stderr.contains("can be changed by others"), "{run}");
    assert!(run.stderr.contains("chmod 600"), "{run}");
    mode(&key, 0o600);
    // What others can read of a sealed file is closed with the next write.
    let record = home.path().join("data/connections/sandbox@default.json");
    mode(&sealed, 0o666);
    mode(&record, 0o666);
    let run = home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    assert_eq!(run.stderr, "");
    for path in [&sealed, &record] {
        let meta = std::fs::metadata(path).unwrap();
        assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    }
}

#[cfg(unix)]
#[test]
fn a_directory_that_takes_no_files_is_told_with_what_mends_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let provider = Provider::start(&[]);
    let home = provider.home();
    // Root writes into any directory; a file in its place stops even root.
    let hint = if rustix::process::geteuid().is_root() {
        home.write("data/credentials", "in the way");
        "a file is where the directory"
    } else {
        let dir = home.path().join("data/credentials");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o500)).unwrap();
        "chmod u+rwx"
    };
    let run = home
        .hallpass(&["connect", "sandbox"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .fails_with(7);
    assert!(run.stderr.contains(hint), "{run}");
    assert!(run.stderr.contains("data/credentials"), "{run}");
}
