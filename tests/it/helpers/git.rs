//! `helper git`: which connection git is given, and what `erase` does.

use serde_json::json;

use super::{KEYED, attribute, connected, git, home};
use crate::support::{Provider, Recorder, Reply};

const ASKED: &str = "protocol=https\nhost=git.example.com\n";

#[test]
fn git_is_given_user_name_token_and_expiry() {
    let (_provider, home) = connected("1h");
    let run = git(&home, "get", ASKED).ok();
    let token = home.token("sandbox");
    assert_eq!(attribute(&run, "username"), Some("x-access-token"), "{run}");
    assert_eq!(attribute(&run, "password"), Some(token.as_str()), "{run}");
    let status = home.hallpass(&["status", "sandbox", "--json"]).run().ok();
    let expires = status.json()["expires_at"].as_str().unwrap().to_owned();
    let expires = humantime::parse_rfc3339(&expires).unwrap();
    let expires = expires
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let said = attribute(&run, "password_expiry_utc");
    assert_eq!(said, Some(expires.to_string().as_str()), "{run}");
    assert_eq!((run.stdout.lines().count(), run.stderr.as_str()), (3, ""));
}

#[test]
fn an_expired_token_is_renewed_for_git() {
    let (provider, home) = connected("0s");
    provider.control(&json!({"token_ttl": 3600}));
    let run = git(&home, "get", ASKED).ok();
    assert_eq!(provider.count("refresh_token"), 1);
    assert_eq!(
        attribute(&run, "password"),
        Some(home.token("sandbox").as_str())
    );
}

#[test]
fn git_is_told_to_ask_nobody_where_a_connection_is_dead_and_goes_on_where_there_was_none() {
    let (provider, home) = connected("0s");
    provider.control(&json!({"revoke_grants": true}));
    for _ in 0..2 {
        let run = git(&home, "get", ASKED).fails_with(4);
        assert_eq!(run.stdout, "quit=1\n");
        assert!(run.stderr.contains("hallpass connect sandbox"), "{run}");
    }
    home.hallpass(&["disconnect", "sandbox", "--local"])
        .run()
        .ok();
    let run = git(&home, "get", ASKED).fails_with(4);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("`sandbox` is not connected"), "{run}");
}

#[test]
fn a_user_name_chooses_the_connection_of_that_name() {
    let (_provider, home) = connected("1h");
    home.connect_untested("sandbox@work");
    let (own, work) = (home.token("sandbox"), home.token("sandbox@work"));
    assert_ne!(own, work);
    for (username, user, token) in [
        ("", "x-access-token", &own),
        ("username=work\n", "x-access-token", &work),
        ("username=default\n", "x-access-token", &own),
        ("username=\n", "x-access-token", &own),
        ("username=Work\n", "Work", &own),
        ("username=alice\n", "alice", &own),
    ] {
        let run = git(&home, "get", format!("{ASKED}{username}")).ok();
        assert_eq!(attribute(&run, "username"), Some(user), "{run}");
        assert_eq!(attribute(&run, "password"), Some(token.as_str()), "{run}");
    }
    let named = |words: &[&str]| home.hallpass(words).stdin(ASKED).run();
    let run = named(&["helper", "git", "--connection", "sandbox@work", "get"]).ok();
    assert_eq!(attribute(&run, "password"), Some(work.as_str()), "{run}");
    // One that is for no such host is nobody's, and one that is not defined is a mistake.
    let run = named(&["helper", "git", "--connection", "sandbox-service", "get"]).ok();
    assert_eq!(run.stdout, "");
    named(&["helper", "git", "--connection", "nothing", "get"]).fails_with(3);
}

#[test]
fn the_definition_says_which_connection_the_host_means() {
    let (_provider, home) = connected("1h");
    home.connect_untested("sandbox@work");
    home.edit(|text| {
        text.replacen(
            "[integrations.sandbox]\n",
            "[integrations.sandbox]\nconnection = \"work\"\n",
            1,
        )
    });
    let run = git(&home, "get", ASKED).ok();
    let work = home.token("sandbox@work");
    assert_eq!(attribute(&run, "password"), Some(work.as_str()), "{run}");
}

#[test]
fn of_several_definitions_the_first_that_is_connected_is_used_and_the_others_are_named() {
    let second = KEYED
        .replace("forge.", "second.")
        .replace("\"KEY\"", "\"OTHER\"");
    let second = second.replace("host = \"second.example\"", "host = \"forge.example\"");
    let second = second.replace("Forge.example", "forge.example");
    let asked = "protocol=https\nhost=forge.example\n";
    let home = home(&format!("{second}{KEYED}"));
    let run = git(&home, "get", asked).ok();
    assert_eq!(attribute(&run, "password"), Some("other-not-real"), "{run}");
    assert!(
        run.stderr.contains("warning: `second`, `forge` are all"),
        "{run}"
    );
    // One that has to be connected and is not yields without a word.
    home.edit(|text| text.replacen("api_key = { env = \"OTHER\" }", "", 1));
    let run = git(&home, "get", asked).ok();
    assert_eq!(attribute(&run, "password"), Some("key-not-real"), "{run}");
    assert_eq!(run.stderr, "");
}

const BASIC: &str = r#"
[integrations.forge.auth]
type = "basic"
username = "robot"
password = { env = "KEY" }
[integrations.forge.api]
base_url = "https://api.forge.example"
[integrations.forge.helpers]
git = { host = "forge.example" }
docker = { registry = "forge.example" }
"#;

#[test]
fn a_user_with_a_password_is_given_as_such_and_to_no_other_user() {
    let home = home(BASIC);
    let asked = "protocol=https\nhost=forge.example\n";
    for request in [asked.to_owned(), format!("{asked}username=robot\n")] {
        let run = git(&home, "get", request).ok();
        assert_eq!(run.stdout, "username=robot\npassword=key-not-real\n");
    }
    let run = git(&home, "get", format!("{asked}username=alice\n")).ok();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let run = super::docker(&home, "get", "forge.example").ok();
    assert_eq!(run.json()["Username"], "robot");
    assert_eq!(
        super::docker(&home, "list", "").ok().json()["forge.example"],
        "robot"
    );
}

#[test]
fn a_value_that_would_be_read_as_another_attribute_is_not_given() {
    let home = home(BASIC);
    for password in ["a-not-real\nquit=1", "a-not-real\rb"] {
        let run = home
            .hallpass(&["helper", "git", "get"])
            .env("KEY", password)
            .stdin("protocol=https\nhost=forge.example\n")
            .run()
            .fails_with(2);
        assert!(!run.stdout.contains("password="), "{run}");
        assert!(!run.stderr.contains("a-not-real"), "{run}");
    }
}

#[test]
fn erase_has_the_rejected_token_renewed_and_lets_any_other_be() {
    let (provider, home) = connected("1h");
    home.connect_untested("sandbox@work");
    let (own, work) = (home.token("sandbox"), home.token("sandbox@work"));
    for request in [
        format!("{ASKED}username=x\npassword=another-not-real\n"),
        format!("protocol=https\nhost=other.example\nusername=x\npassword={own}\n"),
        format!("protocol=http\nhost=git.example.com\nusername=x\npassword={own}\n"),
        format!("{ASKED}username=work\n"),
        ASKED.to_owned(),
    ] {
        let run = git(&home, "erase", request).ok();
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    }
    assert_eq!(
        (home.token("sandbox"), home.token("sandbox@work")),
        (own.clone(), work.clone())
    );
    assert_eq!(provider.count("refresh_token"), 0);
    // The one whose token it is, whatever the user name.
    let erase = format!("{ASKED}username=x-access-token\npassword={work}\n");
    let run = git(&home, "erase", erase.clone()).ok();
    assert!(
        run.stdout.is_empty() && run.stderr.contains("`sandbox@work`"),
        "{run}"
    );
    assert!(!run.stderr.contains(&work), "{run}");
    assert_eq!(provider.count("refresh_token"), 0, "nobody has asked yet");
    assert_eq!(home.token("sandbox"), own);
    let run = git(&home, "get", format!("{ASKED}username=work\n")).ok();
    let renewed = attribute(&run, "password").unwrap().to_owned();
    assert_ne!(renewed, work);
    assert_eq!(provider.count("refresh_token"), 1);
    // It came late: the token is another by now.
    git(&home, "erase", erase).ok();
    assert_eq!(home.token("sandbox@work"), renewed);
    assert_eq!(provider.count("refresh_token"), 1);
}

#[test]
fn a_rejected_token_is_not_given_again_while_the_provider_is_away() {
    let (provider, home) = connected("1h");
    let token = home.token("sandbox");
    git(&home, "erase", format!("{ASKED}password={token}\n")).ok();
    let busy = json!({"path": "/token", "status": 503, "body": "busy", "times": 5});
    provider.control(&json!({"answers": [busy]}));
    let run = git(&home, "get", ASKED).fails_with(6);
    assert_eq!(run.stdout, "quit=1\n");
}

#[test]
fn erase_of_what_nothing_renews_says_who_has_to_act_and_takes_it_from_nobody() {
    let recorder = Recorder::answering(|asked, _| {
        let answer = json!({"access_token": "token-not-real", "token_type": "Bearer"});
        asked
            .path
            .ends_with("/token")
            .then(|| Reply::json(200, &answer))
    });
    let home = recorder.consenting("");
    home.edit(|text| {
        format!("{text}\n[integrations.x.helpers]\ngit = {{ host = \"git.example.com\" }}\n")
    });
    home.connect_untested("x");
    let run = git(&home, "erase", format!("{ASKED}password=token-not-real\n")).ok();
    assert!(
        run.stderr.contains("warning:") && run.stderr.contains("hallpass connect x"),
        "{run}"
    );
    assert_eq!(home.token("x"), "token-not-real");
    let keyed = super::home(KEYED);
    let asked = "protocol=https\nhost=forge.example\npassword=key-not-real\n";
    let run = git(&keyed, "erase", asked).ok();
    assert!(run.stderr.contains("hallpass connect forge"), "{run}");
}

#[test]
fn a_minted_token_that_was_rejected_is_minted_anew() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.edit(|text| {
        format!("{text}\n[integrations.sandbox-service.helpers]\ngit = {{ host = \"git.example.com\" }}\n")
    });
    let run = git(&home, "get", ASKED).ok();
    let first = attribute(&run, "password").unwrap().to_owned();
    git(&home, "erase", format!("{ASKED}password={first}\n")).ok();
    let run = git(&home, "get", ASKED).ok();
    assert_ne!(attribute(&run, "password"), Some(first.as_str()));
    assert_eq!(provider.count("client_credentials"), 2);
}

#[test]
fn what_git_says_is_heard_out_even_where_it_is_ignored() {
    let home = home(KEYED);
    for operation in ["store", "frobnicate"] {
        let helper = ["helper", "git", operation].map(str::to_owned);
        let mut child = std::process::Command::new(crate::support::HALLPASS)
            .args(helper)
            .env("HALLPASS_HOME", home.path())
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // More than a pipe holds: whoever does not read it ends git by SIGPIPE.
        let request = "wwwauth[]=Basic\n".repeat(10_000);
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, request.as_bytes()).unwrap();
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn git_is_told_to_ask_nobody_where_the_store_is_locked() {
    let (_provider, home) = connected("1h");
    let other = crate::support::Home::new();
    other.hallpass(&["import", "--recipient"]).run().ok();
    let key = std::fs::read_to_string(other.path().join("key.txt")).unwrap();
    let key = key.lines().find(|line| !line.starts_with('#')).unwrap();
    let get = home.hallpass(&["helper", "git", "get"]);
    let run = get.env("HALLPASS_KEY", key).stdin(ASKED).run();
    assert_eq!(run.fails_with(7).stdout, "quit=1\n");
    let get = home.hallpass(&["helper", "docker", "get"]);
    let run = get.env("HALLPASS_KEY", key).stdin("ghcr.io").run();
    let run = run.fails_with(7);
    assert!(run.line().contains("`sandbox` cannot be read"), "{run}");
}

#[test]
fn store_and_what_git_may_ask_one_day_are_ignored() {
    let home = home(KEYED);
    for operation in ["store", "capability", "frobnicate"] {
        let run = git(
            &home,
            operation,
            "protocol=https\nhost=forge.example\npassword=x\n",
        )
        .ok();
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    }
    home.hallpass(&["helper", "git"]).run().fails_with(2);
}
