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

/// Shows the assertion that was just signed.
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
    super::token_call(
        http,
        oauth,
        values,
        (params, scope),
        seen_once(values, repeat),
    )
}

/// A server may take an assertion with an id once only (RFC 7519 section
/// 4.1.7), so that showing the same again would turn trouble that passes into a
/// refusal.
fn seen_once(values: &Values<'_>, repeat: Repeat) -> Repeat {
    let jwt = values.integration().auth.jwt.as_ref();
    let has_id = jwt.is_some_and(|jwt| jwt.claims.iter().any(|(name, _)| name == "jti"));
    if has_id && repeat == Repeat::Passing {
        Repeat::Undone
    } else {
        repeat
    }
}
