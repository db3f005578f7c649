//! What the sandbox holds between requests: what it issued, what waits for consent, what a test told
//! it to do, and the log.
//!
//! Promises: the log never shows a code, a token or a secret; everything kept is bounded, grants
//! excepted; no lock is held while a request waits.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::assertion::Shown;
use super::device::Devices;
use super::dpop::Desk;
use super::grants::{Consent, Grants};
use super::oauth::{CLIENTS, random};
use super::push::Pushed;
use super::quirks::Ledger;
use super::wire::Reply;

const LOG_SIZE: usize = 20_000;
const PENDING_SIZE: usize = 1_000;
/// How many ids of assertions are remembered.
const SEEN_SIZE: usize = 10_000;
const PENDING_TTL: Duration = Duration::from_secs(600);
/// The life of a reference to a pushed request, unless a test says otherwise.
const PUSHED_TTL: Duration = Duration::from_secs(60);
/// The longest life a token is given: a hundred years, so that no sum overflows.
const MAX_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// One request as the log shows it.
#[derive(Serialize)]
pub struct Entry {
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The `grant_type` of a token request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// The client that asked, or whose token was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The scope it asked a quirk for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What it brought to a quirk: parameters and headers, by place and name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Vec<String>>,
    /// The status it was answered with.
    pub status: u16,
    /// The `error` it was answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
}

impl Entry {
    /// An entry for a request not answered yet.
    pub fn new(method: &str, path: &str) -> Entry {
        Entry {
            method: loggable(method),
            path: loggable(path),
            grant_type: None,
            client_id: None,
            scope: None,
            sent: None,
            status: 0,
            error: None,
        }
    }
}

/// Text from a request as the log may show it: short, and blank where it looks like a secret.
pub fn loggable(text: &str) -> String {
    let secret = |part: &str| {
        part.contains("sbx_")
            || CLIENTS
                .iter()
                .filter_map(|client| client.secret)
                .any(|secret| part.contains(secret))
    };
    let parts = text.split('/');
    let shown: Vec<_> = parts
        .map(|part| if secret(part) { "…" } else { part })
        .collect();
    shown.join("/").chars().take(200).collect()
}

/// An authorization request that waits for Allow or Deny.
pub struct Pending {
    /// What a code would stand for.
    pub consent: Consent,
    /// The client's `state`, to be sent back as it is.
    pub state: Option<String>,
    /// Whether the answer goes back as a form.
    pub as_form: bool,
    since: Instant,
}

impl Pending {
    /// A request that came just now.
    pub fn new(consent: Consent, state: Option<String>, as_form: bool) -> Pending {
        Pending {
            consent,
            state,
            as_form,
            since: Instant::now(),
        }
    }
}

/// An answer given in place of the real one.
pub struct Scripted {
    /// The path it is for.
    pub path: String,
    /// The status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
    /// How often it is still given.
    pub times: u64,
}

/// What can be turned while the sandbox runs.
pub struct Knobs {
    /// The life of an access token issued from now on.
    pub token_ttl: Duration,
    /// How long the token endpoint waits before its answer leaves.
    pub latency: Duration,
    /// Whether authorization requests must be pushed.
    pub demands_push: bool,
    /// The life of a reference to a pushed request.
    pub pushed_ttl: Duration,
    answers: VecDeque<Scripted>,
}

/// The state of one sandbox.
pub struct State {
    /// The issuer, without a trailing slash.
    pub issuer: String,
    /// Whether the quirks are played too.
    pub with_quirks: bool,
    grants: Mutex<Grants>,
    dpop: Mutex<Desk>,
    devices: Mutex<Devices>,
    quirks: Mutex<Ledger>,
    assertions: Mutex<Shown>,
    pending: Mutex<HashMap<String, Pending>>,
    pushed: Mutex<HashMap<String, Pushed>>,
    seen: Mutex<HashSet<String>>,
    knobs: Mutex<Knobs>,
    log: Mutex<VecDeque<Entry>>,
}

/// The guard of a lock whose data is good whatever a panicking thread did: each change is complete.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// A sandbox that has issued nothing.
    pub fn new(issuer: String, token_ttl: Duration, with_quirks: bool) -> State {
        let knobs = Knobs {
            token_ttl: token_ttl.min(MAX_TTL),
            latency: Duration::ZERO,
            demands_push: false,
            pushed_ttl: PUSHED_TTL,
            answers: VecDeque::new(),
        };
        State {
            issuer,
            with_quirks,
            grants: Mutex::default(),
            dpop: Mutex::default(),
            devices: Mutex::default(),
            quirks: Mutex::default(),
            assertions: Mutex::default(),
            pending: Mutex::default(),
            pushed: Mutex::default(),
            seen: Mutex::default(),
            knobs: Mutex::new(knobs),
            log: Mutex::default(),
        }
    }

    /// What was issued.
    pub fn grants(&self) -> MutexGuard<'_, Grants> {
        lock(&self.grants)
    }

    /// What is known of proofs.
    pub fn dpop(&self) -> MutexGuard<'_, Desk> {
        lock(&self.dpop)
    }

    /// The devices that wait for approval.
    pub fn devices(&self) -> MutexGuard<'_, Devices> {
        lock(&self.devices)
    }

    /// What the quirks have issued.
    pub fn quirks(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.quirks)
    }

    /// The client assertions that were shown.
    pub fn assertions(&self) -> MutexGuard<'_, Shown> {
        lock(&self.assertions)
    }

    /// The life of an access token issued now.
    pub fn token_ttl(&self) -> Duration {
        lock(&self.knobs).token_ttl
    }

    /// Sets the life of access tokens issued from now on.
    pub fn set_token_ttl(&self, ttl: Duration) {
        lock(&self.knobs).token_ttl = ttl.min(MAX_TTL);
    }

    /// How long the token endpoint holds its answers back.
    pub fn latency(&self) -> Duration {
        lock(&self.knobs).latency
    }

    /// Sets how long the token endpoint holds its answers back.
    pub fn set_latency(&self, latency: Duration) {
        lock(&self.knobs).latency = latency;
    }

    /// Whether authorization requests must be pushed.
    pub fn demands_push(&self) -> bool {
        lock(&self.knobs).demands_push
    }

    /// Sets whether they must.
    pub fn set_demands_push(&self, demanded: bool) {
        lock(&self.knobs).demands_push = demanded;
    }

    /// The life of a reference to a pushed request.
    pub fn pushed_ttl(&self) -> Duration {
        lock(&self.knobs).pushed_ttl
    }

    /// Sets the life of references from now on.
    pub fn set_pushed_ttl(&self, ttl: Duration) {
        lock(&self.knobs).pushed_ttl = ttl.min(MAX_TTL);
    }

    /// Keeps a pushed request; returns the reference to it, or nothing when too many wait.
    pub fn keep_pushed(&self, request: Pushed) -> Option<String> {
        let mut pushed = lock(&self.pushed);
        pushed.retain(|_, request| request.until > Instant::now());
        if pushed.len() >= PENDING_SIZE {
            return None;
        }
        let uri = random("urn:ietf:params:oauth:request_uri:");
        pushed.insert(uri.clone(), request);
        Some(uri)
    }

    /// The pushed request of that reference, which serves no more.
    pub fn take_pushed(&self, uri: &str) -> Option<Pushed> {
        lock(&self.pushed).remove(uri)
    }

    /// Adds scripted answers behind those that wait; none at all takes the waiting ones away.
    pub fn add_answers(&self, answers: Vec<Scripted>) {
        let mut knobs = lock(&self.knobs);
        if answers.is_empty() {
            knobs.answers.clear();
        }
        knobs.answers.extend(answers);
    }

    /// The next scripted answer for a path, used up once more.
    pub fn take_answer(&self, path: &str) -> Option<Reply> {
        let mut knobs = lock(&self.knobs);
        let index = (knobs.answers.iter()).position(|answer| answer.path == path)?;
        let answer = knobs.answers.get_mut(index)?;
        let mut reply = Reply::new(answer.status, "application/json", answer.body.clone());
        if answer
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            reply.headers.clear();
        }
        reply.headers.extend(answer.headers.iter().cloned());
        answer.times -= 1;
        if answer.times == 0 {
            knobs.answers.remove(index);
        }
        Some(reply)
    }

    /// Keeps an authorization request until it is answered; returns its one-time id, or nothing
    /// when too many wait.
    pub fn await_consent(&self, request: Pending) -> Option<String> {
        let mut pending = lock(&self.pending);
        pending.retain(|_, request| request.since.elapsed() < PENDING_TTL);
        if pending.len() >= PENDING_SIZE {
            return None;
        }
        let id = random("");
        pending.insert(id.clone(), request);
        Some(id)
    }

    /// The waiting request of that id, which no longer waits.
    pub fn answer_consent(&self, id: &str) -> Option<Pending> {
        let request = lock(&self.pending).remove(id)?;
        (request.since.elapsed() < PENDING_TTL).then_some(request)
    }

    /// Notes the id of an assertion; whether it was not seen before.
    pub fn see_once(&self, id: &str) -> bool {
        let mut seen = lock(&self.seen);
        if seen.len() >= SEEN_SIZE {
            seen.clear();
        }
        seen.insert(id.chars().take(200).collect())
    }

    /// Adds to the log; the oldest entry goes when it is full.
    pub fn record(&self, entry: Entry) {
        let mut log = lock(&self.log);
        if log.len() == LOG_SIZE {
            log.pop_front();
        }
        log.push_back(entry);
    }

    /// Reads the log.
    pub fn with_log<T>(&self, read: impl FnOnce(&VecDeque<Entry>) -> T) -> T {
        read(&lock(&self.log))
    }

    /// Empties the log.
    pub fn clear_log(&self) {
        lock(&self.log).clear();
    }
}
