//! The built-in inputs: client id and secret, API key, user name, password,
//! the key of `auth.jwt`, and what `auth.tls` shows. The definition says where one comes from, or the
//! person who connects is asked.

use super::names::{Known, Moment};
use super::source::{self, ValueSource};
use super::strings;
use super::table::TableReader;
use super::template::Template;
use super::tree::{Node, Tree};
use super::{INPUTS, JWT_KEY, TLS_CERTIFICATE, TLS_KEY};

/// An input that a definition has use for.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name, in placeholders and in `--param`.
    pub name: &'static str,
    /// Where it comes from by the definition.
    pub source: Option<InputSource>,
    /// Whether it is asked for when connecting, where it comes from nowhere.
    pub asked: bool,
}

/// Where an input comes from.
#[derive(Clone, Debug)]
pub enum InputSource {
    /// A value named in the definition.
    Value(ValueSource),
    /// Put together from parameters: `{ template = "{email}/token" }`.
    Template(Template),
}

impl Input {
    /// Whether it must not be shown.
    pub fn is_secret(&self) -> bool {
        is_secret(self.name)
    }

    /// What a prompt calls it.
    pub fn label(&self) -> &'static str {
        match self.name {
            "client_id" => "Client id",
            "client_secret" => "Client secret",
            "api_key" => "API key",
            "username" => "User name",
            "password" => "Password",
            TLS_CERTIFICATE => "Client certificate",
            _ => "Private key",
        }
    }
}

/// Whether a built-in input of this name must not be shown.
pub fn is_secret(name: &str) -> bool {
    // A certificate is none, but the key may stand in the same text.
    (INPUTS.contains(&name) && !matches!(name, "client_id" | "username"))
        || [JWT_KEY, TLS_CERTIFICATE, TLS_KEY].contains(&name)
}

/// Reads the sources that `auth` names. What a type has no use for is noticed
/// by who reads the rest.
pub(super) fn read_sources(
    table: &mut TableReader<'_>,
    known: &Known<'_>,
) -> Vec<(&'static str, InputSource)> {
    let mut sources = Vec::new();
    for name in INPUTS {
        let node = table.get(name);
        let templated = matches!(name, "username" | "password")
            .then(|| node.and_then(template_node))
            .flatten();
        let source = match templated {
            Some(_) => template(table, name, known).map(InputSource::Template),
            None => source::read(table, name).map(|source| {
                if is_secret(name) {
                    source::doubt_written_out(table, name, Some(&source));
                }
                InputSource::Value(source)
            }),
        };
        sources.extend(source.map(|source| (name, source)));
    }
    sources
}

fn template_node(node: &Node) -> Option<&Node> {
    let Tree::Table(entries) = &node.value else {
        return None;
    };
    let entry = entries.iter().find(|entry| entry.key == "template")?;
    Some(&entry.node)
}

fn template(
    table: &mut TableReader<'_>,
    name: &'static str,
    known: &Known<'_>,
) -> Option<Template> {
    let problems = table.problems();
    let path = table.name_of(name);
    let node = table.get(name)?;
    let mut inner = TableReader::new(node, path, problems)?;
    let text = inner.string("template");
    inner.finish();
    let (_, node) = text?;
    strings::value(
        node,
        known,
        (name, Moment::Input),
        "write a string",
        problems,
    )
}
