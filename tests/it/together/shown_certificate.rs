//! A client certificate together with bound tokens, actions and a definition that is extended.

use super::{all_different, claims};
use crate::mutual_tls::server::{Asks, Seen, Server, client};
use crate::mutual_tls::{home, run};

/// An app of a person's, and a service that takes from it all but the grant.
const EXTENDED: &str = r#"
[integrations.web.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "ORIGIN/authorize"
token_url = "ORIGIN/token"
revocation_url = "ORIGIN/revoke"
client_id = "id-1"
client_auth = "mtls"
dpop = true
tls = { certificate = { file = "client.pem" }, key = { file = "client.key.pem" } }
[integrations.web.api]
base_url = "ORIGIN/api"
test = "/me"
[integrations.web.actions.twice]
[[integrations.web.actions.twice.steps]]
path = "/one"
save = { who = "login" }
[[integrations.web.actions.twice.steps]]
path = "/two/{who}"

[integrations.x]
extends = "web"
[integrations.x.auth]
grant = "client_credentials"
"#;

fn proof(seen: &Seen) -> Option<String> {
    let mut lines = seen.head.lines();
    lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_proof = name.eq_ignore_ascii_case("dpop");
        is_proof.then(|| value.trim().to_owned())
    })
}

#[test]
fn a_bound_token_and_a_certificate_go_together_in_every_call_but_the_last() {
    let server = Server::start(Asks::Insists);
    let home = home(&server, EXTENDED);
    run(&home, &["token", "x", "--refresh"]).ok();
    run(&home, &["request", "x", "/things?a=b", "-d", "a=b"]).ok();
    run(&home, &["test", "x"]).ok();
    run(&home, &["request", "x", "--action", "twice"]).ok();
    run(&home, &["doctor", "x"]).ok();
    let status = run(&home, &["status", "x", "--json"]).ok().json();
    assert_eq!(status["dpop"], true, "{status}");
    run(&home, &["disconnect", "x"]).ok();
    let seen = server.seen();
    let paths: Vec<&str> = seen.iter().map(|seen| seen.path.as_str()).collect();
    for path in [
        "/token",
        "/api/things?a=b",
        "/api/me",
        "/api/one",
        "/api/two/who",
        "/revoke",
    ] {
        assert!(paths.contains(&path), "{path}: {paths:?}");
    }
    let mut proofs = Vec::new();
    for seen in &seen {
        assert_eq!(seen.certificate.as_ref(), Some(&client()), "{}", seen.path);
        let Some(proof) = proof(seen) else {
            // RFC 9449 knows of no proof there.
            assert!(seen.path == "/revoke", "{seen:?}");
            continue;
        };
        let claims = claims(&proof);
        let path = seen.path.split('?').next().unwrap();
        assert_eq!(claims["htu"], format!("{}{path}", server.origin));
        assert_eq!(
            claims.get("ath").is_some(),
            path.starts_with("/api"),
            "{seen:?}"
        );
        proofs.push(proof);
    }
    all_different("proofs", &proofs);
}
