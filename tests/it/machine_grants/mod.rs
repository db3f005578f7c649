//! The grants of machines: what each sends, what it is given for it, and what becomes of a job whose
//! environment, runner or provider is not as it should be.

mod environment;
mod jwt_bearer;
mod password;
mod resources;
mod runner;
mod token_exchange;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{Home, Recorder};

/// A definition `x` of this grant at `ORIGIN`, with these further lines of `auth`.
fn definition(grant: &str, more: &str) -> String {
    format!(
        "[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"{grant}\"\ntoken_url = \"ORIGIN/token\"\n{more}\n\
         [integrations.x.api]\nbase_url = \"ORIGIN/api\"\n"
    )
}

/// A home with that definition, in which `ORIGIN` is the recorder.
fn home(recorder: &Recorder, grant: &str, more: &str) -> Home {
    recorder.home(&definition(grant, more))
}

/// A token as a job has one: a JWT with these claims, signed by nobody.
fn subject(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.bm90LXJlYWw",
        part(&json!({ "alg": "RS256" })),
        part(claims)
    )
}
