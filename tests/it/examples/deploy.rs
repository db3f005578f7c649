//! The `deploy` jobs, as the examples have them: who the job is, as its runner says it, is exchanged for
//! a token at a sandbox, with nothing stored before or after.

use std::collections::BTreeMap;

use super::{checkout, entries, github_scripts, gitlab_script, yaml};
use crate::support::{Cmd, Home, Provider, Run, http};

/// What a job shows its runner's own endpoint.
const RUNNER: &str = "sandbox-runner-not-real";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

fn is_install(script: &str) -> bool {
    script.starts_with("cargo install")
}

/// The endpoint at which a job asks for its ID token, which the sandbox plays.
fn runner(provider: &Provider) -> String {
    format!("{}/actions/id-token?api-version=2.0", provider.issuer())
}

/// A job's script, in the checkout.
fn run(home: &Home, script: &str, variables: impl IntoIterator<Item = (String, String)>) -> Run {
    let script = format!("set -eo pipefail\n{script}");
    let cmd: Cmd = home.shell(&script).env("CI", "true").dir(home.path());
    let set = variables.into_iter();
    set.fold(cmd, |cmd, (name, value)| cmd.env(&name, value))
        .run()
}

#[track_caller]
fn left_nothing(home: &Home) {
    for kept in ["data/connections", "data/credentials"] {
        assert!(!home.path().join(kept).exists(), "{kept}");
    }
}

/// What GitHub gives a job that may ask for its identity, and no other.
fn identity(provider: &Provider, job: &str) -> BTreeMap<String, String> {
    let permissions = yaml("github-actions.yml")["jobs"][job]["permissions"].clone();
    if permissions["id-token"].as_str() != Some("write") {
        return BTreeMap::new();
    }
    let url = ("ACTIONS_ID_TOKEN_REQUEST_URL".to_owned(), runner(provider));
    let token = (
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN".to_owned(),
        RUNNER.to_owned(),
    );
    [url, token].into()
}

#[test]
fn the_job_of_github_deploys_as_who_it_is() {
    let provider = Provider::start(&[]);
    let home = checkout(&provider);
    let identity = identity(&provider, "deploy");
    let mut deployed = 0;
    for (script, mut variables) in github_scripts("deploy") {
        if is_install(&script) {
            continue;
        }
        variables.extend(identity.clone());
        let run = run(&home, &script, variables.clone()).ok();
        deployed += run.stdout.matches("deployed").count();
        // Without the permission the job is told which.
        for name in identity.keys() {
            variables.remove(name);
        }
        let run = self::run(&home, &script, variables).fails_with(3);
        assert!(run.stderr.contains("id-token: write"), "{run}");
        assert_eq!(run.stdout, "");
    }
    assert_eq!((deployed, provider.count(EXCHANGE)), (1, 1));
    left_nothing(&home);
}

#[test]
fn the_job_of_gitlab_deploys_with_the_token_that_its_pipeline_asks_for() {
    let provider = Provider::start(&[]);
    let home = checkout(&provider);
    let pipeline = yaml("gitlab-ci.yml");
    let mut variables: Vec<(String, String)> = entries(&pipeline["variables"])
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.as_str().unwrap().to_owned()))
        .collect();
    // GitLab signs a token for each name, for the audience beside it.
    for (name, asked) in entries(&pipeline["deploy"]["id_tokens"]) {
        let audience = asked["aud"].as_str().unwrap();
        let audience = audience.replace("https://login.example.com", provider.issuer());
        let url = format!("{}&audience={audience}", runner(&provider));
        let answer = http::get_as(&url, RUNNER);
        variables.push((
            name.to_owned(),
            answer["value"].as_str().unwrap().to_owned(),
        ));
    }
    let script: Vec<String> = gitlab_script("deploy")
        .into_iter()
        .filter(|line| !is_install(line))
        .collect();
    let run = run(&home, &script.join("\n"), variables).ok();
    assert_eq!(run.stdout.matches("deployed").count(), 1, "{run}");
    assert_eq!(provider.count(EXCHANGE), 1);
    left_nothing(&home);
}
