//! A token that a server rejected, as another program tells: it is not handed
//! out again, and the next caller gets a renewed one.

use super::renew::locked;
use super::{Broker, Need, can_renew, values_of};
use crate::clock::Timestamp;
use crate::connection::ConnectionId;
use crate::definition::Integration;
use crate::error::{Failure, Kind, Result};
use crate::secret::Secret;
use crate::store::{Item, Standing};

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The next caller gets a renewed one.
    Marked,
    /// Nothing renews it, and it is as it was: one server's no is not enough to
    /// take it from all others.
    NotRenewable,
    /// This connection has no such token, or not any more.
    NotOurs,
}

impl Broker<'_> {
    /// Notes that a server rejected this token, or whichever there is now.
    pub fn reject(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        token: Option<&Secret>,
    ) -> Result<Rejection> {
        if integration.auth.is_fixed() {
            return self.reject_typed(id, integration, token);
        }
        let meant = |item: &Item| {
            item.standing == Standing::Good
                && token.is_none_or(|token| item.credential.has_token(token))
        };
        // Nothing is locked for what is another's.
        let Some((item, _)) = self.stores.read(id)?.filter(|(item, _)| meant(item)) else {
            return Ok(Rejection::NotOurs);
        };
        if integration.auth.needs_consent() && !can_renew(&integration.auth, &item) {
            return Ok(Rejection::NotRenewable);
        }
        let _lock = self.lock(id).map_err(|error| locked(id, error))?;
        let Some((item, store)) = self.stores.read(id)?.filter(|(item, _)| meant(item)) else {
            return Ok(Rejection::NotOurs);
        };
        if !item.credential.is_alive(Timestamp::now()) {
            return Ok(Rejection::Marked);
        }
        let base = item.generation;
        let marked = item.next(|item| item.credential.expires_at = Some(Timestamp::now()));
        let written = self.stores.write(id, &marked, store, Some(base));
        written.map_err(|error| {
            Failure::from(error).context(format!("that `{id}` was rejected could not be kept"))
        })?;
        Ok(Rejection::Marked)
    }

    fn reject_typed(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        token: Option<&Secret>,
    ) -> Result<Rejection> {
        let item = match self.fresh(id, integration, Need::default()) {
            Ok(fresh) => fresh.item,
            Err(failure) if failure.kind() == Kind::NeedsConnecting => {
                return Ok(Rejection::NotOurs);
            }
            Err(failure) => return Err(failure),
        };
        let password = values_of(integration, &item).input("password").ok();
        let password = password.flatten();
        let is_ours = token.is_none_or(|token| {
            item.credential.has_token(token)
                || password.is_some_and(|own| own.equals(token.expose()))
        });
        Ok(if is_ours {
            Rejection::NotRenewable
        } else {
            Rejection::NotOurs
        })
    }
}
