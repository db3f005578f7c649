//! One age-encrypted file per connection (age-encryption.org/v1, X25519),
//! written atomically and readable by its owner alone. The identity comes from
//! `HALLPASS_KEY`, from `key_file`, from `key_command`, or from a key file made
//! at first use under the configuration directory.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use age::secrecy::ExposeSecret;
use age::x25519::Identity;

use super::{Store, StoreError};
use crate::connection::ConnectionId;
use crate::definition::ValueSource;
use crate::env;
use crate::fs;
use crate::paths::Paths;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::ui::Ui;

/// Keeps credentials in encrypted files.
pub(super) struct FileStore {
    dir: PathBuf,
    key: KeySource,
    ui: Ui,
}

/// Where the age identity comes from.
enum KeySource {
    Env(Secret),
    File(PathBuf),
    Command(Vec<String>),
    /// Made at first use.
    Made(PathBuf),
}

impl FileStore {
    pub(super) fn new(paths: &Paths, settings: &Settings, ui: Ui) -> Result<Self, StoreError> {
        let key = if let Some(key) = env::var(env::HALLPASS_KEY) {
            KeySource::Env(key.into())
        } else if let Some(path) = &settings.key_file {
            KeySource::File(path.clone())
        } else if let Some(words) = &settings.key_command {
            KeySource::Command(words.clone())
        } else {
            KeySource::Made(paths.made_key_file()?)
        };
        Ok(Self {
            dir: paths.data()?.join("credentials"),
            key,
            ui,
        })
    }

    fn path(&self, id: &ConnectionId) -> PathBuf {
        self.dir.join(format!("{}.age", id.file_stem()))
    }

    fn identity(&self, may_make: bool) -> Result<Identity, StoreError> {
        match &self.key {
            KeySource::Env(key) => parse(key.expose(), "`HALLPASS_KEY`"),
            KeySource::Command(words) => {
                let key = ValueSource::Command(words.clone()).resolve();
                let key = key.map_err(|error| StoreError::Key(error.to_string()))?;
                parse(key.expose(), "what `key_command` prints")
            }
            KeySource::Made(path) if may_make && !path.exists() => self.make(path),
            KeySource::File(path) | KeySource::Made(path) => read_key(path),
        }
    }

    /// Makes the key file. Two processes may both try; the first one's stays,
    /// because the file is linked into place and never replaced.
    fn make(&self, path: &Path) -> Result<Identity, StoreError> {
        let identity = Identity::generate();
        let text = format!(
            "# made by hallpass: opens the credentials it keeps in files; whoever can read this can use them\n{}\n",
            identity.to_string().expose_secret()
        );
        match fs::write_new(path, text.as_bytes()) {
            Ok(()) => {
                self.ui.note(&format!(
                    "made the key `{}`: file permissions protect it, and with it your credentials",
                    path.display()
                ));
                Ok(identity)
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => read_key(path),
            Err(source) => Err(io(path, source)),
        }
    }
}

impl Store for FileStore {
    fn get(&self, id: &ConnectionId) -> Result<Option<Secret>, StoreError> {
        let path = self.path(id);
        let sealed = match std::fs::read(&path) {
            Ok(sealed) => sealed,
            Err(error) if fs::is_absent(&error) => return Ok(None),
            Err(source) => return Err(io(&path, source)),
        };
        let identity = self.identity(false)?;
        let opened = age::decrypt(&identity, &sealed).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => StoreError::WrongKey(path.clone()),
            other => StoreError::Corrupt(other.to_string()),
        })?;
        String::from_utf8(opened)
            .map(|text| Some(Secret::from(text)))
            .map_err(|_| StoreError::Corrupt("it is not text".to_owned()))
    }

    fn put(&self, id: &ConnectionId, text: &Secret) -> Result<(), StoreError> {
        let path = self.path(id);
        let identity = self.identity(true)?;
        let sealed = age::encrypt(&identity.to_public(), text.expose().as_bytes())
            .map_err(|error| StoreError::Key(error.to_string()))?;
        fs::write_atomic(&path, &sealed).map_err(|source| io(&path, source))
    }

    fn probe(&self) -> Result<(), StoreError> {
        self.identity(true)?;
        fs::probe_dir(&self.dir).map_err(|source| io(&self.dir, source))
    }

    fn delete(&self, id: &ConnectionId) -> Result<(), StoreError> {
        let path = self.path(id);
        fs::remove(&path).map_err(|source| io(&path, source))
    }
}

fn read_key(path: &Path) -> Result<Identity, StoreError> {
    let text = fs::read_trusted(path).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        StoreError::Key(match cause {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        })
    })?;
    parse(&text, &format!("`{}`", path.display()))
}

/// The identity is the first line that is neither empty nor a comment.
fn parse(text: &str, what: &str) -> Result<Identity, StoreError> {
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'));
    line.and_then(|line| Identity::from_str(line).ok())
        .ok_or_else(|| StoreError::Key(format!("{what} holds no age identity")))
}

fn io(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::Io {
        path: path.to_owned(),
        source,
    }
}
