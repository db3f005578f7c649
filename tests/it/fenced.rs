//! A credential goes to the origins it was connected for, whatever names another: a URL on the command
//! line, a redirect, a definition that changed. Beside the provider stands a trap, which nothing may
//! reach at all.

use crate::support::{Home, Recorder, Reply};

/// A home in which `x` is connected to the provider, and called it for the test at the end.
fn connected(provider: &Recorder) -> Home {
    let home = provider.home(
        r#"
[integrations.x.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "ORIGIN/authorize"
token_url = "ORIGIN/token"
revocation_url = "ORIGIN/revoke"
client_id = "client-not-real"
client_secret = "client-secret-not-real"
refresh.url = "ORIGIN/again/token"
lookup.url = "ORIGIN/lookup"
[[integrations.x.auth.steps]]
url = "ORIGIN/step"
on = ["connect", "refresh"]
[integrations.x.api]
base_url = "ORIGIN/v1"
test = "/me"
"#,
    );
    home.connect("x");
    home
}

/// What may be written in the place of a path, `GOOD` being the provider's host and port and `TRAP`
/// another's.
const HOSTILE: [&str; 34] = [
    "http://TRAP/",
    "HTTP://TRAP/",
    "https://TRAP/",
    "http:/TRAP/",
    "http:TRAP/",
    "http:///TRAP/",
    "http:\\\\TRAP\\",
    "http://GOOD@TRAP/",
    "http://GOOD:x@TRAP/",
    "http://user:pw@GOOD/",
    "http://GOOD\\@TRAP/",
    "http://TRAP\\@GOOD/",
    "http://GOOD#@TRAP/",
    "http://GOOD?@TRAP/",
    "http://GOOD%40TRAP/",
    "http://GOOD%2f@TRAP/",
    "//TRAP/",
    "///TRAP/",
    "\\\\TRAP/",
    "/\\TRAP/",
    "@TRAP/",
    ":x@TRAP/",
    ".TRAP/",
    "/..//TRAP/",
    "/../../../../TRAP/",
    "/%2e%2e/%2e%2e/",
    " http://TRAP/",
    "\thttp://TRAP/",
    "ht\ttp://TRAP/",
    "h\nttp://TRAP/",
    "http://TRAP\u{2024}/",
    "http://localhost:PORT/",
    "http://[::1]:PORT/",
    "file:///etc/hostname",
];

#[test]
fn no_way_of_writing_a_target_reaches_another_host() {
    let (provider, trap) = (Recorder::start(), Recorder::start());
    let home = connected(&provider);
    let host = |recorder: &Recorder| recorder.origin().replace("http://", "");
    let port = host(&provider).rsplit_once(':').unwrap().1.to_owned();
    for target in HOSTILE {
        let target = target
            .replace("GOOD", &host(&provider))
            .replace("TRAP", &host(&trap))
            .replace("PORT", &port);
        let before = provider.asked().len();
        let run = home.hallpass(&["request", "x", "--", &target]).run();
        assert!(trap.asked().is_empty(), "{target:?}: {:?}", trap.asked());
        let asked = provider.asked().split_off(before);
        match run.code {
            // Refused before anything is sent.
            Some(2) => assert!(asked.is_empty(), "{target:?}: {asked:?}"),
            // Taken for what it also is: a path, at the API's own host.
            Some(0) => {
                assert_eq!(asked.len(), 1, "{target:?}");
                let said = asked[0].header("host").unwrap();
                assert_eq!(said, host(&provider), "{target:?}");
            }
            _ => panic!("{target:?}\n{run}"),
        }
    }
    // What is of the same origin is, however it is written.
    let same = provider
        .origin()
        .replace("http://127.0.0.1", "HTTP://127.1");
    home.hallpass(&["request", "x", &same]).run().ok();
}

#[test]
fn no_redirect_takes_a_credential_along() {
    let trap = Recorder::start();
    let to = format!("{}/caught", trap.origin());
    for path in [
        "/token",
        "/again/token",
        "/revoke",
        "/lookup",
        "/step",
        "/v1/me",
    ] {
        for status in [301, 302, 303, 307, 308] {
            let to = to.clone();
            let provider = Recorder::answering(move |asked, before| {
                // The first of each is let through where connecting needs it.
                let redirects = asked.path == path
                    && (before > 0 || path == "/revoke" || path == "/again/token");
                redirects.then(|| Reply::text(status, "text/plain", "").with("Location", &to))
            });
            let home = connected(&provider);
            for args in [
                ["token", "x", "--refresh"].as_slice(),
                &["test", "x"],
                &["request", "x", "/me"],
                &["disconnect", "x"],
            ] {
                home.hallpass(args).run();
            }
            let redirected = provider.asked_at(path).len();
            assert!(redirected > 0, "{path}: nobody asked");
            assert!(
                trap.asked().is_empty(),
                "{status} at {path}: {:?}",
                trap.asked()
            );
        }
    }
}

#[test]
fn a_definition_that_names_another_origin_anywhere_gets_nothing() {
    let (provider, trap) = (Recorder::start(), Recorder::start());
    let home = connected(&provider);
    let text = std::fs::read_to_string(home.path().join("integrations.toml")).unwrap();
    let before = provider.asked().len();
    let ends = [
        "/token",
        "/revoke",
        "/again/token",
        "/lookup",
        "/step",
        "/v1",
    ];
    for end in ends {
        let from = format!("\"{}{end}\"", provider.origin());
        let to = format!("\"{}{end}\"", trap.origin());
        let moved = text.replace(&from, &to);
        assert_ne!(moved, text, "{end} is not there");
        home.write("integrations.toml", &moved);
        for args in [
            ["token", "x"].as_slice(),
            &["token", "x", "--refresh"],
            &["request", "x", "/me"],
            &["test", "x"],
            &["disconnect", "x"],
        ] {
            let run = home.hallpass(args).run().fails_with(4);
            let (old, new) = (provider.origin(), trap.origin());
            assert!(
                run.stderr.contains(old) && run.stderr.contains(new),
                "{run}"
            );
        }
        // Connecting would send the client's secret, and gives the old connection up only when told.
        let run = home
            .hallpass(&["connect", "x"])
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run()
            .fails_with(4);
        assert!(run.stderr.contains("hallpass connect x@NAME"), "{run}");
        assert!(trap.asked().is_empty(), "{end}: {:?}", trap.asked());
    }
    assert_eq!(provider.asked().len(), before, "nothing at all was sent");
    home.write("integrations.toml", &text);
    home.hallpass(&["request", "x", "/me"]).run().ok();
}

#[test]
fn another_client_gets_no_refresh_token() {
    let provider = Recorder::start();
    let home = connected(&provider);
    home.edit(|text| text.replace("client-not-real", "another-client-not-real"));
    let before = provider.asked().len();
    let run = home
        .hallpass(&["token", "x", "--refresh"])
        .run()
        .fails_with(4);
    assert!(run.stderr.contains("another-client-not-real"), "{run}");
    assert_eq!(provider.asked().len(), before);
}

#[test]
fn what_stays_on_this_machine_goes_through_no_proxy() {
    let (provider, trap) = (Recorder::start(), Recorder::start());
    let home = connected(&provider);
    for args in [
        ["token", "x", "--refresh"].as_slice(),
        &["request", "x", "/me"],
        &["test", "x"],
        &["disconnect", "x"],
    ] {
        let names = [
            "HTTP_PROXY",
            "http_proxy",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "all_proxy",
        ];
        names
            .iter()
            .fold(home.hallpass(args), |cmd, name| {
                cmd.env(name, trap.origin())
            })
            .run()
            .ok();
    }
    assert!(trap.asked().is_empty(), "{:?}", trap.asked());
}
