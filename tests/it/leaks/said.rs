//! What is said: every command, when all is well and in each way to fail.

use serde_json::json;

use super::canary::{CANARIES, canary, clean, forms, hallpass, none_in_files, said_nothing};
use super::stage::{CONNECTIONS, Mood, Stage};
use crate::support::{Home, Recorder, Reply, Run};

/// The commands that a connection takes; whether their stdout was asked to hold a secret.
fn commands(connection: &str) -> Vec<(Vec<&str>, bool)> {
    vec![
        (vec!["status", connection], false),
        (vec!["status", connection, "--json"], false),
        (vec!["token", connection, "--min-ttl", "1s"], true),
        (vec!["token", connection, "--refresh"], true),
        (vec!["request", connection, "/me"], true),
        (vec!["test", connection], false),
        (vec!["disconnect", connection], false),
    ]
}

/// Runs every command of every connection, and looks through what it says.
fn sweep(home: &Home, json: bool) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut run = |args: &[&str], asked: bool| {
        let command = hallpass(home, args);
        let run = if json {
            command.env("HALLPASS_ERRORS", "json").run()
        } else {
            command.run()
        };
        said_nothing(&run, asked);
        runs.push(run);
    };
    run(&["list"], false);
    run(&["list", "--json"], false);
    run(&["check", "--json"], false);
    for connection in CONNECTIONS {
        for (args, asked) in commands(connection) {
            run(&args, asked);
        }
    }
    none_in_files(home);
    runs
}

#[test]
fn nothing_is_said_when_all_is_well() {
    let stage = Stage::connected();
    let runs = sweep(&stage.home, false);
    stage.signed_was_not_said(&runs);
    // What was asked for is there, so the search would find it elsewhere.
    let tokens: String = runs.iter().map(|run| run.stdout.as_str()).collect();
    for name in ["ACCESS_TOKEN", "API_KEY", "LOGIN_TOKEN"] {
        assert!(tokens.contains(canary(name)), "{name}");
    }
    // And every secret that travels did.
    let asked = stage.recorder.asked();
    let texts = asked.iter().map(|asked| {
        let headers: Vec<_> = asked
            .headers
            .iter()
            .map(|(_, value)| value.as_str())
            .collect();
        [&asked.path, &asked.query, &headers.join("\n"), &asked.body]
            .map(String::as_str)
            .join("\n")
    });
    let asked = texts.collect::<Vec<_>>().join("\n");
    let sent = |name: &str| {
        forms()
            .iter()
            .any(|(of, form)| *of == name && asked.contains(form))
    };
    for (name, _) in CANARIES {
        let travels = !matches!(name, "ID_TOKEN" | "SIGNING_KEY" | "KEY_LINE");
        assert_eq!(sent(name), travels, "{name}");
    }
}

#[test]
fn what_a_flow_is_made_of_is_in_its_link_alone() {
    let stage = Stage::new();
    let run = stage.connect("web").run().ok();
    let state = stage.recorder.last("/authorize").query("state").unwrap();
    let verifier = stage.recorder.last("/token").form("code_verifier").unwrap();
    // The link, which a person may have to open by hand, has the state in it.
    let said = run
        .stderr
        .lines()
        .filter(|line| !line.starts_with("http://"));
    let said = said.collect::<Vec<_>>().join("\n");
    assert_eq!(run.stderr.matches(&state).count(), 1, "{run}");
    for secret in [&state, &verifier] {
        assert!(secret.len() > 20, "{secret}");
        assert!(!said.contains(secret), "{run}");
        assert!(!run.stdout.contains(secret), "{run}");
        assert!(stage.home.files_with(secret).is_empty(), "{run}");
    }
    assert!(!run.stderr.contains(&verifier), "{run}");
}

#[test]
fn what_a_step_of_an_action_saves_is_not_in_the_log() {
    let recorder = Recorder::answering(|asked, _| {
        let upload = json!({ "upload": canary("KEPT") });
        (asked.path == "/begin").then(|| Reply::json(200, &upload))
    });
    let home = recorder.home(
        "[integrations.x.auth]\ntype = \"none\"\n[integrations.x.api]\nbase_url = \"ORIGIN\"\n\
         [[integrations.x.actions.up.steps]]\npath = \"/begin\"\nsave = { upload = \"upload\" }\n\
         [[integrations.x.actions.up.steps]]\npath = \"/{upload}/end\"\nquery = { of = \"{upload}\" }\n",
    );
    let run = hallpass(&home, &["request", "x", "--action", "up"])
        .run()
        .ok();
    let sent = recorder.asked().pop().unwrap().query("of");
    assert_eq!(sent.as_deref(), Some(canary("KEPT")));
    said_nothing(&run, false);
}

#[test]
fn nothing_is_said_when_everything_repeats_what_it_was_sent() {
    for (mood, json) in [
        (Mood::Refusing, false),
        (Mood::Refusing, true),
        (Mood::Broken, true),
        (Mood::Page, false),
        (Mood::Redirecting, true),
        (Mood::Unexpected, false),
    ] {
        let stage = Stage::connected();
        stage.is(mood);
        let runs = sweep(&stage.home, json);
        stage.signed_was_not_said(&runs);
        let failed = runs.iter().filter(|run| run.code != Some(0)).count();
        assert!(failed >= CONNECTIONS.len(), "{mood:?}: {runs:#?}");
        if mood == Mood::Refusing {
            let said = runs.iter().any(|run| run.stderr.contains("*** and ***"));
            assert!(
                said,
                "the echo is shown, without what it repeats: {runs:#?}"
            );
        }
    }
}

#[test]
fn nothing_is_said_when_connecting_comes_to_nothing() {
    for mood in [Mood::Refusing, Mood::Broken, Mood::Page, Mood::Redirecting] {
        let stage = Stage::new();
        stage.is(mood);
        for (connection, form) in CONNECTIONS
            .into_iter()
            .zip(["json", "text"].into_iter().cycle())
        {
            let run = stage.connect(connection).env("HALLPASS_ERRORS", form).run();
            said_nothing(&run, false);
            assert_ne!(run.code, Some(0), "{mood:?}: {run}");
        }
        none_in_files(&stage.home);
    }
}

#[test]
fn nothing_is_said_when_nobody_answers() {
    for gone in ["127.0.0.1:1", &format!("{}.example:1", "a".repeat(64))] {
        let stage = Stage::connected();
        let there = stage.recorder.origin().to_owned();
        let origin = if gone.starts_with("127") {
            "http"
        } else {
            "https"
        };
        // The pin is the connection's own business, and another test's.
        stage
            .home
            .edit(|text| text.replace(&there, &format!("{origin}://{gone}")));
        for run in sweep(&stage.home, true) {
            assert!(!run.stderr.contains("panicked"), "{run}");
        }
        for connection in CONNECTIONS {
            let run = stage.connect(&format!("{connection}@other")).run();
            said_nothing(&run, false);
        }
    }
}

#[test]
fn nothing_is_said_of_a_proxy_that_is_not_there() {
    let home = Home::new();
    home.write(
        "integrations.toml",
        "[integrations.k.auth]\ntype = \"api_key\"\napi_key = { env = \"API_KEY\" }\n\
         [integrations.k.api]\nbase_url = \"https://far.example\"\nquery = { key = \"{api_key}\" }\n",
    );
    let proxy = "http://me:proxy-password-not-real@127.0.0.1:1";
    let run = hallpass(&home, &["request", "k", "/me"]).env("HTTPS_PROXY", proxy);
    let run = run.run().fails_with(6);
    said_nothing(&run, false);
    assert!(!run.stderr.contains("proxy-password"), "{run}");
}

#[test]
fn nothing_is_said_of_a_store_that_is_broken_or_shut() {
    let stage = Stage::connected();
    let other = age::x25519::Identity::generate();
    let other = {
        use age::secrecy::ExposeSecret as _;
        other.to_string().expose_secret().to_owned()
    };
    for connection in CONNECTIONS {
        for args in [["token", connection], ["test", connection]] {
            let run = hallpass(&stage.home, &args)
                .env("HALLPASS_KEY", &other)
                .run();
            said_nothing(&run, args[0] == "token");
            assert!(!run.stderr.contains(&other), "{run}");
        }
    }
    let wrong = "AGE-SECRET-KEY-1WRONGNOTREAL";
    let run = hallpass(&stage.home, &["token", "web"])
        .env("HALLPASS_KEY", wrong)
        .run();
    assert!(!run.fails_with(7).stderr.contains("WRONGNOTREAL"));
    for connection in CONNECTIONS {
        let sealed = format!("data/credentials/{connection}@default.age");
        if stage.home.path().join(&sealed).exists() {
            stage.home.write(&sealed, "not sealed by anybody");
        }
    }
    let runs = sweep(&stage.home, false);
    assert!(runs.iter().any(|run| run.code == Some(7)), "{runs:#?}");
}

#[test]
fn a_secret_on_the_command_line_is_refused_and_not_repeated() {
    let stage = Stage::new();
    let key = "ak-6Uu1-Kk9-not-real-at-all";
    let value = format!("api_key={key}");
    let header = format!("Authorization {key}");
    let url = format!("https://[bad/?key={key}");
    let option = format!("--api-key={key}");
    let at = format!("key@{key}");
    for args in [
        ["connect", "key", "--param", &value].as_slice(),
        &["connect", "key", "--param", key],
        &["connect", "key", &value],
        &["connect", "key", key],
        &["connect", "key", &option],
        &["token", key],
        &["token", &at],
        &[key],
        &["request", "web", "/me", "-H", &header],
        &["request", "web", "/me", "--query", key],
        &["request", "web", &url],
        &["list", &value],
        &["token", "web", "--format", key],
        &["token", "web", "--min-ttl", key],
    ] {
        for form in ["text", "json"] {
            let run = hallpass(&stage.home, args)
                .env("HALLPASS_ERRORS", form)
                .run();
            assert!(matches!(run.code, Some(2..=4)), "{run}");
            assert!(!run.stderr.contains("6Uu1-Kk9"), "{run}");
            assert!(!run.stdout.contains("6Uu1-Kk9"), "{run}");
        }
    }
    // A slip that is no secret is still told.
    let run = hallpass(&stage.home, &["tokn", "web"]).run().fails_with(2);
    assert!(run.stderr.contains("'tokn'"), "{run}");
    let run = hallpass(&stage.home, &["token", "GitHub"])
        .run()
        .fails_with(2);
    assert!(run.stderr.contains("'GitHub'"), "{run}");
}

#[test]
fn what_may_be_a_token_is_not_repeated_wherever_it_is_typed() {
    let stage = Stage::new();
    // In the form of a name, of a flag, of a number with a unit, and of neither.
    for token in [
        "ghp_abcdefghijklmnopqrstuvwxyz",
        "--ghp_abcdefghijklmnopqrstuvwxyz",
        "--ghp_abcdefghijklmnopqrstuvwxyz <X>",
        "5abcdefghijklmnopqrstuvwxyz",
        "ghp_ABCDEFghijklmnopqrstuvwxyz",
    ] {
        let flag = format!("--timeout={token}");
        let life = format!("--min-ttl={token}");
        let store = format!("--store={token}");
        let named = format!("web@{token}@x");
        let action = format!("--action={token}");
        for args in [
            ["connect", "web", token].as_slice(),
            &["connect", "web", &flag],
            &["token", "web", &life],
            &["list", &store],
            &["connect", token],
            &["token", token],
            &["token", &named],
            &["status", token],
            &["disconnect", token],
            &["doctor", token],
            &["test", token],
            &["rename", "web", &named],
            &["request", token, "/me"],
            &["request", "web", &action],
        ] {
            for form in ["text", "json"] {
                let run = hallpass(&stage.home, args)
                    .env("HALLPASS_ERRORS", form)
                    .run();
                assert_ne!(run.code, Some(0), "{run}");
                for text in [&run.stderr, &run.stdout] {
                    assert!(!text.to_lowercase().contains("ghijklm"), "{run}");
                }
            }
        }
    }
    let upper = "ghp_ABCDEFghijklmnopqrstuvwxyz";
    let run = hallpass(&stage.home, &["rename", "web", upper])
        .run()
        .fails_with(2);
    assert!(run.stderr.contains("`***` is no name"), "{run}");
}

#[test]
fn a_long_name_that_is_nearly_one_of_ours_is_still_shown_and_put_right() {
    let home = Home::new();
    home.write(
        "integrations.toml",
        "[integrations.production-warehouse-api.auth]\ntype = \"none\"\n",
    );
    let run = hallpass(&home, &["token", "production-warehose-api"]).run();
    let run = run.fails_with(3);
    assert!(run.stderr.contains("`production-warehose-api`"), "{run}");
    let meant = "did you mean `production-warehouse-api`?";
    assert!(run.stderr.contains(meant), "{run}");
    // A flag of ours is named, however long its help writes it.
    let run = hallpass(&home, &["connect", "x", "--timeout", "soon"]).run();
    assert!(run.fails_with(2).stderr.contains("'--timeout <"), "");
}

#[test]
fn a_definition_that_is_wrong_is_shown_without_its_secrets() {
    let home = Home::new();
    for text in [
        "[integrations.x.auth]\ntype = \"oauth2\"\nclient_secrett = \"SECRET\"\n",
        "[integrations.x.auth]\ntype = \"api_key\"\napi_key = [\"SECRET\"]\n",
        "[integrations.x.auth]\ntype = \"basic\"\npassword = { evn = \"SECRET\" }\n",
        "[integrations.x.auth]\ntype = \"basic\"\npassword = \"SECRET\" \"b\"\n",
        "[integrations.x.auth]\ntype = \"jwt\"\n[integrations.x.auth.jwt]\nalg = 1\nkey = \"\"\"\nSECRET\n\"\"\"\n",
        "[integrations.x.auth]\ntype = \"oauth2\"\n[integrations.x.auth.token]\nbasic = [\"a\", \"SECRET\", 3]\n",
    ] {
        home.write(
            "integrations.toml",
            &text.replace("SECRET", canary("PASSWORD")),
        );
        for args in [
            ["check"].as_slice(),
            &["check", "--json"],
            &["token", "x"],
            &["connect", "x"],
        ] {
            for form in ["text", "json"] {
                let run = hallpass(&home, args).env("HALLPASS_ERRORS", form).run();
                assert_eq!(run.code, Some(3), "{run}");
                clean(&run.what, &run.stderr);
                clean(&run.what, &run.stdout);
            }
        }
    }
}

#[test]
fn a_definition_that_fails_while_it_is_used_is_told_without_its_secrets() {
    let stage = Stage::connected();
    // Values that cannot stand where they are put: in a host, a header, a user name.
    for (from, to) in [
        (
            "base_url = \"http",
            "headers = { \"X-A\" = \"{api_key}\\n\" }\nbase_url = \"http",
        ),
        ("Token token={api_key}", "{api_key}\\r\\nX: y"),
    ] {
        stage.home.edit(|text| text.replacen(from, to, 4));
        for run in sweep(&stage.home, true) {
            assert!(!run.stderr.contains("panicked"), "{run}");
        }
    }
}
