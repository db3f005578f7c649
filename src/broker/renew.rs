//! Renewing a connection that a person made: once, however many ask.

use std::time::{Duration, Instant};

use super::explain;
use super::lock::{Lock, LockError};
use super::{Broker, Fresh, Need, Stored, can_renew, check_pin, values_of};
use crate::clock::Timestamp;
use crate::connection::{ConnectionId, Pin, Values};
use crate::definition::Integration;
use crate::error::{Failure, Kind, Result};
use crate::grant::{Answer, Renewal, Repeat};
use crate::settings::StoreKind;
use crate::signals;
use crate::store::{Item, Standing};

/// How long a store that fails is tried again, and how soon at first.
const KEEP_TRYING: Duration = Duration::from_secs(3);
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// What a renewal under the lock came to.
pub(super) enum Outcome {
    /// The connection is renewed, and kept.
    Renewed(Item),
    /// The provider says that the grant is over.
    Dead(Stored, String),
    /// It was not renewed; this is what is kept now.
    Failed(Item, Failure),
}

impl Broker<'_> {
    /// Renews what was read, unless someone else does it first.
    pub(super) fn renew(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        seen: Stored,
        need: Need<'_>,
    ) -> Result<Fresh> {
        let now = Timestamp::now();
        if !can_renew(&integration.auth, &seen.item) {
            if seen.item.credential.is_alive(now) && !need.is_strict() {
                return Ok(Fresh { item: seen.item });
            }
            return Err(match need.min_ttl {
                Some(_) if seen.item.credential.expires_at.is_none() => explain::unknown_life(id),
                _ => explain::not_renewable(id, integration),
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
        let kept = Stored { item, store };
        check_pin(id, integration, &kept.item)?;
        if let Standing::NeedsConnecting { why } = &kept.item.standing {
            return Err(explain::needs_connecting(id, why));
        }
        if kept.item.is_renewed_since(&seen.item)
            && need.is_met_by_renewed(&kept.item, Timestamp::now())
        {
            return Ok(Fresh { item: kept.item });
        }
        // A token that still lives serves better than waiting for a provider.
        let repeat = if need.may_be_served_by(&kept.item) {
            Repeat::Never
        } else {
            Repeat::Undone
        };
        let fresh = match self.renew_locked(id, integration, kept, repeat)? {
            Outcome::Renewed(item) => Fresh { item },
            Outcome::Dead(kept, why) => self.bury(id, kept, why)?,
            Outcome::Failed(item, failure) => self.make_do(id, item, need, failure)?,
        };
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

    /// Renews under the lock, and keeps what came. Fails only where it was
    /// renewed and could not be kept.
    pub(super) fn renew_locked(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        kept: Stored,
        repeat: Repeat,
    ) -> Result<Outcome> {
        let store = kept.store;
        let is_bound = kept.item.credential.dpop_key.is_some();
        if is_bound {
            self.http.begin_with_nonces(self.stores.nonces(id));
        }
        let outcome = self.ask_and_keep(id, integration, kept, repeat);
        self.stores.give_back_room(id, store);
        if is_bound {
            self.stores.keep_nonces(id, &self.http.nonces());
        }
        outcome
    }

    fn ask_and_keep(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        kept: Stored,
        repeat: Repeat,
    ) -> Result<Outcome> {
        let Stored { item, store } = kept;
        let what = format!("`{id}` could not be renewed");
        let before = item.clone();
        // What the definition names itself is its own to send elsewhere; what a
        // person typed or consented to is not.
        let pinned =
            integration.auth.needs_consent() || (item.by_connect && !item.secrets.is_empty());
        let mut values = values_of(integration, &before);
        if !pinned {
            values = values.fenced(None);
        }
        // Whatever can fail or take its time without the provider comes first:
        // nothing has been sent yet, and a signal may still end it.
        let renewal = match Renewal::prepare(self.http, &mut values) {
            Ok(renewal) => renewal,
            Err(error) => return Ok(Outcome::Failed(item, explain::grant(id, &what, error))),
        };
        // A record that cannot be read cannot be written either, which is next.
        let earlier = self.stores.in_flight(id, &item).unwrap_or_default();
        let writes = 1 + usize::from(Renewal::has_more(&values));
        let noted = self
            .stores
            .note_in_flight(id, &item, store, earlier.as_ref(), writes);
        if let Err(error) = noted {
            let failure = Failure::from(error).context(format!("`{id}` cannot be renewed"));
            return Ok(Outcome::Failed(item, failure));
        }
        // From here until the answer is kept, a signal has to wait: the old
        // refresh token may be dead the moment the provider answers.
        let critical = signals::critical();
        match renewal.call(&mut values, &before.credential, repeat) {
            Ok(mut answer) => {
                let mut item = item;
                if Renewal::has_more(&values) {
                    // What rotated is on disk before anything is done with what
                    // came with it.
                    item = rotated(item, &answer);
                    self.keep_renewed(id, &item, store)?;
                }
                let completed = renewal.complete(&mut values, &mut answer);
                let mut renewed = renewed(item, answer, &values, completed.is_ok());
                let pin = Pin::of(&values).unwrap_or_default();
                if !pinned {
                    renewed.pin = pin.clone();
                }
                self.keep_renewed(id, &renewed, store)?;
                drop(critical);
                let strangers = renewed.pin.strangers(&pin);
                if completed.is_ok() && !strangers.is_empty() {
                    return Err(explain::led_away(id, &renewed.pin, &strangers));
                }
                Ok(match completed {
                    Ok(()) => Outcome::Renewed(renewed),
                    Err(error) => Outcome::Failed(renewed, explain::grant(id, &what, error)),
                })
            }
            Err(error) if error.is_dead_grant() => {
                let why = explain::dead_grant(&error, earlier.as_ref());
                Ok(Outcome::Dead(Stored { item, store }, why))
            }
            Err(error) => {
                drop(critical);
                // Where the answer may have been lost, the note stays: it will
                // say what happened, should the refresh token be used up.
                if error.is_undone() && earlier.is_none() {
                    self.forget_note(id, &item, store);
                }
                Ok(Outcome::Failed(item, explain::grant(id, &what, error)))
            }
        }
    }

    /// Keeps what cannot be had again: a store that fails is tried again for a
    /// while before anything is given up.
    fn keep_renewed(&self, id: &ConnectionId, item: &Item, store: StoreKind) -> Result<()> {
        let begun = Instant::now();
        let mut wait = FIRST_WAIT;
        for tries in 1.. {
            let base = item.generation - 1;
            let Err(error) = self.stores.write(id, item, store, Some(base)) else {
                break;
            };
            // A keychain may take longer than that to give up once.
            let enough = tries > 1 && begun.elapsed() > KEEP_TRYING;
            if enough || !error.may_pass() {
                return Err(Failure::from(error)
                    .context(format!("`{id}` was renewed, but could not be kept"))
                    .hint(format!(
                        "if the provider replaced its refresh token, run `hallpass connect {id}`"
                    )));
            }
            tracing::info!(connection = %id, %error, "the write is tried again");
            std::thread::sleep(wait);
            wait *= 2;
        }
        Ok(())
    }

    /// Takes the note of a renewal back that came to nothing.
    pub(super) fn forget_note(&self, id: &ConnectionId, item: &Item, store: StoreKind) {
        if let Err(error) = self.stores.clear_in_flight(id, item, store) {
            tracing::info!(connection = %id, %error, "the note of the renewal stays");
        }
    }

    /// The provider says that the grant is over. A sibling that does not share
    /// our lock (another machine's copy of the store) may have rotated it.
    pub(super) fn bury(&self, id: &ConnectionId, kept: Stored, why: String) -> Result<Fresh> {
        let Stored { item, store } = kept;
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
            .context(format!("`{id}` cannot be changed"))
            .hint("see that the data directory is yours and has room, then run the command again"),
    }
}

/// The connection with the refresh token that an answer brought, and the access
/// token it had.
fn rotated(item: Item, answer: &Answer) -> Item {
    let newer = answer.refresh_token.clone();
    item.next(|item| {
        let credential = &mut item.credential;
        credential.refresh_token = newer.or(credential.refresh_token.take());
    })
}

/// The connection after a renewal: what the answer does not bring stays (RFC
/// 6749 section 6). Where a call after it failed, the token that it was to
/// bring is missing: the old one stays as it is, still due for renewal.
fn renewed(item: Item, answer: Answer, values: &Values<'_>, completed: bool) -> Item {
    let now = Timestamp::now();
    let kept = values.kept().clone();
    let metadata = values.metadata().clone();
    item.next(|item| {
        let old = &mut item.credential;
        old.refresh_token = answer.refresh_token.or(old.refresh_token.take());
        old.id_token = answer.id_token.or(old.id_token.take());
        item.kept = kept;
        item.metadata = metadata;
        if !completed {
            return;
        }
        item.renewals += 1;
        old.access_token = answer.access_token.or(old.access_token.take());
        old.obtained_at = now;
        old.expires_at = answer.expires_in.map(|life| now.after(life));
        if let Some(token_type) = answer.token_type {
            old.token_type = token_type;
        }
        if let Some(scopes) = answer.scopes {
            old.scopes = scopes;
        }
    })
}
