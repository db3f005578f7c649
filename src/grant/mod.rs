//! Obtaining, renewing and revoking OAuth credentials: the protocol, without
//! any memory. `call` is one call to a provider, bent by the definition;
//! `answer` reads what came back, leniently; `callback` is the loopback
//! listener; and one file per grant.

mod answer;
mod authorization_code;
mod call;
mod callback;
mod client_credentials;
mod front;
mod page;
mod refresh;
mod revoke;

use std::time::Duration;

pub use answer::Answer;
pub use authorization_code::{CodeFlow, Consented};
pub use call::{CallError, Client, TokenEndpoint};
pub use callback::{ListenError, Responder};
pub use client_credentials::client_credentials;
pub use refresh::refresh;
pub use revoke::{TokenHint, revoke};

use crate::connection::Values;
use crate::definition::template::RenderError;
use crate::definition::{OAuth2, ValueError};
use crate::http::Http;
use crate::secret::SafeUrl;

/// Why no credential was obtained.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// A call to the provider failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The person, or the provider, said no on the consent page.
    #[error("the provider answered `{error}`{}", described(.description.as_deref()))]
    Denied {
        /// RFC 6749 section 4.1.2.1's error code.
        error: String,
        /// The provider's words.
        description: Option<String>,
    },
    /// The answer came from another issuer than was asked (RFC 9207).
    #[error("the answer names another issuer (`{0}`) than the one that was asked")]
    OtherIssuer(String),
    /// Nobody answered.
    #[error("nobody answered within {}", humantime::format_duration(*.0))]
    TimedOut(Duration),
    /// The redirect could not be listened for.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A placeholder could not be filled.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A named value is not to be had.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// What is needed was neither given nor kept.
    #[error("`{0}` is not known")]
    Missing(&'static str),
}

fn described(description: Option<&str>) -> String {
    description
        .map(|text| format!(": {text}"))
        .unwrap_or_default()
}

/// The provider's words, of which a few lines are enough.
fn shortened(text: &str) -> String {
    const ENOUGH: usize = 500;
    match text.char_indices().nth(ENOUGH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl GrantError {
    /// Whether the provider says that the grant itself is over (RFC 6749
    /// section 5.2, `invalid_grant`).
    pub fn is_dead_grant(&self) -> bool {
        matches!(self, GrantError::Call(error) if error.is_dead_grant())
    }
}

/// The token endpoint of a definition, with the client that calls it.
pub fn token_endpoint<'a>(
    http: &'a Http,
    oauth: &OAuth2,
    values: &Values<'_>,
) -> Result<TokenEndpoint<'a>, GrantError> {
    let url = oauth.token_url.resolve(oauth.site.as_ref(), values)?;
    let url = url.ok_or(GrantError::Missing("token_url"))?;
    Ok(TokenEndpoint::new(http, url, client(oauth, values)?))
}

/// Who the client is, and how it shows that.
pub fn client(oauth: &OAuth2, values: &Values<'_>) -> Result<Client, GrantError> {
    let id = values.input("client_id", oauth.client_id.as_ref())?;
    let secret = values.input("client_secret", oauth.client_secret.as_ref())?;
    let auth = oauth.client_auth(secret.is_some());
    if auth.needs_secret() && secret.is_none() {
        return Err(GrantError::Missing("client_secret"));
    }
    Ok(Client {
        id: id.ok_or(GrantError::Missing("client_id"))?,
        secret: secret.filter(|_| auth.needs_secret()),
        auth,
        encoding: oauth.basic_encoding,
    })
}

/// The scopes a definition asks for, rendered; `extra` ones come after them.
pub fn scopes(
    oauth: &OAuth2,
    values: &Values<'_>,
    extra: &[String],
) -> Result<Vec<String>, GrantError> {
    let mut scopes = Vec::new();
    for template in &oauth.scopes {
        let rendered = template.render(values)?;
        scopes.extend(rendered.map(|rendered| rendered.text.expose().to_owned()));
    }
    for scope in extra {
        if !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
    Ok(scopes)
}

/// The revocation endpoint, where the definition names one.
pub fn revocation_url(oauth: &OAuth2, values: &Values<'_>) -> Result<Option<SafeUrl>, GrantError> {
    let Some(endpoint) = &oauth.revocation_url else {
        return Ok(None);
    };
    Ok(endpoint.resolve(oauth.site.as_ref(), values)?)
}
