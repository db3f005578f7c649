//! What the hosted platforms for the same job let people turn, one test a knob, end to end: each is
//! turned in a definition, and what was sent says whether it turned.

mod connecting;
mod keys;
mod renewing;
mod tokens;

use crate::support::{Home, Recorder, Run};

/// A definition of an app that a person signs in to; the lines go at the end of its halves.
fn oauth(recorder: &Recorder, auth: &str, api: &str) -> Home {
    recorder.home(&format!(
        r#"
[integrations.x.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "ORIGIN/authorize"
token_url = "ORIGIN/token"
client_id = "app-0000"
client_secret = "not-a-real-secret"
{auth}
[integrations.x.api]
base_url = "ORIGIN/api"
{api}
"#
    ))
}

/// A definition of an API that wants a key, with what stands before and in its `api`.
fn api_key(recorder: &Recorder, before: &str, api: &str) -> Home {
    recorder.home(&format!(
        r#"
{before}
[integrations.x.auth]
type = "api_key"
api_key = "not-a-real-key"
[integrations.x.api]
base_url = "ORIGIN/api"
{api}
"#
    ))
}

/// Calls `/things` with the connection, and asserts success.
#[track_caller]
fn call(home: &Home, connection: &str) -> Run {
    home.hallpass(&["request", connection, "/things"])
        .run()
        .ok()
}
