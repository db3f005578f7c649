//! The device code grant (RFC 8628), by the binary: how a person consents elsewhere and every way
//! that ends; in `endpoints` where the code comes from, in `providers` what providers answer, in `terminal` what a person sees.

mod endpoints;
mod providers;
#[cfg(unix)]
mod terminal;

use serde_json::{Value, json};

use crate::support::{Cmd, Home, Provider, Running, http};

/// A connect that waits for its code to be entered.
struct Waiting {
    process: Running,
    page: String,
    code: String,
}

impl Waiting {
    #[track_caller]
    fn start(connect: Cmd) -> Waiting {
        let mut process = connect.spawn();
        let page = process.wait_for_stderr(|line| line.starts_with("http"));
        let code = process.wait_for_stderr(|line| line.starts_with("    "));
        let code = code.trim().to_owned();
        Waiting {
            process,
            page,
            code,
        }
    }
}

/// What `list --json` says of a connection.
#[track_caller]
fn listed(home: &Home, connection: &str) -> Value {
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    let rows = list.as_array().unwrap();
    let row = rows.iter().find(|row| row["connection"] == connection);
    row.expect("a row").clone()
}

/// The paths that were asked for.
fn paths(provider: &Provider) -> Vec<String> {
    let log = provider.log();
    let paths = log.iter().map(|entry| entry["path"].as_str().unwrap());
    paths.map(str::to_owned).collect()
}

/// A sandbox, and a home in which `sandbox` may also be connected with a code.
fn both_ways(provider: &Provider) -> Home {
    let home = provider.home();
    let device = format!(
        "device_authorization_url = \"{}/device_authorization\"\nclient_id = \"sandbox-device\"",
        provider.issuer()
    );
    home.edit(|text| text.replacen("client_id = \"sandbox-app\"", &device, 1));
    home
}

#[test]
fn a_code_is_shown_with_its_link_and_whoever_enters_it_connects() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(home.hallpass(&["connect", "sandbox-device"]));
    assert_eq!(waiting.page, format!("{}/device", provider.issuer()));
    let done = http::enter_code(&waiting.page, &waiting.code, "allow");
    assert!(done.contains("Your device goes on by itself"), "{done}");
    let run = waiting.process.wait().ok();
    assert_eq!(run.stdout, "");
    let complete = format!("\n{}?user_code={}\n", waiting.page, waiting.code);
    assert!(run.stderr.contains(&complete), "{run}");
    assert!(
        run.stderr.contains("(the code is good for 15 minutes)"),
        "{run}"
    );
    assert!(run.stderr.contains("as sandbox-user"), "{run}");
    assert!(
        !run.stderr.contains('\u{1b}'),
        "no colour, no drawing: {run}"
    );

    let row = listed(&home, "sandbox-device");
    assert_eq!(row["grant"], "device_code");
    assert_eq!(row["state"], "connected");
    assert_eq!(row["scopes"], json!(["profile", "notes:read"]));
    let token = home.token("sandbox-device");
    home.hallpass(&["token", "sandbox-device", "--refresh"])
        .run()
        .ok();
    assert_ne!(home.token("sandbox-device"), token);
    home.hallpass(&["disconnect", "sandbox-device"]).run().ok();
}

#[test]
fn the_browser_gets_the_link_that_has_the_code_in_it() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let run = home.connect("sandbox-device");
    assert!(
        run.stderr.contains("and see that it shows this code:"),
        "{run}"
    );
    // The same in a job, for whom somebody is named.
    home.hallpass(&["connect", "sandbox-device"])
        .env("CI", "true")
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
    home.hallpass(&[
        "connect",
        "sandbox-device@printed",
        "--no-browser",
        "--timeout",
        "50ms",
    ])
    .env("HALLPASS_BROWSER", Home::sandbox_person())
    .run()
    .fails_with(4);
}

#[test]
fn quietly_there_is_the_link_and_the_code_and_nothing_else() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let connect = home.hallpass(&["connect", "sandbox-device", "--quiet"]);
    let waiting = Waiting::start(connect);
    http::enter_code(&waiting.page, &waiting.code, "allow");
    let run = waiting.process.wait().ok();
    assert_eq!(
        run.stderr,
        format!("{}\n    {}\n", waiting.page, waiting.code)
    );
}

#[test]
fn whoever_denies_a_device_is_5_and_nothing_is_kept() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(home.hallpass(&["connect", "sandbox-device"]));
    http::enter_code(&waiting.page, &waiting.code, "deny");
    let run = waiting.process.wait().fails_with(5);
    assert!(
        run.stderr.contains("`access_denied`: the person said no"),
        "{run}"
    );
    home.hallpass(&["token", "sandbox-device"])
        .run()
        .fails_with(4);
}

#[test]
fn a_code_that_expires_is_4_whoever_notices() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(home.hallpass(&["connect", "sandbox-device"]));
    provider.control(&json!({ "expire_device_codes": true }));
    let run = waiting.process.wait().fails_with(4);
    assert!(run.stderr.contains("the code expired before"), "{run}");
    assert!(
        run.stderr
            .contains("run `hallpass connect sandbox-device` again"),
        "{run}"
    );

    // Our own clock, where the provider is not asked again in time.
    provider.control(&json!({ "device_ttl": 1, "device_interval": 60 }));
    let polls = provider.count("urn:ietf:params:oauth:grant-type:device_code");
    let run = home
        .hallpass(&["connect", "sandbox-device"])
        .run()
        .fails_with(4);
    assert!(run.stderr.contains("the code expired before"), "{run}");
    let after = provider.count("urn:ietf:params:oauth:grant-type:device_code");
    assert_eq!(
        after, polls,
        "nothing was asked before the interval was over"
    );
}

#[test]
fn the_timeout_bounds_the_wait_for_a_device() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let args = ["connect", "sandbox-device", "--timeout", "50ms"];
    let run = home.hallpass(&args).run().fails_with(4);
    assert!(
        run.stderr.contains("nobody approved it within 50ms"),
        "{run}"
    );
    home.write("config.toml", "connect_timeout = \"60ms\"\n");
    let run = home.hallpass(&args[..2]).run().fails_with(4);
    assert!(
        run.stderr.contains("nobody approved it within 60ms"),
        "{run}"
    );
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_wait_for_a_device_at_once() {
    use rustix::process::Signal;
    let provider = Provider::start(&[]);
    provider.control(&json!({ "device_interval": 300 }));
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let home = provider.home();
        let waiting = Waiting::start(home.hallpass(&["connect", "sandbox-device"]));
        waiting.process.signal(signal);
        let run = waiting.process.wait().fails_with(code);
        assert!(run.stderr.contains("connecting `sandbox-device`"), "{run}");
    }
}

#[test]
fn with_nobody_there_a_device_is_4_at_once_and_no_code_is_asked_for() {
    let provider = Provider::start(&[]);
    let home = both_ways(&provider);
    for args in [
        ["connect", "sandbox-device"].as_slice(),
        &["connect", "sandbox", "--device"],
    ] {
        for (name, flags) in [("CI", [].as_slice()), ("X", &["--no-input"])] {
            let args = [args, flags].concat();
            let run = home.hallpass(&args).env(name, "true").run().fails_with(4);
            assert!(run.stderr.contains("needs a person"), "{run}");
        }
    }
    assert!(provider.log().is_empty(), "{:?}", provider.log());
}

#[test]
fn a_code_can_be_asked_for_beside_a_link_and_what_came_of_it_is_renewed_alike() {
    let provider = Provider::start(&[]);
    let home = both_ways(&provider);
    home.hallpass(&["connect", "sandbox", "--device"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
    let seen = paths(&provider);
    assert!(!seen.contains(&"/authorize".to_owned()), "{seen:?}");
    assert_eq!(listed(&home, "sandbox")["grant"], "device_code");
    let status = home.hallpass(&["status", "sandbox"]).run().ok();
    assert!(
        status.stdout.contains("grant        device_code"),
        "{status}"
    );
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    home.hallpass(&["doctor", "sandbox"]).run().ok();

    // By the link again, under a definition that then knows the code alone.
    home.connect("sandbox");
    assert_eq!(listed(&home, "sandbox")["grant"], "authorization_code");
    home.edit(|text| text.replacen("\"authorization_code\"", "\"device_code\"", 1));
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    assert_eq!(listed(&home, "sandbox")["grant"], "authorization_code");
    home.hallpass(&["doctor", "sandbox"]).run().ok();

    // What needs nobody is another thing.
    home.edit(|text| text.replacen("\"device_code\"", "\"client_credentials\"", 1));
    assert_eq!(listed(&home, "sandbox")["grant"], "client_credentials");
}

#[test]
fn a_code_where_none_is_to_be_had_is_2_and_says_what_to_add() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let refused = |args: &[&str], says: &str| {
        let run = home.hallpass(args).run().fails_with(2);
        assert!(run.stderr.contains(says), "{run}");
    };
    refused(
        &["connect", "sandbox", "--device"],
        "add `device_authorization_url = \"https://…\"` to the definition of `sandbox`",
    );
    refused(
        &["connect", "sandbox-service", "--device"],
        "leave `--device` out",
    );
    refused(
        &["connect", "sandbox-device", "--paste"],
        "leave `--paste` out",
    );
    refused(
        &["connect", "sandbox", "--device", "--paste"],
        "cannot be used with",
    );
    assert!(provider.log().is_empty());
    // The flag says again what such a definition says anyway.
    home.hallpass(&["connect", "sandbox-device", "--device"])
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
}

#[test]
fn the_device_endpoint_is_discovered() {
    let provider = Provider::start(&[]);
    for (grant, flags) in [
        ("device_code", [].as_slice()),
        ("authorization_code", &["--device"]),
    ] {
        let home = Home::new();
        home.write(
            "integrations.toml",
            &format!(
                "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"{grant}\"\nissuer = \"{0}\"\n\
                 client_id = \"sandbox-device\"\n[integrations.x.api]\nbase_url = \"{0}\"\ntest = \"/me\"\n",
                provider.issuer()
            ),
        );
        let args = [&["connect", "x"], flags].concat();
        home.hallpass(&args)
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run()
            .ok();
        home.hallpass(&["token", "x", "--refresh"]).run().ok();
    }
}

#[test]
fn the_device_code_is_never_told() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let connect = home.hallpass(&["connect", "sandbox-device", "-vv"]);
    let run = connect
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
        .ok();
    assert!(!run.stderr.contains("sbx_"), "{run}");
    assert!(home.files_with("sbx_dc_").is_empty());
}
