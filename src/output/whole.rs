//! A file that appears whole or not at all: it is written beside its place and
//! moved there at the end. A link is followed, and a file that is replaced
//! keeps its mode.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::download::unwritable;
use crate::error::Result;
use crate::fs;
use crate::signals::{self, Fleeting};

/// A file that is not there yet; dropping it leaves nothing.
pub(super) struct WholeFile {
    temp: NamedTempFile,
    /// Nor is anything left by an end before its time.
    _fleeting: Fleeting,
    place: PathBuf,
    path: PathBuf,
}

impl WholeFile {
    /// Begins one beside its place.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let place = place_of(path);
        let existing = std::fs::metadata(&place)
            .ok()
            .map(|meta| meta.permissions());
        let unwritable = |error| unwritable(path, error);
        let temp = hidden(&place).map_err(unwritable)?;
        if let Some(permissions) = existing {
            temp.as_file()
                .set_permissions(permissions)
                .map_err(unwritable)?;
        }
        Ok(Self {
            _fleeting: signals::fleeting(temp.path()),
            temp,
            place,
            path: path.to_owned(),
        })
    }

    /// Moves it to its place.
    pub(super) fn keep(self) -> Result<()> {
        let moved = self.temp.persist(&self.place);
        moved.map_err(|error| unwritable(&self.path, error.error))?;
        Ok(())
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temp.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temp.as_file_mut().flush()
    }
}

/// Where a file is; a link is followed.
pub(super) fn place_of(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A file beside that place, of no name that anybody looks for, removed where it
/// is dropped.
pub(super) fn hidden(place: &Path) -> io::Result<NamedTempFile> {
    let dir = match place.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(fs::TEMPORARY);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: the umask takes away what it does not want.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(dir)
}
