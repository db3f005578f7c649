//! What can be wrong with a store, told apart, each with the command or the
//! change that mends it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::connection::ConnectionId;
use crate::error::{Failure, Kind};
use crate::fs::ReadError;

/// Why a store does not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such store on this machine.
    #[error("no keychain answers: {0}")]
    Absent(String),
    /// It is there, but locked, and nobody unlocked it.
    #[error("the keychain is locked: {0}")]
    Locked(String),
    /// It refused.
    #[error("the keychain refused: {0}")]
    Denied(String),
    /// It did not answer in time.
    #[error("the keychain did not answer within {}", humantime::format_duration(*.0))]
    TimedOut(Duration),
    /// The platform's keychain takes no text of this size, not even in parts.
    #[error("`{id}` is too large for the keychain, whose items hold {limit} bytes")]
    TooLarge {
        /// What was to be kept.
        id: ConnectionId,
        /// The most that one item holds.
        limit: u32,
    },
    /// A file could not be read or written.
    #[error("`{path}`: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no place for data.
    #[error(transparent)]
    NoHome(#[from] crate::paths::NoHome),
    /// There is no age identity to open or seal files with.
    #[error(transparent)]
    Key(#[from] KeyTrouble),
    /// The file was sealed with another key.
    #[error("`{path}` was sealed with another key than {key}")]
    WrongKey {
        /// Whose it is.
        id: ConnectionId,
        /// The file.
        path: PathBuf,
        /// The key that was tried.
        key: String,
    },
    /// What was kept cannot be understood.
    #[error("what is kept for `{id}` cannot be read: {why}")]
    Corrupt {
        /// Whose it was.
        id: ConnectionId,
        /// What is wrong with it.
        why: String,
    },
    /// Something that hallpass did not put there is in a file's place.
    #[error("`{path}` is {what}")]
    Foreign {
        /// Whose place it is.
        id: ConnectionId,
        /// Where.
        path: PathBuf,
        /// What it is.
        what: String,
    },
    /// It was being renamed, and the other name may hold it already.
    #[error("`{id}` is being renamed to `{to}`")]
    Renaming {
        /// The old name.
        id: ConnectionId,
        /// The new one.
        to: ConnectionId,
    },
    /// It is forgotten, but a store that did not answer may hold a copy.
    #[error("a copy of `{id}` may be left in the keychain, which does not answer: {why}")]
    LeftOver {
        /// Whose it is.
        id: ConnectionId,
        /// What remembers it.
        record: PathBuf,
        /// Why the keychain does not answer.
        why: String,
    },
    /// It was written, and something else was read back.
    #[error("the store did not keep what was written for `{0}`")]
    NotKept(ConnectionId),
    /// Someone else changed the connection meanwhile.
    #[error("the connection was changed by another process meanwhile")]
    Superseded,
}

/// What is wrong with the age identity of the `file` store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyTrouble {
    /// `HALLPASS_KEY` holds something else.
    #[error("`HALLPASS_KEY` holds no age identity")]
    Variable,
    /// The file that `key_file` names is not there.
    #[error("the key file `{0}` is not there")]
    NoFile(PathBuf),
    /// The key that hallpass made is not there any more.
    #[error("the key `{0}`, which opens what is kept in files, is not there")]
    Lost(PathBuf),
    /// The file holds something else.
    #[error("`{0}` holds no age identity")]
    NotAKey(PathBuf),
    /// Others could have put their own key there.
    #[error("`{path}` can be changed by others ({why})")]
    Writable {
        /// The file.
        path: PathBuf,
        /// Its owner or its mode.
        why: String,
    },
    /// The file cannot be read.
    #[error("the key file `{path}` cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// `key_command` failed, hangs, or prints something else.
    #[error("`key_command` gives no key: {0}")]
    Command(String),
}

impl KeyTrouble {
    /// Why a key file cannot be had.
    pub(super) fn of_file(error: ReadError, made: bool) -> Self {
        match error {
            ReadError::Writable { path, why } => Self::Writable { path, why },
            ReadError::NotAFile { path, what } => Self::Unreadable {
                path,
                why: format!("it is {what}"),
            },
            ReadError::Io { path, source } if crate::fs::is_absent(&source) => {
                if made {
                    Self::Lost(path)
                } else {
                    Self::NoFile(path)
                }
            }
            ReadError::Io { path, source } => Self::Unreadable {
                path,
                why: source.to_string(),
            },
        }
    }

    fn remedy(&self) -> String {
        match self {
            Self::Variable => {
                "set `HALLPASS_KEY` to an age identity (`AGE-SECRET-KEY-1…`, as `age-keygen` prints it), or unset it".to_owned()
            }
            Self::NoFile(path) => format!(
                "put the key back at `{}`, or mend `key_file` in config.toml", path.display()
            ),
            Self::Lost(path) => format!(
                "put the key back at `{}`, or give it in `HALLPASS_KEY` or with `key_file` in config.toml; without it, connect anew: `hallpass connect CONN --force`", path.display()
            ),
            Self::NotAKey(path) => format!(
                "`{}` needs a line with an age identity (`AGE-SECRET-KEY-1…`, as `age-keygen` prints it)", path.display()
            ),
            Self::Writable { path, .. } => {
                format!("make it yours alone: `chmod 600 {}`", path.display())
            }
            Self::Unreadable { path, .. } => {
                format!("make `{}` a file that you can read", path.display())
            }
            Self::Command(_) => {
                "run the command of `key_command` (config.toml) yourself: it has to print an age identity (`AGE-SECRET-KEY-1…`) without asking".to_owned()
            }
        }
    }
}

impl StoreError {
    /// Whether the same write may succeed a moment later.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            StoreError::Io { .. }
                | StoreError::Locked(_)
                | StoreError::Denied(_)
                | StoreError::TimedOut(_)
                | StoreError::NotKept(_)
        )
    }

    pub(super) fn corrupt(id: &ConnectionId, why: impl Into<String>) -> Self {
        Self::Corrupt {
            id: id.clone(),
            why: why.into(),
        }
    }

    /// Whether something of hallpass's is there that nothing will ever read
    /// again: it is as good as not there.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Corrupt { .. })
    }

    /// Whether something of hallpass's is there and cannot be read as things
    /// are: connecting anew replaces it, but where only the key is missing that
    /// is for a person to say.
    pub fn is_unreadable(&self) -> bool {
        matches!(
            self,
            Self::Corrupt { .. } | Self::WrongKey { .. } | Self::Key(KeyTrouble::Lost(_))
        )
    }

    /// What a person can do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Absent(_) => {
                "start the keychain, or run this where it answers, such as in the desktop's session; a new connection can be kept in an encrypted file: `--store file`, or `store = \"file\"` in config.toml".to_owned()
            }
            Self::Locked(_) => {
                "unlock the keychain (log in to the desktop, or `gnome-keyring-daemon --unlock`), then run the command again".to_owned()
            }
            Self::Denied(_) => {
                "allow hallpass in the keychain's own settings, then run the command again".to_owned()
            }
            Self::TimedOut(_) => {
                "see whether the keychain waits for an answer on the screen, then run the command again".to_owned()
            }
            Self::Io { path, source } => io_remedy(path, source),
            Self::NoHome(_) => {
                "set `HALLPASS_HOME` to a directory that hallpass may keep its data in".to_owned()
            }
            Self::Key(trouble) => trouble.remedy(),
            Self::WrongKey { id, .. } => format!(
                "give the key it was sealed with (`HALLPASS_KEY`, or `key_file` in config.toml), or connect anew: `hallpass connect {id} --force`"
            ),
            Self::Corrupt { id, .. } => {
                format!("connect anew: `hallpass connect {id} --force`")
            }
            Self::Foreign { id, path, .. } => format!(
                "move `{}` away, then run the command again, or `hallpass connect {id}`", path.display()
            ),
            Self::Renaming { id, to } => format!(
                "finish that: `hallpass rename {id} {}`", to.name()
            ),
            Self::LeftOver { id, record, .. } => format!(
                "it is never used; to delete it too, run `hallpass disconnect {id} --local` where the keychain answers, such as in the desktop's session; if that keychain is gone for good, remove `{}`", record.display()
            ),
            Self::TooLarge { id, .. } => format!(
                "keep it in an encrypted file: `hallpass connect {id} --store file`, or `hallpass move {id} --to file`"
            ),
            Self::Superseded => "run the command again".to_owned(),
            Self::NotKept(id) => format!(
                "try another store: `hallpass connect {id} --store file`, or `hallpass move {id} --to file`"
            ),
        }
    }
}

/// What helps depends on what the system said.
fn io_remedy(path: &Path, source: &io::Error) -> String {
    let dir = path.parent().unwrap_or(path).display();
    let path = path.display();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("the disk is full: make room for `{path}`, then run the command again")
        }
        io::ErrorKind::ReadOnlyFilesystem => format!(
            "nothing can be written there: set `HALLPASS_HOME` to a directory on another disk than `{dir}`"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "make it yours: `chmod u+rwx {dir}`, and see who owns `{path}`; then run the command again"
        ),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            format!(
                "a file is where the directory `{dir}` should be: move it away, then run the command again"
            )
        }
        io::ErrorKind::IsADirectory => {
            format!(
                "a directory is in the place of `{path}`: move it away, then run the command again"
            )
        }
        _ => format!(
            "see that there is room for `{path}` and that it is yours, then run the command again"
        ),
    }
}

/// Which exit code it is: the store's, but a rename that was cut off waits for
/// a person.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let remedy = error.remedy();
        let kind = match &error {
            StoreError::Renaming { .. } => Kind::NeedsConnecting,
            _ => Kind::Store,
        };
        Failure::caused(kind, error).hint(remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_of_the_disk_has_a_remedy_of_its_own() {
        let mut seen = std::collections::BTreeSet::new();
        for (kind, told) in [
            (io::ErrorKind::StorageFull, "make room for `/data/x.age`"),
            (io::ErrorKind::ReadOnlyFilesystem, "HALLPASS_HOME"),
            (io::ErrorKind::PermissionDenied, "chmod u+rwx /data"),
            (io::ErrorKind::NotADirectory, "the directory `/data`"),
            (io::ErrorKind::IsADirectory, "a directory is in the place"),
            (io::ErrorKind::Other, "see that there is room"),
        ] {
            let error = StoreError::Io {
                path: PathBuf::from("/data/x.age"),
                source: kind.into(),
            };
            let remedy = error.remedy();
            assert!(remedy.contains(told), "{kind:?}: {remedy}");
            assert!(seen.insert(remedy), "{kind:?} has another's remedy");
        }
    }

    #[test]
    fn every_trouble_with_a_key_has_a_remedy_of_its_own() {
        let path = || PathBuf::from("/keys/a.key");
        let mut seen = std::collections::BTreeSet::new();
        for (trouble, told) in [
            (KeyTrouble::Variable, "set `HALLPASS_KEY`"),
            (KeyTrouble::NoFile(path()), "mend `key_file`"),
            (KeyTrouble::Lost(path()), "connect anew"),
            (KeyTrouble::NotAKey(path()), "needs a line"),
            (
                KeyTrouble::Writable {
                    path: path(),
                    why: "its mode is 666".into(),
                },
                "chmod 600 /keys/a.key",
            ),
            (
                KeyTrouble::Unreadable {
                    path: path(),
                    why: "it is a directory".into(),
                },
                "a file that you can read",
            ),
            (KeyTrouble::Command("failed".into()), "yourself"),
        ] {
            let failure = Failure::from(StoreError::from(trouble));
            assert_eq!(failure.kind(), Kind::Store);
            let remedy = failure.hints().join(" ");
            assert!(remedy.contains(told), "{remedy}");
            assert!(seen.insert(remedy), "another's remedy");
        }
    }

    #[test]
    fn a_rename_that_was_cut_off_waits_for_a_person() {
        let failure = Failure::from(StoreError::Renaming {
            id: ConnectionId::new("github", "old"),
            to: ConnectionId::new("github", "new"),
        });
        assert_eq!(failure.kind(), Kind::NeedsConnecting);
        assert_eq!(
            failure.hints(),
            ["finish that: `hallpass rename github@old new`"]
        );
    }
}
