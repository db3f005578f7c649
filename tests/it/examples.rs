//! The examples for machines (`docs/examples`) are true: each file is read as its program would read
//! it (`formats`), holds no secret, and its commands are run against a sandbox that stands in for the
//! service.

#[cfg(unix)]
mod deploy;
mod formats;

use std::collections::BTreeMap;
use std::path::PathBuf;

use yaml_rust2::{Yaml, YamlLoader};

use crate::support::{Cmd, Home, Provider};

const DEFINITIONS: &str = include_str!("../../docs/examples/integrations.toml");

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/examples")
}

fn text(name: &str) -> String {
    std::fs::read_to_string(directory().join(name)).expect("the example")
}

/// The one document that a YAML file is.
fn yaml(name: &str) -> Yaml {
    let mut documents = YamlLoader::load_from_str(&text(name)).expect("YAML");
    assert_eq!(documents.len(), 1, "{name}");
    documents.remove(0)
}

fn strings(list: &Yaml) -> Vec<String> {
    let items = list.as_vec().expect("a list").iter();
    items
        .map(|item| item.as_str().expect("text").to_owned())
        .collect()
}

/// The entries of a table, in their order.
fn entries(table: &Yaml) -> Vec<(&str, &Yaml)> {
    let entries = table.as_hash().expect("a table").iter();
    entries
        .map(|(key, value)| (key.as_str().expect("a name"), value))
        .collect()
}

/// The scripts of GitHub's jobs, each with the variables that it has.
fn github_scripts(job: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let workflow = yaml("github-actions.yml");
    let common = workflow["env"].clone();
    let steps = workflow["jobs"][job]["steps"].clone();
    let steps = steps.as_vec().expect("steps").iter();
    let steps = steps.filter_map(|step| Some((step["run"].as_str()?.to_owned(), &step["env"])));
    let scripts = steps.map(|(script, own)| {
        let tables = [&common, own]
            .into_iter()
            .filter(|table| !table.is_badvalue());
        let variables = tables.flat_map(entries);
        let variables =
            variables.map(|(name, value)| (name.to_owned(), value.as_str().unwrap().to_owned()));
        (script, variables.collect())
    });
    scripts.collect()
}

/// All the lines of a GitLab job that a shell gets.
fn gitlab_script(job: &str) -> Vec<String> {
    let pipeline = yaml("gitlab-ci.yml");
    let before = strings(&pipeline[".hallpass"]["before_script"]);
    [before, strings(&pipeline[job]["script"])].concat()
}

/// Every command of the examples: the files' lines for a shell, and those for none.
fn commands() -> Vec<String> {
    let mut found = Vec::new();
    for job in ["report", "deploy"] {
        found.extend(github_scripts(job).into_iter().map(|(script, _)| script));
        found.extend(gitlab_script(job));
    }
    found.extend(formats::dockerfile_commands(&text("Dockerfile")));
    found.push(formats::cron_command(&text("crontab")));
    found.push(formats::unit_value(
        &text("hallpass-refresh.service"),
        "ExecStart",
    ));
    found
}

/// The words of every call of hallpass, from its name on.
fn calls() -> Vec<Vec<String>> {
    let commands = commands().join("\n");
    let lines = commands
        .lines()
        .map(|line| shell_words::split(line).expect("words"));
    let mut calls = Vec::new();
    for line in lines {
        for words in line.split(|word| word == "&&") {
            let is_ours = |word: &String| word == "hallpass" || word.ends_with("/hallpass");
            if let Some((_, rest)) = words.split_first().filter(|(first, _)| is_ours(first)) {
                let rest = rest.iter().take_while(|word| !word.starts_with('>'));
                calls.push(rest.cloned().collect());
            }
        }
    }
    calls
}

/// The service, played by a sandbox.
fn played_by(provider: &Provider) -> String {
    let issuer = provider.issuer();
    [
        (
            "https://login.example.com/oauth/token",
            format!("{issuer}/token"),
        ),
        // What is left of it is the audience.
        ("https://login.example.com", issuer.to_owned()),
        ("https://api.example.com", issuer.to_owned()),
        ("reports-job", "sandbox-service".to_owned()),
        ("deploy-job", "sandbox-app".to_owned()),
        ("reports:write", "notes:read".to_owned()),
        (
            "scopes = [\"deploy\"]",
            "scopes = [\"notes:read\"]".to_owned(),
        ),
    ]
    .iter()
    .fold(DEFINITIONS.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

/// A checkout with the definitions, and with programs that want a token.
fn checkout(provider: &Provider) -> Home {
    let home = Home::new();
    home.write(".hallpass/integrations.toml", &played_by(provider));
    let given = r#""${API_TOKEN-$(cat "${REPORTS_TOKEN_FILE-$DEPLOY_TOKEN_FILE}")}""#;
    for (name, says) in [
        ("publish-report", "published"),
        ("serve", "published"),
        ("deploy", "deployed"),
    ] {
        let script = format!("case {given} in sbx_at_?*) echo {says};; *) exit 1;; esac");
        let path = home.write(name, &format!("#!/bin/sh\n{script}\n"));
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        assert!(path.exists());
    }
    home
}

#[test]
fn the_definitions_pass_check_as_they_stand() {
    let home = Home::new();
    home.write("integrations.toml", DEFINITIONS);
    let run = home
        .hallpass(&["check"])
        .env("REPORTS_CLIENT_SECRET", "secret-not-real")
        .env("LOGIN_ID_TOKEN", "token-not-real")
        .run()
        .ok();
    assert_eq!(run.stderr, "");
}

#[test]
fn every_file_is_linted_and_named_by_the_readme() {
    let linted = [
        "Dockerfile",
        "README.md",
        "crontab",
        "github-actions.yml",
        "gitlab-ci.yml",
        "hallpass-refresh.service",
        "hallpass-refresh.timer",
        "integrations.toml",
    ];
    let found = std::fs::read_dir(directory()).unwrap();
    let mut found: Vec<String> = found
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, linted);
    for name in linted.iter().filter(|name| **name != "README.md") {
        assert!(text("README.md").contains(&format!("]({name})")), "{name}");
    }
}

#[test]
fn every_command_is_one_that_hallpass_takes() {
    let calls = calls();
    assert!(calls.len() >= 10, "{calls:?}");
    let home = Home::new();
    for call in calls {
        let words: Vec<&str> = call.iter().map(String::as_str).collect();
        // There are no definitions, so that whatever is understood is 3, or has nothing to do.
        let run = home.hallpass(&words).dir(home.path()).run();
        let understood = match words[0] {
            "refresh" | "check" => 0,
            _ => 3,
        };
        run.exits(understood);
    }
}

#[test]
fn every_connection_that_is_named_is_defined() {
    for call in calls() {
        let named = match call[0].as_str() {
            "exec" | "test" | "request" => &call[1],
            _ => continue,
        };
        let table = format!("[integrations.{named}.auth]");
        assert!(DEFINITIONS.contains(&table), "{call:?}");
    }
}

#[test]
fn no_example_holds_a_secret_or_prints_one() {
    let random = regex::Regex::new("[A-Za-z0-9+/_-]{32,}").unwrap();
    for entry in std::fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        let whole = std::fs::read_to_string(&path).unwrap();
        for found in random.find_iter(&whole) {
            let word = found.as_str();
            let mixed = word.contains(|c: char| c.is_ascii_digit());
            // The commit that an action is pinned to is none.
            let pinned = whole.contains(&format!("@{word} # v"));
            assert!(!mixed || pinned, "{}: {word}", path.display());
        }
        // What is printed stands in a log.
        for line in whole.lines() {
            assert!(
                !line.contains("hallpass token"),
                "{}: {line}",
                path.display()
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn every_line_for_a_shell_is_one() {
    for command in commands() {
        Cmd::new("bash", &["-n", "-c", &command]).run().ok();
    }
}

#[cfg(unix)]
#[test]
fn the_job_of_github_publishes_its_report() {
    let provider = Provider::start(&[]);
    let home = checkout(&provider);
    let mut published = 0;
    for (script, variables) in github_scripts("report") {
        if script.starts_with("cargo install") {
            continue;
        }
        let variables = variables.iter().map(|(name, value)| {
            let secret = value.contains("secrets.REPORTS_CLIENT_SECRET");
            (
                name.as_str(),
                if secret {
                    SECRET.to_owned()
                } else {
                    value.clone()
                },
            )
        });
        let script = format!("set -eo pipefail\n{script}");
        let run = home
            .shell(&script)
            .env("CI", "true")
            .envs(variables)
            .dir(home.path());
        published += run.run().ok().stdout.matches("published").count();
    }
    assert_eq!(published, 1);
    assert!(provider.count("client_credentials") >= 2);
    for kept in ["data/connections", "data/credentials"] {
        assert!(!home.path().join(kept).exists(), "{kept}");
    }
}

#[cfg(unix)]
#[test]
fn the_job_of_gitlab_publishes_its_report_from_a_checkout_that_anybody_can_write() {
    let provider = Provider::start(&[]);
    let home = checkout(&provider);
    let file = home.path().join(".hallpass/integrations.toml");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    std::fs::set_permissions(&file, open).unwrap();
    let variables = yaml("gitlab-ci.yml")["variables"].clone();
    let variables: Vec<(String, String)> = entries(&variables)
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_str().unwrap().to_owned()))
        .collect();
    let lines = gitlab_script("report");
    let lines = lines
        .iter()
        .filter(|line| !line.starts_with("cargo install"));
    let script: Vec<&str> = lines.map(String::as_str).collect();
    let run = |script: &[&str]| {
        let script = format!("set -e\n{}", script.join("\n"));
        let variables = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()));
        home.shell(&script)
            .envs(variables)
            .env("CI", "true")
            .env("REPORTS_CLIENT_SECRET", SECRET)
            .dir(home.path())
            .run()
    };
    let without: Vec<&str> = script
        .iter()
        .copied()
        .filter(|line| !line.starts_with("chmod"))
        .collect();
    run(&without).fails_with(3);
    assert!(run(&script).ok().stdout.contains("published"));
}

#[cfg(unix)]
#[test]
fn the_container_starts_its_service_with_a_token_file() {
    let provider = Provider::start(&[]);
    let home = checkout(&provider);
    let entry = formats::dockerfile_commands(&text("Dockerfile"))
        .pop()
        .unwrap();
    let run = home
        .shell(&format!("PATH=.:$PATH; {entry}"))
        .env(
            "HALLPASS_CONFIG",
            home.path().join(".hallpass/integrations.toml"),
        )
        .env("HALLPASS_STORE", "none")
        .env("REPORTS_CLIENT_SECRET", SECRET)
        .dir(home.path())
        .run()
        .ok();
    assert_eq!(run.line(), "published");
}

#[cfg(unix)]
const SECRET: &str = "sandbox-secret-not-real";
