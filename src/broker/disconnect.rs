//! Disconnecting: revoke at the provider (RFC 7009), then forget. What was not
//! revoked is said honestly.

use super::renew::locked;
use super::{Broker, explain, values_of};
use crate::connection::ConnectionId;
use crate::definition::Integration;
use crate::error::{Failure, Result};
use crate::grant;
use crate::settings::StoreKind;
use crate::signals;
use crate::store::{Item, StoreError};

/// What became of the tokens at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// The provider says that they are dead.
    Yes,
    /// They live on until they expire: the definition names no revocation
    /// endpoint.
    NoEndpoint,
    /// They live on: only the local copy was to go.
    LocalOnly,
    /// It was forgotten before, but for a copy that is gone now.
    LeftOver,
}

impl Broker<'_> {
    /// Revokes and forgets. `integration` is `None` where the definition is
    /// gone; then, as with `local`, only the local copy goes. Returns `None`
    /// when there was no such connection.
    pub fn disconnect(
        &self,
        id: &ConnectionId,
        integration: Option<&Integration>,
        local: bool,
    ) -> Result<Option<Revoked>> {
        let _lock = self.lock(id).map_err(|error| locked(id, error))?;
        let kept = match self.stores.read(id) {
            Ok(kept) => kept,
            // It cannot be read or is not to be used, so it cannot be revoked,
            // only forgotten.
            Err(error) if local && can_be_forgotten(&error) => {
                self.forget(id, None, Revoked::LocalOnly)?;
                return Ok(Some(Revoked::LocalOnly));
            }
            Err(error) => return Err(self.shut(id, local, error)),
        };
        let Some((item, store)) = kept else {
            // A record without an item is nothing, and can go.
            let record = self.stores.record(id)?;
            if record.is_some() {
                self.forget(id, None, Revoked::LeftOver)?;
            }
            let left_over = record.is_some_and(|record| record.forgotten);
            return Ok(left_over.then_some(Revoked::LeftOver));
        };
        signals::watch(
            self.ui,
            &format!("disconnecting `{id}`"),
            &format!("run `hallpass disconnect {id}` again"),
        );
        let revoked = match integration {
            Some(integration) if !local => self.revoke(id, integration, &item)?,
            _ => Revoked::LocalOnly,
        };
        self.forget(id, Some(store), revoked)?;
        Ok(Some(revoked))
    }

    fn forget(&self, id: &ConnectionId, store: Option<StoreKind>, revoked: Revoked) -> Result<()> {
        self.stores.remove(id, store).map_err(|error| {
            let what = match revoked {
                Revoked::Yes => format!("the tokens of `{id}` are revoked, but not all forgotten"),
                _ => format!("`{id}` is not wholly forgotten"),
            };
            Failure::from(error).context(what)
        })
    }

    /// The store that holds it does not open.
    fn shut(&self, id: &ConnectionId, local: bool, error: StoreError) -> Failure {
        let absent = matches!(error, StoreError::Absent(_));
        let failure = Failure::from(error);
        if !local {
            return failure.hint(format!(
                "or forget it unrevoked: `hallpass disconnect {id} --local`"
            ));
        }
        match self.stores.record_path(id) {
            Ok(record) if absent => failure.hint(format!(
                "or, if that keychain is gone for good, remove `{}`",
                record.display()
            )),
            _ => failure,
        }
    }

    fn revoke(&self, id: &ConnectionId, integration: &Integration, item: &Item) -> Result<Revoked> {
        super::check_pin(id, integration, item).map_err(|failure| {
            failure.hint(format!(
                "or forget it unrevoked: `hallpass disconnect {id} --local`"
            ))
        })?;
        let mut values = values_of(integration, item);
        let result = grant::revoke(self.http, &mut values, &item.credential);
        result.map(revoked).map_err(|error| {
            explain::grant(id, &format!("`{id}` was not disconnected"), error).hint(format!(
                "or forget it unrevoked: `hallpass disconnect {id} --local`"
            ))
        })
    }
}

/// Whether what cannot be used any more may go unread.
fn can_be_forgotten(error: &StoreError) -> bool {
    error.is_unreadable() || matches!(error, StoreError::Renaming { .. })
}

fn revoked(at_endpoint: bool) -> Revoked {
    if at_endpoint {
        Revoked::Yes
    } else {
        Revoked::NoEndpoint
    }
}
