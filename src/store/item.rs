//! The stored item: everything a connection is, sealed. The record beside it
//! is made from it and can be made again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::clock::Timestamp;
use crate::connection::{ConnectionId, Kept, Metadata, Pin};
use crate::credential::Credential;
use crate::secret::{Secret, stored_map};

/// The form of items this version writes.
const VERSION: u32 = 1;

/// More writes than any connection sees, however often it is renewed.
const MAX_GENERATION: u64 = 1 << 48;

/// A connection as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    version: u32,
    connection: String,
    /// Which login it goes back to: generations count within one alone. Older
    /// versions of hallpass gave none.
    #[serde(default)]
    login: Option<String>,
    /// Counts the writes; nothing older overwrites something newer.
    pub generation: u64,
    /// Counts the renewals: an answer may prolong the token it renews.
    #[serde(default)]
    pub renewals: u64,
    /// Whether it can still be used.
    pub standing: Standing,
    /// The grant it was obtained by.
    pub grant: String,
    /// The tokens.
    pub credential: Credential,
    /// Where they may go.
    pub pin: Pin,
    /// Parameters and inputs that may be shown.
    pub parameters: BTreeMap<String, String>,
    /// Those that may not.
    #[serde(with = "stored_map")]
    pub secrets: BTreeMap<String, Secret>,
    /// What answers brought.
    #[serde(default)]
    pub kept: Kept,
    /// What its server says of itself.
    #[serde(default)]
    pub metadata: Metadata,
    /// What it was made from, as [`crate::connection::Values::fingerprint`].
    #[serde(default)]
    pub made_from: Option<String>,
    /// Whether its client was registered for it alone.
    #[serde(default)]
    pub registered: bool,
    /// Whether a person made it with `connect`; else it was minted from what
    /// the definition and the environment say.
    #[serde(default)]
    pub by_connect: bool,
    /// The scopes that were asked for.
    #[serde(default)]
    pub asked: Vec<String>,
    /// Those of them that a person added to the definition's.
    #[serde(default)]
    pub extra_scopes: Vec<String>,
    /// Whose credential it is, as the API said.
    pub account: Option<String>,
    /// When it was connected.
    pub connected_at: Timestamp,
    /// The connection whose place this one took when it was renamed.
    #[serde(default)]
    renamed_from: Option<String>,
}

/// Whether a connection can still be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// As far as is known.
    Good,
    /// The provider ended it; a person has to connect again.
    NeedsConnecting {
        /// What the provider said.
        why: String,
    },
    /// It is being renamed. The other name may hold it already, and two copies
    /// of a rotating grant would burn each other: this one is not used.
    Renaming {
        /// The other name, of the same integration.
        to: String,
        /// What it was before.
        was: Box<Standing>,
    },
}

impl Item {
    /// A new item of a connection, of this generation.
    pub fn new(id: &ConnectionId, generation: u64, grant: &str, credential: Credential) -> Self {
        Self {
            version: VERSION,
            connection: id.file_stem(),
            login: Some(uuid::Uuid::new_v4().to_string()),
            generation,
            renewals: 0,
            standing: Standing::Good,
            grant: grant.to_owned(),
            connected_at: credential.obtained_at,
            credential,
            pin: Pin::default(),
            parameters: BTreeMap::new(),
            secrets: BTreeMap::new(),
            kept: Kept::default(),
            metadata: Metadata::default(),
            made_from: None,
            registered: false,
            by_connect: false,
            asked: Vec::new(),
            extra_scopes: Vec::new(),
            account: None,
            renamed_from: None,
        }
    }

    /// Whose it is.
    pub fn id(&self) -> Option<ConnectionId> {
        ConnectionId::from_file_stem(&self.connection)
    }

    /// The same under another name, as its next generation.
    #[must_use]
    pub fn under(self, id: &ConnectionId) -> Self {
        self.next(|item| {
            item.renamed_from = Some(std::mem::replace(&mut item.connection, id.file_stem()));
            if let Standing::Renaming { was, .. } = &item.standing {
                item.standing = was.as_ref().clone();
            }
        })
    }

    /// The same, come from another machine under this name.
    #[must_use]
    pub fn arrived_as(self, id: &ConnectionId) -> Self {
        let mut item = self.under(id);
        item.renamed_from = None;
        item
    }

    /// Whether this one took that connection's place.
    pub fn was_called(&self, id: &ConnectionId) -> bool {
        self.renamed_from.as_ref() == Some(&id.file_stem())
    }

    /// The next generation of this item, changed.
    #[must_use]
    pub fn next(mut self, change: impl FnOnce(&mut Self)) -> Self {
        self.generation = self.generation.saturating_add(1);
        change(&mut self);
        self
    }

    /// Takes what was obtained anew, and keeps what a person made of it.
    pub fn take_over(&mut self, newer: Self) {
        self.renewals += 1;
        self.standing = newer.standing;
        self.grant = newer.grant;
        self.credential = newer.credential;
        self.pin = newer.pin;
        self.parameters = newer.parameters;
        self.secrets = newer.secrets;
        self.kept = newer.kept;
        self.metadata = newer.metadata;
        self.made_from = newer.made_from;
        self.registered = newer.registered;
        self.by_connect = newer.by_connect;
        self.asked = newer.asked;
        self.extra_scopes = newer.extra_scopes;
    }

    /// Whether it was renewed, or obtained anew, since it was as `seen`.
    pub fn is_renewed_since(&self, seen: &Self) -> bool {
        !self.is_of_login(seen) || self.renewals != seen.renewals || !self.has_token_of(seen)
    }

    /// Whether both go back to the same login, so that their generations can
    /// be compared.
    pub(super) fn is_of_login(&self, other: &Self) -> bool {
        match (&self.login, &other.login) {
            (None, None) => self.connected_at == other.connected_at,
            (own, login) => own == login,
        }
    }

    /// Whether this one is to be used in the place of the other, where nothing
    /// says which: the later write of one login, else the later login.
    pub(super) fn is_newer_than(&self, other: &Self) -> bool {
        if self.is_of_login(other) {
            self.generation > other.generation
        } else {
            self.connected_at > other.connected_at
        }
    }

    /// Whether both hold the same access token.
    pub fn has_token_of(&self, other: &Self) -> bool {
        match (
            &self.credential.access_token,
            &other.credential.access_token,
        ) {
            (Some(own), Some(token)) => own.equals(token.expose()),
            (None, None) => true,
            _ => false,
        }
    }

    /// The text that goes into a store.
    pub(super) fn to_text(&self, id: &ConnectionId) -> Result<Secret, StoreError> {
        serde_json::to_string(self)
            .map(Secret::from)
            .map_err(|error| StoreError::corrupt(id, error.to_string()))
    }

    /// Reads it back; a text that is another connection's is refused.
    pub(super) fn from_text(id: &ConnectionId, text: &Secret) -> Result<Self, StoreError> {
        // serde_json's messages name places, not contents.
        let item: Self = serde_json::from_str(text.expose())
            .map_err(|error| StoreError::corrupt(id, error.to_string()))?;
        if !item.has_known_form() {
            return Err(StoreError::corrupt(
                id,
                format!(
                    "it was written by another version of hallpass (form {})",
                    item.version
                ),
            ));
        }
        if item.connection != id.file_stem() {
            return Err(StoreError::corrupt(id, "it belongs to another connection"));
        }
        Ok(item)
    }

    /// Whether this version of hallpass wrote it, or could have.
    pub(super) fn has_known_form(&self) -> bool {
        self.version == VERSION
    }

    /// Whether it could have been written that often.
    pub(super) fn has_likely_generation(&self) -> bool {
        self.generation < MAX_GENERATION
    }
}
