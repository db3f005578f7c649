//! What a person sees before they trust a project file: its keys, what each
//! could do, and what of theirs it replaces; and, for a file that was trusted
//! before, the difference. All that comes from the file is escaped.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sha2::{Digest as _, Sha256};

use super::Record;
use crate::clock::Timestamp;
use crate::definition::report::{self, Severity};
use crate::definition::{Definitions, Integration, Project, Reach};
use crate::error::{Failure, Kind, Result};
use crate::ui::escape;

/// A file looked at.
pub(super) struct Review {
    /// What is shown.
    pub(super) text: String,
    /// What is remembered if it is trusted.
    pub(super) record: Record,
}

/// Looks at a file, `before` being what was trusted of it. One that has
/// problems fails with all of them.
pub(super) fn of(file: &Project, own: &Definitions, before: Option<&Record>) -> Result<Review> {
    let found = file.all(own);
    let is_error = |problem: &report::Problem| problem.severity == Severity::Error;
    let path = file.path().display();
    if found.problems.iter().any(is_error) {
        return Err(Failure::new(Kind::Definition, "it has problems")
            .context(format!("`{path}` cannot be trusted"))
            .report(report::render(&found.problems, false))
            .hint("mend them from the top, then run `hallpass trust` again"));
    }
    let reach: BTreeMap<String, Reach> = found
        .integrations
        .iter()
        .map(|integration| (integration.key.clone(), Reach::of(integration)))
        .collect();
    let lines = file.shown_lines();
    let own_keys = own.keys();
    let mut shown = vec![heading(&path.to_string(), &found.integrations)];
    for integration in &found.integrations {
        let replaces = own_keys.contains(&integration.key);
        shown.extend(definition(integration, &reach[&integration.key], replaces));
    }
    if !found.problems.is_empty() {
        shown.push(String::new());
        shown.push(report::render(&found.problems, false));
    }
    if let Some(before) = before {
        shown.push(String::new());
        shown.extend(difference(before, file, &reach, &lines));
    }
    Ok(Review {
        text: shown.join("\n"),
        record: Record {
            path: file.canonical().display().to_string(),
            sha256: file.sha256().to_owned(),
            trusted_at: Timestamp::now(),
            reach,
            lines: lines.iter().map(|line| mark(line)).collect(),
        },
    })
}

fn heading(path: &str, integrations: &[Integration]) -> String {
    let path = escape(path);
    match integrations.len() {
        0 => format!("`{path}` defines nothing."),
        1 => format!("`{path}` defines an integration:"),
        number => format!("`{path}` defines {number} integrations:"),
    }
}

fn definition(integration: &Integration, reach: &Reach, replaces: bool) -> Vec<String> {
    let key = &integration.key;
    let heading = if integration.name == *key {
        format!("  {key}")
    } else {
        format!("  {key} ({})", escape(&integration.name))
    };
    let mut lines = vec![String::new(), heading];
    if replaces {
        lines.push(format!("    replaces your own `{key}`"));
    }
    for (what, items) in reach.parts() {
        lines.extend(
            items
                .iter()
                .map(|item| format!("    {what} {}", escape(item))),
        );
    }
    lines
}

/// What became of the file since it was trusted.
fn difference(
    before: &Record,
    file: &Project,
    reach: &BTreeMap<String, Reach>,
    lines: &[String],
) -> Vec<String> {
    if before.sha256 == file.sha256() {
        return vec![format!(
            "It is as it was when it was trusted, on {}.",
            before.trusted_at
        )];
    }
    let mut shown = vec![format!("Since it was trusted, on {}:", before.trusted_at)];
    let none = Reach::default();
    let keys: BTreeSet<&String> = before.reach.keys().chain(reach.keys()).collect();
    for key in keys {
        let (was, is) = (before.reach.get(key), reach.get(key));
        match (was, is) {
            (None, _) => shown.push(format!("  + `{}` is new", escape(key))),
            (_, None) => shown.push(format!("  - `{}` is gone", escape(key))),
            _ => {}
        }
        let (was, is) = (was.unwrap_or(&none), is.unwrap_or(&none));
        for ((what, was), (_, is)) in was.parts().into_iter().zip(is.parts()) {
            let line = |sign: char, item: &String| {
                format!("  {sign} `{}` {what} {}", escape(key), escape(item))
            };
            shown.extend(is.difference(was).map(|item| line('+', item)));
            shown.extend(was.difference(is).map(|item| line('-', item)));
        }
    }
    shown.extend(changed_lines(&before.lines, lines));
    shown
}

/// The lines that were not there before, with their numbers; how many are gone.
fn changed_lines(before: &[String], lines: &[String]) -> Vec<String> {
    let mut known: HashMap<&str, usize> = HashMap::new();
    for line in before {
        *known.entry(line).or_default() += 1;
    }
    let mut added = Vec::new();
    for (number, line) in (1..).zip(lines) {
        match known.get_mut(mark(line).as_str()) {
            Some(left) if *left > 0 => *left -= 1,
            _ if line.trim().is_empty() => {}
            _ => added.push(format!("  {number:>4} | {}", escape(line))),
        }
    }
    let gone: usize = known
        .iter()
        .filter(|(mark, _)| **mark != self::mark(""))
        .map(|(_, left)| left)
        .sum();
    let mut shown = Vec::new();
    if added.is_empty() && gone == 0 {
        shown.push(
            "  no line differs but in its place, in space, or in what is not shown (`***`)"
                .to_owned(),
        );
    }
    if !added.is_empty() {
        shown.push("Lines that are new or changed:".to_owned());
        shown.extend(added);
    }
    match gone {
        0 => {}
        1 => shown.push("One line is gone or was changed.".to_owned()),
        _ => shown.push(format!("{gone} lines are gone or were changed.")),
    }
    shown
}

/// Enough of a line's hash to know it again.
fn mark(line: &str) -> String {
    hex::encode(&Sha256::digest(line.as_bytes())[..12])
}
