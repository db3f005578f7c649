//! `grant = "token_exchange"` (RFC 8693): where the subject token comes from, what is sent of it, and
//! that one job's token is never another's.

use serde_json::json;

use super::{home, subject};
use crate::support::{Home, Provider, Recorder, Reply, http};

const BY_ENV: &str = "subject_token = { env = \"JOB_TOKEN\" }";

#[test]
fn a_token_of_the_environment_is_exchanged_with_no_client_and_kept_while_it_lives() {
    let recorder = Recorder::start();
    let lines = format!("{BY_ENV}\nscopes = [\"deploy\"]");
    let home = home(&recorder, "token_exchange", &lines);
    let job = subject(&json!({ "sub": "job" }));
    let token = || {
        let run = home
            .hallpass(&["token", "x"])
            .env("JOB_TOKEN", format!("{job}\n"));
        run.run().ok().line().to_owned()
    };
    assert_eq!((token(), token()), ("token-1".into(), "token-1".into()));
    let asked = recorder.last("/token");
    for (name, value) in [
        (
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        ("subject_token", job.as_str()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("scope", "deploy"),
    ] {
        assert_eq!(asked.form(name).as_deref(), Some(value));
    }
    assert_eq!(asked.form("client_id"), None);
    assert_eq!(asked.header("authorization"), None);
    assert!(home.files_with(&job).is_empty());
}

#[test]
fn another_job_gets_another_token() {
    let recorder = Recorder::start();
    let home = home(&recorder, "token_exchange", BY_ENV);
    let of = |job: &str| {
        let run = home.hallpass(&["token", "x"]);
        let run = run.env("JOB_TOKEN", subject(&json!({ "sub": job }))).run();
        run.ok().line().to_owned()
    };
    assert_eq!(of("one"), "token-1");
    assert_eq!(of("two"), "token-2");
    assert_eq!(of("two"), "token-2");
    let run = home.hallpass(&["token", "x"]).run().fails_with(3);
    assert!(run.stderr.contains("`JOB_TOKEN` is not set"), "{run}");
}

#[test]
fn a_projected_file_is_read_anew_for_each_exchange() {
    let recorder = Recorder::start();
    let home = home(
        &recorder,
        "token_exchange",
        "subject_token = { file = \"token\" }",
    );
    for number in 1..=2 {
        let rotated = subject(&json!({ "jti": number }));
        home.write("token", &format!("{rotated}\n"));
        home.hallpass(&["token", "x", "--refresh"]).run().ok();
        let sent = recorder.last("/token").form("subject_token");
        assert_eq!(sent, Some(rotated));
    }
}

#[test]
fn a_projected_file_of_a_strict_provider_is_good_until_it_expires() {
    let provider = Provider::start(&[]);
    let issuer = provider.issuer();
    let url = format!("{issuer}/actions/id-token?audience={issuer}");
    let answer = http::get_as(&url, "sandbox-runner-not-real");
    let home = Home::new();
    let text = super::definition("token_exchange", "subject_token = { file = \"token\" }");
    home.write("integrations.toml", &text.replace("ORIGIN", issuer));
    home.write("token", answer["value"].as_str().unwrap());
    assert!(home.token("x").starts_with("sbx_at_"));
    home.write("token", &subject(&json!({ "aud": issuer, "exp": 1 })));
    let run = home.hallpass(&["-v", "token", "x", "--refresh"]).run();
    let run = run.fails_with(5);
    assert!(run.stderr.contains("the subject token expired "), "{run}");
    assert!(
        run.stderr.contains("the runner has not signed this"),
        "{run}"
    );
    assert!(
        run.stderr.contains("trusts the subject token's issuer"),
        "{run}"
    );
}

#[cfg(unix)]
#[test]
fn a_command_may_print_the_token() {
    let recorder = Recorder::start();
    let job = subject(&json!({ "sub": "agent" }));
    let lines = format!("subject_token = {{ command = [\"echo\", \"{job}\"] }}");
    let home = home(&recorder, "token_exchange", &lines);
    home.token("x");
    assert_eq!(recorder.last("/token").form("subject_token"), Some(job));
}

#[test]
fn types_have_short_words() {
    for (word, sent) in [
        ("id_token", "urn:ietf:params:oauth:token-type:id_token"),
        ("saml2", "urn:ietf:params:oauth:token-type:saml2"),
        ("urn:example:odd", "urn:example:odd"),
    ] {
        let recorder = Recorder::start();
        let lines = format!("{BY_ENV}\nsubject_token_type = \"{word}\"");
        let home = home(&recorder, "token_exchange", &lines);
        let run = home
            .hallpass(&["token", "x"])
            .env("JOB_TOKEN", "job-not-real");
        run.run().ok();
        let asked = recorder.last("/token").form("subject_token_type");
        assert_eq!(asked.as_deref(), Some(sent));
    }
}

#[test]
fn what_is_no_token_is_told_and_never_sent() {
    let recorder = Recorder::start();
    let home = home(&recorder, "token_exchange", BY_ENV);
    for (job, said) in [
        ("two s3cret-words", "spaces, line breaks"),
        ("s3cret\nlines", "spaces, line breaks"),
        ("s3cret-ü", "spaces, line breaks"),
        (" \n", "it is empty"),
    ] {
        let run = home.hallpass(&["-vv", "token", "x"]).env("JOB_TOKEN", job);
        let run = run.run().fails_with(3);
        assert!(run.stderr.contains(said), "{run}");
        assert!(!run.stderr.contains("s3cret"), "{run}");
    }
    home.edit(|text| text.replace("env = \"JOB_TOKEN\"", "file = \"token\""));
    let run = home.hallpass(&["token", "x"]).run().fails_with(3);
    assert!(run.stderr.contains("token` cannot be read"), "{run}");
    assert!(recorder.asked().is_empty());
}

#[test]
fn a_token_of_another_kind_and_a_refresh_token_are_taken_as_they_come() {
    let recorder = Recorder::answering(|asked, _| {
        let answer = json!({
            "access_token": "exchanged-not-real", "token_type": "N_A", "expires_in": 60,
            "issued_token_type": asked.form("requested_token_type")?,
            "refresh_token": "refresh-not-real",
        });
        Some(Reply::json(200, &answer))
    });
    let lines = format!(
        "{BY_ENV}\n[integrations.x.auth.token.params]\nrequested_token_type = \"urn:x:y\"\n\
         [integrations.x.auth.capture]\nissued_token_type = {{ from = \"token\" }}"
    );
    let home = home(&recorder, "token_exchange", &lines);
    let token = |args: &[&str]| {
        let run = home.hallpass(&[&["token", "x"], args].concat());
        run.env("JOB_TOKEN", "job-not-real").run().ok()
    };
    let json = token(&["--format", "json"]).json();
    assert_eq!(json["access_token"], "exchanged-not-real");
    assert_eq!(json["token_type"], "N_A");
    token(&["--refresh"]);
    let grants = recorder.asked_at("/token").into_iter();
    let grants: Vec<_> = grants
        .map(|asked| asked.form("grant_type").unwrap())
        .collect();
    assert_eq!(grants.len(), 2);
    assert!(
        grants.iter().all(|grant| grant.ends_with("token-exchange")),
        "{grants:?}"
    );
}

#[test]
fn what_the_provider_repeats_of_a_subject_token_is_not_shown() {
    let recorder = Recorder::answering(|asked, _| {
        let said = asked.form("subject_token")?;
        let said =
            json!({ "error": "invalid_request", "error_description": format!("no: {said}") });
        Some(Reply::json(400, &said))
    });
    let home = home(&recorder, "token_exchange", BY_ENV);
    let run = home
        .hallpass(&["-vv", "token", "x"])
        .env("JOB_TOKEN", "s3cret-job-not-real");
    let run = run.run().fails_with(5);
    assert!(
        run.stderr.contains("no: ") && !run.stderr.contains("s3cret"),
        "{run}"
    );
}

#[test]
fn connect_succeeds_with_nobody_there() {
    let recorder = Recorder::start();
    let home = home(&recorder, "token_exchange", BY_ENV);
    let run = home
        .hallpass(&["connect", "x"])
        .env("CI", "true")
        .env("JOB_TOKEN", "job-not-real");
    run.run().ok();
    let run = home.hallpass(&["connect", "x", "--param", "subject_token=env:JOB_TOKEN"]);
    let run = run.env("JOB_TOKEN", "job-not-real").run().fails_with(2);
    assert!(run.stderr.contains("no parameter `subject_token`"), "{run}");
}

#[test]
fn who_extends_a_definition_names_another_place() {
    let recorder = Recorder::start();
    let home = home(&recorder, "token_exchange", BY_ENV);
    home.edit(|text| {
        format!("{text}\n[integrations.y]\nextends = \"x\"\nauth.subject_token = {{ file = \"token\" }}\n")
    });
    home.write("token", "other-not-real");
    home.token("y");
    let sent = recorder.last("/token").form("subject_token");
    assert_eq!(sent.as_deref(), Some("other-not-real"));
}
