//! Redirects (RFC 9110 section 15.4), followed where the user wants them to be.
//! A credential stays at its origin: what goes to another one is a GET or a HEAD
//! with neither credential nor body, its headers but a harmless few taken off,
//! and it stays so, also when a redirect leads back. A `Location` that holds the
//! credential, leaves TLS, carries userinfo or points from elsewhere into this
//! machine is not followed at all.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, StatusCode};
use url::{Host, Url};

use super::{Body, Plan};
use crate::http::{self, host_of};
use crate::secret::{SafeUrl, Secret, redacted};

/// What is sent to anyone, where it holds no secret; and what begins with `if-`.
const HARMLESS: [&str; 5] = [
    "accept",
    "accept-language",
    "accept-encoding",
    "user-agent",
    "range",
];

/// Why a redirect was not followed.
#[derive(Debug, thiserror::Error)]
pub enum RedirectError {
    /// There were more than allowed.
    #[error("{host} redirected more than {most} times")]
    TooMany {
        /// Who answered last.
        host: String,
        /// The bound.
        most: u32,
    },
    /// It leads where nothing may go.
    #[error("{host} redirects to `{to}`: {why}")]
    Refused {
        /// Who answered.
        host: String,
        /// Where to, redacted.
        to: String,
        /// What about it.
        why: String,
    },
    /// It leads to another origin, where only reading goes.
    #[error(
        "{host} redirects this {method} to `{to}`: nothing but a GET or a HEAD without a body goes to another origin"
    )]
    Elsewhere {
        /// Who answered.
        host: String,
        /// The verb.
        method: Method,
        /// Where to, redacted.
        to: String,
    },
    /// The body is gone.
    #[error("{host} redirects to `{to}`, and stdin cannot be sent twice")]
    Stdin {
        /// Who answered.
        host: String,
        /// Where to, redacted.
        to: String,
    },
}

/// What was sent, as far as it says what may come next.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The verb.
    pub method: Method,
    /// Where it went; it may hold secrets.
    pub url: Url,
    /// Whether it had a body.
    pub has_body: bool,
    /// Whether it can be sent a second time.
    pub is_replayable: bool,
    /// Whether the API was told how to tell a second time from a first.
    pub has_idempotency_key: bool,
    /// Whether the connection's credential was in it.
    pub shows_credential: bool,
}

impl Sent {
    /// What a plan will send.
    pub fn of(plan: &Plan) -> Self {
        Self {
            method: plan.method.clone(),
            url: plan.url.expose().clone(),
            has_body: !matches!(plan.body, Body::None),
            is_replayable: plan.body.is_replayable(),
            has_idempotency_key: plan.headers.contains_key("idempotency-key"),
            shows_credential: plan.shows_credential,
        }
    }
}

/// Where redirects have led so far. Laid over a plan, which may have been made
/// anew with another credential, it makes the request that comes next.
#[derive(Clone, Default)]
pub struct Trail {
    followed: u32,
    place: Option<Place>,
}

#[derive(Clone)]
struct Place {
    url: Url,
    method: Method,
    /// Whether the body was left behind.
    is_bodiless: bool,
    /// Whether it is, or came through, another origin than the credential's.
    is_strange: bool,
}

impl Trail {
    /// Whether the credential still goes along.
    pub fn is_at_home(&self) -> bool {
        self.place.as_ref().is_none_or(|place| !place.is_strange)
    }

    /// Makes the request that comes next of the one that came first.
    pub fn lay_over(&self, plan: &mut Plan, secrets: &[Secret]) {
        let Some(place) = &self.place else { return };
        plan.url = shown(place.url.clone(), secrets);
        plan.method = place.method.clone();
        if place.is_bodiless {
            plan.body = Body::None;
            for name in ["content-type", "content-encoding", "content-language"] {
                plan.headers.remove(name);
            }
        }
        if place.is_strange {
            plan.disown(&|name, value| is_harmless(name) && redacted(value, secrets) == value);
        } else {
            plan.add_secret_query();
        }
    }

    /// Where an answer leads; nothing, where it is no redirect. `secrets` are
    /// those that were sent.
    pub fn follow(
        &self,
        sent: &Sent,
        (status, headers): (StatusCode, &HeaderMap),
        most: u32,
        secrets: &[Secret],
    ) -> Result<Option<Trail>, RedirectError> {
        let Some((method, is_bodiless)) = next_method(&sent.method, status) else {
            return Ok(None);
        };
        let Some(location) = headers.get(LOCATION) else {
            return Ok(None);
        };
        let host = host_of(&sent.url);
        if self.followed >= most {
            return Err(RedirectError::TooMany { host, most });
        }
        let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
        let refused = |to: String, why: String| RedirectError::Refused {
            host: host.clone(),
            to,
            why,
        };
        let differs = |other| other != location.as_bytes();
        let mut several = headers.get_all(LOCATION).iter();
        let url = sent.url.join(&location);
        let (Ok(mut url), false) = (url, several.any(|value| differs(value.as_bytes()))) else {
            let to = bare(&location, secrets);
            return Err(refused(to, "that is no one URL".to_owned()));
        };
        url.set_fragment(None);
        let to = shown(url.clone(), secrets).to_string();
        if holds(&location, secrets) {
            let why = "it holds the credential, which goes nowhere by a redirect";
            return Err(refused(to, why.to_owned()));
        }
        if let Err(why) = may_lead(&sent.url, &url) {
            return Err(refused(to, why));
        }
        let is_bodiless = is_bodiless || !sent.has_body;
        let changes_origin = url.origin() != sent.url.origin();
        let only_reads = [Method::GET, Method::HEAD].contains(&method);
        if changes_origin && !(only_reads && is_bodiless) {
            return Err(RedirectError::Elsewhere { host, method, to });
        }
        if !is_bodiless && !sent.is_replayable {
            return Err(RedirectError::Stdin { host, to });
        }
        tracing::info!(target: super::verbose::WIRE, "* following the redirect to {}", crate::ui::escape(&to));
        Ok(Some(Trail {
            followed: self.followed + 1,
            place: Some(Place {
                url,
                method,
                is_bodiless,
                is_strange: changes_origin || !self.is_at_home(),
            }),
        }))
    }
}

/// Whether a header says nothing of whose request it is.
pub(super) fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name) || name.starts_with("if-")
}

/// The method of the next request, and whether it leaves the body behind (RFC
/// 9110 sections 15.4.2 to 15.4.9); nothing where a status is no redirect.
fn next_method(method: &Method, status: StatusCode) -> Option<(Method, bool)> {
    match status.as_u16() {
        301 | 302 if *method == Method::POST => Some((Method::GET, true)),
        303 if *method != Method::HEAD => Some((Method::GET, true)),
        301..=303 | 307 | 308 => Some((method.clone(), false)),
        _ => None,
    }
}

/// Whether a redirect may lead from one URL to another at all; the error says
/// why not.
fn may_lead(from: &Url, to: &Url) -> Result<(), String> {
    if !matches!(to.scheme(), "http" | "https") {
        return Err(format!("`{}` is not followed", to.scheme()));
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err("it names a user".to_owned());
    }
    if is_this_machine(to) && !http::is_loopback(from) {
        return Err("a host elsewhere has no say in what is asked of this machine".to_owned());
    }
    if !http::is_protected(to) {
        return Err("it leaves TLS".to_owned());
    }
    Ok(())
}

/// Whether a URL is this machine's, however that is written.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback() || address.octets()[0] == 0,
        Some(Host::Ipv6(address)) => {
            let mapped = address.to_ipv4();
            address.is_loopback()
                || address.is_unspecified()
                || mapped.is_some_and(|four| four.is_loopback() || four.octets()[0] == 0)
        }
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

/// A URL as it may be shown.
fn shown(url: Url, secrets: &[Secret]) -> SafeUrl {
    let text = SafeUrl::plain(url.clone()).to_string();
    SafeUrl::new(url, redacted(&text, secrets))
}

/// What cannot be read as a URL, as it may be shown.
fn bare(location: &str, secrets: &[Secret]) -> String {
    let start = location.split(['?', '#']).next().unwrap_or_default();
    let start = start.rsplit_once('@').map_or(start, |(_, rest)| rest);
    redacted(start, secrets)
}

/// Whether a text holds a secret, as it is or encoded.
fn holds(text: &str, secrets: &[Secret]) -> bool {
    let once = decoded(text);
    let twice = decoded(&once);
    let plus = decoded(&text.replace('+', " "));
    let is_in = |text: &str| redacted(text, secrets) != text;
    [text, &once, &twice, &plus].into_iter().any(|text| {
        is_in(text)
            || words(text, "+-_").any(|word| unpacked(word).is_some_and(|text| is_in(&text)))
            || words(text, "+-_/").any(|word| unpacked(word).is_some_and(|text| is_in(&text)))
            || words(text, "").any(|word| {
                let bytes = hex::decode(word).ok();
                bytes.is_some_and(|bytes| is_in(&String::from_utf8_lossy(&bytes)))
            })
    })
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn words<'t>(text: &'t str, beside: &'static str) -> impl Iterator<Item = &'t str> {
    text.split(move |c: char| !c.is_ascii_alphanumeric() && !beside.contains(c))
        .filter(|word| word.len() >= 4)
}

/// What a word says in Base64, of either alphabet and without padding.
fn unpacked(word: &str) -> Option<String> {
    let word: Cow<'_, str> = if word.contains(['+', '/']) {
        word.replace('+', "-").replace('/', "_").into()
    } else {
        word.into()
    };
    let bytes = URL_SAFE_NO_PAD.decode(&*word).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "key/+ not-real";

    #[test]
    fn a_location_holds_the_credential_however_it_is_written() {
        let secrets = [Secret::new(KEY)];
        for location in [
            "/x?k=key/+ not-real",
            "/x?k=key%2F%2B%20not%2Dreal",
            "/x?k=key%2f%2b+not-real",
            "/x?k=%6Bey%2f%2B%20not-real",
            "/x?k=key%252F%252B%2520not-real",
            "/a2V5Lysgbm90LXJlYWw",
            "/a2V5Lysgbm90LXJlYWw=/y",
            // `user:` before it.
            "/x?basic=dXNlcjprZXkvKyBub3QtcmVhbA%3D%3D",
            "https://elsewhere.example.com/6b65792f2b206e6f742d7265616c",
        ] {
            assert!(holds(location, &secrets), "{location}");
        }
        for location in ["/x?k=key", "/user/not-real", "/%zz%%", "/ä"] {
            assert!(!holds(location, &secrets), "{location}");
        }
    }

    #[test]
    fn a_redirect_leads_nowhere_but_over_tls_or_within_this_machine() {
        let remote = "https://api.example.com/v1/a";
        let here = "http://127.0.0.1:8080/a";
        for (from, to, passes) in [
            (remote, "https://other.example.com/", true),
            (remote, "../b", true),
            (here, "http://127.0.0.1:9/", true),
            (here, "http://localhost:9/", true),
            (here, "https://other.example.com/", true),
            (here, "http://other.example.com/", false),
            (remote, "http://api.example.com/", false),
            (remote, "http://127.0.0.1/", false),
            (remote, "https://127.0.0.1/", false),
            (remote, "https://127.1.2.3/", false),
            (remote, "https://2130706433/", false),
            (remote, "https://0x7f.1/", false),
            (remote, "https://0.0.0.0/", false),
            (remote, "https://[::1]/", false),
            (remote, "https://[::]/", false),
            (remote, "https://[::ffff:127.0.0.1]/", false),
            (remote, "https://localhost/", false),
            (remote, "https://LOCALHOST./", false),
            (remote, "https://api.localhost/", false),
            (remote, "https://user@other.example.com/", false),
            (remote, "https://:pw@api.example.com/", false),
            (remote, "ftp://api.example.com/", false),
            (remote, "file:///etc/passwd", false),
            (remote, "javascript:alert(1)", false),
            (remote, "data:text/plain,x", false),
            (remote, "unix:/run/x.sock", false),
        ] {
            let from = Url::parse(from).unwrap();
            let to = from.join(to).unwrap();
            assert_eq!(may_lead(&from, &to).is_ok(), passes, "{from} {to}");
        }
    }

    #[test]
    fn methods_change_as_rfc_9110_has_it() {
        for (method, status, expected) in [
            ("GET", 301, Some(("GET", false))),
            ("POST", 301, Some(("GET", true))),
            ("POST", 302, Some(("GET", true))),
            ("PUT", 302, Some(("PUT", false))),
            ("POST", 303, Some(("GET", true))),
            ("PUT", 303, Some(("GET", true))),
            ("HEAD", 303, Some(("HEAD", false))),
            ("POST", 307, Some(("POST", false))),
            ("DELETE", 308, Some(("DELETE", false))),
            ("GET", 300, None),
            ("GET", 304, None),
            ("GET", 305, None),
            ("GET", 200, None),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let next = next_method(&method.parse().unwrap(), status);
            let next = next.map(|(method, bodiless)| (method.to_string(), bodiless));
            let expected = expected.map(|(method, bodiless)| (method.to_owned(), bodiless));
            assert_eq!(next, expected, "{method} {status}");
        }
    }
}
