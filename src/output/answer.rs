//! An API's answer: streamed to stdout or to a file, which appears whole or
//! not at all.

use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use crate::api::Answer;
use crate::error::{Failure, Kind, Result};
use crate::fs;
use crate::ui::Ui;

/// Where an answer goes.
#[derive(Clone, Debug)]
pub enum Target {
    /// stdout, to be read: a terminal gets it formatted and made harmless.
    Stdout,
    /// stdout, byte by byte, a terminal too.
    Raw,
    /// A file.
    File(PathBuf),
}

/// Writes an answer; `include` puts its status line and headers before it.
pub fn answer(answer: Answer, target: &Target, include: bool, ui: Ui) -> Result<()> {
    if matches!(target, Target::Stdout) && io::stdout().is_terminal() {
        return super::screen::show(answer, include, ui);
    }
    let head = include.then(|| head(&answer));
    match target {
        Target::Stdout | Target::Raw => {
            let mut stdout = io::stdout().lock();
            copy(head, answer, &mut stdout).and_then(|()| super::written(stdout.flush()))
        }
        Target::File(path) if is_special(path) => {
            let file = std::fs::OpenOptions::new().write(true).open(path);
            let mut file = file.map_err(|error| unwritable(path, error))?;
            copy(head, answer, &mut file)
        }
        Target::File(path) => to_file(path, head, answer),
    }
}

/// A link is followed, and a file that is replaced keeps its mode.
fn to_file(path: &Path, head: Option<Vec<u8>>, answer: Answer) -> Result<()> {
    let place = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let dir = match place.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(fs::TEMPORARY);
    let existing = std::fs::metadata(&place)
        .ok()
        .map(|meta| meta.permissions());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: the umask takes away what it does not want.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let unwritable = |error| unwritable(path, error);
    let mut temp = builder.tempfile_in(dir).map_err(unwritable)?;
    if let Some(permissions) = existing {
        temp.as_file()
            .set_permissions(permissions)
            .map_err(unwritable)?;
    }
    copy(head, answer, temp.as_file_mut())?;
    temp.persist(&place)
        .map_err(|error| unwritable(error.error))?;
    Ok(())
}

/// `/dev/null`, a named pipe: written to, never replaced.
fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

pub(super) fn head(answer: &Answer) -> Vec<u8> {
    let status = answer.status;
    let mut head = format!("{:?} {status}\r\n", answer.version).into_bytes();
    for (name, value) in &answer.headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// Reading and writing fail differently: one may pass, the other is ours.
fn copy(head: Option<Vec<u8>>, mut answer: Answer, out: &mut dyn Write) -> Result<()> {
    let host = crate::http::host_of(&answer.url);
    if let Some(head) = head {
        super::written(out.write_all(&head))?;
    }
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match answer.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(Failure::caused(Kind::Unavailable, error)
                    .context(format!("the answer of {host} broke off"))
                    .hint("run the command again"));
            }
        };
        if let Err(error) = out.write_all(&buffer[..read]) {
            return super::written(Err(error));
        }
    }
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    Failure::caused(Kind::Usage, error)
        .context(format!("`{}` cannot be written", path.display()))
        .hint("name another file: `-o FILE`")
}
