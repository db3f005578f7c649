//! The store that keeps nothing.

use super::{Store, StoreError};
use crate::connection::ConnectionId;
use crate::secret::Secret;

/// Keeps nothing, and is never surprised by that.
#[derive(Debug)]
pub(super) struct NoStore;

impl Store for NoStore {
    fn get(&self, _id: &ConnectionId) -> Result<Option<Secret>, StoreError> {
        Ok(None)
    }

    fn put(&self, _id: &ConnectionId, _text: &Secret) -> Result<(), StoreError> {
        Ok(())
    }

    fn probe(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn look(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn delete(&self, _id: &ConnectionId) -> Result<(), StoreError> {
        Ok(())
    }
}
