//! What the programs that hallpass starts can see: their arguments and their environment.
#![cfg(unix)]

use std::path::PathBuf;

use super::canary::{clean, hallpass};
use super::stage::Stage;
use crate::support::{HALLPASS, Home, Provider};

/// A key of the test's own, made when it runs.
fn key() -> String {
    use age::secrecy::ExposeSecret as _;
    let identity = age::x25519::Identity::generate().to_string();
    identity.expose_secret().to_owned()
}

/// A program that notes its arguments and its environment, and then does `then`.
fn recorder(home: &Home, name: &str, then: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let notes = home.path().join(format!("{name}.notes"));
    let script = format!(
        "#!/bin/sh\n{{ printf '%s\\n' \"$0\" \"$@\"; env; }} >> '{}'\n{then}\n",
        notes.display()
    );
    let path = home.write(name, &script);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path
}

fn notes(home: &Home, name: &str) -> String {
    std::fs::read_to_string(home.path().join(format!("{name}.notes"))).unwrap()
}

#[test]
fn no_child_gets_our_key_or_a_secret_in_its_arguments() {
    let stage = Stage::new();
    let home = &stage.home;
    let key = key();
    let source = recorder(home, "source", "echo from-source-not-real");
    let person = format!("'{HALLPASS}' sandbox --visit \"$1\"");
    let browser = recorder(home, "browser", &person);
    home.edit(|text| {
        let command = format!(
            "client_secret = {{ command = [\"{}\", \"read\"] }}",
            source.display()
        );
        text.replacen("client_secret = { env = \"CLIENT_SECRET\" }", &command, 1)
    });
    let run = stage
        .connect("web")
        .env("HALLPASS_KEY", &key)
        .env("HALLPASS_BROWSER", &browser)
        .run()
        .ok();
    assert!(!run.stderr.contains(&key), "{run}");
    assert!(home.files_with(&key).is_empty(), "{run}");
    for name in ["source", "browser"] {
        let notes = notes(home, name);
        assert!(notes.contains("PATH="), "its environment is there: {notes}");
        assert!(
            !notes.contains(&key) && !notes.contains("HALLPASS_KEY"),
            "{name}: {notes}"
        );
        // The variables that the test itself set are the user's own to hand down.
        let arguments = notes
            .lines()
            .take_while(|line| !line.contains('=') || line.starts_with("http"));
        let arguments: Vec<_> = arguments.collect();
        assert_eq!(arguments.len(), 2, "{notes}");
        clean(name, &arguments.join("\n"));
        assert!(!arguments.join("\n").contains("code_verifier"), "{notes}");
    }
}

#[test]
fn the_command_that_opens_the_store_gets_no_other_key() {
    let home = Provider::start(&[]).home();
    let own = key();
    let command = recorder(&home, "opener", &format!("echo '{own}'"));
    home.write(
        "config.toml",
        &format!("key_command = [\"{}\"]\n", command.display()),
    );
    home.write(
        "integrations.toml",
        "[integrations.k.auth]\ntype = \"api_key\"\n",
    );
    let connect = ["connect", "k", "--param", "api_key=env:API_KEY"];
    hallpass(&home, &connect).env("HALLPASS_KEY", "").run().ok();
    hallpass(&home, &["token", "k"]).run().ok();
    let notes = notes(&home, "opener");
    assert!(
        !notes.contains("AGE-SECRET-KEY") && !notes.contains("HALLPASS_KEY"),
        "{notes}"
    );
}

#[test]
fn git_is_asked_without_our_key() {
    let home = Home::new();
    let git = recorder(&home, "bin/git", "exit 1");
    std::fs::create_dir(home.path().join(".git")).unwrap();
    home.write(
        "integrations.toml",
        "[integrations.k.auth]\ntype = \"api_key\"\napi_key = \"k-not-real\"\n",
    );
    let path = format!("{}:/usr/bin:/bin", git.parent().unwrap().display());
    let run = home.hallpass(&["check"]).env("PATH", path);
    run.env("HALLPASS_KEY", key()).run().ok();
    let notes = notes(&home, "bin/git");
    assert!(
        notes.contains("ls-files") && !notes.contains("AGE-SECRET-KEY"),
        "{notes}"
    );
}
