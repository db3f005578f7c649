//! Revoking (RFC 7009). An unknown token is a success by the RFC.

use super::answer::{Answer, Misanswer};
use super::{CallError, TokenEndpoint};
use crate::http;
use crate::secret::Secret;

/// What kind of token is being revoked (RFC 7009 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenHint {
    /// `access_token`.
    AccessToken,
    /// `refresh_token`.
    RefreshToken,
}

impl TokenHint {
    fn name(self) -> &'static str {
        match self {
            TokenHint::AccessToken => "access_token",
            TokenHint::RefreshToken => "refresh_token",
        }
    }
}

/// Revokes one token at the revocation endpoint.
pub fn revoke(
    endpoint: &TokenEndpoint<'_>,
    token: &Secret,
    hint: TokenHint,
) -> Result<(), CallError> {
    let params = vec![
        ("token".to_owned(), token.expose().to_owned()),
        ("token_type_hint".to_owned(), hint.name().to_owned()),
    ];
    let answer = endpoint.post(params)?;
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    match Answer::read(answer.status, &answer.body) {
        // Some providers say that a dead token is dead rather than nothing.
        Err(Misanswer::Refused { error, .. })
            if matches!(error.as_str(), "invalid_token" | "invalid_grant") =>
        {
            Ok(())
        }
        Err(Misanswer::Refused { error, description }) => Err(endpoint.refused(error, description)),
        Ok(_) => Ok(()),
        Err(Misanswer::Unusable(why)) => Err(CallError::Unusable {
            host: http::host_of(endpoint.url().expose()),
            why,
        }),
    }
}
