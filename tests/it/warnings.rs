//! What `check` warns of though the definition can be used: secrets that others can get at, refresh
//! tokens that nobody asked for.

use serde_json::{Value, json};

use crate::support::{Cmd, Home, Provider, Run};

/// A definition with a secret written out, and one in a parameter's default.
const WRITTEN_OUT: &str = r#"
[integrations.x.auth]
type = "oauth2"
grant = "client_credentials"
token_url = "https://x.example.com/token"
client_id = "x"
client_secret = "s3cret-not-real"

[[integrations.x.parameters]]
name = "app_key"
secret = true
default = "s3cret-not-real-either"
"#;

/// The warnings of `check`, which must be all it says.
#[track_caller]
fn warnings(home: &Home) -> Vec<Value> {
    let run = home.hallpass(&["check", "--json"]).run().ok();
    let problems = run.json()["problems"].as_array().unwrap().clone();
    assert!(problems.iter().all(|p| p["severity"] == "warning"), "{run}");
    problems
}

fn text(problem: &Value, key: &str) -> String {
    problem[key].as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn git(home: &Home, args: &[&str]) -> Run {
    let args = [&["-c", "core.hooksPath=/dev/null"], args].concat();
    Cmd::new("git", &args)
        .env("HOME", home.path())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .dir(home.path())
        .run()
        .ok()
}

#[cfg(unix)]
#[test]
fn a_literal_secret_in_a_file_that_git_tracks_is_a_warning() {
    let home = Home::new();
    let path = home.write("dotfiles/sub/real.toml", WRITTEN_OUT);
    std::os::unix::fs::symlink(&path, home.path().join("integrations.toml")).unwrap();
    assert_eq!(warnings(&home), [] as [Value; 0], "no repository");
    git(&home, &["init", "-q", "dotfiles"]);
    assert_eq!(warnings(&home), [] as [Value; 0], "not tracked yet");
    git(&home, &["-C", "dotfiles", "add", "sub/real.toml"]);
    let found = warnings(&home);
    assert_eq!(found.len(), 2, "{found:?}");
    for problem in &found {
        assert!(
            text(problem, "message").ends_with("in a file that git tracks"),
            "{problem}"
        );
        assert!(
            text(problem, "help").contains("env = \"NAME\""),
            "{problem}"
        );
    }
    // For a person, the secret is not shown again.
    let run = home.hallpass(&["check"]).run().ok();
    assert!(
        run.stderr.contains("git tracks") && !run.stderr.contains("s3cret"),
        "{run}"
    );
    // What the surroundings say of another repository leads nobody astray.
    let run = home
        .hallpass(&["check"])
        .env("GIT_DIR", "/nonexistent")
        .run()
        .ok();
    assert!(run.stderr.contains("git tracks"), "{run}");
}

#[cfg(unix)]
#[test]
fn a_named_secret_in_a_tracked_file_is_no_warning_and_git_may_be_absent() {
    let home = Home::new();
    home.write("integrations.toml", WRITTEN_OUT);
    git(&home, &["init", "-q", "."]);
    git(&home, &["add", "integrations.toml"]);
    let run = home
        .hallpass(&["check"])
        .env("PATH", "/nonexistent")
        .run()
        .ok();
    assert_eq!(run.stderr, "", "{run}");
    home.edit(|text| {
        text.replace("\"s3cret-not-real\"", "{ env = \"X_SECRET\" }")
            .replace("default = \"s3cret-not-real-either\"", "env = \"X_KEY\"")
    });
    let set = home.hallpass(&["check", "--json"]).env("X_SECRET", "set");
    let run = set.run().ok();
    assert_eq!(run.json()["problems"], serde_json::json!([]), "{run}");
    // A variable that is not set is a warning, and no error.
    let said = warnings(&home);
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(
        said[0]["message"],
        "the environment variable `X_SECRET` is not set"
    );
}

#[cfg(unix)]
#[test]
fn a_repositorys_settings_run_nothing_and_only_check_asks_git() {
    let home = Home::new();
    home.write("integrations.toml", WRITTEN_OUT);
    git(&home, &["init", "-q", "."]);
    git(&home, &["add", "integrations.toml"]);
    git(
        &home,
        &["config", "core.fsmonitor", "touch fsmonitor-ran; false"],
    );
    assert_eq!(warnings(&home).len(), 2);
    assert!(!home.path().join("fsmonitor-ran").exists());
    // A git that leaves a trace, in the place of the real one.
    let trace = home.path().join("git-ran");
    let fake = home.write(
        "bin/git",
        &format!("#!/bin/sh\ntouch '{}'\n", trace.display()),
    );
    std::fs::set_permissions(&fake, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let bin = fake.parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.display());
    for args in [
        ["list"].as_slice(),
        &["status", "x"],
        &["token", "x", "--no-input"],
    ] {
        home.hallpass(args).env("PATH", &path).run();
        assert!(!trace.exists(), "{args:?}");
    }
    home.hallpass(&["check"]).env("PATH", &path).run().ok();
    assert!(trace.exists());
}

/// A definition that asks a person at `url`, with these further lines.
fn asking(url: &str, lines: &str) -> String {
    format!(
        "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"authorization_code\"\n\
         authorization_url = \"{url}\"\ntoken_url = \"https://x.example.com/token\"\n\
         client_id = \"x\"\nclient_auth = \"none\"\n{lines}\n\
         [[integrations.x.parameters]]\nname = \"t\"\nformat = \"label\"\n"
    )
}

#[test]
fn a_provider_that_wants_to_be_asked_for_a_refresh_token_is_known() {
    let offline = "authorization_params = { access_type = \"offline\", prompt = \"consent\" }";
    let scope = "scopes = [\"a\", \"offline_access\"]";
    for (provider, url, lines, asked) in [
        (
            "Google",
            "https://accounts.google.com/o/oauth2/v2/auth",
            "",
            offline,
        ),
        (
            "Google",
            "https://accounts.google.com/o/oauth2/v2/auth",
            "authorization_params = { access_type = \"offline\" }",
            "authorization_params = { access_type = \"offline\", prompt = \"select_account consent\" }",
        ),
        (
            "Microsoft",
            "https://login.microsoftonline.com/{t}/oauth2/v2.0/authorize",
            "scopes = [\"User.Read\"]",
            scope,
        ),
        (
            "Atlassian",
            "https://auth.atlassian.com/authorize",
            "",
            scope,
        ),
        (
            "Dropbox",
            "https://www.dropbox.com/oauth2/authorize",
            "",
            "authorization_params = { token_access_type = \"offline\" }",
        ),
        (
            "Zoho",
            "https://accounts.zoho.eu/oauth/v2/auth",
            "",
            offline,
        ),
        (
            "Xero",
            "https://login.xero.com/identity/connect/authorize",
            "",
            scope,
        ),
        ("Auth0", "https://{t}.eu.auth0.com/authorize", "", scope),
        (
            "Okta",
            "https://{t}.okta.com/oauth2/v1/authorize",
            "",
            scope,
        ),
        (
            "Salesforce",
            "https://login.salesforce.com/services/oauth2/authorize",
            "scopes = [\"api\"]",
            "scopes = [\"api\", \"refresh_token\"]",
        ),
        (
            "X",
            "https://x.com/i/oauth2/authorize",
            "",
            "scopes = [\"offline.access\"]",
        ),
        (
            "Reddit",
            "https://www.reddit.com/api/v1/authorize",
            "",
            "authorization_params = { duration = \"permanent\" }",
        ),
    ] {
        let home = Home::new();
        home.write("integrations.toml", &asking(url, lines));
        let found = warnings(&home);
        assert_eq!(found.len(), 1, "{provider}: {found:?}");
        assert!(
            text(&found[0], "message").starts_with(provider),
            "{found:?}"
        );
        assert!(text(&found[0], "help").starts_with("add `"), "{found:?}");
        assert_eq!(found[0]["line"], 4, "{provider}: {found:?}");
        home.write("integrations.toml", &asking(url, asked));
        assert_eq!(warnings(&home), [] as [Value; 0], "{provider}: {asked}");
    }
}

#[test]
fn other_hosts_other_grants_and_older_endpoints_are_left_alone() {
    let home = Home::new();
    for text in [
        asking("https://accounts.google.com.example.com/auth", ""),
        asking("https://example.com/accounts.google.com", ""),
        asking(
            "https://login.microsoftonline.com/common/oauth2/authorize",
            "",
        ),
        asking("https://login.salesforce.com/services/oauth2/authorize", ""),
        asking("https://okta.com.example.com/authorize", "scopes = [\"a\"]"),
        asking("https://{t}.okta.com/authorize", "scopes = [\"{t}\"]"),
        asking("https://accounts.google.com/o/oauth2/v2/auth", "")
            .replace("authorization_code", "client_credentials"),
    ] {
        home.write("integrations.toml", &text);
        assert_eq!(warnings(&home), [] as [Value; 0], "{text}");
    }
}

#[test]
fn a_device_is_told_of_scopes_and_not_of_what_only_a_link_can_carry() {
    let home = Home::new();
    let device = |url: &str, lines: &str| {
        let link = asking(url, lines).replace("authorization_code", "device_code");
        link.replace("authorization_url", "device_authorization_url")
    };
    let microsoft = "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode";
    for (text, warned) in [
        (device(microsoft, "scopes = [\"a\"]"), true),
        (device(microsoft, "scopes = [\"offline_access\"]"), false),
        (device("https://accounts.google.com/device/code", ""), false),
    ] {
        home.write("integrations.toml", &text);
        assert_eq!(!warnings(&home).is_empty(), warned, "{text}");
    }
}

/// Connects where no refresh token comes, the provider being known as Google, with these lines.
#[cfg(unix)]
fn connect_without_refresh_token(lines: &str) -> Run {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let issuer = provider.issuer();
    home.edit(|text| {
        let url = "authorization_url = \"https://accounts.google.com/authorize\"";
        let own = format!("authorization_url = \"{issuer}/authorize\"");
        text.replacen(&own, &format!("{lines}\n{url}"), 1)
    });
    provider.control(
        &json!({"answers": [{"path": "/token", "status": 200, "body": {
            "access_token": "at", "token_type": "Bearer", "expires_in": 3600,
        }}]}),
    );
    // The way to Google leads to the sandbox here.
    let script = format!(
        "#!/bin/bash\nexec {} \"${{1/https:\\/\\/accounts.google.com/$ISSUER}}\"\n",
        Home::sandbox_person()
    );
    let person = home.write("person", &script);
    std::fs::set_permissions(&person, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    home.hallpass(&["connect", "sandbox", "--no-test"])
        .env("ISSUER", issuer)
        .env(
            "HALLPASS_BROWSER",
            shell_words::quote(person.to_str().unwrap()).as_ref(),
        )
        .run()
        .ok()
}

#[cfg(unix)]
#[test]
fn connect_names_the_remedy_of_this_provider_when_no_refresh_token_came() {
    let run = connect_without_refresh_token("");
    let remedy = "Google gives one when asked: add `authorization_params = { access_type = \"offline\", prompt = \"consent\" }`";
    assert!(run.stderr.contains(remedy), "{run}");
    assert!(run.stderr.contains("hallpass connect sandbox"), "{run}");
    let asked = "authorization_params = { access_type = \"offline\", prompt = \"consent\" }";
    let run = connect_without_refresh_token(asked);
    assert!(
        run.stderr.contains("the definition asks Google for one"),
        "{run}"
    );
}

#[test]
fn an_assertion_that_names_no_issuer_is_a_warning() {
    let home = Home::new();
    let definition = |claims: &str| {
        format!(
            "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"jwt_bearer\"\ntoken_url = \"https://x.example.com/token\"\n\
             [integrations.x.auth.jwt]\nalg = \"RS256\"\nkey = {{ file = \"/dev/null\" }}\n{claims}\n"
        )
    };
    for claims in ["", "claims = { sub = \"a\" }"] {
        home.write("integrations.toml", &definition(claims));
        let found = warnings(&home);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(text(&found[0], "message").contains("`iss`"), "{found:?}");
    }
    home.write("integrations.toml", &definition("claims = { iss = \"a\" }"));
    assert_eq!(warnings(&home), [] as [Value; 0]);
}

#[test]
fn what_is_meant_for_a_browser_that_nobody_opens_is_a_warning() {
    let home = Home::new();
    for (grant, expected) in [
        ("client_credentials", 1),
        ("authorization_code", 0),
        ("device_code", 0),
    ] {
        home.write(
            "integrations.toml",
            &format!(
                "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"{grant}\"\nissuer = \"https://x.example.com\"\n\
                 client_id = \"x\"\nauthorization_params = {{ audience = \"a\" }}\n"
            ),
        );
        let found = warnings(&home);
        assert_eq!(found.len(), expected, "{found:?}");
        for problem in found {
            assert!(text(&problem, "message").contains("`authorization_params`"));
            let help = text(&problem, "help");
            assert!(help.contains("[integrations.x.auth.token]"), "{help}");
        }
    }
}
