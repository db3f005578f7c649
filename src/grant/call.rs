//! One call to a provider's token endpoint: the standard parameters, the
//! client's authentication as the definition wants it (RFC 6749 section 2.3),
//! no redirect followed, the answer normalised. It serves the `oauth2` crate
//! as its HTTP client.

use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oauth2::{HttpRequest, HttpResponse};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION};

use super::answer::{Answer, Misanswer};
use crate::definition::{BasicEncoding, ClientAuth};
use crate::http::{self, Http, HttpError};
use crate::secret::{REDACTED, SafeUrl, Secret};

/// Parameters whose values are secrets (RFC 6749, 7009, 7636).
const SECRET_PARAMS: [&str; 6] = [
    "code",
    "code_verifier",
    "refresh_token",
    "client_secret",
    "token",
    "assertion",
];

/// The most that is read of a provider's answer, in bytes.
const MAX_ANSWER: u64 = 1024 * 1024;

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

/// Why a call to a provider came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There was no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The provider said no.
    #[error("the provider answered `{error}`{}", super::described(.description.as_deref()))]
    Refused {
        /// RFC 6749 section 5.2's error code, or the provider's own.
        error: String,
        /// The provider's words.
        description: Option<String>,
    },
    /// The answer is of no use, now at least.
    #[error("{host} gave an answer that cannot be used: {why}")]
    Unusable {
        /// Host and port.
        host: String,
        /// What about it.
        why: String,
    },
}

impl CallError {
    /// Whether the same call may succeed later.
    pub fn is_passing(&self) -> bool {
        !matches!(self, CallError::Refused { .. })
    }

    /// Whether the provider says that the grant itself is over.
    pub fn is_dead_grant(&self) -> bool {
        matches!(self, CallError::Refused { error, .. } if error == "invalid_grant")
    }
}

/// A provider's endpoint that tokens and the client's secret may go to.
pub struct TokenEndpoint<'a> {
    http: &'a Http,
    url: SafeUrl,
    client: Client,
    /// What was sent and must not come back in a message.
    sent: RefCell<Vec<Secret>>,
    /// What the last call through `oauth2` came to.
    last: RefCell<Option<Result<Answer, CallError>>>,
}

/// Parameters in the order they are sent.
pub type Params = Vec<(String, String)>;

impl<'a> TokenEndpoint<'a> {
    /// An endpoint and the client that calls it.
    pub fn new(http: &'a Http, url: SafeUrl, client: Client) -> Self {
        Self {
            http,
            url,
            client,
            sent: RefCell::new(Vec::new()),
            last: RefCell::new(None),
        }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The URL.
    pub fn url(&self) -> &SafeUrl {
        &self.url
    }

    /// Posts parameters as a form, with the client's authentication.
    pub fn post(&self, mut params: Params) -> Result<http::Answer, CallError> {
        params.retain(|(name, _)| name != "client_id" && name != "client_secret");
        let mut request =
            reqwest::blocking::Request::new(reqwest::Method::POST, self.url.expose().clone());
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        let (basic, in_body) = self.client.credentials();
        if let Some(basic) = basic {
            headers.insert(AUTHORIZATION, basic);
        }
        params.extend(in_body);
        self.remember_secrets(&params);
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&params)
            .finish();
        *request.body_mut() = Some(body.into());
        let answer = self.http.fetch(request, MAX_ANSWER)?;
        if (300..400).contains(&answer.status) {
            return Err(self.redirected(&answer));
        }
        Ok(answer)
    }

    /// Calls the endpoint through an `oauth2` request, which knows the
    /// standard; `send` gets the HTTP client to use.
    pub(super) fn through<T, E>(
        &self,
        send: impl FnOnce(&dyn Fn(HttpRequest) -> Result<HttpResponse, CallFailed>) -> Result<T, E>,
    ) -> Result<Answer, CallError>
    where
        E: std::fmt::Display,
    {
        let client = |request: HttpRequest| self.serve(&request);
        let outcome = send(&client);
        match (self.last.take(), outcome) {
            (Some(Ok(answer)), Ok(_)) => Ok(answer),
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(self.unusable(error.to_string())),
            (None, Ok(_)) => Err(self.unusable("nothing was sent".to_owned())),
        }
    }

    /// Plays the HTTP client: bends the request, normalises the answer.
    fn serve(&self, request: &HttpRequest) -> Result<HttpResponse, CallFailed> {
        let params = url::form_urlencoded::parse(request.body())
            .into_owned()
            .collect();
        let result = self.post(params).and_then(|answer| {
            Answer::read(answer.status, &answer.body).map_err(|wrong| match wrong {
                Misanswer::Refused { error, description } => self.refused(error, description),
                Misanswer::Unusable(why) => self.unusable(why),
            })
        });
        let normal = match &result {
            Ok(answer) => {
                let mut response = HttpResponse::new(answer.to_standard_json());
                let json = HeaderValue::from_static("application/json");
                response.headers_mut().insert(CONTENT_TYPE, json);
                Ok(response)
            }
            Err(_) => Err(CallFailed),
        };
        *self.last.borrow_mut() = Some(result);
        normal
    }

    fn unusable(&self, why: String) -> CallError {
        CallError::Unusable {
            host: http::host_of(self.url.expose()),
            why: self.redacted(&why),
        }
    }

    /// A refusal in the provider's words, which may repeat what it was sent.
    pub(super) fn refused(&self, error: String, description: Option<String>) -> CallError {
        CallError::Refused {
            error: self.redacted(&error),
            description: description.map(|text| self.redacted(&text)),
        }
    }

    fn remember_secrets(&self, params: &Params) {
        let secret = |name: &str| SECRET_PARAMS.contains(&name);
        let mut sent = self.sent.borrow_mut();
        sent.extend(self.client.secret.clone());
        sent.extend(
            params
                .iter()
                .filter(|(name, _)| secret(name))
                .map(|(_, value)| Secret::new(value.clone())),
        );
    }

    fn redacted(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in self.sent.borrow().iter() {
            if !secret.expose().is_empty() {
                clean = clean.replace(secret.expose(), REDACTED);
            }
        }
        super::shortened(&clean)
    }

    fn redirected(&self, answer: &http::Answer) -> CallError {
        let to = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok());
        let to = to.and_then(|to| self.url.expose().join(to).ok());
        let to = to.map_or_else(
            || "elsewhere".to_owned(),
            |url| url.origin().ascii_serialization(),
        );
        self.unusable(format!(
            "it redirects to {to}, and secrets follow no redirect; name the final URL in the definition"
        ))
    }
}

/// Tells `oauth2` that a call failed; why is kept beside.
#[derive(Debug, thiserror::Error)]
#[error("the call failed")]
pub(super) struct CallFailed;

impl Client {
    /// The Basic header and the parameters that authenticate the client.
    fn credentials(&self) -> (Option<HeaderValue>, Params) {
        let mut params = Params::new();
        let id = self.id.expose();
        let in_body = !matches!(self.auth, ClientAuth::Basic);
        if in_body {
            params.push(("client_id".to_owned(), id.to_owned()));
        }
        let Some(secret) = &self.secret else {
            return (None, params);
        };
        if matches!(self.auth, ClientAuth::Body | ClientAuth::BasicAndBody) {
            params.push(("client_secret".to_owned(), secret.expose().to_owned()));
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
        ] {
            let (basic, params) = client(auth, secret).credentials();
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
        assert_eq!(decode(&client.credentials().0.unwrap()), "id%3A1:s+%2B");
        client.encoding = BasicEncoding::Raw;
        assert_eq!(decode(&client.credentials().0.unwrap()), "id:1:s +");
    }
}
