//! `helper docker` and `docker-credential-hallpass`: the protocol that docker/docker-credential-helpers
//! publishes (its README and `credentials/credentials.go`).

use serde_json::json;

use super::{connected, docker, home};
use crate::support::Cmd;

#[test]
fn docker_is_given_the_object_of_its_protocol() {
    let (_provider, home) = connected("1h");
    let run = docker(&home, "get", "ghcr.io\n").ok();
    let token = home.token("sandbox");
    let whole = json!({"ServerURL": "ghcr.io", "Username": "someone", "Secret": token});
    assert_eq!((run.json(), run.stderr.as_str()), (whole, ""));
    assert_eq!(
        docker(&home, "list", "").ok().json(),
        json!({"ghcr.io": "someone"})
    );
    let version = docker(&home, "version", "").ok();
    assert_eq!(
        version.line(),
        concat!("hallpass ", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn what_is_not_connected_is_not_found_for_docker_and_told_to_the_person() {
    let (provider, home) = connected("0s");
    let gone = "credentials not found in native keychain";
    home.hallpass(&["disconnect", "sandbox", "--local"])
        .run()
        .ok();
    let run = docker(&home, "get", "ghcr.io").fails_with(4);
    assert_eq!(run.line(), gone);
    assert!(run.stderr.contains("hallpass connect sandbox"), "{run}");
    assert_eq!(docker(&home, "list", "").ok().json(), json!({}));
    // One that broke is trouble, and docker shows what stands on stdout.
    home.connect_untested("sandbox");
    provider.control(&json!({"revoke_grants": true}));
    let run = docker(&home, "get", "ghcr.io").fails_with(4);
    assert!(run.line().contains("has to be connected again"), "{run}");
}

#[test]
fn what_docker_was_given_is_not_kept() {
    let (_provider, home) = connected("1h");
    let login = r#"{"ServerURL":"ghcr.io","Username":"u","Secret":"typed-not-real"}"#;
    let run = docker(&home, "store", login).fails_with(2);
    assert!(
        run.line().contains("run `hallpass connect sandbox`"),
        "{run}"
    );
    assert!(!format!("{run}").contains("typed-not-real"), "{run}");
    assert!(home.files_with("typed-not-real").is_empty());
}

#[test]
fn a_logout_of_docker_has_the_token_renewed_and_ends_nothing() {
    let (provider, home) = connected("1h");
    let token = home.token("sandbox");
    docker(&home, "erase", "other.io").ok();
    assert_eq!(home.token("sandbox"), token);
    let run = docker(&home, "erase", "ghcr.io").ok();
    assert!(run.stderr.contains("hallpass disconnect sandbox"), "{run}");
    assert_ne!(home.token("sandbox"), token);
    assert_eq!(provider.count("refresh_token"), 1);
}

#[test]
fn an_action_that_is_none_is_a_misuse() {
    docker(&home(""), "frobnicate", "").fails_with(2);
}

#[cfg(unix)]
#[test]
fn docker_finds_the_binary_by_the_helpers_name() {
    let (_provider, home) = connected("1h");
    let link = home.path().join("docker-credential-hallpass");
    std::os::unix::fs::symlink(crate::support::HALLPASS, &link).unwrap();
    let ask = |word: &str, input: &str| {
        let cmd = Cmd::new(&link, &[word]).env("HALLPASS_HOME", home.path());
        cmd.env("HALLPASS_STORE", "file").stdin(input).run()
    };
    let run = ask("get", "ghcr.io").ok();
    assert_eq!(run.json()["Secret"], json!(home.token("sandbox")));
    assert_eq!(ask("list", "").ok().json(), json!({"ghcr.io": "someone"}));
    ask("get", "other.io").exits(1);
}
