//! Token exchange (RFC 8693): a token that the machine has anyway, such as a
//! job's ID token, is shown for one of the provider's, so that no secret has to
//! be stored where the job runs.

use super::{Answer, GrantError, Repeat, subject};
use crate::connection::Values;
use crate::definition::{OAuth2, RenewFrom};
use crate::http::Http;
use crate::secret::Secret;

/// RFC 8693 section 2.1.
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// Fetches the subject token, and exchanges it.
pub(super) fn obtain(
    http: &Http,
    oauth: &OAuth2,
    values: &Values<'_>,
    scope: &str,
    repeat: Repeat,
) -> Result<Answer, GrantError> {
    let subject = oauth.subject.as_ref();
    let subject = subject.ok_or(GrantError::Missing("subject_token"))?;
    let params = vec![
        ("grant_type".to_owned(), Secret::new(GRANT_TYPE)),
        (
            "subject_token".to_owned(),
            subject::fetch(http, subject, values, repeat)?,
        ),
        (
            "subject_token_type".to_owned(),
            Secret::new(subject.token_type.clone()),
        ),
    ];
    let mut answer = super::token_call(http, oauth, values, (params, scope), repeat)?;
    // A subject token is to be had for every exchange; a refresh token would
    // outlive the job that it was given to.
    if values.integration().auth.renew_from() != RenewFrom::RefreshToken {
        answer.refresh_token = None;
    }
    Ok(answer)
}
