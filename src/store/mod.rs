//! Where credentials rest. A [`Store`] keeps one sealed text per connection
//! and knows nothing of its meaning; [`Stores`] keeps items in them, each with
//! a readable record beside, so that `list` and `status` need no unlocking.
//!
//! Promises: the item is written before the record and is complete without
//! it; a write is read back before it counts; nothing falls back to plain text
//! or to another store by itself.

mod file;
mod item;
mod keychain;
mod none;
mod record;
mod stores;

use crate::connection::ConnectionId;
use crate::error::{Failure, Kind};
use crate::secret::Secret;

pub use item::{Item, Standing};
pub use record::{InFlight, Record};
pub use stores::{Stores, UsableStore};

/// Keeps one secret text per connection.
pub trait Store {
    /// The text kept for a connection, if there is one.
    fn get(&self, id: &ConnectionId) -> Result<Option<Secret>, StoreError>;
    /// Keeps a text durably, in the place of what was there.
    fn put(&self, id: &ConnectionId, text: &Secret) -> Result<(), StoreError>;
    /// Finds out whether a text could be kept now, before anything depends on it.
    fn probe(&self) -> Result<(), StoreError>;
    /// Forgets a connection's text; one that is not there is fine.
    fn delete(&self, id: &ConnectionId) -> Result<(), StoreError>;
}

/// Why a store does not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such store on this machine.
    #[error("no keychain answers: {0}")]
    Absent(String),
    /// It is there, but locked, and nobody unlocked it.
    #[error("the keychain is locked: {0}")]
    Locked(String),
    /// It refused.
    #[error("the keychain refused: {0}")]
    Denied(String),
    /// It did not answer in time.
    #[error("the keychain did not answer within {0} seconds")]
    TimedOut(u64),
    /// The platform's keychain takes no text of this size.
    #[error("the keychain takes no more than {0} bytes")]
    TooLarge(u32),
    /// A file could not be read or written.
    #[error("`{path}`: {source}")]
    Io {
        /// Which file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no place for data.
    #[error(transparent)]
    NoHome(#[from] crate::paths::NoHome),
    /// The age identity is missing or malformed.
    #[error("{0}")]
    Key(String),
    /// The file was sealed with another key.
    #[error("`{0}` was sealed with another key")]
    WrongKey(std::path::PathBuf),
    /// What was kept cannot be understood.
    #[error("what is kept for this connection cannot be read: {0}")]
    Corrupt(String),
    /// It was written, and something else was read back.
    #[error("the store did not keep what was written")]
    NotKept,
    /// Someone else changed the connection meanwhile.
    #[error("the connection was changed by another process meanwhile")]
    Superseded,
}

impl StoreError {
    /// Whether the same write may succeed a moment later.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            StoreError::Io { .. }
                | StoreError::Locked(_)
                | StoreError::Denied(_)
                | StoreError::TimedOut(_)
                | StoreError::NotKept
        )
    }

    /// What a person can do about it.
    pub fn remedy(&self) -> String {
        match self {
            StoreError::Absent(_) => {
                "start the keychain, or keep credentials in encrypted files: `--store file`, or `store = \"file\"` in config.toml".to_owned()
            }
            StoreError::Locked(_) => {
                "unlock the keychain (log in to the desktop, or `gnome-keyring-daemon --unlock`), then run the command again".to_owned()
            }
            StoreError::Denied(_) => {
                "allow hallpass in the keychain's own settings, then run the command again".to_owned()
            }
            StoreError::TimedOut(_) => {
                "see whether the keychain waits for an answer on the screen, then run the command again".to_owned()
            }
            StoreError::Io { path, .. } => {
                format!("see that there is room for `{}` and that it is yours, then run the command again", path.display())
            }
            StoreError::NoHome(_) => {
                "set `HALLPASS_HOME` to a directory that hallpass may keep its data in".to_owned()
            }
            StoreError::Key(_) => {
                "give an age identity (`AGE-SECRET-KEY-1…`) in `HALLPASS_KEY`, or name its file with `key_file` in config.toml".to_owned()
            }
            StoreError::WrongKey(_) => {
                "use the key it was sealed with (`HALLPASS_KEY`, or `key_file` in config.toml), or connect anew: `hallpass connect CONN --force`".to_owned()
            }
            StoreError::Corrupt(_) => {
                "connect anew: `hallpass connect CONN --force`".to_owned()
            }
            StoreError::TooLarge(_) => "keep this connection in an encrypted file: `--store file`".to_owned(),
            StoreError::Superseded => "run the command again".to_owned(),
            StoreError::NotKept => {
                "try another store: `--store file`".to_owned()
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let remedy = error.remedy();
        Failure::caused(Kind::Store, error).hint(remedy)
    }
}
