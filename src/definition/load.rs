//! From a file to definitions: parsed once, and only what a command asks for
//! is validated, so that a thousand unused definitions cost next to nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::doubts::{self, Doubt};
use super::extends;
use super::lookup::{Files, Tables};
use super::read_integration::read;
use super::report::{self, Problem, Problems, Severity, Source, closest};
use super::slice;
use super::tree::{Entry, Node};
use super::{Integration, is_key};
use crate::error::{Failure, Kind, Result};
use crate::fs::{self, ReadError};
use crate::secret::shown;

/// How long a named pipe may take to come to its end: `doctor` waits for it too.
const PIPE_PATIENCE: Duration = Duration::from_secs(30);

/// A definition file that has been read.
#[derive(Clone, Debug)]
pub struct Definitions {
    source: Arc<Source>,
    exists: bool,
}

/// What a look-up of all definitions brings.
#[derive(Debug)]
pub struct Found {
    /// The keys, in the order of the file, valid or not.
    pub keys: Vec<String>,
    /// Those that are valid.
    pub integrations: Vec<Integration>,
    /// Everything that is wrong, in the order of the file.
    pub problems: Vec<Problem>,
    doubts: Vec<Doubt>,
}

impl Found {
    /// The same, and what turns out to be amiss outside the file.
    pub(super) fn looked_into(mut self) -> Self {
        self.problems.extend(doubts::confirmed(&self.doubts));
        report::sort(&mut self.problems);
        report::keep_first(&mut self.problems);
        self
    }

    /// Adds what another file brings.
    pub(super) fn add(&mut self, other: Found) {
        self.keys.extend(other.keys);
        self.integrations.extend(other.integrations);
        self.problems.extend(other.problems);
        self.doubts.extend(other.doubts);
    }
}

impl Definitions {
    /// Reads a file. One that is not there holds no definitions, unless it was
    /// `named` by the user; only then may it be a pipe.
    pub fn load(path: &Path, named: bool) -> Result<Self> {
        let text = if named {
            fs::read_named(path, PIPE_PATIENCE)
        } else {
            fs::read_trusted(path)
        };
        let (text, exists) = match text {
            Ok(text) => (text, true),
            Err(error) if error.is_absent() && !named => (String::new(), false),
            Err(error) => return Err(unreadable(error)),
        };
        let mut read = Self::of_text(path, text);
        read.exists = exists;
        Ok(read)
    }

    /// The definitions of a text that stands, or would stand, at `path`.
    pub fn of_text(path: &Path, text: String) -> Self {
        let path = path.to_owned();
        Self {
            source: Arc::new(Source { path, text }),
            exists: true,
        }
    }

    /// Whether there is a file at all.
    pub fn exists(&self) -> bool {
        self.exists
    }

    /// The file.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// One definition, which must be there and valid.
    pub fn get(&self, key: &str) -> Result<Integration> {
        match self.get_over(key, None)? {
            Some(integration) => Ok(integration),
            None => Err(self.unknown(key, &self.keys())),
        }
    }

    /// The same, where it may extend those of another file; `None` when it is
    /// not in this one.
    pub(super) fn get_over(
        &self,
        key: &str,
        under: Option<&Definitions>,
    ) -> Result<Option<Integration>> {
        let node = self
            .node(key)
            .map_err(|problem| invalid(&format!("`{}`", self.source.path.display()), &[problem]))?;
        let Some(node) = node else {
            return Ok(None);
        };
        let problems = Problems::default();
        let files = Files { file: self, under };
        let integration = extends::resolve(key, node, &files, &problems)
            .and_then(|merged| read(key, merged, &problems));
        match integration {
            Some(integration) if problems.errors() == 0 => Ok(Some(integration)),
            _ => {
                let mut errors = problems.into_sorted();
                errors.retain(|problem| problem.severity == Severity::Error);
                Err(invalid(&format!("the definition of `{key}`"), &errors))
            }
        }
    }

    /// One definition's table, if it is there; or why the file is not TOML.
    pub(super) fn node(&self, key: &str) -> std::result::Result<Option<Node>, Problem> {
        // The rest of the file is looked at only where its part is not enough.
        if let Some(slice) = slice::only(&self.source.text, key)
            && let Ok(document) = DeTable::parse(&slice.text)
            && let Some(value) = integrations(&document).and_then(|table| table.get(key))
        {
            let mut node = Node::convert(value, &self.source);
            node.place(&|span| slice.in_file(span));
            return Ok(Some(node));
        }
        let document = self.parse()?;
        let value = integrations(&document).and_then(|table| table.get(key));
        Ok(value.map(|value| Node::convert(value, &self.source)))
    }

    /// All definitions and all problems, of which none stops the reading.
    pub fn all(&self) -> Found {
        self.all_over(None, &|_| true)
    }

    /// The same of those that are wanted, where they may extend those of
    /// another file.
    pub(super) fn all_over(
        &self,
        under: Option<&Definitions>,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Found {
        let problems = Problems::default();
        let mut found = Found {
            keys: Vec::new(),
            integrations: Vec::new(),
            problems: Vec::new(),
            doubts: Vec::new(),
        };
        let (document, errors) = DeTable::parse_recoverable(&self.source.text);
        for error in &errors {
            problems.add(syntax(error, &self.source));
        }
        let mut tables = Tables {
            source: &self.source,
            entries: Vec::new(),
            broken: errors.first().map(|error| syntax(error, &self.source)),
            under,
        };
        for (key, value) in document.get_ref() {
            if key.get_ref() == "integrations" {
                let DeValue::Table(table) = value.get_ref() else {
                    let node = Node::convert(value, &self.source);
                    problems.add(node.problem(
                        "`integrations` is not a table",
                        "write `[integrations.NAME]`",
                    ));
                    continue;
                };
                tables
                    .entries
                    .extend(table.iter().map(|(key, value)| Entry {
                        key: key.get_ref().to_string(),
                        key_span: key.span(),
                        node: Node::convert(value, &self.source),
                    }));
            } else {
                problems.add(self.unknown_top_level(key.get_ref(), key.span()));
            }
        }
        for entry in tables.entries.iter().filter(|entry| wanted(&entry.key)) {
            read_into(&mut found, entry, &tables, &problems);
        }
        found.problems = problems.into_sorted();
        report::keep_first(&mut found.problems);
        found
    }

    /// The same, and what turns out to be amiss outside the file: for `check`
    /// alone, since it looks at other files and asks git.
    pub fn check(&self) -> Found {
        self.all().looked_into()
    }

    /// The keys, in the order of the file; none where it is not TOML.
    pub fn keys(&self) -> Vec<String> {
        let document = self.parse().ok();
        let table = document.as_ref().and_then(integrations);
        let keys = table.into_iter().flat_map(DeTable::keys);
        keys.map(|key| key.get_ref().to_string()).collect()
    }

    /// As many of the keys as can be made out, and why they may not be all.
    pub(super) fn recovered_keys(&self) -> (Vec<String>, Option<String>) {
        let (document, errors) = DeTable::parse_recoverable(&self.source.text);
        let table = integrations(&document);
        let keys = table.into_iter().flat_map(DeTable::keys);
        let keys = keys.map(|key| key.get_ref().to_string()).collect();
        (keys, errors.first().map(|error| error.message().to_owned()))
    }

    fn unknown_top_level(&self, key: &str, span: std::ops::Range<usize>) -> Problem {
        let help = match closest(key, ["integrations"]) {
            Some(_) => "did you mean `integrations`?".to_owned(),
            None => "definitions stand under `[integrations.NAME]`".to_owned(),
        };
        Problem {
            severity: Severity::Error,
            source: self.source.clone(),
            span,
            message: format!("`{key}` is not a key of this file"),
            why: None,
            help: Some(help),
        }
    }

    fn parse(&self) -> std::result::Result<toml::Spanned<DeTable<'_>>, Problem> {
        DeTable::parse(&self.source.text).map_err(|error| syntax(&error, &self.source))
    }

    pub(super) fn unknown(&self, key: &str, known: &[String]) -> Failure {
        let path = self.source.path.display();
        let close = closest(key, known.iter().map(String::as_str));
        // A slip is repeated; what is like nothing here may be a token.
        let key = close.map_or_else(|| shown(key), |_| key.to_owned());
        if !self.exists {
            return Failure::new(
                Kind::Definition,
                format!("there is no integration `{key}`: `{path}` does not exist"),
            )
            .hint("describe the service there; `hallpass sandbox --print-config` shows what one looks like");
        }
        let failure = Failure::new(
            Kind::Definition,
            format!("there is no integration `{key}` in `{path}`"),
        );
        match close {
            Some(word) => failure.hint(format!("did you mean `{word}`?")),
            None => failure,
        }
        .hint("run `hallpass list` to see what is defined")
    }
}

fn read_into(found: &mut Found, entry: &Entry, tables: &Tables<'_>, problems: &Problems) {
    let key = &entry.key;
    if !is_key(key) {
        let problem = entry.problem(
            format!("`{key}` cannot be an integration's key"),
            "use lower-case letters, digits, `-` and `_`, beginning with a letter or digit",
        );
        problems.add(problem);
        return;
    }
    found.keys.push(key.clone());
    let own = Problems::default();
    let integration = extends::resolve(key, entry.node.clone(), tables, &own)
        .and_then(|merged| read(key, merged, &own));
    if own.errors() == 0 {
        found.integrations.extend(integration);
    }
    found.doubts.extend(own.take_doubts());
    for problem in own.into_sorted() {
        problems.add(problem);
    }
}

fn integrations<'a, 'b>(document: &'a toml::Spanned<DeTable<'b>>) -> Option<&'a DeTable<'b>> {
    match document.get_ref().get("integrations")?.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

fn syntax(error: &toml::de::Error, source: &Arc<Source>) -> Problem {
    Problem {
        severity: Severity::Error,
        source: source.clone(),
        span: error.span().unwrap_or(0..0),
        message: format!("this is not TOML: {}", error.message()),
        why: None,
        help: Some("mend this line; https://toml.io describes the format".to_owned()),
    }
}

fn invalid(what: &str, problems: &[Problem]) -> Failure {
    let errors = problems.len();
    let count = if errors == 1 { "a problem" } else { "problems" };
    Failure::new(Kind::Definition, format!("{what} has {count}"))
        .report(report::render(problems, false))
        .hint("mend it, then run `hallpass check`")
}

fn unreadable(error: ReadError) -> Failure {
    let hint = match &error {
        ReadError::Writable { path, .. } => {
            format!("make it yours alone: `chmod go-w {}`", path.display())
        }
        ReadError::Io { .. } | ReadError::NotAFile { .. } => {
            "name a file that is there with `--config FILE`".to_owned()
        }
    };
    Failure::caused(Kind::Definition, error).hint(hint)
}
