//! The key that tokens are bound to: in what is sealed, and nowhere else.

use serde_json::{Value, json};

use crate::guarantee::sealed;
use crate::support::{Home, Provider};

#[test]
fn the_private_key_of_a_bound_token_is_said_and_written_nowhere() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let hallpass = |args: &[&str]| {
        let run = home
            .hallpass(&[&["-vv"], args].concat())
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run();
        run.stdout + &run.stderr
    };
    let mut said = hallpass(&["connect", "sandbox-dpop"]);
    provider.control(&json!({ "dpop_nonce": "steady", "expire_access_tokens": true }));
    for args in [
        ["request", "sandbox-dpop", "/echo", "-i"].as_slice(),
        &["token", "sandbox-dpop", "--refresh", "--format", "json"],
        &["token", "sandbox-dpop", "--format", "header"],
        &["status", "sandbox-dpop"],
        &["status", "sandbox-dpop", "--json"],
        &["list", "--json"],
        &["test", "sandbox-dpop"],
        &["doctor", "sandbox-dpop"],
        &["request", "sandbox-dpop", "/status/500"],
    ] {
        said.push_str(&hallpass(args));
    }
    provider.control(&json!({ "revoke_grants": true }));
    said.push_str(&hallpass(&["token", "sandbox-dpop", "--refresh"]));

    let item = sealed::item(&home, "sandbox-dpop").expect("it is kept");
    let key = item["credential"]["dpop_key"].as_str().expect("a key");
    let key: Value = serde_json::from_str(key).expect("a JWK");
    let private = key["d"].as_str().expect("a private half");
    // The public half was seen, so that the private one would have been.
    let proof = said.split("\"dpop\":\"").nth(1).expect("an echoed proof");
    let header = proof.split('.').next().expect("a JWT");
    let header = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header);
    let header = String::from_utf8(header.expect("Base64")).expect("text");
    assert!(
        header.contains(key["x"].as_str().expect("a public half")),
        "{header}"
    );
    assert!(!header.contains(private));
    for text in [private, "\"d\":", "\\\"d\\\":"] {
        assert!(!said.contains(text), "{said}");
    }
    assert!(home.files_with(private).is_empty());
}
