//! Reads `auth.capture`: which values of which answers are kept with the
//! connection.

use super::answer_path::AnswerPath;
use super::auth::{Capture, CaptureFrom};
use super::names::{Known, Moment};
use super::read_call;
use super::read_response::answer_path;
use super::table::TableReader;
use super::tree::Tree;

/// Reads `auth.capture`.
pub(super) fn read(table: &mut TableReader<'_>, known: &Known<'_>) -> Vec<Capture> {
    let path = table.name_of("capture");
    let has_lookup = table.has("lookup");
    let problems = table.problems();
    let mut captures = Vec::new();
    for entry in table.table("capture").unwrap_or_default() {
        let name = format!("{path}.{}", entry.key);
        let Some(mut inner) = TableReader::new(&entry.node, name, problems) else {
            continue;
        };
        if !inner.has("from") {
            inner.missing(
                "from",
                "it says which answer the value stands in",
                "add `from = \"token\"`, or `\"callback\"`, `\"id_token\"`, `\"access_token\"`, `\"lookup\"`",
            );
        }
        let from = inner.word(
            "from",
            &[
                ("token", CaptureFrom::Token),
                ("callback", CaptureFrom::Callback),
                ("id_token", CaptureFrom::IdToken),
                ("access_token", CaptureFrom::AccessToken),
                ("lookup", CaptureFrom::Lookup),
            ],
        );
        let fault = match from {
            Some(CaptureFrom::Callback) if !known.facts.consents => {
                Some("there is no redirect to capture it from")
            }
            Some(CaptureFrom::Lookup) if !has_lookup => {
                Some("there is no `auth.lookup` to capture it from")
            }
            _ => None,
        };
        if let Some(why) = fault {
            let help = "name another answer in `from`";
            problems.add(entry.node.problem(format!("`{}`: {why}", entry.key), help));
        }
        let path = match inner.get("path") {
            Some(node) => match (from, &node.value) {
                // A parameter's name is no path: it may hold dots.
                (Some(CaptureFrom::Callback), Tree::String(name)) => Some(AnswerPath::key(name)),
                _ => answer_path(node, "path", (known, Moment::Step), problems),
            },
            None => Some(AnswerPath::key(&entry.key)),
        };
        let pattern = read_call::pattern_at(&mut inner);
        let default = inner.string("default");
        let secret = inner.boolean("secret").unwrap_or(false);
        inner.finish();
        if let (Some((text, node)), Some(pattern)) = (default, &pattern)
            && !pattern.is_match(text)
        {
            problems.add(node.problem(
                format!("the default of `{}` does not match its pattern", entry.key),
                "give a default that the pattern allows",
            ));
        }
        if let (Some(from), Some(path)) = (from, path) {
            captures.push(Capture {
                name: entry.key.clone(),
                from,
                path,
                pattern,
                default: default.map(|(text, _)| text.to_owned()),
                secret,
            });
        }
    }
    captures
}
