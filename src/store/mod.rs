//! Where credentials rest. A [`Store`] keeps one sealed text per connection
//! and knows nothing of its meaning; [`Stores`] keeps items in them, each with
//! a readable record beside, so that `list` and `status` need no unlocking.
//!
//! Promises: the item is written before the record and is complete without
//! it; a write is read back before it counts; nothing falls back to plain text
//! or to another store by itself.

mod file;
mod forget;
mod identity;
mod item;
mod keychain;
mod nonces;
mod none;
mod parcel;
mod protection;
mod record;
mod stores;
mod transfer;
mod trouble;
mod vault;

use crate::connection::ConnectionId;
use crate::secret::Secret;

pub use item::{Item, Standing};
pub use parcel::{MAX_PARCEL, Parcel, ParcelError, Recipient};
pub use protection::Protection;
pub use record::{InFlight, Record};
pub use stores::{Stores, UsableStore};
pub use transfer::{Moved, Renamed};
pub use trouble::{KeyTrouble, StoreError};

/// Keeps one secret text per connection.
pub trait Store {
    /// The text kept for a connection, if there is one.
    fn get(&self, id: &ConnectionId) -> Result<Option<Secret>, StoreError>;
    /// Makes sure that there is room for the next `writes` texts of a connection,
    /// before anything depends on it.
    fn reserve(&self, _id: &ConnectionId, _writes: usize) -> Result<(), StoreError> {
        Ok(())
    }
    /// Gives room back that was made sure of and not used.
    fn give_back(&self, _id: &ConnectionId) {}
    /// Keeps a text durably, in the place of what was there.
    fn put(&self, id: &ConnectionId, text: &Secret) -> Result<(), StoreError>;
    /// Finds out whether a text could be kept now, before anything depends on it.
    fn probe(&self) -> Result<(), StoreError>;
    /// Finds out the same without making anything that stays, and without
    /// asking a person to unlock anything.
    fn look(&self) -> Result<(), StoreError>;
    /// Forgets a connection's text; one that is not there is fine.
    fn delete(&self, id: &ConnectionId) -> Result<(), StoreError>;
}
