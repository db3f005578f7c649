//! The HTTP client, built when the first request is sent and not before: TLS
//! always verified against the platform's trust store (`SSL_CERT_FILE`
//! included), proxies obeyed except on loopback, no redirect followed by
//! itself, every wait bounded, a client certificate (`identity`) shown only in
//! requests that come with one. Errors say what failed without the URL, whose
//! query may hold secrets.

mod authorities;
mod clients;
mod identity;
mod nonces;
mod proxy;
mod trouble;
mod upload;
mod validity;

use std::io::Read;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::blocking::Response;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue, PROXY_AUTHORIZATION};
use url::{Host, Url};

use clients::Known;
pub use clients::Reach;
pub use identity::{Identity, IdentityError};
pub use nonces::{Nonces, ServerRole};
use trouble::innermost;
pub use trouble::{HttpError, explain};

/// What the log says of each call to a provider goes to this target.
pub const CALLS: &str = "hallpass::calls";

/// How long a connection may take to come up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Clients shared by every request of one run, and by all its threads.
#[derive(Debug)]
pub struct Http {
    connect: Duration,
    /// The user's word on that, once it is said.
    connect_within: OnceLock<Duration>,
    timeout: Duration,
    clients: Mutex<Vec<Known>>,
    reach: OnceLock<Reach>,
    nonces: Mutex<Nonces>,
}

/// An answer read whole; it may hold tokens, so that it cannot be printed.
pub struct Answer {
    /// The HTTP status code.
    pub status: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Http {
    /// `timeout` bounds one call to a provider from start to end.
    pub fn new(timeout: Duration) -> Self {
        Self::hurried(CONNECT_TIMEOUT, timeout)
    }

    /// The same, with a bound of its own on how long a connection may take to
    /// come up, TLS included.
    pub fn hurried(connect: Duration, timeout: Duration) -> Self {
        Self {
            connect,
            connect_within: OnceLock::new(),
            timeout,
            clients: Mutex::default(),
            reach: OnceLock::new(),
            nonces: Mutex::default(),
        }
    }

    /// Bounds how long a connection may take to come up; said before the first
    /// request.
    pub fn connect_within(&self, connect: Duration) {
        // Whoever said it first is right: there is one command line.
        let _ = self.connect_within.set(connect);
    }

    fn connect(&self) -> Duration {
        self.connect_within.get().copied().unwrap_or(self.connect)
    }

    /// The bound on one call to a provider.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends a request and reads the whole answer, of at most `limit` bytes.
    pub fn fetch(
        &self,
        request: reqwest::blocking::Request,
        limit: u64,
    ) -> Result<Answer, HttpError> {
        self.fetch_as(request, limit, None)
    }

    /// The same, with a certificate to show where the server asks for one.
    pub fn fetch_as(
        &self,
        request: reqwest::blocking::Request,
        limit: u64,
        identity: Option<&Identity>,
    ) -> Result<Answer, HttpError> {
        let host = host_of(request.url());
        let client = self.client_as(request.url(), identity)?;
        tracing::info!(target: CALLS, method = %request.method(), host, "sending");
        let mut request = request;
        request.timeout_mut().get_or_insert(self.timeout);
        let response = client
            .execute(request)
            .map_err(|error| explain(&error, &host))?;
        tracing::info!(target: CALLS, status = response.status().as_u16(), host, "answered");
        read(response, &host, limit)
    }
}

fn read(response: Response, host: &str, limit: u64) -> Result<Answer, HttpError> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = Vec::new();
    response
        .take(limit + 1)
        .read_to_end(&mut body)
        .map_err(|error| HttpError::Broken {
            host: host.to_owned(),
            why: innermost(&error),
        })?;
    if body.len() as u64 > limit {
        return Err(HttpError::Broken {
            host: host.to_owned(),
            why: format!("it is longer than {limit} bytes"),
        });
    }
    Ok(Answer {
        status,
        headers,
        body,
    })
}

/// A header that can be sent; the error says why it cannot. A sensitive one is
/// printed by nobody, and kept out of HTTP/2's tables; those that carry
/// credentials by their name (RFC 9110 section 11, RFC 6265) always are.
pub fn header(
    name: &str,
    value: &str,
    sensitive: bool,
) -> Result<(HeaderName, HeaderValue), &'static str> {
    let name = HeaderName::try_from(name).map_err(|_| "it is no header name")?;
    if value.chars().any(|c| c.is_control() && c != '\t') {
        return Err("its value holds a line break or a control character");
    }
    let value = HeaderValue::from_bytes(value.as_bytes());
    let mut value = value.map_err(|_| "its value cannot stand in a header")?;
    let carries = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(&name);
    value.set_sensitive(sensitive || carries);
    Ok((name, value))
}

/// The credential in a header's value: what follows the scheme (RFC 9110
/// section 11.4), or all of it.
pub fn credential_of(value: &str) -> &str {
    value.split_once(' ').map_or(value, |(_, rest)| rest.trim())
}

/// The value of `Authorization: Basic` (RFC 7617 section 2); the error says
/// why the two cannot be told apart in it.
pub fn basic(user: &str, password: &str) -> Result<String, &'static str> {
    if user.contains(':') {
        return Err("the user name holds a `:`, which would begin the password");
    }
    Ok(format!(
        "Basic {}",
        STANDARD.encode(format!("{user}:{password}"))
    ))
}

/// Host and port as a person would write them.
pub fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("an unnamed host");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether a URL stays on this machine: 127.0.0.0/8, `[::1]` or `localhost`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Whether credentials may be sent to a URL at all: https, or loopback http.
pub fn is_protected(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_carry_credentials_are_sensitive_whoever_writes_them() {
        for (name, sensitive, expected) in [
            ("authorization", false, true),
            ("Proxy-Authorization", false, true),
            ("cookie", false, true),
            ("X-Api-Key", true, true),
            ("Accept", false, false),
        ] {
            let (_, value) = header(name, "Bearer key-not-real", sensitive).unwrap();
            assert_eq!(value.is_sensitive(), expected, "{name}");
            assert_eq!(
                format!("{value:?}").contains("not-real"),
                !expected,
                "{name}"
            );
        }
    }

    #[test]
    fn the_credential_in_a_header_is_what_follows_the_scheme() {
        for (value, credential) in [
            ("Basic dXNlcjpwdw==", "dXNlcjpwdw=="),
            ("Bearer  a", "a"),
            ("key-not-real", "key-not-real"),
        ] {
            assert_eq!(credential_of(value), credential);
        }
    }
}
