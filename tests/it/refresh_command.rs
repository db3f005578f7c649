//! `refresh`: what cron runs. Each connection is renewed and reported, whatever becomes of the others.

use serde_json::json;

use crate::support::{Home, Provider, Recorder, Reply};

/// Services that nothing renews, without a provider.
const FIXED: &str = r#"
[integrations.key.auth]
type = "api_key"

[integrations.pair.auth]
type = "basic"
username = "ada"
password = "pass-not-real"

[integrations.open.auth]
type = "none"
"#;

#[test]
fn what_is_named_is_renewed_whatever_life_it_has_and_reported() {
    let (provider, home) = Provider::connected(&[]);
    home.connect("sandbox@work");
    let before = [home.token("sandbox"), home.token("sandbox-service")];
    let run = home
        .hallpass(&[
            "refresh",
            "sandbox",
            "sandbox@work",
            "sandbox-service",
            "sandbox@default",
        ])
        .run()
        .ok();
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{run}");
    for (line, name) in lines
        .iter()
        .zip(["sandbox", "sandbox@work", "sandbox-service"])
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[..3], [name, "renewed,", "expires"], "{run}");
    }
    assert_eq!(run.stderr, "");
    assert_eq!(provider.count("refresh_token"), 2);
    assert_eq!(provider.count("client_credentials"), 2);
    let after = [home.token("sandbox"), home.token("sandbox-service")];
    assert!(before[0] != after[0] && before[1] != after[1]);
    assert!(!run.stdout.contains("sbx_"), "{run}");
}

#[test]
fn all_are_those_that_are_kept_and_what_is_minted_waits_until_it_is_needed() {
    let (provider, home) = Provider::connected(&[]);
    home.edit(|text| format!("{text}\n{FIXED}"));
    home.hallpass(&["connect", "key", "--param", "api_key=-"])
        .stdin("key-not-real")
        .run()
        .ok();
    home.token("sandbox-service");
    let run = home.hallpass(&["refresh", "--all"]).run().ok();
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{run}");
    assert!(
        lines[0].contains("nothing to renew: it is an API key"),
        "{run}"
    );
    assert!(
        lines[1].contains("sandbox          renewed, expires in"),
        "{run}"
    );
    assert!(lines[2].contains("anew when it is needed"), "{run}");
    assert_eq!(provider.count("refresh_token"), 1);
    assert_eq!(provider.count("client_credentials"), 1);
}

#[test]
fn what_nothing_renews_is_reported_and_no_failure() {
    let home = Home::new();
    home.write("integrations.toml", FIXED);
    home.hallpass(&["connect", "key", "--param", "api_key=-"])
        .stdin("key-not-real")
        .run()
        .ok();
    let run = home
        .hallpass(&["refresh", "key", "pair", "open"])
        .run()
        .ok();
    for why in ["an API key", "user name and password", "no credential"] {
        assert!(run.stdout.contains(why), "{run}");
    }
    // One that nobody gave is another matter.
    let run = home.hallpass(&["refresh", "key@other"]).run().fails_with(4);
    assert!(run.stdout.contains("failed: "), "{run}");
}

#[test]
fn quietly_only_what_failed_is_said_so_that_cron_has_nothing_to_mail() {
    let (provider, home) = Provider::connected(&[]);
    let run = home.hallpass(&["refresh", "--all", "--quiet"]).run().ok();
    assert_eq!((&*run.stdout, &*run.stderr), ("", ""));
    assert_eq!(provider.count("refresh_token"), 1);
    // An array that was asked for is data.
    let args = ["refresh", "--all", "--quiet", "--json"];
    let run = home.hallpass(&args).run().ok();
    assert_eq!(run.json()[0]["result"], "renewed");
    provider.control(&json!({"revoke_grants": true}));
    let run = home.hallpass(&["refresh", "--all", "--quiet"]).run();
    let run = run.fails_with(4);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("`sandbox`"), "{run}");
    let none = Home::new();
    let run = none.hallpass(&["refresh", "--all", "--quiet"]).run().ok();
    assert_eq!((&*run.stdout, &*run.stderr), ("", ""));
}

#[test]
fn one_that_hangs_holds_the_others_up_for_no_longer_than_a_call_may_take() {
    let hanging = Recorder::answering(|asked, before| {
        let answer = json!({"access_token": "token-not-real", "refresh_token": "rt-not-real"});
        let reply = Reply::json(200, &answer);
        let reply = if before == 0 {
            reply
        } else {
            reply.dripping(std::time::Duration::from_secs(5))
        };
        (asked.path == "/token").then_some(reply)
    });
    let (provider, home) = Provider::connected(&[]);
    let beside = hanging.consenting("");
    let first = std::fs::read_to_string(beside.path().join("integrations.toml")).unwrap();
    home.edit(|text| {
        format!(
            "{text}\n{}",
            first.replace("integrations.x", "integrations.first")
        )
    });
    home.connect_untested("first");
    home.write("config.toml", "http_timeout = \"1s\"\n");
    let run = home.hallpass(&["refresh", "--all", "--json"]).run();
    let run = run.fails_with(6);
    let results = run.json();
    assert_eq!(results[0]["connection"], "first", "{run}");
    assert_eq!(results[0]["error"]["kind"], "unavailable", "{run}");
    assert_eq!(results[1]["result"], "renewed", "{run}");
    assert_eq!(provider.count("refresh_token"), 1);
}

#[test]
fn a_store_that_is_locked_is_7_for_each_and_nobody_is_asked_anything() {
    let (provider, home) = Provider::connected(&[]);
    home.connect("sandbox@work");
    let other = Home::new();
    let recipient = other.hallpass(&["import", "--recipient"]).run().ok();
    assert!(recipient.line().starts_with("age1"));
    let key = std::fs::read_to_string(other.path().join("key.txt")).unwrap();
    let key = key.lines().find(|line| !line.starts_with('#')).unwrap();
    let refresh = home
        .hallpass(&["refresh", "--all"])
        .env("HALLPASS_KEY", key);
    let run = refresh.run().fails_with(7);
    assert_eq!(run.stdout.matches("failed: ").count(), 2, "{run}");
    assert_eq!(provider.count("refresh_token"), 0);
}

#[test]
fn with_nothing_to_do_all_is_done_and_says_so() {
    let home = Home::new();
    home.write("integrations.toml", FIXED);
    let run = home.hallpass(&["refresh", "--all"]).run().ok();
    assert_eq!(
        (&*run.stdout, &*run.stderr),
        ("", "There is no connection to renew.\n")
    );
    let run = home.hallpass(&["refresh", "--all", "--json"]).run().ok();
    assert_eq!(run.json(), json!([]));
}

#[test]
fn nothing_named_is_2_and_so_is_both() {
    let home = Home::new();
    home.hallpass(&["refresh"]).run().fails_with(2);
    home.hallpass(&["refresh", "--all", "x"])
        .run()
        .fails_with(2);
}

#[test]
fn one_that_fails_keeps_no_other_from_being_renewed_and_the_highest_code_wins() {
    let (provider, home) = Provider::connected(&[]);
    home.connect("sandbox@work");
    home.edit(|text| text.replace("sandbox-secret-not-real", "wrong-not-real"));
    let names = [
        "nothing",
        "sandbox@gone",
        "sandbox",
        "sandbox-service",
        "sandbox@work",
    ];
    let args = [["refresh"].as_slice(), &names].concat();
    let run = home.hallpass(&args).run().fails_with(5);
    assert_eq!(run.stdout.matches("renewed").count(), 2, "{run}");
    assert_eq!(run.stdout.matches("failed").count(), 3, "{run}");
    assert_eq!(run.stderr.matches("error:").count(), 3, "{run}");
    // What decides the code is said last.
    let last = run.stderr.rsplit_once("error:").unwrap().1;
    assert!(last.contains("invalid_client"), "{run}");
    assert_eq!(provider.count("refresh_token"), 2);
}

#[test]
fn as_json_each_has_its_result_its_end_and_its_error() {
    let (_provider, home) = Provider::connected(&[]);
    let args = ["refresh", "sandbox@gone", "sandbox", "--json"];
    let run = home.hallpass(&args).run().fails_with(4);
    let found = run.json();
    assert_eq!(found[0]["connection"], "sandbox@gone");
    assert_eq!(found[0]["result"], "failed");
    assert_eq!(found[0]["error"]["kind"], "needs_connecting");
    assert_eq!(found[0]["error"]["exit_code"], 4);
    assert_eq!(found[1]["result"], "renewed");
    assert_eq!(found[1]["error"], json!(null));
    let end = found[1]["expires_at"].as_str().unwrap();
    assert!(humantime::parse_rfc3339(end).is_ok(), "{end}");
    let mut keys: Vec<&String> = found[1].as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["connection", "error", "expires_at", "result"]);
    let last = run.stderr.lines().last().unwrap();
    assert!(last.starts_with("{\"error\":"), "{run}");
}

#[test]
fn a_connection_whose_definition_is_gone_is_reported_with_3() {
    let (provider, home) = Provider::connected(&[]);
    home.connect("sandbox@work");
    home.token("sandbox-service");
    home.edit(|text| text.replace("integrations.sandbox-service", "integrations.renamed"));
    let run = home.hallpass(&["refresh", "--all"]).run().fails_with(3);
    assert!(
        run.stdout.contains("`sandbox-service` was not renewed"),
        "{run}"
    );
    assert!(
        run.stderr
            .contains("hallpass disconnect sandbox-service --local"),
        "{run}"
    );
    assert_eq!(provider.count("refresh_token"), 2);
}

#[test]
fn a_dead_grant_is_4_again_and_again_and_asks_the_provider_once() {
    let (provider, home) = Provider::connected(&[]);
    provider.control(&json!({"revoke_grants": true}));
    for _ in 0..2 {
        let run = home.hallpass(&["refresh", "--all"]).run().fails_with(4);
        assert!(run.stderr.contains("hallpass connect sandbox"), "{run}");
    }
    assert_eq!(provider.count("refresh_token"), 1);
}

#[test]
fn one_without_a_refresh_token_is_no_failure_until_its_end() {
    let provider = Recorder::answering(|asked, before| {
        let life = if before == 0 { 3600 } else { 0 };
        let answer = json!({"access_token": "token-not-real", "expires_in": life});
        (asked.path == "/token").then(|| Reply::json(200, &answer))
    });
    let home = provider.consenting("");
    home.connect_untested("x");
    let run = home.hallpass(&["refresh", "--all"]).run().ok();
    assert!(
        run.line()
            .contains("nothing to renew: it has no refresh token, expires in"),
        "{run}"
    );
    // Whoever names it wants it renewed.
    home.hallpass(&["refresh", "x"]).run().fails_with(4);
    home.connect_untested("x");
    home.hallpass(&["refresh", "--all"]).run().fails_with(4);
}

#[test]
fn what_a_provider_says_cannot_act_on_the_terminal() {
    let provider = Recorder::answering(|asked, before| {
        let said = json!({"error": "server_error", "error_description": "\u{1b}[2J\u{202e}gone"});
        (asked.path == "/token" && before > 0).then(|| Reply::json(400, &said))
    });
    let home = provider.consenting("");
    home.connect_untested("x");
    let run = home.hallpass(&["refresh", "x"]).run().fails_with(6);
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{run}");
    }
    assert!(run.stderr.contains("gone"), "{run}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_after_the_renewal_under_way_which_is_kept() {
    let (provider, home) = Provider::connected(&[]);
    home.connect("sandbox@work");
    let before = home.token("sandbox");
    provider.control(&json!({"latency_ms": 1500}));
    let running = home
        .hallpass(&["refresh", "sandbox", "sandbox@work"])
        .spawn();
    // It answers late, and notes at once what it was asked.
    crate::support::eventually("the refresh", || {
        (provider.count("refresh_token") == 1).then_some(())
    });
    running.signal(rustix::process::Signal::TERM);
    let run = running.wait().fails_with(143);
    assert!(!run.stdout.contains("sandbox@work"), "{run}");
    provider.control(&json!({"latency_ms": 0}));
    assert_eq!(provider.count("refresh_token"), 1);
    assert_ne!(home.token("sandbox"), before);
    assert_eq!(provider.count("refresh_token"), 1);
}

#[cfg(unix)]
#[test]
fn nobody_is_asked_anything_at_a_terminal_either() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.edit(|text| format!("{text}\n{FIXED}"));
    let args = ["refresh", "sandbox", "key"];
    let (running, _terminal) = home.hallpass(&args).spawn_at_terminal();
    running.wait().exits(4);
}
