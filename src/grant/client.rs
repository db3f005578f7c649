//! How an OAuth client shows who it is at the token endpoint (RFC 6749 section
//! 2.3): by a Basic header, in the body, by both, by a token it signs (RFC 7523
//! section 2.2), or not at all; a certificate (RFC 8705) is the connection's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;

use super::wire::Params;
use super::{GrantError, jwt};
use crate::connection::Values;
use crate::definition::{BasicEncoding, ClientAuth};
use crate::secret::Secret;

/// What kind of assertion a token of its own is (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Who the client is, and how it shows that.
#[derive(Clone, Debug)]
pub struct Client {
    /// The client id.
    pub id: Secret,
    /// The client secret; `None` for a public client.
    pub secret: Option<Secret>,
    /// How the two travel.
    pub auth: ClientAuth,
    /// How they are written into a Basic header.
    pub encoding: BasicEncoding,
}

impl Client {
    /// The Basic header and the parameters that authenticate the client. What
    /// is signed is signed anew each time.
    pub(super) fn credentials(
        &self,
        values: &Values<'_>,
    ) -> Result<(Option<HeaderValue>, Params), GrantError> {
        let (header, mut params) = self.static_credentials();
        if self.auth == ClientAuth::PrivateKeyJwt {
            let kind = Secret::new(JWT_BEARER);
            params.push(("client_assertion_type".to_owned(), kind));
            let assertion = jwt::client_assertion(values)?;
            params.push(("client_assertion".to_owned(), assertion));
        }
        Ok((header, params))
    }

    fn static_credentials(&self) -> (Option<HeaderValue>, Params) {
        let mut params = Params::new();
        let id = self.id.expose();
        let in_body = !matches!(self.auth, ClientAuth::Basic);
        if in_body {
            params.push(("client_id".to_owned(), self.id.clone()));
        }
        let Some(secret) = &self.secret else {
            return (None, params);
        };
        if matches!(self.auth, ClientAuth::Body | ClientAuth::BasicAndBody) {
            params.push(("client_secret".to_owned(), secret.clone()));
        }
        let basic = matches!(self.auth, ClientAuth::Basic | ClientAuth::BasicAndBody);
        let header = basic.then(|| self.basic(id, secret.expose())).flatten();
        (header, params)
    }

    /// RFC 6749 section 2.3.1 form-encodes both halves first.
    fn basic(&self, id: &str, secret: &str) -> Option<HeaderValue> {
        let encode = |text: &str| -> String {
            match self.encoding {
                BasicEncoding::Form => {
                    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
                }
                BasicEncoding::Raw => text.to_owned(),
            }
        };
        let pair = format!("{}:{}", encode(id), encode(secret));
        // Base64 is always a valid header value.
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(auth: ClientAuth, secret: Option<&str>) -> Client {
        Client {
            id: Secret::new("id:1"),
            secret: secret.map(Secret::new),
            auth,
            encoding: BasicEncoding::Form,
        }
    }

    #[test]
    fn clients_authenticate_as_the_definition_says() {
        for (auth, secret, header, names) in [
            (ClientAuth::Basic, Some("s +"), true, vec![]),
            (
                ClientAuth::Body,
                Some("s"),
                false,
                vec!["client_id", "client_secret"],
            ),
            (
                ClientAuth::BasicAndBody,
                Some("s"),
                true,
                vec!["client_id", "client_secret"],
            ),
            (ClientAuth::None, None, false, vec!["client_id"]),
            (ClientAuth::Mtls, None, false, vec!["client_id"]),
        ] {
            let (basic, params) = client(auth, secret).static_credentials();
            assert_eq!(basic.is_some(), header, "{auth:?}");
            let sent: Vec<&str> = params.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(sent, names, "{auth:?}");
        }
    }

    #[test]
    fn a_basic_header_is_form_encoded_unless_the_provider_wants_it_raw() {
        let mut client = client(ClientAuth::Basic, Some("s +"));
        let decode = |value: &HeaderValue| {
            let text = value
                .to_str()
                .unwrap()
                .strip_prefix("Basic ")
                .unwrap()
                .to_owned();
            String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
        };
        assert_eq!(
            decode(&client.static_credentials().0.unwrap()),
            "id%3A1:s+%2B"
        );
        client.encoding = BasicEncoding::Raw;
        assert_eq!(decode(&client.static_credentials().0.unwrap()), "id:1:s +");
    }
}
