//! An API's answer: its head, and a body that is read as it comes.

use std::io::{self, Read};

use reqwest::blocking::Response;
use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Version};
use url::Url;

use super::Deadline;

/// An answer whose body has not been read. It may hold secrets, so that it
/// cannot be printed.
pub struct Answer {
    /// The protocol's version.
    pub version: Version,
    /// The status.
    pub status: StatusCode,
    /// The headers, as they came.
    pub headers: HeaderMap,
    /// Who answered; its query may hold secrets.
    pub url: Url,
    body: Response,
    deadline: Option<Deadline>,
}

impl Answer {
    pub(super) fn new(response: Response, deadline: Option<Deadline>) -> Self {
        Self {
            version: response.version(),
            status: response.status(),
            headers: response.headers().clone(),
            url: response.url().clone(),
            body: response,
            deadline,
        }
    }

    /// Whether it is an error (RFC 9110 section 15.5 and 15.6).
    pub fn is_error(&self) -> bool {
        self.status.is_client_error() || self.status.is_server_error()
    }
}

/// The body.
impl Read for Answer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer).map_err(|error| {
            match self.deadline.filter(|deadline| deadline.has_passed()) {
                Some(deadline) => deadline.into(),
                None => error,
            }
        })
    }
}
