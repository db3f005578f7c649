//! Where credentials rest: whether the store of new connections would take
//! one, and whether each connection's item can be read and agrees with its
//! record. A store may wait for somebody (a keychain, `key_command`), so all of
//! it runs in a thread of its own that is given up at a deadline.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::{Finding, Patient, Remedy, Subject, Ward, renew};
use crate::broker::{State, values_of};
use crate::connection::ConnectionId;
use crate::context::Context;
use crate::definition::Integration;
use crate::error::Kind;
use crate::settings::StoreKind;
use crate::store::{Record, StoreError, Stores};

/// How long one call to a keychain may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long all of it may take.
const DEADLINE: Duration = Duration::from_secs(15);

/// A look that is under way.
pub(super) struct Looking {
    findings: Receiver<Finding>,
    until: Instant,
    has_command: bool,
}

/// A connection whose item is to be read.
struct Kept {
    id: ConnectionId,
    record: Option<Record>,
    /// Its definition, where what is shown of it says that it still fits.
    integration: Option<Integration>,
    /// Whether it can be obtained anew with nobody there.
    minted: bool,
}

/// Begins to look.
pub(super) fn begin(context: &Context, ward: &Ward) -> Looking {
    let stores = context.stores.with_patience(PATIENCE);
    let kept: Vec<Kept> = ward
        .patients
        .iter()
        .filter(|one| one.kept)
        .map(of)
        .collect();
    // Where nothing is to be kept, no store is needed.
    let needs_none = |one: &Patient| one.state == State::Ready && !one.kept;
    let optional = ward.named && ward.patients.iter().all(needs_none);
    let wanted = !ward.named || ward.patients.iter().any(|one| !one.kept);
    let preferred = wanted.then(|| stores.preferred());
    let (send, findings) = mpsc::channel();
    std::thread::spawn(move || look(&stores, preferred, optional, &kept, &send));
    Looking {
        findings,
        until: Instant::now() + DEADLINE,
        has_command: context.settings.key_command.is_some(),
    }
}

fn of(patient: &Patient) -> Kept {
    Kept {
        id: patient.id.clone(),
        record: patient.record.clone(),
        integration: patient
            .integration
            .clone()
            .filter(|_| patient.state != State::NeedsConnecting),
        minted: patient.state == State::Ready,
    }
}

impl Looking {
    /// What was found by the deadline.
    pub(super) fn end(self) -> Vec<Finding> {
        let mut found = Vec::new();
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            match self.findings.recv_timeout(left) {
                Ok(finding) => found.push(finding),
                Err(RecvTimeoutError::Disconnected) => return found,
                Err(RecvTimeoutError::Timeout) => {
                    found.push(self.given_up());
                    return found;
                }
            }
        }
    }

    fn given_up(&self) -> Finding {
        let waited = humantime::format_duration(DEADLINE);
        let message = format!("the stores did not answer within {waited}");
        let remedy = if self.has_command {
            Remedy::fix("see what `key_command` in config.toml waits for: run it in a terminal")
        } else {
            Remedy::fix(StoreError::TimedOut(DEADLINE).remedy())
        };
        Finding::problem(Subject::Store, Kind::Store, message, remedy)
    }
}

/// What a store's error is to a person.
pub(super) fn failed(error: &StoreError, id: Option<&ConnectionId>) -> Finding {
    let mut remedy = error.remedy();
    let mut message = error.to_string();
    if let Some(id) = id {
        remedy = remedy.replace("CONN", &id.to_string());
        message = format!("`{id}` cannot be read: {message}");
    }
    let finding = Finding::problem(
        Subject::Store,
        Kind::Store,
        message,
        Remedy::of_hint(&remedy),
    );
    match id {
        Some(id) => finding.of(id),
        None => finding,
    }
}

fn look(
    stores: &Stores,
    preferred: Option<StoreKind>,
    optional: bool,
    kept: &[Kept],
    send: &Sender<Finding>,
) {
    // Nobody listens any more after the deadline; then nothing needs telling.
    let tell = |finding: Finding| drop(send.send(finding));
    let mut shut: Vec<StoreKind> = Vec::new();
    let rest = kept.iter().filter_map(|one| one.record.as_ref());
    let mut kinds: Vec<StoreKind> = preferred.into_iter().collect();
    for record in rest {
        if !kinds.contains(&record.store) {
            kinds.push(record.store);
        }
    }
    for kind in kinds {
        match stores.look(kind) {
            Ok(()) => tell(Finding::ok(Subject::Store, works(kind, preferred))),
            Err(error) => {
                let mut finding = failed(&error, None);
                if optional {
                    finding.status = super::Status::Warning;
                }
                tell(finding);
                // To read an item of it would ask its person to unlock it, or
                // take as long again.
                shut.push(kind);
            }
        }
    }
    for one in kept {
        let store = one.record.as_ref().map(|record| record.store);
        if store.is_some_and(|store| shut.contains(&store) && store == StoreKind::Keychain) {
            continue;
        }
        if store.is_none() && shut.contains(&StoreKind::Keychain) {
            tell(damaged(&one.id));
            continue;
        }
        look_at(stores, one).into_iter().for_each(tell);
    }
}

fn works(kind: StoreKind, preferred: Option<StoreKind>) -> String {
    let name = kind.name();
    let new = if preferred == Some(kind) {
        ", where new connections go,"
    } else {
        ""
    };
    match kind {
        StoreKind::None => format!("the store `{name}`{new} keeps nothing"),
        StoreKind::File | StoreKind::Keychain => format!("the store `{name}`{new} works"),
    }
}

fn damaged(id: &ConnectionId) -> Finding {
    let message = format!(
        "the record of `{id}` is damaged: it is made again from what the store holds when `{id}` is renewed"
    );
    Finding::warning(Subject::Store, message, Remedy::run(renew(id))).of(id)
}

fn look_at(stores: &Stores, one: &Kept) -> Vec<Finding> {
    let id = &one.id;
    let mut findings = Vec::new();
    let item = match stores.read(id) {
        Ok(Some((item, _))) => item,
        Ok(None) => return vec![lost(one)],
        Err(error) => return vec![failed(&error, Some(id))],
    };
    // It may have been renewed since the others looked.
    let record = stores.record(id).ok().flatten();
    let Some(record) = record else {
        return vec![damaged(id)];
    };
    if record.generation != item.generation && !stores.is_busy(id) {
        let message = format!(
            "the record of `{id}` is of generation {}, what the store holds of {}: `list` and `status` show what was",
            record.generation, item.generation
        );
        findings.push(Finding::warning(Subject::Store, message, Remedy::run(renew(id))).of(id));
    }
    if let Some(note) = &record.in_flight
        && !stores.is_busy(id)
    {
        let message = format!(
            "a renewal of `{id}` began {} (process {}) and broke off: its refresh token may be used up",
            note.since, note.pid
        );
        let remedy =
            Remedy::run(renew(id)).and(format!("where that fails, run `hallpass connect {id}`"));
        findings.push(Finding::warning(Subject::Store, message, remedy).of(id));
    }
    let values = one
        .integration
        .as_ref()
        .map(|integration| values_of(integration, &item));
    if let Some(Err(error)) = values.map(|values| values.check_kept()) {
        let message = format!("what `{id}` keeps does not fit its definition: {error}");
        let remedy = Remedy::run(format!("hallpass connect {id} --force"));
        let kind = Kind::NeedsConnecting;
        findings.push(Finding::problem(Subject::Store, kind, message, remedy).of(id));
    }
    if findings.is_empty() {
        let message = format!("`{id}` opens, and agrees with its record");
        findings.push(Finding::ok(Subject::Store, message).of(id));
    }
    findings
}

/// There is a record, and nothing in the store.
fn lost(one: &Kept) -> Finding {
    let id = &one.id;
    let message = format!("the credential of `{id}` is gone from its store");
    if one.minted {
        return Finding::warning(Subject::Store, message, Remedy::run(renew(id))).of(id);
    }
    let remedy = Remedy::run(format!("hallpass connect {id}"));
    Finding::problem(Subject::Store, Kind::NeedsConnecting, message, remedy).of(id)
}
