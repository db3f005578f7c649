//! What the quirks have issued: consents that wait, codes, tokens, tickets, and what was seen once.
//!
//! Promises: a code and a ticket work once, a token only at the quirk it was issued by; what waits or
//! was seen is bounded.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use super::super::oauth::random;

/// A locked ledger.
pub type Guard<'a> = MutexGuard<'a, Ledger>;

/// So many consents, tickets and ids are remembered.
const MEMORY: usize = 10_000;

/// Everything issued under one consent, or to one client at once.
pub struct Family {
    /// The quirk it belongs to.
    pub quirk: &'static str,
    /// Where its API is, below the quirk: empty, or `/company/VALUE`.
    pub base: String,
    /// The value in it.
    pub value: String,
    /// Its scopes, joined as the quirk joins them.
    pub scopes: Vec<&'static str>,
    /// Whether it may have a refresh token.
    pub offline: bool,
    revoked: AtomicBool,
}

impl Family {
    /// One under which nothing was issued yet.
    pub fn new(
        quirk: &'static str,
        (base, value): (String, String),
        scopes: Vec<&'static str>,
        offline: bool,
    ) -> Arc<Family> {
        Arc::new(Family {
            quirk,
            base,
            value,
            scopes,
            offline,
            revoked: AtomicBool::new(false),
        })
    }

    fn end(&self) {
        self.revoked.store(true, Ordering::SeqCst);
    }

    fn has_ended(&self) -> bool {
        self.revoked.load(Ordering::SeqCst)
    }
}

/// An authorization request that waits for Allow or Deny, and then what its code stands for.
pub struct Consent {
    /// What it would give.
    pub family: Arc<Family>,
    /// Where its answer goes.
    pub redirect_uri: String,
    /// The client's `state`.
    pub state: Option<String>,
    /// The S256 challenge; empty without PKCE.
    pub challenge: String,
}

/// A device that waits for approval.
pub struct Device {
    /// What it would be given.
    pub family: Arc<Family>,
    /// What a person enters.
    pub user_code: String,
    /// What the form of its page carries.
    pub request_id: String,
    /// How often it has polled.
    pub polls: usize,
    /// What the person said.
    pub allowed: Option<bool>,
}

struct Access {
    family: Arc<Family>,
    expires: Instant,
}

struct Refresh {
    family: Arc<Family>,
    used: bool,
}

/// What a token call gives.
pub struct Issued {
    /// The access token.
    pub access_token: String,
    /// The refresh token, where there is one.
    pub refresh_token: Option<String>,
    /// Its life.
    pub life: Duration,
    /// What it belongs to.
    pub family: Arc<Family>,
}

/// Everything issued so far.
#[derive(Default)]
pub struct Ledger {
    waiting: HashMap<String, Consent>,
    codes: HashMap<String, Consent>,
    devices: HashMap<String, Device>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    once: HashSet<String>,
}

fn bounded<V>(map: &mut HashMap<String, V>) {
    if map.len() >= MEMORY {
        map.clear();
    }
}

impl Ledger {
    /// Keeps a request until it is answered; returns its one-time id.
    pub fn wait(&mut self, consent: Consent) -> String {
        bounded(&mut self.waiting);
        let id = random("");
        self.waiting.insert(id.clone(), consent);
        id
    }

    /// The request of that id at this quirk, which no longer waits.
    pub fn answered(&mut self, quirk: &str, id: &str) -> Option<Consent> {
        let consent = self.waiting.remove(id)?;
        (consent.family.quirk == quirk).then_some(consent)
    }

    /// A code for a consent.
    pub fn code(&mut self, consent: Consent) -> String {
        bounded(&mut self.codes);
        let code = random("sbx_ac_");
        self.codes.insert(code.clone(), consent);
        code
    }

    /// A device code for a device.
    pub fn device_code(&mut self, device: Device) -> String {
        bounded(&mut self.devices);
        let code = random("sbx_dc_");
        self.devices.insert(code.clone(), device);
        code
    }

    /// The device of this quirk that has this code.
    pub fn device(&mut self, quirk: &str, code: &str) -> Option<&mut Device> {
        let device = self.devices.get_mut(code)?;
        (device.family.quirk == quirk).then_some(device)
    }

    /// A device of this quirk that waits for a person.
    pub fn undecided(
        &mut self,
        quirk: &str,
        wanted: impl Fn(&Device) -> bool,
    ) -> Option<&mut Device> {
        let mut devices = self.devices.values_mut();
        devices.find(|device| {
            device.family.quirk == quirk && device.allowed.is_none() && wanted(device)
        })
    }

    /// Forgets a device code, which worked.
    pub fn spend_device(&mut self, code: &str) {
        self.devices.remove(code);
    }

    /// What a code of this quirk stands for; it works once.
    pub fn redeem(&mut self, quirk: &str, code: &str) -> Option<Consent> {
        let consent = self.codes.remove(code)?;
        (consent.family.quirk == quirk).then_some(consent)
    }

    /// An access token, and with `refresh` a refresh token.
    pub fn issue(&mut self, family: &Arc<Family>, life: Duration, refresh: bool) -> Issued {
        let access_token = random("sbx_at_");
        self.put(&access_token, family, life);
        let refresh_token = refresh.then(|| {
            let value = random("sbx_rt_");
            let token = Refresh {
                family: Arc::clone(family),
                used: false,
            };
            self.refresh.insert(value.clone(), token);
            value
        });
        Issued {
            access_token,
            refresh_token,
            life,
            family: Arc::clone(family),
        }
    }

    /// Lets an access token live so long from now.
    pub fn put(&mut self, token: &str, family: &Arc<Family>, life: Duration) {
        let now = Instant::now();
        let access = Access {
            family: Arc::clone(family),
            expires: now.checked_add(life).unwrap_or(now),
        };
        self.access.insert(token.to_owned(), access);
    }

    /// The family of a refresh token of this quirk. With `once` the token is used up, and one that
    /// was used before ends its family.
    pub fn renew(
        &mut self,
        quirk: &str,
        token: &str,
        once: bool,
    ) -> Result<Arc<Family>, &'static str> {
        let held = self.refresh.get_mut(token);
        let held = held.filter(|held| held.family.quirk == quirk);
        let held = held.ok_or("the refresh token is unknown")?;
        if held.used {
            held.family.end();
            return Err("the refresh token was used before; its whole family is revoked");
        }
        if held.family.has_ended() {
            return Err("the grant was revoked");
        }
        held.used = once;
        Ok(Arc::clone(&held.family))
    }

    /// The family of a living access token of this quirk.
    pub fn live(&self, quirk: &str, token: &str) -> Option<Arc<Family>> {
        let access = self.access.get(token)?;
        let family = &access.family;
        let live = Instant::now() < access.expires && !family.has_ended();
        (live && family.quirk == quirk).then(|| Arc::clone(family))
    }

    /// Notes something that may come once; whether it is the first time.
    pub fn first(&mut self, what: String) -> bool {
        if self.once.len() >= MEMORY {
            self.once.clear();
        }
        self.once.insert(what)
    }

    /// A ticket that can be traded once.
    pub fn ticket(&mut self) -> String {
        let ticket = random("sbx_ticket_");
        self.first(ticket.clone());
        ticket
    }

    /// Whether this is a ticket that was not traded yet; now it is.
    pub fn trade(&mut self, ticket: &str) -> bool {
        self.once.remove(ticket)
    }

    /// Makes every access token dead at the API.
    pub fn expire_access_tokens(&mut self) {
        self.access.clear();
    }

    /// Makes every refresh token dead; access tokens live on.
    pub fn kill_refresh_tokens(&mut self) {
        self.refresh.clear();
    }
}
