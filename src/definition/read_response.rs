//! Reads what a definition says of answers: where tokens stand, what must
//! hold, which statuses count.

use serde_json::Value as Json;

use super::answer_path::AnswerPath;
use super::call::{Response, TokenAt, Unit};
use super::names::{Known, Moment};
use super::report::Problems;
use super::table::TableReader;
use super::tree::{Node, Tree};

/// Reads `response`; an absent one says nothing.
pub(super) fn response(table: &mut TableReader<'_>, known: &Known<'_>, moment: Moment) -> Response {
    let path = table.name_of("response");
    let problems = table.problems();
    let node = table.get("response");
    let Some(mut inner) = node.and_then(|node| TableReader::new(node, path, problems)) else {
        return Response::default();
    };
    let kept = inner
        .get("access_token")
        .filter(|node| matches!(node.value, Tree::Bool(false)));
    if let Some(node) = kept
        && moment != Moment::Refresh
    {
        problems.add(node.problem(
            "only a renewal can leave the access token as it is",
            "write it under `auth.refresh.response`, or name the path of the token",
        ));
    }
    let access_token = match kept {
        Some(_) => Some(TokenAt::Kept),
        None => inner
            .has("access_token")
            .then(|| TokenAt::Paths(paths(&mut inner, "access_token", known, moment))),
    };
    let response = Response {
        access_token,
        refresh_token: paths(&mut inner, "refresh_token", known, moment),
        id_token: paths(&mut inner, "id_token", known, moment),
        expires_in: paths(&mut inner, "expires_in", known, moment),
        expires_at: paths(&mut inner, "expires_at", known, moment),
        scope: paths(&mut inner, "scope", known, moment),
        expires_in_unit: inner.word(
            "expires_in_unit",
            &[("s", Unit::Seconds), ("ms", Unit::Milliseconds)],
        ),
        ttl: inner.duration("ttl"),
        raw: inner.boolean("raw"),
        require: require(&mut inner, known, moment),
    };
    inner.finish();
    response
}

/// One path or several, tried in order.
fn paths(
    table: &mut TableReader<'_>,
    key: &'static str,
    known: &Known<'_>,
    moment: Moment,
) -> Vec<AnswerPath> {
    let problems = table.problems();
    let Some(node) = table.get(key) else {
        return Vec::new();
    };
    match &node.value {
        Tree::String(_) => answer_path(node, key, (known, moment), problems)
            .into_iter()
            .collect(),
        Tree::Array(items) if !items.is_empty() => items
            .iter()
            .filter_map(|item| answer_path(item, key, (known, moment), problems))
            .collect(),
        _ => {
            problems.add(node.problem(
                format!("`{key}` is {}, not a path", node.type_name()),
                "write keys joined by dots, such as `\"data.access_token\"`, or a list of such paths",
            ));
            Vec::new()
        }
    }
}

/// Reads a path into an answer.
pub(super) fn answer_path(
    node: &Node,
    what: &str,
    (known, moment): (&Known<'_>, Moment),
    problems: &Problems,
) -> Option<AnswerPath> {
    let parsed = match &node.value {
        Tree::String(text) => AnswerPath::parse(text, &known.names),
        _ => Err(format!("it is {}", node.type_name())),
    };
    match parsed {
        Ok(path) => {
            for template in path.templates() {
                known.check(template, node, (what, moment), problems);
            }
            Some(path)
        }
        Err(why) => {
            problems.add(node.problem(
                format!("`{what}` is not a path into the answer: {why}"),
                "write keys joined by dots: `data.login`, `[0].id`, `sites[main=true].url`",
            ));
            None
        }
    }
}

/// Reads a table of paths and what must stand there.
pub(super) fn require(
    table: &mut TableReader<'_>,
    known: &Known<'_>,
    moment: Moment,
) -> Vec<(AnswerPath, Json)> {
    let problems = table.problems();
    let mut require = Vec::new();
    for entry in table.table("require").unwrap_or_default() {
        let path = match AnswerPath::parse(&entry.key, &known.names) {
            Ok(path) => path,
            Err(why) => {
                problems.add(entry.problem(
                    format!("`{}` is not a path into the answer: {why}", entry.key),
                    "write keys joined by dots: `require = { \"result.ok\" = true }`",
                ));
                continue;
            }
        };
        for template in path.templates() {
            known.check(template, &entry.node, ("require", moment), problems);
        }
        let wanted = match &entry.node.value {
            Tree::String(text) => Some(Json::from(text.as_str())),
            Tree::Bool(value) => Some(Json::from(*value)),
            Tree::Integer(number) => Some(Json::from(*number)),
            Tree::Float(number) if number.is_finite() => Some(Json::from(*number)),
            _ => None,
        };
        match wanted {
            Some(wanted) => require.push((path, wanted)),
            None => problems.add(entry.node.problem(
                format!("`{}` is {}", entry.key, entry.node.type_name()),
                "write what must stand there: a string, a number, `true` or `false`",
            )),
        }
    }
    require
}

/// A status that an API answers with.
pub(super) fn status(node: &Node, problems: &Problems) -> Option<u16> {
    let status = match node.value {
        Tree::Integer(number) => u16::try_from(number).ok(),
        _ => None,
    };
    let status = status.filter(|status| (100..600).contains(status));
    if status.is_none() {
        problems.add(node.problem(
            "this is not an HTTP status",
            "write numbers from 100 to 599, such as `[401, 403]`",
        ));
    }
    status
}
