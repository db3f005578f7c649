//! Using a credential: a request is planned from what the definition says and
//! the user adds, fenced to the definition's own hosts before anything is
//! sent, and sent. Renewing is not its business: whoever plans can plan again
//! with another credential.

mod answer;
mod body;
mod coding;
mod fence;
mod headers;
mod link;
mod manner;
pub mod multipart;
mod paginate;
mod plan;
mod redirect;
mod retry;
mod send;
mod test;
mod verbose;

pub use answer::{Answer, Head, LONGEST_HELD, Unread, size};
pub use body::{Begun, Body, Once};
pub use coding::ask as ask_coding;
pub use fence::{fence, origin};
pub use headers::credential_header;
pub use manner::{Deadline, Limits, Manner};
pub use paginate::{Items, Page, PageError, Pager, Turn};
pub use plan::{Plan, Wish};
pub use redirect::{RedirectError, Sent, Trail};
pub use retry::{Case, LONGEST_WAIT, Outcome, Retry, Verdict, judge};
pub use send::send;
pub use test::{Tested, account, test};
pub use verbose::WIRE;

/// Why a request was not made, or got no answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The URL is none of the connection's.
    #[error("`{url}` is not a place this credential may go to; it is for {allowed}")]
    Fenced {
        /// The URL that was asked for, redacted.
        url: String,
        /// The origins it may go to.
        allowed: String,
    },
    /// The definition says nothing of an API.
    #[error("the definition names no `api.base_url`")]
    NoBaseUrl,
    /// The credential travels in a JSON body, and this request has none.
    #[error("its credential travels in a JSON body, and this request has none")]
    NoRoom,
    /// A header cannot be sent.
    #[error("the header `{name}` cannot be sent: {why}")]
    Header {
        /// Its name.
        name: String,
        /// What about it.
        why: String,
    },
    /// The URL cannot be read.
    #[error("`{0}` is neither a path nor a URL")]
    BadUrl(String),
    /// Pages are counted on from it, and it is no number.
    #[error("the query's `{name}` is no number, and pages are counted on from it")]
    Uncountable {
        /// The parameter.
        name: String,
    },
    /// The body's file cannot be read.
    #[error("`{path}` cannot be read: {source}")]
    Body {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The body could not be sent to its end: it is not what it was.
    #[error("`{what}` could not be sent: {why}")]
    Upload {
        /// The file, or stdin.
        what: String,
        /// What about it.
        why: String,
    },
    /// The key that the token is bound to proves nothing.
    #[error(transparent)]
    Unproven(crate::grant::GrantError),
    /// The API wants a proof with another nonce than it was sent (RFC 9449
    /// section 9), and did nothing.
    #[error("the API wants a nonce in the DPoP proof: {0}")]
    Nonce(&'static str),
    /// The same, where the body cannot be sent again.
    #[error("the API wants a nonce in the DPoP proof, and stdin cannot be sent twice")]
    NonceForStdin,
    /// A placeholder could not be filled.
    #[error(transparent)]
    Render(#[from] crate::definition::template::RenderError),
    /// The answer leads where the request does not go.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// The time that the command was given is over.
    #[error("it was not over within {}", humantime::format_duration(*.0))]
    TooLate(std::time::Duration),
    /// There was no answer.
    #[error(transparent)]
    Http(#[from] crate::http::HttpError),
}
