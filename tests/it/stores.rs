//! Where credentials rest: the `file` store, and what is told apart.

mod troubles;

use crate::support::{Home, Provider};

/// A key of the test's own, made when it runs.
fn key() -> String {
    use age::secrecy::ExposeSecret as _;
    age::x25519::Identity::generate()
        .to_string()
        .expose_secret()
        .to_owned()
}

#[test]
fn credentials_are_sealed_and_their_files_the_owners_alone() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let run = home.connect("sandbox");
    assert!(run.stderr.contains("file permissions protect it"), "{run}");
    let token = home.token("sandbox");
    assert!(home.files_with(&token).is_empty());
    assert!(home.files_with("sbx_rt_").is_empty());
    assert!(
        home.path()
            .join("data/credentials/sandbox@default.age")
            .exists()
    );
    #[cfg(unix)]
    for name in [
        "key.txt",
        "data/credentials/sandbox@default.age",
        "data/connections/sandbox@default.json",
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        let meta = std::fs::metadata(home.path().join(name)).unwrap();
        assert_eq!(meta.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_key_in_the_environment_makes_file_the_default_and_no_key_file() {
    let key = key();
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.hallpass(&["connect", "sandbox"])
        .env_remove("HALLPASS_STORE")
        .env("HALLPASS_KEY", &key)
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
    assert!(!home.path().join("key.txt").exists());
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        // What is no text is a key too, if a wrong one.
        let run = provider
            .home()
            .hallpass(&["connect", "sandbox"])
            .env_remove("HALLPASS_STORE")
            .env("HALLPASS_KEY", std::ffi::OsStr::from_bytes(b"\xff"))
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run()
            .fails_with(7);
        let said = "`HALLPASS_KEY` holds no age identity";
        assert!(run.stderr.contains(said), "{run}");
    }
    home.hallpass(&["token", "sandbox"])
        .env("HALLPASS_KEY", &key)
        .run()
        .ok();
    // Without the key, what is kept stays shut, and the message says so.
    let run = home.hallpass(&["token", "sandbox"]).run().fails_with(7);
    assert!(run.stderr.contains("key.txt"), "{run}");
}

#[test]
fn another_key_is_told_from_damage() {
    let key = key();
    let (_provider, home) = Provider::connected(&[]);
    let run = home
        .hallpass(&["token", "sandbox"])
        .env("HALLPASS_KEY", &key)
        .run()
        .fails_with(7);
    assert!(run.stderr.contains("was sealed with another key"), "{run}");
    let path = home.path().join("data/credentials/sandbox@default.age");
    let sealed = std::fs::metadata(&path).unwrap().len();
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(sealed / 2)
        .unwrap();
    let run = home.hallpass(&["token", "sandbox"]).run().fails_with(7);
    assert!(run.stderr.contains("cannot be read"), "{run}");
    home.connect("sandbox");
    home.hallpass(&["token", "sandbox"]).run().ok();
}

#[test]
fn a_relative_key_file_is_beside_the_settings_wherever_a_command_runs() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.write("keys/my.key", &key());
    home.write("config.toml", "key_file = \"keys/my.key\"\n");
    home.connect("sandbox");
    let elsewhere = Home::new();
    home.hallpass(&["token", "sandbox"])
        .dir(elsewhere.path())
        .run()
        .ok();
    assert!(!home.path().join("key.txt").exists());
}

#[test]
fn a_key_file_and_a_key_command_are_used() {
    let secret = key();
    let provider = Provider::start(&[]);
    let home = provider.home();
    let key = home.write("my.key", &format!("# a comment\n{secret}\n"));
    home.write(
        "config.toml",
        &format!("store = \"file\"\nkey_file = '{}'\n", key.display()),
    );
    home.hallpass(&["connect", "sandbox"])
        .env_remove("HALLPASS_STORE")
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
    assert!(!home.path().join("key.txt").exists());
    #[cfg(unix)]
    home.write(
        "config.toml",
        &format!(
            "store = \"file\"\nkey_command = [\"cat\", '{}']\n",
            key.display()
        ),
    );
    home.hallpass(&["token", "sandbox"]).run().ok();
}

#[test]
fn a_lost_record_is_made_again_from_the_item() {
    let (_provider, home) = Provider::connected(&[]);
    let record = home.path().join("data/connections/sandbox@default.json");
    std::fs::remove_file(&record).unwrap();
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    assert!(record.exists());
    home.write("data/connections/sandbox@default.json", "not json");
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(list[0]["account"], "sandbox-user");
}

#[test]
fn the_store_none_is_refused_where_it_would_forget_a_person() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let run = home
        .hallpass(&["connect", "sandbox", "--store", "none"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .fails_with(2);
    assert!(run.stderr.contains("keeps nothing"), "{run}");
    assert!(provider.log().is_empty());
}

#[test]
fn wrong_settings_are_told_with_their_place() {
    let home = Home::new();
    home.write("config.toml", "stor = \"file\"\n");
    let run = home.hallpass(&["list"]).run().fails_with(3);
    assert!(run.stderr.contains("unknown field `stor`"), "{run}");
    home.write("config.toml", "");
    home.hallpass(&["list"])
        .env("HALLPASS_STORE", "vault")
        .run()
        .fails_with(2);
}

#[cfg(unix)]
#[test]
fn a_disk_that_takes_no_writes_keeps_the_old_token() {
    use std::os::unix::fs::PermissionsExt as _;
    if rustix::process::geteuid().is_root() {
        // Root writes everywhere; a file in the place of the directory stops even root.
        let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
        let records = home.path().join("data/connections");
        let aside = home.path().join("aside");
        std::fs::rename(&records, &aside).unwrap();
        home.write("data/connections", "in the way");
        home.hallpass(&["token", "sandbox"]).run().fails_with(7);
        assert_eq!(
            provider.count("refresh_token"),
            0,
            "nothing irrevocable was done"
        );
        std::fs::remove_file(&records).unwrap();
        std::fs::rename(&aside, &records).unwrap();
        home.hallpass(&["token", "sandbox"]).run().ok();
        return;
    }
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    let records = home.path().join("data/connections");
    std::fs::set_permissions(&records, std::fs::Permissions::from_mode(0o500)).unwrap();
    home.hallpass(&["token", "sandbox"]).run().fails_with(7);
    assert_eq!(
        provider.count("refresh_token"),
        0,
        "nothing irrevocable was done"
    );
    std::fs::set_permissions(&records, std::fs::Permissions::from_mode(0o700)).unwrap();
    home.hallpass(&["token", "sandbox"]).run().ok();
}

#[test]
fn status_says_how_a_credential_is_protected_where_it_rests() {
    let secret = key();
    let (_provider, home) = Provider::connected(&[]);
    let told = |variable: Option<&str>, by: &str, text: &str| {
        let status = |args: &[&str]| {
            let call = home.hallpass(args);
            let call = match variable {
                Some(key) => call.env("HALLPASS_KEY", key),
                None => call,
            };
            call.run().ok()
        };
        let json = status(&["status", "sandbox", "--json"]).json();
        assert_eq!(json["protection"]["by"], by, "{json}");
        let run = status(&["status", "sandbox"]);
        let line = run.stdout.lines();
        let line = line.filter_map(|line| line.strip_prefix("protected by "));
        let line = line.collect::<String>();
        assert!(line.contains(text), "{run}");
        assert_eq!(json["protection"]["text"], line.trim(), "{json}");
    };
    told(None, "made_key_file", "file permissions");
    let made = home.path().join("key.txt");
    let text = std::fs::read_to_string(&made).unwrap();
    std::fs::remove_file(made).unwrap();
    told(None, "made_key_file", "that key is not there");
    home.write("key.txt", &text);
    told(Some(&secret), "key_variable", "`HALLPASS_KEY`");
    home.write("config.toml", "key_file = '/some/where.key'\n");
    told(None, "key_file", "`/some/where.key`");
    home.write("config.toml", "key_command = [\"pass\", \"age-key\"]\n");
    told(None, "key_command", "`pass`");
    let record = home.path().join("data/connections/sandbox@default.json");
    let text = std::fs::read_to_string(record).unwrap();
    home.write(
        "data/connections/sandbox@default.json",
        &text.replace("\"store\": \"file\"", "\"store\": \"keychain\""),
    );
    let status = home.hallpass(&["status", "sandbox", "--json"]).run().ok();
    assert_eq!(status.json()["protection"]["by"], "keychain");
    home.hallpass(&["disconnect", "sandbox@work"]).run();
    let none = home
        .hallpass(&["status", "sandbox@work", "--json"])
        .run()
        .fails_with(4);
    assert!(none.json()["protection"].is_null(), "{none}");
}

#[test]
fn a_damaged_record_hides_no_connection_in_another_store() {
    let (provider, home) = Provider::connected(&[]);
    home.write("data/connections/sandbox@default.json", "");
    let elsewhere = |args: &[&str]| {
        home.hallpass(args)
            .env("HALLPASS_STORE", "none")
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            .run()
    };
    elsewhere(&["token", "sandbox"]).ok();
    elsewhere(&["disconnect", "sandbox"]).ok();
    assert!(
        provider
            .log()
            .iter()
            .any(|entry| entry["path"] == "/revoke")
    );
    assert!(
        !home
            .path()
            .join("data/credentials/sandbox@default.age")
            .exists()
    );
}

#[test]
fn a_store_that_cannot_be_written_is_found_out_before_the_browser_opens() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.write("data/credentials", "in the way");
    for key in [None, Some("not a key")] {
        let mut connect = home
            .hallpass(&["connect", "sandbox"])
            .env("HALLPASS_BROWSER", Home::sandbox_person());
        if let Some(key) = key {
            connect = connect.env("HALLPASS_KEY", key);
        }
        connect.run().fails_with(7);
    }
    assert!(provider.log().is_empty());
}
