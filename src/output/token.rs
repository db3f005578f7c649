//! A token, in the form a script wants it.

use crate::broker::bound;
use crate::connection::ConnectionId;
use crate::credential::{Credential, DPOP};
use crate::error::{Failure, Kind, Result};

/// How `token` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The token and a line break.
    #[default]
    Raw,
    /// An object: `access_token`, `token_type`, `expires_at`, `scopes`, and `id_token` where there is one.
    Json,
    /// The header line the definition would send.
    Header,
    /// `HALLPASS_TOKEN='…'`, quoted for a shell.
    Env,
    /// The OpenID Connect ID token.
    IdToken,
}

/// Prints a credential. `header` is the header it travels in, if it does.
pub fn token(
    id: &ConnectionId,
    credential: &Credential,
    format: Format,
    header: Option<(String, String)>,
) -> Result<()> {
    let token = || match &credential.access_token {
        Some(token) => Ok(token.expose()),
        None if credential.token_type == "none" => Err(Failure::new(
            Kind::Usage,
            format!("`{id}` has no credential"),
        )
        .hint(format!("call it as it is: `hallpass request {id} …`"))),
        None => Err(has_not(id, "is no token", "header")),
    };
    match format {
        Format::Raw => super::line(token()?),
        Format::Json => super::json(&json(credential, token()?)),
        Format::Env => super::line(&format!("HALLPASS_TOKEN={}", quoted(token()?))),
        Format::Header if credential.binding().is_some() => {
            Err(bound(id, "its header alone is of no use"))
        }
        Format::Header => match header {
            Some((name, value)) => super::line(&format!("{name}: {value}")),
            None if credential.access_token.is_none() => Err(Failure::new(
                Kind::Usage,
                format!("the credential of `{id}` does not travel in a header"),
            )
            .hint(format!("let hallpass send it: `hallpass request {id} …`"))),
            None => Err(has_not(id, "does not travel in a header", "raw")),
        },
        Format::IdToken => match &credential.id_token {
            Some(id_token) => super::line(id_token.expose()),
            None if ["Bearer", DPOP].contains(&credential.token_type.as_str()) => Err(has_not(
                id,
                "has no ID token: ask for the scope `openid`",
                "json",
            )),
            None => Err(has_not(
                id,
                "is no OAuth token and has no ID token",
                "header",
            )),
        },
    }
}

fn json(credential: &Credential, token: &str) -> serde_json::Value {
    let mut object = serde_json::json!({
        "access_token": token,
        "token_type": credential.token_type,
        "expires_at": credential.expires_at,
        "scopes": credential.scopes,
    });
    if let Some(id_token) = &credential.id_token {
        object["id_token"] = id_token.expose().into();
    }
    object
}

/// In single quotes a shell takes everything as it is, but for the quote.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn has_not(id: &ConnectionId, what: &str, instead: &str) -> Failure {
    Failure::new(Kind::Usage, format!("the credential of `{id}` {what}"))
        .hint(format!("run `hallpass token {id} --format {instead}`"))
}
