//! `config.toml`: the user's choices, each of which a flag or an environment
//! variable can override. Read once, when first needed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::error::{Failure, Kind, Result};
use crate::fs::{self, ReadError};

/// What `config.toml` says; everything is optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The store of new connections: `keychain`, `file` or `none`.
    pub store: Option<StoreKind>,
    /// The age identity file of the `file` store; a relative path is beside
    /// this file.
    pub key_file: Option<PathBuf>,
    /// A command that prints the age identity; no shell.
    pub key_command: Option<Vec<String>>,
    /// The command that opens a URL, or `none`.
    pub browser: Option<String>,
    /// How long `connect` waits for a person; 5 minutes unless set.
    #[serde(default, deserialize_with = "duration")]
    pub connect_timeout: Option<Duration>,
    /// How long to wait for another process's refresh; 30 seconds unless set.
    #[serde(default, deserialize_with = "duration")]
    pub lock_timeout: Option<Duration>,
    /// How long one call to a provider may take; 30 seconds unless set.
    #[serde(default, deserialize_with = "duration")]
    pub http_timeout: Option<Duration>,
}

/// Where credentials rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// The operating system's keychain.
    Keychain,
    /// One age-encrypted file per connection.
    File,
    /// Nowhere: nothing is kept.
    None,
}

impl StoreKind {
    /// The word used in settings, records and output.
    pub fn name(self) -> &'static str {
        match self {
            StoreKind::Keychain => "keychain",
            StoreKind::File => "file",
            StoreKind::None => "none",
        }
    }
}

impl std::str::FromStr for StoreKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "keychain" => Ok(StoreKind::Keychain),
            "file" => Ok(StoreKind::File),
            "none" => Ok(StoreKind::None),
            _ => Err(format!(
                "`{text}` is not a store; the stores are `keychain`, `file` and `none`"
            )),
        }
    }
}

impl Settings {
    /// Reads the file; one that is not there says nothing. A file that others
    /// can write could name a command to run, and is refused.
    pub fn load(path: &Path) -> Result<Self> {
        let text = match fs::read_trusted(path) {
            Ok(text) => text,
            Err(error) if error.is_absent() => return Ok(Self::default()),
            Err(error) => return Err(unreadable(error)),
        };
        let read: Result<Self, toml::de::Error> = toml::from_str(&text);
        let mut settings = read.map_err(|error| {
            Failure::new(
                Kind::Definition,
                format!("`{}` is not valid", path.display()),
            )
            .report(error.to_string())
            .hint("mend the line shown; the settings are listed in the README under “Settings”")
        })?;
        // A key must not depend on where a command is run.
        if let (Some(file), Some(dir)) = (&mut settings.key_file, path.parent()) {
            *file = dir.join(&*file);
        }
        Ok(settings)
    }
}

fn unreadable(error: ReadError) -> Failure {
    let hint = match &error {
        ReadError::Writable { path, .. } => {
            format!("make it yours alone: `chmod go-w {}`", path.display())
        }
        ReadError::Io { path, .. } | ReadError::NotAFile { path, .. } => {
            format!("see that `{}` can be read", path.display())
        }
    };
    Failure::caused(Kind::Definition, error).hint(hint)
}

/// Longer than any sensible wait or life, and short enough to be added to any clock.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// A duration as the field's tools write it: `2s`, `5m`, `1h 30m`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write a duration such as `30s`, `5m` or `1h`"))?;
    if duration > LONGEST {
        return Err("that is longer than ten years".to_owned());
    }
    Ok(duration)
}

fn duration<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(source)?;
    parse_duration(&text)
        .map(Some)
        .map_err(serde::de::Error::custom)
}

/// Writes the store of new connections into `config.toml`, leaving everything
/// else in it as it is.
pub fn remember_store(path: &Path, store: StoreKind) -> Result<()> {
    let fail = |error: anyhow::Error| {
        Failure::caused(Kind::Store, error)
            .context(format!("`{}` cannot be changed", path.display()))
            .hint(format!("add `store = \"{}\"` to it yourself", store.name()))
    };
    let text = match fs::read_trusted(path) {
        Ok(text) => text,
        Err(error) if error.is_absent() => String::new(),
        Err(error) => return Err(fail(error.into())),
    };
    let mut document: toml_edit::DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| fail(error.into()))?;
    document["store"] = toml_edit::value(store.name());
    // Many keep their settings elsewhere and link to them.
    let place = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    fs::write_atomic(&place, document.to_string().as_bytes()).map_err(|error| fail(error.into()))
}
