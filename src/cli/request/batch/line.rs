//! One line of a batch: a request as JSON. What cannot be understood is told
//! without what was written, which may hold secrets; keys are names, and named.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::api::{Body, Wish};
use crate::definition::report::closest;
use crate::error::{Failure, Kind, Result};
use crate::secret::shown;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

const KEYS: [&str; 9] = [
    "id",
    "method",
    "path",
    "query",
    "headers",
    "json",
    "form",
    "body",
    "body_base64",
];

/// Names and values.
type Pairs = Vec<(String, String)>;

/// What the command line adds to every request.
pub(super) struct Common {
    pub(super) headers: Pairs,
    /// Names of headers that are left out.
    pub(super) without: Vec<String>,
    pub(super) query: Pairs,
}

/// A line, as far as it was understood.
pub(super) struct Line {
    /// From 1 on; empty lines count.
    pub(super) number: u64,
    /// What tells it from others; handed back as it was written.
    pub(super) id: Option<Box<RawValue>>,
    wish: Option<Result<Wish>>,
}

impl Line {
    pub(super) fn read(number: u64, text: &[u8], common: &Common) -> Self {
        let fields = match fields(text) {
            Ok(fields) => fields,
            Err(failure) => return Self::bad(number, failure),
        };
        Self {
            number,
            id: fields.get("id").map(|id| (*id).to_owned()),
            wish: Some(wish(&fields, common)),
        }
    }

    pub(super) fn bad(number: u64, failure: Failure) -> Self {
        Self {
            number,
            id: None,
            wish: Some(Err(failure)),
        }
    }

    /// What it asks for. Why it cannot be understood is told once.
    pub(super) fn wish(&mut self) -> Result<&Wish> {
        if matches!(self.wish, Some(Err(_)))
            && let Some(Err(failure)) = self.wish.take()
        {
            return Err(failure);
        }
        match &self.wish {
            Some(Ok(wish)) => Ok(wish),
            _ => Err(wrong("the line is no request")),
        }
    }
}

type Fields<'t> = BTreeMap<String, &'t RawValue>;

fn fields(text: &[u8]) -> Result<Fields<'_>> {
    let text = std::str::from_utf8(text).map_err(|_| wrong("the line is no UTF-8"))?;
    serde_json::from_str(text).map_err(|error| {
        // What does not fit is quoted by the library, what cannot be read is not.
        if error.is_data() {
            return wrong("the line is no JSON object");
        }
        wrong(format!(
            "the line is no JSON (at column {})",
            error.column()
        ))
    })
}

fn wish(fields: &Fields<'_>, common: &Common) -> Result<Wish> {
    if let Some(key) = fields.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let (near, key) = (closest(key, KEYS), shown(key));
        let failure = Failure::new(Kind::Usage, format!("there is no key `{key}`"));
        return Err(match near {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint(format!("a line has {}", KEYS.join(", "))),
        });
    }
    let path = text(fields, "path")?.ok_or_else(|| wrong("the line has no `path`"))?;
    let (body, content_type) = body(fields)?;
    let usual = match body {
        Body::None => Method::GET,
        _ => Method::POST,
    };
    let method = match text(fields, "method")? {
        None => usual,
        Some(text) => Method::from_bytes(text.as_bytes())
            .map_err(|_| wrong("`method` is no method of HTTP"))?,
    };
    let own = pairs(fields, "headers")?;
    let named = |pairs: &Pairs, name: &str| {
        pairs
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    let mut headers = common.headers.clone();
    headers.retain(|(name, _)| !named(&own, name));
    headers.extend(own);
    let is_out = |name: &str| {
        let mut without = common.without.iter();
        without.any(|known| known.eq_ignore_ascii_case(name))
    };
    let lacks = |headers: &Pairs, name: &str| !named(headers, name) && !is_out(name);
    if let Some(content_type) = content_type.filter(|_| lacks(&headers, "content-type")) {
        headers.push(("content-type".to_owned(), content_type.to_owned()));
    }
    if content_type == Some(JSON) && lacks(&headers, "accept") {
        headers.push(("accept".to_owned(), JSON.to_owned()));
    }
    let mut query = common.query.clone();
    query.extend(pairs(fields, "query")?);
    Ok(Wish {
        method,
        target: path,
        headers,
        without: common.without.clone(),
        query,
        body,
    })
}

/// The body, and the content type it has unless a header says otherwise.
fn body(fields: &Fields<'_>) -> Result<(Body, Option<&'static str>)> {
    let given = ["json", "form", "body", "body_base64"];
    if given
        .iter()
        .filter(|key| fields.contains_key(**key))
        .count()
        > 1
    {
        return Err(wrong(
            "of `json`, `form`, `body` and `body_base64` one can be sent",
        ));
    }
    if let Some(json) = fields.get("json") {
        return Ok((Body::Bytes(json.get().as_bytes().to_vec()), Some(JSON)));
    }
    if fields.contains_key("form") {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs(fields, "form")?);
        return Ok((Body::Bytes(form.finish().into_bytes()), Some(FORM)));
    }
    if let Some(text) = text(fields, "body_base64")? {
        let bytes = STANDARD.decode(text);
        let bytes = bytes.map_err(|_| wrong("`body_base64` is no base64"))?;
        return Ok((Body::Bytes(bytes), None));
    }
    Ok(match text(fields, "body")? {
        Some(text) => (Body::Bytes(text.into_bytes()), None),
        None => (Body::None, None),
    })
}

fn text(fields: &Fields<'_>, key: &str) -> Result<Option<String>> {
    let Some(raw) = fields.get(key) else {
        return Ok(None);
    };
    let text = serde_json::from_str(raw.get());
    text.map(Some)
        .map_err(|_| wrong(format!("`{key}` is no string")))
}

/// An object's names, each with its value or several; `null` leaves one out.
fn pairs(fields: &Fields<'_>, key: &str) -> Result<Pairs> {
    let odd = || {
        wrong(format!(
            "`{key}` is no object of strings, numbers, booleans, or arrays of such"
        ))
    };
    let Some(raw) = fields.get(key) else {
        return Ok(Pairs::new());
    };
    let values: BTreeMap<String, &RawValue> = serde_json::from_str(raw.get()).map_err(|_| odd())?;
    let mut pairs = Pairs::new();
    for (name, raw) in values {
        let several: Vec<&RawValue> = if raw.get().starts_with('[') {
            serde_json::from_str(raw.get()).map_err(|_| odd())?
        } else {
            vec![raw]
        };
        for raw in several {
            match serde_json::from_str(raw.get()).map_err(|_| odd())? {
                Value::Null => {}
                Value::String(text) => pairs.push((name.clone(), text)),
                // As it was written: a number may have more digits than fit.
                Value::Bool(_) | Value::Number(_) => {
                    pairs.push((name.clone(), raw.get().to_owned()));
                }
                Value::Array(_) | Value::Object(_) => return Err(odd()),
            }
        }
    }
    Ok(pairs)
}

fn wrong(why: impl std::fmt::Display) -> Failure {
    Failure::new(Kind::Usage, why).hint(
        "write `{\"method\":\"POST\",\"path\":\"/things\",\"json\":{}}`, all but `path` as needed",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Wish> {
        let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let common = Common {
            headers: pair("X-All", "1"),
            without: Vec::new(),
            query: pair("all", "1"),
        };
        let mut line = Line::read(1, text.as_bytes(), &common);
        line.wish().cloned()
    }

    fn said(text: &str) -> String {
        let failure = read(text).err().unwrap();
        format!("{} {}", failure.message(), failure.hints().join(" "))
    }

    #[test]
    fn what_is_no_request_is_told_without_its_values() {
        for (line, why) in [
            ("{", "no JSON (at column 1)"),
            ("[1]", "no JSON object"),
            ("\"s3cret-not-real\"", "no JSON object"),
            ("{}", "has no `path`"),
            ("{\"path\":7}", "`path` is no string"),
            ("{\"pth\":\"/\"}", "did you mean `path`?"),
            ("{\"path\":\"/\",\"method\":\"a b\"}", "no method"),
            (
                "{\"path\":\"/\",\"json\":1,\"body\":\"x\"}",
                "one can be sent",
            ),
            (
                "{\"path\":\"/\",\"headers\":{\"a\":{\"b\":\"s3cret-not-real\"}}}",
                "`headers` is no object",
            ),
            (
                "{\"path\":\"/\",\"query\":\"s3cret-not-real\"}",
                "`query` is no object",
            ),
            (
                "{\"path\":\"/\",\"body_base64\":\"s3cret-not-real\"}",
                "no base64",
            ),
        ] {
            let said = said(line);
            assert!(said.contains(why), "{line}: {said}");
            assert!(!said.contains("s3cret"), "{line}: {said}");
        }
    }

    #[test]
    fn a_line_s_own_headers_replace_the_command_line_s_and_its_query_comes_after() {
        let wish = read(
            "{\"path\":\"/a\",\"headers\":{\"x-all\":2,\"b\":[\"1\",true]},\"query\":{\"q\":null,\"n\":12345678901234567890123}}",
        );
        let wish = wish.unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            wish.headers,
            [pair("b", "1"), pair("b", "true"), pair("x-all", "2")]
        );
        assert_eq!(
            wish.query,
            [pair("all", "1"), pair("n", "12345678901234567890123")]
        );
        assert_eq!(wish.method, Method::GET);
    }

    #[test]
    fn bodies_make_a_post_and_json_is_sent_as_it_was_written() {
        let body = |line: &str| {
            let wish = read(line).unwrap();
            assert_eq!(wish.method, Method::POST, "{line}");
            let Body::Bytes(bytes) = wish.body else {
                panic!("no body: {line}");
            };
            let typed = wish.headers.iter().find(|(name, _)| name == "content-type");
            (
                String::from_utf8(bytes).unwrap(),
                typed.map(|(_, value)| value.clone()),
            )
        };
        let of = |text: &str, typed: Option<&str>| (text.to_owned(), typed.map(str::to_owned));
        let json = "{\"path\":\"/\",\"json\": {\"n\": 1.50, \"n\": 2e400} }";
        assert_eq!(body(json), of("{\"n\": 1.50, \"n\": 2e400}", Some(JSON)));
        let form = "{\"path\":\"/\",\"form\":{\"a\":\"x y\",\"b\":[1,2]}}";
        assert_eq!(body(form), of("a=x+y&b=1&b=2", Some(FORM)));
        assert_eq!(body("{\"path\":\"/\",\"body\":\"hi\"}"), of("hi", None));
        assert_eq!(
            body("{\"path\":\"/\",\"body_base64\":\"aGk=\"}"),
            of("hi", None)
        );
    }
}
