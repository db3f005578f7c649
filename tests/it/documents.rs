//! The documents are true: the README's definitions are valid, and its
//! commands are run, against a sandbox that stands in for the services.

use crate::support::{Home, Provider, Recorder};

const README: &str = include_str!("../../README.md");
const REQUEST: &str = include_str!("../../docs/REQUEST.md");

/// The README's fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    blocks_of(README, language)
}

/// A document's fenced blocks of a language, without the indentation they have in lists.
fn blocks_of(document: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if line.trim() != format!("```{language}") {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let block = lines.by_ref().take_while(|line| line.trim() != "```");
        let block: Vec<&str> = block
            .map(|line| line.get(indent..).unwrap_or_default())
            .collect();
        found.push(block.join("\n"));
    }
    found
}

/// The README's services, played by a sandbox, and those that are no OAuth by a recorder.
fn played_by(provider: &Provider, recorder: &Recorder, text: &str) -> String {
    let issuer = provider.issuer();
    let recorder = recorder.origin();
    [
        (
            "https://api.mailer.example.com/v2",
            format!("{recorder}/mailer"),
        ),
        (
            "https://{stage}.crm.example.com/api",
            format!("{recorder}/{{stage}}"),
        ),
        (
            "https://github.com/login/oauth/authorize",
            format!("{issuer}/authorize"),
        ),
        (
            "https://github.com/login/oauth/access_token",
            format!("{issuer}/token"),
        ),
        (
            "https://login.example.com/oauth/token",
            format!("{issuer}/token"),
        ),
        ("https://api.github.com", issuer.to_owned()),
        ("https://api.example.com", issuer.to_owned()),
        ("/user/repos", "/items".to_owned()),
        ("/users/", "/echo/".to_owned()),
        ("/search/", "/echo/".to_owned()),
        ("/user", "/me".to_owned()),
        ("Iv1.0123456789abcdef", "sandbox-service".to_owned()),
        ("reports-job", "sandbox-service".to_owned()),
        ("\"read:user\"", "\"profile\"".to_owned()),
        ("\"reports:read\"", "\"notes:read\"".to_owned()),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[test]
fn the_readmes_definitions_are_valid_as_they_stand() {
    let definitions = blocks("toml");
    assert_eq!(definitions.len(), 6);
    let home = Home::new();
    home.write("integrations.toml", &definitions.join("\n"));
    home.hallpass(&["check"]).run().ok();
}

#[cfg(unix)]
#[test]
fn the_readmes_commands_do_what_they_say() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let recorder = Recorder::start();
    let definitions = played_by(&provider, &recorder, &blocks("toml").join("\n"));
    home.write("integrations.toml", &definitions);
    home.write("crm-dev.txt", "dev-not-real\n");
    home.write("crm-prod.txt", "prod-not-real\n");
    let mut run = 0;
    for block in blocks("sh") {
        let block = played_by(&provider, &recorder, &block);
        if block.starts_with("cargo run") || block.starts_with("tests/run") {
            continue;
        }
        home.shell(&format!("set -e\n{block}"))
            .env("GITHUB_CLIENT_SECRET", "sandbox-secret-not-real")
            .env("REPORTS_CLIENT_SECRET", "sandbox-secret-not-real")
            .env("MAILER_KEY", "mailer-key-not-real")
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .dir(home.path())
            .run()
            .ok();
        run += block.lines().count();
    }
    assert!(run >= 10, "{run} lines were run");
    let user = std::fs::read_to_string(home.path().join("user.json")).unwrap();
    assert!(user.contains("sandbox-user"), "{user}");
    let key = recorder.last("/mailer/account").header("x-api-key");
    assert_eq!(key.as_deref(), Some("mailer-key-not-real"));
    let pair = recorder.last("/www/session").basic();
    assert_eq!(pair.as_deref(), Some("ada:prod-not-real"));
}

#[cfg(unix)]
#[test]
fn the_request_page_s_commands_do_what_they_say() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let recorder = Recorder::start();
    let definitions = played_by(&provider, &recorder, &blocks("toml").join("\n"));
    home.write("integrations.toml", &definitions);
    let mut said = String::from("hallpass connect github");
    for block in blocks_of(REQUEST, "sh") {
        said += "\n";
        said += &played_by(&provider, &recorder, &block);
    }
    let run = home
        .shell(&format!("set -e\n{said}"))
        .env("GITHUB_CLIENT_SECRET", "sandbox-secret-not-real")
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
    assert!(said.lines().count() >= 9, "{said}");
    let result = "\"path\":\"/echo/grace\"";
    assert_eq!(run.stdout.matches(result).count(), 2, "{run}");
    assert!(run.stdout.contains("\nsandbox-user\n"), "{run}");
    assert!(run.stdout.contains("curl"), "{run}");
}

#[test]
fn the_readmes_first_commands_are_the_two_that_do_everything() {
    let first: Vec<String> = blocks("sh").into_iter().take(2).collect();
    assert_eq!(
        first,
        [
            "cargo run --release --locked -- sandbox --tour",
            "tests/run"
        ]
    );
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(root.join("tests/run").exists());
}

#[test]
fn the_readme_names_only_what_there_is() {
    let help = crate::support::Cmd::new(crate::support::HALLPASS, &["--help"])
        .run()
        .ok()
        .stdout;
    for piece in README.split("hallpass ").skip(1) {
        let word: String = piece.chars().take_while(char::is_ascii_lowercase).collect();
        let follows_backquote =
            !word.is_empty() && piece[word.len()..].starts_with([' ', '`', '\n']);
        if follows_backquote {
            let known = help
                .lines()
                .any(|line| line.trim_start().starts_with(&format!("{word} ")));
            assert!(known, "the README names `hallpass {word}`");
        }
    }
}

/// What a test's name in the security model leads to.
fn is_there(name: &str) -> bool {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_file = |path: &str| {
        let path = root.join(path);
        path.with_extension("rs").is_file() || path.join("mod.rs").is_file()
    };
    if name.starts_with("src/") {
        return is_file(name.trim_end_matches(".rs"));
    }
    is_file(&format!("tests/it/{}", name.replace("::", "/")))
}

#[test]
fn every_promise_of_the_security_model_is_held_by_tests_that_are_there() {
    let model = include_str!("../../docs/SECURITY-MODEL.md");
    let rows = model.lines().filter(|line| line.starts_with("| "));
    let rows = rows.filter(|line| !line.starts_with("| promise"));
    let mut names = 0;
    for row in rows {
        let held_by = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let quoted: Vec<&str> = held_by.split('`').skip(1).step_by(2).collect();
        assert!(!quoted.is_empty(), "no test holds: {row}");
        for name in quoted {
            assert!(is_there(name), "`{name}` is not there: {row}");
            names += 1;
        }
    }
    assert!(names > 30, "only {names}");
}

/// Whether a test of this whole name, `module::file::function`, is written somewhere.
fn is_test(name: &str) -> bool {
    let Some((module, function)) = name.rsplit_once("::") else {
        return false;
    };
    let path = format!("tests/it/{}.rs", module.replace("::", "/"));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.contains(&format!("\nfn {function}("))
}

#[test]
fn every_yes_of_ours_in_the_comparison_is_held_by_a_test_that_is_there() {
    let rows = REQUEST.lines().filter(|line| line.starts_with("| "));
    let mut held = 0;
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let &[_, ours, _, _, _, held_by] = &cells[..] else {
            continue;
        };
        if !ours.starts_with("yes") {
            continue;
        }
        let names: Vec<&str> = held_by.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test holds: {row}");
        for name in names {
            assert!(is_test(name), "`{name}` is not there: {row}");
            held += 1;
        }
    }
    assert!(held > 40, "only {held}");
}
