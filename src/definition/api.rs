//! The `api` half of a definition: how a credential is used, and to which
//! hosts it may go. What is read needs no further checking but for its values.

use super::answer_path::AnswerPath;
use super::names::{Known, Moment};
use super::report::Problems;
use super::strings;
use super::table::TableReader;
use super::template::Template;
use super::tree::{Node, Tree};
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
    /// The header of `headers` that carries the credential, if one does.
    pub credential_header: Option<String>,
    /// Whether the definition itself says where the credential travels; if
    /// not, it is `Authorization: Bearer {token}`.
    pub places_credential: bool,
}

/// Reads `api`.
pub(super) fn read(node: &Node, path: &str, known: &Known<'_>, problems: &Problems) -> Option<Api> {
    let mut table = TableReader::new(node, path, problems)?;
    let base_url = strings::whole_url(&mut table, "base_url", known, Moment::Api);
    let headers = templates(&mut table, "headers", known);
    check_header_names(&mut table);
    let query = templates(&mut table, "query", known);
    let allowed_hosts = allowed_hosts(&mut table);
    let test = test(&mut table, known);
    let account = account(&mut table);
    table.finish();
    let credential_header = headers
        .iter()
        .find(|(_, template)| known.holds_credential(template))
        .map(|(name, _)| name.clone());
    let used = headers.iter().chain(&query).map(|(_, template)| template);
    let places_credential = used
        .chain(base_url.iter().map(UrlTemplate::template))
        .any(|template| known.holds_credential(template));
    Some(Api {
        base_url,
        headers,
        query,
        allowed_hosts,
        test,
        account,
        credential_header,
        places_credential,
    })
}

/// Reads a table of strings with placeholders; numbers and booleans count as
/// the text they are written as.
fn templates(
    table: &mut TableReader<'_>,
    key: &'static str,
    known: &Known<'_>,
) -> Vec<(String, Template)> {
    let problems = table.problems();
    let mut read = Vec::new();
    for entry in table.table(key).unwrap_or_default() {
        let place = (entry.key.as_str(), Moment::Api);
        let value = strings::value(&entry.node, known, place, "write a string", problems);
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
    let (test, node) = strings::url(table, "test", known, Moment::Api)?;
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
