//! The certificates that definitions show (`auth.tls`): whether each can be used
//! with its key, and for how long still. Files and variables are looked at; a
//! command is not run, since it may ask its person.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Finding, Patient, Remedy, Subject, Ward};
use crate::clock::Timestamp;
use crate::connection::Values;
use crate::definition::template::RenderError;
use crate::definition::{InputSource, Integration, TLS_CERTIFICATE, TLS_KEY, ValueSource};
use crate::error::Kind;

/// How long before its end a certificate is spoken of.
const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Looks at each.
pub(super) fn look(ward: &Ward) -> Vec<Finding> {
    let known = ward.integrations();
    known
        .filter_map(|(patient, integration)| Some(one(patient, integration)?.of(&patient.id)))
        .collect()
}

fn one(patient: &Patient, integration: &Integration) -> Option<Finding> {
    integration.auth.tls.as_ref()?;
    let sources = [TLS_CERTIFICATE, TLS_KEY].map(|name| {
        let input = integration.auth.input(name);
        input.and_then(|input| input.source.as_ref())
    });
    if !sources.iter().flatten().all(|source| is_quiet(source)) {
        return None;
    }
    let key = &integration.key;
    let values = Values::new(integration, BTreeMap::new(), BTreeMap::new());
    let identity = match values.identity() {
        Ok(identity) => identity?,
        // The definition's matter; or the key was given when connecting.
        Err(RenderError::Source(_)) => return None,
        Err(_) if sources[1].is_none() && patient.kept => return None,
        Err(error) => {
            let remedy = Remedy::fix(format!("mend `auth.tls` ({})", integration.place));
            let (subject, kind) = (Subject::Certificates, Kind::Definition);
            return Some(Finding::problem(
                subject,
                kind,
                format!("`{key}`: {error}"),
                remedy,
            ));
        }
    };
    let ends = identity.ends()?;
    let left = ends.remaining(Timestamp::now());
    let remedy = Remedy::fix(format!(
        "get another one from whoever gave it, and put it where the definition names it ({})",
        integration.place
    ));
    Some(if left.is_zero() {
        let message = format!("the client certificate of `{key}` ended at {ends}");
        Finding::problem(Subject::Certificates, Kind::Definition, message, remedy)
    } else if left < SOON {
        let message = format!("the client certificate of `{key}` ends at {ends}");
        Finding::warning(Subject::Certificates, message, remedy)
    } else {
        let message = format!("the client certificate of `{key}` is good until {ends}");
        Finding::ok(Subject::Certificates, message)
    })
}

/// Whether looking at it asks nobody and uses nothing up.
fn is_quiet(source: &InputSource) -> bool {
    match source {
        InputSource::Value(ValueSource::File(path)) => {
            std::fs::metadata(path).is_ok_and(|meta| meta.is_file())
        }
        InputSource::Value(ValueSource::Literal(_) | ValueSource::Env(_)) => true,
        InputSource::Value(ValueSource::Command(_)) | InputSource::Template(_) => false,
    }
}
