//! `auth.tls`: the client certificate that is shown in TLS handshakes (RFC
//! 8705, or any API that asks for one), whatever the type. Nobody types such a
//! thing, so each of the two names where it comes from.

use std::sync::{Arc, OnceLock};

use super::input::InputSource;
use super::source::{self, ValueSource};
use super::table::TableReader;
use super::{TLS_CERTIFICATE, TLS_KEY};
use crate::http::Identity;

/// `auth.tls`: there is a client certificate. Where it and its key come from
/// are inputs like others ([`super::TLS_CERTIFICATE`], [`super::TLS_KEY`]).
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// What the definition's own values came to: a command is asked once in a
    /// run, however many requests show the certificate.
    pub loaded: Arc<OnceLock<Identity>>,
}

/// Reads the table; what it names joins the `sources`.
pub(super) fn read(
    table: &mut TableReader<'_>,
    sources: &mut Vec<(&'static str, InputSource)>,
) -> Option<Tls> {
    let path = table.name_of("tls");
    let problems = table.problems();
    let node = table.get("tls")?;
    let mut inner = TableReader::new(node, path, problems)?;
    if !inner.has("certificate") {
        inner.missing(
            "certificate",
            "`connect` does not ask for one",
            "name it: `certificate = { file = \"client.pem\" }`, or `{ env = \"NAME\" }`, `{ command = [\"…\"] }`",
        );
    }
    let certificate = source::read(&mut inner, "certificate");
    // One that stands beside its key is as secret as that.
    let with_key = certificate.as_ref().filter(|source| holds_key(source));
    source::doubt_written_out(&mut inner, "certificate", with_key);
    let key = source::read(&mut inner, "key");
    source::doubt_written_out(&mut inner, "key", key.as_ref());
    inner.finish();
    let named = [(TLS_CERTIFICATE, certificate), (TLS_KEY, key)];
    for (name, source) in named {
        sources.extend(source.map(|source| (name, InputSource::Value(source))));
    }
    Some(Tls::default())
}

fn holds_key(source: &ValueSource) -> bool {
    matches!(source, ValueSource::Literal(text) if text.expose().contains("PRIVATE KEY-----"))
}
