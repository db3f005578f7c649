//! Renewing (RFC 6749 section 6). What rotation means for the old refresh
//! token is the broker's business; here it is one call.

use oauth2::basic::BasicClient;
use oauth2::{ClientId, RefreshToken, TokenUrl};

use super::{Answer, CallError, TokenEndpoint};
use crate::secret::Secret;

/// Exchanges a refresh token for a new answer.
pub fn refresh(endpoint: &TokenEndpoint<'_>, token: &Secret) -> Result<Answer, CallError> {
    let client = BasicClient::new(ClientId::new(endpoint.client().id.expose().to_owned()))
        .set_token_uri(TokenUrl::from_url(endpoint.url().expose().clone()));
    let token = RefreshToken::new(token.expose().to_owned());
    let request = client.exchange_refresh_token(&token);
    endpoint.through(|http| request.request(&http))
}
