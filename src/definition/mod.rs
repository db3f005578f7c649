//! `integrations.toml` as validated structures. The file is read as a tree
//! that knows its places (`tree`, `table`), problems are collected (`report`,
//! secrets blanked by `blank`) rather than thrown, and what comes out needs no
//! further checking. Nothing here knows of connections, stores or the network.
//!
//! One file per part of the language: `parameter`, `auth` (the OAuth half,
//! read by `read_auth`), `api` (the use half), `source` (where a value comes
//! from), `answer_path` (dotted paths into answers). Placeholders: `strings`
//! reads them, `template` and `filter` fill them, `names` knows what they may
//! name and where, `url_template` (`url_place`, `url_rules`) keeps URLs whole.

pub mod answer_path;
mod api;
mod auth;
mod blank;
mod filter;
mod load;
mod names;
mod parameter;
mod read_auth;
pub mod report;
mod slice;
mod source;
mod strings;
mod table;
pub mod template;
mod tree;
mod url_place;
mod url_rules;
pub mod url_template;

use std::sync::Arc;

pub use api::Api;
pub use auth::{
    Auth, AuthorizationParam, BasicEncoding, ClientAuth, Endpoint, Grant, OAuth2, Redirect,
};
pub use load::{Definitions, Found};
pub use parameter::{Choice, Format, Parameter};
pub use source::{ValueError, ValueSource};

use report::Source;
use template::Template;

/// The built-in inputs: typed by a person or taken from where the definition
/// says; a parameter of the same name describes the prompt.
pub const INPUTS: [&str; 5] = [
    "client_id",
    "client_secret",
    "api_key",
    "username",
    "password",
];

/// The other names every placeholder may use.
pub const BUILT_IN: [&str; 10] = [
    "token",
    "refresh_token",
    "id_token",
    "jwt",
    "redirect_uri",
    "state",
    "code",
    "uuid",
    "now",
    "callback",
];

/// One definition: how to get a credential for a service and how to use it.
#[derive(Clone, Debug)]
pub struct Integration {
    /// Its key, the word on the command line.
    pub key: String,
    /// What people call the service; the key unless set.
    pub name: String,
    /// One sentence on it.
    pub description: Option<String>,
    /// Where its documentation says how to register an app.
    pub docs: Option<String>,
    /// A picture for pages and lists.
    pub icon: Option<String>,
    /// The service's colour.
    pub color: Option<String>,
    /// The connection that the bare key means; `default` unless set.
    pub connection: String,
    /// What the definition leaves open, in the order of the prompts.
    pub parameters: Vec<Parameter>,
    /// Named combinations, in the order of the file.
    pub values: Vec<(String, Template)>,
    /// How to get a credential.
    pub auth: Auth,
    /// How to use it.
    pub api: Api,
    /// Where it was defined.
    pub place: Place,
}

/// Where a definition stands.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// The byte its table begins at.
    pub offset: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.source.place(self.offset))
    }
}

impl Integration {
    /// The parameter of this name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }

    /// The value (a named combination) of this name.
    pub fn value(&self, name: &str) -> Option<&Template> {
        let found = self.values.iter().find(|(known, _)| known == name);
        found.map(|(_, template)| template)
    }
}

/// Whether a word can be an integration's key or a connection's name:
/// `[a-z0-9][a-z0-9_-]*`.
pub fn is_key(word: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    word.starts_with(fits) && word.chars().all(|c| fits(c) || c == '_' || c == '-')
}

/// Whether a word can be a parameter's or a value's name: `[a-z][a-z0-9_]*`.
fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
