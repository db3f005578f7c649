//! Placeholders: `{name}` and `{name|filter|filter:argument}` in a definition's
//! strings, `{{` and `}}` for braces. Parsed once, against the names that are
//! known, so that a misspelt one is found by reading; rendered for the place
//! it stands in, so that a value can never change the structure around it
//! (URLs: see `url_template`; JSON and forms: their serialisers). What a name
//! may be used for, and where, is no business of this file: see `names`.

use std::ops::Range;

use super::filter::{self, Filter};
use super::report::closest;
use crate::secret::{REDACTED, Secret};

/// A parsed string.
#[derive(Clone, Debug)]
pub struct Template {
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Text that stands for itself.
    Text(String),
    /// A value to be put in.
    Hole(Placeholder),
}

/// `{name|filter…}`.
#[derive(Clone, Debug)]
pub(super) struct Placeholder {
    pub(super) name: String,
    /// Where the name stands in the string.
    pub(super) at: Range<usize>,
    filters: Vec<Filter>,
}

impl Part {
    /// The text, or the name in its braces; what filters it has is left out.
    pub(super) fn written(&self) -> String {
        match self {
            Part::Text(text) => text.clone(),
            Part::Hole(hole) => format!("{{{}}}", hole.name),
        }
    }
}

/// The names that a definition has.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<String>);

impl Names {
    /// Adds a name.
    pub fn add(&mut self, name: &str) {
        if !self.has(name) {
            self.0.push(name.to_owned());
        }
    }

    /// Whether a name is known; `callback.NAME` is where `callback` is.
    pub fn has(&self, name: &str) -> bool {
        let name = match name.split_once('.') {
            Some(("callback", rest)) if !rest.is_empty() => "callback",
            _ => name,
        };
        self.0.iter().any(|known| known == name)
    }

    /// The known names, for suggestions.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// What is wrong with a template, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateProblem {
    /// The bytes of the text that are meant.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// A value for a placeholder.
#[derive(Clone, Debug)]
pub struct Value {
    /// The text.
    pub text: Secret,
    /// Whether it must not be shown.
    pub secret: bool,
}

/// Where values come from while rendering.
pub trait Scope {
    /// The value of a name: `Ok(None)` for an optional one that is unset.
    fn value(&self, name: &str) -> Result<Option<Value>, RenderError>;
}

/// Why a template could not be rendered.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RenderError {
    /// Nothing gives this name a value here.
    #[error("`{{{name}}}` has no value here")]
    NoValue {
        /// The placeholder's name.
        name: String,
    },
    /// The value cannot stand where the placeholder stands.
    #[error("the value of `{{{name}}}` cannot stand {place}: {why}")]
    Unfit {
        /// The placeholder's name.
        name: String,
        /// "in a host name", "in a path", …
        place: &'static str,
        /// What about it.
        why: String,
    },
    /// A value that is kept is not one that the definition accepts.
    #[error("the value kept for `{name}` is not one that the definition accepts: {why}")]
    Unaccepted {
        /// Its name.
        name: String,
        /// What about it.
        why: String,
    },
    /// A value that the definition names a place for is not there.
    #[error(transparent)]
    Source(#[from] super::source::ValueError),
    /// The whole is not what it should be.
    #[error("{what}: {why}")]
    Whole {
        /// What was rendered.
        what: &'static str,
        /// What about it.
        why: String,
    },
}

/// A rendered string and the form in which it may be shown.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The text, with secrets.
    pub text: Secret,
    /// The text, with `***` in the place of secrets.
    pub shown: String,
}

impl Template {
    /// Parses a string whose placeholders name only what is known.
    pub fn parse(text: &str, names: &Names) -> Result<Self, TemplateProblem> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let offset = text.len() - rest.len() + at;
            let brace = &rest[at..];
            if brace.starts_with("{{") || brace.starts_with("}}") {
                literal.push_str(&brace[..1]);
                rest = &brace[2..];
            } else if brace.starts_with('{') {
                let end = brace.find('}').ok_or_else(|| unclosed(offset, text))?;
                if !literal.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut literal)));
                }
                let inner = &brace[1..end];
                parts.push(Part::Hole(placeholder(inner, offset + 1, names)?));
                rest = &brace[end + 1..];
            } else {
                return Err(TemplateProblem {
                    range: offset..offset + 1,
                    message: "this `}` closes nothing".to_owned(),
                    help: "write `}}` for a brace that stands for itself".to_owned(),
                });
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }

    /// A template that is only text.
    pub fn literal(text: &str) -> Self {
        Self {
            parts: vec![Part::Text(text.to_owned())],
        }
    }

    /// The name that is all there is of it, without filters.
    pub(super) fn sole_name(&self) -> Option<&str> {
        match &self.parts[..] {
            [Part::Hole(hole)] if hole.filters.is_empty() => Some(&hole.name),
            _ => None,
        }
    }

    /// The text with its names in braces; what filters they have is left out.
    pub fn written(&self) -> String {
        self.parts.iter().map(Part::written).collect()
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The names it uses, filters' arguments included.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.uses().into_iter().map(|(name, _)| name)
    }

    /// The same, each with its place in the string.
    pub(super) fn uses(&self) -> Vec<(&str, Range<usize>)> {
        let mut uses = Vec::new();
        for part in &self.parts {
            let Part::Hole(hole) = part else { continue };
            uses.push((hole.name.as_str(), hole.at.clone()));
            for filter in &hole.filters {
                if let Filter::HmacSha256 { key, at } = filter {
                    uses.push((key.as_str(), at.clone()));
                }
            }
        }
        uses
    }

    /// Puts the values in. `None`: an optional value it uses is unset, so the
    /// entry it belongs to is left out whole.
    pub fn render(&self, scope: &dyn Scope) -> Result<Option<Rendered>, RenderError> {
        let mut text = String::new();
        let mut shown = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => {
                    text.push_str(literal);
                    shown.push_str(literal);
                }
                Part::Hole(hole) => {
                    let Some(value) = hole.value(scope)? else {
                        return Ok(None);
                    };
                    text.push_str(value.text.expose());
                    shown.push_str(value.shown());
                }
            }
        }
        Ok(Some(Rendered {
            text: text.into(),
            shown,
        }))
    }
}

impl Rendered {
    /// Whether it holds a secret.
    pub fn is_secret(&self) -> bool {
        self.shown != self.text.expose()
    }
}

impl Value {
    /// A value that may be shown.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: Secret::new(text),
            secret: false,
        }
    }

    /// A value that may not.
    pub fn secret(text: Secret) -> Self {
        Self { text, secret: true }
    }

    /// The value, or `***` where it is secret.
    pub fn shown(&self) -> &str {
        if self.secret {
            REDACTED
        } else {
            self.text.expose()
        }
    }
}

impl Placeholder {
    /// The value after its filters; `None` when it is optional and unset.
    pub(super) fn value(&self, scope: &dyn Scope) -> Result<Option<Value>, RenderError> {
        let Some(value) = scope.value(&self.name)? else {
            return Ok(None);
        };
        filter::run(&self.filters, &self.name, value, scope)
    }

    /// Whether it may put slashes into a path.
    pub(super) fn keeps_slashes(&self) -> bool {
        self.filters.last() == Some(&Filter::Path)
    }
}

fn unclosed(offset: usize, text: &str) -> TemplateProblem {
    TemplateProblem {
        range: offset..text.len(),
        message: "this `{` is never closed".to_owned(),
        help: "close the placeholder with `}`, or write `{{` for a brace that stands for itself"
            .to_owned(),
    }
}

fn placeholder(inner: &str, offset: usize, names: &Names) -> Result<Placeholder, TemplateProblem> {
    let mut pieces = inner.split('|');
    let name = pieces.next().unwrap_or_default();
    check_name(name, offset, names)?;
    let mut filters = Vec::new();
    let mut at = offset + name.len();
    for piece in pieces {
        at += 1;
        filters.push(Filter::parse(piece, at, names)?);
        at += piece.len();
    }
    Ok(Placeholder {
        name: name.to_owned(),
        at: offset..offset + name.len(),
        filters,
    })
}

/// Whether the language has this name at all; it stands at `offset`.
pub(super) fn check_name(name: &str, offset: usize, names: &Names) -> Result<(), TemplateProblem> {
    // The redirect as a whole has no value, its parameters have.
    let whole = name == "callback";
    if names.has(name) && !whole {
        return Ok(());
    }
    let help = match closest(name, names.iter()) {
        _ if whole => "name a parameter of the redirect: `{callback.NAME}`".to_owned(),
        Some(known) => format!("did you mean `{{{known}}}`?"),
        None => "define a parameter or a value of this name, or write `{{` for a brace that stands for itself".to_owned(),
    };
    Err(TemplateProblem {
        range: offset..offset + name.len(),
        message: format!("`{{{name}}}` is not known here"),
        help,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // By another implementation: printf ada | openssl dgst -sha256 [-hmac k-not-real]
    const SHA256_HEX: &str = "fdee430d40bd57deeac186cd9790033d0f06f909a8806e7ce6e717ab7c7d5029";
    const SHA256_BASE64URL: &str = "_e5DDUC9V97qwYbNl5ADPQ8G-QmogG585ucXq3x9UCk";
    const HMAC_HEX: &str = "68225b6b1dcbb77e13172821652e9077dbd7b30e0b5807100850bc02576e03fc";

    struct Fixed;

    impl Scope for Fixed {
        fn value(&self, name: &str) -> Result<Option<Value>, RenderError> {
            Ok(match name {
                "user" => Some(Value::plain("ada")),
                "key" => Some(Value::secret(Secret::new("k-not-real"))),
                "now" => Some(Value::plain("1790000000")),
                _ => None,
            })
        }
    }

    fn names() -> Names {
        let mut names = Names::default();
        for name in ["user", "key", "now", "unset"] {
            names.add(name);
        }
        names
    }

    fn render(text: &str) -> Option<String> {
        let template = Template::parse(text, &names()).unwrap();
        let rendered = template.render(&Fixed).unwrap();
        rendered.map(|rendered| rendered.text.expose().to_owned())
    }

    #[test]
    fn values_filters_and_braces_are_rendered() {
        for (text, expected) in [
            ("plain", "plain"),
            ("{{{user}}}", "{ada}"),
            ("{user}/token", "ada/token"),
            ("{user|base64}", "YWRh"),
            ("{now|rfc3339}", "2026-09-21T14:13:20Z"),
            ("{user|sha256|base64url}", SHA256_BASE64URL),
            ("{user|sha256}", SHA256_HEX),
            ("{user|hmac_sha256:key}", HMAC_HEX),
            ("{user|hmac_sha256:key|hex}", HMAC_HEX),
        ] {
            assert_eq!(render(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn an_entry_with_an_unset_optional_value_is_left_out() {
        assert_eq!(render("x-{unset}"), None);
        assert_eq!(render("{user|hmac_sha256:unset}"), None);
    }

    #[test]
    fn secrets_do_not_show() {
        let template = Template::parse("Bearer {key} {key|base64}", &names()).unwrap();
        let rendered = template.render(&Fixed).unwrap().unwrap();
        assert_eq!(rendered.shown, "Bearer *** ***");
    }

    #[test]
    fn mistakes_are_placed_and_explained() {
        for (text, range, message) in [
            ("a {usr}", 3..6, "`{usr}` is not known here"),
            ("{user|bas64}", 6..11, "`bas64` is not a filter"),
            ("{user", 0..5, "this `{` is never closed"),
            ("a}", 1..2, "this `}` closes nothing"),
            (
                "{user|hmac_sha256:kay}",
                18..21,
                "`{kay}` is not known here",
            ),
            ("{user|hex:2}", 6..11, "`hex` takes no argument"),
        ] {
            let problem = Template::parse(text, &names()).unwrap_err();
            assert_eq!((problem.range, problem.message.as_str()), (range, message));
        }
    }
}
