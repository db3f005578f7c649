//! Connecting with a token that somebody has already: what it may be for, and
//! what it becomes.

use super::mint;
use super::{Broker, explain};
use crate::connection::{ConnectionId, Pin, Values};
use crate::definition::{AuthKind, Integration};
use crate::error::{Failure, Kind, Result};
use crate::grant::{self, GrantError};
use crate::secret::Secret;
use crate::store::Item;

/// Only what a person consents to can be brought along: all else is typed, or
/// obtained by itself.
pub(super) fn refuse_unfit(id: &ConnectionId, integration: &Integration) -> Result<()> {
    if integration.auth.needs_consent() {
        return Ok(());
    }
    let (what, hint) = match integration.auth.kind {
        AuthKind::ApiKey => (
            "is an API key",
            format!("give it so: `hallpass connect {id} --param api_key=-`"),
        ),
        AuthKind::Basic => (
            "is user name and password",
            format!("give them so: `hallpass connect {id} --param username=… --param password=-`"),
        ),
        AuthKind::None => (
            "has no credential",
            format!("call it as it is: `hallpass request {id} …`"),
        ),
        _ => (
            "obtains its token by itself",
            format!("leave `--with-token` out: `hallpass token {id}`"),
        ),
    };
    let message = format!("`{id}` {what}, so that no token can be brought along");
    Err(Failure::new(Kind::Usage, message).hint(hint))
}

impl Broker<'_> {
    /// The connection that a token makes.
    pub(super) fn adopt(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        values: &mut Values<'_>,
        text: &Secret,
    ) -> Result<Item> {
        let adopted = (|| -> Result<_, GrantError> {
            let answer = grant::adopt(self.http, values, text)?;
            // No token of before is bound to it; those of renewals will be.
            grant::dpop::bind(values)?;
            Ok((answer, Pin::of(values)?))
        })();
        let (answer, pin) = adopted.map_err(|error| unadopted(id, error))?;
        // What was asked for when it was made is not known here.
        let credential = mint::credential(answer, &[], values);
        let mut item = Item::new(id, 1, integration.auth.grant_name(), credential);
        item.pin = pin;
        item.parameters = values.parameters().clone();
        item.secrets = values.secrets().clone();
        item.kept = values.kept().clone();
        item.metadata = values.metadata().clone();
        Ok(item)
    }
}

fn unadopted(id: &ConnectionId, error: GrantError) -> Failure {
    let what = format!("`{id}` was not connected");
    match error {
        GrantError::NoToken(_) | GrantError::Denied { .. } => Failure::caused(Kind::Usage, error)
            .context(what)
            .hint("pipe in a token in one line, or the JSON that a token endpoint answered"),
        GrantError::Bound => Failure::caused(Kind::Usage, error)
            .context(what)
            .hint(format!(
                "for one that is bound to a key of its own, run `hallpass connect {id}`"
            )),
        other => explain::grant(id, &what, other),
    }
}
