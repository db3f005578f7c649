//! One lock per connection, across processes: an advisory lock on a file,
//! which the system releases when its holder ends, however it ends. It is
//! polled to a deadline and never stolen; the file says who holds it.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::fs;

/// The wait between two tries, at first and at most.
const FIRST_WAIT: Duration = Duration::from_millis(2);
const LONGEST_WAIT: Duration = Duration::from_millis(25);

/// A held lock; dropping it releases it.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum LockError {
    /// Someone else held it until the deadline.
    #[error("{holder} is at work on it and did not end within {}", humantime::format_duration(*.waited))]
    Held {
        /// Who, as far as the file says.
        holder: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The file could not be opened or locked.
    #[error("`{path}` cannot be locked: {source}")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Lock {
    /// Takes the lock, waiting for it until the deadline.
    pub(super) fn take(path: &Path, patience: Duration) -> Result<Self, LockError> {
        let fail = |source| LockError::Io {
            path: path.to_owned(),
            source,
        };
        let mut file = fs::open_lock_file(path).map_err(fail)?;
        let deadline = Instant::now() + patience;
        let mut wait = FIRST_WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(fail(source)),
                Err(TryLockError::WouldBlock) => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(LockError::Held {
                    holder: holder(&mut file),
                    waited: patience,
                });
            }
            std::thread::sleep(wait.min(left));
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        // Who holds it is only ever read by people.
        let _ = sign(&mut file);
        Ok(Self { _file: file })
    }
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "process {}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| file.take(200).read_to_string(&mut text));
    match (read, text.trim()) {
        (Ok(_), signed) if !signed.is_empty() => signed.to_owned(),
        _ => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_not_taken_and_its_holder_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.lock");
        let held = Lock::take(&path, Duration::ZERO).unwrap();
        let refused = Lock::take(&path, Duration::ZERO).unwrap_err();
        // Elsewhere a locked file cannot be read, and the holder stays unnamed.
        #[cfg(unix)]
        assert!(
            refused
                .to_string()
                .contains(&format!("process {}", std::process::id()))
        );
        #[cfg(not(unix))]
        assert!(refused.to_string().contains("another process"));
        drop(held);
        Lock::take(&path, Duration::ZERO).unwrap();
    }
}
