//! Secrets go where a connection was made for and nowhere else, whatever the definition or an answer
//! says later: tried with a stranger that records what reaches it.

use serde_json::json;

use crate::support::{CONSENT, Home, Recorder, Reply};

fn home(definition: &str, recorder: &Recorder) -> Home {
    let home = Home::new();
    home.write(
        "integrations.toml",
        &definition.replace("ORIGIN", recorder.origin()),
    );
    home
}

/// The definition with a line more, or another one in the place of one.
fn change(home: &Home, from: &str, to: &str, stranger: &Recorder) {
    let to = to.replace("STRANGER", stranger.origin());
    home.edit(|text| text.replace(from, &to));
}

/// A provider whose answers bring more than tokens.
fn bringing(more: serde_json::Value) -> Recorder {
    Recorder::answering(move |asked, before| {
        if asked.path != "/token" {
            return None;
        }
        let mut answer = json!({
            "access_token": format!("token-{}", before + 1),
            "refresh_token": format!("refresh-{}", before + 1),
            "expires_in": 3600,
        });
        for (name, value) in more.as_object().unwrap() {
            answer[name] = value.clone();
        }
        Some(Reply::json(200, &answer))
    })
}

#[test]
fn a_step_added_later_gets_nothing_whatever_stands_in_its_path() {
    let provider = bringing(json!({ "org": "acme" }));
    let stranger = Recorder::start();
    for url in ["STRANGER/steal", "STRANGER/{org}/steal"] {
        let home = home(CONSENT, &provider);
        home.connect("x");
        let step = format!(
            "[[integrations.x.auth.steps]]\nurl = \"{url}\"\nheaders = {{ A = \"{{token}}\", R = \"{{refresh_token}}\" }}\n\
             [integrations.x.auth.capture]\norg = {{ from = \"token\" }}\n[integrations.x.api]"
        );
        change(&home, "[integrations.x.api]", &step, &stranger);
        home.hallpass(&["token", "x", "--refresh"])
            .run()
            .fails_with(4);
        home.hallpass(&["request", "x", "/"]).run().fails_with(4);
        assert_eq!(stranger.asked().len(), 0, "{url}");
    }
}

#[test]
fn a_base_url_moved_behind_a_captured_path_gets_nothing() {
    let provider = bringing(json!({ "org": "acme" }));
    let stranger = Recorder::start();
    let home = home(CONSENT, &provider);
    home.connect("x");
    change(
        &home,
        "[integrations.x.api]",
        "[integrations.x.auth.capture]\norg = { from = \"token\" }\n[integrations.x.api]",
        &stranger,
    );
    let base = format!("base_url = \"{}/api\"", provider.origin());
    change(&home, &base, "base_url = \"STRANGER/{org}\"", &stranger);
    home.hallpass(&["request", "x", "/"]).run().fails_with(4);
    home.hallpass(&["token", "x", "--refresh"])
        .run()
        .fails_with(4);
    assert_eq!(stranger.asked().len(), 0);
}

#[test]
fn a_typed_key_goes_to_no_step_that_was_added_later() {
    let provider = Recorder::start();
    let stranger = Recorder::start();
    let definition = r#"
[integrations.x.auth]
type = "custom_token"
token_url = "ORIGIN/token"
[integrations.x.auth.token]
params = { key = "{api_key}" }
[integrations.x.api]
base_url = "ORIGIN/api"
"#;
    let home = home(definition, &provider);
    home.hallpass(&["connect", "x", "--param", "api_key=env:K"])
        .env("K", "key-not-real")
        .run()
        .ok();
    change(
        &home,
        "[integrations.x.api]",
        "[[integrations.x.auth.steps]]\nurl = \"STRANGER/{org}/s\"\nheaders = { K = \"{api_key}\" }\n\
         [integrations.x.auth.capture]\norg = { from = \"token\", default = \"o\" }\n[integrations.x.api]",
        &stranger,
    );
    home.hallpass(&["token", "x"]).run().fails_with(4);
    home.hallpass(&["token", "x", "--refresh"])
        .run()
        .fails_with(4);
    assert_eq!(stranger.asked().len(), 0);
}

#[test]
fn an_answer_that_leads_elsewhere_is_kept_and_not_followed() {
    let stranger = Recorder::start();
    let elsewhere = stranger.origin().to_owned();
    let provider = Recorder::answering(move |asked, before| {
        if asked.path != "/token" {
            return None;
        }
        let own = format!("http://{}", asked.header("host")?);
        let site = if before == 0 { own } else { elsewhere.clone() };
        Some(Reply::json(
            200,
            &json!({
                "access_token": format!("token-{before}"),
                "refresh_token": format!("refresh-{before}"),
                "site": site,
            }),
        ))
    });
    let definition = CONSENT
        .replace("base_url = \"ORIGIN/api\"", "base_url = \"{site}/api\"")
        .replace(
            "#more",
            "[integrations.x.auth.capture]\nsite = { from = \"token\", pattern = 'http://127\\.0\\.0\\.1:\\d+' }",
        );
    let home = home(&definition, &provider);
    home.connect("x");
    home.hallpass(&["request", "x", "/"]).run().ok();
    let run = home
        .hallpass(&["token", "x", "--refresh"])
        .run()
        .fails_with(4);
    assert!(run.stderr.contains("leads to"), "{run}");
    home.hallpass(&["request", "x", "/"]).run().fails_with(4);
    assert_eq!(stranger.asked().len(), 0);
    // The rotated refresh token is not lost by it: connecting again, on purpose, works.
    let status = home.hallpass(&["status", "x"]).run().fails_with(4);
    assert!(status.stderr.contains("--force"), "{status}");
}

#[test]
fn a_refresh_token_survives_an_answer_that_is_odd_otherwise() {
    let provider = Recorder::answering(|asked, before| {
        if asked.path != "/token" {
            return None;
        }
        let mut answer =
            json!({ "refresh_token": format!("refresh-{before}"), "expires_in": 3600 });
        if before != 1 {
            answer["access_token"] = json!(format!("token-{before}"));
        }
        answer["id_token"] = json!("not a token");
        Some(Reply::json(200, &answer))
    });
    let home = home(CONSENT, &provider);
    home.connect("x");
    let run = home
        .hallpass(&["token", "x", "--refresh"])
        .run()
        .fails_with(6);
    assert!(run.stderr.contains("holds no access token"), "{run}");
    // The old token lives on, and what renews it next is what came last.
    assert_eq!(home.token("x"), "token-0");
    let run = home.hallpass(&["token", "x", "--refresh"]).run().ok();
    assert_eq!(run.line(), "token-2");
    let sent: Vec<Option<String>> = provider
        .asked_at("/token")
        .iter()
        .map(|asked| asked.form("refresh_token"))
        .collect();
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(sent, [None, named("refresh-0"), named("refresh-1")]);
}

#[test]
fn what_was_sent_does_not_come_back_in_an_error() {
    let provider = Recorder::answering(|asked, _| {
        let said = format!(
            "no: {} {} {}",
            asked.header("authorization").unwrap_or_default(),
            asked.query,
            asked.body
        );
        let answer = json!({ "error": "bad", "error_description": said });
        Some(Reply::json(400, &answer))
    });
    let definition = r#"
[integrations.x.auth]
type = "custom_token"
token_url = "ORIGIN/token?k={api_key}"
[integrations.x.auth.token]
params = { password = "{password}" }
headers = { Authorization = "Key {api_key}" }
[integrations.y.auth]
type = "custom_token"
token_url = "ORIGIN/token"
[integrations.y.auth.token]
basic = ["{username}", "{password}"]
[integrations.z.auth]
type = "oauth2"
grant = "client_credentials"
token_url = "ORIGIN/token"
client_id = "id"
client_secret = { env = "K" }
"#;
    let home = home(definition, &provider);
    for (connection, params) in [
        (
            "x",
            &["--param", "api_key=env:K", "--param", "password=env:P"][..],
        ),
        (
            "y",
            &["--param", "username=ada", "--param", "password=env:P"],
        ),
        ("z", &[]),
    ] {
        let args = [&["connect", connection][..], params].concat();
        let run = home
            .hallpass(&[&["-vv"][..], &args].concat())
            .env("K", "key+not/real")
            .env("P", "pass not-real")
            .run()
            .fails_with(5);
        assert!(run.stderr.contains("no: "), "{run}");
        for secret in [
            "key+not/real",
            "key%2Bnot%2Freal",
            "pass not-real",
            "pass+not-real",
            "YWRhOnBhc3Mgbm90LXJlYWw=",
            "aWQ6a2V5JTJCbm90JTJGcmVhbA==",
        ] {
            assert!(!run.stderr.contains(secret), "{connection}: {run}");
        }
    }
}

#[test]
fn another_environment_gets_another_credential() {
    let provider = Recorder::start();
    let definition = r#"
[[integrations.x.parameters]]
name = "app_key"
secret = true
env = "APP_KEY"
[integrations.x.auth]
type = "custom_token"
token_url = "ORIGIN/token"
[integrations.x.auth.token]
params = { key = "{app_key}" }
"#;
    let home = home(definition, &provider);
    let token = |key: &str| {
        let run = home.hallpass(&["token", "x"]).env("APP_KEY", key).run();
        run.ok().line().to_owned()
    };
    let first = token("one-not-real");
    assert_eq!(token("one-not-real"), first);
    assert_ne!(token("two-not-real"), first);
}

#[test]
fn a_token_of_another_grant_is_not_handed_out() {
    let provider = Recorder::start();
    let definition = r#"
[integrations.x.auth]
type = "oauth2"
grant = "client_credentials"
authorization_url = "ORIGIN/authorize"
token_url = "ORIGIN/token"
client_id = "id"
client_secret = "secret-not-real"
"#;
    let home = home(definition, &provider);
    home.token("x");
    home.edit(|text| text.replace("client_credentials", "authorization_code"));
    home.hallpass(&["token", "x"]).run().fails_with(4);
}

#[test]
fn what_is_secret_by_its_parameter_is_never_in_the_open() {
    let provider = Recorder::start();
    let definition = r#"
[[integrations.x.parameters]]
name = "username"
label = "Secret key"
secret = true
[integrations.x.auth]
type = "basic"
password = ""
[[integrations.y.parameters]]
name = "key"
secret = true
[integrations.y.auth]
type = "basic"
username = { template = "{key}" }
password = "x"
[integrations.y.api]
base_url = "ORIGIN"
query = { u = "{username}" }
test = "/me"
"#;
    let home = home(definition, &provider);
    for (connection, param) in [("x", "username=env:K"), ("y", "key=env:K")] {
        let run = home
            .hallpass(&["-vv", "connect", connection, "--param", param])
            .env("K", "sk_live_not_real")
            .run()
            .ok();
        assert!(!run.stderr.contains("sk_live_not_real"), "{run}");
        let list = home.hallpass(&["list"]).run().ok();
        assert!(!list.stdout.contains("sk_live_not_real"), "{list}");
        let written = home.files_with("sk_live_not_real");
        assert_eq!(written, [] as [std::path::PathBuf; 0]);
    }
}

#[test]
fn a_page_in_the_providers_place_throws_no_living_token_away() {
    for (body, content_type) in [
        ("<html>maintenance</html>", "text/html"),
        ("", "text/plain"),
        ("{\"refresh_token\":\"refresh-new\"}", "application/json"),
    ] {
        let provider = Recorder::answering(move |asked, before| {
            (asked.path == "/token" && before == 1).then(|| Reply::text(200, content_type, body))
        });
        let definition = CONSENT.replace("#more", "refresh = { before = \"2h\" }");
        let home = home(&definition, &provider);
        home.connect("x");
        let run = home.hallpass(&["token", "x"]).run().ok();
        assert_eq!(run.line(), "token-1", "{run}");
        assert!(run.stderr.contains("its old token still lives"), "{run}");
        // The next call renews, with the newest refresh token there is.
        assert_ne!(home.token("x"), "token-1");
        let sent = provider.last("/token").form("refresh_token");
        let rotated = body.contains("refresh-new");
        assert_eq!(sent.as_deref() == Some("refresh-new"), rotated);
    }
}

#[test]
fn a_step_that_fails_after_the_renewal_loses_nothing() {
    let provider = Recorder::answering(|asked, before| {
        let failing = asked.path == "/step" && before == 1;
        failing.then(|| Reply::json(500, &json!({ "message": "later" })))
    });
    let definition = CONSENT.replace(
        "#more",
        "[[integrations.x.auth.steps]]\nurl = \"ORIGIN/step\"\nheaders = { A = \"{token}\" }",
    );
    let home = home(&definition, &provider);
    home.connect("x");
    let first = home.token("x");
    let run = home
        .hallpass(&["token", "x", "--refresh"])
        .run()
        .fails_with(6);
    assert!(run.stderr.contains("later"), "{run}");
    assert_eq!(home.token("x"), first);
    let run = home.hallpass(&["token", "x", "--refresh"]).run().ok();
    assert_eq!(run.line(), "token-3");
    let sent: Vec<Option<String>> = provider
        .asked_at("/token")
        .iter()
        .map(|asked| asked.form("refresh_token"))
        .collect();
    assert_ne!(sent[1], sent[2], "the rotated one is sent");
}
