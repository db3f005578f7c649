//! What `connect` asks for, takes from where, and says is missing; and in which forms `token` gives
//! what came of it, for every type.

use serde_json::json;

use crate::support::{Home, Provider, Recorder};

fn home(definition: &str, origin: &str) -> Home {
    let home = Home::new();
    home.write("integrations.toml", &definition.replace("ORIGIN", origin));
    home
}

const KEYS: &str = r#"
[[integrations.x.parameters]]
name = "stage"
choices = ["dev", "prod"]
[[integrations.x.parameters]]
name = "second"
secret = true
env = "SECOND"
[integrations.x.auth]
type = "api_key"
[integrations.x.api]
base_url = "ORIGIN/{stage}"
headers = { A = "{api_key}", B = "{second}" }
"#;

#[test]
fn all_that_is_missing_is_named_at_once() {
    let home = home(KEYS, "https://keys.example.com");
    let run = home.hallpass(&["connect", "x"]).run().fails_with(4);
    for said in [
        "`x` needs `stage`, `second`, `api_key`",
        "hallpass connect x --param stage=… --param second=env:VARIABLE --param api_key=env:VARIABLE",
        "or set the environment variable `SECOND`",
        "`stage` is one of dev, prod",
    ] {
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
}

#[test]
fn what_is_given_goes_before_the_environment_and_that_before_what_was_kept() {
    let recorder = Recorder::start();
    let home = home(KEYS, recorder.origin());
    let params = [
        "connect",
        "x",
        "--param",
        "stage=dev",
        "--param",
        "api_key=env:K",
    ];
    for (args, second, sent) in [
        (&params[..], "one-not-real", "one-not-real"),
        (&["connect", "x"], "two-not-real", "two-not-real"),
        (
            &["connect", "x", "--param", "second=env:K"],
            "three-not-real",
            "k-not-real",
        ),
    ] {
        home.hallpass(args)
            .env("K", "k-not-real")
            .env("SECOND", second)
            .run()
            .ok();
        home.hallpass(&["request", "x", "/me"]).run().ok();
        let asked = recorder.last("/dev/me");
        assert_eq!(asked.header("b").as_deref(), Some(sent));
        assert_eq!(asked.header("a").as_deref(), Some("k-not-real"));
    }
}

#[test]
fn a_user_name_that_basic_cannot_carry_is_refused_before_it_is_kept() {
    let home = home("[integrations.x.auth]\ntype = \"basic\"\n", "");
    let args = [
        "connect",
        "x",
        "--param",
        "username=a:da",
        "--param",
        "password=env:P",
    ];
    let run = home
        .hallpass(&args)
        .env("P", "p-not-real")
        .run()
        .fails_with(2);
    assert!(run.stderr.contains("holds a `:`"), "{run}");
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(list[0]["state"], "not_connected");
}

#[test]
fn every_type_has_the_forms_it_has() {
    let recorder = Recorder::start();
    let definition = r#"
[integrations.key.auth]
type = "api_key"
api_key = "key-not-real"
[integrations.user.auth]
type = "basic"
username = "ada"
password = "pw-not-real"
[integrations.nobody.auth]
type = "none"
[integrations.login.auth]
type = "custom_token"
token_url = "ORIGIN/login"
[integrations.login.auth.token]
response = { access_token = "ok" }
"#;
    let home = home(definition, recorder.origin());
    for (connection, format, expected) in [
        ("key", "raw", Some("key-not-real")),
        ("key", "env", Some("HALLPASS_TOKEN='key-not-real'")),
        ("key", "header", Some("Authorization: Bearer key-not-real")),
        ("key", "id-token", None),
        ("user", "raw", None),
        ("user", "env", None),
        ("user", "json", None),
        (
            "user",
            "header",
            Some("Authorization: Basic YWRhOnB3LW5vdC1yZWFs"),
        ),
        ("nobody", "raw", None),
        ("nobody", "header", None),
        ("login", "raw", Some("true")),
        ("login", "header", Some("Authorization: Bearer true")),
    ] {
        let run = home
            .hallpass(&["token", connection, "--format", format])
            .run();
        match expected {
            Some(expected) => assert_eq!(run.ok().line(), expected, "{connection} {format}"),
            None => {
                run.fails_with(2);
            }
        }
    }
    let json = home.hallpass(&["token", "key", "--format", "json"]).run();
    let json = json.ok().json();
    assert_eq!(json["access_token"], "key-not-real");
    assert_eq!(json["expires_at"], json!(null));
    // A key has no end, so that any life is met; and nothing renews it.
    home.hallpass(&["token", "key", "--min-ttl", "1h"])
        .run()
        .ok();
    home.hallpass(&["token", "key", "--refresh"])
        .run()
        .fails_with(4);
}

#[test]
fn a_route_goes_before_the_query_and_any_other_fragment_behind_it() {
    for (fragment, before) in [("#/login", true), ("#top", false)] {
        let definition = format!(
            "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"authorization_code\"\nclient_id = \"id\"\n\
             authorization_url = \"https://h.example.com/app{fragment}\"\ntoken_url = \"https://h.example.com/t\"\n"
        );
        let home = home(&definition, "");
        let run = home.hallpass(&["connect", "x", "--timeout", "0s"]).run();
        let run = run.fails_with(4);
        let link = run.stderr.lines().find(|line| line.starts_with("https://"));
        let link = link.unwrap_or_else(|| panic!("no link: {run}"));
        let query = link.find("?response_type=code").expect("a query");
        assert_eq!(
            link.find(fragment).expect("it stays") < query,
            before,
            "{link}"
        );
    }
}

#[test]
fn an_issuer_that_is_not_needed_may_be_silent() {
    let provider = Provider::start(&[]);
    let definition = format!(
        "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"authorization_code\"\nclient_id = \"sandbox-app\"\n\
         issuer = \"{0}/nowhere\"\nauthorization_url = \"{0}/authorize\"\ntoken_url = \"{0}/token\"\n",
        provider.issuer()
    );
    let home = home(&definition, "");
    let run = home.connect("x");
    assert!(run.stderr.contains("said nothing of itself"), "{run}");
    home.token("x");
}
