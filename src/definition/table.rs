//! A reader that takes keys out of a table and reports what is missing, of the
//! wrong type or unknown. Everything above reads definitions through it, so
//! that no key of a file goes unnoticed.

use super::report::{Problem, Problems, Severity, closest};
use super::tree::{Entry, Node, Tree};

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

    /// Whether a key is there, whatever stands at it.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// The entry of a key that nobody asked for, which then counts as told.
    pub fn stranger(&mut self, key: &'static str) -> Option<&'a Entry> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        if self.asked.contains(&key) {
            return None;
        }
        self.asked.push(key);
        Some(entry)
    }

    /// The value of a key, if it is there.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Node> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
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
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    keys.join(", ")
}
