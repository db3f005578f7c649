//! Providers that differ: one path prefix each, `/quirks/NAME/…`, behind `sandbox --quirks`.
//!
//! What is odd about each stands in `table`, in the words of `quirk`; one engine plays them all:
//! `authorize` (the person's page), `device` (that of a code), `token` (the token call), `mint` (sessions and signed apps),
//! `answer` (what comes back), `api` (how the credential must arrive).
//!
//! Promises: every quirk is insisted on, and a client that does the standard thing instead is told
//! what was expected; the log says of each request which parameters and headers it brought, by name
//! and never by value.

mod answer;
mod api;
mod authorize;
mod client;
mod definitions;
mod device;
mod jwt;
mod ledger;
mod mint;
mod quirk;
mod sent;
mod table;
mod token;

use serde_json::{Value, json};

use super::oauth::OAuthError;
use super::state::{Entry, State};
use super::wire::{Reply, Request};

pub use definitions::definitions;
pub use jwt::{part, sign, vouched};
pub use ledger::Ledger;

use ledger::Guard;
use quirk::{Base, Quirk, Source};

#[cfg(test)]
pub use {client::AWKWARD_SECRET, client::CLIENT_SECRET, jwt::JWT_KEY};

/// Where they all are.
pub const PREFIX: &str = "/quirks/";

/// One request to one quirk.
pub struct Call<'a> {
    state: &'a State,
    request: &'a Request,
    quirk: &'static Quirk,
    /// `/eu`, where the quirk has regions; else empty.
    region: &'a str,
    /// The path behind the quirk's name and region.
    path: &'a str,
}

impl Call<'_> {
    /// What was issued, by all quirks together.
    fn ledger(&self) -> Guard<'_> {
        self.state.quirks()
    }

    /// The URL of a path below the quirk, region included.
    fn url(&self, path: &str) -> String {
        let Call { quirk, region, .. } = self;
        format!("{}{PREFIX}{}{region}{path}", self.state.issuer, quirk.name)
    }
}

/// Answers a request below `/quirks/`.
pub fn answer(state: &State, request: &Request, entry: &mut Entry) -> Reply {
    entry.sent = Some(sent::names(request));
    let Some(call) = call(state, request) else {
        let names: Vec<_> = table::all().map(|quirk| quirk.name).collect();
        let body = json!({ "error": "there is no such quirk", "quirks": names });
        return Reply::json(404, &body);
    };
    let person = matches!(call.quirk.source, Source::Person);
    let tokens = person
        || matches!(call.quirk.source, Source::Device)
        || matches!(call.quirk.source, Source::Client);
    match (request.method.as_str(), call.path, call.quirk.source) {
        ("GET", "/authorize", Source::Person) => authorize::ask(&call, entry),
        ("POST", "/authorize", Source::Person) => authorize::decide(&call, entry),
        (_, "/device_authorization", Source::Device) => device::begin(&call, entry),
        ("GET", "/device", Source::Device) => device::ask(&call, entry),
        ("POST", "/device", Source::Device) => device::decide(&call, entry),
        (_, "/token" | "/refresh" | "/extend", _) if tokens => token::token(&call, entry),
        (_, "/session", Source::Session) => mint::session(&call, entry),
        (_, "/login", Source::Steps) => mint::login(&call, entry),
        (_, "/trade", Source::Steps) => mint::trade(&call, entry),
        (_, path, Source::App) if path.starts_with("/app/") => mint::app(&call, entry),
        (_, "/lookup", _) if matches!(call.quirk.base, Base::Lookup) => api::lookup(&call, entry),
        _ => api::answer(&call, entry),
    }
}

/// Which quirk a path belongs to, and what is left of it.
fn call<'a>(state: &'a State, request: &'a Request) -> Option<Call<'a>> {
    let rest = request.path.strip_prefix(PREFIX)?;
    let (name, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let quirk = table::all().find(|quirk| quirk.name == name)?;
    let (region, path) = match quirk.base {
        Base::Region(regions) => {
            let region = regions.iter().find(|region| {
                let rest = path.strip_prefix(**region);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })?;
            path.split_at(region.len())
        }
        _ => ("", path),
    };
    Some(Call {
        state,
        request,
        quirk,
        region,
        path,
    })
}

/// What the welcome says of them: name and oddity.
pub fn list() -> Value {
    let all = table::all().map(|quirk| (quirk.name.to_owned(), json!(quirk.about)));
    Value::Object(all.collect())
}

/// The refusal of a client that did not do what is wanted here.
fn expected(what: impl Into<String>) -> OAuthError {
    OAuthError::new("invalid_request", what)
}
