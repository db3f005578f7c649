//! The resource owner password credentials grant (RFC 6749 section 4.3), which
//! RFC 9700 section 2.4 forbids and OAuth 2.1 drops: for services that have
//! nothing else. `check` and `connect` say so.

use super::{Answer, GrantError, Repeat};
use crate::connection::Values;
use crate::definition::OAuth2;
use crate::http::Http;
use crate::secret::Secret;

/// Shows user name and password.
pub(super) fn obtain(
    http: &Http,
    oauth: &OAuth2,
    values: &Values<'_>,
    scope: &str,
    repeat: Repeat,
) -> Result<Answer, GrantError> {
    let input = |name: &'static str| {
        let value = values.input(name)?.ok_or(GrantError::Missing(name))?;
        Ok::<_, GrantError>((name.to_owned(), value))
    };
    let params = vec![
        ("grant_type".to_owned(), Secret::new("password")),
        input("username")?,
        input("password")?,
    ];
    super::token_call(http, oauth, values, (params, scope), repeat)
}
