//! Pushed authorization requests (RFC 9126): used where the issuer demands it or the definition names
//! the endpoint, and how each failure of it ends.

use std::time::Duration;

use serde_json::json;

use crate::support::{CONSENT, Home, Provider, Recorder, Reply, http};

fn by_issuer(issuer: &str, more: &str) -> Home {
    let home = Home::new();
    home.write(
        "integrations.toml",
        &format!(
            "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"authorization_code\"\nissuer = \"{issuer}\"\n\
             scopes = [\"profile\"]\n{more}\n[integrations.x.api]\nbase_url = \"{issuer}\"\ntest = \"/me\"\n"
        ),
    );
    home
}

fn asked(provider: &Provider, path: &str) -> usize {
    let log = provider.log();
    log.iter().filter(|entry| entry["path"] == path).count()
}

/// The link that a connect shows.
fn link(stderr: &str) -> url::Url {
    let line = stderr.lines().find(|line| line.starts_with("http://"));
    url::Url::parse(line.expect("a link")).unwrap()
}

fn names(link: &url::Url) -> Vec<String> {
    let pairs = link.query_pairs();
    pairs.map(|(name, _)| name.into_owned()).collect()
}

#[test]
fn an_issuer_that_demands_it_gets_the_request_itself_and_the_browser_a_reference() {
    let provider = Provider::start(&[]);
    for client in [
        "client_id = \"sandbox-app\"",
        // By Basic, which has the id in the header: it still stands in the form.
        "client_id = \"sandbox-service\"\nclient_secret = { env = \"APP_SECRET\" }",
        "client_id = \"sandbox-service\"\nclient_secret = { env = \"APP_SECRET\" }\nclient_auth = \"body\"",
    ] {
        let home = by_issuer(provider.issuer(), client);
        let before = asked(&provider, "/par");
        provider.control(&json!({ "require_pushed_requests": true }));
        let run = home
            .hallpass(&["connect", "x"])
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .env("APP_SECRET", "sandbox-secret-not-real")
            .run()
            .ok();
        assert_eq!(asked(&provider, "/par"), before + 1, "{run}");
        let link = link(&run.stderr);
        assert_eq!(names(&link), ["client_id", "request_uri"], "{link}");
        assert!(run.stderr.contains("The link is good for 1m."), "{run}");
        // An issuer that only offers it is asked as ever.
        provider.control(&json!({ "require_pushed_requests": false }));
        let run = home
            .hallpass(&["connect", "x@plain"])
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .env("APP_SECRET", "sandbox-secret-not-real")
            .run()
            .ok();
        assert_eq!(asked(&provider, "/par"), before + 1, "{run}");
        assert!(!run.stderr.contains("The link is good"), "{run}");
    }
}

#[test]
fn a_definition_that_names_the_endpoint_has_every_parameter_pushed_there() {
    let recorder = Recorder::answering(|asked, _| {
        (asked.path == "/par").then(|| {
            let answer = json!({ "request_uri": "urn:x:a b&c#d-not-real".replace(' ', "+"), "expires_in": "600" });
            Reply::json(201, &answer)
        })
    });
    let home = recorder.home(&CONSENT.replace("#more", "\
        client_secret = { env = \"APP_SECRET\" }\nscopes = [\"a\", \"b\"]\n\
        pushed_authorization_request_url = \"ORIGIN/par\"\n\
        authorization_params = { audience = \"api\", code_challenge_method = false, tenant = \"own\" }").replace(
        "ORIGIN/authorize", "ORIGIN/authorize?tenant=t&theme=dark"));
    let mut process = home
        .hallpass(&["connect", "x", "--timeout", "5m", "--no-test"])
        .env("APP_SECRET", "app-secret-not-real")
        .stdin_open()
        .spawn();
    let link = process.wait_for_stderr(|line| line.starts_with("http://"));
    let link = url::Url::parse(&link).unwrap();
    // What the URL has of its own stays in it; the rest is behind the reference.
    assert_eq!(
        names(&link),
        ["tenant", "theme", "client_id", "request_uri"]
    );
    let uri = link.query_pairs().find(|(name, _)| name == "request_uri");
    assert_eq!(uri.unwrap().1, "urn:x:a+b&c#d-not-real");
    let pushed = recorder.last("/par");
    assert_eq!(pushed.method, "POST");
    assert_eq!(pushed.basic().as_deref(), Some("id:app-secret-not-real"));
    let form = |name: &str| pushed.form(name).unwrap_or_default();
    assert_eq!(form("client_id"), "id");
    assert_eq!(form("response_type"), "code");
    assert_eq!(form("scope"), "a b");
    assert_eq!(form("audience"), "api");
    assert_eq!(form("tenant"), "own");
    assert_eq!(form("code_challenge").len(), 43);
    assert!(form("redirect_uri").starts_with("http://127.0.0.1:"));
    for absent in [
        "theme",
        "code_challenge_method",
        "client_secret",
        "request_uri",
    ] {
        assert_eq!(pushed.form(absent), None, "{absent}");
    }
    // The provider leads back, with the state that only it and we know.
    let back = format!(
        "{}?code=code-1&state={}",
        form("redirect_uri"),
        form("state")
    );
    assert!(!link.as_str().contains(&form("state")));
    http::open(&back);
    let run = process.wait().ok();
    // Longer than anybody waits here.
    assert!(!run.stderr.contains("The link is good"), "{run}");
    assert!(recorder.last("/token").form("code_verifier").is_some());
}

#[test]
fn a_parameter_that_stands_several_times_is_pushed_as_often() {
    let recorder = Recorder::answering(|asked, _| {
        let answer = json!({ "request_uri": "urn:x:1-not-real", "expires_in": 60 });
        (asked.path == "/par").then(|| Reply::json(201, &answer))
    });
    let home = recorder.home(&CONSENT.replace(
        "#more",
        "pushed_authorization_request_url = \"ORIGIN/par\"\n\
         authorization_params = { resource = [\"https://a.example\", \"https://b.example\"] }",
    ));
    home.hallpass(&["connect", "x", "--timeout", "50ms"])
        .run()
        .fails_with(4);
    let pushed = recorder.last("/par").body;
    let pairs = url::form_urlencoded::parse(pushed.as_bytes());
    let resources: Vec<_> = pairs
        .filter(|(name, _)| name == "resource")
        .map(|(_, value)| value)
        .collect();
    // RFC 8707 section 2.
    assert_eq!(resources, ["https://a.example", "https://b.example"]);
}

#[test]
fn a_route_in_the_authorization_url_gets_the_reference() {
    let recorder = Recorder::answering(|asked, _| {
        let answer = json!({ "request_uri": "urn:x:1-not-real", "expires_in": 60 });
        (asked.path == "/par").then(|| Reply::json(201, &answer))
    });
    let home = recorder.home(
        &CONSENT
            .replace("ORIGIN/authorize", "ORIGIN/app#/login")
            .replace("#more", "pushed_authorization_request_url = \"ORIGIN/par\""),
    );
    let run = home
        .hallpass(&["connect", "x", "--timeout", "50ms"])
        .run()
        .fails_with(4);
    let link = link(&run.stderr);
    assert_eq!(
        link.fragment(),
        Some("/login?client_id=id&request_uri=urn%3Ax%3A1-not-real")
    );
    assert_eq!(link.query(), None);
}

#[test]
fn a_no_is_5_and_an_answer_of_no_use_is_6() {
    let cases: [(u16, &str, i32, &str); 10] = [
        (
            400,
            r#"{"error":"invalid_request","error_description":"no such thing"}"#,
            5,
            "no such thing",
        ),
        (401, r#"{"error":"invalid_client"}"#, 5, "`client_auth`"),
        (400, r#"{"error":"invalid_scope"}"#, 5, "`scopes`"),
        (403, "", 5, "HTTP 403"),
        (201, "{}", 6, "it names no `request_uri`"),
        (
            201,
            r#"{"request_uri":"","expires_in":60}"#,
            6,
            "it names no `request_uri`",
        ),
        (
            201,
            r#"{"request_uri":"urn:\u001b[2Jx","expires_in":60}"#,
            6,
            "it names no `request_uri`",
        ),
        (201, "<html>", 6, "it names no `request_uri`"),
        (404, "not here", 6, "`pushed_authorization_request_url`"),
        (500, r#"{"error":"server_error"}"#, 6, "server_error"),
    ];
    for (status, body, code, said) in cases {
        let recorder = Recorder::answering(move |asked, _| {
            (asked.path == "/par").then(|| Reply::text(status, "application/json", body))
        });
        let more = "pushed_authorization_request_url = \"ORIGIN/par\"";
        let home = recorder.home(&CONSENT.replace("#more", more));
        let run = home.hallpass(&["connect", "x"]).run().fails_with(code);
        assert!(run.stderr.contains("could not be pushed"), "{run}");
        assert!(run.stderr.contains(said), "{body}: {run}");
        // Nobody is sent to a page that could not work.
        assert!(!run.stderr.contains("/authorize"), "{run}");
        assert!(!run.stderr.contains('\u{1b}'), "{run}");
    }
}

#[test]
fn a_pushed_request_follows_no_redirect_and_its_refusal_repeats_no_secret() {
    let elsewhere = Recorder::start();
    let to = elsewhere.origin().to_owned();
    let recorder = Recorder::answering(move |asked, before| match (asked.path.as_str(), before) {
        ("/par", 0) => Some(Reply::redirect(&to)),
        ("/par", _) => {
            let words = format!("not with {}", asked.body);
            let answer = json!({ "error": "invalid_request", "error_description": words });
            Some(Reply::json(400, &answer))
        }
        _ => None,
    });
    let more = "pushed_authorization_request_url = \"ORIGIN/par\"\nclient_auth = \"body\"\n\
                client_secret = { env = \"APP_SECRET\" }";
    let home = recorder.home(&CONSENT.replace("#more", more));
    for (code, said) in [(6, "secrets follow no redirect"), (5, "not with")] {
        let run = home
            .hallpass(&["connect", "x", "-vv"])
            .env("APP_SECRET", "app-secret-not-real")
            .run()
            .fails_with(code);
        assert!(run.stderr.contains(said), "{run}");
        assert!(!run.stderr.contains("app-secret-not-real"), "{run}");
    }
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn a_reference_that_has_expired_is_the_providers_no() {
    let provider = Provider::start(&[]);
    provider.control(&json!({ "require_pushed_requests": true, "pushed_ttl": 0 }));
    let home = by_issuer(provider.issuer(), "client_id = \"sandbox-app\"");
    let mut process = home
        .hallpass(&["connect", "x", "--timeout", "2s"])
        .stdin_open()
        .spawn();
    let link = process.wait_for_stderr(|line| line.starts_with("http://"));
    process.wait_for_stderr(|line| line.starts_with("The link is good for 0s."));
    let page = http::open(&link).body;
    assert!(page.contains("has expired"), "{page}");
    // The person saw why; nobody comes back.
    process.wait().fails_with(4);
}

#[test]
fn an_issuer_that_demands_it_and_names_no_endpoint_is_6() {
    let recorder = Recorder::answering(|asked, _| {
        let origin = format!("http://{}", asked.header("host").unwrap_or_default());
        let metadata = json!({
            "issuer": origin,
            "authorization_endpoint": format!("{origin}/authorize"),
            "token_endpoint": format!("{origin}/token"),
            "require_pushed_authorization_requests": true,
        });
        let wanted = asked.path.starts_with("/.well-known/");
        wanted.then(|| Reply::json(200, &metadata))
    });
    let home = by_issuer(recorder.origin(), "client_id = \"id\"");
    let run = home.hallpass(&["connect", "x"]).run().fails_with(6);
    assert!(
        run.stderr
            .contains("names no `pushed_authorization_request_endpoint`"),
        "{run}"
    );
}

#[test]
fn the_endpoint_is_pinned_whoever_names_it() {
    let provider = Provider::start(&[]);
    let home = by_issuer(provider.issuer(), "client_id = \"sandbox-app\"");
    home.connect("x");
    let other = Recorder::start();
    let named = format!(
        "pushed_authorization_request_url = \"{}/par\"\nclient_id",
        other.origin()
    );
    home.edit(|text| text.replace("client_id", &named));
    for args in [["token", "x"], ["connect", "x"]] {
        let run = home
            .hallpass(&args)
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run()
            .fails_with(4);
        assert!(run.stderr.contains(other.origin()), "{run}");
    }
    assert!(other.asked().is_empty(), "nothing was sent");

    // By metadata: an issuer whose document leads elsewhere is another place to send secrets to.
    let par = other.origin().to_owned();
    let issuer = Recorder::answering(move |asked, _| {
        let origin = format!("http://{}", asked.header("host").unwrap_or_default());
        let metadata = json!({
            "issuer": origin,
            "authorization_endpoint": format!("{origin}/authorize"),
            "token_endpoint": format!("{origin}/token"),
            "pushed_authorization_request_endpoint": format!("{par}/par"),
        });
        let wanted = asked.path.starts_with("/.well-known/");
        wanted.then(|| Reply::json(200, &metadata))
    });
    let home = by_issuer(issuer.origin(), "client_id = \"id\"");
    home.connect_untested("x");
    let status = home.hallpass(&["status", "x", "--json"]).run().ok();
    assert!(status.stdout.contains(other.origin()), "{status}");
}

#[test]
fn a_provider_that_hangs_over_a_push_is_waited_for_only_so_long() {
    let recorder = Recorder::answering(|asked, _| {
        let slow = Reply::text(201, "application/json", &"x".repeat(1_000));
        (asked.path == "/par").then(|| slow.dripping(Duration::from_millis(100)))
    });
    let more = "pushed_authorization_request_url = \"ORIGIN/par\"";
    let home = recorder.home(&CONSENT.replace("#more", more));
    home.write("config.toml", "http_timeout = \"500ms\"\n");
    let run = home.hallpass(&["connect", "x"]).run().fails_with(6);
    assert!(run.stderr.contains("could not be pushed"), "{run}");
}
