//! Credentials in the forms that other tools ask for: git's attributes, docker's
//! object, Kubernetes' ExecCredential.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::error::{Failure, Kind, Result};
use crate::secret::Secret;

/// What a tool signs in with.
#[derive(Debug)]
pub struct Login {
    /// The user name.
    pub username: String,
    /// The password, mostly a token.
    pub password: Secret,
    /// When the password expires, where that is known.
    pub expires_at: Option<Timestamp>,
}

/// Prints a login as attributes of git's (git-credential(1)). A value that would
/// be read as more than one is refused.
pub fn git_login(login: &Login) -> Result<()> {
    for value in [login.username.as_str(), login.password.expose()] {
        if value.contains(['\n', '\r', '\0']) {
            return Err(Failure::new(
                Kind::Usage,
                "git cannot be given a user name or a password with a line break or a NUL in it",
            )
            .hint("connect again with a value that has none"));
        }
    }
    let expires = login.expires_at.map_or_else(String::new, |expires| {
        format!("password_expiry_utc={}\n", expires.unix())
    });
    super::text(&format!(
        "username={}\npassword={}\n{expires}",
        login.username,
        login.password.expose()
    ))
}

/// Tells git to ask nobody else, and no person either.
pub fn git_quit() -> Result<()> {
    super::text("quit=1\n")
}

/// Prints a login as the object of docker's protocol.
pub fn docker_login(server: &str, login: &Login) -> Result<()> {
    let object = json!({
        "ServerURL": server,
        "Username": login.username,
        "Secret": login.password.expose(),
    });
    super::line(&object.to_string())
}

/// Prints an ExecCredential with a token.
pub fn exec_credential(version: &str, token: &Secret, expires: Option<Timestamp>) -> Result<()> {
    let mut status = json!({ "token": token.expose() });
    if let Some(expires) = expires {
        status["expirationTimestamp"] = Value::from(expires.to_string());
    }
    let object = json!({ "kind": "ExecCredential", "apiVersion": version, "status": status });
    super::line(&object.to_string())
}
