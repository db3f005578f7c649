//! Against npm's `oidc-provider`: client credentials, the client showing who it is in every way.

use crate::support::Home;

use super::op::Op;

const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/loopback-ca.pem");
const SECRET: &str = "not-a-real-secret-of-32-bytes-or-more";

/// A home in which `x` is this client of the provider's, with these further lines of `auth`; keys are
/// named by their files in `KEYS`.
fn home(op: &Op, client: &str, auth: &str) -> Home {
    let home = Home::new();
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys");
    let issuer = op.issuer();
    let text = format!(
        "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"client_credentials\"\nissuer = \"{issuer}\"\n\
         client_id = \"{client}\"\n{auth}\n[integrations.x.api]\nbase_url = \"{issuer}\"\n"
    );
    home.write("integrations.toml", &text.replace("KEYS", keys));
    home
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_client_with_a_secret_is_let_in_by_header_body_or_hmac() {
    let op = Op::start(600, 600);
    for (client, auth) in [
        ("by-basic", ""),
        ("by-body", "client_auth = \"body\""),
        (
            "by-hmac",
            "client_auth = \"private_key_jwt\"\njwt = { alg = \"HS256\" }",
        ),
    ] {
        let auth = format!("client_secret = {{ env = \"SECRET\" }}\n{auth}");
        let home = home(&op, client, &auth);
        let token = home.hallpass(&["token", "x"]).env("SECRET", SECRET);
        assert!(op.takes(token.run().ok().line()), "{client}");
        let wrong = home.hallpass(&["token", "x", "--refresh"]);
        let wrong = wrong.env("SECRET", "another-secret-of-32-bytes-not-real-at-all");
        let wrong = wrong.run().fails_with(5);
        assert!(wrong.stderr.contains("invalid_client"), "{wrong}");
    }
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_client_with_a_key_is_let_in_whatever_the_key() {
    let op = Op::start(600, 600);
    for (client, algorithm, key) in [
        ("by-rs256", "RS256", "signing.rsa.pkcs1.pem"),
        ("by-rs256-jwk", "RS256", "rfc7515-a2.jwk.json"),
        ("by-rs384", "RS384", "signing.rsa.pkcs8.pem"),
        ("by-ps256", "PS256", "signing.rsa.pkcs8.pem"),
        ("by-ps512", "PS512", "rfc7515-a2.jwk.json"),
        ("by-es256", "ES256", "signing.p256.sec1.pem"),
        ("by-es384", "ES384", "signing.p384.sec1.pem"),
        ("by-eddsa", "EdDSA", "signing.ed25519.pem"),
    ] {
        let auth = format!(
            "client_auth = \"private_key_jwt\"\njwt = {{ alg = \"{algorithm}\", key = {{ file = \"KEYS/{key}\" }} }}"
        );
        let home = home(&op, client, &auth);
        let token = home.token("x");
        assert!(op.takes(&token), "{client}");
        // A second assertion is another one, or it would be refused.
        let renewed = home.hallpass(&["token", "x", "--refresh"]).run().ok();
        assert_ne!(renewed.line(), token, "{client}");
    }
    let stranger = "client_auth = \"private_key_jwt\"\njwt = { alg = \"ES256\", key = { file = \"KEYS/signing.p256.pkcs8.pem\" } }";
    let refused = home(&op, "by-es256", stranger);
    let refused = refused.hallpass(&["token", "x"]).run().fails_with(5);
    assert!(refused.stderr.contains("invalid_client"), "{refused}");
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_client_with_a_certificate_is_let_in_over_tls() {
    let op = Op::over_tls();
    for client in ["by-authority", "by-certificate"] {
        for (name, lets_in) in [("client", true), ("stranger", false)] {
            let auth = format!(
                "client_auth = \"mtls\"\n\
                 tls = {{ certificate = {{ file = \"KEYS/{name}.pem\" }}, key = {{ file = \"KEYS/{name}.key.pem\" }} }}"
            );
            let home = home(&op, client, &auth);
            let token = home
                .hallpass(&["token", "x"])
                .env("SSL_CERT_FILE", AUTHORITY);
            let run = token.run();
            if lets_in {
                assert!(run.ok().line().len() > 20);
            } else {
                let run = run.fails_with(5);
                assert!(run.stderr.contains("invalid_client"), "{run}");
            }
        }
    }
    // Without any, the provider says so itself.
    let home = home(&op, "by-authority", "client_auth = \"none\"");
    let none = home
        .hallpass(&["token", "x"])
        .env("SSL_CERT_FILE", AUTHORITY);
    none.run().fails_with(5);
}
