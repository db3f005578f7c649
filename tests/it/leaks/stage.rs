//! A provider that hands out canaries, or repeats whatever it was sent; and a definition for every
//! way a secret is come by.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use serde_json::json;

use super::canary::{canary, hallpass};
use crate::support::{Asked, Home, Recorder, Reply, Run};

/// The connections of [`DEFINITIONS`].
pub const CONNECTIONS: [&str; 11] = [
    "web", "body", "service", "key", "pair", "login", "device", "robot", "exchange", "job", "user",
];

/// `web` and `body` are oauth2 with a person, the client's secret in a header or in the body.
const DEFINITIONS: &str = r#"
[integrations.web.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "ORIGIN/authorize"
token_url = "ORIGIN/token"
revocation_url = "ORIGIN/revoke"
client_id = "app-1"
client_secret = { env = "CLIENT_SECRET" }
[integrations.web.auth.token]
headers = { X-Pin = "{pin}" }
[integrations.web.auth.capture]
kept = { from = "token", path = "kept", secret = true }
[[integrations.web.parameters]]
name = "pin"
secret = true
[integrations.web.api]
base_url = "ORIGIN/api"
query = { pin = "{pin}", kept = "{kept}" }
test = { path = "/me", expect = { require = { ok = true } } }

[integrations.body]
extends = "web"
[integrations.body.auth]
client_auth = "body"
[integrations.body.auth.token]
encoding = "json"

[integrations.service.auth]
type = "oauth2"
grant = "client_credentials"
token_url = "ORIGIN/token"
client_id = "app-2"
client_secret = { env = "SERVICE_SECRET" }
client_auth = "body"
[integrations.service.auth.token]
method = "GET"
[integrations.service.api]
base_url = "ORIGIN/api"
test = { path = "/me", expect = { require = { ok = true } } }

[integrations.key.auth]
type = "api_key"
[integrations.key.api]
base_url = "ORIGIN/api/{api_key}"
query = { key = "{api_key}" }
headers = { X-Key = "Token token={api_key}" }
test = { path = "/me", expect = { require = { ok = true } } }

[integrations.pair.auth]
type = "basic"
[integrations.pair.api]
base_url = "ORIGIN/api"
test = { path = "/me", expect = { require = { ok = true } } }

[integrations.login.auth]
type = "custom_token"
token_url = "ORIGIN/login"
password = { env = "LOGIN_PASSWORD" }
[integrations.login.auth.token]
encoding = "json"
params = { user = "user-1", password = "{password}", signed = "{jwt}" }
response = { access_token = "session" }
[integrations.login.auth.jwt]
alg = "HS256"
key = { env = "SIGNING_KEY" }
claims = { iss = "app-1" }
ttl = "10m"
[integrations.login.api]
base_url = "ORIGIN/api"
test = { path = "/me", expect = { require = { ok = true } } }
"#;

/// Those that were made for machines without a person or a browser.
const UNATTENDED: &str = r#"
[integrations.signer.auth]
type = "oauth2"
grant = "client_credentials"
token_url = "ORIGIN/token"
revocation_url = "ORIGIN/revoke"
client_id = "app-3"
client_auth = "private_key_jwt"
dpop = true
[integrations.signer.auth.jwt]
alg = "ES256"
key = { env = "CLIENT_KEY" }
[integrations.signer.api]
base_url = "ORIGIN/api"
test = { path = "/me", expect = { require = { ok = true } } }

[integrations.device]
extends = "signer"
[integrations.device.auth]
grant = "device_code"
dpop = false
device_authorization_url = "ORIGIN/device"
[integrations.device.helpers]
git = { host = "git.example.com", username = "x-access-token" }
docker = { registry = "ghcr.io", username = "someone" }
kubectl = { use = "access_token" }

[integrations.robot]
extends = "signer"
[integrations.robot.auth]
grant = "jwt_bearer"
[integrations.robot.auth.jwt]
claims = { iss = "robot", jti = "{uuid}" }

[integrations.exchange]
extends = "signer"
[integrations.exchange.auth]
grant = "token_exchange"
subject_token = { env = "SUBJECT_TOKEN" }

[integrations.job]
extends = "signer"
[integrations.job.auth]
grant = "token_exchange"
dpop = false
subject_token = { github_actions = { audience = "who" } }

[integrations.user]
extends = "signer"
[integrations.user.auth]
grant = "password"
dpop = false
username = "user-1"
password = { env = "USER_PASSWORD" }
"#;

/// How the provider and the API answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As they should.
    Good,
    /// With an OAuth error that repeats the request.
    Refusing,
    /// 500, and JSON that repeats the request.
    Broken,
    /// With a page that repeats the request.
    Page,
    /// With a redirect whose address repeats the request.
    Redirecting,
    /// 200, and `ok` in it repeats the request.
    Unexpected,
}

/// The stage: the provider, and a home in which everything is connected to it.
pub struct Stage {
    pub recorder: Recorder,
    pub home: Home,
    mood: Arc<Mutex<Mood>>,
}

impl Stage {
    /// Everything connected.
    #[track_caller]
    pub fn connected() -> Stage {
        let stage = Stage::new();
        for connection in CONNECTIONS {
            let run = stage.connect(connection).run().ok();
            super::canary::said_nothing(&run, false);
        }
        stage
    }

    /// Nothing connected.
    pub fn new() -> Stage {
        let mood = Arc::new(Mutex::new(Mood::Good));
        let own = Arc::clone(&mood);
        let recorder =
            Recorder::answering(move |asked, _| Some(answer(asked, *own.lock().unwrap())));
        let home = recorder.home(&format!("{DEFINITIONS}{UNATTENDED}"));
        Stage {
            recorder,
            home,
            mood,
        }
    }

    /// Changes how everything is answered.
    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// The command that connects one.
    pub fn connect(&self, connection: &str) -> crate::support::Cmd {
        let params: &[&str] = match connection {
            "web" | "body" => &["--param", "pin=env:PIN"],
            "key" => &["--param", "api_key=env:API_KEY"],
            "pair" => &[
                "--param",
                "username=user-1",
                "--param",
                "password=env:PASSWORD",
            ],
            _ => &[],
        };
        let command = hallpass(&self.home, &[&["connect", connection], params].concat());
        match connection {
            // Nobody has to enter the code.
            "device" => command.env("HALLPASS_BROWSER", "none"),
            _ => command,
        }
    }
}

impl Stage {
    /// Asserts that what was signed for one use, which no list can hold, is in no message and no file.
    #[track_caller]
    pub fn signed_was_not_said(&self, runs: &[Run]) {
        let mut signed = 0;
        for asked in self.recorder.asked() {
            let own = [
                asked.form("client_assertion"),
                asked.form("assertion"),
                asked.header("dpop"),
            ];
            for text in own.into_iter().flatten() {
                signed += 1;
                for run in runs {
                    assert!(!run.stderr.contains(&text), "{text} in {run}");
                }
                if signed % 10 == 0 {
                    assert!(self.home.files_with(&text).is_empty(), "{text}");
                }
            }
        }
        assert!(signed > 20, "only {signed} were signed");
    }
}

fn answer(asked: &Asked, mood: Mood) -> Reply {
    if asked.path.ends_with("/authorize") {
        return Reply::back(asked, &[("code", canary("CODE"))]);
    }
    let echo = echo(asked);
    match mood {
        Mood::Good => good(asked),
        Mood::Refusing => Reply::json(
            400,
            &json!({ "error": "invalid_client", "error_description": echo }),
        ),
        Mood::Broken => Reply::json(500, &json!({ "error": echo, "message": { "was": echo } })),
        Mood::Page => Reply::text(
            200,
            "text/html",
            &format!("<html><title>{echo}</title>{echo}"),
        ),
        Mood::Redirecting => {
            let query = url::form_urlencoded::byte_serialize(echo.as_bytes());
            Reply::redirect(&format!("http://127.0.0.1:1/{}", query.collect::<String>()))
        }
        Mood::Unexpected => Reply::json(200, &json!({ "ok": echo, "error": echo })),
    }
}

fn good(asked: &Asked) -> Reply {
    match asked.path.rsplit('/').next() {
        Some("token") => Reply::json(
            200,
            &json!({
                "token_type": if asked.header("dpop").is_some() { "DPoP" } else { "Bearer" },
                "access_token": canary("ACCESS_TOKEN"),
                "refresh_token": canary("REFRESH_TOKEN"),
                "id_token": canary("ID_TOKEN"),
                "kept": canary("KEPT"),
                "expires_in": 3600,
            }),
        ),
        Some("runner") => Reply::json(200, &json!({ "value": canary("RUNNER_ANSWER") })),
        Some("device") => Reply::json(
            200,
            &json!({
                "device_code": canary("DEVICE_CODE"),
                "user_code": "ABCD-EFGH",
                "verification_uri": "https://provider.example/device",
                "interval": 1,
                "expires_in": 300,
            }),
        ),
        Some("login") => Reply::json(200, &json!({ "session": canary("LOGIN_TOKEN") })),
        _ => Reply::json(200, &json!({ "ok": true })),
    }
}

/// The secrets of a request as a careless server repeats them: decoded, and word for word; few
/// enough that all of them are within what is shown of a message.
fn echo(asked: &Asked) -> String {
    let mut said = Vec::new();
    if let Some(text) = asked.header("authorization") {
        let credential = text.split_once(' ').map_or("", |(_, rest)| rest);
        let bytes = base64::engine::general_purpose::STANDARD.decode(credential);
        said.extend(bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()));
        said.push(credential.to_owned());
    }
    said.extend(asked.header("x-pin"));
    said.extend(asked.header("x-key"));
    said.extend(asked.header("dpop"));
    for text in [&asked.query, &asked.body] {
        let secrets = [
            "client_secret",
            "refresh_token",
            "code",
            "token",
            "key",
            "pin",
            "kept",
            "password",
            "subject_token",
            "device_code",
            "assertion",
            "client_assertion",
        ];
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if secrets.contains(&name.as_ref()) {
                said.push(value.into_owned());
            }
        }
    }
    for name in ["password", "client_secret", "code", "refresh_token"] {
        said.extend(asked.json()[name].as_str().map(ToOwned::to_owned));
    }
    said.join(" and ")
}
