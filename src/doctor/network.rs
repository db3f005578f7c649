//! The providers: every origin that the definitions name, tried beside each
//! other and to a deadline.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use url::Url;

use super::proxy::{self, Proxies, Proxy};
use super::reach::{self, Answer, Trouble};
use super::{Finding, Patient, Remedy, Subject, Ward, listed};
use crate::broker::{shown_values, strangers};
use crate::connection::{Pin, Values};
use crate::definition::Integration;
use crate::env;
use crate::error::Kind;
use crate::http;

/// How long all of it may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// How many origins are tried at a time.
const AT_ONCE: usize = 8;

/// An origin, and who needs it.
struct Target {
    url: Url,
    proxied: bool,
    /// The connections, or integrations that could become one.
    needed_by: Vec<String>,
    /// Where it stands.
    place: String,
    /// Whether somebody counts on it.
    in_use: bool,
    /// Whether whoever needs it has a certificate to show, which is not shown
    /// here.
    identified: bool,
}

/// An origin that answered.
pub(super) struct Reached {
    pub(super) url: Url,
    pub(super) answer: Answer,
}

/// Tries all origins. What answered is returned for others to look at.
pub(super) fn look(ward: &Ward) -> (Vec<Finding>, Vec<Reached>) {
    let proxies = Proxies::in_force();
    let mut behind: BTreeMap<Proxy, Vec<String>> = BTreeMap::new();
    let mut targets = targets(ward);
    for target in &mut targets {
        if let Some(proxy) = proxies.of(&target.url) {
            target.proxied = true;
            behind
                .entry(proxy)
                .or_default()
                .push(origin_of(&target.url));
        }
    }
    let (mut findings, absent) = proxy::look(&behind);
    targets.retain(|target| {
        let proxy = proxies.of(&target.url);
        proxy.is_none_or(|proxy| !absent.contains(&proxy))
    });
    let targets = Arc::new(targets);
    let mut reached = Vec::new();
    let mut outcomes = try_all(&targets);
    for (target, outcome) in targets.iter().zip(&mut outcomes) {
        match outcome.take() {
            Some(Ok(answer)) => {
                findings.push(Finding::ok(
                    Subject::Network,
                    format!("{} answers ({})", origin_of(&target.url), answer.status),
                ));
                let url = target.url.clone();
                reached.push(Reached { url, answer });
            }
            Some(Err(Trouble::Certificate(_))) if target.identified => {
                let origin = origin_of(&target.url);
                let message = format!("{origin} answers, to those who show a certificate");
                findings.push(Finding::ok(Subject::Network, message));
            }
            Some(Err(trouble)) => findings.push(explain(target, &trouble)),
            None => {
                let waited = humantime::format_duration(DEADLINE);
                let message = format!(
                    "{} was not tried: the others took all of {waited}",
                    origin_of(&target.url)
                );
                let conn = target.needed_by.first().map_or("CONN", String::as_str);
                let remedy = Remedy::run(format!("hallpass doctor {conn}"));
                findings.push(Finding::warning(Subject::Network, message, remedy));
            }
        }
    }
    (findings, reached)
}

/// The origins, each once, those that somebody counts on first.
fn targets(ward: &Ward) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for (patient, integration) in ward.integrations() {
        for origin in origins(patient, integration) {
            let Ok(url) = Url::parse(&origin) else {
                continue;
            };
            let in_use = ward.named || patient.in_use();
            let identified = integration.auth.tls.is_some();
            let name = patient.id.to_string();
            match targets.iter_mut().find(|target| target.url == url) {
                Some(known) => {
                    known.in_use |= in_use;
                    known.identified |= identified;
                    known.needed_by.push(name);
                }
                None => targets.push(Target {
                    url,
                    proxied: false,
                    needed_by: vec![name],
                    place: integration.place.to_string(),
                    in_use,
                    identified,
                }),
            }
        }
    }
    targets.sort_by_key(|target| !target.in_use);
    targets
}

/// What the definition names, as far as it can be told without unlocking; what
/// was pinned where it cannot.
fn origins(patient: &Patient, integration: &Integration) -> Vec<String> {
    let values = match &patient.record {
        // What it was not made for is not even asked.
        Some(record) if !strangers(integration, record).is_empty() => {
            return record.pin.origins.iter().cloned().collect();
        }
        Some(record) => shown_values(integration, record),
        None => Values::new(integration, standing(integration), BTreeMap::new()),
    };
    let pinned = || {
        let pin = patient.record.as_ref().map(|record| record.pin.clone());
        pin.unwrap_or_default()
    };
    let mut origins = Pin::of(&values).unwrap_or_else(|_| pinned()).origins;
    let auth = &integration.auth;
    // The page where a person consents gets no secret, and is in no pin.
    let page = auth.oauth2().and_then(|oauth| {
        let own = oauth.authorization_url.as_ref();
        own.and_then(|page| page.origin(auth.site.as_ref(), &values).ok().flatten())
    });
    let metadata = values.metadata().endpoint("authorization_endpoint");
    origins.extend(page.or_else(|| metadata.map(|url| url.origin())));
    origins.into_iter().collect()
}

/// Parameters that have a value with nobody there.
fn standing(integration: &Integration) -> BTreeMap<String, String> {
    let known = integration.parameters.iter().filter(|one| !one.secret);
    known
        .filter_map(|one| {
            let from_environment = one.env.as_deref().and_then(env::var);
            let value = from_environment.or_else(|| one.default.clone())?;
            Some((one.name.clone(), value))
        })
        .collect()
}

/// The outcome of each target; none where the time was over. Threads that are
/// still busy then end with the process.
fn try_all(targets: &Arc<Vec<Target>>) -> Vec<Option<Result<Answer, Trouble>>> {
    let next = Arc::new(AtomicUsize::new(0));
    let (send, receive) = mpsc::channel();
    for _ in 0..AT_ONCE.min(targets.len()) {
        let (targets, next, send) = (Arc::clone(targets), Arc::clone(&next), send.clone());
        std::thread::spawn(move || {
            while let Some((at, target)) = {
                let at = next.fetch_add(1, Ordering::Relaxed);
                targets.get(at).map(|target| (at, target))
            } {
                let outcome = reach::origin(&target.url, target.proxied);
                if send.send((at, outcome)).is_err() {
                    return;
                }
            }
        });
    }
    drop(send);
    let mut outcomes: Vec<Option<Result<Answer, Trouble>>> = Vec::new();
    outcomes.resize_with(targets.len(), || None);
    let deadline = Instant::now() + DEADLINE;
    let left = || deadline.saturating_duration_since(Instant::now());
    while let Ok((at, outcome)) = receive.recv_timeout(left()) {
        outcomes[at] = Some(outcome);
    }
    outcomes
}

fn explain(target: &Target, trouble: &Trouble) -> Finding {
    let origin = origin_of(&target.url);
    let host = target.url.host_str().unwrap_or_default();
    let definition = format!(
        "see that the definition names the right host ({})",
        target.place
    );
    let curl = format!(
        "curl -sS -I -o {} {origin}",
        if cfg!(windows) { "NUL" } else { "/dev/null" }
    );
    let (why, remedy) = match trouble {
        Trouble::Name(why) => (
            format!("its name leads nowhere: {why}"),
            Remedy::fix(format!(
                "see that this machine is on a network that knows `{host}` (behind a company's proxy set `HTTPS_PROXY`), or {definition}"
            )),
        ),
        Trouble::Tcp(why) => (
            format!("it takes no connection: {why}"),
            Remedy::fix(format!(
                "see that the service is up and that no firewall is between (behind a company's proxy set `HTTPS_PROXY`), or {definition}"
            )),
        ),
        Trouble::Tls(why) => (
            format!("TLS does not come up: {why}"),
            Remedy::run(curl).and(format!(
                "if a company's proxy signs TLS anew, name its authority: `export SSL_CERT_FILE=…`; or {definition}"
            )),
        ),
        Trouble::Certificate(why) => (
            format!("it ended TLS ({why}), most likely for want of a client certificate"),
            Remedy::fix(format!(
                "name yours in the definition: `tls = {{ certificate = {{ file = \"…\" }}, key = {{ file = \"…\" }} }}` ({})",
                target.place
            )),
        ),
        Trouble::Http(why) => (
            format!("it takes connections, and no HTTP comes back: {why}"),
            Remedy::run(curl).and(format!("try again later, or {definition}")),
        ),
        Trouble::Proxy(why) => (
            format!("the proxy does not lead there: {why}"),
            Remedy::run(curl).and(format!(
                "see that `HTTPS_PROXY` holds the proxy's user and password, or except the host: `export NO_PROXY={host}`"
            )),
        ),
        Trouble::Setup(why) => (why.clone(), super::certificates::remedy()),
    };
    let message = format!(
        "{origin} cannot be reached: {why} (needed by {})",
        listed(&target.needed_by)
    );
    if target.in_use {
        Finding::problem(Subject::Network, Kind::Unavailable, message, remedy)
    } else {
        Finding::warning(Subject::Network, message, remedy)
    }
}

fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Whether an answer came from this very machine.
pub(super) fn is_own(reached: &Reached) -> bool {
    http::is_loopback(&reached.url)
}
