//! Forgetting: a connection goes from every place where it might be. What a
//! store that does not answer may still hold is never used again, is
//! remembered, and goes as soon as it can.

use std::path::PathBuf;

use super::{StoreError, Stores};
use crate::connection::ConnectionId;
use crate::settings::StoreKind;

impl Stores {
    /// Forgets a connection: the item, with copies that a move left behind,
    /// then its record. With `kind` unset it is forgotten where its record says;
    /// without a record, wherever it might be. A copy in a keychain that does
    /// not answer is an error, and is remembered: the keychain may well be
    /// there in another session.
    pub fn remove(&self, id: &ConnectionId, kind: Option<StoreKind>) -> Result<(), StoreError> {
        let record = self.record(id)?;
        let kept_in = record.as_ref().filter(|record| !record.forgotten);
        let copy_in = match &record {
            Some(record) if record.forgotten => Some(record.store),
            Some(record) => record.also_in,
            None => None,
        };
        let is_sure = kept_in.is_some();
        let mut places = match kept_in {
            Some(record) => vec![record.store],
            None => self.places(id)?,
        };
        places.extend(kind.filter(|kind| !places.contains(kind)));
        let mut silent = None;
        if let Some(store) = copy_in {
            match self.open(store)?.delete(id) {
                Err(StoreError::Absent(why)) => silent = Some((store, why)),
                done => done?,
            }
        }
        for place in places {
            match self.open(place)?.delete(id) {
                // Where it only might be, a store that is not there holds nothing.
                Err(StoreError::Absent(_)) if !is_sure => {}
                done => done?,
            }
        }
        self.forget_nonces(id);
        let records = self.records()?;
        let (Some((store, why)), Some(record)) = (silent, record) else {
            return records.remove(id);
        };
        records.write(id, &record.of_left_over(store))?;
        Err(StoreError::LeftOver {
            id: id.clone(),
            record: records.path(id),
            why,
        })
    }

    /// The file of a connection's record.
    pub fn record_path(&self, id: &ConnectionId) -> Result<PathBuf, StoreError> {
        Ok(self.records()?.path(id))
    }
}
