//! `tls = { certificate, key }`: the certificate is shown to the provider and the API of the definition
//! that names it, and nowhere else.

pub mod server;
mod sources;

use serde_json::json;

use crate::support::{Cmd, Home, Recorder, Reply, Run};
use server::{Asks, Server, client};

/// The authority of the test servers.
pub const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/loopback-ca.pem");

/// A home with these definitions, in which `ORIGIN` is the server, beside the client's and a
/// stranger's certificate and key.
pub fn home(server: &Server, definitions: &str) -> Home {
    let home = Home::new();
    home.write(
        "integrations.toml",
        &definitions.replace("ORIGIN", &server.origin),
    );
    home.write("client.pem", include_str!("../keys/client.pem"));
    home.write("client.key.pem", include_str!("../keys/client.key.pem"));
    home.write("stranger.pem", include_str!("../keys/stranger.pem"));
    home.write("stranger.key.pem", include_str!("../keys/stranger.key.pem"));
    home
}

fn hallpass(home: &Home, args: &[&str]) -> Cmd {
    home.hallpass(args).env("SSL_CERT_FILE", AUTHORITY)
}

/// Runs the binary in such a home; it trusts the server.
pub fn run(home: &Home, args: &[&str]) -> Run {
    hallpass(home, args).run()
}

const BY_FILE: &str =
    "tls = { certificate = { file = \"client.pem\" }, key = { file = \"client.key.pem\" } }";

/// A service that shows a certificate, and an API that wants one too.
const SERVICE: &str = r#"
[integrations.x.auth]
type = "oauth2"
grant = "client_credentials"
token_url = "ORIGIN/token"
revocation_url = "ORIGIN/revoke"
client_id = "id-1"
client_auth = "mtls"
refresh = { from = "refresh_token" }
tls = { certificate = { file = "client.pem" }, key = { file = "client.key.pem" } }
[integrations.x.api]
base_url = "ORIGIN/api"
test = "/me"
account = "login"
"#;

#[test]
fn the_provider_and_the_api_see_the_certificate_in_every_call() {
    let server = Server::start(Asks::Insists);
    let home = home(&server, SERVICE);
    run(&home, &["connect", "x"]).ok();
    run(&home, &["token", "x", "--refresh"]).ok();
    let tested = run(&home, &["test", "x"]).ok();
    assert!(tested.stdout.contains("as who"), "{tested}");
    run(&home, &["request", "x", "/things", "-d", "a=b"]).ok();
    run(&home, &["disconnect", "x"]).ok();
    let seen = server.seen();
    let paths = server.paths();
    for path in ["/token", "/api/me", "/api/things", "/revoke"] {
        assert!(paths.iter().any(|seen| seen == path), "{path}: {paths:?}");
    }
    for seen in &seen {
        assert_eq!(seen.certificate.as_ref(), Some(&client()), "{}", seen.path);
    }
    // The client says who it is, and proves it by nothing else.
    for seen in seen.iter().filter(|seen| !seen.path.starts_with("/api")) {
        assert!(seen.body.contains("client_id=id-1"), "{seen:?}");
        assert!(!seen.body.contains("client_secret"), "{seen:?}");
        assert!(!seen.body.contains("client_assertion"), "{seen:?}");
        let head = seen.head.to_ascii_lowercase();
        assert!(!head.contains("authorization:"), "{seen:?}");
    }
}

#[test]
fn an_api_key_and_no_credential_at_all_go_with_a_certificate_too() {
    let server = Server::start(Asks::Insists);
    let home = home(
        &server,
        &format!(
            "[integrations.k.auth]\ntype = \"api_key\"\napi_key = {{ env = \"KEY\" }}\n{BY_FILE}\n\
             [integrations.k.api]\nbase_url = \"ORIGIN\"\n\
             [integrations.n.auth]\ntype = \"none\"\n{BY_FILE}\n[integrations.n.api]\nbase_url = \"ORIGIN\"\n"
        ),
    );
    let request = hallpass(&home, &["request", "k", "/a"]);
    request.env("KEY", "key-not-real").run().ok();
    run(&home, &["request", "n", "/b"]).ok();
    assert_eq!(server.paths(), ["/a", "/b"]);
    assert!(server.seen()[0].head.contains("key-not-real"));
    for seen in server.seen() {
        assert_eq!(seen.certificate, Some(client()));
    }
}

#[test]
fn who_shows_no_certificate_or_a_strangers_is_told_what_it_may_be() {
    let server = Server::start(Asks::Insists);
    for tls in ["", &BY_FILE.replace("client.", "stranger.")] {
        let home = home(
            &server,
            &format!(
                "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"client_credentials\"\n\
                 token_url = \"ORIGIN/token\"\nclient_id = \"id\"\nclient_secret = \"s3cret-not-real\"\n{tls}\n\
                 [integrations.x.api]\nbase_url = \"ORIGIN\"\n\
                 [integrations.k.auth]\ntype = \"api_key\"\napi_key = \"key-not-real\"\n{tls}\n\
                 [integrations.k.api]\nbase_url = \"ORIGIN\"\ntest = \"/me\"\n"
            ),
        );
        for args in [
            ["token", "x"].as_slice(),
            &["request", "k", "/me"],
            &["test", "k"],
        ] {
            let run = run(&home, args).fails_with(6);
            assert!(run.stderr.contains("client certificate"), "{run}");
            assert!(run.stderr.contains("auth.tls"), "{run}");
        }
    }
    assert!(server.seen().is_empty(), "nobody was let in");
}

#[test]
fn nobody_else_sees_the_certificate() {
    let other = Server::start(Asks::Takes);
    let to = format!("{}/taken", other.origin);
    let server = Server::redirecting(Asks::Takes, Some(to.clone()));
    let home = home(
        &server,
        &format!(
            "{SERVICE}[integrations.other.auth]\ntype = \"none\"\n\
             [integrations.other.api]\nbase_url = \"{}\"\n",
            other.origin
        ),
    );
    // Not a URL that is not the connection's, not along a redirect, not with another connection.
    run(&home, &["request", "x", &to]).fails_with(2);
    let moved = format!("{}/elsewhere", server.origin);
    run(&home, &["request", "x", &moved]).ok();
    let last = server.seen().pop().unwrap();
    assert_eq!(
        (last.path.as_str(), last.certificate),
        ("/elsewhere", Some(client()))
    );
    assert!(other.seen().is_empty());
    run(&home, &["request", "other", "/own"]).ok();
    let seen = other.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].certificate, None);
    // Nor does a definition without one show another's to the same server.
    let text = std::fs::read_to_string(home.path().join("integrations.toml")).unwrap();
    let text = text.replace(&other.origin, &server.origin);
    home.write("integrations.toml", &text);
    run(&home, &["request", "other", "/plain"]).ok();
    let plain = server.seen().pop().unwrap();
    assert_eq!((plain.path.as_str(), plain.certificate), ("/plain", None));
}

/// A server that has endpoints of their own for clients with a certificate (RFC 8705, section 5).
fn with_aliases(alias: &Server) -> Recorder {
    let alias = alias.origin.clone();
    Recorder::answering(move |asked, _| {
        let origin = format!("http://{}", asked.header("host")?);
        let says = json!({
            "issuer": origin,
            "token_endpoint": format!("{origin}/token"),
            "revocation_endpoint": format!("{origin}/revoke"),
            "mtls_endpoint_aliases": { "token_endpoint": format!("{alias}/mtls/token") },
        });
        let is_asked = asked.path.starts_with("/.well-known/");
        is_asked.then(|| Reply::json(200, &says))
    })
}

#[test]
fn endpoints_for_clients_with_a_certificate_are_used_and_pinned() {
    let alias = Server::start(Asks::Insists);
    let recorder = with_aliases(&alias);
    let text = SERVICE
        .replace(
            "token_url = \"ORIGIN/token\"",
            &format!("issuer = \"{}\"", recorder.origin()),
        )
        .replace("revocation_url = \"ORIGIN/revoke\"\n", "")
        .replace(
            "base_url = \"ORIGIN/api\"",
            &format!("base_url = \"{}\"", recorder.origin()),
        );
    let home = home(&alias, &text);
    run(&home, &["connect", "x", "--no-test"]).ok();
    assert_eq!(alias.paths(), ["/mtls/token"]);
    assert!(recorder.asked_at("/token").is_empty());
    let status = run(&home, &["status", "x", "--json"]).ok();
    assert!(status.stdout.contains(&alias.origin), "{status}");
    // What has no alias is where it always is.
    run(&home, &["disconnect", "x"]).ok();
    assert!(!recorder.asked_at("/revoke").is_empty());
    // Who shows no certificate has no use for them.
    let plain = text
        .replace(
            "client_auth = \"mtls\"",
            "client_secret = \"s3cret-not-real\"",
        )
        .lines()
        .filter(|line| !line.starts_with("tls ="))
        .collect::<Vec<_>>()
        .join("\n");
    home.write("integrations.toml", &plain);
    run(&home, &["token", "x"]).ok();
    assert_eq!(alias.paths().len(), 1);
    assert_eq!(recorder.asked_at("/token").len(), 1);
}

#[test]
fn doctor_says_how_long_a_certificate_is_good_and_what_is_wrong_with_one() {
    let server = Server::start(Asks::Insists);
    let home = home(&server, SERVICE);
    let run = run(&home, &["doctor", "x"]).ok();
    assert!(
        run.stdout
            .contains("client certificate of `x` is good until 2126-10-29"),
        "{run}"
    );
    assert!(
        run.stdout.contains("to those who show a certificate"),
        "{run}"
    );
    let stranger = SERVICE.replace("client.key.pem", "stranger.key.pem");
    home.write(
        "integrations.toml",
        &stranger.replace("ORIGIN", &server.origin),
    );
    let wrong = hallpass(&home, &["doctor", "x"]).run().exits(3);
    assert!(
        wrong.stdout.contains("`auth.tls.key` cannot be used"),
        "{wrong}"
    );
    let over = SERVICE.replace("\"client.pem\"", "\"expired.pem\"");
    home.write("integrations.toml", &over.replace("ORIGIN", &server.origin));
    home.write("expired.pem", include_str!("../keys/client.expired.pem"));
    let over = hallpass(&home, &["doctor", "x"]).run().exits(3);
    assert!(over.stdout.contains("ended at 2021-01-01"), "{over}");
    // Who has none to show is told that one is wanted.
    let lines = SERVICE.lines().filter(|line| !line.starts_with("tls"));
    let none = lines.collect::<Vec<_>>().join("\n");
    let none = none.replace("\"mtls\"", "\"none\"");
    home.write("integrations.toml", &none.replace("ORIGIN", &server.origin));
    let none = hallpass(&home, &["doctor", "x"]).run().exits(6);
    assert!(
        none.stdout.contains("for want of a client certificate"),
        "{none}"
    );
    assert!(none.stdout.contains("tls = { certificate"), "{none}");
    assert!(server.seen().is_empty());
}
