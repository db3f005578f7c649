//! Where a client id, a secret or a key comes from: written out, or an
//! environment variable, a file, a command's output; or nowhere, and then the
//! person who connects is asked.

use std::path::PathBuf;

use super::command;
use super::doubts::Doubt;
use super::table::TableReader;
use super::tree::{Node, Tree};
use crate::env;
use crate::fs;
use crate::secret::Secret;

/// Where a value comes from.
#[derive(Clone, Debug)]
pub enum ValueSource {
    /// It is written in the definition.
    Literal(Secret),
    /// An environment variable.
    Env(String),
    /// A file, or a pipe in its place; a final line break is not part of the
    /// value.
    File(PathBuf),
    /// What a command prints; no shell, a final line break is dropped.
    Command(Vec<String>),
}

/// Why a named value is not to be had.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ValueError {
    /// The environment variable is unset, empty or not text.
    #[error("the environment variable `{0}` is not set")]
    NoVariable(String),
    /// The file cannot be read.
    #[error("the file `{path}` cannot be read: {why}")]
    NoFile {
        /// Which.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The command did not run, failed, or printed nothing.
    #[error("the command `{program}` {why}")]
    Command {
        /// Its name, without arguments.
        program: String,
        /// What happened.
        why: String,
    },
}

impl ValueSource {
    /// Gets the value now.
    pub fn resolve(&self) -> Result<Secret, ValueError> {
        match self {
            ValueSource::Literal(text) => Ok(text.clone()),
            ValueSource::Env(name) => env::var(name)
                .map(Secret::from)
                .ok_or_else(|| ValueError::NoVariable(name.clone())),
            ValueSource::File(path) => {
                fs::read_text(path, fs::PATIENCE)
                    .map(one_line)
                    .map_err(|error| ValueError::NoFile {
                        path: path.clone(),
                        why: error.why(),
                    })
            }
            ValueSource::Command(words) => command::run(words, fs::PATIENCE),
        }
    }
}

/// A text that was read, without its final line breaks; it is cut where it is,
/// so that no copy stays behind.
pub fn one_line(mut text: String) -> Secret {
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Secret::from(text)
}

/// Reads a value: a literal, or a table naming its place.
pub(super) fn read(reader: &mut TableReader<'_>, key: &'static str) -> Option<ValueSource> {
    let node = reader.get(key)?;
    let name = reader.name_of(key);
    match &node.value {
        // Some services take a blank user name or password, and nothing else.
        Tree::String(text) if text.is_empty() && !matches!(key, "username" | "password") => {
            reader.problems().add(node.problem(
                format!("`{name}` is empty"),
                if name.contains(".tls.") {
                    format!("name a place: `{key} = {{ env = \"NAME\" }}` or `{{ file = \"path\" }}`")
                } else {
                    format!("write it out, name a place (`{key} = {{ env = \"NAME\" }}`), or leave the line out: then `connect` asks")
                },
            ));
            None
        }
        Tree::String(text) => Some(ValueSource::Literal(Secret::new(text.clone()))),
        Tree::Table(_) => {
            let beside = matches!(key, "username" | "password").then_some("template");
            from_table(node, name, beside, reader.problems())
        }
        _ => {
            reader.problems().add(node.problem(
                format!("`{name}` is {}", node.type_name()),
                format!("write a string, `{key} = {{ env = \"NAME\" }}`, `{{ file = \"path\" }}` or `{{ command = [\"…\"] }}`"),
            ));
            None
        }
    }
}

/// Notes a secret that is written out, which `check` warns of where others
/// can see it.
pub(super) fn doubt_written_out(
    reader: &mut TableReader<'_>,
    key: &'static str,
    source: Option<&ValueSource>,
) {
    let (Some(ValueSource::Literal(text)), Some(node)) = (source, reader.get(key)) else {
        return;
    };
    // A blank half of a pair is written out on purpose.
    if !text.expose().is_empty() {
        let instead = format!("{key} = {{ env = \"NAME\" }}");
        let doubt = Doubt::secret(node, reader.name_of(key), instead);
        reader.problems().doubt(doubt);
    }
}

/// Reads a table that names a place. `beside` is another key that such a table
/// may have in the place of these; who reads a table with it never comes here.
pub(super) fn from_table(
    node: &Node,
    name: String,
    beside: Option<&'static str>,
    problems: &super::report::Problems,
) -> Option<ValueSource> {
    let mut table = TableReader::new(node, name.clone(), problems)?;
    let env = table.string("env");
    let file = table.string("file");
    let command = table.strings("command");
    if let Some(key) = beside {
        table.get(key);
    }
    table.finish();
    let mut found = Vec::new();
    if let Some((_, node)) = env.filter(|(name, _)| name.is_empty()) {
        problems.add(node.problem(
            "an environment variable has a name",
            "write it: `env = \"NAME\"`",
        ));
        return None;
    }
    if let Some((name, node)) = env {
        problems.doubt(Doubt::variable(node, name.to_owned()));
        found.push(ValueSource::Env(name.to_owned()));
    }
    if let Some((path, _)) = file {
        let beside = node.source.path.parent().map(|dir| dir.join(path));
        found.push(ValueSource::File(beside.unwrap_or_else(|| path.into())));
    }
    if let Some(words) = command {
        let words = words.iter().map(|(word, _)| (*word).to_owned()).collect();
        found.push(ValueSource::Command(words));
    }
    if matches!(found.first(), Some(ValueSource::Command(words)) if words.is_empty()) {
        problems.add(node.problem(
            format!("`{name}` names an empty command"),
            "name a program and its arguments: `command = [\"op\", \"read\", \"…\"]`",
        ));
        return None;
    }
    if found.len() == 1 {
        return found.pop();
    }
    let more = match beside {
        Some("github_actions") => ", `github_actions = { audience = \"…\" }`",
        _ => "",
    };
    problems.add(node.problem(
        format!("`{name}` must name one place"),
        format!("write one of `env = \"NAME\"`, `file = \"path\"`, `command = [\"…\"]`{more}"),
    ));
    None
}
