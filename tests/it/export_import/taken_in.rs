//! `import`: what it takes, what it refuses, and that it overwrites nothing.

use serde_json::{Value, json};

use super::{changed, export, export_keeping, recipient, sealed_for};
use crate::support::{Home, Provider};

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

#[test]
fn a_key_that_is_lost_is_not_replaced_by_an_import_while_anything_is_sealed_to_it() {
    let (provider, home) = Provider::connected(&[]);
    let other = provider.home();
    let parcel = other.write("parcel.age", &export(&home, &other).ok().stdout);
    other.connect("sandbox@work");
    let key = other.path().join("key.txt");
    let text = std::fs::read_to_string(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    for args in [
        &["import", "--recipient"][..],
        &["import", parcel.to_str().unwrap()],
        &["connect", "sandbox@third"],
    ] {
        let run = other
            .hallpass(args)
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run()
            .fails_with(7);
        assert!(run.stderr.contains("put the key back"), "{run}");
        assert!(!key.exists(), "{run}");
    }
    other.write("key.txt", &text);
    other.token("sandbox@work");
}

#[test]
fn a_parcel_of_more_writes_than_there_can_be_is_none() {
    let (provider, home) = Provider::connected(&[]);
    let other = provider.home();
    let to = recipient(&other);
    let run = export_keeping(&home, &to);
    for (generation, code) in [(u64::MAX, 2), (u64::MAX - 1, 2), (1 << 20, 0)] {
        let parcel = changed(&other, &run.stdout, |item| {
            item["generation"] = generation.into();
        });
        let run = other
            .hallpass(&["import", "-"])
            .stdin(parcel)
            .run()
            .exits(code);
        let refused = run.stderr.contains("no export of hallpass's");
        assert_eq!(refused, code == 2, "{run}");
    }
    other
        .hallpass(&["token", "sandbox", "--refresh"])
        .run()
        .ok();
}
