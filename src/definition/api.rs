//! The `api` half of a definition: how a credential is used, and to which
//! hosts it may go.

use super::answer_path::AnswerPath;
use super::auth::{Known, template, url};
use super::report::Problems;
use super::template::{Names, Template};
use super::tree::{Node, TableReader, Tree};
use super::url_template::UrlTemplate;

/// How to use a credential.
#[derive(Clone, Debug, Default)]
pub struct Api {
    /// What request paths are put on; without it there is nothing to request.
    pub base_url: Option<UrlTemplate>,
    /// Sent with every request.
    pub headers: Vec<(String, Template)>,
    /// Sent with every request.
    pub query: Vec<(String, Template)>,
    /// Other hosts (with their port, where it is not https's own) that the
    /// credential may go to.
    pub allowed_hosts: Vec<String>,
    /// A path that tells whether a credential works.
    pub test: Option<UrlTemplate>,
    /// Where the test's answer says whose credential it is.
    pub account: Option<AnswerPath>,
    /// Whether the definition itself says where the credential travels; if
    /// not, it is `Authorization: Bearer {token}`.
    pub places_credential: bool,
}

/// The names that stand for the credential.
const CREDENTIAL: [&str; 4] = ["token", "api_key", "username", "password"];

/// Reads `api`.
pub(super) fn read(
    node: &Node,
    path: &str,
    known: &Known<'_>,
    values: &[(String, Template)],
    problems: &Problems,
) -> Option<Api> {
    let mut table = TableReader::new(node, path, problems)?;
    let base_url = url(&mut table, "base_url", known);
    if let Some((url, node)) = &base_url
        && url.is_path()
    {
        problems.add(node.problem("`base_url` is a path", "write the whole URL: `https://…`"));
    }
    let headers = templates(&mut table, "headers", known.names);
    check_header_names(&mut table);
    let query = templates(&mut table, "query", known.names);
    let allowed_hosts = allowed_hosts(&mut table);
    let test = test(&mut table, known);
    let account = account(&mut table);
    table.finish();
    let base_url = base_url.map(|(url, _)| url);
    let mut used: Vec<&str> = headers
        .iter()
        .chain(&query)
        .flat_map(|(_, t)| t.names())
        .collect();
    used.extend(base_url.iter().flat_map(UrlTemplate::names));
    let places_credential = used.iter().any(|name| means_credential(name, values, 0));
    Some(Api {
        base_url,
        headers,
        query,
        allowed_hosts,
        test,
        account,
        places_credential,
    })
}

/// Whether a name is the credential, or a value made from it.
fn means_credential(name: &str, values: &[(String, Template)], depth: usize) -> bool {
    CREDENTIAL.contains(&name)
        || (depth < values.len()
            && values.iter().any(|(known, template)| {
                known == name
                    && template
                        .names()
                        .any(|n| means_credential(n, values, depth + 1))
            }))
}

/// Reads a table of strings with placeholders; numbers and booleans count as
/// the text they are written as.
fn templates(
    table: &mut TableReader<'_>,
    key: &'static str,
    names: &Names,
) -> Vec<(String, Template)> {
    let problems = table.problems();
    let mut read = Vec::new();
    for entry in table.table(key).unwrap_or_default() {
        let node = &entry.node;
        let value = match &node.value {
            Tree::String(text) => template(text, node, names, problems),
            Tree::Integer(_) | Tree::Float(_) | Tree::Bool(_) => {
                Some(Template::literal(&node.to_json().to_string()))
            }
            _ => {
                problems.add(node.problem(
                    format!("`{}` is {}", entry.key, node.type_name()),
                    "write a string",
                ));
                None
            }
        };
        read.extend(value.map(|value| (entry.key.clone(), value)));
    }
    read
}

fn check_header_names(table: &mut TableReader<'_>) {
    let problems = table.problems();
    let Some(node) = table.get("headers") else {
        return;
    };
    let Tree::Table(entries) = &node.value else {
        return;
    };
    for entry in entries {
        if http::HeaderName::try_from(entry.key.as_str()).is_err() {
            let mut problem = node.problem(
                format!("`{}` cannot be a header's name", entry.key),
                "header names are letters, digits and `-`",
            );
            problem.span = entry.key_span.clone();
            problems.add(problem);
        }
    }
}

fn allowed_hosts(table: &mut TableReader<'_>) -> Vec<String> {
    let problems = table.problems();
    let mut hosts = Vec::new();
    for (text, node) in table.strings("allowed_hosts").unwrap_or_default() {
        let parsed = url::Url::parse(&format!("https://{text}"));
        let is_host = parsed.is_ok_and(|url| {
            url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
                && !text.contains('/')
        });
        if is_host {
            hosts.push(text.to_ascii_lowercase());
        } else {
            problems.add(node.problem(
                format!("`{text}` is not a host"),
                "write host names, with a port where it is not 443: `uploads.example.com`",
            ));
        }
    }
    hosts
}

fn test(table: &mut TableReader<'_>, known: &Known<'_>) -> Option<UrlTemplate> {
    let (test, node) = url(table, "test", known)?;
    if !test.is_path() {
        table.problems().add(node.problem(
            "`test` is not a path",
            "write a path on `base_url` that needs the credential: `/me`",
        ));
    }
    Some(test)
}

fn account(table: &mut TableReader<'_>) -> Option<AnswerPath> {
    let (text, node) = table.string("account")?;
    match AnswerPath::parse(text) {
        Ok(path) => Some(path),
        Err(why) => {
            table.problems().add(node.problem(
                format!("`account` is not a path into the answer: {why}"),
                "write keys joined by dots: `data.login`",
            ));
            None
        }
    }
}
