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
use crate::definition::Redirect;
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
    server: tiny_http::Server,
    redirect_uri: String,
    hosts: Vec<String>,
    path: String,
    name: String,
}

/// A redirect that belongs to this run.
pub(super) struct Arrived {
    /// The code, or what the provider said instead.
    pub(super) outcome: Result<Secret, GrantError>,
    /// RFC 9207's `iss`, where it came.
    pub(super) issuer: Option<String>,
    /// The browser, waiting for its page.
    pub(super) responder: Responder,
}

/// The browser that waits for its last page. Dropped unused, it answers that
/// the connect was broken off.
pub struct Responder {
    request: Option<tiny_http::Request>,
    front: Front,
    name: String,
}

impl Listener {
    /// Listens on the first port that is free.
    pub(super) fn bind(redirect: &Redirect, name: &str) -> Result<Self, ListenError> {
        let (listeners, port) = bind_any(redirect)?;
        let (front, server) =
            Front::start(listeners).map_err(|error| ListenError::Server(error.to_string()))?;
        let host = match redirect.host.as_str() {
            "::1" => "[::1]".to_owned(),
            host => host.to_owned(),
        };
        Ok(Self {
            front,
            server,
            redirect_uri: format!("http://{host}:{port}{}", redirect.path),
            hosts: ["127.0.0.1", "[::1]", "localhost"]
                .map(|host| format!("{host}:{port}"))
                .to_vec(),
            path: redirect.path.clone(),
            name: name.to_owned(),
        })
    }

    /// What the provider redirects to.
    pub(super) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Waits for a redirect with this `state`. `None`: nobody came in time.
    pub(super) fn wait(
        self,
        state: &Secret,
        code_param: &str,
        deadline: Instant,
    ) -> Option<Arrived> {
        loop {
            let left = deadline.checked_duration_since(Instant::now())?;
            // A tick bounds how long a lost wake-up could hold us.
            let request = match self.server.recv_timeout(left.min(Duration::from_secs(1))) {
                Ok(Some(request)) => request,
                Ok(None) => continue,
                Err(_) => return None,
            };
            match self.judge(&request, state, code_param) {
                Verdict::Ignore(page) => page.send(request),
                Verdict::Take { outcome, issuer } => {
                    return Some(Arrived {
                        outcome,
                        issuer,
                        responder: Responder {
                            request: Some(request),
                            front: self.front,
                            name: self.name,
                        },
                    });
                }
            }
        }
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
        let base = Url::parse(&self.redirect_uri);
        let Some(url) = base.ok().and_then(|base| base.join(request.url()).ok()) else {
            return Verdict::Ignore(page::not_found());
        };
        if url.path() != self.path || !request.url().starts_with('/') {
            return Verdict::Ignore(page::not_found());
        }
        if *request.method() != tiny_http::Method::Get {
            return Verdict::Ignore(page::wrong_method());
        }
        let Some(given) = single(&url, "state") else {
            return Verdict::Ignore(page::not_ours(&self.name));
        };
        if !state.equals(&given) {
            return Verdict::Ignore(page::not_ours(&self.name));
        }
        let outcome = match (single(&url, code_param), single(&url, "error")) {
            (Some(code), None) if !code.is_empty() => Ok(Secret::from(code)),
            (None, Some(error)) => Err(GrantError::Denied {
                error,
                description: single(&url, "error_description"),
            }),
            _ => return Verdict::Ignore(page::not_ours(&self.name)),
        };
        Verdict::Take {
            outcome,
            issuer: single(&url, "iss"),
        }
    }
}

/// What a request to the listener is.
enum Verdict {
    Ignore(Page),
    Take {
        outcome: Result<Secret, GrantError>,
        issuer: Option<String>,
    },
}

/// A parameter that must not be repeated (RFC 6749 section 3.1).
fn single(url: &Url, name: &str) -> Option<String> {
    let mut found = url.query_pairs().filter(|(known, _)| known == name);
    let value = found.next()?.1.into_owned();
    found.next().is_none().then_some(value)
}

impl Responder {
    /// Shows that the connection is made, and with what.
    pub fn connected(mut self, scopes: &[String], account: Option<&str>) {
        let page = page::connected(&self.name, scopes, account);
        self.answer(page);
    }

    /// Shows that it is not, and why.
    pub fn failed(mut self, why: &str) {
        let page = page::failed(&self.name, why);
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
            &self.name,
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
