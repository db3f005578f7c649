//! The exit codes scripts rely on, each brought about once, each with a hint
//! that names the next command.

use serde_json::{Value, json};

use crate::support::{Home, Provider};

#[test]
fn usage_is_2() {
    let home = Home::new();
    let run = home.hallpass(&["token"]).run().fails_with(2);
    assert!(run.stderr.contains("run `hallpass token --help`"), "{run}");
    home.hallpass(&["token", "a", "--frobnicate"])
        .run()
        .fails_with(2);
    home.hallpass(&["nonsense"]).run().fails_with(2);
    home.hallpass(&[]).run().fails_with(2);
    let endless = ["connect", "x", "--timeout", "18446744073709551615s"];
    home.hallpass(&endless).run().fails_with(2);
    home.hallpass(&["token", "Not A Name"]).run().fails_with(2);
}

#[test]
fn a_missing_or_wrong_definition_is_3() {
    let home = Home::new();
    let run = home.hallpass(&["token", "github"]).run().fails_with(3);
    assert!(run.stderr.contains("does not exist"), "{run}");
    home.write("integrations.toml", "[integrations.github]\nname = 1\n");
    let run = home.hallpass(&["token", "github"]).run().fails_with(3);
    assert!(run.stderr.contains("integrations.toml:2"), "{run}");
    let run = home.hallpass(&["token", "gihub"]).run().fails_with(3);
    assert!(run.stderr.contains("did you mean `github`?"), "{run}");
}

#[test]
fn a_missing_environment_variable_is_3() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.edit(|text| {
        text.replace(
            "\"sandbox-secret-not-real\"",
            "{ env = \"NO_SUCH_SECRET\" }",
        )
    });
    let run = home
        .hallpass(&["token", "sandbox-service"])
        .run()
        .fails_with(3);
    assert!(run.stderr.contains("`NO_SUCH_SECRET` is not set"), "{run}");
    home.hallpass(&["token", "sandbox-service"])
        .env("NO_SUCH_SECRET", "sandbox-secret-not-real")
        .run()
        .ok();
}

#[test]
fn not_connected_is_4() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    for args in [
        ["token", "sandbox"].as_slice(),
        &["request", "sandbox", "/me"],
        &["status", "sandbox"],
        &["disconnect", "sandbox"],
    ] {
        let run = home.hallpass(args).run().fails_with(4);
        assert!(run.stderr.contains("`sandbox` is not connected"), "{run}");
    }
}

#[test]
fn a_refusal_is_5() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.edit(|text| text.replace("sandbox-secret-not-real", "wrong-not-real"));
    let run = home
        .hallpass(&["token", "sandbox-service"])
        .run()
        .fails_with(5);
    assert!(run.stderr.contains("invalid_client"), "{run}");
    assert!(!run.stderr.contains("wrong-not-real"), "{run}");
}

#[test]
fn an_unreachable_provider_is_6() {
    let home = {
        let provider = Provider::start(&[]);
        provider.home()
    };
    let run = home
        .hallpass(&["token", "sandbox-service"])
        .run()
        .fails_with(6);
    assert!(run.stderr.contains("cannot connect to 127.0.0.1:"), "{run}");
}

#[test]
fn a_store_that_cannot_be_opened_is_7() {
    let (_provider, home) = Provider::connected(&[]);
    let other = "AGE-SECRET-KEY-1NOTAKEY";
    let run = home
        .hallpass(&["token", "sandbox"])
        .env("HALLPASS_KEY", other)
        .run()
        .fails_with(7);
    assert!(run.stderr.contains("holds no age identity"), "{run}");
    assert!(!run.stderr.contains(other), "{run}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_absent_keychain_is_7_when_nobody_can_be_asked() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let run = home
        .hallpass(&["connect", "sandbox"])
        .env_remove("HALLPASS_STORE")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .fails_with(7);
    assert!(run.stderr.contains("no keychain answers"), "{run}");
    assert!(run.stderr.contains("--store file"), "{run}");
    assert_eq!(
        provider.log().len(),
        0,
        "found out before the browser opened"
    );
}

#[test]
fn an_api_that_answers_400_or_more_is_8_and_its_body_is_printed() {
    let (_provider, home) = Provider::connected(&[]);
    let run = home
        .hallpass(&["request", "sandbox", "/status/404"])
        .run()
        .fails_with(8);
    assert!(run.json().is_object(), "{run}");
}

#[cfg(unix)]
#[test]
fn signals_are_130_and_143_and_leave_no_listener() {
    use rustix::process::Signal;
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let provider = Provider::start(&[]);
        let home = provider.home();
        let mut connect = home.hallpass(&["connect", "sandbox"]).stdin_open().spawn();
        let link = connect.wait_for_stderr(|line| line.starts_with("http://"));
        connect.wait_for_stderr(|line| line.starts_with("Waiting"));
        connect.signal(signal);
        let run = connect.wait().fails_with(code);
        assert!(
            run.stderr
                .contains("interrupted while connecting `sandbox`"),
            "{run}"
        );
        assert!(
            run.stderr.contains("run `hallpass connect sandbox` again"),
            "{run}"
        );
        let (_, rest) = link
            .split_once("redirect_uri=http%3A%2F%2F127.0.0.1%3A")
            .unwrap();
        let port: u16 = rest[..rest.find('%').unwrap()].parse().unwrap();
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    }
}

#[test]
fn errors_can_be_one_json_object_on_the_last_line() {
    let home = Home::new();
    for args in [
        ["token", "x"].as_slice(),
        &["token"],
        &["status", "x", "--json"],
    ] {
        let run = home.hallpass(args).env("HALLPASS_ERRORS", "json").run();
        let object: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
        let error = &object["error"];
        assert_eq!(error["exit_code"], json!(run.code.unwrap()), "{run}");
        assert!(
            error["message"].is_string() && error["hints"][0].is_string(),
            "{run}"
        );
        let kind = if args.len() == 1 {
            "usage"
        } else {
            "definition"
        };
        assert_eq!(error["kind"], kind, "{run}");
    }
    let run = home
        .hallpass(&["status", "x", "--json"])
        .run()
        .fails_with(3);
    assert!(run.stderr.starts_with('{'), "{run}");
}

#[test]
fn json_errors_still_show_the_report_before_the_last_line() {
    let home = Home::new();
    home.write("integrations.toml", "[integrations.x]\nnam = 1\n");
    let run = home
        .hallpass(&["check"])
        .env("HALLPASS_ERRORS", "json")
        .run()
        .fails_with(3);
    assert!(run.stderr.contains("did you mean `name`?"), "{run}");
}
