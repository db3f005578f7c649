//! Get or refresh: the guarantee that a caller gets a credential that works
//! now, that a rotating token is renewed once however many ask, and that
//! nothing newer is ever lost to something older.
//!
//! - Read without a lock; enough life left: done.
//! - Else take this connection's lock and read again; someone else renewed: done.
//! - Else note the refresh, call the provider, write durably, read back, and
//!   only then use it.
//! - A dead grant marks the connection; trouble that may pass does not.
//!
//! What a person typed is used as it is (`typed`); what needs nobody is minted
//! (`mint`); what a person consented to is renewed (`renew`).

mod account;
mod adopt;
mod bound;
mod connect;
mod device;
mod disconnect;
mod explain;
mod given;
mod inputs;
mod invite;
mod lock;
mod mint;
mod moving;
mod prompt;
mod qr;
mod recipe;
mod reject;
mod renew;
mod state;
mod typed;

use std::time::Duration;

use crate::clock::Timestamp;
use crate::connection::{ConnectionId, Pin, Values};
use crate::definition::{Auth, Integration, RenewFrom};
use crate::error::{Failure, Kind, Result};
use crate::http::Http;
use crate::interaction::Interaction;
use crate::secret::Secret;
use crate::settings::StoreKind;
use crate::store::{Item, Standing, Stores};
use crate::ui::Ui;

pub use bound::bound;
pub use connect::{ConnectOptions, Connected};
pub use disconnect::Revoked;
pub use explain::{authorities, client_certificate, not_connected};
pub use moving::Exported;
pub use reject::Rejection;
pub use state::{State, grant_of, is_renewable, shown_values, strangers};

/// Gets, keeps and renews credentials.
pub struct Broker<'a> {
    /// Where they rest.
    pub stores: &'a Stores,
    /// How providers are reached.
    pub http: &'a Http,
    /// The person, for `connect`.
    pub interaction: &'a Interaction,
    /// Where notes go.
    pub ui: Ui,
    /// How long to wait for another process's refresh.
    pub lock_timeout: Duration,
}

/// What a caller needs of a credential.
#[derive(Clone, Copy, Debug, Default)]
pub struct Need<'t> {
    /// At least this much life.
    pub min_ttl: Option<Duration>,
    /// A renewed one, whatever life the old one has.
    pub renewed: bool,
    /// Another one than this token, which an API rejected.
    pub rejected: Option<&'t Secret>,
}

impl Need<'_> {
    /// Whether an older token will not do, even while it lives.
    fn is_strict(self) -> bool {
        self.renewed || self.min_ttl.is_some() || self.rejected.is_some()
    }

    /// Whether this item will do as it is.
    fn is_met(self, item: &Item, auth: &Auth, now: Timestamp) -> bool {
        let credential = &item.credential;
        if self.renewed
            || self
                .rejected
                .is_some_and(|token| credential.has_token(token))
        {
            return false;
        }
        match self.min_ttl {
            Some(wanted) => credential.lives_for(wanted, now),
            None => !credential.is_due(auth.refresh.before, now),
        }
    }

    /// Whether an older token serves while no other is to be had.
    fn may_be_served_by(self, item: &Item) -> bool {
        !self.is_strict() && item.credential.is_alive(Timestamp::now())
    }

    /// Whether an item that someone else renewed meanwhile will do.
    fn is_met_by_renewed(self, item: &Item, now: Timestamp) -> bool {
        self.min_ttl
            .is_none_or(|wanted| item.credential.lives_for(wanted, now))
            && item.credential.is_alive(now)
    }
}

/// A credential that works now, as far as can be known.
#[derive(Debug)]
pub struct Fresh {
    /// The connection with its credential.
    pub item: Item,
}

impl Fresh {
    /// What fills the definition's placeholders, `{token}` included.
    pub fn values<'a>(&'a self, integration: &'a Integration) -> Values<'a> {
        values_of(integration, &self.item)
    }
}

/// A connection as it was read.
struct Stored {
    item: Item,
    store: StoreKind,
}

impl Broker<'_> {
    /// A credential that meets the need. Fails with 4 when a person has to act,
    /// 5 when the provider refuses, 6 when it cannot be reached and the old
    /// token is no longer good, 7 when the store fails.
    pub fn fresh(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        need: Need<'_>,
    ) -> Result<Fresh> {
        if integration.auth.is_fixed() {
            return self.typed(id, integration, need);
        }
        if !integration.auth.needs_consent() {
            return self.minted(id, integration, need);
        }
        let kept = self
            .stores
            .read(id)
            .map_err(|error| Failure::from(error).context(format!("`{id}` cannot be read")))?;
        let Some((item, store)) = kept else {
            return Err(not_connected(id));
        };
        check_pin(id, integration, &item)?;
        if !integration.auth.takes(&item.grant) {
            return Err(explain::other_grant(id, &item.grant, integration));
        }
        if let Standing::NeedsConnecting { why } = &item.standing {
            return Err(explain::needs_connecting(id, why));
        }
        if need.is_met(&item, &integration.auth, Timestamp::now()) {
            return Ok(Fresh { item });
        }
        self.renew(id, integration, Stored { item, store }, need)
    }

    /// Trouble that may pass is not a dead grant: a token is used while it
    /// lives, if the caller did not ask for more.
    fn make_do(
        &self,
        id: &ConnectionId,
        item: Item,
        need: Need<'_>,
        failure: Failure,
    ) -> Result<Fresh> {
        if !need.may_be_served_by(&item) {
            return Err(failure);
        }
        self.ui.warn(&format!(
            "`{id}` should have been renewed by now; its old token still lives and is used ({})",
            crate::ui::escape(&failure.message())
        ));
        Ok(Fresh { item })
    }
}

/// What fills a definition's placeholders for a kept connection.
pub fn values_of<'a>(integration: &'a Integration, item: &'a Item) -> Values<'a> {
    Values::new(integration, item.parameters.clone(), item.secrets.clone())
        .with_kept(item.kept.clone(), item.metadata.clone())
        .with_credential(&item.credential)
        .fenced(Some(item.pin.clone()))
}

/// Whether an item holds what its credential is renewed from.
fn can_renew(auth: &Auth, item: &Item) -> bool {
    match auth.renew_from() {
        RenewFrom::RefreshToken => item.credential.refresh_token.is_some(),
        RenewFrom::AccessToken => item.credential.access_token.is_some(),
        RenewFrom::Nothing => false,
    }
}

/// Nothing is sent when the definition names origins or a client that the
/// connection was not made for.
fn check_pin(id: &ConnectionId, integration: &Integration, item: &Item) -> Result<()> {
    let now = Pin::of(&values_of(integration, item))
        .map_err(|error| explain::unrenderable(id, &error))?;
    let strangers = item.pin.strangers(&now);
    if strangers.is_empty() {
        return Ok(());
    }
    Err(explain::moved(id, &item.pin, &strangers))
}

/// What a person has to do before anything else.
fn person_needed(message: String, id: &ConnectionId) -> Failure {
    Failure::new(Kind::NeedsConnecting, message).hint(format!("run `hallpass connect {id}`"))
}
