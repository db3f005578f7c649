//! The nonces that servers gave last (RFC 9449 section 8.2): no secrets, and of
//! use to nobody else. An authorization server and an API may share an origin
//! and still give nonces of their own (section 9), so that each has its place;
//! before it gave one, the other's is tried, since it may well be the same server.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use url::Url;

use super::Http;

/// The most nonces that are kept.
const MOST: usize = 16;

/// Nonces by whose they are: an origin (RFC 6454), and what the server is there.
pub type Nonces = BTreeMap<String, String>;

/// What a server is to a request (RFC 6749 section 1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerRole {
    /// The one that issues tokens.
    Authorization,
    /// One that takes them.
    Resource,
}

impl ServerRole {
    fn other(self) -> Self {
        match self {
            ServerRole::Authorization => ServerRole::Resource,
            ServerRole::Resource => ServerRole::Authorization,
        }
    }

    fn at(self, url: &Url) -> String {
        let origin = url.origin().ascii_serialization();
        match self {
            ServerRole::Authorization => format!("{origin} tokens"),
            ServerRole::Resource => origin,
        }
    }
}

impl Http {
    /// The nonce that this URL's server gave last.
    pub fn nonce(&self, url: &Url, role: ServerRole) -> Option<String> {
        let nonces = self.known_nonces();
        let own = nonces.get(&role.at(url));
        own.or_else(|| nonces.get(&role.other().at(url))).cloned()
    }

    /// Notes the nonce that this URL's server gave, in the place of another.
    pub fn set_nonce(&self, url: &Url, role: ServerRole, nonce: &str) {
        let place = role.at(url);
        let mut nonces = self.known_nonces();
        if nonces.len() < MOST || nonces.contains_key(&place) {
            nonces.insert(place, nonce.to_owned());
        }
    }

    /// Begins with the nonces of an earlier run, those of one connection: what
    /// another's servers gave is kept with that one.
    pub fn begin_with_nonces(&self, earlier: Nonces) {
        *self.known_nonces() = earlier.into_iter().take(MOST).collect();
    }

    /// The nonces that servers gave last.
    pub fn nonces(&self) -> Nonces {
        self.known_nonces().clone()
    }

    /// One thread at a time; what a panic left behind is whole all the same.
    fn known_nonces(&self) -> MutexGuard<'_, Nonces> {
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
