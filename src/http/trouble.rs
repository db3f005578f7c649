//! Why a request got no answer. What is said holds neither the URL, whose query
//! may hold secrets, nor what a proxy is given as user and password.

use rustls::AlertDescription;

use super::{host_of, proxy};

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
    /// Nobody that is trusted vouches for the server's certificate, or it is
    /// another host's, or over.
    #[error("{host} is not believed: {why}")]
    Untrusted {
        /// Host and port.
        host: String,
        /// What is wrong with its certificate.
        why: String,
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

/// What went wrong, without the URL; a proxy on the way is named. Who says more
/// than the host knows that there is none.
pub fn explain(error: &reqwest::Error, host: &str) -> HttpError {
    let url = error.url().filter(|url| host_of(url) == host);
    let host = match url.and_then(proxy::between) {
        Some(proxy) => format!("{host} (through {proxy})"),
        None => host.to_owned(),
    };
    // In TLS 1.3 the server looks at a certificate when the client thinks the
    // connection is up, so this may come at any time.
    if let Some(alert) = alert(error).filter(is_about_certificates) {
        HttpError::Certificate {
            host,
            alert: format!("{alert:?}"),
        }
    } else if is_unbelieved(error) {
        HttpError::Untrusted {
            host,
            why: innermost(error),
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
fn alert(error: &reqwest::Error) -> Option<AlertDescription> {
    match tls(error)? {
        rustls::Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}

/// Whether the server's certificate is not believed.
fn is_unbelieved(error: &reqwest::Error) -> bool {
    matches!(tls(error), Some(rustls::Error::InvalidCertificate(_)))
}

/// What TLS says, where it is TLS that failed.
fn tls<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // What an I/O error wraps is not its source, but in its place.
    let wrapped = error.downcast_ref::<std::io::Error>();
    match wrapped.and_then(std::io::Error::get_ref) {
        Some(inner) => tls(inner),
        None => tls(error.source()?),
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
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
