//! `integrations.toml` as validated structures. The file is read as a tree
//! that knows its places (`tree`, `table`), problems are collected (`report`,
//! secrets blanked by `blank`; for editors by `located`) rather than thrown, and
//! what comes out needs no further checking but that of `check` (`doubts`,
//! `offline`). Nothing here knows of connections, stores or the network.
//!
//! One file per part of the language: `parameter`, `input` (what is typed, from
//! `source` where the definition names a place; `subject` for a token that is
//! exchanged), `auth` (how a credential is
//! got; `oauth2` what only that has of it; `read_auth`, `read_oauth2` and `read_capture` read it) with `call`
//! (`read_call`, `read_response`) for each call it takes, `api` (how it is used)
//! with `request` for tests and actions, `helpers`, `answer_path` (dotted paths
//! into answers), `brand` (what a person sees). `extends` lays one definition
//! over another, which `lookup` finds, and `inherited` tells what it takes of
//! another file's; `facts` is what has to be known first.
//! `load` reads a file, `project` finds one, `layers` lays it over the user's,
//! `reach` tells what a definition could do to whoever uses it.
//!
//! Placeholders: `strings`, `values` and `json_template` read them, `template`
//! and `filter` fill them, `names` knows what they may name and where, `host`
//! who may choose one, `url_template` (`url_place`, `url_rules`) keeps URLs
//! whole. `schema.json` says the same to editors; a new key goes into both.

pub mod answer_path;
mod api;
mod auth;
mod blank;
mod brand;
pub mod call;
pub mod command;
mod doubts;
mod extends;
mod facts;
mod filter;
mod format;
pub mod helpers;
mod host;
mod inherited;
mod input;
mod json_template;
mod layers;
mod load;
pub mod located;
mod lookup;
mod names;
mod oauth2;
mod offline;
mod parameter;
pub mod project;
mod reach;
mod read_auth;
mod read_call;
mod read_capture;
mod read_integration;
mod read_oauth2;
mod read_response;
pub mod report;
pub mod request;
mod slice;
mod source;
mod strings;
mod subject;
mod table;
pub mod template;
mod tls;
mod tree;
mod url_place;
mod url_rules;
pub mod url_template;
mod values;

use std::sync::Arc;

pub use api::Api;
pub use auth::{Auth, AuthKind, Capture, CaptureFrom, Endpoint, Jwt};
pub use brand::{Brand, Color, Icon, Picture};
pub use call::{Call, Encoding, Param, Refresh, RenewFrom, Response, TokenAt, Unit};
pub use format::Format;
pub use inherited::Inherited;
pub use input::{Input, InputSource, is_secret as is_secret_input};
pub use json_template::JsonTemplate;
pub use layers::{Layers, Standing};
pub use load::{Definitions, Found};
pub use oauth2::{
    AuthorizationParam, BasicEncoding, ClientAuth, Dpop, Grant, OAuth2, OptionalScope, Redirect,
};
pub use offline::Offline;
pub use parameter::{Choice, Parameter};
pub use project::Project;
pub use reach::Reach;
pub use source::{ValueError, ValueSource, one_line};
pub use subject::{SubjectSource, SubjectToken};
pub use tls::Tls;

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

/// The name under which the key of `auth.jwt` is typed; no placeholder's.
pub const JWT_KEY: &str = "jwt.key";

/// The names under which the client certificate and its key may be given; no
/// placeholder's.
pub const TLS_CERTIFICATE: &str = "tls.certificate";
/// See [`TLS_CERTIFICATE`].
pub const TLS_KEY: &str = "tls.key";

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

/// The language as a JSON Schema (draft-07), for editors.
pub const SCHEMA: &str = include_str!("schema.json");

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
    pub icon: Option<Icon>,
    /// The service's colour.
    pub color: Option<Color>,
    /// The connection that the bare key means; `default` unless set.
    pub connection: String,
    /// What the definition leaves open, in the order of the prompts.
    pub parameters: Vec<Parameter>,
    /// Named combinations, each after those it uses.
    pub values: Vec<(String, Template)>,
    /// How to get a credential.
    pub auth: Auth,
    /// How to use it.
    pub api: Api,
    /// Named requests.
    pub actions: Vec<request::Action>,
    /// What the credential helpers of other tools may hand out.
    pub helpers: helpers::Helpers,
    /// How the provider wants to be asked for a refresh token, where that is
    /// known.
    pub offline: Option<Offline>,
    /// What it takes of another file's definition, where it extends one.
    pub inherited: Option<Inherited>,
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
    /// How the service presents itself to a person.
    pub fn brand(&self) -> Brand {
        Brand {
            name: self.name.clone(),
            description: self.description.clone(),
            icon: self.icon.clone(),
            color: self.color,
        }
    }

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
