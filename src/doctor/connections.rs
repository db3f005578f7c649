//! The connections, as their records tell: which a person has to connect
//! again, and which will have to be, and why.

use super::{Finding, Patient, Remedy, Subject, Ward, listed};
use crate::broker::{State, is_renewable, shown_values, strangers};
use crate::clock::{self, Timestamp};
use crate::connection::ConnectionId;
use crate::definition::{Integration, Offline, RenewFrom};
use crate::error::Kind;
use crate::grant;
use crate::store::{Record, Standing};

/// Scopes that ask for something else than access (OpenID Connect Core 5.4 and
/// 11, and two providers' own words): many answers leave them out though they
/// were granted.
const UNSAID: [&str; 8] = [
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
    "offline.access",
    "refresh_token",
];

/// Looks at every connection.
pub(super) fn look(ward: &Ward) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut unconnected = Vec::new();
    for patient in &ward.patients {
        let id = &patient.id;
        let own = match (&patient.integration, &patient.record) {
            (None, _) => gone(patient).into_iter().collect(),
            (Some(_), None) if patient.state == State::Ready => {
                vec![Finding::ok(
                    Subject::Connections,
                    format!("`{id}` needs no connecting"),
                )]
            }
            (Some(_), None) if ward.named && !patient.kept => vec![needed(id, "is not connected")],
            (Some(_), None) => {
                // A damaged record is the store's matter.
                if !patient.kept {
                    unconnected.push(id.to_string());
                }
                Vec::new()
            }
            (Some(integration), Some(record)) => kept(id, integration, record, patient.state),
        };
        findings.extend(own.into_iter().map(|finding| finding.of(id)));
    }
    if !unconnected.is_empty() {
        let message = format!("not connected yet: {}", listed(&unconnected));
        findings.push(Finding::ok(Subject::Connections, message));
    }
    findings
}

/// Without its definition a connection does nothing; one that is broken is the
/// definitions' matter.
fn gone(patient: &Patient) -> Option<Finding> {
    let id = &patient.id;
    (patient.kept && !patient.defined).then(|| {
        let remedy = Remedy::run(format!("hallpass disconnect {id} --local")).and(format!(
            "or define `{}` again; its tokens live on at the provider until they expire",
            id.integration()
        ));
        let message = format!("`{id}` is connected, but nothing defines it any more");
        Finding::warning(Subject::Connections, message, remedy)
    })
}

fn needed(id: &ConnectionId, what: &str) -> Finding {
    Finding::problem(
        Subject::Connections,
        Kind::NeedsConnecting,
        format!("`{id}` {what}"),
        Remedy::run(format!("hallpass connect {id}")),
    )
}

fn kept(
    id: &ConnectionId,
    integration: &Integration,
    record: &Record,
    state: State,
) -> Vec<Finding> {
    let strangers = strangers(integration, record);
    // What needs nobody is obtained anew when what it is made from changed.
    let minted = state == State::Ready;
    if !strangers.is_empty() && !minted {
        let message = format!(
            "`{id}` was connected for {}, and the definition now also names {}",
            record.pin,
            strangers.join(", ")
        );
        let remedy = Remedy::run(format!("hallpass connect {id} --force")).and(format!(
            "only if the change is right ({})",
            integration.place
        ));
        return vec![Finding::problem(
            Subject::Connections,
            Kind::NeedsConnecting,
            message,
            remedy,
        )];
    }
    if !integration.auth.takes(&record.grant) && !minted {
        let what = format!(
            "was obtained by `{}`, and the definition now says `{}`",
            record.grant,
            integration.auth.grant_name()
        );
        return vec![needed(id, &what)];
    }
    if let Standing::NeedsConnecting { why } = &record.standing {
        return vec![needed(id, &format!("has to be connected again: {why}"))];
    }
    if state == State::NeedsConnecting {
        let what = "has expired, and nothing renews it";
        let mut finding = needed(id, what);
        if integration.auth.renew_from() == RenewFrom::RefreshToken {
            let advice = Offline::advice(integration.offline.as_ref());
            finding.remedy = finding.remedy.map(|remedy| remedy.and(advice));
        }
        return vec![finding];
    }
    let mut findings = vec![Finding::ok(Subject::Connections, well(id, record, state))];
    findings.extend(no_refresh_token(id, integration, record));
    if !minted {
        findings.extend(fewer_scopes(id, record));
        findings.extend(more_scopes(id, integration, record));
    }
    findings
}

fn well(id: &ConnectionId, record: &Record, state: State) -> String {
    let account = record.account.as_ref();
    let account = account.map_or_else(String::new, |account| format!(" as {account}"));
    let life = match (state, record.expires_at) {
        (State::Expired, _) => ", over, and renewed when it is used".to_owned(),
        (_, Some(then)) => format!(", expires {}", clock::relative(then, Timestamp::now())),
        (_, None) => String::new(),
    };
    format!("`{id}` is connected{account}{life}")
}

/// It works until it expires, and then a person is needed.
fn no_refresh_token(
    id: &ConnectionId,
    integration: &Integration,
    record: &Record,
) -> Option<Finding> {
    let auth = &integration.auth;
    let usual = auth.needs_consent() && auth.renew_from() == RenewFrom::RefreshToken;
    if !usual || is_renewable(integration, record) {
        return None;
    }
    record.expires_at?;
    let message = format!(
        "`{id}` has no refresh token: a person has to connect again whenever its token expires"
    );
    let remedy = Remedy::run(format!("hallpass connect {id}")).and(format!(
        "first, {}",
        Offline::advice(integration.offline.as_ref())
    ));
    Some(Finding::warning(Subject::Connections, message, remedy))
}

fn fewer_scopes(id: &ConnectionId, record: &Record) -> Option<Finding> {
    let missing: Vec<String> = record
        .asked
        .iter()
        .flat_map(|scope| scope.split_whitespace())
        .filter(|scope| !UNSAID.contains(scope))
        .filter(|scope| !record.scopes.iter().any(|granted| granted == scope))
        .map(ToOwned::to_owned)
        .collect();
    if missing.is_empty() {
        return None;
    }
    let granted = if record.scopes.is_empty() {
        "none".to_owned()
    } else {
        record.scopes.join(" ")
    };
    let message = format!(
        "`{id}` was not granted {} (granted: {granted})",
        listed(&missing)
    );
    let remedy = Remedy::run(format!("hallpass connect {id}"))
        .and("allow them on the provider's page, and see that the app may ask for them where it is registered");
    Some(Finding::warning(Subject::Connections, message, remedy))
}

/// The definition asks for more than it did when this was connected.
fn more_scopes(id: &ConnectionId, integration: &Integration, record: &Record) -> Option<Finding> {
    if record.asked.is_empty() {
        return None;
    }
    let now = grant::scopes(&shown_values(integration, record), &[]).ok()?;
    let more: Vec<String> = now
        .into_iter()
        .filter(|scope| !record.asked.contains(scope))
        .collect();
    if more.is_empty() {
        return None;
    }
    let message = format!(
        "the definition of `{id}` now also asks for {}, and `{id}` was connected without",
        listed(&more)
    );
    let remedy = Remedy::run(format!("hallpass connect {id}"));
    Some(Finding::warning(Subject::Connections, message, remedy))
}
