//! The `api` half of a definition: how a credential is used, and to which
//! hosts it may go. What is read needs no further checking but for its values.

use std::time::Duration;

use super::answer_path::AnswerPath;
use super::auth::Endpoint;
use super::json_template::JsonTemplate;
use super::names::{Known, Moment};
use super::read_response;
use super::report::Problems;
use super::request::{self, Paginate, TestRequest};
use super::strings;
use super::table::TableReader;
use super::template::Template;
use super::tree::{Node, Tree};
use super::url_template::UrlTemplate;

/// How to use a credential.
#[derive(Clone, Debug, Default)]
pub struct Api {
    /// What request paths are put on; without it there is nothing to request.
    pub base_url: Option<Endpoint>,
    /// Sent with every request.
    pub headers: Vec<(String, Template)>,
    /// Sent with every request.
    pub query: Vec<(String, Template)>,
    /// Merged into every JSON body.
    pub json: Option<JsonTemplate>,
    /// Other hosts (with their port, where it is not https's own) that the
    /// credential may go to.
    pub allowed_hosts: Vec<String>,
    /// A request that tells whether a credential works.
    pub test: Option<TestRequest>,
    /// Where the test's answer says whose credential it is.
    pub account: Option<AnswerPath>,
    /// How long a request may take, from start to end.
    pub timeout: Option<Duration>,
    /// Headers besides `Retry-After` that say when to come again, in seconds
    /// or as a unix time.
    pub retry_after: Vec<String>,
    /// How answers come in pages.
    pub paginate: Option<Paginate>,
    /// The header of `headers` that carries the credential, if one does.
    pub credential_header: Option<String>,
    /// Whether the definition itself says where the credential travels; if
    /// not, it is `Authorization: Bearer {token}`, or `Basic` for user and
    /// password.
    pub places_credential: bool,
    /// Whether it travels in `json` and nowhere else.
    pub only_in_json: bool,
}

/// Reads `api`.
pub(super) fn read(node: &Node, path: &str, known: &Known<'_>, problems: &Problems) -> Option<Api> {
    let mut table = TableReader::new(node, path, problems)?;
    let base_url = strings::endpoint(&mut table, "base_url", known, Moment::Api);
    let headers = strings::headers(&mut table, known, Moment::Api);
    let query = strings::pairs(&mut table, "query", known, Moment::Api);
    let json = json(&mut table, known);
    let allowed_hosts = allowed_hosts(&mut table);
    let test = request::test(&mut table, known);
    let account = table.get("account").and_then(|node| {
        read_response::answer_path(node, "account", (known, Moment::Api), problems)
    });
    let timeout = table.duration("timeout");
    let retry_after = retry_after(&mut table);
    let paginate = request::paginate(&mut table, known);
    if base_url.is_none() && test.is_some() && !table.has("base_url") {
        table.missing(
            "base_url",
            "the test has nowhere to go",
            "add `base_url = \"https://…\"`",
        );
    }
    if let (Some(test), Some(base)) = (&test, &base_url) {
        let place = table.get("test");
        check_fence(&test.request.path, base, &allowed_hosts, place, problems);
    }
    table.finish();
    let credential_header = headers
        .iter()
        .find(|(_, template)| known.holds_credential(template))
        .map(|(name, _)| name.clone());
    let holds = |template: &Template| known.holds_credential(template);
    let mut used = headers.iter().chain(&query).map(|(_, template)| template);
    let elsewhere = used.any(holds) || base_url.iter().any(|base| holds(base.0.template()));
    let mut in_json = json.iter().flat_map(JsonTemplate::templates);
    let in_json = in_json.any(holds);
    Some(Api {
        base_url,
        headers,
        query,
        json,
        allowed_hosts,
        test,
        account,
        timeout,
        retry_after,
        paginate,
        credential_header,
        places_credential: elsewhere || in_json,
        only_in_json: in_json && !elsewhere,
    })
}

fn json(table: &mut TableReader<'_>, known: &Known<'_>) -> Option<JsonTemplate> {
    let problems = table.problems();
    let node = table.get("json")?;
    if !matches!(node.value, Tree::Table(_)) {
        problems.add(node.problem(
            format!("`json` is {}, not a table", node.type_name()),
            "write what is merged into every JSON body: `json = { key = \"{api_key}\" }`",
        ));
        return None;
    }
    JsonTemplate::read(node, known, ("json", Moment::Api), problems)
}

fn retry_after(table: &mut TableReader<'_>) -> Vec<String> {
    let problems = table.problems();
    let mut names = Vec::new();
    for (text, node) in table.strings("retry_after").unwrap_or_default() {
        if http::HeaderName::try_from(text).is_ok() {
            names.push(text.to_ascii_lowercase());
        } else {
            problems.add(node.problem(
                format!("`{text}` cannot be a header's name"),
                "header names are letters, digits and `-`",
            ));
        }
    }
    names
}

fn allowed_hosts(table: &mut TableReader<'_>) -> Vec<String> {
    let problems = table.problems();
    let mut hosts = Vec::new();
    for (text, node) in table.strings("allowed_hosts").unwrap_or_default() {
        if is_host(text) {
            hosts.push(text.to_ascii_lowercase());
        } else {
            let help = "write host names, with a port where it is not 443: `uploads.example.com`";
            let mut problem = node.problem(format!("`{text}` is not a host"), help);
            if text.contains('*') {
                problem.why = Some("hosts are exact: each one is named by itself".to_owned());
            }
            problems.add(problem);
        }
    }
    hosts
}

/// Whether a text is a host, with or without a port, and nothing else.
pub(super) fn is_host(text: &str) -> bool {
    // What the parser would drop, decode or read as the end of the host.
    let odd = |c: char| "/\\?#@%".contains(c) || c.is_whitespace() || c.is_control();
    let parsed = url::Url::parse(&format!("https://{text}"));
    // It takes more for a host than any host has.
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let named = |url: &url::Url| match url.host() {
        Some(url::Host::Domain(name)) => name.chars().all(fits),
        Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => true,
        None => false,
    };
    !text.contains(odd) && parsed.is_ok_and(|url| named(&url))
}

/// A URL written out whole must be one that the credential may go to.
fn check_fence(
    url: &UrlTemplate,
    base: &Endpoint,
    allowed_hosts: &[String],
    place: Option<&Node>,
    problems: &Problems,
) {
    let (Some(origin), Some(home), Some(node)) = (url.origin(), base.0.origin(), place) else {
        return;
    };
    let is_allowed = |host: &String| {
        let allowed = url::Url::parse(&format!("https://{host}"));
        allowed.is_ok_and(|allowed| allowed.origin() == origin)
    };
    if origin != home && !allowed_hosts.iter().any(is_allowed) {
        problems.add(node.problem(
            format!(
                "`test` is at {}, where the credential may not go",
                origin.ascii_serialization()
            ),
            "write a path on `base_url`, or add the host to `allowed_hosts`",
        ));
    }
}
