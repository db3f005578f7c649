//! Method, headers, body and URL in the words of the command that `--curl`
//! prints.

use reqwest::Method;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderName};

use super::{Given, written_out};
use crate::api::{Body, Plan};
use crate::cli::calling::Caller;
use crate::cli::request::RequestArgs;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// The request, but for what `flags` says of it.
pub(super) fn request(
    caller: &Caller<'_>,
    args: &RequestArgs,
    plan: &Plan,
    (given, carrier): (Option<&Given>, Option<&HeaderName>),
) -> Vec<String> {
    let merges = caller.integration.api.json.is_some();
    let carried = carried(args, plan, given.is_none() || merges);
    let mut words = Vec::new();
    if args.show.head {
        words.push("-I".to_owned());
    } else if plan.method == Method::HEAD && carried.words.is_empty() {
        words.push("--head".to_owned());
    }
    let usual = if words.is_empty() {
        carried.usual
    } else {
        Method::HEAD
    };
    if plan.method != usual {
        words.extend(["-X".to_owned(), plan.method.to_string()]);
    }
    words.extend(headers(args, plan, &carried.implied, (given, carrier)));
    words.extend(carried.words);
    let url = plan.url.expose().as_str();
    let upload = args.body.upload.as_deref();
    let upload = upload.map(|path| path.to_string_lossy().into_owned());
    let patterns: &[char] = &['[', ']', '{', '}'];
    if url.contains(patterns) || upload.is_some_and(|path| path.contains(patterns)) {
        // To curl these are patterns.
        words.push("--globoff".to_owned());
    }
    words.push(url.to_owned());
    words
}

fn headers(
    args: &RequestArgs,
    plan: &Plan,
    implied: &[(HeaderName, &str)],
    (given, carrier): (Option<&Given>, Option<&HeaderName>),
) -> Vec<String> {
    let mut words = Vec::new();
    let mut flag = |header: String| words.extend(["-H".to_owned(), header]);
    for (name, value) in &plan.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let is_form = *name == CONTENT_TYPE && !args.body.parts.is_empty();
        let is_filed = given.is_some_and(|given| given.is_filed(name));
        let is_implied = implied.contains(&(name.clone(), value.as_ref()));
        if Some(name) == carrier || is_implied || is_form || is_filed {
            continue;
        }
        // curl takes a header without a value for one to leave out.
        flag(match value.as_ref() {
            "" => format!("{name};"),
            value => format!("{name}: {value}"),
        });
    }
    let without = given.map_or(&[][..], |given| &given.without);
    for name in without {
        flag(format!("{name}:"));
    }
    for (name, _) in implied {
        let is_said = without
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name.as_str()));
        let is_filed = given.is_some_and(|given| given.is_filed(name));
        if !plan.headers.contains_key(name) && !is_said && !is_filed {
            flag(format!("{name}:"));
        }
    }
    for path in args.line.files() {
        flag(format!("@{path}"));
    }
    if plan.headers.contains_key(ACCEPT_ENCODING) {
        words.push("--compressed".to_owned());
    }
    words
}

/// A body in curl's words.
struct Carried {
    words: Vec<String>,
    /// The headers that curl sends with it by itself.
    implied: Vec<(HeaderName, &'static str)>,
    /// The method that it sends it by.
    usual: Method,
}

/// The body. `written`: it is not what the command line says, but what was made
/// of it.
fn carried(args: &RequestArgs, plan: &Plan, written: bool) -> Carried {
    let form = vec![(CONTENT_TYPE, FORM)];
    let mut carried = Carried {
        words: Vec::new(),
        implied: Vec::new(),
        usual: Method::GET,
    };
    let flagged = |flag: &str, text: &str| [flag.to_owned(), text.to_owned()];
    let body = &args.body;
    if let Body::Bytes(bytes) = &plan.body
        && written
    {
        let text = String::from_utf8_lossy(bytes);
        carried.words.extend(flagged("--data-raw", &text));
        carried.implied = form;
        carried.usual = Method::POST;
    } else if let Some(path) = &body.upload {
        carried.words.extend(flagged("-T", &path.to_string_lossy()));
        carried.usual = Method::PUT;
    } else if !body.parts.is_empty() {
        for part in &body.parts {
            let flag = if part.literal { "--form-string" } else { "-F" };
            carried.words.extend(flagged(flag, &part.text));
        }
        carried.usual = Method::POST;
    } else if body.get && written_out(&body.pieces) {
        // It stands in the URL.
    } else if !body.pieces.is_empty() {
        for piece in &body.pieces {
            carried.words.extend(flagged(piece.flag(), &piece.text));
        }
        if body.get {
            carried.words.insert(0, "-G".to_owned());
        } else {
            carried.implied = if body.is_json() {
                vec![(CONTENT_TYPE, JSON), (ACCEPT, JSON)]
            } else {
                form
            };
            carried.usual = Method::POST;
        }
    }
    carried
}
