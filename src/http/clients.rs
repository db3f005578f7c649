//! The clients, each built when the first request is sent that needs it: for
//! plain http (which never leaves this machine and needs no certificates, whose
//! parsing is most of what a client costs), for https on loopback (which goes
//! past every proxy), for all others, for a Unix socket; and for each of these
//! with every certificate that is shown.

use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;

use reqwest::ClientBuilder;
use reqwest::blocking::{self, Client};
use url::Url;

use super::trouble::innermost;
use super::{Http, HttpError, Identity, authorities, host_of, is_loopback};

/// How long an API may be silent: long reports and long polls are not cut off.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// How the user wants servers to be reached.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Never HTTP/2 (RFC 9113), which TLS would agree on (RFC 7301).
    pub only_http1: bool,
    /// The socket on which one origin is reached, and that origin (RFC 6454).
    pub socket: Option<(PathBuf, String)>,
}

/// The way to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Plain,
    Loopback,
    Remote,
    Socket { tls: bool },
}

/// A client that was built.
#[derive(Debug)]
pub(super) struct Known {
    way: Way,
    /// The certificate it shows.
    mark: Option<[u8; 32]>,
    client: Client,
}

impl Http {
    /// Says how servers are reached; to be said once, before the first request.
    pub fn reach(&self, reach: Reach) {
        // Who spoke first is obeyed.
        let _ = self.reach.set(reach);
    }

    /// The client for a URL. This process's own loopback traffic never goes
    /// through a proxy.
    pub fn client_for(&self, url: &Url) -> Result<Client, HttpError> {
        self.client_as(url, None)
    }

    /// The same, with a certificate to show where the server asks for one.
    pub fn client_as(&self, url: &Url, identity: Option<&Identity>) -> Result<Client, HttpError> {
        self.known(way(url), url, identity)
    }

    /// The same for a request of an API, whose origin may be behind a socket.
    pub fn client_to_api(
        &self,
        url: &Url,
        identity: Option<&Identity>,
    ) -> Result<Client, HttpError> {
        self.known(self.way_to_api(url), url, identity)
    }

    /// The beginnings of a client of its own, for such a request.
    pub(super) fn builder_to_api(
        &self,
        url: &Url,
        identity: Option<&Identity>,
    ) -> Result<ClientBuilder, HttpError> {
        self.begin(self.way_to_api(url), url, identity)
    }

    fn way_to_api(&self, url: &Url) -> Way {
        match self.socket_of(url) {
            Some(_) => Way::Socket {
                tls: url.scheme() == "https",
            },
            None => way(url),
        }
    }

    /// Whom a request to an API is sent to, as a person would write it.
    pub fn peer(&self, url: &Url) -> String {
        let host = host_of(url);
        match self.socket_of(url) {
            Some(path) => format!("{host} (on the socket `{}`)", path.display()),
            None => host,
        }
    }

    /// The socket on which a URL is reached.
    fn socket_of(&self, url: &Url) -> Option<&PathBuf> {
        let (path, origin) = self.reach.get()?.socket.as_ref()?;
        (url.origin().ascii_serialization() == *origin).then_some(path)
    }

    fn known(&self, way: Way, url: &Url, identity: Option<&Identity>) -> Result<Client, HttpError> {
        // Where there is no TLS there is nobody to show it to.
        let identity = identity.filter(|_| url.scheme() == "https");
        let mark = identity.map(Identity::mark);
        // Held while one is built, so that threads that ask at once share it.
        let mut known = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |one: &&Known| one.way == way && one.mark == mark;
        if let Some(found) = known.iter().find(same) {
            return Ok(found.client.clone());
        }
        let client = self.build(way, url, identity)?;
        known.push(Known {
            way,
            mark,
            client: client.clone(),
        });
        Ok(client)
    }

    fn build(&self, way: Way, url: &Url, identity: Option<&Identity>) -> Result<Client, HttpError> {
        let builder = blocking::ClientBuilder::from(self.begin(way, url, identity)?);
        // This bounds each wait: for the headers, and for every piece of the
        // body, so that a long download may take its time.
        let client = builder.timeout(LONGEST_WAIT).build();
        client.map_err(|error| setup(&error))
    }

    fn begin(
        &self,
        way: Way,
        url: &Url,
        identity: Option<&Identity>,
    ) -> Result<ClientBuilder, HttpError> {
        let mut builder = builder(self.connect());
        let plain = matches!(way, Way::Plain | Way::Socket { tls: false });
        if plain {
            builder = builder.tls_certs_only([]);
        } else {
            authorities::check().map_err(HttpError::Setup)?;
        }
        if way != Way::Remote {
            builder = builder.no_proxy();
        }
        #[cfg(unix)]
        if let (Way::Socket { .. }, Some(path)) = (way, self.socket_of(url)) {
            builder = builder.unix_socket(path.as_path());
        }
        #[cfg(not(unix))]
        let _ = url;
        // Where there is no TLS there is nobody to show it to.
        if let Some(identity) = identity.filter(|_| url.scheme() == "https") {
            builder = builder.identity(identity.shown());
        }
        if self.reach.get().is_some_and(|reach| reach.only_http1) {
            builder = builder.http1_only();
        }
        Ok(builder)
    }
}

/// Why there is no client.
pub(super) fn setup(error: &reqwest::Error) -> HttpError {
    HttpError::Setup(authorities::blamed(innermost(error)))
}

fn way(url: &Url) -> Way {
    match (url.scheme(), is_loopback(url)) {
        ("http", true) => Way::Plain,
        (_, true) => Way::Loopback,
        _ => Way::Remote,
    }
}

fn builder(connect: Duration) -> ClientBuilder {
    ClientBuilder::new()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(connect)
        .user_agent(concat!("hallpass/", env!("CARGO_PKG_VERSION")))
}
