//! The scripted person: opens an authorization URL, presses Allow, follows the way back.
//!
//! Promises: only loopback URLs are ever opened, the first and every next one; it ends within
//! seconds; no error repeats a URL's query, where codes are.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use reqwest::blocking::{Client, Response};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::redirect::Policy;
use url::{Host, Url, form_urlencoded};

const STEP_LIMIT: Duration = Duration::from_secs(10);
const MAX_STEPS: usize = 8;
const ID_FIELD: &str = "name=\"request_id\" value=\"";

/// Opens the authorization URL, approves what it asks, and follows the redirects to the loopback
/// listener that waits for them. Fails when a URL is not a loopback one, when the provider refuses,
/// or when a step takes longer than ten seconds.
pub fn visit(url: &str) -> anyhow::Result<()> {
    let client = http_client()?;
    let mut url = Url::parse(url).context("that is no URL")?;
    let mut form = None;
    for _ in 0..MAX_STEPS {
        ensure!(
            is_loopback(&url),
            "the scripted person opens loopback URLs only, not {}",
            bare(&url)
        );
        let response = match form.take() {
            None => client.get(url.clone()),
            Some(body) => client
                .post(url.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body::<String>(body),
        };
        let response = response
            .send()
            .map_err(reqwest::Error::without_url)
            .with_context(|| format!("{} does not answer", bare(&url)))?;
        if let Some(target) = redirect_target(&url, &response)? {
            url = target;
            continue;
        }
        let status = response.status();
        let page = response.text().unwrap_or_default();
        if !status.is_success() {
            bail!("{} answered {status}{}", bare(&url), reason(&page));
        }
        if let Some((action, body)) = answer_form(&page) {
            url = Url::parse(&action).context("the answer's form leads nowhere")?;
            form = Some(body);
            continue;
        }
        match consent_form(&page) {
            Some(body) => form = Some(body),
            None => return Ok(()),
        }
    }
    bail!("the authorization went through more than {MAX_STEPS} pages")
}

/// A client for loopback: no proxy, no certificates, no redirects of its own, ten seconds a call.
pub fn http_client() -> anyhow::Result<Client> {
    let client = Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .redirect(Policy::none())
        .timeout(STEP_LIMIT)
        .build();
    client.context("no HTTP client could be made")
}

/// Whether a URL is http (or https) to this machine's loopback.
pub fn is_loopback(url: &Url) -> bool {
    let host = match url.host() {
        Some(Host::Ipv4(address)) => address == Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == Ipv6Addr::LOCALHOST,
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    host && matches!(url.scheme(), "http" | "https")
}

/// A URL as an error may show it: without query, fragment and userinfo.
fn bare(url: &Url) -> String {
    match url.host_str() {
        Some(host) => {
            let port = url.port().map(|port| format!(":{port}"));
            let port = port.unwrap_or_default();
            format!("`{}://{host}{port}{}`", url.scheme(), url.path())
        }
        None => format!("`{}:…`", url.scheme()),
    }
}

fn redirect_target(from: &Url, response: &Response) -> anyhow::Result<Option<Url>> {
    if !response.status().is_redirection() {
        return Ok(None);
    }
    let location = response.headers().get(LOCATION);
    let location = location.context("a redirect names no Location")?;
    let location = location
        .to_str()
        .context("a redirect's Location is unreadable")?;
    let target = from
        .join(location)
        .context("a redirect's Location is no URL")?;
    Ok(Some(target))
}

/// The body that presses Allow on a consent page of the sandbox.
fn consent_form(page: &str) -> Option<String> {
    let (_, rest) = page.split_once(ID_FIELD)?;
    let (id, _) = rest.split_once('"')?;
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.append_pair("request_id", id);
    body.append_pair("decision", "allow");
    Some(body.finish())
}

/// Where the form of an answer goes that a browser sends by itself, and its body.
fn answer_form(page: &str) -> Option<(String, String)> {
    let (_, rest) = page.split_once("<form id=\"answer\" method=\"post\" action=\"")?;
    let (form, _) = rest.split_once("</form>")?;
    let (action, mut rest) = form.split_once('"')?;
    let mut body = form_urlencoded::Serializer::new(String::new());
    while let Some((_, field)) = rest.split_once("name=\"") {
        let (name, value) = field.split_once("\" value=\"")?;
        let (value, next) = value.split_once('"')?;
        body.append_pair(&plain(name), &plain(value));
        rest = next;
    }
    Some((plain(action), body.finish()))
}

/// Text as it was before it was escaped.
fn plain(text: &str) -> String {
    let marks = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    let plain = marks.iter();
    plain.fold(text.to_owned(), |text, (mark, plain)| {
        text.replace(mark, plain)
    })
}

fn reason(page: &str) -> String {
    let text = page.split_once("<p id=\"why\">");
    let text = text.and_then(|(_, rest)| rest.split_once("</p>"));
    text.map(|(why, _)| format!(": {}", why.replace("&#39;", "'")))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripted_person_opens_loopback_urls_only() {
        for url in [
            "https://example.com/",
            "http://127.0.0.1.example/",
            "http://10.0.0.1/",
            "file:///etc/passwd",
            "http://localhost@example.com/?code=secret",
            "nonsense",
        ] {
            let error = visit(url).expect_err(url);
            assert!(!format!("{error:#}").contains("secret"), "{error:#}");
        }
    }
}
