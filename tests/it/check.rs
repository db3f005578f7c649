//! `check`: every problem at once, with its place and its remedy.

use crate::support::Home;

#[test]
fn a_valid_file_says_so() {
    let home = Home::new();
    let example = include_str!("../../integrations.example.toml");
    home.write("integrations.toml", example);
    let run = home.hallpass(&["check"]).run().ok();
    assert!(run.stdout.contains("integrations are valid"), "{run}");
}

#[test]
fn every_problem_is_shown_with_its_place_and_remedy() {
    let home = Home::new();
    let path = home.write("integrations.toml", include_str!("check-problems.toml"));
    let run = home.hallpass(&["check"]).run().fails_with(3);
    let report = run
        .stderr
        .replace(path.to_str().unwrap(), "integrations.toml");
    insta::assert_snapshot!(report);
}

#[test]
fn a_definition_that_is_scattered_among_others_is_shown_where_it_stands() {
    let home = Home::new();
    home.write(
        "integrations.toml",
        "[integrations.a.auth]\ntype = \"api_key\"\n\
         [integrations.b]\nname = 1\n\
         [integrations.a.api]\nbase_url = \"https://api.example.com\"\n  \
         [integrations.b.auth]\n  type = \"oauth3\"\n\
         [integrations.c.auth]\ntype = \"none\"\n",
    );
    let run = home.hallpass(&["token", "b"]).run().fails_with(3);
    for place in ["4:8\n", "8:10\n"] {
        assert!(run.stderr.contains(place), "{place}: {run}");
    }
    assert!(
        run.stderr
            .contains("8 |   type = \"oauth3\"\n  |          ^^^^^^^^\n"),
        "{run}"
    );
}

#[test]
fn one_broken_definition_does_not_stop_the_others() {
    let provider = crate::support::Provider::start(&[]);
    let home = provider.home();
    let text = std::fs::read_to_string(home.path().join("integrations.toml")).unwrap();
    home.write(
        "integrations.toml",
        &format!("{text}\n[integrations.broken]\nauth = 1\n"),
    );
    home.hallpass(&["token", "sandbox-service"]).run().ok();
    let run = home.hallpass(&["list"]).run().ok();
    let said = "has problems (`broken`); run `hallpass check`";
    assert!(run.stderr.contains(said), "{run}");
    home.hallpass(&["token", "broken"]).run().fails_with(3);
}

#[test]
fn a_literal_secret_in_a_report_is_blanked() {
    let home = Home::new();
    home.write(
        "integrations.toml",
        "[integrations.x.auth]\ntype = \"oauth2\"\nclient_secrt = \"s3cret-not-real\"\n",
    );
    let run = home.hallpass(&["check"]).run().fails_with(3);
    assert!(!run.stderr.contains("s3cret-not-real"), "{run}");
    assert!(
        run.stderr.contains("did you mean `client_secret`?"),
        "{run}"
    );
}

#[test]
fn no_literal_secret_is_in_a_report_wherever_it_stands() {
    let home = Home::new();
    for text in [
        "[integrations.x]\nauth = { client_secret = \"SECRET\", bogus = 1 }\n",
        "[integrations.x.auth]\ntype = 1\npasswrd = \"\"\"\nSECRET\"\"\"\n",
        "[integrations.x.api]\nheaders = { X-Api-Key = \"SECRET\", \"a b\" = \"c\" }\n",
        "[[integrations.x.parameters]]\nname = \"k\"\nsecret = true\npattern = \"a\"\ndefault = \"SECRET\"\n",
        "[integrations.x.auth]\nclient_secret = \"SECRET\n",
        "[integrations.x.auth]\nclient_secret = SECRET\n",
    ] {
        home.write(
            "integrations.toml",
            &text.replace("SECRET", "s3cret-not-real"),
        );
        let run = home.hallpass(&["check"]).run().fails_with(3);
        assert!(!run.stderr.contains("s3cret"), "{run}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_write_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let path = home.write("integrations.toml", "");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let run = home.hallpass(&["check"]).run().fails_with(3);
    assert!(run.stderr.contains("chmod go-w"), "{run}");
}

#[test]
fn no_input_makes_it_panic() {
    let home = Home::new();
    for text in [
        "[",
        "integrations = 1",
        "[integrations]\n\"\" = {}",
        "\u{feff}[integrations.a]",
        "[[integrations.a]]",
        "x = 1979-05-27",
    ] {
        home.write("integrations.toml", text);
        let run = home.hallpass(&["check"]).run();
        assert!(matches!(run.code, Some(0 | 3)), "{text:?}: {run}");
    }
}

#[cfg(unix)]
#[test]
fn a_literal_secret_in_a_file_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let provider = crate::support::Provider::start(&[]);
    let home = provider.home();
    let path = home.path().join("integrations.toml");
    assert_eq!(home.hallpass(&["check"]).run().ok().stderr, "");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = home.hallpass(&["check"]).run().ok();
    assert!(
        run.stderr.contains("warning:") && !run.stderr.contains("sandbox-secret"),
        "{run}"
    );
    let run = home.hallpass(&["token", "sandbox-service"]).run().ok();
    assert!(!run.stderr.contains("warning:"), "{run}");
}

#[test]
fn json_gives_every_problem_its_place_in_lines_and_characters() {
    let home = Home::new();
    let text =
        "# é🙂\n[integrations.a.auth]\ntype = \"oauth2\" # é\n\n[integrations.b]\nnäme = \"B\"\n";
    let path = home.write("integrations.toml", text);
    let run = home.hallpass(&["check", "--json"]).run().fails_with(3);
    let report = run.json();
    assert_eq!(report["file"], path.to_str().unwrap(), "{run}");
    assert_eq!(report["integrations"], 2, "{run}");
    let problems = report["problems"].as_array().unwrap();
    let of = |part: &str| {
        let says = |problem: &&serde_json::Value| {
            problem["message"]
                .as_str()
                .is_some_and(|m| m.contains(part))
        };
        problems
            .iter()
            .find(says)
            .unwrap_or_else(|| panic!("{part}\n{run}"))
    };
    let unknown = of("`näme` is not a key");
    assert_eq!(unknown["severity"], "error", "{run}");
    assert_eq!(unknown["file"], report["file"], "{run}");
    assert_eq!(place(unknown), [6, 1, 6, 5], "{run}");
    assert!(
        unknown["why"].is_null() && unknown["help"].is_string(),
        "{run}"
    );
    assert_eq!(
        place(of("`integrations.a.auth.grant` is missing"))[0],
        2,
        "{run}"
    );
    // What stdout has said is not said again, but for the error itself.
    assert_eq!(run.stderr.lines().count(), 1, "{run}");
    assert!(run.stderr.contains("\"kind\":\"definition\""), "{run}");
}

fn place(problem: &serde_json::Value) -> [u64; 4] {
    ["line", "column", "end_line", "end_column"].map(|key| problem[key].as_u64().unwrap())
}

#[test]
fn json_without_an_error_is_a_success() {
    let home = Home::new();
    home.write(
        "integrations.toml",
        include_str!("../../integrations.example.toml"),
    );
    let check = home.hallpass(&["check", "--json"]);
    let check = check.env("GITHUB_CLIENT_SECRET", "not-real");
    let run = check.env("REPORTS_CLIENT_SECRET", "not-real").run().ok();
    assert_eq!(run.json()["integrations"], 4, "{run}");
    assert_eq!(run.json()["problems"], serde_json::json!([]), "{run}");
    assert_eq!(run.stderr, "");
    // No file is no definition; one that was named is missed.
    let home = Home::new();
    let run = home.hallpass(&["check", "--json"]).run().ok();
    assert_eq!(run.json()["integrations"], 0, "{run}");
    let named = ["check", "--json", "--config", "/nonexistent/x.toml"];
    let run = home.hallpass(&named).run().fails_with(3);
    assert!(
        run.stderr.starts_with('{') && run.stdout.is_empty(),
        "{run}"
    );
}

#[cfg(unix)]
#[test]
fn json_with_a_warning_alone_is_a_success() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = crate::support::Provider::start(&[]).home();
    let path = home.path().join("integrations.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = home.hallpass(&["check", "--json"]).run().ok();
    let problems = run.json()["problems"].clone();
    assert_eq!(problems[0]["severity"], "warning", "{run}");
    assert!(!run.stdout.contains("sandbox-secret-not-real"), "{run}");
    assert_eq!(run.stderr, "");
}

#[test]
fn json_of_a_file_that_cannot_be_parsed_says_where() {
    let home = Home::new();
    home.write("integrations.toml", "[integrations.a]\nname = \n");
    let run = home.hallpass(&["check", "--json"]).run().fails_with(3);
    let problems = run.json()["problems"].clone();
    let told = |problem: &serde_json::Value| {
        let message = problem["message"].as_str().unwrap_or_default();
        problem["line"] == 2 && message.starts_with("this is not TOML")
    };
    assert!(problems.as_array().unwrap().iter().any(told), "{run}");
}
