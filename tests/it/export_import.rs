//! `export` and `import`: a connection goes to another machine, sealed, and is nowhere twice by accident.

mod delivered;
mod taken_in;

use serde_json::Value;

use crate::support::{Home, Provider, Run};

fn recipient(home: &Home) -> String {
    let run = home.hallpass(&["import", "--recipient"]).run().ok();
    let line = run.line().to_owned();
    assert!(line.starts_with("age1"), "{line}");
    line
}

/// Exports to a file beside the home's own, which is read and gone then.
#[track_caller]
fn export(home: &Home, to: &Home) -> Run {
    let to = recipient(to);
    let path = home.path().join("parcel.age");
    let file = path.to_str().unwrap();
    let args = ["export", "sandbox", "--to", &to, "-o", file];
    let mut run = home.hallpass(&args).run();
    assert_eq!(run.stdout, "");
    if let Ok(parcel) = std::fs::read_to_string(&path) {
        run.stdout = parcel;
        std::fs::remove_file(path).unwrap();
    }
    run
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

/// A parcel sealed for a home, with its item changed, as its sender could have.
pub fn changed(home: &Home, parcel: &str, change: impl FnOnce(&mut Value)) -> String {
    let key = std::fs::read_to_string(home.path().join("key.txt")).unwrap();
    let key = key.lines().find(|line| !line.starts_with('#')).unwrap();
    let key: age::x25519::Identity = key.parse().unwrap();
    let opened = age::decrypt(&key, parcel.as_bytes()).unwrap();
    let mut parcel: Value = serde_json::from_slice(&opened).unwrap();
    change(&mut parcel["item"]);
    sealed_for(home, &parcel.to_string())
}

/// Exports `sandbox`, and keeps it.
#[track_caller]
fn export_keeping(home: &Home, to: &str) -> Run {
    home.hallpass(&["export", "sandbox", "--to", to, "--keep"])
        .run()
        .ok()
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
    let run = export_keeping(&home, &to);
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
fn every_key_of_this_machine_opens_what_is_sealed_for_it() {
    let (provider, home) = Provider::connected(&[]);
    let (secret, to) = key();
    let run = export_keeping(&home, &to);
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
