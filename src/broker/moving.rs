//! Connections that change their place: to another store, under another name,
//! to another machine and back. Each holds the locks of all it touches, and can
//! be cut off anywhere.

use super::lock::Lock;
use super::renew::locked;
use super::{Broker, explain, values_of};
use crate::connection::ConnectionId;
use crate::definition::Integration;
use crate::error::{Failure, Kind, Result};
use crate::grant;
use crate::settings::StoreKind;
use crate::signals;
use crate::store::{Item, Moved, Parcel, Recipient, Renamed, StoreError};

/// What became of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exported {
    /// It is forgotten here.
    Forgotten,
    /// It is still here, as was asked for, and two copies of what rotates would
    /// burn each other.
    KeptRotating,
    /// It is still here, because nobody knows whether the parcel has come
    /// anywhere.
    KeptUnsure,
    /// It is still here, and that harms nothing.
    Kept,
}

impl Broker<'_> {
    /// Moves a connection to another store; `None` when it is there already.
    /// Returns where it was.
    pub fn move_to(&self, id: &ConnectionId, to: StoreKind) -> Result<Option<StoreKind>> {
        let _lock = self.lock_to_move(id)?;
        let moved = self.stores.transfer(id, to).map_err(|error| {
            let failure = match error {
                StoreError::Absent(_) => Failure::caused(Kind::Store, error).hint(format!(
                    "start the keychain, or run this where it answers, such as in the desktop's session; until then `{id}` stays where it is"
                )),
                error => error.into(),
            };
            failure.context(format!("`{id}` was not moved to the store `{}`", to.name()))
        })?;
        match moved {
            Some(Moved::From(from)) => Ok(Some(from)),
            Some(Moved::AlreadyThere) => Ok(None),
            None => Err(explain::not_connected(id)),
        }
    }

    /// Gives a connection another name of its integration.
    pub fn rename(&self, old: &ConnectionId, new: &ConnectionId) -> Result<()> {
        // Always in the same order, so that two renames never wait for each other.
        let (first, second) = if old < new { (old, new) } else { (new, old) };
        let _locks = (self.lock_to_move(first)?, self.lock_to_move(second)?);
        let renamed = self.stores.rename(old, new).map_err(|error| {
            Failure::from(error).context(format!("`{old}` was not renamed to `{new}`"))
        })?;
        match renamed {
            Renamed::Done => Ok(()),
            Renamed::NotThere => Err(explain::not_connected(old)),
            Renamed::Taken => Err(taken(new)
                .hint(format!("choose another name: `hallpass rename {old} NAME`"))
                .hint(format!(
                    "or end that one first: `hallpass disconnect {new}`"
                ))),
        }
    }

    /// Seals a connection for another machine. `deliver` puts the parcel where
    /// it is to go and returns whether it is safe there; if so, what would burn
    /// the copy is forgotten here, unless it is to be kept.
    pub fn export(
        &self,
        id: &ConnectionId,
        to: &Recipient,
        keep: bool,
        deliver: impl FnOnce(&str) -> Result<bool>,
    ) -> Result<Exported> {
        let _lock = self.lock_to_move(id)?;
        let kept = self
            .stores
            .read(id)
            .map_err(|error| Failure::from(error).context(format!("`{id}` was not exported")))?;
        let Some((item, store)) = kept else {
            return Err(explain::not_connected(id));
        };
        let sealed = Parcel::seal(&item, to)?;
        signals::watch(
            self.ui,
            &format!("exporting `{id}`"),
            &format!("`hallpass status {id}` says whether it is still here"),
        );
        let is_safe = deliver(&sealed)
            .map_err(|failure| failure.hint(format!("`{id}` is still here and works as before")))?;
        let rotates = item.credential.refresh_token.is_some();
        match (rotates, keep, is_safe) {
            (false, ..) => return Ok(Exported::Kept),
            (true, true, _) => return Ok(Exported::KeptRotating),
            (true, false, false) => return Ok(Exported::KeptUnsure),
            (true, false, true) => {}
        }
        self.stores.remove(id, Some(store)).map_err(|error| {
            Failure::from(error)
                .context(format!(
                    "`{id}` was exported, but could not be forgotten here"
                ))
                .hint(format!(
                    "then forget it: `hallpass disconnect {id} --local`"
                ))
        })?;
        Ok(Exported::Forgotten)
    }

    /// Holds what came from another machine to the definition that is here:
    /// whoever sealed it could else lead the definition's own secrets anywhere.
    /// What it says of a server is not believed: the issuer is asked itself.
    pub fn check_import(
        &self,
        id: &ConnectionId,
        integration: Option<&Integration>,
        mut item: Item,
    ) -> Result<Item> {
        item.metadata = item.metadata.of_client();
        let Some(integration) = integration else {
            return Ok(item);
        };
        let mut values = values_of(integration, &item);
        let what = format!("`{id}` was not imported");
        values.check_kept().map_err(|error| {
            Failure::caused(Kind::NeedsConnecting, error)
                .context(&what)
                .hint(format!(
                    "if whoever sent it is to be trusted, let the definition of `{}` accept the value, and import it again",
                    id.integration()
                ))
                .hint(format!("or connect here: `hallpass connect {id}`"))
        })?;
        let asked = grant::discover(self.http, &mut values);
        asked.map_err(|error| {
            explain::grant(id, &what, error).hint("the export stays good: import it again then")
        })?;
        let metadata = values.metadata().clone();
        item.metadata = metadata;
        Ok(item)
    }

    /// Keeps a connection that came from another machine, if there is none of
    /// that name.
    pub fn import(&self, id: &ConnectionId, item: Item, store: StoreKind) -> Result<Item> {
        let _lock = self.lock_to_move(id)?;
        if self.stores.read(id)?.is_some() {
            return Err(taken(id)
                .hint("give the new one another name: `hallpass import FILE --as NAME`")
                .hint(format!(
                    "or end the old one first: `hallpass disconnect {id}`"
                )));
        }
        let item = item.arrived_as(id);
        self.stores
            .write(id, &item, store, None)
            .map_err(|error| Failure::from(error).context(format!("`{id}` was not imported")))?;
        Ok(item)
    }

    fn lock_to_move(&self, id: &ConnectionId) -> Result<Lock> {
        self.lock(id).map_err(|error| locked(id, error))
    }
}

fn taken(id: &ConnectionId) -> Failure {
    Failure::new(Kind::Usage, format!("there is a connection `{id}` already"))
}
