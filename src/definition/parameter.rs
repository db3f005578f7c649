//! `[[integrations.x.parameters]]`: what a definition leaves open and the
//! person who connects fills in. Each facet narrows what is accepted, since
//! many of these values end up in a host name.

use regex::Regex;

use super::doubts::Doubt;
use super::format::Format;
use super::report::Problems;
use super::table::TableReader;
use super::template::Names;
use super::tree::{Node, Tree};
use super::{BUILT_IN, INPUTS, is_name};

/// A value to be given when connecting.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name in placeholders and in `--param`.
    pub name: String,
    /// What the prompt says; the name unless set.
    pub label: String,
    /// A sentence shown with the prompt.
    pub help: Option<String>,
    /// Whether it is kept in the store and never shown.
    pub secret: bool,
    /// Whether it may stay unset.
    pub optional: bool,
    /// What an empty answer means.
    pub default: Option<String>,
    /// The environment variable that gives it without a connect.
    pub env: Option<String>,
    /// What it is chosen from, if it is not free text.
    pub choices: Vec<Choice>,
    /// What the whole value must match.
    pub pattern: Option<Regex>,
    /// What it must look like.
    pub format: Option<Format>,
    /// What people paste around the value, removed from both ends.
    pub strip: Vec<String>,
}

/// One of several values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What the person sees.
    pub shown: String,
    /// What stands in the placeholder.
    pub value: String,
}

impl Parameter {
    /// Whether its value is narrow enough to stand in a host name.
    pub fn is_pinned(&self) -> bool {
        self.format.is_some_and(Format::is_narrow)
            || self.pattern.is_some()
            || !self.choices.is_empty()
    }

    /// Whether its value is narrow enough to be the start of a URL: scheme, host
    /// and perhaps a path.
    pub(super) fn is_url(&self) -> bool {
        let urls = self
            .choices
            .iter()
            .all(|c| Format::Url.check(&c.value).is_ok());
        match self.format {
            Some(format) => format == Format::Url,
            None => self.pattern.is_some() || (urls && !self.choices.is_empty()),
        }
    }

    /// The value as it will be used: trimmed, stripped of what people paste
    /// around it, a choice's shown name replaced by its value; or why it will
    /// not do.
    pub fn accept(&self, text: &str) -> Result<String, String> {
        let mut value = text.trim();
        let mut changed = true;
        while changed {
            changed = false;
            for strip in self.strip.iter().filter(|strip| !strip.is_empty()) {
                let stripped = value.strip_prefix(strip.as_str()).unwrap_or(value);
                let stripped = stripped.strip_suffix(strip.as_str()).unwrap_or(stripped);
                changed |= stripped.len() < value.len();
                value = stripped;
            }
        }
        let chosen = self
            .choices
            .iter()
            .find(|choice| choice.value == value || choice.shown == value);
        let value = chosen.map_or(value, |choice| choice.value.as_str());
        if value.is_empty() {
            return Err(format!("`{}` is empty", self.name));
        }
        self.holds(value)?;
        Ok(value.to_owned())
    }

    /// Whether a value can be used as it is; or why it will not do.
    pub fn holds(&self, value: &str) -> Result<(), String> {
        if !self.choices.is_empty() && self.choices.iter().all(|choice| choice.value != value) {
            let shown: Vec<&str> = self.choices.iter().map(|c| c.shown.as_str()).collect();
            return Err(format!(
                "`{}` must be one of {}",
                self.name,
                shown.join(", ")
            ));
        }
        if self
            .pattern
            .as_ref()
            .is_some_and(|pattern| !pattern.is_match(value))
        {
            return Err(format!("`{}` does not have the expected form", self.name));
        }
        if let Some(format) = self.format {
            format
                .check(value)
                .map_err(|why| format!("`{}` {why}", self.name))?;
        }
        Ok(())
    }
}

/// Reads the parameters, and adds their names to what placeholders may use.
pub(super) fn read_all(reader: &mut TableReader<'_>, names: &mut Names) -> Vec<Parameter> {
    let problems = reader.problems();
    let path = reader.name_of("parameters");
    let mut parameters: Vec<Parameter> = Vec::new();
    for node in reader.array("parameters").unwrap_or_default() {
        let Some(parameter) = read(node, &path, problems) else {
            continue;
        };
        if parameters.iter().any(|known| known.name == parameter.name) {
            problems.add(node.problem(
                format!("the parameter `{}` is defined twice", parameter.name),
                "keep one of them",
            ));
            continue;
        }
        names.add(&parameter.name);
        parameters.push(parameter);
    }
    parameters
}

fn read(node: &Node, path: &str, problems: &Problems) -> Option<Parameter> {
    let mut table = TableReader::new(node, path, problems)?;
    let name = table.string("name");
    let label = table.text("label");
    let help = table.text("help");
    let secret = table.boolean("secret").unwrap_or(false);
    let optional = table.boolean("optional").unwrap_or(false);
    let default = table.string("default");
    let env = table.text("env");
    let choices = table.get("choices");
    let pattern = table.string("pattern");
    let format = table.word("format", &Format::WORDS);
    let strip = table.strings("strip").unwrap_or_default();
    if name.is_none() {
        table.missing(
            "name",
            "placeholders and `--param` use it",
            "add `name = \"…\"`",
        );
    }
    if let (true, Some((text, node))) = (secret, default)
        && !text.is_empty()
    {
        let instead = "env = \"NAME\"".to_owned();
        problems.doubt(Doubt::secret(node, table.name_of("default"), instead));
    }
    table.finish();
    let (name, name_node) = name?;
    check_name(name, name_node, problems)?;
    let parameter = Parameter {
        name: name.to_owned(),
        label: label.unwrap_or_else(|| name.to_owned()),
        help,
        secret,
        optional,
        default: default.map(|(text, _)| text.to_owned()),
        env,
        choices: choices
            .map(|node| read_choices(node, problems))
            .unwrap_or_default(),
        pattern: pattern.and_then(|(text, node)| read_pattern(text, node, problems)),
        format,
        strip: strip.iter().map(|(text, _)| (*text).to_owned()).collect(),
    };
    if let (Some(value), Some((_, node))) = (&parameter.default, default)
        && let Err(why) = parameter.accept(value)
    {
        problems.add(node.problem(
            format!("the default of `{name}` would not be accepted: {why}"),
            "give a default that the other facets allow",
        ));
    }
    Some(parameter)
}

fn check_name(name: &str, node: &Node, problems: &Problems) -> Option<()> {
    if !is_name(name) {
        problems.add(node.problem(
            format!("`{name}` cannot be a parameter's name"),
            "use lower-case letters, digits and `_`, beginning with a letter",
        ));
        return None;
    }
    if BUILT_IN.contains(&name) {
        problems.add(node.problem(
            format!("`{name}` is a built-in name"),
            format!("choose another name; of the built-in names a parameter may only have the inputs' ({})", INPUTS.join(", ")),
        ));
        return None;
    }
    Some(())
}

/// A pattern matches the whole value, so it is anchored here.
pub(super) fn read_pattern(text: &str, node: &Node, problems: &Problems) -> Option<Regex> {
    // Alone first: `a)|(?:b` would slip out of the anchors.
    match Regex::new(text).and_then(|_| Regex::new(&format!("^(?:{text})$"))) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or("it cannot be read");
            let why = why.strip_prefix("error: ").unwrap_or(why);
            let help = match Regex::new(text) {
                // What stands behind it is no comment (`(?x)`).
                Ok(_) => "a comment at its end needs a line break behind it",
                Err(_) => {
                    "the syntax is that of Rust's `regex` crate; use a literal string ('…') to avoid doubling backslashes"
                }
            };
            problems.add(node.problem(
                format!("this pattern is not a regular expression: {why}"),
                help,
            ));
            None
        }
    }
}

fn read_choices(node: &Node, problems: &Problems) -> Vec<Choice> {
    let choice = |shown: &str, value: &Node| match &value.value {
        Tree::String(value) => Some(Choice {
            shown: shown.to_owned(),
            value: value.clone(),
        }),
        _ => {
            problems.add(value.problem(
                format!("a choice is {}", value.type_name()),
                "choices are strings",
            ));
            None
        }
    };
    match &node.value {
        Tree::Array(items) => items
            .iter()
            .filter_map(|item| match &item.value {
                Tree::String(text) => choice(text, item),
                _ => choice("", item),
            })
            .collect(),
        Tree::Table(entries) => entries
            .iter()
            .filter_map(|entry| choice(&entry.key, &entry.node))
            .collect(),
        _ => {
            problems.add(node.problem(
                format!("`choices` is {}", node.type_name()),
                "write `[\"us\", \"eu\"]`, or `{ \"Shown name\" = \"value\" }`",
            ));
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(format: Option<Format>, strip: &[&str]) -> Parameter {
        Parameter {
            name: "shop".to_owned(),
            label: "shop".to_owned(),
            help: None,
            secret: false,
            optional: false,
            default: None,
            env: None,
            choices: Vec::new(),
            pattern: None,
            format,
            strip: strip.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn what_people_paste_around_a_value_is_removed() {
        let shop = parameter(Some(Format::Label), &["https://", ".myshopify.com", "/"]);
        for pasted in [
            "acme",
            " acme ",
            "https://acme.myshopify.com/",
            "acme.myshopify.com",
        ] {
            assert_eq!(shop.accept(pasted).as_deref(), Ok("acme"), "{pasted}");
        }
        for wrong in ["", "acme.evil.test", "a/b", "acme@evil", "аcme"] {
            assert!(shop.accept(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn formats_accept_what_they_name() {
        for (format, good, bad) in [
            (Format::Host, "acme.example.com", "acme..com"),
            (
                Format::Url,
                "https://acme.example.com/x",
                "http://acme.example.com",
            ),
            (
                Format::Url,
                "http://127.0.0.1:80",
                "https://u:p@acme.example.com",
            ),
            (Format::Uuid, "3c7c1b1e-7a07-4c50-9a46-6a3a3a1a2b3c", "3c7c"),
            (Format::Label, "a-b", "-a"),
            (Format::Integer, "-42", "4.2"),
            (
                Format::Integer,
                "18446744073709551615",
                "18446744073709551616",
            ),
            (Format::Integer, "0", "007"),
            (Format::Number, "2.5e3", "NaN"),
            (Format::Number, "-1", "1,5"),
            (Format::Boolean, "true", "yes"),
            (Format::Date, "2024-02-29", "2023-02-29"),
            (Format::Date, "2026-12-31", "2026-13-01"),
            (Format::Date, "0001-01-01", "26-01-01"),
            (Format::Json, "[1, {\"a\": null}]", "[1,"),
            (Format::Json, "\"text\"", "text"),
        ] {
            let parameter = parameter(Some(format), &[]);
            assert!(parameter.accept(good).is_ok(), "{good}");
            assert!(parameter.accept(bad).is_err(), "{bad}");
        }
    }
}
