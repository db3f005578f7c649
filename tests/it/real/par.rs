//! Pushed authorization requests (RFC 9126) against npm's `oidc-provider`, which demands them here, and
//! wants `client_id` in the form however the client authenticates.

use crate::support::Home;

use super::op::{Op, connect, person, service_secret};

fn demanding(par_ttl: u32) -> Op {
    Op::with(&[("PAR", "required"), ("PAR_TTL", &par_ttl.to_string())])
}

/// A confidential client that shows itself by Basic.
fn confidential(op: &Op, home: &Home) {
    home.write(
        "integrations.toml",
        &format!(
            "{}\n[integrations.web.auth]\ntype = \"oauth2\"\ngrant = \"authorization_code\"\nissuer = \"{}\"\n\
             client_id = \"hallpass-web\"\nclient_secret = {{ env = \"OP_SECRET\" }}\nclient_auth = \"basic\"\n\
             scopes = [\"openid\"]\n[integrations.web.api]\nbase_url = \"{1}\"\ntest = \"/me\"\n",
            op.definitions(),
            op.issuer()
        ),
    );
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_person_signs_in_where_requests_must_be_pushed() {
    let op = demanding(60);
    let home = op.home();
    let run = connect(home.hallpass(&["connect", "op"]));
    assert!(run.stderr.contains("request_uri=urn%3Aietf"), "{run}");
    assert!(!run.stderr.contains("code_challenge"), "{run}");
    assert!(run.stderr.contains("The link is good for"), "{run}");
    assert!(op.takes(&home.token("op")));

    confidential(&op, &home);
    let run = connect(home.hallpass(&["connect", "web"]).envs([service_secret()]));
    assert!(run.stderr.contains("request_uri=urn%3Aietf"), "{run}");
    assert!(op.takes(&home.token("web")));
}

#[test]
#[ignore = "needs oidc-provider: tests/run installs it"]
fn a_request_that_is_not_pushed_is_refused_and_a_bad_client_is_5() {
    let op = demanding(60);
    let home = op.home();
    // The definition's own endpoints, of a server that was never asked about itself.
    home.edit(|text| {
        let issuer = format!("issuer = \"{}\"\n", op.issuer());
        let named = format!(
            "authorization_url = \"{0}/auth\"\ntoken_url = \"{0}/token\"\n",
            op.issuer()
        );
        text.replacen(&issuer, &named, 1)
    });
    let run = home
        .hallpass(&["connect", "op"])
        .env("HALLPASS_BROWSER", person())
        .run()
        .fails_with(5);
    assert!(run.stderr.contains("invalid_request"), "{run}");

    confidential(&op, &home);
    let run = home
        .hallpass(&["connect", "web"])
        .env("OP_SECRET", "another-secret-not-real")
        .env("HALLPASS_BROWSER", person())
        .run()
        .fails_with(5);
    assert!(run.stderr.contains("could not be pushed"), "{run}");
    assert!(run.stderr.contains("invalid_client"), "{run}");
}
