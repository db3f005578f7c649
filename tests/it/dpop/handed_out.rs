//! A bound token is of use with its key alone, and that stays here: no other program is given the
//! token without it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::{binding, connected};
use crate::support::{Home, Recorder, Run};

/// Refused as what it is, with what works instead, and nothing of it said.
#[track_caller]
fn refused(run: Run, connection: &str) -> Run {
    let run = run.fails_with(2);
    assert!(run.stderr.contains("bound to a key (DPoP)"), "{run}");
    let instead = format!("`hallpass request {connection} …`");
    assert!(run.stderr.contains(&instead), "{run}");
    assert!(!format!("{run}").contains("sbx_"), "{run}");
    run
}

#[cfg(unix)]
#[test]
fn no_command_gets_it_in_its_environment_or_in_a_file() {
    let (_provider, home) = connected();
    home.edit(|text| {
        format!("{text}\n[integrations.sandbox-dpop.values]\nmine = \"x:{{token}}\"\n")
    });
    let place = tempfile::tempdir().unwrap();
    for options in [
        ["sandbox-dpop"].as_slice(),
        &["sandbox-dpop", "--env", "A={token}"],
        &["sandbox-dpop", "--env", "A={mine|base64}"],
        &["sandbox-dpop", "--token-file", "F"],
        &[
            "sandbox-dpop",
            "sandbox-service",
            "--env",
            "A={sandbox-dpop.token}",
        ],
    ] {
        let args = [&["exec"], options, &["--", "echo", "ran"]].concat();
        let run = home.hallpass(&args).env("TMPDIR", place.path()).run();
        assert_eq!(refused(run, "sandbox-dpop").stdout, "");
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    // What is not bound is nobody's business here.
    let args = [
        "exec",
        "sandbox-dpop",
        "sandbox-service",
        "--env",
        "A={sandbox-service.token}",
        "--env",
        "B={sandbox-dpop.now}",
        "--",
        "sh",
        "-c",
        "echo $A",
    ];
    let run = home.hallpass(&args).run().ok();
    assert_eq!(run.line(), home.token("sandbox-service"));
}

#[test]
fn git_docker_and_kubectl_are_not_given_it() {
    let (_provider, home) = connected();
    home.edit(|text| {
        format!(
            "{text}\n[integrations.sandbox-dpop.helpers]\ngit = {{ host = \"git.example.com\" }}\n\
             docker = {{ registry = \"ghcr.io\" }}\nkubectl = {{ use = \"access_token\" }}\n"
        )
    });
    home.hallpass(&["connect", "sandbox-dpop", "--force"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
    let ask = |words: &[&str], input: &str| {
        let args = [&["helper"], words].concat();
        home.hallpass(&args).stdin(input).run()
    };
    let asked = "protocol=https\nhost=git.example.com\n";
    let run = refused(ask(&["git", "get"], asked), "sandbox-dpop");
    assert_eq!(run.stdout, "quit=1\n");
    // Docker shows what stands on stdout.
    let run = refused(ask(&["docker", "get"], "ghcr.io"), "sandbox-dpop");
    assert!(run.line().contains("bound to a key (DPoP)"), "{run}");
    let run = refused(ask(&["kubectl", "sandbox-dpop"], ""), "sandbox-dpop");
    assert_eq!(run.stdout, "");
}

fn adopt(home: &Home, piped: &str) -> Run {
    let args = ["connect", "x", "--no-test", "--with-token", "-"];
    home.hallpass(&args).stdin(piped).run()
}

#[test]
fn one_that_is_bound_to_a_key_elsewhere_is_not_taken_over() {
    let provider = binding();
    let claims = json!({"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}});
    let told = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let answer = json!({"access_token": "at-not-real", "token_type": "dpop", "expires_in": 60});
    for piped in [told, answer.to_string()] {
        for more in ["", "dpop = true\nlookup = { url = \"ORIGIN/lookup\" }"] {
            let home = provider.consenting(&more.replace("ORIGIN", provider.origin()));
            let run = adopt(&home, &piped).fails_with(2);
            assert!(run.stderr.contains("bound to a key"), "{run}");
            assert!(run.stderr.contains("`hallpass connect x`"), "{run}");
            home.hallpass(&["token", "x"]).run().fails_with(4);
        }
    }
    assert!(provider.asked().is_empty(), "nobody was shown it");
}

#[test]
fn a_bearers_token_is_taken_over_by_a_definition_that_would_bind_it() {
    let provider = Recorder::start();
    let home = provider.consenting("dpop = true");
    adopt(&home, "at-not-real").ok();
    home.hallpass(&["request", "x", "/me"]).run().ok();
    let asked = provider.last("/api/me");
    assert_eq!(
        asked.header("authorization").as_deref(),
        Some("Bearer at-not-real")
    );
    assert_eq!(asked.header("dpop"), None);
}
