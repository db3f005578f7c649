//! The JWT bearer grant (RFC 7523 section 2.1): an assertion that `auth.jwt`
//! signs says who is meant, so that a service account, or an app that an
//! administrator approved, needs neither person nor client secret.

use super::{Answer, GrantError, Repeat};
use crate::connection::Values;
use crate::definition::OAuth2;
use crate::http::Http;
use crate::secret::Secret;

/// RFC 7523 section 8.1.
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Shows the assertion that was just signed; a further try shows another.
pub(super) fn obtain(
    http: &Http,
    oauth: &OAuth2,
    values: &Values<'_>,
    (scope, signed): (&str, Option<Secret>),
    repeat: Repeat,
) -> Result<Answer, GrantError> {
    let params = vec![
        ("grant_type".to_owned(), Secret::new(GRANT_TYPE)),
        (
            "assertion".to_owned(),
            signed.ok_or(GrantError::Missing("jwt"))?,
        ),
    ];
    super::token_call(http, oauth, values, (params, scope), repeat)
}
