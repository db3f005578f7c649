//! The loopback listener for the redirect (RFC 8252 section 7.3). It listens
//! on this machine only, answers one exact path, checks `Host` against DNS
//! rebinding and `state` in constant time, and takes one success; everything
//! else is answered and ignored. `front` bounds every socket before the HTTP
//! library sees it.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use url::Url;

use super::GrantError;
use super::front::Front;
use super::page::{self, Page};
use crate::definition::{Brand, Redirect};
use crate::secret::Secret;

/// Why the redirect cannot be listened for.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Every port the definition names is taken.
    #[error("no port for the redirect is free: {0}")]
    Ports(String),
    /// The server did not come up.
    #[error("the redirect cannot be listened for: {0}")]
    Server(String),
}

/// Waits for one redirect.
pub(super) struct Listener {
    front: Front,
    redirect_uri: String,
    hosts: Vec<String>,
    /// As the redirect URI writes it, percent-encoded.
    path: String,
    brand: Brand,
}

/// A redirect that belongs to this run.
pub(super) struct Arrived {
    /// The code, or what the provider said instead.
    pub(super) outcome: Result<Secret, GrantError>,
    /// What else the redirect brought: each parameter that came once.
    pub(super) params: Vec<(String, String)>,
    /// The browser, waiting for its page.
    pub(super) responder: Responder,
}

/// The browser that waits for its last page. Dropped unused, it answers that
/// the connect was broken off.
pub struct Responder {
    request: Option<tiny_http::Request>,
    front: Front,
    brand: Brand,
}

impl Listener {
    /// Listens on the first port that is free.
    pub(super) fn bind(redirect: &Redirect, brand: &Brand) -> Result<Self, ListenError> {
        let (listeners, port) = bind_any(redirect)?;
        let host = match redirect.host.as_str() {
            "::1" => "[::1]".to_owned(),
            host => host.to_owned(),
        };
        let failed = |error: &dyn std::fmt::Display| ListenError::Server(error.to_string());
        // Browsers ask for a path in the way that `Url` writes it.
        let url = Url::parse(&format!("http://{host}:{port}{}", redirect.path))
            .map_err(|error| failed(&error))?;
        let path = url.path().to_owned();
        Ok(Self {
            front: Front::start(listeners).map_err(|error| failed(&error))?,
            redirect_uri: format!("http://{host}:{port}{path}"),
            hosts: ["127.0.0.1", "[::1]", "localhost"]
                .map(|host| format!("{host}:{port}"))
                .to_vec(),
            path,
            brand: brand.clone(),
        })
    }

    /// What the provider redirects to.
    pub(super) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Waits for a redirect with this `state`. `None`: nobody came in time.
    pub(super) fn wait(
        mut self,
        state: &Secret,
        code_param: &str,
        deadline: Instant,
    ) -> Result<Option<Arrived>, ListenError> {
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            // A tick bounds how long a lost wake-up could hold us.
            let request = match self.front.next(left.min(Duration::from_secs(1))) {
                Ok(Some(request)) => request,
                Ok(None) => continue,
                Err(error) => return Err(ListenError::Server(error.to_string())),
            };
            match self.judge(&request, state, code_param) {
                Verdict::Ignore(page) => page.send(request),
                Verdict::Take { outcome, params } => {
                    return Ok(Some(Arrived {
                        outcome,
                        params,
                        responder: Responder {
                            request: Some(request),
                            front: self.front,
                            brand: self.brand,
                        },
                    }));
                }
            }
        }
        Ok(None)
    }

    fn judge(&self, request: &tiny_http::Request, state: &Secret, code_param: &str) -> Verdict {
        let hosts: Vec<&str> = request
            .headers()
            .iter()
            .filter(|header| header.field.equiv("Host"))
            .map(|header| header.value.as_str())
            .collect();
        let ours = matches!(hosts[..], [host] if self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)));
        if !ours {
            return Verdict::Ignore(page::wrong_host());
        }
        // Compared as it came: resolving it first would take `//evil.test/callback`,
        // which names another host, and `/x/../callback`.
        let target = request.url();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if path != self.path {
            return Verdict::Ignore(page::not_found());
        }
        if *request.method() != tiny_http::Method::Get {
            return Verdict::Ignore(page::wrong_method());
        }
        let Some(given) = single(query, "state") else {
            return Verdict::Ignore(page::not_ours(&self.brand));
        };
        if !state.equals(&given) {
            return Verdict::Ignore(page::not_ours(&self.brand));
        }
        // An issuer named twice is no answer (RFC 6749 section 3.1).
        if is_repeated(query, "iss") {
            return Verdict::Ignore(page::not_ours(&self.brand));
        }
        let outcome = match (
            single(query, code_param),
            single(query, "error").filter(|error| !error.is_empty()),
        ) {
            (_, Some(error)) => Err(GrantError::Denied {
                error,
                description: single(query, "error_description"),
            }),
            (Some(code), None) if !code.is_empty() => Ok(Secret::from(code)),
            _ => return Verdict::Ignore(page::not_ours(&self.brand)),
        };
        Verdict::Take {
            outcome,
            params: singles(query, &["state", "code", code_param]),
        }
    }
}

/// What a request to the listener is.
enum Verdict {
    Ignore(Page),
    Take {
        outcome: Result<Secret, GrantError>,
        params: Vec<(String, String)>,
    },
}

/// A parameter that must not be repeated (RFC 6749 section 3.1).
fn single(query: &str, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let mut found = pairs.filter(|(known, _)| known == name);
    let value = found.next()?.1.into_owned();
    found.next().is_none().then_some(value)
}

fn is_repeated(query: &str, name: &str) -> bool {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(known, _)| known == name).count() > 1
}

/// The parameters that came once, but for these.
fn singles(query: &str, but: &[&str]) -> Vec<(String, String)> {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let once = |name: &str| pairs.iter().filter(|(known, _)| known == name).count() == 1;
    let kept = pairs
        .iter()
        .filter(|(name, _)| once(name) && !but.contains(&name.as_str()));
    kept.cloned().collect()
}

impl Responder {
    /// Shows that the connection is made, and with what.
    pub fn connected(mut self, scopes: &[String], account: Option<&str>) {
        let page = page::connected(&self.brand, scopes, account);
        self.answer(page);
    }

    /// Shows that it is not, and why.
    pub fn failed(mut self, why: &str) {
        let page = page::failed(&self.brand, why);
        self.answer(page);
    }

    fn answer(&mut self, page: Page) {
        if let Some(request) = self.request.take() {
            page.send(request);
            self.front.finish();
        }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let page = page::failed(
            &self.brand,
            "hallpass stopped before it was done; see the terminal",
        );
        self.answer(page);
    }
}

/// The listening sockets of the first port that is free, and that port.
fn bind_any(redirect: &Redirect) -> Result<(Vec<TcpListener>, u16), ListenError> {
    let mut refused = Vec::new();
    for port in &redirect.ports {
        // A free port of one address family may be taken in the other.
        let tries = if *port == 0 { 10 } else { 1 };
        for _ in 0..tries {
            match bind(&redirect.host, *port) {
                Ok(bound) => return Ok(bound),
                Err(error) => refused.push(format!("{port} ({error})")),
            }
        }
    }
    refused.dedup();
    Err(ListenError::Ports(refused.join(", ")))
}

fn bind(host: &str, port: u16) -> std::io::Result<(Vec<TcpListener>, u16)> {
    let v4 = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let v6 = |port| TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port)));
    let first = if host == "::1" { v6(port)? } else { v4(port)? };
    let port = first.local_addr()?.port();
    let mut listeners = vec![first];
    if host == "localhost" {
        match v6(port) {
            Ok(listener) => listeners.push(listener),
            // Someone else has it there and would get half of the redirects.
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => return Err(error),
            // This machine has no IPv6, so nothing will come that way.
            Err(_) => {}
        }
    }
    Ok((listeners, port))
}
