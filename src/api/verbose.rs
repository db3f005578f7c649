//! What `-v` shows of a request and its answer: curl's manner, through the log,
//! and no secret. Of the headers that the user adds only those are shown that
//! cannot hold one; of an answer's, none whose name speaks of one, and nowhere
//! what was sent as one.

use std::time::Duration;

use reqwest::blocking::Response;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tracing::Level;

use super::Plan;
use crate::http::host_of;
use crate::secret::{REDACTED, SafeUrl, Secret, redacted};
use crate::ui::escape;

/// The log's target for what goes over the wire, which stands as curl writes it.
pub const WIRE: &str = "hallpass::wire";

/// What a header's name says where its value is a secret.
const TELLING: [&str; 12] = [
    "auth",
    "cookie",
    "token",
    "secret",
    "key",
    "session",
    "sign",
    "password",
    "nonce",
    "csrf",
    "xsrf",
    "credential",
];
/// Those that are shown all the same.
const KNOWN: [&str; 4] = [
    "www-authenticate",
    "access-control-allow-credentials",
    "accept-signature",
    "x-content-type-options",
];
/// Those that hold a URL, whose query may hold anything.
const WITH_URL: [&str; 4] = ["location", "content-location", "link", "refresh"];
/// The user's own that are shown.
const PLAIN: [&str; 8] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "content-encoding",
    "content-type",
    "idempotency-key",
    "range",
    "user-agent",
];

/// Whether anybody looks.
fn is_wanted() -> bool {
    tracing::enabled!(target: WIRE, Level::INFO)
}

fn line(text: &str) {
    tracing::info!(target: WIRE, "{}", escape(text));
}

/// Shows a request that is about to be sent.
pub(super) fn request(plan: &Plan, secrets: &[Secret]) {
    if !is_wanted() {
        return;
    }
    let shown = redacted(&plan.url.to_string(), secrets);
    let origin = plan.url.origin();
    let target = shown.strip_prefix(&origin).unwrap_or(&shown);
    let target = if target.starts_with('/') {
        target
    } else {
        &shown
    };
    // Over TLS the version is agreed on while connecting.
    let version = match plan.url.expose().scheme() {
        "http" => " HTTP/1.1",
        _ => "",
    };
    line(&format!("> {} {target}{version}", plan.method));
    line(&format!("> host: {}", host_of(plan.url.expose())));
    for (name, value) in &plan.headers {
        let is_plain = PLAIN.contains(&name.as_str()) || name.as_str().starts_with("if-");
        let value = if value.is_sensitive() && !is_plain {
            REDACTED.to_owned()
        } else {
            redacted(&text(value), secrets)
        };
        line(&format!("> {name}: {value}"));
    }
}

/// Shows the head of an answer.
pub(super) fn answer(response: &Response, after: Duration, secrets: &[Secret]) {
    if !is_wanted() {
        return;
    }
    if let Some(address) = response.remote_addr() {
        line(&format!(
            "* {address} answered after {} ms",
            after.as_millis()
        ));
    }
    line(&format!("< {:?} {}", response.version(), response.status()));
    headers(response.headers(), secrets);
}

fn headers(headers: &HeaderMap, secrets: &[Secret]) {
    for (name, value) in headers {
        line(&format!("< {name}: {}", said(name, value, secrets)));
    }
}

/// A header of an answer, as it may be shown.
fn said(name: &HeaderName, value: &HeaderValue, secrets: &[Secret]) -> String {
    let name = name.as_str();
    if !KNOWN.contains(&name) && TELLING.iter().any(|word| name.contains(word)) {
        return REDACTED.to_owned();
    }
    let said = redacted(&text(value), secrets);
    if !WITH_URL.contains(&name) {
        return said;
    }
    match url::Url::parse(&said) {
        Ok(url) => SafeUrl::plain(url).to_string(),
        Err(_) => without_values(&said),
    }
}

/// Text with the values of the queries in it taken out, and the users before an `@`.
fn without_values(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for (at, part) in text.split('?').enumerate() {
        if at == 0 {
            clean.push_str(part);
            continue;
        }
        clean.push('?');
        let end = part
            .find(['>', '"', ' ', ';', ',', '#'])
            .unwrap_or(part.len());
        let (query, rest) = part.split_at(end);
        let names = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) => format!("{name}={REDACTED}"),
            None => pair.to_owned(),
        });
        clean.push_str(&names.collect::<Vec<_>>().join("&"));
        clean.push_str(rest);
    }
    clean
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answers_headers_are_shown_without_what_is_secret() {
        let secrets = [Secret::new("key-not-real")];
        for (name, value, expected) in [
            ("content-type", "text/html", "text/html"),
            ("x-echo", "you sent key-not-real", "you sent ***"),
            ("set-cookie", "id=session-not-real", "***"),
            ("x-subject-token", "other-not-real", "***"),
            ("dpop-nonce", "n", "***"),
            (
                "www-authenticate",
                "Bearer error=\"x\"",
                "Bearer error=\"x\"",
            ),
            (
                "location",
                "https://u:p@cdn.example.com/f?sig=a-not-real&e=1",
                "https://cdn.example.com/f?sig=***&e=***",
            ),
            ("location", "/f?sig=a-not-real", "/f?sig=***"),
            (
                "link",
                "</x?page=2&key=k-not-real>; rel=\"next\", </x?page=9>; rel=\"last\"",
                "</x?page=***&key=***>; rel=\"next\", </x?page=***>; rel=\"last\"",
            ),
        ] {
            let header = HeaderValue::from_str(value).unwrap();
            let name = HeaderName::from_static(name);
            assert_eq!(said(&name, &header, &secrets), expected, "{name}: {value}");
        }
    }
}
