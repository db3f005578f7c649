//! A request of the API that the definition itself describes: its test, and
//! each of its actions.

use http::Method;
use serde_json::Value as Json;

use super::answer_path::AnswerPath;
use super::json_template::JsonTemplate;
use super::names::{Known, Moment};
use super::parameter::{self, Parameter};
use super::read_response;
use super::report::Problems;
use super::strings;
use super::table::TableReader;
use super::template::Template;
use super::tree::{Node, Tree};
use super::url_template::UrlTemplate;

/// One request.
#[derive(Clone, Debug)]
pub struct RequestTemplate {
    /// The verb; POST with a body, else GET, unless set.
    pub method: Method,
    /// A path on the base URL, or an absolute URL that is allowed.
    pub path: UrlTemplate,
    /// After the API's own.
    pub query: Vec<(String, Template)>,
    /// In the place of the API's own of the same name.
    pub headers: Vec<(String, Template)>,
    /// What it carries.
    pub body: BodyTemplate,
}

/// What a request carries.
#[derive(Clone, Debug)]
pub enum BodyTemplate {
    /// Nothing.
    None,
    /// `application/json`.
    Json(JsonTemplate),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, Template)>),
    /// Text as it is.
    Text(Template),
}

/// The request that tells whether a credential works.
#[derive(Clone, Debug)]
pub struct TestRequest {
    /// The request.
    pub request: RequestTemplate,
    /// The statuses that count as success; below 400 unless set.
    pub status: Vec<u16>,
    /// What must hold in the answer.
    pub require: Vec<(AnswerPath, Json)>,
}

/// A named request of a definition, or several after each other.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its name, as in `--action`.
    pub name: String,
    /// One sentence on it.
    pub description: Option<String>,
    /// What is given with it.
    pub parameters: Vec<Parameter>,
    /// The requests; the last one's answer is the action's.
    pub steps: Vec<ActionStep>,
}

/// One request of an action.
#[derive(Clone, Debug)]
pub struct ActionStep {
    /// The request.
    pub request: RequestTemplate,
    /// What of its answer later steps may use.
    pub save: Vec<(String, AnswerPath)>,
}

/// How the answers of an API come in pages (DESIGN: `api.paginate`).
#[derive(Clone, Debug)]
pub struct Paginate {
    /// Where the items stand; the whole answer unless set.
    pub items: Option<AnswerPath>,
    /// How the next page is asked for.
    pub next: NextPage,
}

/// How the next page is asked for.
#[derive(Clone, Debug)]
pub enum NextPage {
    /// By a `Link` header (RFC 8288).
    Link,
    /// The answer holds its URL.
    Url(AnswerPath),
    /// The answer holds a cursor that goes into this query parameter.
    Cursor(AnswerPath, String),
    /// This query parameter counts pages, from 1.
    Page(String),
    /// This query parameter counts items, that many at a time.
    Offset(String, u32),
}

/// Reads `api.test`: a path, or a table.
pub(super) fn test(table: &mut TableReader<'_>, known: &Known<'_>) -> Option<TestRequest> {
    let path = table.name_of("test");
    let problems = table.problems();
    let node = table.get("test")?;
    if let Tree::String(_) = &node.value {
        let (url, _) = strings::url(table, "test", known, Moment::Api)?;
        return Some(TestRequest {
            request: RequestTemplate::get(url),
            status: Vec::new(),
            require: Vec::new(),
        });
    }
    let mut inner = TableReader::new(node, path, problems)?;
    let request = request(&mut inner, known);
    let (mut status, mut require) = (Vec::new(), Vec::new());
    let name = inner.name_of("expect");
    let expect = inner.get("expect");
    if let Some(mut expect) = expect.and_then(|node| TableReader::new(node, name, problems)) {
        let statuses = expect.array("status").unwrap_or_default();
        status.extend(
            statuses
                .iter()
                .filter_map(|node| read_response::status(node, problems)),
        );
        require = read_response::require(&mut expect, known, Moment::Api);
        expect.finish();
    }
    inner.finish();
    Some(TestRequest {
        request: request?,
        status,
        require,
    })
}

impl RequestTemplate {
    fn get(path: UrlTemplate) -> Self {
        Self {
            method: Method::GET,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: BodyTemplate::None,
        }
    }
}

/// Reads the keys of one request.
fn request(table: &mut TableReader<'_>, known: &Known<'_>) -> Option<RequestTemplate> {
    let problems = table.problems();
    let method = table.string("method");
    let path = strings::url(table, "path", known, Moment::Api);
    if !table.has("path") {
        table.missing("path", "the request goes there", "add `path = \"/…\"`");
    }
    let query = strings::pairs(table, "query", known, Moment::Api);
    let headers = strings::headers(table, known, Moment::Api);
    let body = body(table, known);
    let usual = match body {
        BodyTemplate::None => Method::GET,
        _ => Method::POST,
    };
    let method = match method {
        Some((text, node)) => {
            let parsed = text.parse::<Method>().ok();
            let parsed = parsed.filter(|_| text.bytes().all(|byte| byte.is_ascii_uppercase()));
            if parsed.is_none() {
                problems.add(node.problem(
                    format!("`{text}` is not a verb"),
                    "write one in capitals: `method = \"POST\"`",
                ));
            }
            parsed?
        }
        None => usual,
    };
    Some(RequestTemplate {
        method,
        path: path?.0,
        query,
        headers,
        body,
    })
}

fn body(table: &mut TableReader<'_>, known: &Known<'_>) -> BodyTemplate {
    let problems = table.problems();
    let json = table.get("json").and_then(|node| {
        JsonTemplate::read(node, known, ("json", Moment::Api), problems).map(BodyTemplate::Json)
    });
    let form = table
        .get("form")
        .map(|_| BodyTemplate::Form(strings::pairs(table, "form", known, Moment::Api)));
    let text = table.get("body").and_then(|node| {
        let place = ("body", Moment::Api);
        strings::value(node, known, place, "write a string", problems).map(BodyTemplate::Text)
    });
    let mut bodies: Vec<BodyTemplate> = [json, form, text].into_iter().flatten().collect();
    if bodies.len() > 1 {
        problems.add(table.node().problem(
            "a request has one body, and this has several",
            "keep one of `json`, `form` and `body`",
        ));
    }
    bodies.pop().unwrap_or(BodyTemplate::None)
}

/// Reads `actions`.
pub(super) fn actions(table: &mut TableReader<'_>, known: &mut Known<'_>) -> Vec<Action> {
    let path = table.name_of("actions");
    let problems = table.problems();
    let mut actions = Vec::new();
    for entry in table.table("actions").unwrap_or_default() {
        let name = format!("{path}.{}", entry.key);
        if !super::is_key(&entry.key) {
            let problem = entry.problem(
                format!("`{}` cannot be an action's name", entry.key),
                "use lower-case letters, digits, `-` and `_`, beginning with a letter or digit",
            );
            problems.add(problem);
            continue;
        }
        let before = known.names.clone();
        actions.extend(action(&entry.key, &entry.node, &name, known, problems));
        known.names = before;
        known.arguments.clear();
    }
    actions
}

fn action(
    key: &str,
    node: &Node,
    path: &str,
    known: &mut Known<'_>,
    problems: &Problems,
) -> Option<Action> {
    let mut table = TableReader::new(node, path, problems)?;
    let description = table.text("description");
    let parameters = parameter::read_all(&mut table, &mut known.names);
    let format = |parameter: &Parameter| (parameter.name.clone(), parameter.format);
    known.arguments = parameters.iter().map(format).collect();
    let mut steps = Vec::new();
    if table.get("steps").is_some() {
        for node in table.array("steps").unwrap_or_default() {
            let Some(mut inner) = TableReader::new(node, format!("{path}.steps"), problems) else {
                continue;
            };
            let request = request(&mut inner, known);
            let save = saved(&mut inner, known);
            inner.finish();
            // What a step saves is there for those after it.
            for (name, _) in &save {
                known.names.add(name);
            }
            steps.extend(request.map(|request| ActionStep { request, save }));
        }
        if steps.is_empty() {
            table.missing(
                "steps",
                "the action does nothing",
                "add `[[…steps]]` with a `path`",
            );
        }
    } else {
        let request = request(&mut table, known);
        steps.extend(request.map(|request| ActionStep {
            request,
            save: Vec::new(),
        }));
    }
    table.finish();
    Some(Action {
        name: key.to_owned(),
        description,
        parameters,
        steps,
    })
}

fn saved(table: &mut TableReader<'_>, known: &Known<'_>) -> Vec<(String, AnswerPath)> {
    let problems = table.problems();
    let mut saved = Vec::new();
    for entry in table.table("save").unwrap_or_default() {
        if !super::is_name(&entry.key) || known.names.has(&entry.key) {
            let problem = entry.problem(
                format!("`{}` cannot be the name of a saved value", entry.key),
                "use lower-case letters, digits and `_`, and a name that is not taken",
            );
            problems.add(problem);
            continue;
        }
        let place = (known, Moment::Api);
        let path = read_response::answer_path(&entry.node, &entry.key, place, problems);
        saved.extend(path.map(|path| (entry.key.clone(), path)));
    }
    saved
}

/// Reads `api.paginate`.
pub(super) fn paginate(table: &mut TableReader<'_>, known: &Known<'_>) -> Option<Paginate> {
    let path = table.name_of("paginate");
    let problems = table.problems();
    let node = table.get("paginate")?;
    let mut inner = TableReader::new(node, path, problems)?;
    let place = (known, Moment::Api);
    let at = |inner: &mut TableReader<'_>, key: &'static str| {
        let node = inner.get(key)?;
        read_response::answer_path(node, key, place, problems)
    };
    let items = at(&mut inner, "items");
    let next_url = at(&mut inner, "next_url");
    let cursor = at(&mut inner, "cursor");
    let query = inner.text("query");
    let page = inner.text("page");
    let offset = inner.text("offset");
    let limit = inner.get("limit");
    inner.finish();
    let limit = limit.and_then(|node| match node.value {
        Tree::Integer(number) if number > 0 => u32::try_from(number).ok(),
        _ => {
            problems.add(node.problem("`limit` is not a number of items", "write `limit = 100`"));
            None
        }
    });
    if cursor.is_some() != query.is_some() || offset.is_some() != limit.is_some() {
        problems.add(node.problem(
            "`cursor` needs a `query`, and `offset` a `limit`",
            "write `cursor = \"meta.next\", query = \"cursor\"`, or `offset = \"offset\", limit = 100`",
        ));
    }
    let mut ways: Vec<NextPage> = Vec::new();
    ways.extend(next_url.map(NextPage::Url));
    ways.extend(
        cursor
            .zip(query)
            .map(|(at, query)| NextPage::Cursor(at, query)),
    );
    ways.extend(page.map(NextPage::Page));
    ways.extend(
        offset
            .zip(limit)
            .map(|(query, limit)| NextPage::Offset(query, limit)),
    );
    if ways.len() > 1 {
        problems.add(node.problem(
            "the next page is asked for in one way, and this names several",
            "keep one of `next_url`, `cursor`, `page` and `offset`",
        ));
    }
    Some(Paginate {
        items,
        next: ways.pop().unwrap_or(NextPage::Link),
    })
}
