//! The client credentials grant (RFC 6749 section 4.4): the client acts for
//! itself, and nobody needs to be there.

use oauth2::basic::BasicClient;
use oauth2::{ClientId, TokenUrl};

use super::{Answer, GrantError, Repeat, provider_call};
use crate::connection::Values;
use crate::definition::OAuth2;
use crate::http::Http;

/// Obtains a token. `scope` is already joined; empty means none is sent.
pub(super) fn obtain(
    http: &Http,
    oauth: &OAuth2,
    values: &Values<'_>,
    scope: &str,
    repeat: Repeat,
) -> Result<Answer, GrantError> {
    let auth = &values.integration().auth;
    let url = values.endpoint(auth.token_url.as_ref(), "token_endpoint")?;
    let url = url.ok_or(GrantError::Missing("token_url"))?;
    let mut call = provider_call(http, values, &auth.token, url);
    call.client = Some(super::client(oauth, values)?);
    call.repeat = repeat;
    let client = BasicClient::new(ClientId::new(call.client_id()))
        .set_token_uri(TokenUrl::from_url(call.url.expose().clone()));
    let mut request = client.exchange_client_credentials();
    if !scope.is_empty() {
        request = request.add_extra_param("scope", scope);
    }
    let answer = call.through(|http| request.request(&http))?;
    super::needs_token(&call, &answer)?;
    Ok(answer)
}
