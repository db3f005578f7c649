//! Everything hallpass says on stderr. stdout is data and belongs to
//! `output`. Text that came from a provider is escaped before it reaches a
//! terminal.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use crate::env;
use crate::error::Failure;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether text going to a stream gets colour.
    pub fn wanted(self, on_terminal: bool) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                on_terminal
                    && env::var(env::NO_COLOR).is_none()
                    && env::var(env::TERM).as_deref() != Some("dumb")
            }
        }
    }
}

/// Speaks to the person on stderr.
#[derive(Clone, Copy, Debug)]
pub struct Ui {
    wish: Color,
    color: bool,
    quiet: bool,
    json_errors: bool,
}

impl Ui {
    /// `quiet` silences everything but errors; `json_errors` makes the last
    /// line of a failing command an error object.
    pub fn new(color: Color, quiet: bool, json_errors: bool) -> Self {
        Self {
            wish: color,
            color: color.wanted(io::stderr().is_terminal()),
            quiet,
            json_errors,
        }
    }

    /// The same, with errors as JSON (a command's `--json`).
    #[must_use]
    pub fn with_json_errors(mut self) -> Self {
        self.json_errors = true;
        self
    }

    /// Whether stderr gets colour.
    pub fn color(&self) -> bool {
        self.color
    }

    /// Whether stdout gets colour, where it is a terminal.
    pub fn colors_stdout(&self) -> bool {
        self.wish.wanted(io::stdout().is_terminal())
    }

    /// Whether notes are said.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Columns and rows of the terminal that stderr is, where it is one.
    pub fn room(&self) -> Option<(usize, usize)> {
        let (columns, rows) = terminal_size::terminal_size_of(io::stderr())?;
        Some((columns.0.into(), rows.0.into()))
    }

    /// Something worth knowing.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            line(text);
        }
    }

    /// Something a person needs to see whatever they silenced, such as a link.
    pub fn always(&self, text: &str) {
        line(text);
    }

    /// Something that needs attention, though the command goes on.
    pub fn warn(&self, text: &str) {
        if !self.quiet {
            line(&format!("{} {text}", self.paint("33", "warning:")));
        }
    }

    /// What to do next.
    pub fn hint(&self, text: &str) {
        if !self.quiet {
            line(&format!("{} {text}", self.paint("36", "hint:")));
        }
    }

    /// Why the command ends, in words or as one JSON object on the last line.
    pub fn failure(&self, failure: &Failure) {
        if self.json_errors {
            if let Some(report) = failure.rendered_report() {
                line(report.trim_matches('\n'));
            }
            let object = serde_json::json!({"error": failure.to_json()});
            line(&escape_json(&object.to_string()));
            return;
        }
        line(&format!(
            "{} {}",
            self.paint("1;31", "error:"),
            escape(&failure.headline())
        ));
        for cause in failure.causes() {
            line(&format!("  because: {}", escape(&cause)));
        }
        if let Some(report) = failure.rendered_report() {
            line(&format!("\n{}\n", report.trim_matches('\n')));
        }
        for hint in failure.hints() {
            line(&format!("{} {}", self.paint("36", "hint:"), escape(hint)));
        }
    }

    /// Text that is to catch the eye.
    pub fn emphasized(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.color {
            format!("\u{1b}[{style}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// A closed stderr must not end the command, so a failed write is let go.
fn line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Text from elsewhere, made harmless for a terminal: control characters and
/// those that reorder text stand as escapes; line breaks become spaces.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => safe.push(' '),
            c if is_harmful(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// JSON for a terminal: what would act on one can only stand in its strings, and
/// is written there as JSON's own escapes. It says the same.
pub fn escape_json(json: &str) -> Cow<'_, str> {
    let acts = |c: char| is_harmful(c) && !matches!(c, '\n' | '\t');
    if !json.chars().any(acts) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 8);
    for c in json.chars() {
        match c {
            c if acts(c) => safe.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Control characters, and the bidirectional overrides and isolates that make
/// text read otherwise than it is.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_would_act_on_a_terminal() {
        assert_eq!(escape("plain ümlaut"), "plain ümlaut");
        assert_eq!(escape("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb c");
        assert_eq!(escape("x\u{202e}y"), "x\\u{202e}y");
    }

    #[test]
    fn json_says_the_same_when_it_is_made_harmless() {
        let json = "{\n\t\"a\": \"ü\u{7f}\u{9b}31m\u{202e}\"}";
        let safe = escape_json(json);
        assert_eq!(safe, "{\n\t\"a\": \"ü\\u007f\\u009b31m\\u202e\"}");
        let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(read(json), read(&safe));
    }
}
