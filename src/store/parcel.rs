//! A connection on its way to another machine: the complete item, sealed with
//! age (age-encryption.org/v1) to that machine's key and ASCII-armored.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::file::AGE_MAGIC;
use super::{Item, KeyTrouble, StoreError, Stores};
use crate::error::{Failure, Kind};
use crate::secret::Secret;

/// The form of parcels this version makes.
const VERSION: u32 = 1;
/// The most that is read of one, in bytes.
pub const MAX_PARCEL: usize = 1024 * 1024;
/// What an armored file begins with.
const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";

/// A machine that things can be sealed for.
#[derive(Clone, Debug)]
pub struct Recipient(age::x25519::Recipient);

impl FromStr for Recipient {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.trim().parse().map(Self).map_err(|_| ())
    }
}

/// An opened parcel.
#[derive(Debug, Deserialize)]
pub struct Parcel {
    /// The connection in it.
    pub item: Item,
}

/// What stands on a parcel, whatever else is in it.
#[derive(Deserialize)]
struct Label {
    hallpass_connection: u32,
}

#[derive(Serialize)]
struct Packed<'a> {
    hallpass_connection: u32,
    item: &'a Item,
}

/// Why a parcel cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ParcelError {
    /// It is longer than any parcel.
    #[error("it is larger than {} MiB", MAX_PARCEL / 1024 / 1024)]
    TooLarge,
    /// It is something else.
    #[error("it is no export: it is not sealed with age")]
    NotSealed,
    /// It was sealed for someone else.
    #[error("it is sealed for another key than {0}")]
    WrongKey(String),
    /// This machine has no key.
    #[error("there is no key here that it could be sealed for")]
    NoKey,
    /// It was changed or did not arrive whole.
    #[error("it is cut short or changed")]
    Damaged,
    /// It opens, and is something else.
    #[error("it is sealed for this machine, but is no export of hallpass's")]
    NotAConnection,
    /// It was made by another version.
    #[error("it was made by another version of hallpass (form {0})")]
    Version(u32),
    /// The key is not to be had.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Parcel {
    /// Seals an item for a machine.
    pub fn seal(item: &Item, to: &Recipient) -> anyhow::Result<String> {
        let packed = Packed {
            hallpass_connection: VERSION,
            item,
        };
        let text = Secret::from(serde_json::to_string(&packed)?);
        Ok(age::encrypt_and_armor(&to.0, text.expose().as_bytes())?)
    }
}

impl Stores {
    /// Opens a parcel with this machine's key.
    pub fn open_parcel(&self, sealed: &[u8]) -> Result<Parcel, ParcelError> {
        if sealed.len() > MAX_PARCEL {
            return Err(ParcelError::TooLarge);
        }
        let sealed = sealed.trim_ascii_start();
        if !sealed.starts_with(ARMOR) && !sealed.starts_with(AGE_MAGIC) {
            return Err(ParcelError::NotSealed);
        }
        let key = self.key()?;
        let identity = match key.identity() {
            Err(StoreError::Key(KeyTrouble::Lost(_))) if !key.is_missed() => {
                return Err(ParcelError::NoKey);
            }
            other => other?,
        };
        let opened = age::decrypt(identity, sealed).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => ParcelError::WrongKey(key.name()),
            _ => ParcelError::Damaged,
        })?;
        let text = String::from_utf8(opened).map_err(|_| ParcelError::NotAConnection)?;
        Self::unpack(&Secret::from(text))
    }

    fn unpack(text: &Secret) -> Result<Parcel, ParcelError> {
        let label: Label =
            serde_json::from_str(text.expose()).map_err(|_| ParcelError::NotAConnection)?;
        if label.hallpass_connection != VERSION {
            return Err(ParcelError::Version(label.hallpass_connection));
        }
        let parcel: Parcel =
            serde_json::from_str(text.expose()).map_err(|_| ParcelError::NotAConnection)?;
        let item = &parcel.item;
        if item.id().is_none() || !item.has_known_form() || !item.has_likely_generation() {
            return Err(ParcelError::NotAConnection);
        }
        Ok(parcel)
    }

    /// What others seal for this machine with (`age1…`); the key is made where
    /// hallpass makes its own and has not yet.
    pub fn recipient(&self) -> Result<String, StoreError> {
        Ok(self.key()?.identity_or_make()?.to_public().to_string())
    }
}

/// A wrong file is wrong usage; a key that does not fit is the store's.
impl From<ParcelError> for Failure {
    fn from(error: ParcelError) -> Self {
        let (kind, hint) = match error {
            ParcelError::Store(error) => return error.into(),
            ParcelError::TooLarge | ParcelError::NotSealed | ParcelError::NotAConnection => (
                Kind::Usage,
                "give the file that `hallpass export` made on the other machine",
            ),
            ParcelError::Damaged => (
                Kind::Usage,
                "copy the file again, whole and as it is; if it was damaged where it was made, connect anew",
            ),
            ParcelError::Version(_) => (
                Kind::Usage,
                "use the same version of hallpass on both machines",
            ),
            ParcelError::WrongKey(_) => (
                Kind::Store,
                "export it again to the key that `hallpass import --recipient` prints here, or give the key it was sealed for in `HALLPASS_KEY`",
            ),
            ParcelError::NoKey => (
                Kind::Store,
                "make one with `hallpass import --recipient`, and export to what that prints",
            ),
        };
        Failure::caused(kind, error).hint(hint)
    }
}
