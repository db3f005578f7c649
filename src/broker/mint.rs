//! Credentials that need nobody there (client credentials, custom tokens,
//! signed tokens): minted when there is none, when the old one is over, or when
//! what it was made from has changed; kept where a store answers, and otherwise
//! used and forgotten, so that a CI job needs only its environment. `recipe` is
//! what they are made from.

use super::lock::LockError;
use super::recipe::{Recipe, is_by_typed_password, recipe_for};
use super::renew::{Outcome, locked};
use super::{Broker, Fresh, Need, Stored, can_renew, explain};
use crate::clock::Timestamp;
use crate::connection::{ConnectionId, Kept, Pin, Values};
use crate::credential::Credential;
use crate::definition::Integration;
use crate::error::{Failure, Kind, Result};
use crate::grant::{self, Answer, GrantError, Repeat};
use crate::settings::StoreKind;
use crate::signals;
use crate::store::{Item, StoreError};

impl Broker<'_> {
    /// A credential of a grant that needs nobody.
    pub(super) fn minted(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        need: Need<'_>,
    ) -> Result<Fresh> {
        let kept = match self.stores.read(id) {
            Ok(kept) => kept,
            Err(error) => return self.mint_and_forget(id, integration, need, error),
        };
        let recipe = recipe_for(id, integration, kept.as_ref().map(|(item, _)| item))?;
        let usable = kept.map(|(item, _)| item);
        let usable = usable.filter(|item| recipe.made(integration, item));
        let usable = match usable {
            Some(item) if need.is_met(&item, &integration.auth, Timestamp::now()) => {
                return Ok(Fresh { item });
            }
            other => other,
        };
        match (
            self.mint_and_keep(id, integration, usable.as_ref(), need),
            usable,
        ) {
            (Err(failure), Some(item)) if may_pass(&failure) => {
                self.make_do(id, item, need, failure)
            }
            (fresh, _) => fresh,
        }
    }

    /// Mints without keeping, because the store does not work.
    fn mint_and_forget(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        need: Need<'_>,
        why: StoreError,
    ) -> Result<Fresh> {
        tracing::info!(connection = %id, %why, "no usable store: the credential is used and forgotten");
        let minted = recipe_for(id, integration, None)
            .and_then(|recipe| self.mint(id, integration, &recipe, Repeat::Passing));
        match minted {
            Ok(item) => long_enough(id, item, need),
            // What is missing may well be in the store that does not open.
            Err(failure) if failure.kind() == Kind::NeedsConnecting => Err(why.into()),
            Err(failure) => Err(failure),
        }
    }

    /// Mints and keeps, unless someone else did meanwhile. `seen` is what
    /// would not do.
    fn mint_and_keep(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        seen: Option<&Item>,
        need: Need<'_>,
    ) -> Result<Fresh> {
        let _lock = match self.lock(id) {
            Ok(lock) => lock,
            // Nowhere to lock is nowhere to keep.
            Err(LockError::Io { path, source }) => {
                let why = StoreError::Io { path, source };
                return self.mint_and_forget(id, integration, need, why);
            }
            Err(error) => return Err(locked(id, error)),
        };
        let current = match self.stores.read(id) {
            Ok(current) => current,
            Err(error) => return self.mint_and_forget(id, integration, need, error),
        };
        let recipe = recipe_for(id, integration, current.as_ref().map(|(item, _)| item))?;
        if let Some((item, _)) = &current
            && recipe.made(integration, item)
            && seen.is_none_or(|seen| item.is_renewed_since(seen))
            && need.is_met_by_renewed(item, Timestamp::now())
        {
            return Ok(Fresh { item: item.clone() });
        }
        let mut current = current;
        if let Some(kept) = &mut current
            && recipe.made(integration, &kept.0)
            && can_renew(&integration.auth, &kept.0)
            && let Some(renewed) = self.renewed_instead(id, integration, kept)?
        {
            return long_enough(id, renewed, need);
        }
        let will_do = seen.is_some_and(|item| need.may_be_served_by(item));
        let repeat = if will_do {
            Repeat::Never
        } else {
            Repeat::Passing
        };
        let minted = self.mint(id, integration, &recipe, repeat);
        self.keep_minted(id, integration, minted, current)
            .and_then(|item| long_enough(id, item, need))
    }

    /// Renews what there is, where that is to be had; else it is left as the
    /// renewal left it, and another is to be minted.
    fn renewed_instead(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        (item, store): &mut (Item, StoreKind),
    ) -> Result<Option<Item>> {
        let kept = Stored {
            item: item.clone(),
            store: *store,
        };
        match self.renew_locked(id, integration, kept, Repeat::Undone) {
            Ok(Outcome::Renewed(renewed)) => return Ok(Some(renewed)),
            // What it was renewed from is over, in whatever words the
            // provider says so; what it is made from is not.
            Ok(Outcome::Failed(_, failure)) if !is_made_up_for(&failure) => {
                return Err(failure);
            }
            Ok(Outcome::Dead(Stored { item: left, .. }, _) | Outcome::Failed(left, _)) => {
                *item = left;
                self.forget_note(id, item, *store);
            }
            // It was renewed and could not be kept, and nor can what comes.
            Err(failure) if failure.kind() == Kind::Store => {}
            Err(failure) => return Err(failure),
        }
        Ok(None)
    }

    /// Keeps what was minted in the place of what there is; or marks that where
    /// the password in it is wrong by now.
    fn keep_minted(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        minted: Result<Item>,
        current: Option<(Item, StoreKind)>,
    ) -> Result<Item> {
        let (item, store, base) = match (minted, current) {
            (Err(failure), Some((item, store)))
                if is_wrong_password(integration, &item, &failure) =>
            {
                let why = failure.causes().join(": ");
                return self
                    .bury(id, Stored { item, store }, why)
                    .map(|fresh| fresh.item);
            }
            (minted, Some((old, store))) => {
                let minted = minted?;
                let base = Some(old.generation);
                (old.next(|item| item.take_over(minted)), store, base)
            }
            (minted, None) => (minted?, self.stores.preferred(), None),
        };
        self.keep_if_possible(id, &item, store, base);
        Ok(item)
    }

    fn keep_if_possible(
        &self,
        id: &ConnectionId,
        item: &Item,
        store: StoreKind,
        base: Option<u64>,
    ) {
        if let Err(error) = self.stores.write(id, item, store, base) {
            tracing::info!(connection = %id, %error, "the credential is used, but could not be kept");
        }
    }

    /// One call for a new credential.
    pub(super) fn mint(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        recipe: &Recipe,
        repeat: Repeat,
    ) -> Result<Item> {
        signals::watch(
            self.ui,
            &format!("getting a token for `{id}`"),
            "run the command again; nothing was lost",
        );
        let (parameters, secrets) = recipe.given.clone();
        let mut values = Values::new(integration, parameters.clone(), secrets.clone())
            .with_kept(Kept::default(), recipe.metadata.clone())
            .fenced(recipe.fence.clone());
        let obtained = (|| -> Result<_, GrantError> {
            if recipe.metadata.issuer().is_none() {
                grant::discover(self.http, &mut values)?;
            }
            grant::dpop::bind(&mut values)?;
            let answer = grant::obtain(self.http, &mut values, &recipe.scopes, repeat)?;
            Ok((answer, Pin::of(&values)?))
        })();
        let (answer, pin) = obtained.map_err(|error| explain::minting(id, integration, error))?;
        let credential = credential(answer, &recipe.scopes, &values);
        if let Some(fence) = &recipe.fence {
            // What the answers brought may lead elsewhere too.
            let strangers = fence.strangers(&pin);
            if !strangers.is_empty() {
                return Err(explain::led_away(id, fence, &strangers));
            }
        }
        let mut item = Item::new(id, 1, integration.auth.grant_name(), credential);
        item.pin = pin;
        item.made_from = Some(values.fingerprint());
        item.kept = values.kept().clone();
        item.metadata = values.metadata().clone();
        item.parameters = parameters;
        item.secrets = secrets;
        item.by_connect = recipe.by_connect;
        item.asked.clone_from(&recipe.scopes);
        item.extra_scopes.clone_from(&recipe.extra_scopes);
        Ok(item)
    }
}

/// The credential an answer is, obtained now. `asked` are the scopes that were
/// asked for, which count as granted when the answer is silent (RFC 6749
/// section 5.1); `values` hold the key it is bound to.
pub(super) fn credential(answer: Answer, asked: &[String], values: &Values<'_>) -> Credential {
    let now = Timestamp::now();
    Credential {
        access_token: answer.access_token,
        token_type: answer.token_type.unwrap_or_else(|| "Bearer".to_owned()),
        obtained_at: now,
        expires_at: answer.expires_in.map(|life| now.after(life)),
        scopes: answer.scopes.unwrap_or_else(|| asked.to_vec()),
        refresh_token: answer.refresh_token,
        id_token: answer.id_token,
        dpop_key: values.dpop_key().cloned(),
    }
}

/// Whether the provider says that what a person typed is not right any more.
fn is_wrong_password(integration: &Integration, item: &Item, failure: &Failure) -> bool {
    let error = failure.cause::<GrantError>();
    is_by_typed_password(integration, item) && error.is_some_and(GrantError::is_dead_grant)
}

/// Whether another is to be had where a renewal failed so: the provider said
/// no to the old one, or the store takes no writes.
fn is_made_up_for(failure: &Failure) -> bool {
    matches!(failure.kind(), Kind::Refused | Kind::Store)
}

/// Whether the old token may still be used in the place of this failure: not
/// where a person or a better definition is asked for.
fn may_pass(failure: &Failure) -> bool {
    matches!(
        failure.kind(),
        Kind::Unavailable | Kind::Refused | Kind::Store
    )
}

fn long_enough(id: &ConnectionId, item: Item, need: Need<'_>) -> Result<Fresh> {
    match need.min_ttl {
        Some(_) if item.credential.expires_at.is_none() => Err(explain::unknown_life(id)),
        Some(wanted) if !item.credential.lives_for(wanted, Timestamp::now()) => {
            Err(explain::too_short(id, wanted))
        }
        _ => Ok(Fresh { item }),
    }
}
