//! Grants that need nobody, with clients that sign and tokens that are bound.

use serde_json::json;

use super::{MACHINES, all_different, claims, hallpass, proofs, sent, start, whole_life};
use crate::guarantee::sealed;
use crate::support::{Home, Recorder, Reply};

/// Whom the API of the sandbox sees.
fn login(connection: &str) -> &'static str {
    match connection {
        "robot" => "robot@sandbox.example",
        "job" => "repo:octo/hello:ref:refs/heads/main",
        "user" => "sandbox-user",
        _ => "sandbox-key-client",
    }
}

#[test]
fn every_grant_of_machines_goes_with_a_client_that_signs_and_a_key_that_is_proved() {
    for nonces in ["off", "steady", "once"] {
        let (provider, home) = start(nonces);
        for connection in MACHINES {
            whole_life(&provider, &home, connection, login(connection));
        }
    }
}

#[test]
fn a_job_keeps_nothing_and_still_gets_through_to_its_api() {
    let (provider, home) = start("once");
    for connection in MACHINES {
        let run = hallpass(&provider, &home, &["request", connection, "/me"])
            .env("HALLPASS_STORE", "none")
            .env("CI", "true")
            .run()
            .ok();
        assert_eq!(run.json()["login"], login(connection));
    }
    assert!(!home.path().join("data/credentials").exists());
}

/// A server that takes everything once, and asks for a nonce only after it has read the rest.
fn strict() -> Recorder {
    Recorder::answering(|asked, before| match (asked.path.as_str(), before) {
        ("/token", 0) => {
            Some(Reply::json(400, &json!({ "error": "use_dpop_nonce" })).with("DPoP-Nonce", "n-1"))
        }
        ("/token", before) => Some(Reply::json(
            200,
            &json!({
                "access_token": format!("token-{before}"),
                "token_type": "DPoP",
                "expires_in": 3600,
            }),
        )),
        ("/runner", _) => Some(Reply::json(200, &json!({ "value": "a.b.c-not-real" }))),
        _ => None,
    })
}

fn home(recorder: &Recorder, grant: &str, more: &str) -> Home {
    let home = recorder.home(&format!(
        "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"{grant}\"\ntoken_url = \"ORIGIN/token\"\n\
         client_id = \"id-1\"\nclient_auth = \"private_key_jwt\"\ndpop = true\n{more}\n\
         [integrations.x.auth.jwt]\nalg = \"ES256\"\nkey = {{ file = \"key.pem\" }}\n\
         claims = {{ iss = \"who\", jti = \"{{uuid}}\", scope_hint = \"grant\" }}\n\
         [integrations.x.api]\nbase_url = \"ORIGIN/api\"\n"
    ));
    home.write("key.pem", include_str!("../../keys/signing.p256.sec1.pem"));
    home
}

#[test]
fn the_grants_assertion_and_the_clients_are_two_and_each_is_new_in_each_try() {
    let recorder = strict();
    let home = home(&recorder, "jwt_bearer", "");
    assert_eq!(home.token("x"), "token-1");
    let asked = recorder.asked_at("/token");
    assert_eq!(asked.len(), 2);
    let (grants, clients) = (sent(&asked, "assertion"), sent(&asked, "client_assertion"));
    all_different("both", &[grants.clone(), clients.clone()].concat());
    all_different("proofs", &proofs(&asked));
    for (grant, client) in grants.iter().zip(&clients) {
        let (grant, client) = (claims(grant), claims(client));
        assert_eq!(
            (&grant["iss"], &grant["scope_hint"]),
            (&json!("who"), &json!("grant"))
        );
        assert_eq!(
            (&client["iss"], &client["sub"]),
            (&json!("id-1"), &json!("id-1"))
        );
        assert!(client.get("scope_hint").is_none(), "{client}");
    }
}

#[test]
fn a_runner_is_shown_no_proof_and_no_assertion() {
    let recorder = strict();
    let home = home(
        &recorder,
        "token_exchange",
        "subject_token = { github_actions = {} }",
    );
    home.edit(|text| text.replace("iss = \"who\", ", ""));
    home.hallpass(&["token", "x"])
        .env(
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            format!("{}/runner", recorder.origin()),
        )
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "runner-not-real")
        .run()
        .ok();
    let runner = recorder.asked_at("/runner");
    assert_eq!(runner.len(), 1, "once for both tries");
    assert!(proofs(&runner).is_empty() && !runner[0].query.contains("assertion"));
    all_different("assertions", &sent(&recorder.asked(), "client_assertion"));
}

#[test]
fn a_password_is_shown_once_and_its_renewals_keep_the_key() {
    let (provider, home) = start("steady");
    let run = |args: &[&str]| hallpass(&provider, &home, args).run().ok();
    let key = || {
        let item = sealed::item(&home, "user").expect("it is kept");
        item["credential"]["dpop_key"]
            .as_str()
            .expect("a key")
            .to_owned()
    };
    run(&["token", "user"]);
    let first = key();
    for _ in 0..3 {
        run(&["token", "user", "--refresh"]);
    }
    assert_eq!(key(), first);
    assert_eq!(provider.count("password"), 2, "a nonce, and then the token");
    let refused = super::outcomes(&provider, "/token");
    let refused = refused.iter().filter(|outcome| *outcome != "200");
    assert_eq!(
        (provider.count("refresh_token"), refused.count()),
        (4, 2),
        "nonces"
    );
    // What it is renewed from ends: the password is shown again, for a token with a key of its own.
    provider.control(&json!({ "revoke_grants": true, "expire_access_tokens": true }));
    run(&["token", "user", "--refresh"]);
    run(&["request", "user", "/me"]);
    assert_ne!(key(), first);
}
