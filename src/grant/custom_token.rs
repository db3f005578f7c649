//! A token from a login of the service's own: one request, as the definition
//! has it, with nothing standard in it; or none, where steps do all.

use super::{Answer, GrantError, Repeat, provider_call};
use crate::connection::Values;
use crate::http::Http;

/// Logs in. Whatever else it takes is for the steps.
pub(super) fn log_in(
    http: &Http,
    values: &Values<'_>,
    repeat: Repeat,
) -> Result<Answer, GrantError> {
    let auth = &values.integration().auth;
    let Some(url) = values.endpoint(auth.token_url.as_ref(), "")? else {
        return Ok(Answer::default());
    };
    let mut call = provider_call(http, values, &auth.token, url);
    call.repeat = repeat;
    call.answer(Vec::new())
}
