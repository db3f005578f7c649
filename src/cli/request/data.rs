//! `-d` and its sisters: data joined by curl's rules into one body, or streamed
//! where it is one file and nothing else.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::body::{at, unreadable};
use crate::api::{ApiError, Body};
use crate::error::{Failure, Kind, Result};

/// The most that is put together in memory, in bytes.
const MOST: u64 = 64 * 1024 * 1024;

/// A JSON file up to here is read, so that the definition's part can be merged
/// into it, in bytes.
const MERGED: u64 = 1024 * 1024;

/// RFC 3986 section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How a flag takes what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// A file's line breaks and NULs are no data.
    Data,
    /// No file is meant by an `@`.
    Raw,
    /// As it is.
    Binary,
    /// Encoded for a URL.
    Urlencode,
    /// As it is, and joined without an `&`.
    Json,
}

/// What one flag gives.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) habit: Habit,
    pub(super) text: String,
}

impl Piece {
    /// The file that is meant.
    pub(super) fn file(&self) -> Option<&Path> {
        let file = match self.habit {
            Habit::Raw => None,
            Habit::Data | Habit::Binary | Habit::Json => self.text.strip_prefix('@'),
            // With an `=` anywhere it is text.
            Habit::Urlencode if self.text.contains('=') => None,
            Habit::Urlencode => self.text.split_once('@').map(|(_, file)| file),
        };
        file.map(Path::new)
    }

    /// The flag that gave it.
    pub(super) fn flag(&self) -> &'static str {
        match self.habit {
            Habit::Data => "-d",
            Habit::Raw => "--data-raw",
            Habit::Binary => "--data-binary",
            Habit::Urlencode => "--data-urlencode",
            Habit::Json => "--json",
        }
    }

    pub(super) fn is_stdin(&self) -> bool {
        self.file() == Some(Path::new("-"))
    }

    /// What goes into the body.
    fn bytes(&self, room: u64) -> Result<Vec<u8>> {
        let content = match self.file() {
            Some(path) => Some(read(path, room)?),
            None => None,
        };
        Ok(match (self.habit, content) {
            (Habit::Data, Some(mut content)) => {
                content.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
                content
            }
            (Habit::Urlencode, content) => self.encoded(content),
            (_, Some(content)) => content,
            (_, None) => self.text.clone().into_bytes(),
        })
    }

    fn encoded(&self, file: Option<Vec<u8>>) -> Vec<u8> {
        let (name, content) = match file {
            Some(content) => (self.text.split('@').next(), content),
            None => match self.text.split_once('=') {
                Some((name, content)) => (Some(name), content.as_bytes().to_vec()),
                None => (None, self.text.clone().into_bytes()),
            },
        };
        let name = name.filter(|name| !name.is_empty());
        let name = name.map(|name| format!("{name}=")).unwrap_or_default();
        let content = percent_encode(&content, RESERVED).to_string();
        // As HTML's forms and curl write a space.
        (name + &content.replace("%20", "+")).into_bytes()
    }
}

/// All of it as one body; one file alone may be streamed.
pub(super) fn joined(pieces: &[Piece], streamed: bool) -> Result<Body> {
    if streamed
        && let [piece] = pieces
        && let Some(path) = piece.file()
        && piece.may_stream(path)
    {
        return at(path);
    }
    let mut joined = Vec::new();
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 && piece.habit != Habit::Json {
            joined.push(b'&');
        }
        let room = MOST.saturating_sub(joined.len() as u64);
        joined.append(&mut piece.bytes(room)?);
    }
    Ok(Body::Bytes(joined))
}

impl Piece {
    fn may_stream(&self, path: &Path) -> bool {
        let length = || std::fs::metadata(path).map_or(0, |meta| meta.len());
        match self.habit {
            Habit::Binary => true,
            Habit::Json => self.is_stdin() || length() > MERGED,
            Habit::Data | Habit::Raw | Habit::Urlencode => false,
        }
    }
}

fn read(path: &Path, room: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().take(room + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(room + 1).read_to_end(&mut bytes))
    };
    read.map_err(|source| {
        unreadable(ApiError::Body {
            path: path.to_owned(),
            source,
        })
    })?;
    if bytes.len() as u64 > room {
        return Err(Failure::new(
            Kind::Usage,
            format!(
                "`{}` is too large to be put together in memory",
                path.display()
            ),
        )
        .hint("send it as it is, streamed: `--data-binary @FILE`, or `-T FILE`"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_is_url_encoded_has_curls_five_forms() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f");
        tempfile_at(&file).write_all(b"a b\n").unwrap();
        let at = format!("@{}", file.display());
        for (text, expected) in [
            ("a b&c".to_owned(), "a+b%26c"),
            ("=x=y@z".to_owned(), "x%3Dy%40z"),
            ("n=c d+\u{e9}~".to_owned(), "n=c+d%2B%C3%A9~"),
            (at.clone(), "a+b%0A"),
            (format!("n{at}"), "n=a+b%0A"),
        ] {
            let habit = Habit::Urlencode;
            let bytes = Piece { habit, text }.bytes(MOST).ok().unwrap();
            assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        }
    }

    fn tempfile_at(path: &Path) -> File {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).open(path).unwrap()
    }
}
