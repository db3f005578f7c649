//! The age identity that opens what is kept in files, and what was sealed for
//! this machine. It comes from `HALLPASS_KEY`, from `key_file`, from
//! `key_command`, or from a key file made at first use under the configuration
//! directory.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use age::secrecy::ExposeSecret;
use age::x25519::Identity;

use super::file::sealed_in;
use super::{KeyTrouble, StoreError};
use crate::definition::command;
use crate::env;
use crate::fs;
use crate::paths::Paths;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::ui::Ui;

/// The least a `key_command` is given: password managers are slow to start.
const COMMAND_PATIENCE: Duration = Duration::from_secs(30);
/// That a key is open to others is said once.
static WARNED: AtomicBool = AtomicBool::new(false);

/// Where the age identity comes from.
pub(super) struct KeySource {
    place: Place,
    patience: Duration,
    ui: Ui,
    /// Once it was got: a command may have asked its person for it.
    identity: OnceLock<Identity>,
    /// The directory of what is sealed to it.
    sealed: Option<PathBuf>,
    /// The file there that is being replaced, and a key that is lost with it.
    replacing: OnceLock<String>,
}

/// The key that `HALLPASS_KEY` gives, if it is set; what is not even text is no
/// key, rather than none given.
pub(super) fn key_variable() -> Option<Secret> {
    let set = env::var_os(env::HALLPASS_KEY).filter(|key| !key.is_empty())?;
    Some(set.into_string().unwrap_or_default().into())
}

/// The places, in the order in which they are looked at.
#[derive(Debug)]
pub(super) enum Place {
    Variable(Secret),
    File(PathBuf),
    Command(Vec<String>),
    /// Made at first use.
    Made(PathBuf),
}

impl KeySource {
    /// `patience` bounds `key_command`, but not to less than half a minute.
    pub(super) fn find(
        paths: &Paths,
        settings: &Settings,
        patience: Duration,
        ui: Ui,
    ) -> Result<Self, StoreError> {
        let place = if let Some(key) = key_variable() {
            Place::Variable(key)
        } else if let Some(path) = &settings.key_file {
            Place::File(path.clone())
        } else if let Some(words) = &settings.key_command {
            Place::Command(words.clone())
        } else {
            Place::Made(paths.made_key_file()?)
        };
        Ok(Self {
            place,
            patience: patience.max(COMMAND_PATIENCE),
            ui,
            identity: OnceLock::new(),
            sealed: paths.data().ok().map(sealed_in),
            replacing: OnceLock::new(),
        })
    }

    /// Lets a new key be made in the place of a lost one, because what is in
    /// this file is given up.
    pub(super) fn replace(&self, file: String) {
        // Whoever said it first said it all.
        let _ = self.replacing.set(file);
    }

    /// Whether something is sealed to a key that is not there: another one in
    /// its place would lock it out without a word.
    pub(super) fn is_missed(&self) -> bool {
        matches!(&self.place, Place::Made(path) if is_missing(path)) && self.seals_others()
    }

    /// Whether a file is sealed besides one that is being replaced.
    fn seals_others(&self) -> bool {
        let entries = self.sealed.as_ref().map(std::fs::read_dir);
        let entries = entries.and_then(Result::ok).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name());
        names.any(|name| {
            let name = name.to_string_lossy();
            name.ends_with(".age") && self.replacing.get().is_none_or(|known| *known != name)
        })
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The key, in words that show nothing of it.
    pub(super) fn name(&self) -> String {
        match &self.place {
            Place::Variable(_) => "the one in `HALLPASS_KEY`".to_owned(),
            Place::Command(_) => "the one that `key_command` prints".to_owned(),
            Place::File(path) | Place::Made(path) => format!("`{}`", path.display()),
        }
    }

    /// The identity to open files with.
    pub(super) fn identity(&self) -> Result<&Identity, StoreError> {
        if let Some(identity) = self.identity.get() {
            return Ok(identity);
        }
        let identity = self.fetch()?;
        Ok(self.identity.get_or_init(|| identity))
    }

    fn fetch(&self) -> Result<Identity, StoreError> {
        match &self.place {
            Place::Variable(key) => parse(key.expose()).ok_or(KeyTrouble::Variable.into()),
            Place::Command(words) => Ok(self.ask(words)?),
            Place::File(path) => Ok(self.read(path, false)?),
            Place::Made(path) => Ok(self.read(path, true)?),
        }
    }

    /// The same, made where hallpass makes its own and has not yet.
    pub(super) fn identity_or_make(&self) -> Result<&Identity, StoreError> {
        match &self.place {
            Place::Made(path) if self.identity.get().is_none() && is_missing(path) => {
                let locks_out = self.seals_others();
                if locks_out && self.replacing.get().is_none() {
                    // Or somebody has made it this moment, and sealed something.
                    return self.identity();
                }
                let made = self.make(path)?;
                if locks_out {
                    self.ui.warn("the key that was there before is lost: what it sealed stays shut until it is put back, and `hallpass doctor` shows what that is");
                }
                Ok(self.identity.get_or_init(|| made))
            }
            _ => self.identity(),
        }
    }

    /// Whether there is one, or one can be made when it is needed.
    pub(super) fn look(&self) -> Result<(), StoreError> {
        match &self.place {
            Place::Made(path) if is_missing(path) && !self.seals_others() => Ok(()),
            _ => self.identity().map(drop),
        }
    }

    fn ask(&self, words: &[String]) -> Result<Identity, KeyTrouble> {
        let key = command::run(words, self.patience);
        let key = key.map_err(|error| KeyTrouble::Command(error.to_string()))?;
        let other = || KeyTrouble::Command("what it prints is no age identity".to_owned());
        parse(key.expose()).ok_or_else(other)
    }

    fn read(&self, path: &Path, made: bool) -> Result<Identity, KeyTrouble> {
        let key = fs::read_key(path).map_err(|error| KeyTrouble::of_file(error, made))?;
        if let Some(mode) = key.open_to_others
            && !WARNED.swap(true, Ordering::Relaxed)
        {
            let path = path.display();
            self.ui.warn(&format!(
                "the key `{path}` can be read by others (its mode is {mode:o}), and with it your credentials; make it yours alone: `chmod 600 {path}`"
            ));
        }
        parse(key.text.expose()).ok_or_else(|| KeyTrouble::NotAKey(path.to_owned()))
    }

    /// Makes the key file. Two processes may both try; the first one's stays,
    /// because the file is linked into place and never replaced.
    fn make(&self, path: &Path) -> Result<Identity, StoreError> {
        let identity = Identity::generate();
        let text = Secret::new(format!(
            "# made by hallpass: opens the credentials it keeps in files; whoever can read this can use them\n{}\n",
            identity.to_string().expose_secret()
        ));
        match fs::write_new(path, text.expose().as_bytes()) {
            Ok(()) => {
                self.ui.note(&format!(
                    "made the key `{}`: file permissions protect it, and with it your credentials",
                    path.display()
                ));
                Ok(identity)
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Ok(self.read(path, true)?)
            }
            Err(source) => Err(StoreError::Io {
                path: path.to_owned(),
                source,
            }),
        }
    }
}

fn is_missing(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_err()
}

/// The identity is the first line that is neither empty nor a comment.
fn parse(text: &str) -> Option<Identity> {
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))?;
    Identity::from_str(line).ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::ui::Color;

    #[test]
    fn a_key_command_that_hangs_is_given_up_and_named() {
        let words = ["sleep", "60"].map(ToOwned::to_owned);
        let source = KeySource {
            place: Place::Command(words.to_vec()),
            patience: Duration::from_millis(50),
            ui: Ui::new(Color::Never, true, false),
            identity: OnceLock::new(),
            sealed: None,
            replacing: OnceLock::new(),
        };
        let Err(error) = source.identity() else {
            panic!("`sleep` is no key");
        };
        let said = error.to_string();
        assert!(said.contains("did not answer within 50ms"), "{said}");
        assert!(
            error.remedy().contains("`key_command`"),
            "{}",
            error.remedy()
        );
    }
}
