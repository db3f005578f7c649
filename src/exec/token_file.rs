//! The file of `--token-file`: readable by its owner alone (0600), in a
//! directory of its own (0700) under `$XDG_RUNTIME_DIR`, or else where the
//! system keeps temporary files; replaced whole, so that a reader sees the old
//! or the new content; gone with its owner.
//!
//! A process that is killed leaves its directory behind. The lock that it held
//! there goes with it, by which the next one knows what is nobody's any more.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::env;
use crate::fs;
use crate::secret::Secret;

/// What the directories' names begin with.
const PREFIX: &str = "hallpass-exec-";
/// The file, in its directory.
const NAME: &str = "token";
/// Held as long as the file is somebody's.
const LOCK: &str = "lock";
/// How old a directory without a lock must be to be nobody's: it takes no
/// moment to put one in.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// A file with a token, which is removed when this is dropped.
#[derive(Debug)]
pub struct TokenFile {
    dir: tempfile::TempDir,
    _lock: File,
}

/// Why there is no such file.
#[derive(Debug, thiserror::Error)]
#[error("`{}` cannot be written", dir.display())]
pub struct FileError {
    dir: PathBuf,
    source: io::Error,
}

impl TokenFile {
    /// Makes the file, and clears away what killed processes left.
    pub fn create(content: &Secret) -> Result<Self, FileError> {
        let mut failed = None;
        for base in places() {
            clear_away(&base);
            match create_in(&base, content) {
                Ok(file) => return Ok(file),
                Err(source) => failed = Some(FileError { dir: base, source }),
            }
        }
        Err(failed.unwrap_or_else(|| FileError {
            dir: std::env::temp_dir(),
            source: io::ErrorKind::NotFound.into(),
        }))
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join(NAME)
    }

    /// Replaces the content.
    pub fn write(&self, content: &Secret) -> Result<(), FileError> {
        let written = fs::write_atomic(&self.path(), content.expose().as_bytes());
        written.map_err(|source| FileError {
            dir: self.dir.path().to_owned(),
            source,
        })
    }
}

/// The directories to make it in, the best first.
fn places() -> Vec<PathBuf> {
    let runtime = env::var_os(env::XDG_RUNTIME_DIR).map(PathBuf::from);
    // Another user's (left by `su` or `sudo`) is no place for ours.
    let runtime = runtime.filter(|dir| dir.is_absolute() && is_own_directory(dir));
    runtime.into_iter().chain([std::env::temp_dir()]).collect()
}

fn create_in(base: &Path, content: &Secret) -> io::Result<TokenFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let dir = builder.tempdir_in(base)?;
    // Locked before it has its name, so that nobody finds it unlocked.
    let unnamed = dir.path().join("lock.new");
    let lock = fs::open_lock_file(&unnamed)?;
    lock.lock()?;
    std::fs::rename(&unnamed, dir.path().join(LOCK))?;
    let path = dir.path().join(NAME);
    fs::write_atomic(&path, content.expose().as_bytes())?;
    Ok(TokenFile { dir, _lock: lock })
}

/// Removes this user's directories whose processes are gone.
fn clear_away(base: &Path) {
    let Ok(entries) = std::fs::read_dir(base) else {
        return;
    };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let path = entry.path();
        if is_ours && is_own_directory(&path) && is_left(&path) {
            // Another process may have been quicker.
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}

/// Whether nobody holds a directory's lock any more.
fn is_left(dir: &Path) -> bool {
    let lock = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(dir.join(LOCK));
    match lock {
        Ok(lock) => !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)),
        Err(error) if fs::is_absent(&error) => {
            let modified = std::fs::metadata(dir).and_then(|meta| meta.modified());
            let long_ago = Timestamp::now().before(ABANDONED);
            modified.is_ok_and(|then| Timestamp::from(then) < long_ago)
        }
        Err(_) => false,
    }
}

/// Whether this is a directory of this user's, and no link to one.
#[cfg(unix)]
fn is_own_directory(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let own = rustix::process::geteuid().as_raw();
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir() && meta.uid() == own)
}

/// Elsewhere these places are the user's own already.
#[cfg(not(unix))]
fn is_own_directory(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir())
}
