//! Reads `values`: combinations with a name, made of parameters, built-in
//! names and each other, in any order. What comes out is ordered so that each
//! stands after those it uses; none uses itself, and none is made of more
//! than [`LARGEST`] placeholders, so that filling one always ends, and soon.

use std::collections::{BTreeMap, BTreeSet};

use super::is_name;
use super::report::{Problem, Problems};
use super::strings;
use super::table::TableReader;
use super::template::{Names, Template};
use super::tree::{Entry, Tree};

/// The most placeholders that are filled for one value, those of the values
/// it uses included: each of 40 that uses the one before twice would take
/// 2^40.
const LARGEST: usize = 1_000;

/// A value that has been parsed.
struct Value<'a> {
    entry: &'a Entry,
    template: Template,
}

impl<'a> Value<'a> {
    fn name(&self) -> &'a str {
        &self.entry.key
    }
}

/// Reads the values and makes their names known. Where one is used, what it
/// comes down to is held to that place.
pub(super) fn read(table: &mut TableReader<'_>, names: &mut Names) -> Vec<(String, Template)> {
    let problems = table.problems();
    let mut entries = Vec::new();
    for entry in table.table("values").unwrap_or_default() {
        if is_free(entry, names, problems) {
            names.add(&entry.key);
            entries.push(entry);
        }
    }
    // A definition that extends another may name new ones in old ones, so
    // that all the names are known before any of the strings is read.
    let parsed = entries.into_iter().filter_map(|entry| {
        let Tree::String(text) = &entry.node.value else {
            let message = format!("`{}` is {}", entry.key, entry.node.type_name());
            problems.add(entry.node.problem(message, "write a string"));
            return None;
        };
        let template = strings::parse(text, &entry.node, names, problems)?;
        Some(Value { entry, template })
    });
    in_order(parsed.collect(), problems)
}

/// Whether a value may have its name; reports it otherwise.
fn is_free(entry: &Entry, names: &Names, problems: &Problems) -> bool {
    let taken = names.has(&entry.key);
    if !taken && is_name(&entry.key) {
        return true;
    }
    let problem = entry.problem(
        format!("`{}` cannot be a value's name", entry.key),
        if taken {
            "a parameter, a captured value or a built-in name is called so already"
        } else {
            "use lower-case letters, digits and `_`, beginning with a letter"
        },
    );
    problems.add(problem);
    false
}

/// Each after those it uses. Those that use themselves or grow too large are
/// reported and left out, with what is made of them.
fn in_order<'a>(mut waiting: Vec<Value<'a>>, problems: &Problems) -> Vec<(String, Template)> {
    let mut ordered = Vec::with_capacity(waiting.len());
    let mut sizes: BTreeMap<&'a str, usize> = BTreeMap::new();
    let mut lost: BTreeSet<&'a str> = BTreeSet::new();
    while !waiting.is_empty() {
        let names: BTreeSet<&str> = waiting.iter().map(Value::name).collect();
        let (ready, mut rest): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|value| !value.template.names().any(|name| names.contains(name)));
        if ready.is_empty() {
            let circle = circle(&rest, &names);
            report_circle(&rest, &circle, problems);
            rest.retain(|value| !circle.contains(&value.name()));
            lost.extend(circle);
        }
        for value in ready {
            let name = value.name();
            if value.template.names().any(|used| lost.contains(used)) {
                lost.insert(name);
                continue;
            }
            let used = value.template.names();
            let size = used.map(|used| 1 + sizes.get(used).unwrap_or(&0)).sum();
            if size > LARGEST {
                problems.add(too_large(&value));
                lost.insert(name);
                continue;
            }
            sizes.insert(name, size);
            ordered.push((name.to_owned(), value.template));
        }
        waiting = rest;
    }
    ordered
}

/// The names of values that use each other in a circle, beginning with the
/// first in the file; each of `waiting` uses one of them.
fn circle<'a>(waiting: &[Value<'a>], names: &BTreeSet<&str>) -> Vec<&'a str> {
    let mut path = Vec::new();
    let mut next = waiting.first();
    while let Some(value) = next {
        if let Some(start) = path.iter().position(|name| *name == value.name()) {
            path.drain(..start);
            break;
        }
        path.push(value.name());
        let used = value.template.names().find(|name| names.contains(*name));
        next = waiting.iter().find(|value| Some(value.name()) == used);
    }
    let mut in_file = waiting.iter().map(Value::name);
    let first = in_file.find_map(|known| path.iter().position(|name| *name == known));
    path.rotate_left(first.unwrap_or(0));
    path
}

fn report_circle(waiting: &[Value<'_>], circle: &[&str], problems: &Problems) {
    let Some(first) = circle.first() else { return };
    let Some(value) = waiting.iter().find(|value| value.name() == *first) else {
        return;
    };
    problems.add(value.entry.node.problem(
        format!(
            "`{first}` would be made of itself: {} → {first}",
            circle.join(" → ")
        ),
        "write one of them without the others",
    ));
}

fn too_large(value: &Value<'_>) -> Problem {
    value.entry.node.problem(
        format!(
            "`{}` would be put together from more than 1,000 placeholders",
            value.name()
        ),
        "use fewer values in it, or each of them once",
    )
}
