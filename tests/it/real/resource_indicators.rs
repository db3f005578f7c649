//! Against npm's `oidc-provider`: a resource that is asked for (RFC 8707) is the audience of the token
//! that comes, whichever grant asks, and of the one that a refresh brings.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use super::op::{Op, connect, service_secret};
use crate::support::{Home, http};

const API: &str = "https://api.example.test/";
const OTHER: &str = "https://other.example.test/";

/// A home in which a definition of `Op` asks for these, and what the provider's issuer is.
fn home(op: &Op, key: &str, params: &str) -> (Home, String) {
    let text = op.definitions();
    let issuer = text.split("issuer = \"").nth(1).unwrap();
    let issuer = issuer.split('"').next().unwrap().to_owned();
    let home = Home::new();
    let table = format!("\n[integrations.{key}.auth.token.params]\n{params}\n");
    home.write("integrations.toml", &format!("{text}{table}"));
    (home, issuer)
}

/// The claims of a token that the provider signed for this audience.
#[track_caller]
fn verified(token: &str, issuer: &str, audience: &str) -> Value {
    let keys = http::get(&format!("{issuer}/jwks"));
    let key = &keys["keys"][0];
    let part = |name: &str| key[name].as_str().unwrap();
    let public = DecodingKey::from_rsa_components(part("n"), part("e")).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[issuer]);
    jsonwebtoken::decode::<Value>(token, &public, &validation)
        .unwrap()
        .claims
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_client_gets_a_token_for_the_api_it_names() {
    let op = Op::start(600, 600);
    let (home, issuer) = home(
        &op,
        "op-service",
        &format!("resource = \"{API}\"\nscope = \"api:read\""),
    );
    let token = || {
        let run = home
            .hallpass(&["token", "op-service"])
            .envs([service_secret()]);
        run.run().ok().line().to_owned()
    };
    let claims = verified(&token(), &issuer, API);
    assert_eq!(claims["scope"], "api:read");
    home.edit(|text| text.replace(API, OTHER));
    verified(&token(), &issuer, OTHER);
    home.edit(|text| text.replace(OTHER, "not a URI"));
    let run = home
        .hallpass(&["token", "op-service"])
        .envs([service_secret()]);
    let run = run.run().fails_with(5);
    assert!(run.stderr.contains("`invalid_target`"), "{run}");
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_person_consents_to_two_apis_and_the_token_is_for_the_one_that_is_named() {
    let op = Op::start(600, 600);
    let (home, issuer) = home(&op, "op", &format!("resource = \"{API}\""));
    home.edit(|text| {
        text.replace(
            "authorization_params = { ",
            &format!("authorization_params = {{ resource = [\"{API}\", \"{OTHER}\"], "),
        )
        .replace("\"email\"]", "\"email\", \"api:read\"]")
    });
    connect(home.hallpass(&["connect", "op", "--no-test"]));
    let first = home.token("op");
    let claims = verified(&first, &issuer, API);
    assert_eq!(claims["sub"], "alice");
    let renewed = home.hallpass(&["token", "op", "--refresh"]).run().ok();
    assert_ne!(renewed.line(), first);
    verified(renewed.line(), &issuer, API);
    // The other was consented to as well, and a refresh may name it.
    home.edit(|text| {
        let (before, params) = text.split_once("auth.token.params]").unwrap();
        format!("{before}auth.token.params]{}", params.replace(API, OTHER))
    });
    let other = home.hallpass(&["token", "op", "--refresh"]).run().ok();
    verified(other.line(), &issuer, OTHER);
}
