//! Where things are: the user's definitions and settings, and the data kept
//! beside them. Nothing is made or read here, and a machine without a home
//! directory is fine until something has to be kept.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::env;

/// The places of this user, or of `HALLPASS_HOME`.
#[derive(Clone, Debug)]
pub struct Paths {
    config_dir: Option<PathBuf>,
    data_dir: Option<PathBuf>,
    own_home: Option<PathBuf>,
    home: Option<PathBuf>,
}

/// There is neither a home directory nor `HALLPASS_HOME`.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there is no home directory, and `HALLPASS_HOME` is not set")]
pub struct NoHome;

impl Paths {
    /// Looks up this user's places: `HALLPASS_HOME` where it is set, else the
    /// platform's own (XDG's base directories on Unix).
    pub fn find() -> Self {
        if let Some(home) = env::var_os(env::HALLPASS_HOME).filter(|home| !home.is_empty()) {
            // A relative home would move with the working directory, and with
            // it the names of keychain items.
            let home = std::path::absolute(&home).unwrap_or_else(|_| home.into());
            return Self {
                config_dir: Some(home.clone()),
                data_dir: Some(home.join("data")),
                own_home: Some(home),
                home: None,
            };
        }
        let base = etcetera::base_strategy::choose_native_strategy().ok();
        let usable = |dir: PathBuf| dir.is_absolute().then(|| dir.join("hallpass"));
        Self {
            config_dir: base.as_ref().and_then(|base| usable(base.config_dir())),
            data_dir: base.as_ref().and_then(|base| usable(base.data_dir())),
            own_home: None,
            home: base.as_ref().map(|base| base.home_dir().to_owned()),
        }
    }

    /// Everything under one directory, for tests that have no environment.
    #[cfg(test)]
    pub(crate) fn under(home: &Path) -> Self {
        Self {
            config_dir: Some(home.to_owned()),
            data_dir: Some(home.join("data")),
            own_home: Some(home.to_owned()),
            home: None,
        }
    }

    /// The user's definitions, `integrations.toml`.
    pub fn definitions(&self) -> Result<PathBuf, NoHome> {
        self.in_config("integrations.toml")
    }

    /// The settings, `config.toml`.
    pub fn settings(&self) -> Result<PathBuf, NoHome> {
        self.in_config("config.toml")
    }

    /// The key file of the `file` store that is made at first use: kept apart
    /// from the data it opens.
    pub fn made_key_file(&self) -> Result<PathBuf, NoHome> {
        self.in_config("key.txt")
    }

    /// The directory of records, encrypted credentials and locks.
    pub fn data(&self) -> Result<&Path, NoHome> {
        self.data_dir.as_deref().ok_or(NoHome)
    }

    /// The directory that remembers which project files are trusted.
    pub fn trusted(&self) -> Result<PathBuf, NoHome> {
        Ok(self.data()?.join("trusted"))
    }

    /// This user's home directory; none under `HALLPASS_HOME`, which nothing
    /// outside it is to matter for.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// `HALLPASS_HOME`, where it is set; its keychain items have their own names.
    pub fn own_home(&self) -> Option<&Path> {
        self.own_home.as_deref()
    }

    /// docker's own configuration file, which is not ours: `DOCKER_CONFIG` is its
    /// directory, or else it is in this user's home, whatever `HALLPASS_HOME` says.
    pub fn docker_config() -> Option<PathBuf> {
        let named = env::var_os(env::DOCKER_CONFIG).filter(|dir| !dir.is_empty());
        let dir = match named {
            Some(dir) => std::path::absolute(dir).ok()?,
            None => etcetera::home_dir().ok()?.join(".docker"),
        };
        Some(dir.join("config.json"))
    }

    fn in_config(&self, name: &str) -> Result<PathBuf, NoHome> {
        Ok(self.config_dir.as_deref().ok_or(NoHome)?.join(name))
    }
}
