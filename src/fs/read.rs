//! Reading what others may have written, or put in a file's place: bounded,
//! judged by the opened file, and never waited for; but where a person may name
//! a pipe on purpose (`/dev/stdin`, `<(…)`), it is waited for until a deadline.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{is_absent, pipe};

/// The most that is read of any file of hallpass's own, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Why a file cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It could not be opened or read.
    #[error("cannot read `{path}`")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Someone else can change it.
    #[error("`{path}` can be changed by others ({why})")]
    Writable {
        /// Which file.
        path: PathBuf,
        /// Its owner or its mode.
        why: String,
    },
    /// Something else is in its place.
    #[error("`{path}` is {what}, not a file")]
    NotAFile {
        /// Where.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
}

impl ReadError {
    /// Whether the file is simply not there.
    pub fn is_absent(&self) -> bool {
        matches!(self, ReadError::Io { source, .. } if is_absent(source))
    }

    /// The reason alone, where the file is named already.
    pub fn why(&self) -> String {
        match self {
            ReadError::Io { source, .. } => source.to_string(),
            ReadError::Writable { why, .. } => why.clone(),
            ReadError::NotAFile { what, .. } => format!("it is {what}, not a file"),
        }
    }
}

/// Reads a file that only its owner (this user, or root) can write, as text.
/// Something else in its place is never waited for.
pub fn read_trusted(path: &Path) -> Result<String, ReadError> {
    let file = open_file(path)?;
    check_owner(path, &file)?;
    read_bounded(file).map_err(|source| ReadError::Io {
        path: path.to_owned(),
        source,
    })
}

/// The same of a file that a person named, which may be a pipe: its end is
/// waited for, but no longer than `patience`.
pub fn read_named(path: &Path, patience: Duration) -> Result<String, ReadError> {
    let (file, what) = open(path)?;
    check_owner(path, &file)?;
    whole_text(file, what, patience).map_err(|source| ReadError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Reads a text of anybody's that a person named, which may be a pipe: its end
/// is waited for, but no longer than `patience`.
pub fn read_text(path: &Path, patience: Duration) -> Result<String, ReadError> {
    let (file, what) = open(path)?;
    whole_text(file, what, patience).map_err(|source| ReadError::Io {
        path: path.to_owned(),
        source,
    })
}

/// The first `most` bytes of a file that a person named, and whether those are
/// all. It may be a pipe: its end is waited for, but no longer than `patience`.
pub fn read_bytes(
    path: &Path,
    most: u64,
    patience: Duration,
) -> Result<(Vec<u8>, bool), ReadError> {
    let (file, what) = open(path)?;
    let read = match what {
        None => up_to(most, file),
        Some(_) => pipe::up_to(most, file, patience),
    };
    read.map_err(|source| ReadError::Io {
        path: path.to_owned(),
        source,
    })
}

fn whole_text(file: File, what: Option<&'static str>, patience: Duration) -> io::Result<String> {
    if what.is_none() {
        return read_bounded(file);
    }
    let (bytes, whole) = pipe::up_to(MAX_FILE, file, patience)?;
    if !whole {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not text (UTF-8)"))
}

fn too_large() -> io::Error {
    io::Error::other("the file is larger than 16 MiB")
}

/// A key as it was read.
#[derive(Debug)]
pub struct KeyText {
    /// What the file holds.
    pub text: crate::secret::Secret,
    /// The file's mode, where it lets others read it.
    pub open_to_others: Option<u32>,
}

/// Reads a key file that only its owner can write, and says whether others can
/// read it. Something else in its place is never waited for.
pub fn read_key(path: &Path) -> Result<KeyText, ReadError> {
    let file = open_file(path)?;
    check_owner(path, &file)?;
    let open_to_others = readable_by_others(&file);
    let text = read_bounded(file).map_err(|source| ReadError::Io {
        path: path.to_owned(),
        source,
    })?;
    let text = text.into();
    Ok(KeyText {
        text,
        open_to_others,
    })
}

/// Reads a whole file of at most 16 MiB. Something else in its place, such as
/// a directory or a pipe that nobody writes to, is never waited for.
pub fn read_whole(path: &Path) -> Result<Vec<u8>, ReadError> {
    match read_up_to(path, MAX_FILE)? {
        (bytes, true) => Ok(bytes),
        (_, false) => Err(ReadError::Io {
            path: path.to_owned(),
            source: too_large(),
        }),
    }
}

/// The first `most` bytes of a file, and whether those are all. Something else
/// in its place is never waited for.
pub fn read_up_to(path: &Path, most: u64) -> Result<(Vec<u8>, bool), ReadError> {
    up_to(most, open_file(path)?).map_err(|source| ReadError::Io {
        path: path.to_owned(),
        source,
    })
}

/// The first `most` bytes of a file, and whether those are all. One read for
/// the whole of it, where its size is known.
fn up_to(most: u64, file: File) -> io::Result<(Vec<u8>, bool)> {
    let size = file.metadata().map_or(0, |meta| meta.len()).min(most);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    file.take(most + 1).read_to_end(&mut bytes)?;
    let whole = bytes.len() as u64 <= most;
    bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok((bytes, whole))
}

/// Opens what must be a plain file.
fn open_file(path: &Path) -> Result<File, ReadError> {
    match open(path)? {
        (file, None) => Ok(file),
        (_, Some(what)) => Err(ReadError::NotAFile {
            path: path.to_owned(),
            what,
        }),
    }
}

/// The one way to open: without waiting, as opening a pipe would for whoever
/// writes to it. Says what was opened, where that is no plain file; a directory
/// is an error.
fn open(path: &Path) -> Result<(File, Option<&'static str>), ReadError> {
    const DIRECTORY: &str = "a directory";
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    }
    let what = |kind: std::fs::FileType| match kind {
        kind if kind.is_file() => None,
        kind if kind.is_dir() => Some(DIRECTORY),
        _ => Some("a pipe, a socket or a device"),
    };
    let opened = options.open(path).and_then(|file| {
        let kind = file.metadata()?.file_type();
        Ok((file, kind))
    });
    let fail = |what| ReadError::NotAFile {
        path: path.to_owned(),
        what,
    };
    match opened {
        Ok((file, kind)) => match what(kind) {
            Some(DIRECTORY) => Err(fail(DIRECTORY)),
            what => Ok((file, what)),
        },
        Err(source) => {
            // Sockets, and elsewhere directories, cannot even be opened.
            let other = std::fs::metadata(path).ok();
            match other.and_then(|meta| what(meta.file_type())) {
                Some(what) => Err(fail(what)),
                None => Err(ReadError::Io {
                    path: path.to_owned(),
                    source,
                }),
            }
        }
    }
}

#[cfg(unix)]
fn readable_by_others(file: &File) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let mode = file.metadata().ok()?.mode() & 0o7777;
    (mode & 0o044 != 0).then_some(mode)
}

/// Elsewhere a profile directory's inherited permissions are the protection.
#[cfg(not(unix))]
fn readable_by_others(_file: &File) -> Option<u32> {
    None
}

/// Reads at most 16 MiB of text.
fn read_bounded(file: File) -> io::Result<String> {
    // One read for the whole file, where its size is known.
    let size = file.metadata().map_or(0, |meta| meta.len()).min(MAX_FILE);
    let mut text = String::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    file.take(MAX_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return Err(too_large());
    }
    Ok(text)
}

/// What was read of a file that anybody may have put there.
#[derive(Debug)]
pub struct FoundFile {
    /// Its bytes, `most` of them at most.
    pub bytes: Vec<u8>,
    /// Whether those are all.
    pub whole: bool,
    /// Why it cannot be used: it is someone else's, or too large.
    pub fault: Option<String>,
}

/// Reads up to `most` bytes of a file that was found. Opening waits for nobody,
/// and what is no regular file, or that of neither this user nor root, is told
/// by the opened file.
pub fn read_found(path: &Path, most: u64) -> io::Result<FoundFile> {
    let cannot = |error: io::Error| io::Error::other(format!("it cannot be read: {error}"));
    let file = open_file(path).map_err(|error| match error {
        ReadError::Io { source, .. } => cannot(source),
        ReadError::NotAFile { .. } | ReadError::Writable { .. } => {
            io::Error::other("it is not a regular file")
        }
    })?;
    let meta = file.metadata().map_err(cannot)?;
    let (bytes, whole) = up_to(most, file).map_err(cannot)?;
    let too_large = || (!whole).then(|| format!("it is larger than {} KiB", most / 1024));
    Ok(FoundFile {
        bytes,
        whole,
        fault: stranger(&meta)
            .map(|user| format!("it belongs to user {user}, not to you"))
            .or_else(too_large),
    })
}

/// Whose a file is, where that is neither this user nor root.
#[cfg(unix)]
fn stranger(meta: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let me = rustix::process::geteuid().as_raw();
    Some(meta.uid()).filter(|uid| *uid != me && *uid != 0)
}

/// Elsewhere a profile directory's inherited permissions are the protection.
#[cfg(not(unix))]
fn stranger(_meta: &std::fs::Metadata) -> Option<u32> {
    None
}

#[cfg(unix)]
fn check_owner(path: &Path, file: &File) -> Result<(), ReadError> {
    use std::os::unix::fs::MetadataExt;
    let meta = file.metadata().map_err(|source| ReadError::Io {
        path: path.to_owned(),
        source,
    })?;
    let why = if let Some(user) = stranger(&meta) {
        format!("it belongs to user {user}")
    } else if meta.is_file() && meta.mode() & 0o022 != 0 {
        format!("its mode is {:o}", meta.mode() & 0o7777)
    } else {
        return Ok(());
    };
    Err(ReadError::Writable {
        path: path.to_owned(),
        why,
    })
}

/// Elsewhere a profile directory's inherited permissions are the protection.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "the signature is shared")]
fn check_owner(_path: &Path, _file: &File) -> Result<(), ReadError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_write_is_not_believed() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file()
            .set_permissions(std::fs::Permissions::from_mode(0o666))
            .unwrap();
        assert!(matches!(
            read_trusted(file.path()),
            Err(ReadError::Writable { .. })
        ));
    }
}
