//! Pushed requests with signing clients, bound tokens, forms and pasted addresses.

use serde_json::json;

use super::{all_different, hallpass, outcomes, proofs, sent, start, whole_life};
use crate::support::{Recorder, Reply, http};

#[test]
fn a_pushed_request_is_signed_and_proved_anew_when_a_nonce_is_asked_for() {
    for (nonces, pushed) in [
        ("off", &["201"][..]),
        ("steady", &["use_dpop_nonce", "201"]),
        ("once", &["use_dpop_nonce", "201"]),
    ] {
        let (provider, home) = start(nonces);
        let run = hallpass(&provider, &home, &["connect", "pushed"])
            .run()
            .ok();
        assert!(!run.stderr.contains("dpop_jkt"), "it was pushed: {run}");
        assert_eq!(outcomes(&provider, "/par"), pushed, "{nonces}");
        assert_eq!(outcomes(&provider, "/token"), ["200"], "{nonces}");
        whole_life(&provider, &home, "pushed", "sandbox-user");
    }
}

#[test]
fn a_code_is_bound_to_the_key_that_was_proved_whether_it_is_named_or_not() {
    let (provider, home) = start("steady");
    let params = |home: &crate::support::Home, value: &str| {
        home.edit(|text| {
            let url = format!(
                "pushed_authorization_request_url = \"{}/par\"",
                provider.issuer()
            );
            let bent = format!("{url}\nauthorization_params = {{ dpop_jkt = {value} }}");
            text.replacen(&url, &bent, 1)
        });
    };
    params(&home, "false");
    hallpass(&provider, &home, &["connect", "pushed"])
        .run()
        .ok();
    let (provider, home) = {
        let (other, home) = start("off");
        home.edit(|text| {
            let url = format!(
                "pushed_authorization_request_url = \"{}/par\"",
                other.issuer()
            );
            let bent = format!("{url}\nauthorization_params = {{ dpop_jkt = \"another-key\" }}");
            text.replacen(&url, &bent, 1)
        });
        (other, home)
    };
    let run = hallpass(&provider, &home, &["connect", "pushed"]).run();
    let run = run.fails_with(5);
    assert!(run.stderr.contains("could not be pushed"), "{run}");
    assert!(run.stderr.contains("`invalid_dpop_proof`"), "{run}");
}

#[test]
fn what_was_pushed_comes_back_by_form_or_is_pasted() {
    let (provider, home) = start("once");
    home.edit(|text| {
        let url = format!(
            "pushed_authorization_request_url = \"{}/par\"",
            provider.issuer()
        );
        let bent = format!("{url}\nauthorization_params = {{ response_mode = \"form_post\" }}");
        text.replacen(&url, &bent, 1)
    });
    hallpass(&provider, &home, &["connect", "pushed"])
        .run()
        .ok();
    for pasted in [false, true] {
        let args = ["connect", "pushed", "--paste"];
        let command = hallpass(&provider, &home, &args).env("HALLPASS_BROWSER", "none");
        let mut process = command.stdin_open().spawn();
        let link = process.wait_for_stderr(|line| line.starts_with("http://"));
        assert!(link.contains("request_uri="), "{link}");
        let (action, form) = http::approve_by_form(&link);
        if pasted {
            process.write_line(&format!("{action}?{form}"));
        } else {
            let page = http::send_form(&action, &form);
            assert!(page.body.contains("Connected to"), "{}", page.body);
        }
        let run = process.wait().ok();
        assert!(run.stderr.contains("as sandbox-user"), "{run}");
    }
    whole_life(&provider, &home, "pushed", "sandbox-user");
}

#[test]
fn an_issuer_that_offers_everything_at_once_is_asked_for_what_the_definition_says() {
    let (provider, home) = start("steady");
    provider.control(&json!({ "require_pushed_requests": true }));
    let issuer = provider.issuer();
    home.edit(|text| {
        let key = text.lines().find(|line| line.starts_with("key = '{\"kid\"")).unwrap();
        format!(
            "{text}\n[integrations.all]\n[integrations.all.auth]\ntype = \"oauth2\"\ngrant = \"authorization_code\"\n\
             issuer = \"{issuer}\"\nclient_id = \"sandbox-key-client\"\nclient_auth = \"private_key_jwt\"\n\
             dpop = true\nscopes = [\"profile\"]\n[integrations.all.auth.jwt]\nalg = \"ES256\"\n{key}\n\
             [integrations.all.api]\nbase_url = \"{issuer}\"\ntest = \"/me\"\naccount = \"login\"\n\
             [integrations.all-device]\nextends = \"all\"\nauth.grant = \"device_code\"\n\
             [integrations.all-service]\nextends = \"all\"\nauth.grant = \"client_credentials\"\n"
        )
    });
    hallpass(&provider, &home, &["connect", "all"]).run().ok();
    assert_eq!(outcomes(&provider, "/par"), ["use_dpop_nonce", "201"]);
    whole_life(&provider, &home, "all", "sandbox-user");
    let device = ["connect", "all", "--device"];
    for args in [device.as_slice(), &["connect", "all-device"]] {
        hallpass(&provider, &home, args).run().ok();
        whole_life(&provider, &home, args[1], "sandbox-user");
    }
    assert_eq!(outcomes(&provider, "/device_authorization").len(), 2);
    whole_life(&provider, &home, "all-service", "sandbox-key-client");
}

#[test]
fn a_push_that_is_made_again_after_trouble_shows_nothing_twice() {
    let recorder = Recorder::answering(|asked, before| match (asked.path.as_str(), before) {
        ("/par", 0) => Some(Reply::json(
            503,
            &json!({ "error": "temporarily_unavailable" }),
        )),
        ("/par", 1) => {
            Some(Reply::json(400, &json!({ "error": "use_dpop_nonce" })).with("DPoP-Nonce", "n-1"))
        }
        ("/par", _) => Some(Reply::json(
            201,
            &json!({ "request_uri": "urn:x:1-not-real", "expires_in": 60 }),
        )),
        _ => None,
    });
    let home = recorder.consenting(
        "client_auth = \"private_key_jwt\"\ndpop = true\npushed_authorization_request_url = \"ORIGIN/par\"\n\
         [integrations.x.auth.jwt]\nalg = \"ES256\"\nkey = { file = \"key.pem\" }",
    );
    home.write("key.pem", include_str!("../../keys/signing.p256.sec1.pem"));
    // The recorder has nobody who would be sent back.
    home.hallpass(&["connect", "x", "--timeout", "1s"])
        .run()
        .fails_with(4);
    let asked = recorder.asked_at("/par");
    assert_eq!(asked.len(), 3);
    all_different("proofs", &proofs(&asked));
    all_different("assertions", &sent(&asked, "client_assertion"));
    let keys = sent(&asked, "dpop_jkt");
    assert!(
        keys.len() == 3 && keys.iter().all(|key| *key == keys[0]),
        "{keys:?}"
    );
}
