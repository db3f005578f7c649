//! The endpoints, what the browser is sent with, and what the person types and sees.

use super::{call, oauth};
use crate::support::{Asked, Cmd, HALLPASS, Home, Recorder, Reply, Run, Running, http};

/// A connect whose link is opened by the test.
#[track_caller]
fn waiting(home: &Home, args: &[&str]) -> (Running, url::Url) {
    let args = [&["connect", "x"], args].concat();
    let mut process = home.hallpass(&args).stdin_open().spawn();
    let link = process.wait_for_stderr(|line| line.starts_with("http://"));
    (process, url::Url::parse(&link).unwrap())
}

fn parameter(link: &url::Url, name: &str) -> Option<String> {
    let mut pairs = link.query_pairs();
    let (_, value) = pairs.find(|(known, _)| known == name)?;
    Some(value.into_owned())
}

#[test]
fn a_site_with_a_token_path_and_a_revoke_path() {
    let recorder = Recorder::start();
    let home = recorder.home(
        r#"
[integrations.x.auth]
type = "oauth2"
grant = "authorization_code"
site = "ORIGIN"
authorization_url = "/oauth/authorize"
token_url = "/oauth/token?v=2"
revocation_url = "/oauth/revoke"
client_id = "app-0000"
client_auth = "none"
"#,
    );
    home.connect("x");
    assert_eq!(recorder.last("/oauth/authorize").method, "GET");
    assert_eq!(
        recorder.last("/oauth/token").query("v").as_deref(),
        Some("2")
    );
    home.hallpass(&["disconnect", "x"]).run().ok();
    let revoked: Vec<String> = recorder
        .asked_at("/oauth/revoke")
        .iter()
        .filter_map(|asked| asked.form("token"))
        .collect();
    assert!(
        revoked.contains(&"refresh-1".to_owned()) || revoked.contains(&"token-1".to_owned()),
        "{revoked:?}"
    );
}

#[test]
fn a_path_where_a_url_is_expected_goes_on_the_site() {
    let recorder = Recorder::start();
    let home = oauth(&recorder, "site = \"ORIGIN\"", "test = \"/me\"");
    home.edit(|text| {
        let origin = recorder.origin();
        text.replace(&format!("\"{origin}/api\""), "\"/api/v2\"")
            .replace(&format!("\"{origin}/token\""), "\"/token\"")
    });
    home.connect("x");
    call(&home, "x");
    assert_eq!(recorder.asked_at("/token").len(), 1);
    assert_eq!(recorder.asked_at("/api/v2/me").len(), 1);
    assert_eq!(recorder.asked_at("/api/v2/things").len(), 1);
}

#[test]
fn a_url_where_a_path_is_expected_works_within_the_fence() {
    let recorder = Recorder::start();
    let home = oauth(
        &recorder,
        "site = \"ORIGIN/nowhere\"",
        "test = \"ORIGIN/v1/me\"",
    );
    home.connect("x");
    assert_eq!(recorder.asked_at("/v1/me").len(), 1);
    let home = oauth(&recorder, "", "test = \"https://elsewhere.example/me\"");
    let run = home.hallpass(&["check"]).run().fails_with(3);
    assert!(run.stderr.contains("test"), "{run}");
}

#[test]
fn a_path_without_a_site_is_named_and_so_is_what_is_missing() {
    let recorder = Recorder::start();
    for (key, url) in [
        ("token_url", "/token"),
        ("authorization_url", "/authorize"),
        ("base_url", "/api"),
    ] {
        let home = oauth(&recorder, "", "");
        let whole = format!("{key} = \"{}{url}\"", recorder.origin());
        home.edit(|text| text.replace(&whole, &format!("{key} = \"{url}\"")));
        let run = home.hallpass(&["check"]).run().fails_with(3);
        assert!(
            run.stderr.contains(key) && run.stderr.contains("`site`"),
            "{run}"
        );
    }
}

/// The token request of a client that authenticates so.
fn exchange(auth: &str) -> Asked {
    let recorder = Recorder::start();
    oauth(&recorder, auth, "").connect("x");
    recorder.last("/token")
}

#[test]
fn the_client_authenticates_in_the_header() {
    let asked = exchange("client_auth = \"basic\"");
    assert_eq!(asked.basic().as_deref(), Some("app-0000:not-a-real-secret"));
    assert_eq!(asked.form("client_secret"), None);
}

#[test]
fn the_client_authenticates_in_the_body() {
    let asked = exchange("client_auth = \"body\"");
    assert_eq!(asked.header("authorization"), None);
    assert_eq!(asked.form("client_id").as_deref(), Some("app-0000"));
    assert_eq!(
        asked.form("client_secret").as_deref(),
        Some("not-a-real-secret")
    );
}

#[test]
fn the_client_authenticates_in_both() {
    let asked = exchange("client_auth = \"basic+body\"");
    assert_eq!(asked.basic().as_deref(), Some("app-0000:not-a-real-secret"));
    assert_eq!(asked.form("client_id").as_deref(), Some("app-0000"));
    assert_eq!(
        asked.form("client_secret").as_deref(),
        Some("not-a-real-secret")
    );
}

#[test]
fn scopes_are_joined_as_the_provider_wants() {
    for separator in [" ", ",", "+", "|", ";"] {
        let recorder = Recorder::start();
        let auth = format!("scopes = [\"a:read\", \"b\"]\nscope_separator = \"{separator}\"");
        oauth(&recorder, &auth, "").connect("x");
        let asked = recorder.last("/authorize").query("scope");
        assert_eq!(asked, Some(format!("a:read{separator}b")));
    }
    let recorder = Recorder::start();
    oauth(&recorder, "", "").connect("x");
    assert_eq!(recorder.last("/authorize").query("scope"), None);
}

#[test]
fn state_goes_along_and_is_another_each_time() {
    let recorder = Recorder::start();
    let home = oauth(&recorder, "", "");
    home.connect("x");
    home.connect("x@other");
    let states: Vec<_> = recorder
        .asked_at("/authorize")
        .iter()
        .map(|asked| asked.query("state").unwrap())
        .collect();
    assert!(
        states[0].len() >= 22 && states[0] != states[1],
        "{states:?}"
    );
    let forged = Recorder::answering(|asked, _| {
        (asked.path == "/authorize").then(|| {
            let mut forged = asked.clone();
            forged.query = forged.query.replace("state=", "state=x");
            Reply::back(&forged, &[("code", "stolen")])
        })
    });
    let home = oauth(&forged, "", "");
    home.hallpass(&["connect", "x", "--timeout", "1s"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .fails_with(4);
    assert!(forged.asked_at("/token").is_empty());
}

#[test]
fn one_integration_has_several_named_connections() {
    let recorder = Recorder::start();
    let home = oauth(
        &recorder,
        "",
        "headers = { X-Team = \"{team}\", Authorization = \"Bearer {token}\" }\n\
         [[integrations.x.parameters]]\nname = \"team\"",
    );
    for team in ["red", "blue"] {
        let (connection, given) = (format!("x@{team}"), format!("team={team}"));
        home.hallpass(&["connect", &connection, "--param", &given])
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run()
            .ok();
    }
    for (team, token) in [("red", "Bearer token-1"), ("blue", "Bearer token-2")] {
        call(&home, &format!("x@{team}"));
        let asked = recorder.last("/api/things");
        assert_eq!(asked.header("x-team").as_deref(), Some(team));
        assert_eq!(asked.header("authorization").as_deref(), Some(token));
    }
    assert_eq!(
        home.hallpass(&["list", "--json"])
            .run()
            .ok()
            .json()
            .as_array()
            .map(Vec::len),
        Some(2)
    );
}

#[test]
fn extra_token_parameters_and_a_code_by_another_name() {
    let recorder = Recorder::answering(|asked, _| {
        let consents = asked.path == "/authorize";
        consents.then(|| Reply::back(asked, &[("auth_code", "code-9")]))
    });
    let home = oauth(
        &recorder,
        "code_param = \"auth_code\"\n[integrations.x.auth.token]\n\
         params = { code = false, auth_code = \"{code}\", audience = \"things\", redirect_uri = false }",
        "",
    );
    home.connect("x");
    let asked = recorder.last("/token");
    assert_eq!(asked.form("auth_code").as_deref(), Some("code-9"));
    assert_eq!(asked.form("audience").as_deref(), Some("things"));
    assert_eq!(
        asked.form("grant_type").as_deref(),
        Some("authorization_code")
    );
    assert_eq!(
        (asked.form("code"), asked.form("redirect_uri")),
        (None, None)
    );
}

const CHOICE: &str = "scopes = [\"profile\"]\n\
    optional_scopes = [{ name = \"repo\", label = \"Repositories\" }, { name = \"gist\", label = \"Snippets\" }]";

#[test]
fn optional_scopes_are_not_asked_for_when_nobody_chose_them() {
    let recorder = Recorder::start();
    let home = oauth(&recorder, CHOICE, "");
    home.connect("x");
    let asked = recorder.last("/authorize").query("scope");
    assert_eq!(asked.as_deref(), Some("profile"));
    home.hallpass(&["connect", "x", "--scope", "repo"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
    let asked = recorder.last("/authorize").query("scope");
    assert_eq!(asked.as_deref(), Some("profile repo"));
}

/// A connect at a terminal, at which these keys are pressed.
#[cfg(target_os = "linux")]
fn at_a_terminal(home: &Home, keys: &str) -> Run {
    let command = format!("{} connect x", shell_words::quote(HALLPASS));
    Cmd::new("script", &["-qec", &command, "/dev/null"])
        .env("HALLPASS_HOME", home.path())
        .env("HALLPASS_STORE", "file")
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .env("TERM", "xterm")
        .stdin(keys)
        .run()
        .ok()
}

#[cfg(target_os = "linux")]
#[test]
fn scopes_are_chosen_by_their_display_names_on_connecting() {
    let recorder = Recorder::start();
    let home = oauth(&recorder, CHOICE, "");
    // Down to the second, chosen with the space bar.
    let run = at_a_terminal(&home, "\u{1b}[B \r");
    assert!(
        run.stdout.contains("Repositories") && run.stdout.contains("Snippets"),
        "{run}"
    );
    let asked = recorder.last("/authorize").query("scope");
    assert_eq!(asked.as_deref(), Some("profile gist"));
}

#[test]
fn name_description_icon_and_colour_are_on_the_page_that_ends_a_connect() {
    let recorder = Recorder::start();
    let look = "[integrations.x]\nname = \"Garden\"\ndescription = \"Beds & seeds\"\ncolor = \"#2e7d32\"\n";
    for (icon, shown) in [("🌱", "🌱"), ("garden.svg", "data:image/svg+xml;base64,")] {
        let home = oauth(&recorder, "", "");
        home.edit(|text| format!("{look}icon = \"{icon}\"\n{text}"));
        home.write(
            "garden.svg",
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"/>",
        );
        let (process, link) = waiting(&home, &[]);
        let page = http::follow(link.as_str());
        process.wait().ok();
        for piece in ["Garden", "Beds &amp; seeds", "#2e7d32", shown] {
            assert!(page.body.contains(piece), "{piece}: {}", page.body);
        }
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
    }
}

#[test]
fn client_id_and_secret_are_typed_by_the_person_who_connects() {
    let recorder = Recorder::start();
    let home = oauth(&recorder, "client_auth = \"basic\"", "");
    home.drop_lines(&["client_id", "client_secret"]);
    home.hallpass(&["connect", "x"]).run().fails_with(4);
    let connect = [
        "connect",
        "x",
        "--param",
        "client_id=typed-id",
        "--param",
        "client_secret=env:TYPED",
    ];
    home.hallpass(&connect)
        .env("TYPED", "typed-not-real")
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
    assert_eq!(
        recorder.last("/token").basic().as_deref(),
        Some("typed-id:typed-not-real")
    );
    assert!(home.files_with("typed-not-real").is_empty());
}

#[test]
fn the_redirect_uri_depends_on_the_region() {
    let recorder = Recorder::start();
    let home = oauth(
        &recorder,
        "redirect_uri = \"https://relay-{region}.example.com/back\"",
        "[[integrations.x.parameters]]\nname = \"region\"\nchoices = { \"Europe\" = \"eu\", \"America\" = \"us\" }",
    );
    for (typed, told) in [
        ("region=Europe", "https://relay-eu.example.com/back"),
        ("region=us", "https://relay-us.example.com/back"),
    ] {
        let (_process, link) = waiting(&home, &["--param", typed]);
        assert_eq!(parameter(&link, "redirect_uri").as_deref(), Some(told));
    }
    let run = home
        .hallpass(&["connect", "x", "--param", "region=asia"])
        .run()
        .fails_with(2);
    assert!(run.stderr.contains("Europe"), "{run}");
}
