//! What state a connection is in, read off its record without unlocking
//! anything.

use std::collections::BTreeMap;

use serde::Serialize;

use super::inputs;
use crate::clock::Timestamp;
use crate::connection::{Kept, Pin, Values};
use crate::definition::{Integration, RenewFrom};
use crate::store::{Record, Standing};

/// The states `list` and `status` know; scripts rely on the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It works, as far as is known.
    Connected,
    /// It needs no connecting.
    Ready,
    /// The token is over and will be renewed by itself.
    Expired,
    /// A person has to connect again.
    NeedsConnecting,
    /// Nobody has connected it yet.
    NotConnected,
}

impl State {
    /// The state of a connection; either half may be missing.
    pub fn of(integration: Option<&Integration>, record: Option<&Record>, now: Timestamp) -> Self {
        let Some(integration) = integration else {
            // Its definition is gone, and without it nothing works.
            return State::NeedsConnecting;
        };
        if inputs::stands_alone(integration) {
            return State::Ready;
        }
        let Some(record) = record.filter(|record| !record.forgotten) else {
            return State::NotConnected;
        };
        let unaccepted = shown_values(integration, record).check_kept().is_err();
        if unaccepted || !strangers(integration, record).is_empty() {
            return State::NeedsConnecting;
        }
        let renewable = is_renewable(integration, record);
        let expired = record.expires_at.is_some_and(|expires| expires <= now);
        match (&record.standing, expired, renewable) {
            (Standing::NeedsConnecting { .. } | Standing::Renaming { .. }, _, _)
            | (_, true, false) => State::NeedsConnecting,
            (_, true, true) => State::Expired,
            (_, false, _) => State::Connected,
        }
    }

    /// The word, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            State::Connected => "connected",
            State::Ready => "ready",
            State::Expired => "expired",
            State::NeedsConnecting => "needs_connecting",
            State::NotConnected => "not_connected",
        }
    }
}

/// Whether a connection is renewed by itself, as far as its record tells.
pub fn is_renewable(integration: &Integration, record: &Record) -> bool {
    let auth = &integration.auth;
    if !auth.needs_consent() {
        return !auth.is_fixed();
    }
    match auth.renew_from() {
        RenewFrom::RefreshToken => record.renewable,
        RenewFrom::AccessToken => true,
        RenewFrom::Nothing => false,
    }
}

/// By which grant a connection was obtained, or would be.
pub fn grant_of<'a>(integration: &Integration, record: Option<&'a Record>) -> &'a str {
    let auth = &integration.auth;
    let kept = record.filter(|record| !record.forgotten && auth.takes(&record.grant));
    kept.map_or(auth.grant_name(), |record| record.grant.as_str())
}

/// What fills a definition's placeholders, as far as that is known without
/// unlocking.
pub fn shown_values<'a>(integration: &'a Integration, record: &Record) -> Values<'a> {
    let kept = Kept {
        shown: record.kept.clone(),
        secrets: BTreeMap::new(),
    };
    Values::new(integration, record.parameters.clone(), BTreeMap::new())
        .with_kept(kept, record.metadata.clone())
}

/// What the definition names now and the connection was not made for. What
/// cannot be told without unlocking counts as unmoved.
pub fn strangers(integration: &Integration, record: &Record) -> Vec<String> {
    let now = Pin::of(&shown_values(integration, record));
    now.map_or_else(|_| Vec::new(), |now| record.pin.strangers(&now))
}
