//! What the command finds in its environment.

use std::os::unix::ffi::OsStrExt as _;

use super::around;
use crate::support::{Home, Provider, Recorder};

/// Services of every kind, without a provider.
const KINDS: &str = r#"
[[integrations.key.parameters]]
name = "region"
default = "eu"
[[integrations.key.parameters]]
name = "team"
optional = true
[integrations.key.values]
pair = "{region}:{api_key}"
[integrations.key.auth]
type = "api_key"
api_key = "key-not-real"

[integrations.pair.auth]
type = "basic"
username = "ada"
password = "pass-not-real"

[integrations.open.auth]
type = "none"
"#;

fn kinds() -> Home {
    let home = Home::new();
    home.write("integrations.toml", KINDS);
    home
}

#[test]
fn the_command_gets_the_token_and_never_hallpass_s_own_key() {
    let (_provider, home) = Provider::connected(&[]);
    let token = home.token("sandbox");
    let key = std::fs::read_to_string(home.path().join("key.txt")).unwrap();
    let key = key.lines().find(|line| !line.starts_with('#')).unwrap();
    let script = r#"echo "$HALLPASS_TOKEN|$KEPT|${HALLPASS_KEY-none}""#;
    let run = home
        .hallpass(&around(&["sandbox"], script))
        .env("HALLPASS_KEY", key)
        .env("KEPT", "as it was")
        .run()
        .ok();
    assert_eq!(run.line(), format!("{token}|as it was|none"));
    assert_eq!(run.stderr, "");
}

#[test]
fn what_is_no_text_is_passed_on_as_it_is_and_so_is_where_hallpass_finds_its_own() {
    let home = kinds();
    let odd = std::ffi::OsStr::from_bytes(b"\xff\xfe=\x80");
    let script = r#"printf %s "$ODD" | od -An -tx1; hallpass token key; hallpass exec key -- sh -c 'echo $HALLPASS_TOKEN'"#;
    let run = home
        .shell(&format!(
            "hallpass exec key -- bash -c {}",
            shell_words::quote(script)
        ))
        .env("ODD", odd)
        .run()
        .ok();
    assert_eq!(run.stdout, " ff fe 3d 80\nkey-not-real\nkey-not-real\n");
}

#[test]
fn templates_name_the_values_of_one_connection() {
    let script = r#"echo "$A|$B|$C|${HALLPASS_TOKEN-none}""#;
    let options = [
        "key",
        "--env",
        "A=t={token}",
        "--env",
        "B={pair|base64}",
        "--env",
        "C={{{region}}} {key@default.api_key|sha256}",
    ];
    let run = kinds().hallpass(&around(&options, script)).run().ok();
    // By another implementation: printf … | base64, sha256sum
    let expected = "t=key-not-real|ZXU6a2V5LW5vdC1yZWFs|{eu} \
                    2e800ff88e423a5a59fc01c868d042f2135c930a3a88bc7f71c944f244090a01|none";
    assert_eq!(run.line(), expected);
}

#[test]
fn with_several_connections_a_template_says_whose_value_it_means() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.connect("sandbox");
    home.connect("sandbox@work");
    let options = [
        "sandbox",
        "sandbox@work",
        "sandbox-service",
        "--env",
        "A={sandbox.token}",
        "--env",
        "B={sandbox@work.token}",
        "--env",
        "C={sandbox-service@default.token}",
    ];
    let script = r#"printf '%s\n' "$A" "$B" "$C""#;
    let run = home.hallpass(&around(&options, script)).run().ok();
    let tokens = ["sandbox", "sandbox@work", "sandbox-service"].map(|id| home.token(id));
    assert_eq!(run.stdout.lines().collect::<Vec<_>>(), tokens);
}

#[test]
fn a_bare_key_means_what_its_definition_says() {
    let home = kinds();
    home.edit(|text| format!("[integrations.key]\nconnection = \"work\"\n{text}"));
    for name in ["key", "key@work"] {
        let template = format!("A={{{name}.token}}");
        let options = ["key", "--env", &template];
        let run = home.hallpass(&around(&options, "echo $A")).run().ok();
        assert_eq!(run.line(), "key-not-real");
    }
    let options = ["key", "--env", "A={key@default.token}"];
    home.hallpass(&around(&options, "true")).run().fails_with(2);
}

#[test]
fn user_and_password_are_what_they_are_and_are_asked_for_by_name() {
    let home = kinds();
    let options = ["pair", "--env", "U={username}", "--env", "P={password}"];
    let run = home.hallpass(&around(&options, "echo $U:$P")).run().ok();
    assert_eq!(run.line(), "ada:pass-not-real");
    let run = home
        .hallpass(&around(&["pair"], "true"))
        .run()
        .fails_with(2);
    assert!(run.stderr.contains("--env NAME={username}"), "{run}");
    let run = home
        .hallpass(&around(&["open"], "true"))
        .run()
        .fails_with(2);
    assert!(run.stderr.contains("`open` has no credential"), "{run}");
}

#[test]
fn a_variable_whose_optional_value_is_unset_is_left_out_even_where_one_was() {
    let options = ["key", "--env", "TEAM=x-{team}"];
    let run = kinds()
        .hallpass(&around(&options, r#"echo "${TEAM-none}""#))
        .env("TEAM", "another's")
        .run()
        .ok();
    assert_eq!(run.line(), "none");
}

#[test]
fn what_does_not_say_enough_is_2_and_shows_how_to_say_it() {
    let home = kinds();
    for (options, hint) in [
        (["key", "pair"].as_slice(), "`--env KEY_TOKEN={key.token}`"),
        (
            &["key", "pair", "--token-file", "F"],
            "`--token-file KEY_TOKEN={key.token}`",
        ),
        (&["key", "pair", "--env", "A={token}"], "`{key.token}`"),
        (&["key", "--env", "A={tokn}"], "did you mean `{token}`?"),
        (
            &["key", "--env", "A={token|bas64}"],
            "did you mean `base64`?",
        ),
        (&["key", "--env", "A={token"], "close the placeholder"),
        (&["key", "--env", "{token}"], "`--env KEY_TOKEN={token}`"),
        (
            &["key", "--env", "={token}"],
            "`--env GITHUB_TOKEN={token}`",
        ),
        (
            &["key", "--env", "A B={token}"],
            "`--env GITHUB_TOKEN={token}`",
        ),
        (
            &["key", "--env", "HALLPASS_KEY={token}"],
            "`--env GITHUB_TOKEN={token}`",
        ),
        (&["key", "--env", "A=1", "--env", "A=2"], "another name"),
        (
            &["key", "--env", "A=1", "--token-file", "A"],
            "another name",
        ),
        (&["key", "--env", "A={other.token}"], "`{token}`"),
    ] {
        let run = home
            .hallpass(&around(options, "echo ran"))
            .run()
            .fails_with(2);
        assert!(run.stderr.contains(hint), "{hint}\n{run}");
        assert_eq!(run.stdout, "", "{run}");
    }
    let run = home
        .hallpass(&["exec", "key", "gh", "/user"])
        .run()
        .fails_with(2);
    assert!(run.stderr.contains("behind `--`"), "{run}");
    home.hallpass(&["exec", "key"]).run().fails_with(2);
    home.hallpass(&["exec", "--", "true"]).run().fails_with(2);
}

#[test]
fn an_option_that_is_a_pasted_credential_is_not_repeated() {
    let secret = "ghp_0123456789abcdef0123456789abcdef-not-real";
    let run = kinds()
        .hallpass(&around(&["key", "--env", secret], "true"))
        .run()
        .fails_with(2);
    assert!(!run.stderr.contains(secret), "{run}");
}

#[test]
fn what_is_for_the_token_endpoint_alone_has_no_placeholder() {
    let provider = Recorder::start();
    let home = provider.consenting(
        "client_secret = \"secret-not-real\"\n[integrations.x.values]\nmine = \"{client_secret|hex}\"",
    );
    home.connect_untested("x");
    for name in ["client_secret", "refresh_token", "mine", "code"] {
        let template = format!("A={{{name}}}");
        let options = ["x", "--env", &template];
        let run = home.hallpass(&around(&options, "env")).run().fails_with(2);
        assert!(!run.stderr.contains("not-real"), "{run}");
        assert_eq!(run.stdout, "", "{run}");
    }
}

#[test]
fn without_an_id_token_none_is_passed_on() {
    let (_provider, home) = Provider::connected(&[]);
    let options = ["sandbox", "--env", "A={id_token}"];
    let run = home
        .hallpass(&around(&options, "echo ran"))
        .run()
        .fails_with(2);
    assert!(run.stderr.contains("--scope openid"), "{run}");
    assert_eq!(run.stdout, "");
}

#[test]
fn where_a_person_is_needed_the_command_does_not_start() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let run = home
        .hallpass(&around(&["sandbox"], "echo ran"))
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .fails_with(4);
    assert!(run.stderr.contains("hallpass connect sandbox"), "{run}");
    assert_eq!(run.stdout, "");
    assert!(provider.log().is_empty(), "nobody was asked anything");
}

#[test]
fn a_due_token_is_renewed_before_the_command_starts() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    let run = home
        .hallpass(&around(&["sandbox"], "echo $HALLPASS_TOKEN"))
        .run()
        .ok();
    assert!(run.line().starts_with("sbx_at_"), "{run}");
    assert_eq!(provider.count("refresh_token"), 1);
}
