//! Credentials that need nobody there (client credentials): minted when there
//! is none or the old one is over, kept where a store answers, and otherwise
//! used and forgotten, so that a CI job needs only its environment.

use std::collections::BTreeMap;

use super::renew::locked;
use super::{Broker, Fresh, Need, check_pin, explain, inputs};
use crate::clock::Timestamp;
use crate::connection::{ConnectionId, Pin, Values};
use crate::definition::{Auth, Integration};
use crate::error::Result;
use crate::grant::{self, GrantError};
use crate::secret::Secret;
use crate::signals;
use crate::store::{Item, StoreError};

/// Parameters and inputs of a connection: what may be shown, and what may not.
type Given = (BTreeMap<String, String>, BTreeMap<String, Secret>);

impl Broker<'_> {
    /// Mints without keeping, because the store does not work.
    pub(super) fn mint_and_forget(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        why: &StoreError,
    ) -> Result<Fresh> {
        tracing::info!(connection = %id, %why, "no usable store: the credential is used and forgotten");
        let given = inputs::unattended(id, integration)?;
        let item = self.mint(id, integration, given, None, &[])?;
        Ok(Fresh { item })
    }

    /// Mints and keeps, unless someone else did meanwhile. `seen` is the
    /// generation that would not do.
    pub(super) fn mint_and_keep(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        seen: Option<u64>,
        need: Need,
    ) -> Result<Fresh> {
        let _lock = match self.lock(id) {
            Ok(lock) => lock,
            // Nowhere to lock is nowhere to keep.
            Err(super::lock::LockError::Io { source, .. }) => {
                let why = StoreError::Corrupt(source.to_string());
                return self.mint_and_forget(id, integration, &why);
            }
            Err(error) => return Err(locked(id, error)),
        };
        let current = match self.stores.read(id) {
            Ok(current) => current,
            Err(error) => return self.mint_and_forget(id, integration, &error),
        };
        let base = current.as_ref().map(|(item, _)| item.generation);
        let (store, given) = match current {
            Some((item, store)) => {
                let is_new = seen != Some(item.generation);
                if is_new
                    && check_pin(id, integration, &item).is_ok()
                    && need.is_met_by_renewed(&item, Timestamp::now())
                {
                    return Ok(Fresh { item });
                }
                (store, (item.parameters, item.secrets))
            }
            None => (
                self.stores.preferred(),
                inputs::unattended(id, integration)?,
            ),
        };
        let item = self.mint(id, integration, given, base, &[])?;
        if let Some(wanted) = need.min_ttl
            && !item.credential.lives_for(wanted, Timestamp::now())
        {
            return Err(explain::too_short(id, wanted));
        }
        if let Err(error) = self.stores.write(id, &item, store, base) {
            tracing::info!(connection = %id, %error, "the credential is used, but could not be kept");
        }
        Ok(Fresh { item })
    }

    /// One call for a new credential.
    pub(super) fn mint(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        (parameters, secrets): Given,
        base: Option<u64>,
        extra_scopes: &[String],
    ) -> Result<Item> {
        signals::watch(
            self.ui,
            &format!("getting a token for `{id}`"),
            "run the command again; nothing was lost",
        );
        let Auth::OAuth2(oauth) = &integration.auth;
        let values = Values::new(integration, parameters.clone(), secrets.clone());
        let obtained = (|| -> Result<_, GrantError> {
            let scopes = grant::scopes(oauth, &values, extra_scopes)?;
            let endpoint = grant::token_endpoint(self.http, oauth, &values)?;
            let scope = scopes.join(&oauth.scope_separator);
            let answer = grant::client_credentials(&endpoint, &scope)?;
            Ok(answer.into_credential(&scopes, Timestamp::now()))
        })();
        let credential = obtained.map_err(|error| {
            explain::grant(id, &format!("no token was given for `{id}`"), error)
        })?;
        let pin = Pin::of(&values).map_err(|error| explain::unrenderable(id, &error))?;
        let generation = base.unwrap_or_default() + 1;
        let mut item = Item::new(id, generation, integration.auth.grant_name(), credential);
        item.pin = pin;
        item.parameters = parameters;
        item.secrets = secrets;
        Ok(item)
    }
}
