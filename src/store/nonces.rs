//! The nonces that a connection's servers gave last (RFC 9449 section 8.2), from
//! one run to the next: what cannot be sent twice then meets no server that
//! first asks for one. They are no secrets, and no connection needs them: what
//! cannot be read or written is done without.

use std::path::PathBuf;

use super::Stores;
use crate::connection::ConnectionId;
use crate::fs;
use crate::http::Nonces;

/// More than any of these files holds, in bytes.
const MOST: u64 = 64 * 1024;

impl Stores {
    /// The nonces of a connection's servers.
    pub fn nonces(&self, id: &ConnectionId) -> Nonces {
        let read = self
            .nonces_path(id)
            .and_then(|path| fs::read_up_to(&path, MOST).ok());
        let read = read.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok());
        read.unwrap_or_default()
    }

    /// Keeps them for the next run, with a connection that is kept, where they
    /// are others than before.
    pub fn keep_nonces(&self, id: &ConnectionId, nonces: &Nonces) {
        if nonces.is_empty() || self.nonces(id) == *nonces {
            return;
        }
        let is_kept = matches!(self.record(id), Ok(Some(record)) if !record.forgotten);
        let Some(path) = self.nonces_path(id).filter(|_| is_kept) else {
            return;
        };
        let bytes = serde_json::to_vec(nonces).unwrap_or_default();
        if let Err(error) = fs::write_atomic(&path, &bytes) {
            tracing::info!(connection = %id, %error, "the nonces are not kept");
        }
    }

    /// Forgets them with their connection.
    pub(super) fn forget_nonces(&self, id: &ConnectionId) {
        let removed = self.nonces_path(id).map(|path| fs::remove(&path));
        if let Some(Err(error)) = removed {
            tracing::info!(connection = %id, %error, "the nonces stay");
        }
    }

    fn nonces_path(&self, id: &ConnectionId) -> Option<PathBuf> {
        let data = self.records().ok()?.path(id);
        let data = data.parent()?.parent()?;
        Some(data.join("nonces").join(format!("{}.json", id.file_stem())))
    }
}
