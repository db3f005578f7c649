//! Reads the tables that bend a call: `auth.token`, `auth.refresh`,
//! `auth.device`, `auth.revoke`, each of `auth.steps`, `auth.lookup`. One table, one reader;
//! what only some of them have is asked for by those. `read_response` reads
//! how its answer is read.

use http::Method;
use regex::Regex;

use super::call::{Call, Encoding, Param, Refresh, RenewFrom, Save, Step};
use super::json_template::JsonTemplate;
use super::names::{Known, Moment};
use super::parameter::read_pattern;
use super::read_response::{answer_path, response, status};
use super::strings;
use super::table::TableReader;
use super::template::Template;
use super::tree::Tree;

/// What a call table is, which decides what `false` means in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// A standard call of OAuth: `false` drops a standard parameter.
    Standard,
    /// A call of the service's own: `false` is JSON's.
    Own,
}

/// The verbs a call may have.
const VERBS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Reads the call table at a key; an absent one bends nothing.
pub(super) fn at_key(
    table: &mut TableReader<'_>,
    key: &'static str,
    known: &Known<'_>,
    (moment, manner): (Moment, Manner),
) -> Call {
    let path = table.name_of(key);
    let problems = table.problems();
    let Some(mut inner) = table
        .get(key)
        .and_then(|node| TableReader::new(node, path, problems))
    else {
        return Call::default();
    };
    let mut call = fields(&mut inner, known, (moment, manner), None);
    if !matches!(moment, Moment::Token | Moment::Device) {
        call.url = strings::endpoint(&mut inner, "url", known, Moment::Endpoint);
    } else if inner.has("url")
        && let Some(node) = inner.get("url")
    {
        let named = match moment {
            Moment::Device => "device_authorization_url",
            _ => "token_url",
        };
        problems.add(node.problem(
            "the URL of this call does not stand here",
            format!("write it as `{named}`, one table above"),
        ));
    }
    inner.finish();
    call
}

/// Reads `auth.refresh`, and lays it over the token call.
pub(super) fn refresh(
    table: &mut TableReader<'_>,
    token: &Call,
    known: &Known<'_>,
    manner: Manner,
) -> Refresh {
    let path = table.name_of("refresh");
    let problems = table.problems();
    let mut refresh = Refresh::default();
    let node = table.get("refresh");
    let mut own = Call::default();
    if let Some(mut inner) = node.and_then(|node| TableReader::new(node, path, problems)) {
        own = fields(&mut inner, known, (Moment::Refresh, manner), token.encoding);
        own.url = strings::endpoint(&mut inner, "url", known, Moment::Endpoint);
        refresh.before = inner.duration("before");
        if let Some(statuses) = inner.array("on_status") {
            let read = |node| status(node, problems);
            refresh.on_status = statuses.iter().filter_map(read).collect();
        }
        refresh.from = inner.word(
            "from",
            &[
                ("refresh_token", RenewFrom::RefreshToken),
                ("access_token", RenewFrom::AccessToken),
                ("none", RenewFrom::Nothing),
            ],
        );
        let dead = inner.strings("dead").unwrap_or_default();
        refresh.dead = dead.iter().map(|(word, _)| (*word).to_owned()).collect();
        inner.finish();
    }
    refresh.call = own.over(token, &|template| known.is_of_exchange(template));
    refresh
}

/// Reads `auth.steps`.
pub(super) fn steps(table: &mut TableReader<'_>, known: &Known<'_>) -> Vec<Step> {
    let path = table.name_of("steps");
    let problems = table.problems();
    let mut steps = Vec::new();
    for node in table.array("steps").unwrap_or_default() {
        let Some(mut inner) = TableReader::new(node, &*path, problems) else {
            continue;
        };
        let call = own_call(&mut inner, known);
        let moments = inner.strings("on");
        let named = |wanted: &str| {
            moments
                .as_ref()
                .is_none_or(|moments| moments.iter().any(|(word, _)| *word == wanted))
        };
        if let (Some([]), Some(node)) = (moments.as_deref(), inner.get("on")) {
            let help = "name `connect` or `refresh`, or leave `on` out for both";
            problems.add(node.problem("`on` is empty, so that the step never runs", help));
        }
        for (word, node) in moments.iter().flatten() {
            if !matches!(*word, "connect" | "refresh") {
                problems.add(node.problem(
                    format!("`{word}` is not a moment a step runs at"),
                    "write `on = [\"connect\"]`, `[\"refresh\"]`, or leave `on` out for both",
                ));
            }
        }
        let on_refresh = named("refresh");
        let mut strings = call.templates().into_iter();
        if on_refresh && strings.any(|template| known.is_of_exchange(template)) {
            let mut problem = node.problem(
                "this step uses what only the redirect brings, and runs when renewing too",
                "add `on = [\"connect\"]`, or keep the value with `auth.capture` and use that name",
            );
            problem.why = Some("a renewal has no redirect, so that it would fail there".to_owned());
            problems.add(problem);
        }
        steps.push(Step {
            call,
            on_connect: named("connect"),
            on_refresh,
        });
        inner.finish();
    }
    steps
}

/// Reads `auth.lookup`.
pub(super) fn lookup(table: &mut TableReader<'_>, known: &Known<'_>) -> Option<Call> {
    let path = table.name_of("lookup");
    let problems = table.problems();
    let node = table.get("lookup")?;
    let mut inner = TableReader::new(node, path, problems)?;
    let mut call = own_call(&mut inner, known);
    call.method.get_or_insert(Method::GET);
    inner.finish();
    Some(call)
}

/// A call of the service's own, which needs a URL and may save.
fn own_call(table: &mut TableReader<'_>, known: &Known<'_>) -> Call {
    let mut call = fields(table, known, (Moment::Step, Manner::Own), None);
    call.url = strings::endpoint(table, "url", known, Moment::Step);
    if !table.has("url") {
        table.missing("url", "the call goes there", "add `url = \"https://…\"`");
    }
    call.save = saves(table, known);
    call
}

/// The keys that every call has; `inherited` is the encoding where it names
/// none.
fn fields(
    table: &mut TableReader<'_>,
    known: &Known<'_>,
    (moment, manner): (Moment, Manner),
    inherited: Option<Encoding>,
) -> Call {
    let words: Vec<(&str, &str)> = VERBS.iter().map(|verb| (*verb, *verb)).collect();
    let method = table
        .word("method", &words)
        .and_then(|verb| verb.parse().ok());
    let encoding = table.word(
        "encoding",
        &[
            ("form", Encoding::Form),
            ("json", Encoding::Json),
            ("query", Encoding::Query),
        ],
    );
    let params = params(table, known, (moment, manner), encoding.or(inherited));
    let headers = strings::headers(table, known, moment);
    let basic = basic(table, known, moment);
    let response = response(table, known, moment);
    Call {
        url: None,
        method,
        encoding,
        params,
        headers,
        basic,
        response,
        save: Vec::new(),
    }
}

fn params(
    table: &mut TableReader<'_>,
    known: &Known<'_>,
    (moment, manner): (Moment, Manner),
    encoding: Option<Encoding>,
) -> Vec<(String, Param)> {
    let problems = table.problems();
    let mut params = Vec::new();
    for entry in table.table("params").unwrap_or_default() {
        let node = &entry.node;
        if manner == Manner::Standard && matches!(node.value, Tree::Bool(false)) {
            params.push((entry.key.clone(), Param::Drop));
            continue;
        }
        let place = (entry.key.as_str(), moment);
        let Some(value) = JsonTemplate::read(node, known, place, problems) else {
            continue;
        };
        // A form and a query repeat the name for each of a list (RFC 8707
        // section 2, RFC 8693 section 2.1).
        if value.is_nested() && !value.is_list() && encoding != Some(Encoding::Json) {
            problems.add(node.problem(
                format!(
                    "`{}` is {}, which only JSON can carry",
                    entry.key,
                    node.type_name()
                ),
                "add `encoding = \"json\"`, or write a string, or an array of strings to send it several times",
            ));
        }
        params.push((entry.key.clone(), Param::Send(value)));
    }
    params
}

fn basic(
    table: &mut TableReader<'_>,
    known: &Known<'_>,
    moment: Moment,
) -> Option<(Template, Template)> {
    let problems = table.problems();
    let node = table.get("basic")?;
    let pair = match &node.value {
        Tree::Array(items) => match &items[..] {
            [user, password] => Some((user, password)),
            _ => None,
        },
        _ => None,
    };
    let Some((user, password)) = pair else {
        problems.add(node.problem(
            "`basic` is not a pair",
            "write user and password: `basic = [\"{username}\", \"{password}\"]`",
        ));
        return None;
    };
    let read = |node| strings::value(node, known, ("basic", moment), "write a string", problems);
    Some((read(user)?, read(password)?))
}

/// Reads `save`: what of an answer is kept, and under which name.
fn saves(table: &mut TableReader<'_>, known: &Known<'_>) -> Vec<Save> {
    let path = table.name_of("save");
    let problems = table.problems();
    let mut saves = Vec::new();
    for entry in table.table("save").unwrap_or_default() {
        let (mut pattern, mut secret) = (None, false);
        let path_node = match &entry.node.value {
            Tree::Table(_) => {
                let name = format!("{path}.{}", entry.key);
                let Some(mut inner) = TableReader::new(&entry.node, name, problems) else {
                    continue;
                };
                let path_node = inner.get("path");
                pattern = pattern_at(&mut inner);
                secret = inner.boolean("secret").unwrap_or(false);
                if path_node.is_none() {
                    inner.missing("path", "it says what is kept", "add `path = \"…\"`");
                }
                inner.finish();
                path_node
            }
            _ => Some(&entry.node),
        };
        let read = |node| answer_path(node, &entry.key, (known, Moment::Step), problems);
        saves.extend(path_node.and_then(read).map(|path| Save {
            name: entry.key.clone(),
            path,
            pattern,
            secret,
        }));
    }
    saves
}

/// Reads the pattern of a kept value.
pub(super) fn pattern_at(table: &mut TableReader<'_>) -> Option<Regex> {
    let problems = table.problems();
    let (text, node) = table.string("pattern")?;
    read_pattern(text, node, problems)
}
