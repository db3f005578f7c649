//! `export` and `import`: a connection goes to another machine, sealed, and is nowhere twice by accident.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{HALLPASS, Home, Provider, Run};

fn recipient(home: &Home) -> String {
    let run = home.hallpass(&["import", "--recipient"]).run().ok();
    let line = run.line().to_owned();
    assert!(line.starts_with("age1"), "{line}");
    line
}

#[track_caller]
fn export(home: &Home, to: &Home) -> Run {
    let to = recipient(to);
    home.hallpass(&["export", "sandbox", "--to", &to]).run()
}

/// A key of the test's own, made when it runs, and its recipient.
fn key() -> (String, String) {
    use age::secrecy::ExposeSecret as _;
    let key = age::x25519::Identity::generate();
    (
        key.to_string().expose_secret().to_owned(),
        key.to_public().to_string(),
    )
}

/// Text sealed for a home, as `age -r` seals it.
fn sealed_for(home: &Home, text: &str) -> String {
    let to: age::x25519::Recipient = recipient(home).parse().unwrap();
    age::encrypt_and_armor(&to, text.as_bytes()).unwrap()
}

#[test]
fn an_exported_connection_lives_on_where_it_is_imported_and_there_alone() {
    let (provider, home) = Provider::connected(&[]);
    let token = home.token("sandbox");
    let other = provider.home();
    let run = export(&home, &other).ok();
    assert!(
        run.stdout
            .starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"),
        "{run}"
    );
    assert!(
        run.stdout.ends_with("-----END AGE ENCRYPTED FILE-----\n"),
        "{run}"
    );
    assert!(run.stderr.contains("forgot it here"), "{run}");
    assert!(run.stderr.contains("Nothing was revoked"), "{run}");
    home.hallpass(&["token", "sandbox"]).run().fails_with(4);
    assert!(
        !home
            .path()
            .join("data/credentials/sandbox@default.age")
            .exists()
    );
    assert!(
        !provider
            .log()
            .iter()
            .any(|entry| entry["path"] == "/revoke")
    );

    let come = other
        .hallpass(&["import", "-"])
        .stdin(run.stdout.clone())
        .run()
        .ok();
    assert_eq!(come.stdout, "");
    for said in [
        "Imported `sandbox`",
        "sandbox-user",
        "authorization_code",
        provider.issuer(),
        "key.txt",
    ] {
        assert!(come.stderr.contains(said), "{said}\n{come}");
    }
    assert!(!come.stderr.contains("sbx_"), "{come}");
    assert_eq!(other.token("sandbox"), token);
    other
        .hallpass(&["token", "sandbox", "--refresh"])
        .run()
        .ok();
    let status = other.hallpass(&["status", "sandbox", "--json"]).run().ok();
    assert_eq!(status.json()["account"], "sandbox-user");
}

#[test]
fn kept_on_both_sides_it_warns_and_an_api_key_is_kept_without_a_word_of_warning() {
    let (provider, home) = Provider::connected(&[]);
    let other = provider.home();
    let to = recipient(&other);
    let run = home
        .hallpass(&["export", "sandbox", "--to", &to, "--keep"])
        .run()
        .ok();
    assert!(run.stderr.contains("warning:"), "{run}");
    assert!(run.stderr.contains("use only one"), "{run}");
    home.token("sandbox");

    for home in [&home, &other] {
        home.write(
            "integrations.toml",
            "[integrations.shop.auth]\ntype = \"api_key\"\n[integrations.shop.api]\nbase_url = \"http://127.0.0.1:9\"\n",
        );
    }
    home.hallpass(&["connect", "shop", "--param", "api_key=-", "--no-test"])
        .stdin("shop-key-not-real")
        .run()
        .ok();
    let run = home.hallpass(&["export", "shop", "--to", &to]).run().ok();
    assert!(!run.stderr.contains("warning:"), "{run}");
    assert_eq!(home.token("shop"), "shop-key-not-real");
    other
        .hallpass(&["import", "-", "--as", "two"])
        .stdin(run.stdout)
        .run()
        .ok();
    assert_eq!(other.token("shop@two"), "shop-key-not-real");
}

#[test]
fn an_import_never_overwrites() {
    let (provider, home) = Provider::connected(&[]);
    let other = provider.home();
    other.connect("sandbox");
    let before = other.token("sandbox");
    let parcel = other.write("parcel.age", &export(&home, &other).ok().stdout);
    let parcel = parcel.to_str().unwrap();
    let run = other.hallpass(&["import", parcel]).run().fails_with(2);
    assert!(
        run.stderr
            .contains("there is a connection `sandbox` already"),
        "{run}"
    );
    assert!(run.stderr.contains("--as NAME"), "{run}");
    assert_eq!(other.token("sandbox"), before);
    for wrong in ["No Name", "shop@x"] {
        other
            .hallpass(&["import", parcel, "--as", wrong])
            .run()
            .fails_with(2);
    }
    other
        .hallpass(&["import", parcel, "--as", "work"])
        .run()
        .ok();
    assert_ne!(other.token("sandbox@work"), before);
    // What is kept and cannot be read is not overwritten either.
    let sealed = other.path().join("data/credentials/sandbox@default.age");
    std::fs::File::options()
        .write(true)
        .open(sealed)
        .unwrap()
        .set_len(100)
        .unwrap();
    other.hallpass(&["import", parcel]).run().fails_with(7);
}

#[test]
fn wrong_parcels_are_told_apart() {
    let (provider, home) = Provider::connected(&[]);
    let other = provider.home();
    let parcel = export(&home, &other).ok().stdout;
    let mut damaged = parcel.clone();
    damaged.replace_range(
        400..404,
        if &parcel[400..404] == "AAAA" {
            "BBBB"
        } else {
            "AAAA"
        },
    );
    let credential = sealed_for(&other, "{\"some\": \"thing else\"}");
    let newer = sealed_for(
        &other,
        &json!({"hallpass_connection": 2, "item": 1}).to_string(),
    );
    let empty = sealed_for(
        &other,
        &json!({"hallpass_connection": 1, "item": 1}).to_string(),
    );
    for (text, code, said) in [
        (
            parcel[..parcel.len() / 2].to_owned(),
            2,
            "cut short or changed",
        ),
        (damaged, 2, "cut short or changed"),
        (String::new(), 2, "not sealed with age"),
        ("{}".to_owned(), 2, "not sealed with age"),
        ("x".repeat(2 * 1024 * 1024), 2, "larger than 1 MiB"),
        (credential, 2, "no export of hallpass's"),
        (empty, 2, "no export of hallpass's"),
        (newer, 2, "another version of hallpass (form 2)"),
    ] {
        let run = other
            .hallpass(&["import", "-"])
            .stdin(text)
            .run()
            .fails_with(code);
        assert!(run.stderr.contains(said), "{said}\n{run}");
    }
    let third = provider.home();
    let keyless = third
        .hallpass(&["import", "-"])
        .stdin(parcel.clone())
        .run()
        .fails_with(7);
    assert!(
        keyless.stderr.contains("hallpass import --recipient"),
        "{keyless}"
    );
    assert!(!third.path().join("key.txt").exists());
    recipient(&third);
    let run = third
        .hallpass(&["import", "-"])
        .stdin(parcel.clone())
        .run()
        .fails_with(7);
    assert!(run.stderr.contains("sealed for another key"), "{run}");
    let run = other
        .hallpass(&["import", "no-such-file"])
        .run()
        .fails_with(2);
    assert!(
        run.stderr.contains("`no-such-file` was not imported"),
        "{run}"
    );
    other.hallpass(&["import"]).run().fails_with(2);
    // After all that, the right one still comes in.
    other.hallpass(&["import", "-"]).stdin(parcel).run().ok();
    other.token("sandbox");
}

#[test]
fn a_recipient_that_is_none_is_not_repeated_and_nothing_is_forgotten() {
    let (_provider, home) = Provider::connected(&[]);
    let (secret, _) = key();
    for to in [secret.as_str(), "age1nonsense", ""] {
        let run = home
            .hallpass(&["export", "sandbox", "--to", to])
            .run()
            .fails_with(2);
        assert_eq!(run.stdout, "");
        assert!(to.is_empty() || !run.stderr.contains(to), "{run}");
        assert!(run.stderr.contains("import --recipient"), "{run}");
    }
    home.token("sandbox");
    let (_, to) = key();
    home.hallpass(&["export", "sandbox@nobody", "--to", &to])
        .run()
        .fails_with(4);
}

#[test]
fn every_key_of_this_machine_opens_what_is_sealed_for_it() {
    let (provider, home) = Provider::connected(&[]);
    let (secret, to) = key();
    let run = home
        .hallpass(&["export", "sandbox", "--to", &to, "--keep"])
        .run()
        .ok();
    let other = provider.home();
    let by_variable = |args: &[&str]| other.hallpass(args).env("HALLPASS_KEY", &secret);
    assert_eq!(
        by_variable(&["import", "--recipient"]).run().ok().line(),
        to
    );
    by_variable(&["import", "-", "--as", "variable"])
        .stdin(run.stdout.clone())
        .run()
        .ok();
    let key = other.write("my.key", &secret);
    other.write("config.toml", &format!("key_file = '{}'\n", key.display()));
    other
        .hallpass(&["import", "-", "--as", "file"])
        .stdin(run.stdout.clone())
        .run()
        .ok();
    #[cfg(unix)]
    {
        let settings = format!("key_command = [\"cat\", '{}']\n", key.display());
        other.write("config.toml", &settings);
        other
            .hallpass(&["import", "-", "--as", "command"])
            .stdin(run.stdout)
            .run()
            .ok();
    }
    assert!(!other.path().join("key.txt").exists());
}

#[test]
fn an_export_to_a_file_is_its_owners_alone_and_overwrites_nothing() {
    let (provider, home) = Provider::connected(&[]);
    let other = provider.home();
    let to = recipient(&other);
    home.write("there.age", "the only copy of something");
    let export = |file: &str| {
        home.hallpass(&["export", "sandbox", "--to", &to, "-o", file])
            .dir(home.path())
            .run()
    };
    let run = export("there.age").fails_with(2);
    assert!(
        run.stderr.contains("there is a file `there.age` already"),
        "{run}"
    );
    home.token("sandbox");
    let run = export("new.age").ok();
    assert_eq!(run.stdout, "");
    let path = home.path().join("new.age");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    other
        .hallpass(&["import", path.to_str().unwrap()])
        .run()
        .ok();
    other.token("sandbox");
}

#[test]
fn a_connection_without_a_definition_is_taken_in_and_says_what_is_missing() {
    let (_provider, home) = Provider::connected(&[]);
    let other = Home::new();
    let parcel = export(&home, &other).ok().stdout;
    let run = other.hallpass(&["import", "-"]).stdin(parcel).run().ok();
    assert!(
        run.stderr.contains("before its definition is here"),
        "{run}"
    );
    let definitions = home.path().join("integrations.toml");
    other.write(
        "integrations.toml",
        &std::fs::read_to_string(definitions).unwrap(),
    );
    other.token("sandbox");
}

#[test]
fn an_imported_connection_goes_only_where_it_went_before() {
    let (provider, home) = Provider::connected(&[]);
    let other = provider.home();
    other.edit(|text| text.replace(provider.issuer(), "https://evil.test"));
    let parcel = export(&home, &other).ok().stdout;
    other.hallpass(&["import", "-"]).stdin(parcel).run().ok();
    let run = other.hallpass(&["token", "sandbox"]).run().fails_with(4);
    assert!(run.stderr.contains("https://evil.test"), "{run}");
}

/// Runs an export in a shell, with its output where the script says.
#[cfg(unix)]
fn shell(home: &Home, to: &str, rest: &str) -> Run {
    home.shell(&format!("hallpass export sandbox --to {to} {rest}"))
        .run()
}

#[cfg(unix)]
#[test]
fn an_export_that_cannot_be_written_forgets_nothing() {
    let (provider, home) = Provider::connected(&[]);
    let to = recipient(&provider.home());
    let full = shell(&home, &to, "> /dev/full").fails_with(1);
    assert!(full.stderr.contains("still here"), "{full}");
    // A shell's `>&-` closes stdout; what is written then goes nowhere.
    for nowhere in [">&-", "> /dev/null"] {
        let run = shell(&home, &to, nowhere).fails_with(2);
        assert!(run.stderr.contains("goes nowhere"), "{run}");
    }
    shell(&home, &to, "-o /proc/here.age").fails_with(1);
    home.token("sandbox");
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    // A reader that is gone: the pipe is closed before anything is written.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut call = std::process::Command::new(HALLPASS);
    let ended = call
        .args(["export", "sandbox", "--to", &to])
        .env_clear()
        .env("HALLPASS_HOME", home.path())
        .env("HALLPASS_STORE", "file")
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(ended.code(), Some(1));
    home.token("sandbox");
    let file = home.path().join("out.age");
    shell(&home, &to, &format!("> {}", file.display())).ok();
    home.hallpass(&["token", "sandbox"]).run().fails_with(4);
    assert!(
        std::fs::read_to_string(file)
            .unwrap()
            .contains("AGE ENCRYPTED")
    );
}

#[test]
fn errors_of_an_import_are_json_where_that_is_asked_for() {
    let home = Home::new();
    let run = home
        .hallpass(&["import", "-"])
        .env("HALLPASS_ERRORS", "json")
        .run()
        .fails_with(2);
    let last: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(last["error"]["kind"], "usage");
}
