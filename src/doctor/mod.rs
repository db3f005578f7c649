//! `hallpass doctor`'s looks: what is wrong here, and the command that mends
//! it. One file per kind of look; `finding` is what they bring.
//!
//! Promises: nothing is changed (a probe file is taken back at once), nothing
//! prompts, no secret is shown, no credential is sent anywhere (hosts are asked
//! for nothing but a `HEAD /`), and all of it is bounded in time: stores and
//! network are looked at beside each other, each to a deadline.

mod browser;
mod certificates;
mod client_certificate;
mod clock;
mod connections;
mod definitions;
mod finding;
mod network;
mod places;
pub mod programs;
mod proxy;
mod reach;
mod redirect;
mod store;

use crate::broker::State;
use crate::clock::Timestamp;
use crate::connection::{ConnectionArg, ConnectionId};
use crate::context::Context;
use crate::definition::{Integration, Layers};
use crate::store::Record;

pub use finding::{Finding, Remedy, Status, Subject};

/// A connection that is looked at, or an integration that could become one.
struct Patient {
    id: ConnectionId,
    /// Its definition, where there is a valid one.
    integration: Option<Integration>,
    /// Its record, where there is one that can be read.
    record: Option<Record>,
    /// Whether there is a record at all.
    kept: bool,
    state: State,
    /// Whether the definition is there, valid or not.
    defined: bool,
}

impl Patient {
    fn new(
        context: &Context,
        id: ConnectionId,
        integration: Option<Integration>,
        defined: bool,
        kept: &[ConnectionId],
    ) -> Self {
        let record = context.stores.record(&id).ok().flatten();
        let state = State::of(integration.as_ref(), record.as_ref(), Timestamp::now());
        Self {
            kept: kept.contains(&id),
            id,
            integration,
            record,
            state,
            defined,
        }
    }

    /// Whether somebody counts on it: it is connected, or needs no connecting.
    fn in_use(&self) -> bool {
        self.kept || self.state == State::Ready
    }
}

/// What all looks share.
struct Ward {
    patients: Vec<Patient>,
    /// Whether one connection was named, and nothing else matters.
    named: bool,
}

impl Ward {
    fn integrations(&self) -> impl Iterator<Item = (&Patient, &Integration)> {
        self.patients
            .iter()
            .filter_map(|patient| Some((patient, patient.integration.as_ref()?)))
    }
}

/// Looks at everything, or at what one connection needs. The findings come in
/// the order of their subjects.
pub fn examine(context: &Context, arg: Option<&ConnectionArg>) -> Vec<Finding> {
    let (mut findings, ward) = match arg {
        Some(arg) => one(context, arg),
        None => all(context),
    };
    let stores = store::begin(context, &ward);
    let (network, answers) = network::look(&ward);
    findings.extend(network);
    findings.extend(clock::look(&ward, &answers));
    findings.extend(certificates::look());
    findings.extend(client_certificate::look(&ward));
    findings.extend(places::look(context));
    findings.extend(connections::look(&ward));
    findings.extend(redirect::look(&ward));
    findings.extend(browser::look(context, &ward));
    findings.extend(stores.end());
    // Stable: within a subject the order is that of the looks.
    findings.sort_by_key(|finding| finding.subject);
    findings
}

fn one(context: &Context, arg: &ConnectionArg) -> (Vec<Finding>, Ward) {
    let kept = context.stores.connections().unwrap_or_default();
    let (findings, id, integration) = match context.connection_unasked(arg) {
        Ok((id, integration)) => {
            let findings = definitions::look_at(&integration);
            (findings, Some(id), Some(integration))
        }
        Err(failure) => {
            // Where it cannot be told which one is meant, none is looked at.
            let id = context.connection_id(arg).ok();
            let finding = Finding::of_failure(Subject::Definitions, &failure);
            // What nothing knows may be a token that was typed in the wrong place.
            let finding = match id.as_ref().filter(|id| kept.contains(id)) {
                Some(id) => finding.of(id),
                None => finding,
            };
            (vec![finding], id, None)
        }
    };
    let patient = id.map(|id| Patient::new(context, id, integration, true, &kept));
    let ward = Ward {
        patients: patient.into_iter().collect(),
        named: true,
    };
    (findings, ward)
}

fn all(context: &Context) -> (Vec<Finding>, Ward) {
    let (mut findings, found) = definitions::look(context);
    let kept = match context.stores.connections() {
        Ok(kept) => kept,
        Err(error) => {
            findings.push(store::failed(&error, None));
            Vec::new()
        }
    };
    let mut patients: Vec<Patient> = Vec::new();
    for id in &kept {
        let own = found.integrations.iter();
        let integration = own.clone().find(|one| one.key == id.integration());
        // Of a file that cannot be read or used, nothing is said to be gone.
        let may_define = |files: &Layers| files.may_define(id.integration());
        let defined = found.unknown || context.definitions().is_ok_and(may_define);
        patients.push(Patient::new(
            context,
            id.clone(),
            integration.cloned(),
            defined,
            &kept,
        ));
    }
    for integration in found.integrations {
        if !kept.iter().any(|id| id.integration() == integration.key) {
            let id = ConnectionId::new(&integration.key, &integration.connection);
            patients.push(Patient::new(context, id, Some(integration), true, &kept));
        }
    }
    let ward = Ward {
        patients,
        named: false,
    };
    (findings, ward)
}

/// The command that renews a connection.
fn renew(id: &ConnectionId) -> String {
    format!("hallpass refresh {id}")
}

/// Names in backquotes, of which the first few stand for all.
fn listed(names: &[String]) -> String {
    const ENOUGH: usize = 5;
    let quoted: Vec<String> = names
        .iter()
        .take(ENOUGH)
        .map(|n| format!("`{n}`"))
        .collect();
    match names.len().checked_sub(ENOUGH) {
        Some(more) if more > 0 => format!("{} and {more} more", quoted.join(", ")),
        _ => quoted.join(", "),
    }
}

/// "1 problem", "2 problems".
pub fn count(number: usize, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {what}{ending}")
}
