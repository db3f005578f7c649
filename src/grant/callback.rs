//! The loopback listener for the redirect (RFC 8252 section 7.3). It listens
//! on this machine only, answers one exact path, checks `Host` against DNS
//! rebinding and `state` in constant time, and takes one success; everything
//! else is answered and ignored. Where the provider was asked for it, the answer
//! may also come as a form (OAuth 2.0 Form Post Response Mode). `front` bounds every socket before the HTTP
//! library sees it.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use url::Url;
use zeroize::Zeroizing;

use super::front::Front;
use super::page::{self, Page};
use super::redirected::{Expected, Said};
use crate::definition::{Brand, Redirect};
use crate::http;

/// Why the redirect cannot be listened for.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Every port the definition names is taken.
    #[error("no port for the redirect is free: {tried}")]
    Ports {
        /// Each of them, and why not.
        tried: String,
        /// The first that somebody has.
        taken: Option<u16>,
    },
    /// The server did not come up.
    #[error("the redirect cannot be listened for: {0}")]
    Server(String),
}

/// Where a browser lands, for whoever has to bring it here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The port of its own machine that it is sent to.
    pub seen: u16,
    /// Where the listener is: an address (IPv6 in brackets) and port.
    pub listener: (&'static str, u16),
}

/// Listens for one redirect.
pub(super) struct Listener {
    front: Front,
    redirect_uri: String,
    hosts: Vec<String>,
    /// As the redirect URI writes it, percent-encoded.
    path: String,
    /// Where on the loopback it is reached: an address, IPv6 in brackets.
    address: (&'static str, u16),
    /// Whether the answer may come as a form.
    forms: bool,
    brand: Brand,
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
            address: match redirect.host.as_str() {
                "::1" => ("[::1]", port),
                _ => ("127.0.0.1", port),
            },
            forms: false,
            brand: brand.clone(),
        })
    }

    /// Lets the answer come as a form too. Errors may still come by GET.
    pub(super) fn take_forms(&mut self) {
        self.forms = true;
        self.front.take_forms();
    }

    /// Where a browser lands that is sent to `redirect_uri`; `None` where that
    /// leads elsewhere first.
    pub(super) fn landing(&self, redirect_uri: &str) -> Option<Landing> {
        let url = Url::parse(redirect_uri).ok()?;
        let here = url.scheme() == "http" && http::is_loopback(&url) && url.path() == self.path;
        let seen = url.port_or_known_default().filter(|_| here)?;
        let listener = self.address;
        Some(Landing { seen, listener })
    }

    /// What the provider redirects to.
    pub(super) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// What ends `next` at once, from another thread.
    pub(super) fn waker(&self) -> impl Fn() + Send + 'static {
        self.front.waker()
    }

    /// The next redirect that belongs to this run, if one comes in time;
    /// everything else is answered and ignored.
    pub(super) fn next(
        &mut self,
        within: Duration,
        expected: &Expected,
    ) -> Result<Option<(Said, tiny_http::Request)>, ListenError> {
        let failed = |error: std::io::Error| ListenError::Server(error.to_string());
        let Some(mut request) = self.front.next(within).map_err(failed)? else {
            return Ok(None);
        };
        match self.judge(&mut request, expected) {
            Ok(said) => Ok(Some((said, request))),
            Err(page) => {
                page.send(request);
                Ok(None)
            }
        }
    }

    /// Takes no more; the browser that brought the answer waits for its page.
    pub(super) fn responder(self, request: tiny_http::Request) -> Responder {
        Responder {
            request: Some(request),
            front: self.front,
            brand: self.brand,
        }
    }

    /// The answer came another way: for as long as the process lives, a browser
    /// that still comes is told so, and what it brings is let go.
    pub(super) fn turn_away(mut self, expected: Expected) {
        let late = move || {
            while let Ok(late) = self.next(Duration::from_secs(1), &expected) {
                if let Some((_, request)) = late {
                    page::answered(&self.brand).send(request);
                }
            }
        };
        // Without a thread the port is closed, which says as much.
        let _ = std::thread::Builder::new().spawn(late);
    }

    fn judge(&self, request: &mut tiny_http::Request, expected: &Expected) -> Result<Said, Page> {
        let hosts: Vec<&str> = request
            .headers()
            .iter()
            .filter(|header| header.field.equiv("Host"))
            .map(|header| header.value.as_str())
            .collect();
        let ours = matches!(hosts[..], [host] if self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)));
        if !ours {
            return Err(page::wrong_host());
        }
        // Compared as it came: resolving it first would take `//evil.test/callback`,
        // which names another host, and `/x/../callback`.
        let target = request.url().to_owned();
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target.as_str(), None),
        };
        if path != self.path {
            return Err(page::not_found());
        }
        let not_ours = || page::not_ours(&self.brand);
        let said = match request.method() {
            tiny_http::Method::Get => expected.read(query.unwrap_or_default()),
            // An answer stands in one place.
            tiny_http::Method::Post if self.forms && query.is_none() => {
                let mut form = Zeroizing::new(String::new());
                let read = request.as_reader().read_to_string(&mut form);
                read.map_err(|_| not_ours())?;
                expected.read(&form)
            }
            tiny_http::Method::Post if self.forms => return Err(not_ours()),
            _ => return Err(page::wrong_method(self.forms)),
        };
        said.map_err(|_| not_ours())
    }
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
    let mut taken = None;
    for port in &redirect.ports {
        // A free port of one address family may be taken in the other.
        let tries = if *port == 0 { 10 } else { 1 };
        for _ in 0..tries {
            match bind(&redirect.host, *port) {
                Ok(bound) => return Ok(bound),
                Err(error) => {
                    if error.kind() == std::io::ErrorKind::AddrInUse {
                        taken = taken.or(Some(*port)).filter(|port| *port != 0);
                    }
                    refused.push(format!("{port} ({error})"));
                }
            }
        }
    }
    refused.dedup();
    let tried = refused.join(", ");
    Err(ListenError::Ports { tried, taken })
}

/// Tries whether a port can be listened on, on every family that `host` names.
pub fn try_port(host: &str, port: u16) -> std::io::Result<()> {
    bind(host, port).map(drop)
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
