//! multipart/form-data (RFC 7578), its files streamed. Names stand in the parts'
//! heads as browsers and curl write them (HTML, "multipart form data"): UTF-8,
//! with quotes and line breaks percent-encoded, so that no name ends a header.

use std::io::{Cursor, Read};
use std::path::PathBuf;

use super::ApiError;
use super::body::{Fault, Once, opened};

/// A form; it cannot be printed.
pub struct Form {
    boundary: String,
    parts: Vec<Part>,
}

/// One part of it.
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The name that the file is given.
    pub file_name: Option<String>,
    /// The content type, where one is said.
    pub content_type: Option<String>,
    /// Further headers, as lines.
    pub headers: Vec<String>,
    /// What it holds.
    pub content: Content,
}

/// What a part holds.
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A file, opened anew for every try.
    File(PathBuf),
    /// What can be read once.
    Once(Once),
}

/// A part as it is sent, and how long it is where that is known.
type Piece = (Box<dyn Read + Send>, Option<u64>);

impl Form {
    /// A form with a boundary of its own.
    pub fn new(parts: Vec<Part>) -> Self {
        // 122 random bits: it stands in no file.
        let boundary = format!("hallpass-{}", uuid::Uuid::new_v4().simple());
        Self { boundary, parts }
    }

    /// What the request's `Content-Type` says.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    pub(super) fn is_replayable(&self) -> bool {
        let mut parts = self.parts.iter();
        parts.all(|part| !matches!(part.content, Content::Once(_)))
    }

    /// How long it is, in bytes; `None` where a part does not say.
    pub(super) fn length(&self) -> Option<u64> {
        let mut length = self.end().len() as u64;
        for part in &self.parts {
            length += self.head(part).len() as u64;
            length += match &part.content {
                Content::Bytes(bytes) => bytes.len() as u64,
                Content::File(path) => std::fs::metadata(path).ok()?.len(),
                Content::Once(_) => return None,
            };
            length += 2;
        }
        Some(length)
    }

    /// The whole of it, and its length.
    pub(super) fn open(&self, fault: &Fault) -> Result<Piece, ApiError> {
        let mut pieces: Vec<Piece> = Vec::new();
        for part in &self.parts {
            pieces.push(bytes(self.head(part).into_bytes()));
            pieces.push(match &part.content {
                Content::Bytes(content) => bytes(content.clone()),
                Content::File(path) => {
                    let (file, length) = opened(path, fault)?;
                    (Box::new(file), Some(length))
                }
                Content::Once(once) => (once.open(None, fault)?, None),
            });
            pieces.push(bytes(b"\r\n".to_vec()));
        }
        pieces.push(bytes(self.end().into_bytes()));
        let length = pieces.iter().map(|(_, length)| *length).sum();
        let pieces = pieces.into_iter().map(|(piece, _)| piece);
        let pieces = pieces.collect::<Vec<_>>().into_iter();
        Ok((Box::new(Pieces { pieces, at: None }), length))
    }

    fn head(&self, part: &Part) -> String {
        let name = escaped(&part.name);
        let boundary = &self.boundary;
        let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
        if let Some(file_name) = &part.file_name {
            head.push_str("; filename=\"");
            head.push_str(&escaped(file_name));
            head.push('"');
        }
        head.push_str("\r\n");
        if let Some(content_type) = &part.content_type {
            head.push_str("Content-Type: ");
            head.push_str(content_type);
            head.push_str("\r\n");
        }
        for line in &part.headers {
            head.push_str(line);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        head
    }

    fn end(&self) -> String {
        format!("--{}--\r\n", self.boundary)
    }
}

fn bytes(bytes: Vec<u8>) -> Piece {
    let length = bytes.len() as u64;
    (Box::new(Cursor::new(bytes)), Some(length))
}

fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '"' => escaped.push_str("%22"),
            // Line breaks, and whatever else a reader of heads may stumble over.
            c if c.is_ascii_control() => {
                escaped.extend(percent_encoding::percent_encode(
                    &[c as u8],
                    percent_encoding::CONTROLS,
                ));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// One piece after another.
struct Pieces {
    pieces: std::vec::IntoIter<Box<dyn Read + Send>>,
    at: Option<Box<dyn Read + Send>>,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if let Some(at) = &mut self.at {
                let read = at.read(buffer)?;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
            }
            match self.pieces.next() {
                Some(next) => self.at = Some(next),
                None => return Ok(0),
            }
        }
    }
}
