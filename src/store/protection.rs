//! What protects a credential where it rests, in a word for scripts and a
//! sentence for people. Nothing is unlocked to say it.

use std::path::Path;

use serde::Serialize;

use super::identity::Place;
use super::vault::Platform;
use super::{StoreError, Stores};
use crate::fs;
use crate::settings::StoreKind;

/// How what is kept in a store is protected; scripts rely on the words of `by`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Protection {
    /// `keychain`, `key_variable`, `key_file`, `key_command`, `made_key_file`
    /// or `nothing_kept`.
    pub by: &'static str,
    /// The same for people.
    pub text: String,
}

impl Stores {
    /// How a store protects what it holds, as the environment and the settings
    /// are now.
    pub fn protection(&self, kind: StoreKind) -> Result<Protection, StoreError> {
        let (by, text) = match kind {
            StoreKind::Keychain => ("keychain", Platform::name().to_owned()),
            StoreKind::None => ("nothing_kept", "nothing is kept".to_owned()),
            StoreKind::File => match self.key()?.place() {
                Place::Variable(_) => (
                    "key_variable",
                    "sealed to the key in `HALLPASS_KEY`".to_owned(),
                ),
                Place::File(path) => (
                    "key_file",
                    format!(
                        "sealed to the key in `{}` (`key_file`){}",
                        path.display(),
                        unless_there(path)
                    ),
                ),
                Place::Command(words) => (
                    "key_command",
                    format!(
                        "sealed to the key that `{}` prints (`key_command`)",
                        words.first().map(String::as_str).unwrap_or_default()
                    ),
                ),
                Place::Made(path) => (
                    "made_key_file",
                    format!(
                        "file permissions: sealed to the key in `{}`, which hallpass made{}",
                        path.display(),
                        unless_there(path)
                    ),
                ),
            },
        };
        Ok(Protection { by, text })
    }
}

/// What is to be said where the key is gone.
fn unless_there(path: &Path) -> &'static str {
    match std::fs::symlink_metadata(path) {
        Err(error) if fs::is_absent(&error) => {
            "; that key is not there, and nothing opens without it"
        }
        _ => "",
    }
}
