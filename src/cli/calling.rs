//! Making a request of a connection's API: with a credential that works, once
//! more with a renewed one where the API rejects it (`course`), each by the way
//! that redirects and tries make of it (`journey`); and what to say when it came
//! to nothing.

mod course;
mod journey;

pub(super) use journey::{Journey, Road};

use crate::api::{Answer, ApiError, Manner, Plan, RedirectError};
use crate::broker::{self, Fresh, Need};
use crate::connection::{ConnectionId, Values};
use crate::context::Context;
use crate::definition::Integration;
use crate::error::{Failure, Kind, Result};
use crate::http::HttpError;
use crate::signals;

/// Calls one connection's API.
pub(super) struct Caller<'a> {
    pub(super) context: &'a Context,
    pub(super) id: &'a ConnectionId,
    pub(super) integration: &'a Integration,
    pub(super) manner: Manner,
}

/// Makes the plan of a request, with these values in it.
pub(super) type Planner<'p> = &'p dyn Fn(&Values<'_>) -> Result<Plan, ApiError>;

impl Caller<'_> {
    /// A credential to begin with.
    pub(super) fn fresh(&self) -> Result<Fresh> {
        self.context
            .http
            .begin_with_nonces(self.context.stores.nonces(self.id));
        let broker = self.context.broker();
        let fresh = broker.fresh(self.id, self.integration, Need::default())?;
        signals::watch(
            self.context.ui,
            &format!("calling {}", self.integration.name),
            "run the command again; the connection is untouched",
        );
        Ok(fresh)
    }

    /// Makes a request, in the caller's manner; an API that rejects the token is
    /// asked once more with a renewed one. Returns the answer and the credential
    /// it was given for.
    pub(super) fn renewing_once(&self, fresh: Fresh, plan: Planner<'_>) -> Result<(Answer, Fresh)> {
        course::Course::new(self, plan).run(fresh)
    }

    /// Another credential than the one that an API answered so to; `None`
    /// where the answer is no rejection, or nothing renews the credential.
    pub(super) fn renewed(&self, fresh: &Fresh, status: u16) -> Option<Result<Fresh>> {
        if !self.integration.auth.refresh.on_status.contains(&status) || !self.can_renew(fresh) {
            return None;
        }
        let need = Need {
            rejected: Some(fresh.item.credential.access_token.as_ref()?),
            ..Need::default()
        };
        Some(self.context.broker().fresh(self.id, self.integration, need))
    }

    /// Whether anything renews the credential.
    pub(super) fn can_renew(&self, fresh: &Fresh) -> bool {
        !self.integration.auth.is_fixed() && fresh.item.credential.access_token.is_some()
    }

    /// Keeps the nonces that servers gave for the next run.
    pub(super) fn keep_nonces(&self) {
        let context = self.context;
        context.stores.keep_nonces(self.id, &context.http.nonces());
    }
}

pub(super) fn failed(id: &ConnectionId, error: ApiError) -> Failure {
    let (kind, hint) = match &error {
        ApiError::Fenced { .. } => (
            Kind::Usage,
            format!(
                "if the host is right, add it to `allowed_hosts` in the definition of `{}` and run `hallpass connect {id}`",
                id.integration()
            ),
        ),
        ApiError::BadUrl(_) => (Kind::Usage, "write a path such as `/me`".to_owned()),
        ApiError::NoRoom => (
            Kind::Usage,
            "give it one: `--json '{}'`, with `-X POST` where there is nothing else to send"
                .to_owned(),
        ),
        ApiError::Header { .. } => (
            Kind::Usage,
            "write `-H 'Name: value'`, or leave the header out".to_owned(),
        ),
        ApiError::Uncountable { name } => (
            Kind::Usage,
            format!("write `--query {name}=1`, or leave it out"),
        ),
        ApiError::Body { .. } => (Kind::Usage, "name a file that is there".to_owned()),
        ApiError::Upload { .. } => (
            Kind::Unavailable,
            "the API may have got a part of it: see that nobody writes to the file, look at what was done, then run the command again"
                .to_owned(),
        ),
        ApiError::NoBaseUrl => (
            Kind::Definition,
            format!(
                "add `base_url` under `[integrations.{}.api]`",
                id.integration()
            ),
        ),
        ApiError::Render(_) => (
            Kind::Definition,
            format!("run `hallpass connect {id}`, or mend the definition"),
        ),
        ApiError::Http(HttpError::Timeout { .. } | HttpError::Broken { .. }) => (
            Kind::Unavailable,
            "what was asked may have been done all the same: look before you run the command again"
                .to_owned(),
        ),
        ApiError::Http(HttpError::Certificate { .. }) => {
            (Kind::Unavailable, broker::client_certificate(id))
        }
        ApiError::Http(HttpError::Untrusted { .. } | HttpError::Setup(_)) => {
            (Kind::Unavailable, broker::authorities(id))
        }
        ApiError::Unproven(_) => (
            Kind::NeedsConnecting,
            format!("run `hallpass connect {id}`, which makes a new key"),
        ),
        ApiError::NonceForStdin => (
            Kind::Unavailable,
            "put the body in a file, which can be sent twice: `--data-binary @FILE`; or run the command again, since a connection that is kept remembers the nonce"
                .to_owned(),
        ),
        ApiError::Nonce(_) => (
            Kind::Unavailable,
            "nothing was done: run the command again later; if it stays so, tell whoever runs the API"
                .to_owned(),
        ),
        ApiError::Redirect(error) => redirected(error),
        ApiError::TooLate(_) => (
            Kind::Unavailable,
            "give it longer with `--max-time`; what was asked may have been done all the same: look before you run the command again"
                .to_owned(),
        ),
        ApiError::Http(_) => (
            Kind::Unavailable,
            "see that the network and the API are up, then run the command again".to_owned(),
        ),
    };
    let what = match &error {
        ApiError::Http(HttpError::Timeout { .. } | HttpError::Broken { .. })
        | ApiError::TooLate(_) => "got no answer",
        ApiError::Redirect(_) => "ended at a redirect",
        _ => "was not made",
    };
    Failure::caused(kind, error)
        .context(format!("the request with `{id}` {what}"))
        .hint(hint)
}

/// With what code a redirect ends that is not followed, and what to do then.
fn redirected(error: &RedirectError) -> (Kind, String) {
    match error {
        RedirectError::TooMany { .. } => (
            Kind::Unavailable,
            "see where it leads with `-v`; `--max-redirs N` follows more".to_owned(),
        ),
        RedirectError::Refused { .. } => (
            Kind::Unavailable,
            "without `-L` the answer is printed as it is: look where it leads with `-i`".to_owned(),
        ),
        RedirectError::Elsewhere { .. } => (
            Kind::Usage,
            "if that is where it belongs, send it there by its own URL; without `-L` the answer is printed as it is"
                .to_owned(),
        ),
        RedirectError::Stdin { .. } => (
            Kind::Unavailable,
            "put the body in a file, which can be sent twice: `--data-binary @FILE`".to_owned(),
        ),
    }
}

/// The answer was printed; what is left is to say that it is no success, and
/// where it is to be `seen`.
pub(super) fn answered(id: &ConnectionId, status: reqwest::StatusCode, seen: &str) -> Failure {
    let hint = match status.as_u16() {
        401 => format!("the API does not take this credential: run `hallpass connect {id}`"),
        403 => format!(
            "the credential may lack a scope: `hallpass status {id}` shows what was granted"
        ),
        429 => "the API asks for patience: run the command again later".to_owned(),
        500.. => "the API is out of order: run the command again later".to_owned(),
        _ => format!("see the answer {seen}, and its headers with `-i`"),
    };
    Failure::new(Kind::Api, format!("the API answered {status}")).hint(hint)
}
