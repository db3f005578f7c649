//! Revoking (RFC 7009). An unknown token is a success by the RFC.

use super::{CallError, GrantError, Repeat, discover, jwt, provider_call};
use crate::connection::Values;
use crate::credential::Credential;
use crate::definition::template::Value;
use crate::http::Http;
use crate::secret::Secret;

/// Revokes what a credential holds: the refresh token first, then the access
/// token, since revoking the one should end the other but not every provider
/// does so (RFC 7009 section 2.1). Returns whether there is an endpoint to
/// revoke at.
pub fn revoke(
    http: &Http,
    values: &mut Values<'_>,
    credential: &Credential,
) -> Result<bool, GrantError> {
    discover::if_unknown(http, values)?;
    let auth = &values.integration().auth;
    let own = auth.revoke.url.as_ref().or(auth.revocation_url.as_ref());
    if values.endpoint(own, "revocation_endpoint")?.is_none() {
        return Ok(false);
    }
    if let Some(token) = &credential.refresh_token {
        one(http, values, token, "refresh_token")?;
    }
    let Some(token) = &credential.access_token else {
        return Ok(true);
    };
    match one(http, values, token, "access_token") {
        // A provider that cannot revoke access tokens has done what it can.
        Err(GrantError::Call(CallError::Refused { .. })) if credential.refresh_token.is_some() => {}
        other => other?,
    }
    Ok(true)
}

/// `hint` is RFC 7009 section 2.1's `token_type_hint`. In the definition's own
/// parameters `{token}` is the one that is being revoked.
fn one(http: &Http, values: &mut Values<'_>, token: &Secret, hint: &str) -> Result<(), GrantError> {
    jwt::begin(values)?;
    values.set("token", Value::secret(token.clone()));
    let auth = &values.integration().auth;
    let own = auth.revoke.url.as_ref().or(auth.revocation_url.as_ref());
    let url = values.endpoint(own, "revocation_endpoint")?;
    let url = url.ok_or(GrantError::Missing("revocation_url"))?;
    let mut call = provider_call(http, values, &auth.revoke, url);
    call.repeat = Repeat::Passing;
    // RFC 9449 knows of no proof there.
    call.proves = false;
    if let Some(oauth) = auth.oauth2() {
        call.client = super::client_if_any(oauth, values)?;
    }
    let params = vec![
        ("token".to_owned(), token.clone()),
        ("token_type_hint".to_owned(), Secret::new(hint)),
    ];
    match call.acknowledged(params) {
        // Some providers say that a dead token is dead rather than nothing.
        Err(GrantError::Call(CallError::Refused { error, .. }))
            if matches!(error.as_str(), "invalid_token" | "invalid_grant") =>
        {
            Ok(())
        }
        other => other,
    }
}
