//! The operating system's keychain, through the `keyring` crate: macOS
//! Keychain, Windows Credential Manager, the Secret Service on other Unixes.
//! Every call has a deadline, since a keychain may wait for a person who is
//! not there; *absent*, *locked*, *denied* and *timed out* are told apart.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use keyring::{Entry, Error};

use super::{Store, StoreError};
use crate::connection::ConnectionId;
use crate::secret::Secret;

/// Keeps credentials in the platform's keychain.
#[derive(Debug)]
pub(super) struct Keychain {
    service: String,
    patience: Duration,
}

impl Keychain {
    /// Items of a `HALLPASS_HOME` of its own have names of their own.
    /// `patience` bounds every call.
    pub(super) fn new(own_home: Option<&Path>, patience: Duration) -> Self {
        let service = match own_home {
            Some(home) => format!("hallpass:{}", home.display()),
            None => "hallpass".to_owned(),
        };
        Self { service, patience }
    }

    /// Runs one call in a thread of its own and gives it up at the deadline;
    /// the thread ends with the process.
    fn call<T: Send + 'static>(
        &self,
        id: &ConnectionId,
        work: impl FnOnce(Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (service, account) = (self.service.clone(), id.to_string());
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            let result = open(&service, &account)
                .and_then(|entry| work(entry).map_err(|error| explain(&error)));
            // Nobody listens any more after the deadline.
            let _ = send.send(result);
        });
        receive
            .recv_timeout(self.patience)
            .unwrap_or(Err(Trouble::Store(StoreError::TimedOut(
                self.patience.as_secs(),
            ))))
            .map_err(|trouble| match trouble {
                Trouble::Store(error) => error,
                Trouble::NoEntry => StoreError::NotKept,
            })
    }
}

/// What a call came to, besides success.
enum Trouble {
    NoEntry,
    Store(StoreError),
}

impl Store for Keychain {
    fn get(&self, id: &ConnectionId) -> Result<Option<Secret>, StoreError> {
        let bytes = self.call(id, |entry| match entry.get_secret() {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })?;
        bytes
            .map(|bytes| {
                String::from_utf8(bytes)
                    .map(Secret::from)
                    .map_err(|_| StoreError::Corrupt("it is not text".to_owned()))
            })
            .transpose()
    }

    fn put(&self, id: &ConnectionId, text: &Secret) -> Result<(), StoreError> {
        let text = text.clone();
        self.call(id, move |entry| entry.set_secret(text.expose().as_bytes()))
    }

    /// A keychain that can be read from (which `get` has shown) can be written to.
    fn probe(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn delete(&self, id: &ConnectionId) -> Result<(), StoreError> {
        self.call(id, |entry| match entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }
}

fn open(service: &str, account: &str) -> Result<Entry, Trouble> {
    // `Entry::new` alone would only say that there is no default store.
    if let Err(error) = Entry::store_status() {
        return Err(Trouble::Store(StoreError::Absent(innermost(error))));
    }
    Entry::new(service, account).map_err(|error| explain(&error))
}

fn explain(error: &Error) -> Trouble {
    Trouble::Store(match error {
        Error::NoEntry => return Trouble::NoEntry,
        Error::NoStorageAccess(_) => StoreError::Locked(innermost(error)),
        Error::TooLong(_, limit) => StoreError::TooLarge(*limit),
        Error::NoDefaultStore => StoreError::Absent(innermost(error)),
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            StoreError::Corrupt("the keychain's item is malformed".to_owned())
        }
        other => StoreError::Denied(innermost(other)),
    })
}

/// The last cause says what happened; the ones around it say only where.
fn innermost(error: &Error) -> String {
    let mut error: &dyn std::error::Error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
