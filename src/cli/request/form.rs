//! `-F` and `--form-string`, read as curl reads them: a value or a file, quoted
//! where it holds a `;` or a `,`, and what is said of it behind `;`.

use std::path::{Path, PathBuf};

use super::body::{told, unreadable};
use super::preview::sounds_secret;
use crate::api::multipart::{Content, Form, Part};
use crate::api::{ApiError, Begun, Once};
use crate::error::{Failure, Kind, Result};
use crate::secret::REDACTED;
use crate::ui::escape;

/// What one flag gives.
#[derive(Debug)]
pub(super) struct Given {
    /// The value is taken as it is.
    pub(super) literal: bool,
    pub(super) text: String,
}

/// A field as it was read.
struct Field<'a> {
    name: &'a str,
    source: Sign,
    /// Values or files, each with what is said of it.
    items: Vec<Item>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// The value itself.
    Value,
    /// `@`: a file, with its name.
    File,
    /// `<`: what a file holds.
    Content,
}

#[derive(Default)]
struct Item {
    word: String,
    content_type: Option<String>,
    file_name: Option<String>,
    headers: Vec<String>,
}

impl Given {
    /// How often it reads stdin.
    pub(super) fn stdins(&self) -> Result<usize> {
        let field = self.field()?;
        let items = field.items.iter().filter(|item| item.word == "-");
        Ok(if field.source == Sign::Value {
            0
        } else {
            items.count()
        })
    }

    /// The files that it reads.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>> {
        let field = self.field()?;
        let items = field.items.into_iter().map(|item| item.word.into());
        Ok(match field.source {
            Sign::Value => Vec::new(),
            Sign::File | Sign::Content => items.collect(),
        })
    }

    /// Its parts in words, without secrets.
    pub(super) fn described(&self) -> Result<Vec<String>> {
        let field = self.field()?;
        let mut lines = Vec::new();
        for item in &field.items {
            let mut line = format!("`{}`: ", escape(field.name));
            line.push_str(&match field.source {
                Sign::Value if sounds_secret(field.name) => REDACTED.to_owned(),
                Sign::Value => escape(&item.word).into_owned(),
                Sign::File | Sign::Content => told(Path::new(&item.word))?,
            });
            if let Some(name) = &item.file_name {
                line.extend([", as `", &escape(name), "`"]);
            }
            if let Some(kind) = &item.content_type {
                line.extend([", ", &escape(kind)]);
            }
            lines.push(line);
        }
        Ok(lines)
    }

    fn field(&self) -> Result<Field<'_>> {
        let Some((name, value)) = self.text.split_once('=') else {
            return Err(bad("what `-F` was given has no `=` in it", USAGE));
        };
        let mut field = Field {
            name,
            source: Sign::Value,
            items: Vec::new(),
        };
        if self.literal {
            field.items.push(Item {
                word: value.to_owned(),
                ..Item::default()
            });
            return Ok(field);
        }
        let mut rest = value;
        for (sign, source) in [('@', Sign::File), ('<', Sign::Content)] {
            if let Some(file) = value.strip_prefix(sign) {
                (field.source, rest) = (source, file);
            }
        }
        loop {
            let (item, more) = item(rest, field.source == Sign::File)?;
            field.items.push(item);
            match more {
                Some(more) => rest = more,
                None => return Ok(field),
            }
        }
    }
}

const USAGE: &str =
    "write `-F NAME=VALUE`, `-F NAME=@FILE;type=TYPE;filename=NAME` or `-F 'NAME=<FILE'`";

const LITERAL: &str =
    "quote what holds a `;`: `-F 'NAME=\"a;b\"'`, or take it as it is: `--form-string NAME=VALUE`";

/// One value or file; what follows behind a comma is another file.
fn item(text: &str, listed: bool) -> Result<(Item, Option<&str>)> {
    let ends: &[char] = if listed { &[';', ','] } else { &[';'] };
    let (word, mut rest) = word(text, ends)?;
    let mut item = Item {
        word,
        ..Item::default()
    };
    while let Some(said) = rest.strip_prefix(';') {
        let said = said.trim_start();
        if let Some(text) = said.strip_prefix("type=") {
            let (kind, more) = content_type(text, ends)?;
            (item.content_type, rest) = (Some(kind), more);
        } else if let Some(text) = said.strip_prefix("filename=") {
            let (name, more) = self::word(text, ends)?;
            (item.file_name, rest) = (Some(name), more);
        } else if let Some(text) = said.strip_prefix("headers=") {
            let (line, more) = self::word(text, ends)?;
            item.headers.push(header_line(line)?);
            rest = more;
        } else {
            return Err(bad(
                "what stands behind a `;` is none of type=, filename= and headers=",
                LITERAL,
            ));
        }
    }
    Ok((item, rest.strip_prefix(',')))
}

/// A word, and what follows; in quotes, `\"` and `\\` stand for themselves.
fn word<'a>(text: &'a str, ends: &[char]) -> Result<(String, &'a str)> {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(ends).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let mut word = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, escaped)) => word.push(escaped),
                None => word.push(c),
            },
            '"' => {
                let rest = quoted[at + 1..].trim_start();
                if rest.is_empty() || rest.starts_with(ends) {
                    return Ok((word, rest));
                }
                return Err(bad("something follows the closing quote of `-F`", LITERAL));
            }
            c => word.push(c),
        }
    }
    // A quote that nothing closes is a character like others, as with curl.
    let end = text.find(ends).unwrap_or(text.len());
    Ok((text[..end].to_owned(), &text[end..]))
}

/// A content type, with its own parameters: `text/plain; charset=utf-8`.
fn content_type<'a>(text: &'a str, ends: &[char]) -> Result<(String, &'a str)> {
    let (mut kind, mut rest) = word(text, ends)?;
    while let Some(said) = rest.strip_prefix(';') {
        let next = said.trim_start();
        let known = ["type=", "filename=", "headers=", "encoder="];
        if known.iter().any(|known| next.starts_with(known)) {
            break;
        }
        let end = said.find(ends).unwrap_or(said.len());
        kind.push(';');
        kind.push_str(&said[..end]);
        rest = &said[end..];
    }
    let kind = kind.trim().to_owned();
    if kind.chars().any(char::is_control) || !kind.contains('/') {
        return Err(bad(
            "what `type=` was given is no content type",
            "write it as `type=text/plain`",
        ));
    }
    Ok((kind, rest))
}

/// A header of one part.
fn header_line(line: String) -> Result<String> {
    let valid = line
        .split_once(':')
        .is_some_and(|(name, value)| crate::http::header(name.trim(), value.trim(), true).is_ok());
    if valid {
        return Ok(line);
    }
    Err(bad(
        "what `headers=` was given is no header",
        "write it as `headers=\"Name: value\"`",
    ))
}

/// The form that the flags describe.
pub(super) fn form(given: &[Given]) -> Result<Form> {
    let mut parts = Vec::new();
    for given in given {
        let field = given.field()?;
        for item in field.items {
            parts.push(part(field.name, field.source, item)?);
        }
    }
    Ok(Form::new(parts))
}

fn part(name: &str, source: Sign, item: Item) -> Result<Part> {
    let path = Path::new(&item.word);
    let own_name = || {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    let (content, file_name, usual) = match source {
        Sign::Value => (Content::Bytes(item.word.clone().into_bytes()), None, None),
        Sign::Content => (content(path)?, None, None),
        Sign::File => {
            let file_name = item.file_name.clone().or_else(own_name);
            let usual = usual_type(file_name.as_deref().unwrap_or_default());
            (content(path)?, file_name, Some(usual.to_owned()))
        }
    };
    Ok(Part {
        name: name.to_owned(),
        file_name: item.file_name.or(file_name),
        content_type: item.content_type.or(usual),
        headers: item.headers,
        content,
    })
}

fn content(path: &Path) -> Result<Content> {
    let fail = |source| {
        unreadable(ApiError::Body {
            path: path.to_owned(),
            source,
        })
    };
    let begun = if path == Path::new("-") {
        Once::begin("stdin".to_owned(), std::io::stdin())
    } else {
        let kind = std::fs::metadata(path).map_err(fail)?.file_type();
        if kind.is_dir() {
            return Err(fail(std::io::Error::other("it is a directory")));
        }
        let file = std::fs::File::open(path).map_err(fail)?;
        if kind.is_file() {
            return Ok(Content::File(path.to_owned()));
        }
        Once::begin(path.display().to_string(), file)
    };
    Ok(match begun.map_err(fail)? {
        Begun::Whole(bytes) => Content::Bytes(bytes),
        Begun::More(once) => Content::Once(once),
    })
}

/// The content type that curl sends for a name's ending.
fn usual_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "gif" => "image/gif",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain",
        "htm" | "html" => "text/html",
        "pdf" => "application/pdf",
        "xml" => "application/xml",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}

fn bad(what: &str, hint: &str) -> Failure {
    // Its text may be a secret.
    Failure::new(Kind::Usage, what.to_owned()).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_and_are_quoted_as_with_curl() {
        for (text, expected) in [
            ("a", "a"),
            ("  lead", "lead"),
            ("\"a;b\"", "a;b"),
            (r#""a\"b\c\\""#, r#"a"b\c\"#),
            ("a\"b", "a\"b"),
            ("\"open", "\"open"),
            ("", ""),
        ] {
            let (item, more) = item(text, false).ok().unwrap();
            assert_eq!((item.word.as_str(), more), (expected, None), "{text}");
        }
        assert!(item("a;b", false).is_err(), "nothing is left out unsaid");
    }

    #[test]
    fn a_content_type_keeps_its_own_parameters() {
        let text = "f,\"g,h\";type=text/x; charset=u;filename=\"n;m\"";
        let (first, more) = item(text, true).ok().unwrap();
        assert_eq!(first.word, "f");
        let (second, more) = item(more.unwrap(), true).ok().unwrap();
        assert_eq!(second.word, "g,h");
        assert_eq!(second.content_type.as_deref(), Some("text/x; charset=u"));
        assert_eq!(second.file_name.as_deref(), Some("n;m"));
        assert!(more.is_none());
    }
}
