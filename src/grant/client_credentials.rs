//! The client credentials grant (RFC 6749 section 4.4): the client acts for
//! itself, and nobody needs to be there.

use oauth2::basic::BasicClient;
use oauth2::{ClientId, TokenUrl};

use super::{Answer, CallError, TokenEndpoint};

/// Obtains a token. `scope` is already joined; empty means none is sent.
pub fn client_credentials(endpoint: &TokenEndpoint<'_>, scope: &str) -> Result<Answer, CallError> {
    let client = BasicClient::new(ClientId::new(endpoint.client().id.expose().to_owned()))
        .set_token_uri(TokenUrl::from_url(endpoint.url().expose().clone()));
    let mut request = client.exchange_client_credentials();
    if !scope.is_empty() {
        request = request.add_extra_param("scope", scope);
    }
    endpoint.through(|http| request.request(&http))
}
