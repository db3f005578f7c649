//! `--with-token -`: a token that somebody has already becomes a connection like any other.

use serde_json::json;

use crate::support::{Home, Provider, Recorder, Run};

fn adopt(home: &Home, args: &[&str], piped: &str) -> Run {
    let args = [&["connect"], args, &["--with-token", "-"]].concat();
    let command = home.hallpass(&args).env("CI", "true");
    command.stdin(piped).run()
}

#[test]
fn a_bare_token_is_kept_tried_and_used_with_nobody_there() {
    let (provider, first) = Provider::connected(&[]);
    let token = first.token("sandbox");
    let home = provider.home();
    let run = adopt(&home, &["sandbox"], &format!("{token}\n")).ok();
    assert!(
        run.stderr
            .contains("Connected `sandbox` to Sandbox as sandbox-user"),
        "{run}"
    );
    assert_eq!(run.stdout, "");
    assert_eq!(home.token("sandbox"), token);
    // Nothing is known of it that it does not say.
    let shown = home
        .hallpass(&["token", "sandbox", "--format", "json"])
        .run();
    let shown = shown.ok().json();
    assert_eq!(
        (&shown["scopes"], &shown["expires_at"]),
        (&json!([]), &json!(null))
    );
    home.hallpass(&["token", "sandbox", "--refresh"])
        .run()
        .fails_with(4);
}

#[test]
fn an_answer_brings_its_refresh_token_its_life_and_its_scopes() {
    let provider = Recorder::start();
    for (answer, scopes) in [
        (
            r#"{"access_token":"at-not-real","refresh_token":"rt-not-real","expires_in":"600","scope":"a b"}"#,
            json!(["a", "b"]),
        ),
        (
            "access_token=at-not-real&refresh_token=rt-not-real&expires_in=600&scope=a",
            json!(["a"]),
        ),
    ] {
        let home = provider.consenting("");
        adopt(&home, &["x", "--no-test"], answer).ok();
        let shown = home
            .hallpass(&["token", "x", "--format", "json"])
            .run()
            .ok()
            .json();
        assert_eq!(shown["access_token"], "at-not-real");
        assert_eq!(shown["scopes"], scopes);
        let end = humantime::parse_rfc3339(shown["expires_at"].as_str().unwrap()).unwrap();
        let left = end
            .duration_since(std::time::SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let now = hallpass::clock::Timestamp::now().unix();
        assert!((now + 500..=now + 600).contains(&left), "{shown}");
        home.hallpass(&["refresh", "x"]).run().ok();
        let asked = provider.last("/token");
        assert_eq!(asked.form("refresh_token").as_deref(), Some("rt-not-real"));
    }
    assert!(provider.asked_at("/authorize").is_empty());
}

#[test]
fn an_answer_is_read_as_the_definition_says_and_what_it_captures_is_kept() {
    let provider = Recorder::start();
    let more = "token.response.access_token = \"data.key\"\ncapture.site = { from = \"token\", path = \"site\" }";
    let home = provider.consenting(more);
    let answer = json!({"data": {"key": "at-not-real"}, "site": "eu-7"});
    adopt(&home, &["x", "--no-test"], &answer.to_string()).ok();
    assert_eq!(home.token("x"), "at-not-real");
    let args = [
        "exec",
        "x",
        "--env",
        "SITE={site}",
        "--",
        "printenv",
        "SITE",
    ];
    #[cfg(unix)]
    assert_eq!(home.hallpass(&args).run().ok().line(), "eu-7");
    #[cfg(not(unix))]
    let _ = args;
    // One in the usual shape does as well.
    adopt(
        &home,
        &["x", "--no-test"],
        r#"{"access_token":"at-2-not-real"}"#,
    )
    .ok();
    assert_eq!(home.token("x"), "at-2-not-real");
}

#[test]
fn the_end_that_a_signed_token_tells_itself_is_known() {
    let provider = Recorder::start();
    let home = provider.consenting("");
    // {"exp":4102444800}
    adopt(
        &home,
        &["x", "--no-test"],
        "e30.eyJleHAiOjQxMDI0NDQ4MDB9.sig-not-real",
    )
    .ok();
    let shown = home
        .hallpass(&["token", "x", "--format", "json"])
        .run()
        .ok()
        .json();
    assert_eq!(shown["expires_at"], "2100-01-01T00:00:00Z");
}

#[test]
fn what_is_no_token_is_2_and_is_not_repeated() {
    let provider = Recorder::start();
    let home = provider.consenting("");
    let long = "s3cret-not-real ".repeat(100_000);
    for piped in [
        "",
        " \n",
        "s3cret-not-real of two words",
        "s3cret-not-real\u{7}",
        r#"{"token_type":"s3cret-not-real"}"#,
        r#"{"access_token":"s3cret-not-real\n"}"#,
        r#"{"error":"invalid_request"}"#,
        &long,
    ] {
        let run = adopt(&home, &["x"], piped).fails_with(2);
        assert!(!run.stderr.contains("s3cret"), "{run}");
        home.hallpass(&["token", "x"]).run().fails_with(4);
    }
    assert!(provider.asked().is_empty());
}

#[test]
fn what_needs_no_consent_is_brought_along_in_other_ways() {
    let home = Home::new();
    home.write(
        "integrations.toml",
        "[integrations.key.auth]\ntype = \"api_key\"\n\
         [integrations.signed.auth]\ntype = \"jwt\"\n\
         [integrations.signed.auth.jwt]\nalg = \"HS256\"\nkey = { env = \"K\" }\n",
    );
    for (name, hint) in [
        ("key", "--param api_key=-"),
        ("signed", "hallpass token signed"),
    ] {
        let run = adopt(&home, &[name], "token-not-real").fails_with(2);
        assert!(run.stderr.contains(hint), "{run}");
    }
}

#[test]
fn a_connection_that_goes_elsewhere_is_not_replaced_unasked() {
    let first = Recorder::start();
    let second = Recorder::start();
    let home = first.consenting("");
    adopt(&home, &["x", "--no-test"], "at-not-real").ok();
    home.edit(|text| text.replace(first.origin(), second.origin()));
    home.hallpass(&["token", "x"]).run().fails_with(4);
    adopt(&home, &["x", "--no-test"], "at-2-not-real").fails_with(4);
    adopt(&home, &["x", "--no-test", "--force"], "at-2-not-real").ok();
    assert_eq!(home.token("x"), "at-2-not-real");
}

#[test]
fn stdin_brings_one_thing_and_a_token_never_stands_in_the_arguments() {
    let provider = Recorder::start();
    let home = provider.consenting("");
    let run = adopt(&home, &["x", "--param", "client_secret=-"], "at-not-real").fails_with(2);
    assert!(run.stderr.contains("`--with-token` reads stdin"), "{run}");
    let long = "ghp_0123456789abcdef0123456789abcdef-not-real";
    let run = home
        .hallpass(&["connect", "x", "--with-token", long])
        .run()
        .fails_with(2);
    assert!(!run.stderr.contains(long), "{run}");
    adopt(&home, &["x", "--paste"], "at-not-real").fails_with(2);
}

#[cfg(unix)]
#[test]
fn at_a_terminal_it_says_how_to_pipe_one_in() {
    let provider = Recorder::start();
    let home = provider.consenting("");
    let args = ["connect", "x", "--with-token", "-"];
    let (running, _terminal) = home.hallpass(&args).spawn_at_terminal();
    let run = running.wait().exits(2);
    assert!(
        run.stderr.contains("| hallpass connect x --with-token -"),
        "{run}"
    );
}
