//! `helper kubectl`: the ExecCredential of Kubernetes' clients.

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use serde_json::{Value, json};

use super::{connected, home};
use crate::support::{Home, Recorder, Reply, Run};

/// The fields of <https://kubernetes.io/docs/reference/config-api/client-authentication.v1/>: what a
/// plugin may answer, as a JSON Schema. `expirationTimestamp` is a `meta/v1.Time`, RFC 3339.
fn schema(version: &str) -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["apiVersion", "kind", "status"],
        "properties": {
            "apiVersion": { "const": version },
            "kind": { "const": "ExecCredential" },
            "spec": { "type": "object" },
            "status": {
                "type": "object",
                "additionalProperties": false,
                "anyOf": [{ "required": ["token"] }, { "required": ["clientCertificateData", "clientKeyData"] }],
                "properties": {
                    "token": text,
                    "clientCertificateData": text,
                    "clientKeyData": text,
                    "expirationTimestamp": {
                        "type": "string",
                        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"
                    }
                }
            }
        }
    })
}

const V1: &str = "client.authentication.k8s.io/v1";
const V1BETA1: &str = "client.authentication.k8s.io/v1beta1";

#[track_caller]
fn fits(run: &Run, version: &str) -> Value {
    let answer = run.json();
    let schema = jsonschema::validator_for(&schema(version)).unwrap();
    let problems: Vec<String> = schema.iter_errors(&answer).map(|e| e.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?}\n{run}");
    answer["status"].clone()
}

#[track_caller]
fn ask(home: &Home, connection: &str) -> Run {
    home.hallpass(&["helper", "kubectl", connection]).run()
}

#[test]
fn kubectl_is_given_the_token_with_its_end_in_the_version_it_asks_for() {
    let (_provider, home) = connected("1h");
    let status = fits(&ask(&home, "sandbox").ok(), V1);
    assert_eq!(status["token"], json!(home.token("sandbox")));
    let known = home.hallpass(&["status", "sandbox", "--json"]).run().ok();
    assert_eq!(status["expirationTimestamp"], known.json()["expires_at"]);
    let with = |info: &str| {
        let cmd = home.hallpass(&["helper", "kubectl", "sandbox"]);
        cmd.env("KUBERNETES_EXEC_INFO", info).run()
    };
    for version in [V1, V1BETA1] {
        let info = json!({"kind": "ExecCredential", "apiVersion": version, "spec": {
            "interactive": true, "cluster": {"server": "https://10.0.0.1:6443", "insecure-skip-tls-verify": true},
        }});
        fits(&with(&info.to_string()).ok(), version);
    }
    for info in [
        "{",
        "[]",
        r#"{"apiVersion":"client.authentication.k8s.io/v1alpha1"}"#,
    ] {
        let run = with(info).fails_with(2);
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn kubectl_is_given_nothing_that_the_definition_does_not_name_it_for() {
    let (_provider, home) = connected("1h");
    let run = ask(&home, "sandbox-service").fails_with(3);
    assert!(
        run.stdout.is_empty() && run.stderr.contains("kubectl = {"),
        "{run}"
    );
    ask(&home, "nothing").fails_with(3);
    home.hallpass(&["disconnect", "sandbox", "--local"])
        .run()
        .ok();
    let run = ask(&home, "sandbox").fails_with(4);
    assert_eq!(run.stdout, "");
    let basic = super::home(
        "[integrations.b.auth]\ntype = \"basic\"\nusername = \"u\"\npassword = { env = \"KEY\" }\n\
         [integrations.b.api]\nbase_url = \"https://b.example\"\n[integrations.b.helpers]\nkubectl = {}\n",
    );
    let cmd = basic.hallpass(&["helper", "kubectl", "b"]);
    let run = cmd.env("KEY", "key-not-real").run().fails_with(2);
    assert_eq!(run.stdout, "");
}

fn jwt(name: &str, lives: i64) -> String {
    let part =
        |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
    let exp = now.checked_add_signed(lives).unwrap();
    format!(
        "{}.{}.c2ln",
        part(json!({"alg": "none"})),
        part(json!({"sub": name, "exp": exp}))
    )
}

/// A provider whose access tokens live a day; the ID tokens of its answers live so long, in seconds,
/// the last one's for all that follow. None: there is none in that answer.
fn with_id_tokens(lives: &'static [Option<i64>]) -> (Recorder, Home) {
    let recorder = Recorder::answering(move |asked, before| {
        if !asked.path.ends_with("/token") {
            return None;
        }
        let mut answer = json!({
            "access_token": format!("access-{before}"), "refresh_token": "refresh-not-real", "expires_in": 86400,
        });
        if let Some(lives) = lives[before.min(lives.len() - 1)] {
            answer["id_token"] = json!(jwt(&format!("id-{before}"), lives));
        }
        Some(Reply::json(200, &answer))
    });
    let home = recorder.consenting("");
    home.edit(|text| {
        format!("{text}\n[integrations.x.helpers]\nkubectl = {{ use = \"id_token\" }}\n")
    });
    home.connect_untested("x");
    (recorder, home)
}

fn claims(status: &Value) -> Value {
    let token = status["token"].as_str().unwrap();
    let payload = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload);
    serde_json::from_slice(&bytes.unwrap()).unwrap()
}

#[test]
fn an_id_token_ends_when_it_says_itself_and_is_renewed_by_that() {
    let (recorder, home) = with_id_tokens(&[Some(3600), Some(7200)]);
    let status = fits(&ask(&home, "x").ok(), V1);
    let end = humantime::parse_rfc3339(status["expirationTimestamp"].as_str().unwrap()).unwrap();
    let end = end.duration_since(UNIX_EPOCH).unwrap();
    assert_eq!(claims(&status)["sub"], "id-0");
    assert_eq!(
        Duration::from_secs(claims(&status)["exp"].as_u64().unwrap()),
        end
    );
    assert_eq!(recorder.asked_at("/token").len(), 1, "it had enough life");
    // Over, while the access token lives on.
    let (recorder, home) = with_id_tokens(&[Some(-10), Some(3600)]);
    for _ in 0..2 {
        let status = fits(&ask(&home, "x").ok(), V1);
        assert_eq!(claims(&status)["sub"], "id-1");
    }
    assert_eq!(recorder.asked_at("/token").len(), 2, "one renewal");
}

#[test]
fn an_id_token_that_is_nearly_over_serves_where_no_other_is_to_be_had() {
    let (_recorder, home) = with_id_tokens(&[Some(60), None]);
    let status = fits(&ask(&home, "x").ok(), V1);
    assert_eq!(claims(&status)["sub"], "id-0");
    // One that is over does not.
    let (_recorder, home) = with_id_tokens(&[Some(-10), None]);
    let run = ask(&home, "x").fails_with(4);
    assert!(
        run.stdout.is_empty() && run.stderr.contains("hallpass connect x"),
        "{run}"
    );
    let (_recorder, home) = with_id_tokens(&[None]);
    let run = ask(&home, "x").fails_with(2);
    assert!(
        run.stdout.is_empty() && run.stderr.contains("`openid`"),
        "{run}"
    );
}

#[test]
fn many_callers_with_one_old_id_token_renew_it_once() {
    let (recorder, home) = with_id_tokens(&[Some(-10), Some(3600)]);
    let calls: Vec<_> = (0..6)
        .map(|_| home.hallpass(&["helper", "kubectl", "x"]).spawn())
        .collect();
    for call in calls {
        assert_eq!(claims(&fits(&call.wait().ok(), V1))["sub"], "id-1");
    }
    assert_eq!(recorder.asked_at("/token").len(), 2);
}

#[test]
fn kubectl_too_takes_no_definition_that_is_not_there() {
    ask(&home(""), "cluster").fails_with(3);
}
