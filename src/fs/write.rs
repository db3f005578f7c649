//! Writing files whole or not at all: beside their place first, flushed, and
//! then renamed into it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::is_absent;
use crate::clock::Timestamp;

/// What the names of files begin with that are being written.
pub const TEMPORARY: &str = ".hallpass-";

/// How old such a file must be to be nobody's any more: nothing takes an hour.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// Replaces a file whole: a reader sees the old or the new bytes, a crash
/// leaves one of them. The new file is readable by its owner alone (0600) and
/// on disk when this returns.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put_in_place(written_beside(path, bytes)?, path)
}

/// Replaces a file of another program's whole, which keeps its mode; one that is
/// not there becomes its owner's alone.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temp = written_beside(path, bytes)?;
    if let Ok(meta) = std::fs::metadata(path) {
        temp.as_file().set_permissions(meta.permissions())?;
    }
    put_in_place(temp, path)
}

/// Removes what processes left behind that were killed while they wrote.
fn clear_away(dir: &Path) {
    for path in leftovers(dir) {
        // Another process may have been quicker.
        let _ = std::fs::remove_file(path);
    }
}

/// What processes left behind in a directory that were killed while they wrote;
/// a file that is being written now, or held as room, is none.
pub fn leftovers(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return Vec::new();
    };
    let long_ago = Timestamp::now().before(ABANDONED);
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
        if !is_ours {
            continue;
        }
        let modified = entry.metadata().and_then(|meta| meta.modified());
        if modified.is_ok_and(|then| Timestamp::from(then) < long_ago) {
            found.push(entry.path());
        }
    }
    found
}

/// Like [`write_atomic`], but fails with `AlreadyExists` where a file is.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temp = written_beside(path, bytes)?;
    temp.persist_noclobber(path).map_err(|error| error.error)?;
    sync_dir(directory_of(path)?)
}

fn written_beside(path: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut temp = temporary(directory_of(path)?)?;
    temp.write_all(bytes)?;
    temp.as_file().sync_all()?;
    Ok(temp)
}

/// A new file of its owner's alone, removed when it is dropped.
pub(super) fn temporary(dir: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(dir)
}

/// The directory a file is to be in, made if absent.
pub(super) fn directory_of(path: &Path) -> io::Result<&Path> {
    let dir = path.parent();
    let dir = dir.ok_or_else(|| io::Error::other("the path has no directory"))?;
    create_private_dir(dir)?;
    Ok(dir)
}

/// Puts a written file in its place, durably.
pub(super) fn put_in_place(temp: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    let dir = directory_of(path)?;
    temp.persist(path).map_err(|error| error.error)?;
    clear_away(dir);
    sync_dir(dir)
}

/// Finds out whether files can be written in a directory, which is made if absent.
pub fn probe_dir(dir: &Path) -> io::Result<()> {
    create_private_dir(dir)?;
    let mut temp = temporary(dir)?;
    temp.write_all(b"probe")?;
    temp.as_file().sync_all()
}

/// Makes a renamed or removed entry durable.
#[cfg(unix)]
fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Directories cannot be opened for syncing elsewhere; the rename is journalled.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "the signature is shared")]
fn sync_dir(_dir: &Path) -> io::Result<()> {
    Ok(())
}

/// Removes a file durably; one that is not there is fine.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync_dir),
        Err(error) if is_absent(&error) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a directory and its parents; those it makes are their owner's alone (0700).
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(dir)
}

/// Opens a lock file for reading and writing, made if absent (0600).
pub fn open_lock_file(path: &Path) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        create_private_dir(dir)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_written_file_is_its_owners_alone_and_leaves_no_temporary_file() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b.json");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1
        );
    }
}
