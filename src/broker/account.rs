//! Whose credential a connection holds, as its API says.

use super::Broker;
use super::renew::locked;
use crate::connection::ConnectionId;
use crate::error::Result;
use crate::settings::StoreKind;
use crate::store::Item;

impl Broker<'_> {
    /// Notes whose credential `asked` holds, once the API has said so. What
    /// took its place meanwhile may be somebody else's, and stays as it is.
    pub fn set_account(
        &self,
        id: &ConnectionId,
        asked: &Item,
        account: &str,
        store: StoreKind,
    ) -> Result<()> {
        let _lock = self.lock(id).map_err(|error| locked(id, error))?;
        let Some((item, _)) = self.stores.read(id)? else {
            return Ok(());
        };
        let untouched =
            item.generation == asked.generation && item.connected_at == asked.connected_at;
        let has_its_token = item.credential.access_token.is_some() && item.has_token_of(asked);
        let same = untouched || has_its_token;
        if !same {
            return Ok(());
        }
        let base = item.generation;
        let named = item.next(|item| item.account = Some(account.to_owned()));
        Ok(self.stores.write(id, &named, store, Some(base))?)
    }

    /// The same for a connection that is kept already, if it is and is not
    /// known to be that account's.
    pub fn note_account(&self, id: &ConnectionId, asked: &Item, account: &str) -> Result<()> {
        match self.stores.record(id)? {
            Some(record) if record.account.as_deref() != Some(account) => {
                self.set_account(id, asked, account, record.store)
            }
            _ => Ok(()),
        }
    }
}
