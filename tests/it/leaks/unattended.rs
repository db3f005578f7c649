//! What needs no person, and what other tools ask: `exec`, `refresh`, the helpers, tokens that are
//! brought along, and keys of client certificates.

use serde_json::json;

use super::canary::{canary, clean, hallpass, none_in_files, said_nothing};
use super::stage::{Mood, Stage};
use crate::mutual_tls::server::{Asks, Server};
use crate::support::{Run, Terminal};

/// A command, what it gets to read, and whether its stdout is to hold a secret.
const COMMANDS: [(&[&str], &str, bool); 13] = [
    (&["refresh", "device"], "", false),
    (&["refresh", "robot"], "", false),
    (&["refresh", "--all"], "", false),
    (&["exec", "user", "--", "true"], "", false),
    // Refused: a bound token is of no use there.
    (&["exec", "signer", "--", "true"], "", false),
    (
        &[
            "exec",
            "user",
            "device",
            "--env",
            "A={user.token}",
            "--env",
            "B={device.token}",
            "--",
            "true",
        ],
        "",
        false,
    ),
    (
        &[
            "exec",
            "job",
            "--token-file",
            "T",
            "--",
            "sh",
            "-c",
            "test -s \"$T\"",
        ],
        "",
        false,
    ),
    (
        &["helper", "git", "get"],
        "protocol=https\nhost=git.example.com\n\n",
        true,
    ),
    (
        &["helper", "git", "erase"],
        "protocol=https\nhost=git.example.com\nusername=x\npassword=PASSWORD\n\n",
        false,
    ),
    (&["helper", "docker", "get"], "ghcr.io", true),
    (
        &["helper", "docker", "store"],
        "{\"ServerURL\":\"ghcr.io\",\"Username\":\"u\",\"Secret\":\"PASSWORD\"}",
        false,
    ),
    (&["helper", "kubectl", "device"], "", true),
    (&["doctor", "--json"], "", false),
];

fn run_all(stage: &Stage) -> Vec<Run> {
    let mut runs = Vec::new();
    for (args, piped, asked) in COMMANDS {
        for form in ["text", "json"] {
            let run = hallpass(&stage.home, args)
                .env("HALLPASS_ERRORS", form)
                .stdin(piped.replace("PASSWORD", canary("PASSWORD")))
                .run();
            said_nothing(&run, asked);
            assert!(!run.stderr.contains("panicked"), "{run}");
            runs.push(run);
        }
    }
    none_in_files(&stage.home);
    runs
}

#[test]
fn what_other_tools_ask_says_nothing_in_any_mood() {
    for mood in [Mood::Good, Mood::Refusing, Mood::Broken, Mood::Page] {
        let stage = Stage::connected();
        stage.is(mood);
        let runs = run_all(&stage);
        stage.signed_was_not_said(&runs);
        let failed = runs.iter().filter(|run| run.code != Some(0)).count();
        assert_eq!(failed > 6, mood != Mood::Good, "{mood:?}: {runs:#?}");
    }
}

#[test]
fn a_token_that_is_brought_along_and_what_is_no_answer_are_not_repeated() {
    let stage = Stage::new();
    let token = canary("ACCESS_TOKEN");
    let args = [
        "connect",
        "web",
        "--param",
        "pin=env:PIN",
        "--no-test",
        "--with-token",
        "-",
    ];
    let whole = json!({ "access_token": token, "refresh_token": canary("REFRESH_TOKEN") });
    for (piped, code) in [
        (token.to_owned(), 0),
        (whole.to_string(), 0),
        (whole.to_string().replace('}', ""), 2),
        (format!("{token} {token}"), 2),
        (
            json!({ "error": "invalid_grant", "refresh_token": token, "was": token }).to_string(),
            2,
        ),
        (json!({ "access": token }).to_string(), 2),
        (
            json!({ "access_token": token, "token_type": "DPoP" }).to_string(),
            2,
        ),
    ] {
        for form in ["text", "json"] {
            let command = hallpass(&stage.home, &args).env("HALLPASS_ERRORS", form);
            let run = command.stdin(piped.clone()).run().exits(code);
            said_nothing(&run, false);
        }
        none_in_files(&stage.home);
    }
    stage.is(Mood::Refusing);
    let run = hallpass(&stage.home, &["token", "web", "--refresh"]).run();
    said_nothing(&run, true);
}

#[test]
fn the_key_of_a_client_certificate_is_said_and_written_nowhere() {
    let key = include_str!("../../keys/client.key.pem");
    let line = key.lines().nth(1).expect("a PEM");
    let definitions = "[integrations.k.auth]\ntype = \"oauth2\"\ngrant = \"client_credentials\"\n\
        token_url = \"ORIGIN/token\"\nclient_id = \"id\"\nclient_auth = \"mtls\"\ndpop = true\n\
        tls = { certificate = { env = \"CERT\" }, key = { env = \"CERT_KEY\" } }\n\
        [integrations.k.api]\nbase_url = \"ORIGIN/api\"\ntest = \"/me\"\n";
    let server = Server::start(Asks::Insists);
    let home = crate::mutual_tls::home(&server, definitions);
    for name in ["client.key.pem", "stranger.key.pem"] {
        std::fs::remove_file(home.path().join(name)).expect("it is there");
    }
    let stranger = include_str!("../../keys/stranger.pem");
    let mut codes = Vec::new();
    for certificate in [include_str!("../../keys/client.pem"), stranger, "no PEM"] {
        for (key, form) in [
            (key, "text"),
            (key, "json"),
            (&key.replace("END", "EN"), "text"),
        ] {
            for args in [
                ["token", "k"].as_slice(),
                &["request", "k", "/me"],
                &["test", "k"],
                &["doctor", "k"],
                &["status", "k", "--json"],
                &["exec", "k", "--", "true"],
                &["refresh", "k"],
                &["disconnect", "k", "--local"],
            ] {
                let run = hallpass(&home, args)
                    .env("SSL_CERT_FILE", crate::mutual_tls::AUTHORITY)
                    .env("CERT", certificate)
                    .env("CERT_KEY", key)
                    .env("HALLPASS_ERRORS", form)
                    .run();
                assert!(
                    !run.stderr.contains(line) && !run.stdout.contains(line),
                    "{run}"
                );
                assert!(!run.stderr.contains("panicked"), "{run}");
                codes.push(run.code);
            }
            assert!(home.files_with(line).is_empty());
        }
    }
    assert!(
        codes.contains(&Some(0)) && codes.contains(&Some(3)),
        "{codes:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_gets_its_token_and_the_job_s_own_variables_and_no_secret_is_in_anybodys_arguments() {
    use age::secrecy::ExposeSecret as _;
    let stage = Stage::connected();
    let key = age::x25519::Identity::generate().to_string();
    let key = key.expose_secret();
    // The store is the one that the key opens.
    std::fs::remove_dir_all(stage.home.path().join("data")).expect("it is there");
    let script = "tr '\\0' '\\n' < /proc/$PPID/cmdline; tr '\\0' '\\n' < /proc/$$/cmdline; echo ENVIRON; tr '\\0' '\\n' < /proc/$$/environ";
    let args = [
        "exec",
        "user",
        "--env",
        "OWN={token}",
        "--token-file",
        "T",
        "--",
        "sh",
        "-c",
        script,
    ];
    let run = hallpass(&stage.home, &args)
        .env("HALLPASS_KEY", key)
        .run()
        .ok();
    said_nothing(&run, true);
    assert!(!run.stderr.contains(key), "{run}");
    let (arguments, environ) = run.stdout.split_once("ENVIRON\n").expect("both");
    assert!(arguments.contains("OWN={token}"), "{run}");
    clean("the arguments", arguments);
    assert!(
        !environ.contains("HALLPASS_KEY") && !environ.contains(key),
        "{run}"
    );
    assert!(
        environ.contains(&format!("OWN={}", canary("ACCESS_TOKEN"))),
        "{run}"
    );
    assert!(environ.contains("ACTIONS_ID_TOKEN_REQUEST_TOKEN="), "{run}");
    for name in ["REFRESH_TOKEN", "DEVICE_CODE"] {
        let lines = environ.lines().filter(|line| !line.starts_with(name));
        let others: Vec<_> = lines.collect();
        assert!(!others.join("\n").contains(canary(name)), "{run}");
    }
}

#[cfg(unix)]
#[test]
fn a_device_code_is_not_on_the_screen_of_the_person_who_approves() {
    let stage = Stage::new();
    let command = hallpass(&stage.home, &["connect", "device"]).env("HALLPASS_BROWSER", "none");
    let (process, _terminal): (_, Terminal) = command.spawn_at_terminal();
    let run = process.wait().ok();
    assert!(run.stderr.contains("ABCD-EFGH"), "{run}");
    clean("the screen", &run.stderr);
    stage.is(Mood::Refusing);
    let command = hallpass(&stage.home, &["connect", "device"]).env("HALLPASS_BROWSER", "none");
    let (process, _terminal) = command.spawn_at_terminal();
    let run = process.wait();
    assert_eq!(run.code, Some(5), "{run}");
    clean("the screen", &run.stderr);
    none_in_files(&stage.home);
}
