//! Device codes with bound tokens, signing clients, resources and registered clients.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::{all_different, enter_code, hallpass, outcomes, proofs, sent, start, whole_life};
use crate::guarantee::sealed;
use crate::support::{Recorder, Reply};

#[test]
fn a_device_that_signs_and_proves_a_key_shows_nothing_twice() {
    for nonces in ["off", "steady", "once"] {
        let (provider, home) = start(nonces);
        let connect =
            hallpass(&provider, &home, &["connect", "device"]).env("HALLPASS_BROWSER", "none");
        enter_code(&provider, connect);
        let polls = outcomes(&provider, "/token");
        assert!(
            !polls.iter().any(|outcome| outcome.starts_with("invalid_")),
            "{nonces}: {polls:?}"
        );
        whole_life(&provider, &home, "device", "sandbox-user");
    }
}

/// A device's provider that pends once and then binds its tokens.
fn provider() -> Recorder {
    Recorder::answering(|asked, before| match (asked.path.as_str(), before) {
        ("/register", before) => Some(Reply::json(
            201,
            &json!({ "client_id": format!("given-{before}") }),
        )),
        ("/device", _) => Some(Reply::json(
            200,
            &json!({
                "device_code": "device-code-not-real",
                "user_code": "ABCD-EFGH",
                "verification_uri": "https://provider.example/device",
                "expires_in": 300,
                "interval": 1,
            }),
        )),
        ("/token", 0) => Some(Reply::json(
            400,
            &json!({ "error": "authorization_pending" }),
        )),
        ("/token", before) => Some(Reply::json(
            200,
            &json!({
                "access_token": format!("token-{before}"),
                "refresh_token": format!("refresh-{before}"),
                "token_type": if asked.header("dpop").is_some() { "DPoP" } else { "Bearer" },
                "expires_in": 3600,
            }),
        )),
        _ => None,
    })
}

const DEVICE: &str = r#"
[integrations.x.auth]
type = "oauth2"
grant = "device_code"
device_authorization_url = "ORIGIN/device"
token_url = "ORIGIN/token"
dpop = true
#more
[integrations.x.api]
base_url = "ORIGIN/api"
test = "/me"
"#;

fn all(text: &str, name: &str) -> Vec<String> {
    let pairs = form_urlencoded::parse(text.as_bytes());
    let found = pairs.filter(|(known, _)| known == name);
    found.map(|(_, value)| value.into_owned()).collect()
}

#[test]
fn a_device_asks_for_its_resources_and_scopes_in_every_call() {
    let recorder = provider();
    let resources = ["https://a.example/", "https://b.example/"];
    let list = format!("resource = {}", json!(resources));
    let more = format!(
        "client_id = \"id\"\nscopes = [\"read\"]\noptional_scopes = [{{ name = \"write\", label = \"Write\" }}]\n\
         device.params = {{ {list} }}\ntoken.params = {{ {list} }}"
    );
    let home = recorder.home(&DEVICE.replace("#more", &more));
    home.hallpass(&["connect", "x", "--scope", "write"])
        .run()
        .ok();
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    let begun = recorder.last("/device");
    assert_eq!(begun.form("scope").as_deref(), Some("read write"));
    assert_eq!(all(&begun.body, "resource"), resources);
    let calls = recorder.asked_at("/token");
    assert_eq!(calls.len(), 3, "pending, approved, renewed");
    for call in &calls {
        assert_eq!(all(&call.body, "resource"), resources, "{}", call.body);
    }
    all_different("proofs", &proofs(&recorder.asked()));
    // What was chosen once is asked for again.
    home.hallpass(&["connect", "x"]).run().ok();
    assert_eq!(
        recorder.last("/device").form("scope").as_deref(),
        Some("read write")
    );
}

#[test]
fn a_client_that_was_registered_for_a_device_is_none_for_a_link() {
    let recorder = provider();
    let more = "registration_url = \"ORIGIN/register\"";
    let text = DEVICE.replace("#more", more);
    let text = text.replace(
        "grant = \"device_code\"",
        "grant = \"authorization_code\"\nauthorization_url = \"ORIGIN/authorize\"",
    );
    let home = recorder.home(&text);
    home.hallpass(&["connect", "x", "--device"]).run().ok();
    let wanted = recorder.last("/register").json();
    assert_eq!(wanted["dpop_bound_access_tokens"], true);
    assert_eq!(wanted["redirect_uris"], json!([]));
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    let renewed = recorder.last("/token");
    assert_eq!(renewed.form("client_id").as_deref(), Some("given-0"));
    let status = home.hallpass(&["status", "x", "--json"]).run().ok().json();
    assert_eq!(status["grant"], "device_code", "{status}");
    // By a link, it is registered anew, with somewhere to be sent back to.
    home.connect("x");
    let wanted = recorder.last("/register").json();
    assert_ne!(wanted["redirect_uris"], json!([]));
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    let renewed = recorder.last("/token");
    assert_eq!(renewed.form("client_id").as_deref(), Some("given-1"));
    all_different("proofs", &proofs(&recorder.asked()));
}

#[test]
fn a_devices_client_signs_anew_for_each_poll_even_where_the_claims_are_its_own() {
    let recorder = provider();
    let more = "client_id = \"id\"\nclient_auth = \"private_key_jwt\"\n[integrations.x.auth.jwt]\nalg = \"ES256\"\n\
                key = { file = \"key.pem\" }\nclaims = { jti = \"{uuid}\" }";
    let home = recorder.home(&DEVICE.replace("#more", more));
    home.write("key.pem", include_str!("../../keys/signing.p256.sec1.pem"));
    home.hallpass(&["connect", "x"]).run().ok();
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    let assertions = sent(&recorder.asked(), "client_assertion");
    assert_eq!(assertions.len(), 4, "code, two polls, renewal");
    all_different("assertions", &assertions);
    let kept: Value = sealed::item(&home, "x").expect("it is kept");
    let text = kept.to_string();
    assert!(!text.contains("device-code-not-real"), "it is over: {text}");
    assert!(!text.contains(&assertions[0]), "{text}");
}
