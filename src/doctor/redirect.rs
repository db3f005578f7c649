//! The ports that redirects come back to: whether one of those the definition
//! names is free.

use super::{Finding, Remedy, Subject, Ward};
use crate::broker::State;
use crate::definition::Grant;
use crate::error::Kind;
use crate::grant::try_port;
use crate::surroundings::who_listens;

/// Tries every port that a definition names; 0 is any free one.
pub(super) fn look(ward: &Ward) -> Vec<Finding> {
    let subject = Subject::Redirect;
    let mut findings: Vec<Finding> = Vec::new();
    let mut seen = Vec::new();
    for (patient, integration) in ward.integrations() {
        let auth = &integration.auth;
        let Some(oauth) = auth
            .oauth2()
            .filter(|oauth| oauth.grant == Grant::AuthorizationCode)
        else {
            continue;
        };
        let redirect = &oauth.redirect;
        let key = (&redirect.host, &redirect.ports);
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let host = &redirect.host;
        let mut taken: Vec<(u16, std::io::Error)> = Vec::new();
        let free = redirect.ports.iter().find(|port| {
            let tried = try_port(host, **port);
            tried.map_err(|error| taken.push((**port, error))).is_ok()
        });
        let refused: Vec<String> = taken
            .iter()
            .map(|(port, error)| format!("{port} ({error})"))
            .collect();
        let refused = refused.join(", ");
        let Some(free) = free else {
            let Some((port, _)) = taken.first() else {
                continue;
            };
            let message = format!("no port for the redirect is free on {host}: {refused}");
            let remedy = Remedy::run(who_listens(*port)).and(format!(
                "end what holds it, or name other `ports` in the definition's `redirect` ({})",
                integration.place
            ));
            // Only connecting listens there.
            let wanted =
                ward.named || matches!(patient.state, State::NotConnected | State::NeedsConnecting);
            let finding = if wanted {
                Finding::problem(subject, Kind::Unavailable, message, remedy)
            } else {
                Finding::warning(subject, message, remedy)
            };
            findings.push(finding.of(&patient.id));
            continue;
        };
        let message = match (*free, taken.is_empty()) {
            (0, _) => format!("a port for the redirect is free on {host}"),
            (port, true) => format!("port {port} for the redirect is free on {host}"),
            (port, false) => {
                format!("port {port} for the redirect is free on {host}; not so {refused}")
            }
        };
        findings.push(Finding::ok(subject, message).of(&patient.id));
    }
    findings
}
