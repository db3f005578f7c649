//! Reading the strings of a definition that may hold placeholders: parsed,
//! held to the names of their place (`names`), and URLs to the rules that can
//! be held without values. Every mistake is a problem with its place in the
//! string; what is returned needs no further checking.

use super::auth::Endpoint;
use super::names::{Known, Moment};
use super::report::Problems;
use super::table::TableReader;
use super::template::{Names, Template};
use super::tree::{Entry, Node, Tree};
use super::url_template::UrlTemplate;
use crate::http::is_loopback;

/// Parses a string with placeholders, or reports why it is none.
pub(super) fn parse(
    text: &str,
    node: &Node,
    names: &Names,
    problems: &Problems,
) -> Option<Template> {
    match Template::parse(text, names) {
        Ok(template) => Some(template),
        Err(problem) => {
            let mut report = node.problem(problem.message, problem.help);
            report.span = node.text_span(&problem.range);
            problems.add(report);
            None
        }
    }
}

/// Reads a string, or a number or boolean as the text it is written as, at
/// the key `what`. `instead` says what to write where it is neither.
pub(super) fn value(
    node: &Node,
    known: &Known<'_>,
    (what, moment): (&str, Moment),
    instead: &str,
    problems: &Problems,
) -> Option<Template> {
    if let Tree::String(text) = &node.value {
        let template = parse(text, node, &known.names, problems)?;
        known.check(&template, node, (what, moment), problems);
        return Some(template);
    }
    if let Some(text) = node.scalar_text() {
        return Some(Template::literal(&text));
    }
    problems.add(node.problem(format!("`{what}` is {}", node.type_name()), instead));
    None
}

/// Reads an array of strings with placeholders.
pub(super) fn list(
    table: &mut TableReader<'_>,
    key: &'static str,
    known: &Known<'_>,
    moment: Moment,
) -> Vec<Template> {
    let problems = table.problems();
    let strings = table.strings(key).unwrap_or_default();
    let read = |(text, node): (&str, &Node)| {
        let template = parse(text, node, &known.names, problems)?;
        known.check(&template, node, (key, moment), problems);
        Some(template)
    };
    strings.into_iter().filter_map(read).collect()
}

/// Reads a URL with placeholders and holds it to the rules that can be held
/// without values: https or loopback, and no value that could choose the host.
pub(super) fn url<'a>(
    table: &mut TableReader<'a>,
    key: &'static str,
    known: &Known<'_>,
    moment: Moment,
) -> Option<(UrlTemplate, &'a Node)> {
    let (text, node) = table.string(key)?;
    let problems = table.problems();
    let url = UrlTemplate::new(parse(text, node, &known.names, problems)?);
    if let Some((message, help)) = url_fault(&url, &table.name_of(key)) {
        problems.add(node.problem(message, help));
        return None;
    }
    if known.check(url.template(), node, (key, moment), problems) {
        known.check_host(&url, node, problems);
    }
    Some((url, node))
}

fn url_fault(url: &UrlTemplate, name: &str) -> Option<(String, String)> {
    if url.is_path() || url.starts_with_value() {
        return None;
    }
    let lead = url.leading_text();
    let parsed = url::Url::parse(lead);
    if lead.starts_with("http://") && !parsed.as_ref().is_ok_and(is_loopback) {
        return Some((
            format!("`{name}` is not encrypted: http is only used to this machine"),
            "write `https://`".to_owned(),
        ));
    }
    if !lead.starts_with("https://") && !lead.starts_with("http://") {
        // Most often only the scheme is missing.
        let whole = format!("https://{lead}");
        let is_host = lead.contains(['.', ':']) && url::Url::parse(&whole).is_ok();
        return Some((
            format!("`{name}` is neither a URL nor a path"),
            if is_host {
                format!("write `{whole}`")
            } else {
                "write `https://host/path`, or a path beginning with `/`".to_owned()
            },
        ));
    }
    let fault = |what: &str| {
        let help = "write `https://host/path`".to_owned();
        Some((format!("`{name}` {what}"), help))
    };
    if url.has_user() {
        return fault("has a user name in it");
    }
    let whole = url.names().next().is_none();
    if whole && parsed.is_err() {
        return fault("is not a URL");
    }
    None
}

/// The same for a URL that paths are put on, or that stands for itself.
pub(super) fn whole_url(
    table: &mut TableReader<'_>,
    key: &'static str,
    known: &Known<'_>,
    moment: Moment,
) -> Option<UrlTemplate> {
    let (url, node) = url(table, key, known, moment)?;
    if url.is_path() {
        let help = "write the whole URL: `https://…`";
        let problem = node.problem(format!("`{key}` is a path"), help);
        table.problems().add(problem);
    }
    Some(url)
}

/// Reads an endpoint: a whole URL, or a path on the definition's site.
pub(super) fn endpoint(
    table: &mut TableReader<'_>,
    key: &'static str,
    known: &Known<'_>,
    moment: Moment,
) -> Option<Endpoint> {
    let (url, node) = url(table, key, known, moment)?;
    if url.is_path() && !known.facts.has_site {
        table.problems().add(node.problem(
            format!(
                "`{}` is a path, but there is no `site` to put it on",
                table.name_of(key)
            ),
            "add `site = \"https://…\"` to `auth`, or write the whole URL",
        ));
        return None;
    }
    Some(Endpoint(url))
}

/// Reads `headers`: names that can be sent, values with placeholders.
pub(super) fn headers(
    table: &mut TableReader<'_>,
    known: &Known<'_>,
    moment: Moment,
) -> Vec<(String, Template)> {
    let problems = table.problems();
    let entries = table.table("headers").unwrap_or_default();
    for (at, entry) in entries.iter().enumerate() {
        let same = |before: &&Entry| before.key.eq_ignore_ascii_case(&entry.key);
        let fault = if http::HeaderName::try_from(entry.key.as_str()).is_err() {
            Some((
                format!("`{}` cannot be a header's name", entry.key),
                "header names are letters, digits and `-`",
            ))
        } else {
            entries[..at].iter().find(same).map(|before| {
                let message = format!("`{}` is the same header as `{}`", entry.key, before.key);
                (
                    message,
                    "keep one of them: upper and lower case are all one to HTTP",
                )
            })
        };
        if let Some((message, help)) = fault {
            let problem = entry.problem(message, help);
            problems.add(problem);
        }
    }
    pairs(table, "headers", known, moment)
}

/// Reads a table of strings with placeholders; numbers and booleans count as
/// the text they are written as.
pub(super) fn pairs(
    table: &mut TableReader<'_>,
    key: &'static str,
    known: &Known<'_>,
    moment: Moment,
) -> Vec<(String, Template)> {
    let problems = table.problems();
    let mut read = Vec::new();
    for entry in table.table(key).unwrap_or_default() {
        let place = (entry.key.as_str(), moment);
        let value = value(&entry.node, known, place, "write a string", problems);
        read.extend(value.map(|value| (entry.key.clone(), value)));
    }
    read
}
