//! The readable half of a connection: a JSON file with nothing secret in it,
//! so that `list` and `status` need no unlocking. It says which store holds
//! the item, and whether a refresh is under way; all else is a copy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Item, Standing, StoreError};
use crate::clock::Timestamp;
use crate::connection::{ConnectionId, Metadata, Pin};
use crate::fs::{self, ReadError};
use crate::settings::StoreKind;

/// What may be read of a connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The store that holds the item.
    pub store: StoreKind,
    /// The generation this was copied from.
    pub generation: u64,
    /// Whether the connection can still be used.
    pub standing: Standing,
    /// The grant it was obtained by.
    pub grant: String,
    /// When the access token expires, where that is known.
    pub expires_at: Option<Timestamp>,
    /// Whether there is something to renew it from.
    pub renewable: bool,
    /// Whether the access token is bound to a key (RFC 9449).
    #[serde(default)]
    pub bound: bool,
    /// What was granted.
    pub scopes: Vec<String>,
    /// What was asked for; empty where that is not known.
    #[serde(default)]
    pub asked: Vec<String>,
    /// Whose credential it is.
    pub account: Option<String>,
    /// Parameters that may be shown.
    pub parameters: BTreeMap<String, String>,
    /// What answers brought and may be shown.
    #[serde(default)]
    pub kept: BTreeMap<String, String>,
    /// What the server says of itself.
    #[serde(default)]
    pub metadata: Metadata,
    /// Where the credential may go.
    pub pin: Pin,
    /// When it was connected.
    pub connected_at: Timestamp,
    /// When the tokens were obtained.
    pub obtained_at: Timestamp,
    /// A refresh that began and whose answer has not been kept yet.
    #[serde(default)]
    pub in_flight: Option<InFlight>,
    /// Another store that may hold a copy too: it was being moved. The copy is
    /// never read, and goes with the next write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also_in: Option<StoreKind>,
    /// The connection is forgotten; what its store may still hold of it did not
    /// answer then, is never used, and goes as soon as it can.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forgotten: bool,
}

/// A refresh under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InFlight {
    /// When it began.
    pub since: Timestamp,
    /// The process.
    pub pid: u32,
}

impl Record {
    /// The record of an item.
    pub(super) fn of(item: &Item, store: StoreKind) -> Self {
        Self {
            store,
            generation: item.generation,
            standing: item.standing.clone(),
            grant: item.grant.clone(),
            expires_at: item.credential.expires_at,
            renewable: item.credential.refresh_token.is_some(),
            bound: item.credential.binding().is_some(),
            scopes: item.credential.scopes.clone(),
            asked: item.asked.clone(),
            account: item.account.clone(),
            parameters: item.parameters.clone(),
            kept: item.kept.shown.clone(),
            metadata: item.metadata.clone(),
            pin: item.pin.clone(),
            connected_at: item.connected_at,
            obtained_at: item.credential.obtained_at,
            in_flight: None,
            also_in: None,
            forgotten: false,
        }
    }

    /// What stays of the record of a connection that is forgotten but for a
    /// copy in this store.
    pub(super) fn of_left_over(self, store: StoreKind) -> Self {
        Self {
            store,
            standing: Standing::NeedsConnecting {
                why: format!(
                    "it is forgotten, but the store `{}` may still hold a copy",
                    store.name()
                ),
            },
            in_flight: None,
            also_in: None,
            forgotten: true,
            ..self
        }
    }
}

/// What is in a record's place.
pub(super) enum Kept {
    /// The record.
    Record(Box<Record>),
    /// Something that cannot be read: it is made again from the item.
    Damaged,
    /// Nothing.
    Nothing,
}

/// The directory of records.
#[derive(Debug)]
pub(super) struct Records {
    dir: PathBuf,
}

impl Records {
    pub(super) fn new(data: &Path) -> Self {
        Self {
            dir: data.join("connections"),
        }
    }

    pub(super) fn path(&self, id: &ConnectionId) -> PathBuf {
        self.dir.join(format!("{}.json", id.file_stem()))
    }

    pub(super) fn read(&self, id: &ConnectionId) -> Result<Kept, StoreError> {
        let path = self.path(id);
        let bytes = match fs::read_whole(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.is_absent() => return Ok(Kept::Nothing),
            Err(ReadError::Io { path, source }) => return Err(StoreError::Io { path, source }),
            Err(_) => return Ok(Kept::Damaged),
        };
        Ok(match serde_json::from_slice(&bytes) {
            Ok(record) => Kept::Record(Box::new(record)),
            Err(_) => Kept::Damaged,
        })
    }

    pub(super) fn write(&self, id: &ConnectionId, record: &Record) -> Result<(), StoreError> {
        let path = self.path(id);
        let mut bytes = serde_json::to_vec_pretty(record)
            .map_err(|error| StoreError::corrupt(id, error.to_string()))?;
        bytes.push(b'\n');
        fs::write_atomic(&path, &bytes).map_err(|source| StoreError::Io { path, source })
    }

    pub(super) fn remove(&self, id: &ConnectionId) -> Result<(), StoreError> {
        let path = self.path(id);
        fs::remove(&path).map_err(|source| StoreError::Io { path, source })
    }

    /// Every connection that has a record, in alphabetical order.
    pub(super) fn all(&self) -> Result<Vec<ConnectionId>, StoreError> {
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if fs::is_absent(&error) => return Ok(Vec::new()),
            Err(source) => {
                let path = self.dir.clone();
                return Err(StoreError::Io { path, source });
            }
        };
        let mut ids: Vec<ConnectionId> = entries
            .filter_map(|entry| {
                let name = entry.ok()?.file_name();
                let stem = name.to_str()?.strip_suffix(".json")?;
                ConnectionId::from_file_stem(stem)
            })
            .collect();
        ids.sort();
        Ok(ids)
    }
}
