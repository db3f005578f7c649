//! The file as a tree that remembers where everything stood: what has no place
//! in definitions is named, never dropped, and every span is within the text.
//! `table` reads it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::{Problem, Severity, Source};

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

/// TOML's values, as far as definitions use them. Which of the strings is a
/// secret is not known yet, so that none is printed.
#[derive(Clone)]
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

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tree::String(_) => "String",
            Tree::Integer(_) => "Integer",
            Tree::Float(_) => "Float",
            Tree::Bool(_) => "Bool",
            Tree::Datetime => "Datetime",
            Tree::Array(_) => "Array",
            Tree::Table(_) => "Table",
        })
    }
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

impl Entry {
    /// A problem with the key itself.
    pub fn problem(&self, message: impl Into<String>, help: impl Into<String>) -> Problem {
        let mut problem = self.node.problem(message, help);
        problem.span = self.key_span.clone();
        problem
    }
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

    /// Moves every span to where it stands in the file, where it was a part of
    /// that which was parsed.
    pub fn place(&mut self, in_file: &dyn Fn(&Range<usize>) -> Range<usize>) {
        self.span = in_file(&self.span);
        match &mut self.value {
            Tree::Array(items) => {
                for item in items {
                    item.place(in_file);
                }
            }
            Tree::Table(entries) => {
                for entry in entries {
                    entry.key_span = in_file(&entry.key_span);
                    entry.node.place(in_file);
                }
            }
            _ => {}
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
            Tree::Integer(_) => "a number",
            Tree::Float(number) if number.is_finite() => "a number",
            Tree::Float(_) => "a number too large, or none",
            Tree::Bool(_) => "a boolean",
            Tree::Datetime => "a date",
            Tree::Array(_) => "an array",
            Tree::Table(_) => "a table",
        }
    }

    /// The bytes of the file that a range of the string's text stands in; all
    /// of it where escapes or line breaks make the two differ.
    pub fn text_span(&self, range: &Range<usize>) -> Range<usize> {
        let Tree::String(text) = &self.value else {
            return self.span.clone();
        };
        let raw = self.source.text.get(self.span.clone()).unwrap_or_default();
        let inside = inside_quotes(raw);
        let fits = range.start <= range.end && range.end <= text.len();
        if !fits || raw.get(inside.clone()) != Some(text) {
            return self.span.clone();
        }
        let start = self.span.start + inside.start;
        start + range.start..start + range.end
    }

    /// A number or boolean as the text it is written as (a whole number in
    /// decimal digits); `None` for everything else, and for numbers beyond 64
    /// bits, infinity and what is no number.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.value {
            Tree::Bool(value) => Some(value.to_string()),
            Tree::Integer(number) => Some(number.to_string()),
            // As written: `1.10` is not `1.1` where it is a version.
            Tree::Float(number) if number.is_finite() => {
                let raw = self.source.text.get(self.span.clone())?;
                Some(raw.trim_start_matches('+').replace('_', ""))
            }
            _ => None,
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

/// The bytes between a string's quotes: `"…"`, `'…'`, or three of either, where
/// a line break right after the opening ones is not part of the text.
pub(super) fn inside_quotes(raw: &str) -> Range<usize> {
    for quotes in ["\"\"\"", "'''", "\"", "'"] {
        let Some(rest) = raw.strip_prefix(quotes) else {
            continue;
        };
        let Some(inner) = rest.strip_suffix(quotes) else {
            continue;
        };
        let trimmed = inner.strip_prefix("\r\n").or(inner.strip_prefix('\n'));
        let skipped = match trimmed {
            Some(trimmed) if quotes.len() == 3 => inner.len() - trimmed.len(),
            _ => 0,
        };
        return quotes.len() + skipped..quotes.len() + inner.len();
    }
    0..raw.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(raw: &str) -> (String, Node) {
        let text = format!("a = {raw}\n");
        let source = Arc::new(Source {
            path: "x.toml".into(),
            text: text.clone(),
        });
        let table = DeTable::parse(&text).unwrap();
        let node = Node::convert(&table.get_ref()["a"], &source);
        (text, node)
    }

    #[test]
    fn a_range_of_a_string_is_found_in_the_file() {
        for (raw, range, expected) in [
            (r#""a{b}""#, 2..3, "b"),
            (r#"'"'"#, 0..1, "\""),
            ("\"\"\"\nab\"\"\"", 1..2, "b"),
            ("'''\r\nab'''", 1..2, "b"),
            ("'''''a'''", 2..3, "a"),
            (r#""""#, 0..0, ""),
            // Where the two differ, it is the whole string.
            (r#""\"""#, 0..1, r#""\"""#),
            (r#""\u0061{b}""#, 2..3, r#""\u0061{b}""#),
            (r#""abc""#, 2..9, r#""abc""#),
        ] {
            let (text, node) = node(raw);
            assert_eq!(&text[node.text_span(&range)], expected, "{raw}");
        }
    }

    #[test]
    fn numbers_are_the_text_they_are_written_as() {
        for (raw, expected) in [
            ("1_000", Some("1000")),
            ("0x10", Some("16")),
            ("-9223372036854775808", Some("-9223372036854775808")),
            ("1.10", Some("1.10")),
            ("+1e3", Some("1e3")),
            ("true", Some("true")),
            ("99999999999999999999", None),
            ("inf", None),
            ("nan", None),
            ("1979-05-27", None),
        ] {
            assert_eq!(node(raw).1.scalar_text().as_deref(), expected, "{raw}");
        }
    }
}
