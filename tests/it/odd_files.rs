//! Pipes where files are looked for: one that a person names is read, one that nobody writes to holds
//! nothing up where a file must be, and `doctor` leaves a value's alone.

use std::path::PathBuf;

use crate::support::{Cmd, Home, Recorder};

const KEY: &str = r#"
[integrations.x.auth]
type = "api_key"
api_key = { file = "key" }
[integrations.x.api]
base_url = "ORIGIN"
"#;

fn pipe(home: &Home, name: &str) -> PathBuf {
    let path = home.path().join(name);
    Cmd::new("mkfifo", &[path.to_str().unwrap()]).run().ok();
    path
}

#[test]
fn a_pipe_in_the_place_of_settings_or_definitions_is_refused_and_not_waited_for() {
    for name in ["config.toml", "integrations.toml"] {
        let home = Home::new();
        pipe(&home, name);
        let run = home.hallpass(&["token", "x"]).run().fails_with(3);
        assert!(run.stderr.contains("is a pipe"), "{run}");
        assert!(run.stderr.contains(name), "{run}");
    }
}

#[test]
fn definitions_that_are_named_may_come_through_a_pipe() {
    let home = Home::new();
    home.write("key", "key-not-real\n");
    home.write("x.toml", &KEY.replace("ORIGIN", "http://127.0.0.1:1"));
    let literal = "sed 's/{ file = .* }/\"key-not-real\"/' \"$HALLPASS_HOME/x.toml\"";
    for script in [
        format!("hallpass token x --config <({literal})"),
        format!("{literal} | hallpass token x --config /dev/stdin"),
        format!("{literal} | HALLPASS_CONFIG=/dev/stdin hallpass token x"),
        format!(
            "mkfifo \"$HALLPASS_HOME/p\"; {literal} > \"$HALLPASS_HOME/p\" & hallpass token x --config \"$HALLPASS_HOME/p\""
        ),
    ] {
        let run = home.shell(&script).run().ok();
        assert_eq!(run.line(), "key-not-real", "{run}");
    }
    // A device that has nothing in it defines nothing, as elsewhere.
    let args = ["token", "x", "--config", "/dev/null"];
    let run = home.hallpass(&args).run().fails_with(3);
    assert!(run.stderr.contains("there is no integration `x`"), "{run}");
}

#[test]
fn a_value_may_come_through_a_pipe() {
    let home = Home::new();
    let key = KEY.replace("ORIGIN", "http://127.0.0.1:1");
    let stdin = key.replace("file = \"key\"", "file = \"/dev/stdin\"");
    home.write("integrations.toml", &stdin);
    let run = home.hallpass(&["token", "x"]).stdin("key-not-real\n");
    assert_eq!(run.run().ok().line(), "key-not-real");
    home.write("integrations.toml", &key);
    pipe(&home, "key");
    let script = "echo key-not-real > \"$HALLPASS_HOME/key\" & hallpass token x";
    assert_eq!(home.shell(script).run().ok().line(), "key-not-real");
}

#[test]
fn doctor_waits_for_no_pipe() {
    let provider = Recorder::start();
    let home = provider.home(KEY);
    let authorities = pipe(&home, "authorities.pem");
    pipe(&home, "key");
    let doctor = home.hallpass(&["doctor", "x"]);
    let run = doctor.env("SSL_CERT_FILE", &authorities).run();
    let run = run.fails_with(6);
    assert!(run.stdout.contains("it is a pipe"), "{run}");
    // The value was not looked at: it is for whoever uses it.
    assert!(!run.stdout.contains("not to be had"), "{run}");
    home.hallpass(&["doctor", "x"]).run().ok();
}

#[test]
fn what_is_imported_may_come_through_a_pipe() {
    let home = Home::new();
    home.write("sealed", "not sealed by anybody");
    let told = home
        .shell("hallpass import \"$HALLPASS_HOME/sealed\"")
        .run();
    let piped = home
        .shell("hallpass import <(cat \"$HALLPASS_HOME/sealed\")")
        .run();
    assert_eq!(told.code, piped.code, "{told}\n{piped}");
    let hint = |text: &str| text.lines().last().map(ToOwned::to_owned);
    assert_eq!(hint(&told.stderr), hint(&piped.stderr), "{told}\n{piped}");
    for run in [told, piped] {
        assert!(run.stderr.contains("it is not sealed with age"), "{run}");
    }
    let run = home.hallpass(&["import", "/"]).run().fails_with(2);
    assert!(run.stderr.contains("it is a directory"), "{run}");
}
