//! `extends`: a definition laid over another. Tables merge, arrays and tables
//! that name a value's place replace, parameters go by name; what is merged keeps the places it came from, so
//! that a report points at the line that is meant.

use std::sync::Arc;

use super::INPUTS;
use super::report::{Problem, Problems, closest};
use super::tree::{Entry, Node, Tree};

/// Where other definitions are found.
pub(super) trait Lookup {
    /// The definition of this key, as `from` means it, which names it; or why
    /// it cannot be told whether there is one.
    fn find(&self, key: &str, from: &Node) -> Result<Option<Node>, Problem>;
    /// The keys there are, for suggestions.
    fn keys(&self) -> Vec<String>;
}

/// How far one definition may extend another that extends another.
const DEEPEST: usize = 16;

/// A definition with what it extends under it.
pub(super) struct Merged {
    pub(super) node: Node,
    /// The first definition under it that stands in another file.
    pub(super) elsewhere: Option<String>,
}

/// The definition with what it extends under it; `None` when that is not to be
/// had, which is reported.
pub(super) fn resolve(
    key: &str,
    node: Node,
    lookup: &dyn Lookup,
    problems: &Problems,
) -> Option<Merged> {
    let mut seen = vec![key.to_owned()];
    let mut layers = vec![node];
    loop {
        let top = layers.last()?;
        let Some((word, place)) = extended(top, problems)? else {
            break;
        };
        match lookup.find(&word, top) {
            // One key can be defined in two files.
            Ok(Some(base)) if is_among(&word, &base, &seen, &layers) => {
                problems.add(place.problem(
                    format!("`{key}` would extend itself: {} → {word}", seen.join(" → ")),
                    "name another definition in `extends`",
                ));
                return None;
            }
            Ok(Some(base)) => layers.push(base),
            Ok(None) => {
                problems.add(absent(&word, key, &place, lookup));
                return None;
            }
            Err(mut problem) => {
                let last = seen.last().map_or(key, String::as_str);
                let why = format!("`{word}`, which `{last}` extends, cannot be read for it");
                problem.why = Some(why);
                problems.add(problem);
                return None;
            }
        }
        seen.push(word);
    }
    let file = layers.first()?.source.clone();
    let is_elsewhere = |node: &Node| !Arc::ptr_eq(&node.source, &file);
    let elsewhere = layers.iter().position(is_elsewhere);
    let mut node = layers.pop()?;
    while let Some(over) = layers.pop() {
        node = laid_over(over, node, &mut Vec::new());
    }
    Some(Merged {
        node,
        elsewhere: elsewhere.map(|at| seen.swap_remove(at)),
    })
}

fn is_among(word: &str, base: &Node, seen: &[String], layers: &[Node]) -> bool {
    let mut known = seen.iter().zip(layers);
    seen.len() > DEEPEST
        || known.any(|(key, node)| key == word && Arc::ptr_eq(&node.source, &base.source))
}

fn absent(word: &str, key: &str, place: &Node, lookup: &dyn Lookup) -> Problem {
    let keys = lookup.keys();
    let known = keys
        .iter()
        .map(String::as_str)
        .filter(|known| *known != key);
    let help = match closest(word, known) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "name another definition of this file; `hallpass list` shows them".to_owned(),
    };
    place.problem(format!("there is no integration `{word}` to extend"), help)
}

/// What a definition extends, and where it says so. `None`: it says something
/// that is no key.
#[allow(clippy::option_option)]
fn extended(node: &Node, problems: &Problems) -> Option<Option<(String, Node)>> {
    let Tree::Table(entries) = &node.value else {
        return Some(None);
    };
    let Some(entry) = entries.iter().find(|entry| entry.key == "extends") else {
        return Some(None);
    };
    if let Tree::String(word) = &entry.node.value {
        return Some(Some((word.clone(), entry.node.clone())));
    }
    problems.add(entry.node.problem(
        format!("`extends` is {}, not a key", entry.node.type_name()),
        "write the key of another definition: `extends = \"github\"`",
    ));
    None
}

/// `path` is where the two stand, from the definition down.
fn laid_over(over: Node, base: Node, path: &mut Vec<String>) -> Node {
    let value = match (over.value, base.value) {
        // Merged, they would name two places.
        (over, _) if names_a_place(path) => over,
        (Tree::Table(over), Tree::Table(base)) => Tree::Table(tables(over, base, path)),
        (Tree::Array(over), Tree::Array(base)) if path[..] == ["parameters"] => {
            Tree::Array(parameters(over, base, path))
        }
        (over, _) => over,
    };
    Node {
        value,
        span: over.span,
        source: over.source,
    }
}

/// Whether a value stands there: written out, or the place it comes from.
fn names_a_place(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path[..] {
        ["auth", key] => INPUTS.contains(&key) || key == "subject_token",
        ["auth", "jwt", "key"] => true,
        _ => false,
    }
}

fn tables(over: Vec<Entry>, base: Vec<Entry>, path: &mut Vec<String>) -> Vec<Entry> {
    let mut merged = base;
    // Where a definition extends no further is its own affair.
    merged.retain(|entry| !(path.is_empty() && entry.key == "extends"));
    for entry in over {
        let Some(at) = merged.iter().position(|known| known.key == entry.key) else {
            merged.push(entry);
            continue;
        };
        path.push(entry.key.clone());
        let old = merged.remove(at);
        let node = laid_over(entry.node, old.node, path);
        path.pop();
        merged.insert(at, Entry { node, ..entry });
    }
    merged
}

fn parameters(over: Vec<Node>, base: Vec<Node>, path: &mut Vec<String>) -> Vec<Node> {
    let mut merged = base;
    for node in over {
        let same = |known: &Node| name(known).is_some() && name(known) == name(&node);
        match merged.iter().position(same) {
            Some(at) => {
                path.push("*".to_owned());
                let old = merged.remove(at);
                let node = laid_over(node, old, path);
                path.pop();
                merged.insert(at, node);
            }
            None => merged.push(node),
        }
    }
    merged
}

fn name(parameter: &Node) -> Option<&str> {
    let Tree::Table(entries) = &parameter.value else {
        return None;
    };
    let entry = entries.iter().find(|entry| entry.key == "name")?;
    match &entry.node.value {
        Tree::String(name) => Some(name),
        _ => None,
    }
}
