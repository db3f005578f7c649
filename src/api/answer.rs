//! An API's answer: its head, and a body that is read as it comes, its content
//! coding undone (`coding`).

use std::io::{self, Read};

use reqwest::blocking::Response;
use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use reqwest::{StatusCode, Version};
use url::Url;

use super::{Deadline, coding};

/// The most that is read of an answer that has to be held in memory, in bytes.
pub const LONGEST_HELD: u64 = 64 * 1024 * 1024;

/// Why a body could not be read whole.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// It ended before its end.
    #[error(transparent)]
    BrokeOff(io::Error),
    /// It is longer than so many bytes.
    #[error("it is longer than {}", size(*.0))]
    TooLong(u64),
}

/// A limit in words.
pub fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if bytes > 0 && bytes.is_multiple_of(MIB) {
        return format!("{} MiB", bytes / MIB);
    }
    format!("{bytes} bytes")
}

/// The status line and the headers of an answer (RFC 9112 section 2.1). They may
/// hold secrets, so that they cannot be printed.
#[derive(Clone)]
pub struct Head {
    /// The protocol's version.
    pub version: Version,
    /// The status.
    pub status: StatusCode,
    /// The headers, as they came.
    pub headers: HeaderMap,
}

/// An answer whose body has not been read. It may hold secrets, so that it
/// cannot be printed.
pub struct Answer {
    /// The protocol's version.
    pub version: Version,
    /// The status.
    pub status: StatusCode,
    /// The headers, as they came.
    pub headers: HeaderMap,
    /// The redirects that were followed to it, in their order.
    pub passed: Vec<Head>,
    /// Who answered; its query may hold secrets.
    pub url: Url,
    /// A content coding that was left as it is, in the server's words.
    pub left_coded: Option<String>,
    /// Whether the body read is another than the one that was sent.
    pub is_decoded: bool,
    body: Box<dyn Read + Send>,
}

impl Answer {
    pub(super) fn new(response: Response, deadline: Option<Deadline>) -> Self {
        let (version, status) = (response.version(), response.status());
        let (headers, url) = (response.headers().clone(), response.url().clone());
        let mut body: Box<dyn Read + Send> = Box::new(Timed { response, deadline });
        let (codings, left_coded) = match coding::of(&headers) {
            // The part of a coded body is no coded body.
            Ok(codings) if status == StatusCode::PARTIAL_CONTENT && !codings.is_empty() => {
                (Vec::new(), Some("a part".to_owned()))
            }
            Ok(codings) => (codings, None),
            Err(unknown) => (Vec::new(), Some(unknown)),
        };
        let is_decoded = !codings.is_empty();
        for coding in codings.into_iter().rev() {
            body = coding::undone(body, coding);
        }
        Self {
            version,
            status,
            headers,
            passed: Vec::new(),
            url,
            left_coded,
            is_decoded,
            body,
        }
    }

    /// The same answer with another body: what was read of it, or what it was
    /// made into.
    #[must_use]
    pub fn with_body(self, body: impl Read + Send + 'static) -> Self {
        Self {
            is_decoded: true,
            body: Box::new(body),
            ..self
        }
    }

    /// Its status line and headers.
    pub fn head(&self) -> Head {
        Head {
            version: self.version,
            status: self.status,
            headers: self.headers.clone(),
        }
    }

    /// Those of the redirects that were followed, and its own.
    pub fn heads(&self) -> Vec<Head> {
        self.passed.iter().cloned().chain([self.head()]).collect()
    }

    /// Whether it is an error (RFC 9110 section 15.5 and 15.6).
    pub fn is_error(&self) -> bool {
        self.status.is_client_error() || self.status.is_server_error()
    }

    /// How many bytes the body will be, where that is known before it is read.
    pub fn length(&self) -> Option<u64> {
        let length = self
            .headers
            .get(CONTENT_LENGTH)
            .filter(|_| !self.is_decoded);
        length?.to_str().ok()?.parse().ok()
    }

    /// What is left of the body, of at most `limit` bytes.
    pub fn whole(&mut self, limit: u64) -> Result<Vec<u8>, Unread> {
        let mut bytes = Vec::new();
        // One byte more tells whether there is more.
        let read = self.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(Unread::BrokeOff)?;
        if bytes.len() as u64 > limit {
            return Err(Unread::TooLong(limit));
        }
        Ok(bytes)
    }
}

/// The body.
impl Read for Answer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer)
    }
}

/// A body that has to be there in time.
struct Timed {
    response: Response,
    deadline: Option<Deadline>,
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let late = || self.deadline.filter(|deadline| deadline.has_passed());
        // What comes bit by bit is never late by itself.
        if let Some(deadline) = late() {
            return Err(deadline.into());
        }
        let read = self.response.read(buffer);
        read.map_err(|error| late().map_or(error, Into::into))
    }
}
