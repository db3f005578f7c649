//! Keeps the file of `--token-file` fresh, on a thread of its own, with the
//! broker's guarantees: one renewal however many ask, nothing newer lost.
//!
//! It sleeps until a token is due, and never longer than a minute at once: a
//! laptop that slept, or a clock that was set, is noticed then, and so is a
//! token that another process renewed. What cannot be renewed is said once; the
//! file keeps what it has. Trouble that may pass is tried again, ever more
//! rarely; a connection that a person has to make again is not, until it is.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Entry, Filled, Source, TokenFile};
use crate::broker::{Broker, Need};
use crate::clock::Timestamp;
use crate::context::{Context, Global};
use crate::error::{Failure, Kind};
use crate::store::Item;
use crate::ui::{Color, Ui, escape};

/// The longest sleep, and the longest wait between two tries.
const LONGEST: Duration = Duration::from_secs(60);
/// The wait after the first failure; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The shortest time between two renewals.
const SHORTEST: Duration = Duration::from_secs(1);

/// What is kept fresh.
pub struct Subject {
    /// The content of the file.
    pub entry: Entry,
    /// The connections that were named.
    pub sources: Vec<Source>,
    /// What they are now.
    pub items: Vec<Item>,
}

/// The thread that keeps a file, and the file.
pub struct Keeper {
    file: Arc<Mutex<Option<TokenFile>>>,
}

impl Keeper {
    /// Begins to keep a file. `global` are the flags that we were given; what
    /// there is to say is said through `ui`.
    pub fn start(file: TokenFile, subject: Subject, global: &Global, ui: Ui) -> Self {
        let file = Arc::new(Mutex::new(Some(file)));
        let shared = Arc::clone(&file);
        let global = global.clone();
        thread::spawn(move || {
            let watches = subject.watches();
            let mut round = Round {
                subject,
                watches,
                ui,
                file: shared,
                unwritten: false,
                complained: false,
            };
            // The broker's own notes would come with every try.
            match Context::new(&global, Ui::new(Color::Never, true, false)) {
                Ok(context) => round.run(&context.broker()),
                Err(failure) => round.complain(&failure.message()),
            }
        });
        Self { file }
    }

    /// Removes the file, for good.
    pub fn end(self) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        drop(file.take());
    }
}

impl Subject {
    /// The connections that the content is made of.
    fn watches(&self) -> Vec<Watch> {
        let used = self.entry.uses(&self.sources);
        used.into_iter().map(Watch::new).collect()
    }
}

/// Which item of a connection's: its generation, and when its tokens were
/// obtained, since one that is made anew begins to count anew.
type Version = (u64, Timestamp);

/// One connection that is watched.
struct Watch {
    at: usize,
    /// What its record was a copy of when it was looked at last.
    seen: Option<Version>,
    not_before: Instant,
    wait: Duration,
    /// Whether somebody was told of trouble with it.
    said: bool,
    /// Whether a person has to act before it is tried again.
    dead: bool,
}

impl Watch {
    fn new(at: usize) -> Self {
        Self {
            at,
            seen: None,
            not_before: Instant::now(),
            wait: FIRST_WAIT,
            said: false,
            dead: false,
        }
    }
}

/// What the thread works with.
struct Round {
    subject: Subject,
    watches: Vec<Watch>,
    ui: Ui,
    file: Arc<Mutex<Option<TokenFile>>>,
    unwritten: bool,
    complained: bool,
}

impl Round {
    fn run(&mut self, broker: &Broker<'_>) {
        for watch in &mut self.watches {
            let item = &self.subject.items[watch.at];
            watch.seen = version(broker, &self.subject.sources[watch.at]);
            // Somebody may have renewed it since it was read.
            let read = (item.generation, item.credential.obtained_at);
            watch.seen = watch.seen.map(|_| read);
        }
        loop {
            thread::park_timeout(self.pause());
            let changed = self.look(broker);
            if (changed || self.unwritten) && !self.write() {
                return;
            }
        }
    }

    /// How long there is nothing to do.
    fn pause(&self) -> Duration {
        let now = Timestamp::now();
        let waits = self.watches.iter().map(|watch| {
            let due = self.due_in(watch, now).unwrap_or(LONGEST);
            due.max(watch.not_before.saturating_duration_since(Instant::now()))
        });
        waits.min().unwrap_or(LONGEST).min(LONGEST)
    }

    /// When a connection is to be renewed; none where that is nobody's to know,
    /// or to do.
    fn due_in(&self, watch: &Watch, now: Timestamp) -> Option<Duration> {
        let before = self.subject.sources[watch.at]
            .integration
            .auth
            .refresh
            .before;
        let credential = &self.subject.items[watch.at].credential;
        credential.due_in(before, now).filter(|_| !watch.dead)
    }

    /// Renews what is due, and takes over what others renewed; whether there is
    /// anything new.
    fn look(&mut self, broker: &Broker<'_>) -> bool {
        let mut changed = false;
        for at in 0..self.watches.len() {
            let watch = &self.watches[at];
            let source = &self.subject.sources[watch.at];
            let known = version(broker, source);
            let moved = known.is_some() && known != watch.seen;
            let due = self.due_in(watch, Timestamp::now());
            let due = due.is_some_and(|left| left.is_zero()) && watch.not_before <= Instant::now();
            if !moved && !due {
                continue;
            }
            let item = &self.subject.items[watch.at];
            let old = item.credential.access_token.clone();
            let need = Need {
                // A strict need says what went wrong, where another would be
                // served by the old token.
                rejected: old.as_ref().filter(|_| !moved),
                ..Need::default()
            };
            let result = broker.fresh(&source.id, &source.integration, need);
            let seen = version(broker, source);
            match result {
                Ok(fresh) => {
                    self.renewed(at, fresh.item);
                    changed = true;
                }
                Err(failure) => self.failed(at, &failure),
            }
            self.watches[at].seen = seen;
        }
        changed
    }

    /// Takes a renewed item over.
    fn renewed(&mut self, at: usize, item: Item) {
        let index = self.watches[at].at;
        let before = self.subject.sources[index].integration.auth.refresh.before;
        let now = Timestamp::now();
        let watch = &mut self.watches[at];
        let left = item.credential.due_in(before, now);
        let is_due = left.is_some_and(|left| left.is_zero());
        if is_due {
            // A life shorter than `before`: half of it, then the next.
            let life = item.credential.expires_at.map(|end| end.remaining(now) / 2);
            watch.not_before = Instant::now() + life.unwrap_or(LONGEST).clamp(SHORTEST, LONGEST);
        }
        (watch.said, watch.dead, watch.wait) = (false, false, FIRST_WAIT);
        self.subject.items[index] = item;
    }

    /// Notes that a renewal failed, and says so the first time.
    fn failed(&mut self, at: usize, failure: &Failure) {
        let watch = &mut self.watches[at];
        let id = &self.subject.sources[watch.at].id;
        let dead = failure.kind() == Kind::NeedsConnecting;
        watch.not_before = Instant::now() + watch.wait;
        watch.wait = (watch.wait * 2).min(LONGEST);
        let news = if dead { !watch.dead } else { !watch.said };
        (watch.said, watch.dead) = (true, dead);
        if !news {
            return;
        }
        let then = if dead {
            "it is not tried again until it is connected"
        } else {
            "it is tried again"
        };
        let why = escape(&failure.message()).into_owned();
        self.ui.warn(&format!(
            "the token file keeps the old token of `{id}`, which could not be renewed ({why}); {then}"
        ));
        if let Some(hint) = failure.hints().first().filter(|_| dead) {
            self.ui.hint(&escape(hint));
        }
    }

    /// Writes the file anew; `false` when it is gone.
    fn write(&mut self) -> bool {
        let filled = Filled::new(&self.subject.sources, &self.subject.items);
        let content = self.subject.entry.fill(&filled);
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = file.as_ref() else {
            return false;
        };
        let written = match content {
            Ok(Some(content)) => open.write(&content).map_err(|error| {
                let why = std::error::Error::source(&error).map(ToString::to_string);
                format!("{error}: {}", why.unwrap_or_default())
            }),
            Ok(None) => Err("a value it is made of is gone".to_owned()),
            Err(failure) => Err(failure.message()),
        };
        drop(file);
        self.unwritten = written.is_err();
        match written {
            Ok(()) => self.complained = false,
            Err(why) => self.complain(&why),
        }
        true
    }

    /// Says once that the file stays as it is.
    fn complain(&mut self, why: &str) {
        if !std::mem::replace(&mut self.complained, true) {
            let why = escape(why);
            self.ui
                .warn(&format!("the token file stays as it is: {why}"));
        }
    }
}

/// What a connection's record is a copy of: no store is opened for it.
fn version(broker: &Broker<'_>, source: &Source) -> Option<Version> {
    let record = broker.stores.record(&source.id).ok().flatten();
    record.map(|record| (record.generation, record.obtained_at))
}
