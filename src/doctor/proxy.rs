//! Which proxy is in force, as the HTTP client sees it: https goes through the
//! one that the environment or the system names, unless `NO_PROXY` excepts the
//! host; this machine's own traffic never does. What a proxy is given as user
//! and password is not shown.

use std::collections::BTreeMap;

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::reach::{self, Trouble};
use super::{Finding, Remedy, Subject, listed};
use crate::env;
use crate::error::Kind;
use crate::http;
use crate::secret::SafeUrl;

/// The proxies of this run.
pub(super) struct Proxies(Matcher);

/// A proxy, told from others by where it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Proxy {
    /// As it may be shown.
    shown: String,
    host: String,
    port: u16,
}

impl Proxies {
    /// Reads what the HTTP client reads.
    pub(super) fn in_force() -> Self {
        Self(Matcher::from_system())
    }

    /// The proxy on the way to a URL.
    pub(super) fn of(&self, url: &Url) -> Option<Proxy> {
        if http::is_loopback(url) {
            return None;
        }
        let uri: ::http::Uri = url.as_str().parse().ok()?;
        let intercepted = self.0.intercept(&uri)?;
        let proxy = Url::parse(&intercepted.uri().to_string()).ok()?;
        let usual = if proxy.scheme().starts_with("socks") {
            1080
        } else {
            80
        };
        let shown = SafeUrl::plain(proxy.clone()).to_string();
        Some(Proxy {
            shown: shown.trim_end_matches('/').to_owned(),
            host: proxy.host_str()?.to_owned(),
            port: proxy.port_or_known_default().unwrap_or(usual),
        })
    }
}

/// Tries each proxy; `behind` are the origins that are reached through it.
/// Returns those that are not there.
pub(super) fn look(behind: &BTreeMap<Proxy, Vec<String>>) -> (Vec<Finding>, Vec<Proxy>) {
    let subject = Subject::Proxy;
    let mut findings = Vec::new();
    let mut absent = Vec::new();
    for (proxy, origins) in behind {
        let (shown, named) = (&proxy.shown, variable().map(|(name, _)| name));
        let by = named.unwrap_or("the system's settings");
        let origins = listed(origins);
        match reach::host_and_port(&proxy.host, proxy.port) {
            Ok(()) => findings.push(Finding::ok(
                subject,
                format!("`{shown}` ({by}) leads to {origins}"),
            )),
            Err(Trouble::Name(why) | Trouble::Tcp(why)) => {
                let message = format!(
                    "the proxy `{shown}` ({by}) cannot be reached: {why}; behind it are {origins}"
                );
                findings.push(Finding::problem(
                    subject,
                    Kind::Unavailable,
                    message,
                    unset(named),
                ));
                absent.push(proxy.clone());
            }
            Err(_) => {}
        }
    }
    findings.extend(ignored());
    (findings, absent)
}

/// What takes a proxy away.
fn unset(named: Option<&str>) -> Remedy {
    match named {
        Some(name) => Remedy::run(format!("unset {name}")).and(format!(
            "or start the proxy, or let `{name}` name one that is there"
        )),
        None => Remedy::fix("start the proxy, or change it in the system's settings"),
    }
}

/// The variable that names the proxy of https, and its value.
fn variable() -> Option<(&'static str, String)> {
    let names = env::HTTPS_PROXY.iter().chain(&env::ALL_PROXY);
    let mut set = names.filter_map(|name| Some((*name, env::var(name)?)));
    set.next()
}

/// A value that the client cannot read is as good as none, and it says nothing.
fn ignored() -> Option<Finding> {
    let (name, value) = variable()?;
    let anywhere = ::http::Uri::from_static("https://example.com/");
    if Matcher::builder()
        .https(value)
        .build()
        .intercept(&anywhere)
        .is_some()
    {
        return None;
    }
    Some(Finding::warning(
        Subject::Proxy,
        format!("`{name}` is no URL of a proxy, and is ignored"),
        Remedy::fix(format!(
            "write it as `export {name}=http://HOST:PORT`, or unset it"
        )),
    ))
}
