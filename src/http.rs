//! The HTTP client, built when the first request is sent and not before: TLS
//! always verified against the platform's trust store (`SSL_CERT_FILE`
//! included), proxies obeyed except on loopback, no redirect followed by
//! itself, every wait bounded, a client certificate (`identity`) shown only in
//! requests that come with one. Errors say what failed without the URL, whose
//! query may hold secrets.

mod identity;
mod nonces;
mod upload;
mod validity;

use std::cell::{OnceCell, RefCell};
use std::io::Read;
use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::ClientBuilder;
use reqwest::blocking::{Client, Response};
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue, PROXY_AUTHORIZATION};
use rustls::AlertDescription;
use url::{Host, Url};

pub use identity::{Identity, IdentityError};
pub use nonces::{Nonces, ServerRole};

/// How long a connection may take to come up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How long an API may be silent: long reports and long polls are not cut off.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// Clients shared by every request of one run.
#[derive(Debug)]
pub struct Http {
    connect: Duration,
    /// The user's word on that, once it is said.
    connect_within: OnceLock<Duration>,
    timeout: Duration,
    plain: OnceCell<Client>,
    loopback: OnceCell<Client>,
    remote: OnceCell<Client>,
    identified: RefCell<Vec<Identified>>,
    nonces: RefCell<Nonces>,
}

/// A client that shows a certificate.
#[derive(Debug)]
struct Identified {
    mark: [u8; 32],
    loopback: bool,
    client: Client,
}

/// A request that got no answer; all of these may pass.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Nobody answered at that address, or the name is unknown.
    #[error("cannot connect to {host}: {why}")]
    Connect {
        /// Host and port.
        host: String,
        /// What the network said.
        why: String,
    },
    /// The server ended the handshake over a certificate: it wants one of the
    /// client, or another one.
    #[error(
        "{host} refused the TLS connection ({alert}): it may be for the client certificate, which it misses or does not take"
    )]
    Certificate {
        /// Host and port.
        host: String,
        /// The alert (RFC 8446 section 6.2).
        alert: String,
    },
    /// The deadline passed.
    #[error("{host} did not answer in time")]
    Timeout {
        /// Host and port.
        host: String,
    },
    /// The answer broke off, or was longer than anything sensible.
    #[error("the answer of {host} could not be read: {why}")]
    Broken {
        /// Host and port.
        host: String,
        /// In what way.
        why: String,
    },
    /// The client itself could not be made.
    #[error("no HTTP client could be set up: {0}")]
    Setup(String),
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
            plain: OnceCell::new(),
            loopback: OnceCell::new(),
            remote: OnceCell::new(),
            identified: RefCell::default(),
            nonces: RefCell::default(),
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

    /// The client for a URL. This process's own loopback traffic never goes
    /// through a proxy; plain http, which only ever stays on this machine,
    /// needs no certificates, whose parsing is most of what a client costs.
    pub fn client_for(&self, url: &Url) -> Result<&Client, HttpError> {
        let cell = match (url.scheme(), is_loopback(url)) {
            ("http", true) => &self.plain,
            (_, true) => &self.loopback,
            _ => &self.remote,
        };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = built(self.builder_for(url, None))?;
        Ok(cell.get_or_init(|| client))
    }

    /// The beginnings of a client for a URL.
    fn builder_for(&self, url: &Url, identity: Option<&Identity>) -> ClientBuilder {
        let builder = builder(self.connect());
        let builder = match (url.scheme(), is_loopback(url)) {
            ("http", true) => builder.no_proxy().tls_certs_only([]),
            (_, true) => builder.no_proxy(),
            _ => builder,
        };
        match identity.filter(|_| url.scheme() == "https") {
            Some(identity) => builder.identity(identity.shown()),
            None => builder,
        }
    }

    /// The same, with a certificate to show where the server asks for one.
    pub fn client_as(&self, url: &Url, identity: Option<&Identity>) -> Result<Client, HttpError> {
        // Where there is no TLS there is nobody to show it to.
        let Some(identity) = identity.filter(|_| url.scheme() == "https") else {
            return self.client_for(url).cloned();
        };
        let (mark, loopback) = (identity.mark(), is_loopback(url));
        let mut known = self.identified.borrow_mut();
        let same = |one: &&Identified| one.mark == mark && one.loopback == loopback;
        if let Some(found) = known.iter().find(same) {
            return Ok(found.client.clone());
        }
        let client = built(self.builder_for(url, Some(identity)))?;
        known.push(Identified {
            mark,
            loopback,
            client: client.clone(),
        });
        Ok(client)
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
        tracing::debug!(method = %request.method(), host, "sending");
        let mut request = request;
        request.timeout_mut().get_or_insert(self.timeout);
        let response = client
            .execute(request)
            .map_err(|error| explain(&error, &host))?;
        tracing::debug!(status = response.status().as_u16(), host, "answered");
        read(response, &host, limit)
    }
}

fn builder(connect: Duration) -> ClientBuilder {
    ClientBuilder::new()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(connect)
        .user_agent(concat!("hallpass/", env!("CARGO_PKG_VERSION")))
}

fn built(builder: ClientBuilder) -> Result<Client, HttpError> {
    let builder = reqwest::blocking::ClientBuilder::from(builder);
    // This bounds each wait: for the headers, and for every piece of the body, so
    // that a long download may take its time.
    let client = builder.timeout(LONGEST_WAIT).build();
    client.map_err(|error| HttpError::Setup(innermost(&error)))
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

/// What went wrong, without the URL.
pub fn explain(error: &reqwest::Error, host: &str) -> HttpError {
    let host = host.to_owned();
    // In TLS 1.3 the server looks at a certificate when the client thinks the
    // connection is up, so this may come at any time.
    if let Some(alert) = alert(error).filter(is_about_certificates) {
        HttpError::Certificate {
            host,
            alert: format!("{alert:?}"),
        }
    // A connection that did not come up in time is first of all none.
    } else if error.is_connect() {
        HttpError::Connect {
            host,
            why: innermost(error),
        }
    } else if error.is_timeout() {
        HttpError::Timeout { host }
    } else {
        HttpError::Broken {
            host,
            why: innermost(error),
        }
    }
}

/// The alert with which the other side ended TLS.
fn alert(error: &(dyn std::error::Error + 'static)) -> Option<AlertDescription> {
    if let Some(rustls::Error::AlertReceived(alert)) = error.downcast_ref() {
        return Some(*alert);
    }
    // What an I/O error wraps is not its source, but in its place.
    let wrapped = error.downcast_ref::<std::io::Error>();
    match wrapped.and_then(std::io::Error::get_ref) {
        Some(inner) => alert(inner),
        None => alert(error.source()?),
    }
}

/// What a server says of a client's certificate (RFC 8446 section 6.2); before
/// TLS 1.3 a missing one was a failed handshake.
fn is_about_certificates(alert: &AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::HandshakeFailure
    )
}

/// The last cause in the chain is the one that says something.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
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
