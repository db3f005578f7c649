//! The file as a tree that remembers where everything stood, and a reader that
//! takes keys out of a table and reports what is missing, of the wrong type or
//! unknown. Everything above reads definitions through it.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::{Problem, Problems, Severity, Source, closest};

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Tree,
    /// Its bytes in the file.
    pub span: Range<usize>,
    /// The file.
    pub source: Arc<Source>,
}

/// TOML's values, as far as definitions use them.
#[derive(Clone, Debug)]
pub enum Tree {
    /// A string.
    String(String),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A date or time, which no definition needs.
    Datetime,
    /// An array.
    Array(Vec<Node>),
    /// A table, in the order of the file.
    Table(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The key's bytes in the file.
    pub key_span: Range<usize>,
    /// The value.
    pub node: Node,
}

impl Node {
    /// Takes a value out of the parsed document.
    pub fn convert(value: &Spanned<DeValue<'_>>, source: &Arc<Source>) -> Self {
        let tree = match value.get_ref() {
            DeValue::String(text) => Tree::String(text.to_string()),
            DeValue::Integer(number) => {
                let digits = number.as_str().replace('_', "");
                match i64::from_str_radix(&digits, number.radix()) {
                    Ok(number) => Tree::Integer(number),
                    Err(_) => Tree::Float(f64::INFINITY),
                }
            }
            DeValue::Float(number) => Tree::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(value) => Tree::Bool(*value),
            DeValue::Datetime(_) => Tree::Datetime,
            DeValue::Array(items) => Tree::Array(
                items
                    .iter()
                    .map(|item| Self::convert(item, source))
                    .collect(),
            ),
            DeValue::Table(table) => Tree::Table(Self::entries(table, source)),
        };
        Self {
            value: tree,
            span: value.span(),
            source: source.clone(),
        }
    }

    fn entries(table: &DeTable<'_>, source: &Arc<Source>) -> Vec<Entry> {
        table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref().to_string(),
                key_span: key.span(),
                node: Self::convert(value, source),
            })
            .collect()
    }

    /// What it is, in words.
    pub fn type_name(&self) -> &'static str {
        match self.value {
            Tree::String(_) => "a string",
            Tree::Integer(_) | Tree::Float(_) => "a number",
            Tree::Bool(_) => "a boolean",
            Tree::Datetime => "a date",
            Tree::Array(_) => "an array",
            Tree::Table(_) => "a table",
        }
    }

    /// The bytes inside the quotes, where the string holds no escapes and a
    /// range of its text is therefore a range of the file.
    pub fn text_span(&self, range: &Range<usize>) -> Range<usize> {
        let Tree::String(text) = &self.value else {
            return self.span.clone();
        };
        let raw = self.source.text.get(self.span.clone()).unwrap_or_default();
        match raw.find(text.as_str()) {
            Some(at) if !text.is_empty() => {
                let start = self.span.start + at;
                start + range.start..start + range.end
            }
            _ => self.span.clone(),
        }
    }

    /// A JSON value of the same shape; dates have none.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Tree::String(text) => Json::String(text.clone()),
            Tree::Integer(number) => Json::from(*number),
            Tree::Float(number) => Json::from(*number),
            Tree::Bool(value) => Json::Bool(*value),
            Tree::Datetime => Json::Null,
            Tree::Array(items) => items.iter().map(Node::to_json).collect(),
            Tree::Table(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.node.to_json()))
                .collect(),
        }
    }

    /// A problem with this value as a whole.
    pub fn problem(&self, message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem {
            severity: Severity::Error,
            source: self.source.clone(),
            span: self.span.clone(),
            message: message.into(),
            why: None,
            help: Some(help.into()),
        }
    }
}

/// Reads one table: every key that is asked for is known, the rest are
/// reported when the reader is finished.
pub struct TableReader<'a> {
    entries: &'a [Entry],
    node: &'a Node,
    path: String,
    asked: Vec<&'static str>,
    problems: &'a Problems,
}

impl<'a> TableReader<'a> {
    /// A reader of this node, which must be a table. `path` is how messages
    /// name it, such as `integrations.github.auth`.
    pub fn new(node: &'a Node, path: impl Into<String>, problems: &'a Problems) -> Option<Self> {
        let path = path.into();
        let Tree::Table(entries) = &node.value else {
            problems.add(node.problem(
                format!("`{path}` is {}, not a table", node.type_name()),
                format!("write a table: `[{path}]`"),
            ));
            return None;
        };
        Some(Self {
            entries,
            node,
            path,
            asked: Vec::new(),
            problems,
        })
    }

    /// The table itself.
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// How messages name a key of this table.
    pub fn name_of(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }

    /// Where problems go.
    pub fn problems(&self) -> &'a Problems {
        self.problems
    }

    /// The value of a key, if it is there.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Node> {
        self.asked.push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(&entry.node)
    }

    /// The string at a key.
    pub fn string(&mut self, key: &'static str) -> Option<(&'a str, &'a Node)> {
        let node = self.get(key)?;
        match &node.value {
            Tree::String(text) => Some((text, node)),
            _ => self.wrong_type(key, node, "a string", "\"…\""),
        }
    }

    /// The string at a key, for a field that is only shown.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        self.string(key).map(|(text, _)| text.to_owned())
    }

    /// The boolean at a key.
    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let node = self.get(key)?;
        match node.value {
            Tree::Bool(value) => Some(value),
            _ => self.wrong_type(key, node, "`true` or `false`", "true"),
        }
    }

    /// The array at a key.
    pub fn array(&mut self, key: &'static str) -> Option<&'a [Node]> {
        let node = self.get(key)?;
        match &node.value {
            Tree::Array(items) => Some(items),
            _ => self.wrong_type(key, node, "an array", "[…]"),
        }
    }

    /// The array of strings at a key, each with its place.
    pub fn strings(&mut self, key: &'static str) -> Option<Vec<(&'a str, &'a Node)>> {
        let items = self.array(key)?;
        let mut strings = Vec::with_capacity(items.len());
        for item in items {
            match &item.value {
                Tree::String(text) => strings.push((text.as_str(), item)),
                _ => self.problems.add(item.problem(
                    format!("`{}` holds {}", self.name_of(key), item.type_name()),
                    "write an array of strings: `[\"…\"]`",
                )),
            }
        }
        Some(strings)
    }

    /// The entries of the table at a key.
    pub fn table(&mut self, key: &'static str) -> Option<&'a [Entry]> {
        let node = self.get(key)?;
        match &node.value {
            Tree::Table(entries) => Some(entries),
            _ => self.wrong_type(key, node, "a table", "{ … }"),
        }
    }

    /// The word at a key, one of several.
    pub fn word<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let (text, node) = self.string(key)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let all: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        let help = match closest(text, words.iter().map(|(word, _)| *word)) {
            Some(word) => format!("did you mean `{word}`? It can be {}", all.join(", ")),
            None => format!("it can be {}", all.join(", ")),
        };
        self.problems.add(node.problem(
            format!("`{text}` is not a value of `{}`", self.name_of(key)),
            help,
        ));
        None
    }

    /// The duration at a key, such as `"5m"`.
    pub fn duration(&mut self, key: &'static str) -> Option<std::time::Duration> {
        let (text, node) = self.string(key)?;
        match crate::settings::parse_duration(text) {
            Ok(duration) => Some(duration),
            Err(why) => {
                let message = format!("`{}` is not a duration", self.name_of(key));
                self.problems.add(node.problem(message, why));
                None
            }
        }
    }

    /// Reports that a key is missing.
    pub fn missing(&self, key: &str, why: &str, help: &str) {
        self.problems.add(Problem {
            severity: Severity::Error,
            source: self.node.source.clone(),
            span: self.node.span.clone(),
            message: format!("`{}` is missing", self.name_of(key)),
            why: Some(why.to_owned()),
            help: Some(help.to_owned()),
        });
    }

    fn wrong_type<T>(&self, key: &str, node: &Node, wanted: &str, example: &str) -> Option<T> {
        self.problems.add(node.problem(
            format!(
                "`{}` is {}, not {wanted}",
                self.name_of(key),
                node.type_name()
            ),
            format!("write `{key} = {example}`"),
        ));
        None
    }

    /// Reports the keys nobody asked for.
    pub fn finish(self) {
        for entry in self.entries {
            if self.asked.contains(&entry.key.as_str()) {
                continue;
            }
            let help = match closest(&entry.key, self.asked.iter().copied()) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("`{}` knows {}", self.path, listed(&self.asked)),
            };
            self.problems.add(Problem {
                severity: Severity::Error,
                source: entry.node.source.clone(),
                span: entry.key_span.clone(),
                message: format!("`{}` is not a key of `{}`", entry.key, self.path),
                why: None,
                help: Some(help),
            });
        }
    }
}

fn listed(keys: &[&str]) -> String {
    let mut keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    keys.dedup();
    keys.join(", ")
}
