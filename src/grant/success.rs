//! Whether an answer is a success: no refusal in it, what the definition
//! requires, a status that says so (RFC 6749 section 5.2, and what providers do
//! instead).

use serde_json::Value as Json;

use super::fields::{by_status, description, refusal};
use crate::definition::Response;
use crate::definition::answer_path::{is_same, text_of};
use crate::definition::template::{RenderError, Scope};

/// How an answer is read.
pub(super) struct Rules<'a> {
    /// Where things stand, and what must hold.
    pub(super) response: &'a Response,
    /// What scopes are joined with, besides spaces and commas.
    pub(super) separator: &'a str,
    /// What fills placeholders in paths.
    pub(super) scope: &'a dyn Scope,
}

/// What an answer was instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misanswer {
    /// The provider said no.
    Refused {
        /// The error code.
        error: String,
        /// The provider's words.
        description: Option<String>,
    },
    /// It is no OAuth answer, or one that may be another next time.
    Unusable(String),
    /// A placeholder in a path could not be filled.
    Render(RenderError),
}

impl From<RenderError> for Misanswer {
    fn from(error: RenderError) -> Self {
        Misanswer::Render(error)
    }
}

impl Rules<'_> {
    /// Holds an answer to being a success: no `error` in it, what is required,
    /// a status that says so; in this order, since the first two say more.
    pub(super) fn hold(&self, status: u16, json: Option<&Json>) -> Result<(), Misanswer> {
        if let Some(refusal) = json.and_then(refusal) {
            return Err(by_status(status, refusal));
        }
        let succeeded = (200..300).contains(&status);
        for (path, wanted) in &self.response.require {
            let found = match json {
                Some(json) => path.find(json, self.scope)?,
                None => None,
            };
            if found.is_some_and(|found| is_same(found, wanted)) {
                continue;
            }
            let code = found.and_then(text_of);
            // Without a word on it, a bad status says what happened.
            if code.is_none() && !succeeded {
                break;
            }
            return Err(by_status(
                status,
                Misanswer::Refused {
                    error: code.unwrap_or_else(|| "no success".to_owned()),
                    description: json.and_then(description),
                },
            ));
        }
        let words = json.and_then(description);
        match status {
            200..300 => Ok(()),
            // Some providers refuse a client without a word of OAuth.
            401 | 403 => Err(Misanswer::Refused {
                error: format!("HTTP {status}"),
                description: words,
            }),
            _ => {
                let words = super::described(words.as_deref());
                Err(Misanswer::Unusable(format!(
                    "HTTP {status}, and not an OAuth answer{words}"
                )))
            }
        }
    }
}
