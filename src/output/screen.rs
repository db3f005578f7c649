//! An API's answer on a terminal: JSON is formatted, other text is made
//! harmless, and what is neither is not shown. All of it streams.

use std::io::{self, Read, Write};

use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};

use super::answer::{How, Trouble, too_long};
use super::plain::{Plain, harmless};
use super::pretty::Pretty;
use super::utf8::Utf8;
use crate::api::Answer;
use crate::error::Result;
use crate::filter::Found;
use crate::ui::escape;

/// What an answer is to be shown as.
enum Manner {
    Json(Pretty),
    Text(Plain),
}

/// Shows an answer.
pub(super) fn show(mut answer: Answer, how: &How) -> Result<()> {
    let ui = how.ui;
    let color = ui.colors_stdout();
    let mut stdout = io::stdout().lock();
    let has_head = how.include || how.only_head;
    if has_head && !said(&mut stdout, &head(&answer, color))? || how.only_head {
        return Ok(());
    }
    let (host, headers) = (crate::http::host_of(&answer.url), answer.headers.clone());
    let mut left = how.most;
    if let (Some(most), Some(length)) = (left, answer.length())
        && length > most
    {
        return Err(too_long(most, &host));
    }
    let mut next = |buffer: &mut [u8]| {
        let length = next(&mut answer, buffer, &host)?;
        left = match left.map(|left| left.checked_sub(length as u64)) {
            Some(None) => return Err(too_long(how.most.unwrap_or_default(), &host)),
            Some(left) => left,
            None => None,
        };
        Ok(length)
    };
    let mut buffer = vec![0; 64 * 1024];
    let mut length = next(&mut buffer)?;
    if length == 0 {
        return Ok(());
    }
    let kind = media_type(&headers);
    if is_binary(kind.as_deref(), &buffer[..length]) {
        ui.note(&unshown(kind.as_deref(), &headers));
        ui.hint("`-o FILE` keeps it in a file, `-o -` prints it all the same");
        return Ok(());
    }
    let mut manner = if is_json(kind.as_deref(), &buffer[..length]) {
        Manner::Json(Pretty::new(color))
    } else {
        Manner::Text(Plain::default())
    };
    let mut utf8 = Utf8::default();
    let mut out = String::new();
    let mut failed = None;
    while length > 0 {
        utf8.push(&buffer[..length], &mut |text| manner.push(text, &mut out));
        if !said(&mut stdout, &out)? {
            return Ok(());
        }
        out.clear();
        length = match next(&mut buffer) {
            Ok(length) => length,
            Err(failure) => {
                failed = Some(failure);
                0
            }
        };
    }
    // What is said of a failure begins on a line of its own.
    utf8.finish(&mut |text| manner.push(text, &mut out));
    manner.finish(&mut out);
    said(&mut stdout, &out)?;
    failed.map_or(Ok(()), Err)
}

/// What a filter found: text as it is, all else formatted.
pub(super) fn found(found: &Found, color: bool) -> Result<String> {
    let mut out = String::new();
    let mut utf8 = Utf8::default();
    if let Some(text) = found.text() {
        let mut plain = Plain::default();
        utf8.push(text, &mut |text| plain.push(text, &mut out));
        utf8.finish(&mut |text| plain.push(text, &mut out));
        plain.end(&mut out);
        out.push('\n');
    } else {
        let mut pretty = Pretty::new(color);
        utf8.push(&found.json()?, &mut |text| pretty.push(text, &mut out));
        pretty.finish(&mut out);
    }
    Ok(out)
}

/// The status lines and the headers, names coloured, values made harmless.
pub(super) fn head(answer: &Answer, color: bool) -> String {
    let paint = |style: &str, text: &str| {
        if color {
            format!("\u{1b}[{style}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    };
    let mut text = String::new();
    for head in answer.heads() {
        let status = format!("{:?} {}", head.version, head.status);
        text.push_str(&paint("1", &status));
        text.push('\n');
        for (name, value) in &head.headers {
            text.push_str(&paint("36", name.as_str()));
            text.push_str(": ");
            text.push_str(&harmless(value.as_bytes()));
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

impl Manner {
    fn push(&mut self, text: &str, out: &mut String) {
        match self {
            Manner::Json(pretty) => pretty.push(text, out),
            Manner::Text(plain) => plain.push(text, out),
        }
    }

    fn finish(&mut self, out: &mut String) {
        match self {
            Manner::Json(pretty) => pretty.finish(out),
            Manner::Text(plain) => plain.finish(out),
        }
    }
}

/// Writes at once; `false` where nobody looks any more.
fn said(stdout: &mut dyn Write, text: &str) -> Result<bool> {
    let written = stdout.write_all(text.as_bytes());
    let written = written.and_then(|()| stdout.flush());
    let is_gone = written.is_err();
    super::written(written).map(|()| !is_gone)
}

fn next(answer: &mut Answer, buffer: &mut [u8], host: &str) -> Result<usize> {
    loop {
        match answer.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => {
                return read.map_err(|error| Trouble::Reading(error).hinted(host));
            }
        }
    }
}

/// The content type without its parameters (RFC 9110 section 8.3.1).
fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or_default().trim();
    Some(essence.to_ascii_lowercase()).filter(|essence| !essence.is_empty())
}

/// JSON, or several JSON texts one after another; without a content type, what
/// begins like an object or an array.
fn is_json(kind: Option<&str>, beginning: &[u8]) -> bool {
    let Some(kind) = kind else {
        let first = beginning.iter().find(|byte| !byte.is_ascii_whitespace());
        return matches!(first, Some(b'{' | b'['));
    };
    let (_, subtype) = kind.split_once('/').unwrap_or_default();
    let suffix = subtype.rsplit_once('+').map(|(_, suffix)| suffix);
    matches!(suffix.unwrap_or(subtype), "json" | "json-seq")
        || matches!(
            subtype,
            "x-ndjson" | "ndjson" | "jsonl" | "x-jsonl" | "jsonlines" | "x-jsonlines"
        )
}

/// What no terminal shows: media and archives, and whatever has a NUL in its
/// beginning that is not said to be JSON.
fn is_binary(kind: Option<&str>, beginning: &[u8]) -> bool {
    if is_json(kind, beginning) {
        return false;
    }
    let (family, subtype) = kind
        .and_then(|kind| kind.split_once('/'))
        .unwrap_or_default();
    let is_opaque = match family {
        "image" => !subtype.ends_with("+xml"),
        "audio" | "video" | "font" => true,
        "application" => {
            matches!(
                subtype,
                "zip"
                    | "gzip"
                    | "x-gzip"
                    | "x-tar"
                    | "x-bzip2"
                    | "x-xz"
                    | "x-7z-compressed"
                    | "zstd"
                    | "pdf"
                    | "wasm"
                    | "protobuf"
                    | "x-protobuf"
                    | "msgpack"
                    | "x-msgpack"
                    | "cbor"
                    | "vnd.google.protobuf"
                    | "vnd.ms-excel"
                    | "msword"
                    | "java-archive"
            ) || subtype.starts_with("grpc")
                || subtype.starts_with("vnd.openxmlformats-officedocument.")
        }
        _ => false,
    };
    is_opaque || beginning.contains(&0)
}

fn unshown(kind: Option<&str>, headers: &HeaderMap) -> String {
    // The length is that of what was sent, which may be compressed.
    let length = headers
        .get(CONTENT_LENGTH)
        .filter(|_| !headers.contains_key(CONTENT_ENCODING));
    let size = match length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok()) {
        Some(1) => "1 byte".to_owned(),
        Some(bytes) => format!("{bytes} bytes"),
        None => "of unknown length".to_owned(),
    };
    let kind = kind.unwrap_or("of no content type");
    format!(
        "The answer is binary ({}, {size}) and is not shown.",
        escape(kind)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_known_by_its_content_type_or_else_by_its_beginning() {
        for (kind, beginning, expected) in [
            (Some("application/json"), "oops", true),
            (Some("application/vnd.github+json"), "", true),
            (Some("application/problem+json"), "", true),
            (Some("text/json"), "", true),
            (Some("application/x-ndjson"), "", true),
            (Some("application/geo+json-seq"), "", true),
            (Some("text/plain"), "{}", false),
            (Some("application/jsonp"), "{}", false),
            (Some("text/html"), "[", false),
            (None, " \r\n{}", true),
            (None, "[1", true),
            (None, "12", false),
            (None, "", false),
        ] {
            assert_eq!(
                is_json(kind, beginning.as_bytes()),
                expected,
                "{kind:?} {beginning:?}"
            );
        }
    }

    #[test]
    fn binary_is_known_by_its_content_type_or_by_a_nul() {
        for (kind, beginning, expected) in [
            (Some("image/png"), "text", true),
            (Some("image/svg+xml"), "<svg>", false),
            (Some("application/pdf"), "", true),
            (Some("application/grpc-web"), "", true),
            (Some("application/octet-stream"), "text", false),
            (Some("application/octet-stream"), "a\0", true),
            (Some("text/plain"), "a\0", true),
            (Some("application/json"), "\"a\0\"", false),
            (Some("application/xml"), "<a/>", false),
            (None, "text", false),
            (None, "\u{7f}ELF\0", true),
        ] {
            assert_eq!(
                is_binary(kind, beginning.as_bytes()),
                expected,
                "{kind:?} {beginning:?}"
            );
        }
    }
}
