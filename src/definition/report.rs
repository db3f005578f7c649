//! Problems of a definition file, each with its place, why it matters and what
//! to write instead; collected, not thrown, so that one reading shows them all.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::blank::blanked;
use super::doubts::Doubt;
use crate::ui::escape;

/// A definition file's text, which may hold literal secrets, and where it came
/// from.
pub struct Source {
    /// Where it was read.
    pub path: PathBuf,
    /// Its text, which spans point into.
    pub text: String,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// The line a byte stands in, from 1.
    pub fn line(&self, offset: usize) -> usize {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }

    /// `path:line`, for messages.
    pub fn place(&self, offset: usize) -> String {
        format!("{}:{}", self.path.display(), self.line(offset))
    }
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The definition cannot be used.
    Error,
    /// It can, but something is amiss.
    Warning,
}

/// One thing that is wrong in a definition file.
#[derive(Clone, Debug)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The file.
    pub source: Arc<Source>,
    /// The bytes that are meant.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// Why it matters, where that is not plain.
    pub why: Option<String>,
    /// What to write instead.
    pub help: Option<String>,
}

/// Problems found so far, and what may turn out to be one.
#[derive(Debug, Default)]
pub struct Problems {
    found: RefCell<Vec<Problem>>,
    doubts: RefCell<Vec<Doubt>>,
}

impl Problems {
    /// Adds one.
    pub fn add(&self, problem: Problem) {
        self.found.borrow_mut().push(problem);
    }

    /// Notes what only `check` looks into.
    pub(super) fn doubt(&self, doubt: Doubt) {
        self.doubts.borrow_mut().push(doubt);
    }

    /// What was noted, which is then forgotten.
    pub(super) fn take_doubts(&self) -> Vec<Doubt> {
        self.doubts.take()
    }

    /// How many make the definition unusable.
    pub fn errors(&self) -> usize {
        let problems = self.found.borrow();
        let errors = problems.iter().filter(|p| p.severity == Severity::Error);
        errors.count()
    }

    /// All of them, in the order of the file.
    pub fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.found.into_inner();
        sort(&mut problems);
        problems
    }
}

/// Puts problems into the order of the file.
pub(super) fn sort(problems: &mut [Problem]) {
    problems.sort_by(|a, b| (&a.source.path, a.span.start).cmp(&(&b.source.path, b.span.start)));
}

/// Leaves one of those that say the same of the same place: what several
/// definitions extend is read, and reported, with each.
pub(super) fn keep_first(problems: &mut Vec<Problem>) {
    let mut seen = HashSet::new();
    problems.retain(|problem| {
        let file = Arc::as_ptr(&problem.source) as usize;
        let said = without_key(&problem.message);
        seen.insert((file, problem.span.start, problem.span.end, said))
    });
}

/// A message without the key of the definition it was read for.
fn without_key(message: &str) -> String {
    const TABLE: &str = "integrations.";
    let Some(at) = message.find(TABLE) else {
        return message.to_owned();
    };
    let (before, rest) = message.split_at(at + TABLE.len());
    let end = rest.find(['.', '`']).unwrap_or(rest.len());
    format!("{before}*{}", &rest[end..])
}

/// Renders problems as a person reads them: message, file and line, the text
/// with a caret, why, help. Literal secrets in the text are blanked.
pub fn render(problems: &[Problem], color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    // Most often all are of one file, which is gone through once.
    let mut shown: Option<(&Arc<Source>, String)> = None;
    let mut rendered = Vec::with_capacity(problems.len());
    for problem in problems {
        let text = match shown.take() {
            Some((source, text)) if Arc::ptr_eq(source, &problem.source) => text,
            _ => blanked(&problem.source.text),
        };
        rendered.push(render_one(problem, &text, &renderer));
        shown = Some((&problem.source, text));
    }
    rendered.join("\n\n")
}

fn render_one(problem: &Problem, shown: &str, renderer: &Renderer) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let source = &problem.source;
    let path = source.path.display().to_string();
    let snippet = Snippet::source(shown)
        .path(path)
        .annotation(AnnotationKind::Primary.span(problem.span.clone()));
    let mut group: Group<'_> = level
        .primary_title(escape(&problem.message))
        .element(snippet);
    if let Some(why) = &problem.why {
        group = group.element(Level::NOTE.message(escape(why)));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(escape(help)));
    }
    renderer.render(&[group])
}

/// The known word closest to a misspelt one, if it is close at all.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_word_is_suggested_and_a_far_one_is_not() {
        assert_eq!(
            closest("tokn_url", ["token_url", "scopes"]),
            Some("token_url")
        );
        assert_eq!(closest("colour", ["token_url", "scopes"]), None);
    }
}
