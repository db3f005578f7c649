//! What became of one line: an answer read whole, or why there is none; and the
//! line that says so.

use std::ops::ControlFlow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::de::IgnoredAny;
use serde_json::json;

use super::line::Line;
use crate::api::{Answer, LONGEST_HELD, Unread};
use crate::error::{Failure, Kind, Result};
use crate::filter::Filter;

/// An answer read whole. It may hold secrets, so that it cannot be printed but
/// as what it is.
pub(super) struct Got {
    pub(super) status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    /// What a filter picked of the body, as JSON, or why it did not.
    picked: Option<Result<Vec<u8>>>,
}

/// What a result shows of an answer.
#[derive(Clone, Copy, Default)]
pub(super) struct Shape {
    /// Its headers.
    pub(super) include: bool,
    /// No body of an error.
    pub(super) fail: bool,
}

impl Got {
    pub(super) fn read(mut answer: Answer, most: u64, filter: Option<&Filter>) -> Result<Self> {
        let host = crate::http::host_of(&answer.url);
        let body = answer.whole(most).map_err(|why| {
            let hint = match why {
                Unread::BrokeOff(_) => {
                    "what was asked may have been done all the same: look before you send it again"
                }
                Unread::TooLong(_) => {
                    "ask for it by itself, to a file: `hallpass request CONN -o FILE PATH`"
                }
            };
            Failure::caused(Kind::Unavailable, why)
                .context(format!("the answer of {host} could not be read whole"))
                .hint(hint)
        })?;
        let filter = filter.filter(|_| !answer.is_error());
        Ok(Self {
            status: answer.status.as_u16(),
            picked: filter.map(|filter| picked(filter, &body)),
            headers: answer.headers,
            body,
        })
    }

    /// What is wrong with it.
    pub(super) fn trouble(&self) -> Option<Kind> {
        match &self.picked {
            _ if self.status >= 400 => Some(Kind::Api),
            Some(Err(failure)) => Some(failure.kind()),
            _ => None,
        }
    }
}

/// What a filter picks: `null` for nothing, one result as it is, several as an
/// array.
fn picked(filter: &Filter, body: &[u8]) -> Result<Vec<u8>> {
    let (mut count, mut json) = (0, Vec::new());
    filter.run(body, &mut |found| {
        let found = found.json()?;
        if (json.len() + found.len()) as u64 > LONGEST_HELD {
            return Err(Failure::new(
                Kind::Unavailable,
                "what the `--jq` expression picks is longer than 64 MiB",
            )
            .hint("pick less: `first(…)`, `limit(n; …)`"));
        }
        if count > 0 {
            json.push(b',');
        }
        count += 1;
        json.extend_from_slice(&found);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(match count {
        0 => b"null".to_vec(),
        1 => json,
        _ => [b"[".as_slice(), &json, b"]"].concat(),
    })
}

/// The result of a line, with its line break.
pub(super) fn rendered(line: &Line, outcome: &Result<Got>, shape: Shape) -> Vec<u8> {
    let room = outcome.as_ref().map_or(512, |got| got.body.len() + 256);
    let mut text = Vec::with_capacity(room);
    text.push(b'{');
    if let Some(id) = &line.id {
        text.extend_from_slice(b"\"id\":");
        text.extend_from_slice(id.get().as_bytes());
        text.push(b',');
    }
    text.extend_from_slice(format!("\"line\":{}", line.number).as_bytes());
    match outcome {
        Ok(got) => {
            text.extend_from_slice(format!(",\"status\":{}", got.status).as_bytes());
            if shape.include {
                text.extend_from_slice(b",\"headers\":");
                text.extend_from_slice(headers(&got.headers).to_string().as_bytes());
            }
            match &got.picked {
                Some(Ok(json)) => {
                    text.extend_from_slice(b",\"body\":");
                    text.extend_from_slice(json);
                }
                Some(Err(failure)) => error(failure, &mut text),
                None if shape.fail && got.status >= 400 => {}
                None => body(got, &mut text),
            }
        }
        Err(failure) => error(failure, &mut text),
    }
    text.extend_from_slice(b"}\n");
    text
}

fn error(failure: &Failure, text: &mut Vec<u8>) {
    text.extend_from_slice(b",\"error\":");
    text.extend_from_slice(failure.to_json().to_string().as_bytes());
}

/// By name; several of one are an array.
fn headers(headers: &HeaderMap) -> serde_json::Value {
    let names = headers.keys().map(|name| {
        let mut values = headers.get_all(name).iter();
        let text =
            |value: &reqwest::header::HeaderValue| json!(String::from_utf8_lossy(value.as_bytes()));
        let first = values.next().map(text).unwrap_or_default();
        let mut several: Vec<_> = values.map(text).collect();
        let value = if several.is_empty() {
            first
        } else {
            several.insert(0, first);
            several.into()
        };
        (name.as_str().to_owned(), value)
    });
    serde_json::Value::Object(names.collect())
}

/// JSON as it came, but for line breaks, which in JSON are never part of a
/// string (RFC 8259 section 7); other text as a string; what is no text in
/// base64.
fn body(got: &Got, text: &mut Vec<u8>) {
    let Ok(body) = std::str::from_utf8(&got.body) else {
        text.extend_from_slice(b",\"body_base64\":\"");
        text.extend_from_slice(STANDARD.encode(&got.body).as_bytes());
        text.push(b'"');
        return;
    };
    text.extend_from_slice(b",\"body\":");
    if body.is_empty() {
        text.extend_from_slice(b"null");
    } else if says_json(&got.headers) && serde_json::from_str::<IgnoredAny>(body).is_ok() {
        let breaks = |byte: &u8| matches!(byte, b'\n' | b'\r');
        for part in got.body.split(breaks) {
            text.extend_from_slice(part);
        }
    } else {
        text.extend_from_slice(json!(body).to_string().as_bytes());
    }
}

/// Whether an answer is said to be JSON, or not said to be anything.
fn says_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .map(|value| value.as_bytes().to_ascii_lowercase());
    content_type.is_none_or(|value| value.windows(4).any(|part| part == b"json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(content_type: &'static str, bytes: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        let got = Got {
            status: 200,
            headers,
            body: bytes.to_vec(),
            picked: None,
        };
        let mut text = Vec::new();
        body(&got, &mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_body_is_json_text_or_base64_and_never_more_than_a_line() {
        let deep = "[".repeat(5000);
        for (content_type, bytes, expected) in [
            (
                "application/json",
                "{\n  \"n\": 1.50,\r\n \"a\\nb\": 1e999}".as_bytes(),
                ",\"body\":{  \"n\": 1.50, \"a\\nb\": 1e999}",
            ),
            (
                "application/problem+JSON; charset=utf-8",
                b"7",
                ",\"body\":7",
            ),
            ("application/json", b"{\"a\":", ",\"body\":\"{\\\"a\\\":\""),
            ("application/json", b"", ",\"body\":null"),
            ("text/plain", b"7\n\x1b", ",\"body\":\"7\\n\\u001b\""),
            ("image/png", b"\xff\x00", ",\"body_base64\":\"/wA=\""),
            (
                "application/json",
                deep.as_bytes(),
                &format!(",\"body\":\"{deep}\""),
            ),
        ] {
            assert_eq!(shown(content_type, bytes), expected);
        }
    }
}
