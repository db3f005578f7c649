//! Renewing a connection that a person made: once, however many ask.

use super::explain;
use super::lock::{Lock, LockError};
use super::{Broker, Fresh, Kept, Need, check_pin, values_of};
use crate::clock::Timestamp;
use crate::connection::ConnectionId;
use crate::definition::{Auth, Integration};
use crate::error::{Failure, Kind, Result};
use crate::grant::{self, Answer, GrantError, TokenEndpoint};
use crate::signals;
use crate::store::{Item, Standing};

impl Broker<'_> {
    /// Renews what was read, unless someone else does it first.
    pub(super) fn renew(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        seen: Kept,
        need: Need<'_>,
    ) -> Result<Fresh> {
        let now = Timestamp::now();
        if seen.item.credential.refresh_token.is_none() {
            if seen.item.credential.is_alive(now) && !need.is_strict() {
                return Ok(Fresh { item: seen.item });
            }
            return Err(match need.min_ttl {
                Some(_) if seen.item.credential.expires_at.is_none() => explain::unknown_life(id),
                _ => explain::not_renewable(id),
            });
        }
        signals::watch(
            self.ui,
            &format!("renewing `{id}`"),
            "run the command again; what was kept is still there",
        );
        let _lock = match self.lock(id) {
            Ok(lock) => lock,
            Err(error) => return self.make_do(id, seen.item, need, locked(id, error)),
        };
        // Whatever was read before the lock may be old by now.
        let current = self.stores.read(id)?;
        let Some((item, store)) = current else {
            return Err(explain::not_connected(id));
        };
        let kept = Kept { item, store };
        check_pin(id, integration, &kept.item)?;
        if let Standing::NeedsConnecting { why } = &kept.item.standing {
            return Err(explain::needs_connecting(id, why));
        }
        if !seen.item.has_token_of(&kept.item)
            && need.is_met_by_renewed(&kept.item, Timestamp::now())
        {
            return Ok(Fresh { item: kept.item });
        }
        let fresh = self.refresh_locked(id, integration, kept, need)?;
        match need.min_ttl {
            Some(wanted) if !fresh.item.credential.lives_for(wanted, Timestamp::now()) => {
                Err(explain::too_short(id, wanted))
            }
            _ => Ok(fresh),
        }
    }

    /// Takes the connection's lock, or says who has it.
    pub(super) fn lock(&self, id: &ConnectionId) -> Result<Lock, LockError> {
        let path = self.stores.lock_path(id).map_err(|error| LockError::Io {
            path: std::path::PathBuf::from("the data directory"),
            source: std::io::Error::other(error),
        })?;
        Lock::take(&path, self.lock_timeout)
    }

    fn refresh_locked(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        kept: Kept,
        need: Need<'_>,
    ) -> Result<Fresh> {
        let Kept { item, store } = kept;
        // Whatever can fail or take its time without the provider comes first:
        // nothing has been sent yet, and a signal may still end it.
        let prepared = self.endpoint(integration, &item);
        let endpoint = match prepared {
            Ok(endpoint) => endpoint,
            Err(error) => {
                let failure = explain::grant(id, &format!("`{id}` could not be renewed"), error);
                return self.make_do(id, item, need, failure);
            }
        };
        if let Err(error) = self.stores.note_in_flight(id, &item, store) {
            let failure = Failure::from(error).context(format!("`{id}` cannot be renewed"));
            return self.make_do(id, item, need, failure);
        }
        // From here until the answer is kept, a signal has to wait: the old
        // refresh token may be dead the moment the provider answers.
        let critical = signals::critical();
        match refresh(&endpoint, &item) {
            Ok(answer) => {
                let renewed = renewed(item, answer, Timestamp::now());
                let base = renewed.generation - 1;
                self.stores
                    .write(id, &renewed, store, Some(base))
                    .map_err(|error| {
                        Failure::from(error)
                            .context(format!("`{id}` was renewed, but could not be kept"))
                    })?;
                drop(critical);
                Ok(Fresh { item: renewed })
            }
            Err(error) if error.is_dead_grant() => {
                let why = error.to_string();
                self.bury(id, Kept { item, store }, why)
            }
            Err(error) => {
                drop(critical);
                if let Err(error) = self.stores.clear_in_flight(id, &item, store) {
                    tracing::info!(connection = %id, %error, "the note of the refresh stays");
                }
                let failure = explain::grant(id, &format!("`{id}` could not be renewed"), error);
                self.make_do(id, item, need, failure)
            }
        }
    }

    fn endpoint(
        &self,
        integration: &Integration,
        item: &Item,
    ) -> Result<TokenEndpoint<'_>, GrantError> {
        let Auth::OAuth2(oauth) = &integration.auth;
        grant::token_endpoint(self.http, oauth, &values_of(integration, item))
    }

    /// The provider says that the grant is over. A sibling that does not share
    /// our lock (another machine's copy of the store) may have rotated it.
    fn bury(&self, id: &ConnectionId, kept: Kept, why: String) -> Result<Fresh> {
        let Kept { item, store } = kept;
        if let Some((newer, _)) = self.stores.read(id)?
            && newer.generation != item.generation
            && newer.credential.is_alive(Timestamp::now())
        {
            return Ok(Fresh { item: newer });
        }
        let base = item.generation;
        let dead = item.next(|item| {
            item.standing = Standing::NeedsConnecting { why: why.clone() };
        });
        self.stores.write(id, &dead, store, Some(base))?;
        Err(explain::needs_connecting(id, &why))
    }
}

/// Why nothing could be renewed: someone else is at it, or the disk is not.
pub(super) fn locked(id: &ConnectionId, error: LockError) -> Failure {
    match error {
        LockError::Held { .. } => Failure::caused(Kind::Unavailable, error)
            .context(format!("`{id}` is locked"))
            .hint("run the command again; if that process hangs, end it: its lock goes with it"),
        LockError::Io { .. } => Failure::caused(Kind::Store, error)
            .context(format!("`{id}` cannot be renewed"))
            .hint("see that the data directory is yours and has room, then run the command again"),
    }
}

fn refresh(endpoint: &TokenEndpoint<'_>, item: &Item) -> Result<Answer, GrantError> {
    let token = item.credential.refresh_token.as_ref();
    let token = token.ok_or(GrantError::Missing("refresh_token"))?;
    Ok(grant::refresh(endpoint, token)?)
}

/// The connection after a refresh: what the answer does not bring stays (RFC
/// 6749 section 6).
fn renewed(item: Item, answer: Answer, now: Timestamp) -> Item {
    item.next(|item| {
        let new = answer.into_credential(&item.credential.scopes, now);
        let old = std::mem::replace(&mut item.credential, new);
        let credential = &mut item.credential;
        credential.refresh_token = credential.refresh_token.take().or(old.refresh_token);
        credential.id_token = credential.id_token.take().or(old.id_token);
    })
}
