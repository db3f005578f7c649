//! Output that something irrevocable depends on: it is written whole and, where
//! it goes to a file, on disk when this returns; anything else is a failure.

use std::io::{self, Write};
use std::path::Path;

use crate::error::{Failure, Kind, Result};
use crate::fs;

/// Writes text to stdout. Unlike elsewhere, a reader that has gone away is a
/// failure too, and so is a stdout that goes nowhere. Returns whether the text
/// is on disk: what became of it behind a pipe or a terminal nobody knows here.
pub fn safely(text: &str) -> Result<bool> {
    if goes_nowhere() {
        return Err(Failure::new(Kind::Usage, "stdout goes nowhere")
            .hint("send it to a file or a pipe, or name a file with `--output FILE`"));
    }
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .and_then(|()| sync());
    written.map_err(|error| {
        Failure::caused(Kind::Internal, error)
            .context("the output cannot be written")
            .hint("see that there is room where stdout goes")
    })
}

/// Writes text to a new file that only its owner can read (0600), in a
/// directory that is there.
pub fn safely_to_file(path: &Path, text: &str) -> Result<()> {
    let absolute = std::path::absolute(path);
    let dir = absolute.as_ref().ok().and_then(|path| path.parent());
    if let Some(dir) = dir.filter(|dir| !dir.is_dir()) {
        let dir = dir.display();
        return Err(Failure::new(
            Kind::Usage,
            format!(
                "`{}` cannot be written: there is no directory `{dir}`",
                path.display()
            ),
        )
        .hint("name a file in a directory that is there"));
    }
    let written = absolute.and_then(|path| fs::write_new(&path, text.as_bytes()));
    written.map_err(|error| {
        let path = path.display();
        if error.kind() == io::ErrorKind::AlreadyExists {
            return Failure::new(Kind::Usage, format!("there is a file `{path}` already"))
                .hint("name another one: it may hold the only copy of something");
        }
        Failure::caused(Kind::Internal, error)
            .context(format!("`{path}` cannot be written"))
            .hint("see that there is room and that the directory is yours")
    })
}

/// A file's bytes are on disk after this; of a pipe or a terminal this is
/// `false`.
#[cfg(unix)]
fn sync() -> io::Result<bool> {
    let stdout = duplicate()?;
    if !stdout.metadata()?.is_file() {
        return Ok(false);
    }
    stdout.sync_all()?;
    Ok(true)
}

#[cfg(unix)]
fn duplicate() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// A stdout that was closed is `/dev/null` by now: the standard library opens
/// it in its place when a program starts.
#[cfg(unix)]
fn goes_nowhere() -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let stdout = duplicate().and_then(|stdout| stdout.metadata());
    let (Ok(stdout), Ok(null)) = (stdout, std::fs::metadata("/dev/null")) else {
        return false;
    };
    stdout.file_type().is_char_device() && stdout.rdev() == null.rdev()
}

/// Elsewhere it is not known what stdout is, and so not a file.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "the signature is shared")]
fn sync() -> io::Result<bool> {
    Ok(false)
}

#[cfg(not(unix))]
fn goes_nowhere() -> bool {
    false
}
