//! The name of the file that an answer goes to: as given, from the URL, or from
//! the answer (RFC 6266). A name from elsewhere is a name and nothing more: no
//! directory, nothing hidden, nothing that acts on a terminal.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use reqwest::header::{CONTENT_DISPOSITION, HeaderMap};

use crate::error::{Failure, Kind, Result};
use crate::ui;

/// What file systems take.
const LONGEST: usize = 255;

/// The name in a URL or path: its last segment.
pub(super) fn of_target(target: &str) -> Result<PathBuf> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let path = match path.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => path,
    };
    let last = path.rsplit('/').next().unwrap_or_default();
    let name = percent_decode_str(last).decode_utf8().ok();
    let name = name.filter(|name| is_safe(name));
    name.map(|name| name.into_owned().into()).ok_or_else(|| {
        Failure::new(
            Kind::Usage,
            "the URL ends in nothing that can be a file's name",
        )
        .hint("name the file: `-o FILE`")
    })
}

/// The name that an answer gives itself.
pub(super) fn of_answer(headers: &HeaderMap) -> Option<PathBuf> {
    let header = headers.get(CONTENT_DISPOSITION)?;
    let text = String::from_utf8_lossy(header.as_bytes()).into_owned();
    let found = parameters(&text);
    let value = |wanted: &str| found.iter().find(|(name, _)| name == wanted);
    let extended = value("filename*").and_then(|(_, value)| extended(value));
    let name = extended.or_else(|| value("filename").map(|(_, value)| value.clone()))?;
    // Some send the path that the file has with them.
    let name = name.rsplit(['/', '\\']).next()?.trim().to_owned();
    let is_fit = is_safe(&name) && !name.starts_with('.');
    is_fit.then(|| name.into())
}

/// The parameters of a header, names in lower case, quotes undone.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim().trim_start_matches(';').trim();
        let after = after.trim_start();
        let mut value = String::new();
        let end = if let Some(quoted) = after.strip_prefix('"') {
            let mut end = after.len();
            let mut escaped = false;
            for (at, c) in quoted.char_indices() {
                match c {
                    _ if escaped => {
                        value.push(c);
                        escaped = false;
                    }
                    '\\' => escaped = true,
                    '"' => {
                        end = at + 2;
                        break;
                    }
                    c => value.push(c),
                }
            }
            end
        } else {
            let end = after.find(';').unwrap_or(after.len());
            after[..end].trim().clone_into(&mut value);
            end
        };
        found.push((name.to_ascii_lowercase(), value));
        rest = after[end..].trim_start().trim_start_matches(';');
    }
    found
}

/// A value of RFC 8187: `UTF-8'language'percent-encoded`.
fn extended(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _, text) = (parts.next()?, parts.next()?, parts.next()?);
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// Whether a text is one name in one directory, on any system.
fn is_safe(name: &str) -> bool {
    let is_special = name.is_empty() || name == "." || name == "..";
    let splits = |c: char| matches!(c, '/' | '\\') || (cfg!(windows) && c == ':');
    !is_special && name.len() <= LONGEST && !name.chars().any(|c| splits(c) || ui::is_harmful(c))
}

/// Bytes, as curl writes them: `1000`, `10k`, `5M`, `1G`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.to_ascii_lowercase().pop() {
        Some('k') => (&text[..text.len() - 1], 1024),
        Some('m') => (&text[..text.len() - 1], 1024 * 1024),
        Some('g') => (&text[..text.len() - 1], 1024 * 1024 * 1024),
        _ => (text, 1_u64),
    };
    let number = digits.parse::<u64>().ok();
    let size = number.and_then(|number| number.checked_mul(unit));
    size.ok_or_else(|| "write a number of bytes such as `1000`, `10k`, `5M` or `1G`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn a_url_names_a_file_by_its_last_segment_or_not_at_all() {
        for (target, name) in [
            ("/a/b.zip", Some("b.zip")),
            ("/a/b%20c.zip?x=/y#z", Some("b c.zip")),
            ("https://h.test/b.zip", Some("b.zip")),
            ("b.zip", Some("b.zip")),
            ("/.bashrc", Some(".bashrc")),
            ("/a/", None),
            ("/", None),
            ("https://h.test", None),
            ("/a/..", None),
            ("/a/%2e%2e", None),
            ("/a/..%2f..%2fetc", None),
            ("/a/b%5cc", None),
            ("/a/b%00c", None),
            ("/a/b%1b%5b2Jc", None),
            ("/a/%ff", None),
        ] {
            let found = of_target(target).ok();
            assert_eq!(found, name.map(PathBuf::from), "{target}");
        }
        assert!(of_target(&"x".repeat(256)).is_err());
    }

    #[test]
    fn an_answer_names_a_file_and_never_a_place() {
        for (header, name) in [
            ("attachment; filename=a.txt", Some("a.txt")),
            ("attachment; filename=\"a;\\\" b.txt\"", Some("a;\" b.txt")),
            (
                "attachment; filename=\"x.txt\"; filename*=UTF-8''%e2%82%ac.txt",
                Some("€.txt"),
            ),
            ("attachment; FileName*=utf-8'en'b.txt", Some("b.txt")),
            ("attachment; filename*=latin1''b.txt", None),
            ("attachment; filename*=latin1''b.txt; filename=c", Some("c")),
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            ("attachment; filename=\"C:\\\\dir\\\\a.txt\"", Some("a.txt")),
            ("attachment; filename*=UTF-8''..%2F..", None),
            ("attachment; filename=.bashrc", None),
            ("attachment; filename=\"\"", None),
            ("attachment; filename=\"a", Some("a")),
            ("attachment", None),
            ("attachment; filename*=UTF-8''a%1b%5b2J", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(header));
            assert_eq!(of_answer(&headers), name.map(PathBuf::from), "{header}");
        }
    }

    #[test]
    fn sizes_are_read_as_curl_reads_them() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("1000", Some(1000)),
            ("2k", Some(2048)),
            ("1M", Some(1 << 20)),
            ("1G", Some(1 << 30)),
            ("", None),
            ("k", None),
            ("-1", None),
            ("99999999999G", None),
        ] {
            assert_eq!(size(text).ok(), bytes, "{text}");
        }
    }
}
