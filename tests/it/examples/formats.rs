//! The examples as their programs read them: what a workflow, a pipeline, a Dockerfile, a unit and a
//! crontab must have, and must not.

use yaml_rust2::Yaml;

use super::{entries, strings, text, yaml};
use crate::support::HALLPASS;

/// What a step of a workflow can be made of (GitHub's workflow syntax).
const STEP: [&str; 9] = [
    "name",
    "id",
    "if",
    "uses",
    "with",
    "run",
    "env",
    "shell",
    "working-directory",
];
/// What permissions there are, and what they can be.
const PERMISSIONS: [&str; 2] = ["contents", "id-token"];

#[test]
fn the_workflow_is_one() {
    let workflow = yaml("github-actions.yml");
    let known = ["name", "on", "permissions", "env", "jobs"];
    for (key, _) in entries(&workflow) {
        assert!(known.contains(&key), "{key}");
    }
    let cron = workflow["on"]["schedule"][0]["cron"].as_str().unwrap();
    five_fields(cron);
    // Nothing is allowed that no job asks for.
    assert!(entries(&workflow["permissions"]).is_empty());
    let jobs = entries(&workflow["jobs"]);
    assert_eq!(jobs.len(), 2);
    for (name, job) in jobs {
        assert!(
            job["runs-on"].as_str().unwrap().starts_with("ubuntu-"),
            "{name}"
        );
        assert!(job["timeout-minutes"].as_i64().is_some(), "{name}");
        for (permission, value) in entries(&job["permissions"]) {
            assert!(PERMISSIONS.contains(&permission), "{permission}");
            assert!(["read", "write"].contains(&value.as_str().unwrap()));
        }
        for step in job["steps"].as_vec().unwrap() {
            check_step(name, step);
        }
    }
    let permission = |job: &str| workflow["jobs"][job]["permissions"]["id-token"].clone();
    assert_eq!(permission("deploy").as_str(), Some("write"));
    assert!(permission("report").is_badvalue());
}

fn check_step(job: &str, step: &Yaml) {
    for (key, _) in entries(step) {
        assert!(STEP.contains(&key), "{job}: {key}");
    }
    match (step["uses"].as_str(), step["run"].as_str()) {
        (Some(action), None) => {
            let (_, commit) = action.split_once('@').expect("pinned");
            let is_hex = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(commit.len() == 40 && is_hex, "{action}");
        }
        // An expression would be put into the script as it is, whatever it holds.
        (None, Some(script)) => assert!(!script.contains("${{"), "{job}: {script}"),
        _ => panic!("{job}: a step either uses or runs"),
    }
}

#[test]
fn secrets_of_the_workflow_reach_the_step_that_needs_them_and_no_other() {
    let workflow = text("github-actions.yml");
    assert_eq!(workflow.matches("${{ secrets.").count(), 1);
    let workflow = yaml("github-actions.yml");
    let steps = workflow["jobs"]["report"]["steps"].as_vec().unwrap();
    let with: Vec<&Yaml> = steps
        .iter()
        .filter(|step| !step["env"]["REPORTS_CLIENT_SECRET"].is_badvalue())
        .collect();
    assert_eq!(with.len(), 1);
    assert!(
        with[0]["run"]
            .as_str()
            .unwrap()
            .contains("hallpass exec reports")
    );
}

#[test]
fn the_pipeline_is_one() {
    let pipeline = yaml("gitlab-ci.yml");
    let stages = strings(&pipeline["stages"]);
    let global = ["stages", "variables", "default"];
    let known = [
        "extends",
        "stage",
        "timeout",
        "script",
        "id_tokens",
        "rules",
    ];
    let mut jobs = 0;
    for (name, job) in entries(&pipeline) {
        if global.contains(&name) || name.starts_with('.') {
            continue;
        }
        jobs += 1;
        for (key, _) in entries(job) {
            assert!(known.contains(&key), "{name}: {key}");
        }
        assert!(
            stages
                .iter()
                .any(|stage| job["stage"].as_str() == Some(stage)),
            "{name}"
        );
        assert!(
            !pipeline[job["extends"].as_str().unwrap()].is_badvalue(),
            "{name}"
        );
        assert!(!strings(&job["script"]).is_empty(), "{name}");
    }
    assert_eq!(jobs, stages.len());
    let (variable, token) = entries(&pipeline["deploy"]["id_tokens"])[0];
    assert_eq!(token["aud"].as_str(), Some("https://login.example.com"));
    let source = format!("subject_token = {{ env = \"{variable}\" }}");
    assert!(super::DEFINITIONS.contains(&source), "{source}");
}

/// The instructions of a Dockerfile, comments and line breaks taken out.
fn instructions(dockerfile: &str) -> Vec<(String, String)> {
    let lines = dockerfile
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let whole = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let lines = whole.lines().filter(|line| !line.trim().is_empty());
    let pairs = lines.map(|line| {
        line.split_once(' ')
            .expect("an instruction and what it is for")
    });
    pairs
        .map(|(word, rest)| (word.to_owned(), rest.trim().to_owned()))
        .collect()
}

/// The commands of a Dockerfile, as a shell would write them; what is run at last comes last.
pub(super) fn dockerfile_commands(dockerfile: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut start = Vec::new();
    for (word, rest) in instructions(dockerfile) {
        match word.as_str() {
            "RUN" => {
                let words = rest
                    .split_whitespace()
                    .skip_while(|word| word.starts_with("--"));
                found.push(words.collect::<Vec<_>>().join(" "));
            }
            "ENTRYPOINT" | "CMD" => {
                let words: Vec<String> = serde_json::from_str(&rest).expect("the exec form");
                start.extend(words);
            }
            _ => {}
        }
    }
    found.push(shell_words::join(start));
    found
}

#[test]
fn the_dockerfile_is_one_and_keeps_no_secret_in_a_layer() {
    let dockerfile = text("Dockerfile");
    assert!(dockerfile.starts_with("# syntax=docker/dockerfile:1\n"));
    let found = instructions(&dockerfile);
    let known = [
        "FROM",
        "WORKDIR",
        "COPY",
        "RUN",
        "ENV",
        "USER",
        "ENTRYPOINT",
        "CMD",
    ];
    let mut stages: Vec<String> = Vec::new();
    for (word, rest) in &found {
        assert!(known.contains(&word.as_str()), "{word}");
        assert!(word == "FROM" || !stages.is_empty(), "{word} before FROM");
        let words: Vec<&str> = rest.split_whitespace().collect();
        match word.as_str() {
            "FROM" => {
                let image = words[0];
                let is_stage = stages.iter().any(|stage| stage == image);
                assert!(is_stage || image.contains(':'), "{image} has no version");
                stages.push(words.get(2).copied().unwrap_or_default().to_owned());
            }
            "COPY" => {
                let from = words.iter().find_map(|word| word.strip_prefix("--from="));
                let is_stage = from.is_none_or(|from| stages.iter().any(|stage| stage == from));
                assert!(is_stage, "{rest}");
            }
            "ENV" => {
                let lower = rest.to_lowercase();
                let named = ["secret", "token", "password", "key="];
                assert!(!named.iter().any(|word| lower.contains(word)), "{rest}");
            }
            "RUN" if rest.contains("type=secret") => {
                let commands = rest.matches("hallpass").count();
                assert!(
                    rest.starts_with("--mount=type=secret,") && commands == 1,
                    "{rest}"
                );
                // Whatever stage has it, only what it fetched goes on.
                assert_eq!(stages.last().unwrap(), "data");
            }
            _ => {}
        }
    }
    let (last, _) = found.last().unwrap();
    assert_eq!(last, "CMD");
    let users = found.iter().filter(|(word, _)| word == "USER").count();
    assert_eq!((users, stages.last().map(String::as_str)), (1, Some("")));
}

/// The value of a key of a unit, which it has once.
pub(super) fn unit_value(unit: &str, key: &str) -> String {
    let values = unit
        .lines()
        .filter_map(|line| line.strip_prefix(&format!("{key}=")));
    let values: Vec<&str> = values.collect();
    assert_eq!(values.len(), 1, "{key}");
    values[0].to_owned()
}

#[test]
fn the_units_are_units() {
    let service = text("hallpass-refresh.service");
    let timer = text("hallpass-refresh.timer");
    for (unit, sections) in [
        (&service, ["[Unit]", "[Service]"].as_slice()),
        (&timer, &["[Unit]", "[Timer]", "[Install]"]),
    ] {
        let lines = unit
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let found: Vec<&str> = lines.clone().filter(|line| line.starts_with('[')).collect();
        assert_eq!(found, sections);
        let mut rest = lines.filter(|line| !line.starts_with('['));
        assert!(
            rest.all(|line| line.split_once('=').is_some_and(|(key, value)| {
                key.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !value.is_empty()
            }))
        );
    }
    assert_eq!(unit_value(&service, "Type"), "oneshot");
    assert_eq!(unit_value(&timer, "WantedBy"), "timers.target");
    assert_eq!(unit_value(&timer, "Persistent"), "true");
    // What is worth retrying is tried again, all else is not.
    let never: Vec<String> = (1..=7)
        .filter(|code| *code != 6)
        .map(|code| code.to_string())
        .collect();
    assert_eq!(
        unit_value(&service, "RestartPreventExitStatus"),
        never.join(" ")
    );
}

#[cfg(target_os = "linux")]
#[test]
fn systemd_takes_the_units_where_it_is() {
    use crate::support::{Cmd, Home};
    let there = Cmd::new("bash", &["-c", "command -v systemd-analyze"]).run();
    if there.code != Some(0) {
        return;
    }
    let home = Home::new();
    let service = text("hallpass-refresh.service");
    let program = unit_value(&service, "ExecStart");
    let (program, _) = program.split_once(' ').unwrap();
    home.write(
        "hallpass-refresh.service",
        &service.replace(program, HALLPASS),
    );
    home.write("hallpass-refresh.timer", &text("hallpass-refresh.timer"));
    let run = Cmd::new(
        "systemd-analyze",
        &[
            "--user",
            "--man=no",
            "verify",
            "hallpass-refresh.service",
            "hallpass-refresh.timer",
        ],
    );
    let run = run
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .dir(home.path())
        .run()
        .ok();
    assert!(!run.stderr.contains("hallpass-refresh"), "{run}");
}

/// The command of the one line that a crontab has.
pub(super) fn cron_command(crontab: &str) -> String {
    let mut lines = crontab
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let line = lines.next().expect("a line");
    assert_eq!(lines.next(), None);
    // In a crontab a percent sign ends the command.
    assert!(!line.contains('%'), "{line}");
    let fields: Vec<&str> = line.splitn(6, ' ').collect();
    five_fields(&fields[..5].join(" "));
    fields[5].to_owned()
}

/// Holds the moments of a cron line to what each field can be (crontab(5)).
fn five_fields(moments: &str) {
    let fields: Vec<&str> = moments.split(' ').collect();
    let ranges = [0..=59, 0..=23, 1..=31, 1..=12, 0..=7];
    assert_eq!(fields.len(), ranges.len(), "{moments}");
    for (field, range) in fields.iter().zip(ranges) {
        let fits = field
            .parse()
            .is_ok_and(|number: u32| range.contains(&number));
        assert!(fits || *field == "*", "{moments}");
    }
}

#[test]
fn the_crontab_runs_it_once_a_day_and_says_only_what_failed() {
    let command = cron_command(&text("crontab"));
    assert!(command.ends_with("refresh --all --quiet"), "{command}");
}
