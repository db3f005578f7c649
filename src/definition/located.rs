//! Problems as editors and CI read them: each with the file, lines and columns
//! instead of bytes. Lines and columns count from 1, columns in characters
//! (Unicode scalar values); an end is the place after the last character, so
//! that an empty range ends where it begins.

use std::sync::Arc;

use serde::Serialize;

use super::report::{Problem, Severity, Source};

/// A problem and its place; scripts rely on the names.
#[derive(Debug, Serialize)]
pub struct Located<'a> {
    severity: &'static str,
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    message: &'a str,
    why: Option<&'a str>,
    help: Option<&'a str>,
}

/// The same problems in the same order, each with its place.
pub fn located(problems: &[Problem]) -> Vec<Located<'_>> {
    // Most often all are of one file, whose lines are found once.
    let mut known: Option<(&Arc<Source>, Lines<'_>)> = None;
    let mut located = Vec::with_capacity(problems.len());
    for problem in problems {
        let lines = match known.take() {
            Some((source, lines)) if Arc::ptr_eq(source, &problem.source) => lines,
            _ => Lines::of(&problem.source.text),
        };
        let (line, column) = lines.place(problem.span.start);
        let (end_line, end_column) = lines.place(problem.span.end.max(problem.span.start));
        located.push(Located {
            severity: match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            file: problem.source.path.display().to_string(),
            line,
            column,
            end_line,
            end_column,
            message: &problem.message,
            why: problem.why.as_deref(),
            help: problem.help.as_deref(),
        });
        known = Some((&problem.source, lines));
    }
    located
}

/// Where the lines of a text begin.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        // A byte order mark is no character of the first line.
        let first = text.len() - text.trim_start_matches('\u{feff}').len();
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(first).chain(breaks).collect(),
        }
    }

    /// The line and column of a byte.
    fn place(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts[line - 1].min(offset);
        let before = &self.text.as_bytes()[start..offset];
        // Every character has one byte that does not go on with another.
        let characters = before.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
        (line, characters + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        let lines = Lines::of("\u{feff}aé🙂b\r\n\nx");
        for (offset, place) in [
            (0, (1, 1)),
            (3, (1, 1)),
            (4, (1, 2)),
            (6, (1, 3)),
            (10, (1, 4)),
            (13, (2, 1)),
            (14, (3, 1)),
            (15, (3, 2)),
            (99, (3, 2)),
        ] {
            assert_eq!(lines.place(offset), place, "{offset}");
        }
        assert_eq!(Lines::of("").place(0), (1, 1));
    }
}
