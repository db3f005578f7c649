//! What goes over the wire: a key when connecting, and a proof of it with every request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{binding, bound, connected, proof};
use crate::support::{Provider, Recorder, Reply, http};

#[test]
fn every_request_has_a_proof_of_its_own_and_of_one_key() {
    let recorder = binding();
    let home = recorder.consenting("dpop = true");
    home.connect("x");
    home.hallpass(&["request", "x", "/me?a=b#c"]).run().ok();
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    home.hallpass(&["request", "x", "/me", "-X", "DELETE"])
        .run()
        .ok();

    let code = proof(&recorder.asked_at("/token")[0]);
    let renewal = proof(&recorder.asked_at("/token")[1]);
    let first = proof(&recorder.asked_at("/api/me")[0]);
    let second = proof(&recorder.asked_at("/api/me")[1]);
    let at = |path: &str| json!(format!("{}{path}", recorder.origin()));
    for (proof, method, url, token) in [
        (&code, "POST", at("/token"), None),
        (&renewal, "POST", at("/token"), None),
        (&first, "GET", at("/api/me"), Some("token-1")),
        (&second, "DELETE", at("/api/me"), Some("token-2")),
    ] {
        assert_eq!(proof.header["typ"], "dpop+jwt");
        assert_eq!(proof.header["alg"], "ES256");
        assert!(proof.header["jwk"].get("d").is_none(), "{}", proof.header);
        assert_eq!(proof.claims["htm"], method);
        assert_eq!(proof.claims["htu"], url);
        assert!(proof.claims["iat"].is_u64(), "{}", proof.claims);
        let hash = token.map(|token| URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
        assert_eq!(
            proof.claims.get("ath").and_then(|ath| ath.as_str()),
            hash.as_deref()
        );
        assert_eq!(proof.thumbprint, code.thumbprint);
    }
    let ids: std::collections::BTreeSet<String> = [&code, &renewal, &first, &second]
        .iter()
        .map(|proof| proof.claims["jti"].to_string())
        .collect();
    assert_eq!(ids.len(), 4);
    // The code was bound to it too, before a browser saw it.
    let asked = recorder.last("/authorize");
    assert_eq!(asked.query("dpop_jkt"), Some(code.thumbprint));
    assert_eq!(
        recorder.last("/api/me").header("authorization").as_deref(),
        Some("DPoP token-2")
    );
}

#[test]
fn a_strict_server_takes_it_and_the_token_alone_is_of_no_use() {
    let (provider, home) = connected();
    let me = home
        .hallpass(&["request", "sandbox-dpop", "/me"])
        .run()
        .ok();
    assert_eq!(me.json()["login"], "sandbox-user");
    home.hallpass(&["test", "sandbox-dpop"]).run().ok();
    let json = home
        .hallpass(&["token", "sandbox-dpop", "--format", "json"])
        .run()
        .ok()
        .json();
    assert_eq!(json["token_type"], "DPoP");
    // Carried elsewhere, as a thief would: by a connection that knows no key.
    let token = home.token("sandbox-dpop");
    home.edit(|text| {
        format!(
            "{text}\n[integrations.thief.auth]\ntype = \"api_key\"\n[integrations.thief.api]\nbase_url = \"{}\"\n",
            provider.issuer()
        )
    });
    home.hallpass(&["connect", "thief", "--param", "api_key=env:STOLEN"])
        .env("STOLEN", &token)
        .run()
        .ok();
    for header in ["Bearer", "DPoP"] {
        let header = format!("Authorization: {header} {token}");
        home.hallpass(&["request", "thief", "/me", "-H", &header])
            .run()
            .fails_with(8);
    }
    let secret = ("sandbox-service", "sandbox-secret-not-real");
    let url = format!("{}/introspect", provider.issuer());
    let seen = http::post_form(&url, secret, &[("token", &token)]);
    assert!(seen["cnf"]["jkt"].is_string(), "{seen}");
}

#[test]
fn the_token_is_printed_but_not_as_a_header_and_its_status_says_that_it_is_bound() {
    let (_provider, home) = connected();
    for format in ["raw", "json", "env"] {
        home.hallpass(&["token", "sandbox-dpop", "--format", format])
            .run()
            .ok();
    }
    let run = home
        .hallpass(&["token", "sandbox-dpop", "--format", "header"])
        .run()
        .fails_with(2);
    assert!(
        run.stderr.contains("hallpass request sandbox-dpop"),
        "{run}"
    );
    assert_eq!(run.stdout, "");
    let status = home.hallpass(&["status", "sandbox-dpop"]).run().ok();
    assert!(status.stdout.contains("bound to"), "{status}");
    let status = home
        .hallpass(&["status", "sandbox-dpop", "--json"])
        .run()
        .ok();
    assert_eq!(status.json()["dpop"], true, "{status}");
}

#[test]
fn what_the_definition_writes_itself_stays_and_the_proof_comes_beside_it() {
    let recorder = binding();
    let home = recorder.consenting("dpop = true\nauthorization_params = { dpop_jkt = false }");
    home.edit(|text| format!("{text}headers = {{ X-Token = \"Token token={{token}}\" }}\n"));
    home.connect("x");
    assert_eq!(recorder.last("/authorize").query("dpop_jkt"), None);
    home.hallpass(&["request", "x", "/me"]).run().ok();
    let asked = recorder.last("/api/me");
    assert_eq!(
        asked.header("x-token").as_deref(),
        Some("Token token=token-1")
    );
    assert_eq!(asked.header("authorization"), None);
    proof(&asked);
}

#[test]
fn a_step_that_shows_the_token_proves_the_key_too_and_a_revocation_does_not() {
    let recorder = binding();
    let home = recorder.consenting(
        "dpop = true\nrevocation_url = \"ORIGIN/revoke\"\n[integrations.x.auth.lookup]\n\
         url = \"ORIGIN/whoami\"\nheaders = { Authorization = \"DPoP {token}\" }",
    );
    home.connect("x");
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest("token-1"));
    assert_eq!(
        proof(&recorder.last("/whoami")).claims["ath"],
        hash.as_str()
    );
    home.hallpass(&["disconnect", "x"]).run().ok();
    assert_eq!(recorder.last("/revoke").header("dpop"), None);
}

#[test]
fn a_provider_that_binds_nothing_is_warned_of_once_and_its_token_is_a_bearers() {
    let recorder = Recorder::start();
    let home = recorder.consenting("dpop = true");
    let run = home.connect("x");
    assert_eq!(
        run.stderr.matches("did not bind the token").count(),
        1,
        "{run}"
    );
    let run = home.hallpass(&["request", "x", "/me"]).run().ok();
    assert_eq!(run.stderr, "");
    let asked = recorder.last("/api/me");
    assert_eq!(
        asked.header("authorization").as_deref(),
        Some("Bearer token-1")
    );
    assert_eq!(asked.header("dpop"), None);
    home.hallpass(&["token", "x", "--format", "header"])
        .run()
        .ok();
    let status = home.hallpass(&["status", "x", "--json"]).run().ok();
    assert_eq!(status.json()["dpop"], false, "{status}");
}

#[test]
fn a_bound_token_that_nobody_asked_for_is_refused_and_what_rotated_with_it_is_kept() {
    let recorder = binding();
    let home = recorder.consenting("");
    let run = home
        .hallpass(&["connect", "x"])
        .env("HALLPASS_BROWSER", crate::support::Home::sandbox_person())
        .run()
        .fails_with(5);
    assert!(run.stderr.contains("dpop = true"), "{run}");
    home.hallpass(&["token", "x"]).run().fails_with(4);

    let recorder = Recorder::answering(|asked, before| {
        (asked.path == "/token" && before > 0).then(|| bound(before))
    });
    let home = recorder.consenting("");
    home.connect("x");
    home.hallpass(&["token", "x", "--refresh"])
        .run()
        .fails_with(5);
    home.hallpass(&["token", "x", "--refresh"])
        .run()
        .fails_with(5);
    let shown = recorder.last("/token").form("refresh_token");
    assert_eq!(shown.as_deref(), Some("refresh-2"));
    assert_eq!(home.token("x"), "token-1");
}

#[test]
fn a_credential_that_needs_nobody_has_a_key_of_its_own_with_and_without_a_store() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.edit(|text| {
        let id = "client_id = \"sandbox-service\"\n";
        text.replace(id, &format!("{id}dpop = \"EdDSA\"\n"))
    });
    for store in ["none", "file"] {
        for _ in 0..2 {
            let me = home
                .hallpass(&["request", "sandbox-service", "/me", "--store", store])
                .env_remove("HALLPASS_STORE")
                .run()
                .ok();
            assert_eq!(me.json()["login"], "sandbox-service");
        }
    }
    // Minted twice without a store, and once with one.
    assert_eq!(provider.count("client_credentials"), 3);
    assert!(super::key(&home, "sandbox-service").contains("Ed25519"));
    // Another algorithm is another credential.
    home.edit(|text| text.replace("\"EdDSA\"", "\"ES256\""));
    home.hallpass(&["request", "sandbox-service", "/me"])
        .run()
        .ok();
    assert_eq!(provider.count("client_credentials"), 4);
    assert!(super::key(&home, "sandbox-service").contains("P-256"));
}

#[test]
fn the_key_is_of_a_kind_that_the_server_takes() {
    for (taken, expected) in [
        (json!(["EdDSA", "RS256"]), "EdDSA"),
        (json!(["EdDSA", "ES256"]), "ES256"),
        (json!([]), "ES256"),
    ] {
        let recorder = Recorder::answering(move |asked, before| match asked.path.as_str() {
            "/token" => Some(bound(before)),
            path if path.starts_with("/.well-known/") => {
                let origin = format!("http://{}", asked.header("host").unwrap());
                Some(Reply::json(
                    200,
                    &json!({ "issuer": origin, "dpop_signing_alg_values_supported": taken }),
                ))
            }
            _ => None,
        });
        let home = recorder.consenting("dpop = true\nissuer = \"ORIGIN\"");
        home.connect("x");
        assert_eq!(proof(&recorder.last("/token")).header["alg"], expected);
    }
}

#[test]
fn a_client_that_is_registered_asks_to_be_bound() {
    for (line, expected) in [("dpop = true", json!(true)), ("", json!(null))] {
        let recorder = Recorder::answering(|asked, before| match asked.path.as_str() {
            "/register" => Some(Reply::json(201, &json!({ "client_id": "registered" }))),
            "/token" if asked.header("dpop").is_some() => Some(bound(before)),
            _ => None,
        });
        let home = recorder.consenting(&format!("registration_url = \"ORIGIN/register\"\n{line}"));
        home.drop_lines(&["client_id"]);
        home.connect("x");
        let asked = recorder.last("/register").json();
        assert_eq!(asked["dpop_bound_access_tokens"], expected, "{asked}");
    }
}

#[test]
fn a_redirect_gets_a_proof_of_its_own_and_another_origin_none() {
    let stranger = Recorder::start();
    let to = format!("{}/there", stranger.origin());
    let recorder = Recorder::answering(move |asked, before| match asked.path.as_str() {
        "/token" => Some(bound(before)),
        "/api/go" => Some(Reply::redirect("/api/on")),
        "/api/on" => Some(Reply::redirect(&to)),
        _ => None,
    });
    let home = recorder.consenting("dpop = true");
    home.connect("x");
    home.hallpass(&["request", "x", "/go", "-L"]).run().ok();
    let first = proof(&recorder.last("/api/go"));
    let second = proof(&recorder.last("/api/on"));
    assert_eq!(
        second.claims["htu"],
        json!(format!("{}/api/on", recorder.origin()))
    );
    assert_ne!(first.claims["jti"], second.claims["jti"]);
    let there = stranger.last("/there");
    assert_eq!(there.header("dpop"), None);
    assert_eq!(there.header("authorization"), None);
}
