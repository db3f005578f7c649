//! The platform's keychain as hallpass needs it: one text under a name. The
//! `keyring` crate reaches macOS Keychain, Windows Credential Manager and the
//! Secret Service of other Unixes. Every call has a deadline, since a keychain
//! may wait for a person who is not there.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use keyring::{Entry, Error};
use zeroize::Zeroizing;

/// Bytes that must not be shown, zeroed when dropped.
pub(super) type SecretBytes = Zeroizing<Vec<u8>>;

/// Windows Credential Manager's `CRED_MAX_CREDENTIAL_BLOB_SIZE`, in bytes:
/// what `set_secret` is given counts as it is.
#[cfg(any(windows, test))]
pub(super) const WINDOWS_LIMIT: usize = 5 * 512;

/// The most one item may hold on this platform, in bytes.
#[cfg(windows)]
pub(super) const LIMIT: Option<usize> = Some(WINDOWS_LIMIT);
/// Elsewhere no limit is near.
#[cfg(not(windows))]
pub(super) const LIMIT: Option<usize> = None;

/// Items by name.
pub(super) trait Vault {
    /// What is kept under a name, if anything is.
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, VaultError>;
    /// Keeps bytes under a name, in the place of what was there.
    fn set(&self, account: &str, bytes: &[u8]) -> Result<(), VaultError>;
    /// Forgets a name; one that is not there is fine.
    fn delete(&self, account: &str) -> Result<(), VaultError>;
    /// Whether it can be used now, found out without asking its person for
    /// anything.
    fn look(&self) -> Result<(), VaultError>;
}

/// Why a keychain does not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum VaultError {
    /// There is none.
    Absent(String),
    /// It is locked, and nobody unlocked it.
    Locked(String),
    /// It refused.
    Denied(String),
    /// It did not answer within this time.
    TimedOut(Duration),
    /// An item takes no more than these bytes.
    TooLarge(u32),
    /// What it holds under a name is not one text.
    Malformed(String),
}

/// The keychain of this platform.
#[derive(Debug)]
pub(super) struct Platform {
    service: String,
    patience: Duration,
}

impl Platform {
    /// Items of a `HALLPASS_HOME` of its own have names of their own.
    /// `patience` bounds every call.
    pub(super) fn new(own_home: Option<&Path>, patience: Duration) -> Self {
        let service = match own_home {
            Some(home) => format!("hallpass:{}", home.display()),
            None => "hallpass".to_owned(),
        };
        Self { service, patience }
    }

    /// What a person would look for it under.
    pub(super) fn name() -> &'static str {
        if cfg!(target_os = "macos") {
            "the macOS Keychain"
        } else if cfg!(windows) {
            "the Windows Credential Manager"
        } else {
            "the Secret Service (the desktop's keyring)"
        }
    }

    fn call<T: Send + 'static>(
        &self,
        account: &str,
        work: impl FnOnce(Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<Option<T>, VaultError> {
        let (service, account) = (self.service.clone(), account.to_owned());
        within(self.patience, move || {
            match open(&service, &account).and_then(work) {
                Ok(value) => Ok(Some(value)),
                Err(Error::NoEntry) => Ok(None),
                Err(error) => Err(explain(&error)),
            }
        })
    }
}

/// Does work in a thread of its own and gives it up at the deadline; the
/// thread ends with the process.
fn within<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, VaultError> {
    let (send, receive) = mpsc::channel();
    // Nobody listens any more after the deadline.
    std::thread::spawn(move || drop(send.send(work())));
    receive.recv_timeout(patience).unwrap_or_else(|error| {
        Err(match error {
            RecvTimeoutError::Timeout => VaultError::TimedOut(patience),
            RecvTimeoutError::Disconnected => {
                VaultError::Denied("asking it ended unexpectedly".to_owned())
            }
        })
    })
}

impl Vault for Platform {
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, VaultError> {
        self.call(account, |entry| entry.get_secret().map(Zeroizing::new))
    }

    fn set(&self, account: &str, bytes: &[u8]) -> Result<(), VaultError> {
        let bytes = Zeroizing::new(bytes.to_vec());
        let kept = self.call(account, move |entry| entry.set_secret(&bytes))?;
        kept.ok_or_else(|| VaultError::Denied("it made no item".to_owned()))
    }

    fn delete(&self, account: &str) -> Result<(), VaultError> {
        self.call(account, |entry| entry.delete_credential())
            .map(drop)
    }

    fn look(&self) -> Result<(), VaultError> {
        let service = self.service.clone();
        within(self.patience, move || {
            open(&service, "look").map_err(|error| explain(&error))?;
            is_locked()
        })
    }
}

/// Asks the Secret Service whether it is locked. `keyring` finds that out only
/// by unlocking, for which the desktop asks its person.
#[cfg(all(
    unix,
    not(any(target_os = "macos", target_os = "ios", target_os = "android"))
))]
fn is_locked() -> Result<(), VaultError> {
    use secret_service::blocking::SecretService;
    use secret_service::{EncryptionType, Error};
    let asked = SecretService::connect(EncryptionType::Plain).and_then(|service| {
        let collection = service.get_default_collection()?;
        collection.is_locked()
    });
    match asked {
        Ok(false) => Ok(()),
        Ok(true) => Err(VaultError::Locked("it waits for its password".to_owned())),
        Err(error @ (Error::Locked | Error::NoResult | Error::Prompt)) => {
            Err(VaultError::Locked(error.to_string()))
        }
        Err(error @ Error::Unavailable) => Err(VaultError::Absent(error.to_string())),
        Err(error) => Err(VaultError::Denied(error.to_string())),
    }
}

/// Elsewhere a keychain that is locked says so.
#[cfg(not(all(
    unix,
    not(any(target_os = "macos", target_os = "ios", target_os = "android"))
)))]
#[allow(clippy::unnecessary_wraps, reason = "the signature is shared")]
fn is_locked() -> Result<(), VaultError> {
    Ok(())
}

/// `Entry::new` alone would only say that there is no default store.
fn open(service: &str, account: &str) -> Result<Entry, Error> {
    match Entry::store_status() {
        Ok(()) => Entry::new(service, account),
        Err(error) => Err(Error::NotSupportedByStore(innermost(error))),
    }
}

fn explain(error: &Error) -> VaultError {
    match error {
        Error::NotSupportedByStore(why) => VaultError::Absent(why.clone()),
        Error::NoDefaultStore => VaultError::Absent(innermost(error)),
        Error::NoStorageAccess(_) => VaultError::Locked(innermost(error)),
        Error::TooLong(_, limit) => VaultError::TooLarge(*limit),
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            VaultError::Malformed("the keychain's item is malformed".to_owned())
        }
        Error::Ambiguous(found) => VaultError::Malformed(format!(
            "the keychain holds {} items of this name",
            found.len()
        )),
        other => VaultError::Denied(innermost(other)),
    }
}

/// The last cause says what happened; the ones around it say only where.
fn innermost(error: &Error) -> String {
    let mut error: &dyn std::error::Error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_platform_says_is_told_apart() {
        let said = || Box::<dyn std::error::Error + Send + Sync>::from("said so");
        for (error, told) in [
            (
                Error::NotSupportedByStore("no bus".into()),
                VaultError::Absent("no bus".into()),
            ),
            (
                Error::NoStorageAccess(said()),
                VaultError::Locked("said so".into()),
            ),
            (
                Error::PlatformFailure(said()),
                VaultError::Denied("said so".into()),
            ),
            (
                Error::TooLong("secret".into(), 2560),
                VaultError::TooLarge(2560),
            ),
            (
                Error::BadEncoding(vec![0xff]),
                VaultError::Malformed("the keychain's item is malformed".into()),
            ),
            (
                Error::Ambiguous(Vec::new()),
                VaultError::Malformed("the keychain holds 0 items of this name".into()),
            ),
        ] {
            assert_eq!(explain(&error), told);
        }
    }

    #[test]
    fn a_keychain_that_does_not_answer_is_given_up_at_the_deadline() {
        let patience = Duration::from_millis(50);
        let (release, held) = mpsc::channel::<()>();
        let given_up = within(patience, move || {
            let _ = held.recv();
            Ok(())
        });
        drop(release);
        assert_eq!(given_up, Err(VaultError::TimedOut(patience)));
        let answered = within(Duration::from_secs(50), || Ok(7));
        assert_eq!(answered, Ok(7));
    }
}
