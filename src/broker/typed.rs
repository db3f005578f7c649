//! Credentials that a person typed, or that the definition names a place for:
//! an API key, user and password, or none at all. Nothing renews them.

use super::given::Given;
use super::{Broker, Fresh, Need, check_pin, explain, inputs, values_of};
use crate::clock::Timestamp;
use crate::connection::{ConnectionId, Pin, Values};
use crate::credential::Credential;
use crate::definition::{AuthKind, Integration};
use crate::error::{Failure, Result};
use crate::store::Item;

impl Broker<'_> {
    /// The credential as it was typed. `min_ttl` is always met: no end is
    /// known to it.
    pub(super) fn typed(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        need: Need<'_>,
    ) -> Result<Fresh> {
        if need.renewed || need.rejected.is_some() {
            return Err(explain::never_renewed(id, integration));
        }
        let item = match self.kept_typed(id, integration)? {
            Some(item) => {
                let values = values_of(integration, &item);
                let checked = values.check_kept();
                checked.map_err(|error| explain::unrenderable(id, &error))?;
                // What the definition names itself is its own to send elsewhere;
                // what a person typed is not.
                if !item.secrets.is_empty() {
                    check_pin(id, integration, &item)?;
                }
                with_credential(id, integration, item)?
            }
            None => {
                let given = inputs::unattended(id, integration)?;
                item_of(id, integration, given)?
            }
        };
        Ok(Fresh { item })
    }

    /// What `connect` kept. Where the definition and the environment say all
    /// there is to say, no store is needed, and none is opened in vain.
    fn kept_typed(&self, id: &ConnectionId, integration: &Integration) -> Result<Option<Item>> {
        let alone = inputs::stands_alone(integration);
        if alone && self.stores.record(id)?.is_none() {
            return Ok(None);
        }
        match self.stores.read(id) {
            Ok(kept) => Ok(kept.map(|(item, _)| item)),
            Err(why) if alone => {
                tracing::info!(connection = %id, %why, "no usable store: the definition's own values are used");
                Ok(None)
            }
            Err(error) => Err(Failure::from(error).context(format!("`{id}` cannot be read"))),
        }
    }
}

/// A connection made of these values.
pub(super) fn item_of(id: &ConnectionId, integration: &Integration, given: Given) -> Result<Item> {
    let (parameters, secrets) = given;
    let values = Values::new(integration, parameters.clone(), secrets.clone());
    let pin = Pin::of(&values).map_err(|error| explain::unrenderable(id, &error))?;
    let credential = Credential::typed(integration.auth.grant_name(), None, Timestamp::now());
    let mut item = Item::new(id, 1, integration.auth.grant_name(), credential);
    item.pin = pin;
    item.parameters = parameters;
    item.secrets = secrets;
    with_credential(id, integration, item)
}

/// The item with the key in its place; user and password stay inputs.
fn with_credential(id: &ConnectionId, integration: &Integration, mut item: Item) -> Result<Item> {
    let wanted: &[&str] = match integration.auth.kind {
        AuthKind::ApiKey => &["api_key"],
        AuthKind::Basic => &["username", "password"],
        _ => &[],
    };
    let mut key = None;
    let values = values_of(integration, &item);
    for name in wanted {
        let value = values.input(name);
        match value.map_err(|error| explain::unrenderable(id, &error))? {
            Some(value) => key = Some(value),
            None => return Err(explain::not_connected(id)),
        }
    }
    let is_key = matches!(integration.auth.kind, AuthKind::ApiKey);
    item.credential.access_token = key.filter(|_| is_key);
    Ok(item)
}
