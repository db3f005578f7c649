//! What a credential that needs nobody is made from: what a person typed when
//! connecting, which is kept with the connection and goes only where its pin
//! says; else what the definition and the environment say, anew each time, so
//! that another environment gets another token.

use std::collections::BTreeMap;

use super::given::Given;
use super::{explain, inputs};
use crate::connection::{ConnectionId, Kept, Metadata, Pin, Values};
use crate::definition::Integration;
use crate::error::Result;
use crate::grant;
use crate::store::{Item, Standing};

/// What a credential is to be made from, and for.
pub(super) struct Recipe {
    pub(super) given: Given,
    pub(super) by_connect: bool,
    /// What the server said of itself when it was asked, where a person's
    /// secrets may go nowhere else.
    pub(super) metadata: Metadata,
    /// Where a person's secrets may go.
    pub(super) fence: Option<Pin>,
    pub(super) scopes: Vec<String>,
    pub(super) extra_scopes: Vec<String>,
}

impl Recipe {
    /// What to make a credential from: `given` values, the definition's scopes
    /// and `extra_scopes` after them.
    pub(super) fn new(
        id: &ConnectionId,
        integration: &Integration,
        given: Given,
        by_connect: bool,
        extra_scopes: &[String],
    ) -> Result<Self> {
        let values = Values::new(integration, given.0.clone(), given.1.clone());
        let scopes = grant::scopes(&values, extra_scopes).map_err(|error| {
            explain::grant(id, &format!("no token was given for `{id}`"), error)
        })?;
        Ok(Self {
            given,
            by_connect,
            metadata: Metadata::default(),
            fence: None,
            scopes,
            extra_scopes: extra_scopes.to_vec(),
        })
    }

    /// Notes what the server says of itself, so that it is not asked again.
    #[must_use]
    pub(super) fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Lets what it is made from go only to the origins of this pin.
    #[must_use]
    pub(super) fn fenced(mut self, pin: Option<Pin>) -> Self {
        self.fence = pin;
        self
    }

    /// Whether an item was made from the same, for the same.
    pub(super) fn made(&self, integration: &Integration, item: &Item) -> bool {
        let values = self.values(integration, item);
        item.parameters == self.given.0
            && item.asked == self.scopes
            && item.made_from == Some(values.fingerprint())
            && Pin::of(&values).is_ok_and(|pin| pin == item.pin)
    }

    /// The issuer that the definition names, as metadata would name it.
    fn issuer(&self, integration: &Integration) -> Option<String> {
        let template = integration.auth.oauth2()?.issuer.as_ref()?;
        let values = Values::new(integration, self.given.0.clone(), BTreeMap::new());
        let url = template.render(&values).ok()??;
        Some(url.expose().as_str().trim_end_matches('/').to_owned())
    }

    /// What would fill the definition's placeholders, with what an item's
    /// answers brought.
    fn values<'a>(&self, integration: &'a Integration, item: &Item) -> Values<'a> {
        Values::new(integration, self.given.0.clone(), self.given.1.clone())
            .with_kept(item.kept.clone(), item.metadata.clone())
    }
}

/// What to make a credential from: what a person typed, where someone did and
/// it would still go only where it was meant to; else the definition and the
/// environment.
pub(super) fn recipe_for(
    id: &ConnectionId,
    integration: &Integration,
    kept: Option<&Item>,
) -> Result<Recipe> {
    let Some(item) = kept.filter(|item| item.by_connect) else {
        let given = inputs::unattended(id, integration)?;
        let recipe = Recipe::new(id, integration, given, false, &[])?;
        // The same issuer is not asked about itself each time.
        let metadata = kept.map(|item| item.metadata.clone()).unwrap_or_default();
        let same = metadata.issuer().is_some_and(|known| {
            recipe.issuer(integration).as_deref() == Some(known.trim_end_matches('/'))
        });
        return Ok(if same {
            recipe.with_metadata(metadata)
        } else {
            recipe
        });
    };
    // Shown again and again, a wrong password locks its account.
    if is_by_typed_password(integration, item)
        && let Standing::NeedsConnecting { why } = &item.standing
    {
        return Err(explain::needs_connecting(id, why));
    }
    let given = (item.parameters.clone(), item.secrets.clone());
    let typed = Values::new(integration, given.0.clone(), given.1.clone())
        .with_kept(Kept::default(), item.metadata.clone());
    if let Err(error) = typed.check_kept() {
        // What needs nobody is made from what the definition says now.
        return if inputs::stands_alone(integration) && item.secrets.is_empty() {
            recipe_for(id, integration, None)
        } else {
            Err(explain::unrenderable(id, &error))
        };
    }
    // Secrets that the definition names are its own to send elsewhere; what a
    // person typed is not.
    let fence = (!item.secrets.is_empty()).then(|| item.pin.clone());
    let recipe = Recipe::new(id, integration, given, true, &item.extra_scopes)?
        .with_metadata(item.metadata.clone())
        .fenced(fence);
    // What answers brought and would not do any more comes anew with the next.
    let pin = Pin::of(&recipe.values(integration, item))
        .or_else(|_| Pin::of(&typed))
        .map_err(|error| explain::unrenderable(id, &error))?;
    let strangers = item.pin.strangers(&pin);
    if !strangers.is_empty() && recipe.fence.is_some() {
        return Err(explain::moved(id, &item.pin, &strangers));
    }
    Ok(recipe)
}

pub(super) fn is_by_typed_password(integration: &Integration, item: &Item) -> bool {
    integration.auth.is_by_password() && item.secrets.contains_key("password")
}
