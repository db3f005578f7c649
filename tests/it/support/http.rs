//! The tests' own calls to a provider on loopback, past hallpass.

use std::sync::LazyLock;

use reqwest::blocking::{Client, RequestBuilder};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use serde_json::Value;

use super::PATIENCE;

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let client = Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .redirect(Policy::none())
        .timeout(PATIENCE);
    client.build().expect("a client for plain http")
});

/// The JSON at a URL, whatever the status.
#[track_caller]
pub fn get(url: &str) -> Value {
    json(CLIENT.get(url))
}

/// The same, for whoever shows this bearer token.
#[track_caller]
pub fn get_as(url: &str, token: &str) -> Value {
    json(CLIENT.get(url).bearer_auth(token))
}

/// The JSON that answers this JSON, whatever the status.
#[track_caller]
pub fn post_json(url: &str, body: &Value) -> Value {
    let request = CLIENT.post(url).header(CONTENT_TYPE, "application/json");
    json(request.body(body.to_string()))
}

/// The JSON that answers this form, sent with HTTP Basic authentication, whatever the status.
#[track_caller]
pub fn post_form(url: &str, (user, password): (&str, &str), form: &[(&str, &str)]) -> Value {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let request = CLIENT
        .post(url)
        .basic_auth(user, Some(password))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    json(request.body(body))
}

#[track_caller]
fn json(request: RequestBuilder) -> Value {
    let response = request.send().expect("it answers");
    let text = response.text().expect("the answer can be read");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("no JSON: {error}\n{text}"))
}

/// A page as a browser gets it.
pub struct Page {
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
    /// Its text.
    pub body: String,
}

/// Opens a sandbox's authorization link, allows, and returns the page of the listener it leads to.
#[track_caller]
pub fn approve(link: &str) -> Page {
    redirected(decide(link, "allow"))
}

/// Enters a device's code on a sandbox's page, says `allow` or `deny`, and returns the page that comes.
#[track_caller]
pub fn enter_code(page: &str, code: &str, decision: &str) -> String {
    let post = |name: &str, value: &str, more: &[(&str, &str)]| {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair(name, value)
            .extend_pairs(more)
            .finish();
        let request = CLIENT
            .post(page)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.body(form).send().expect("the sandbox answers");
        answer.text().expect("the page can be read")
    };
    let form = CLIENT.get(page).send().expect("the sandbox answers");
    let form = form.text().expect("the page can be read");
    assert!(form.contains("name=\"user_code\""), "{form}");
    let consent = post("user_code", code, &[]);
    post(
        "request_id",
        request_id(&consent),
        &[("decision", decision)],
    )
}

/// The same, but does not follow the redirect: the address that a browser would end at.
#[track_caller]
pub fn landing(link: &str) -> String {
    location(decide(link, "allow"))
}

/// The same, for a provider that asks nothing.
#[track_caller]
pub fn landing_unasked(link: &str) -> String {
    location(CLIENT.get(link))
}

/// The same, but denies.
#[track_caller]
pub fn deny(link: &str) -> Page {
    redirected(decide(link, "deny"))
}

#[track_caller]
fn decide(link: &str, decision: &str) -> RequestBuilder {
    let consent = CLIENT.get(link).send().expect("the sandbox answers");
    let consent = consent.text().expect("the page can be read");
    let id = request_id(&consent);
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("request_id", id), ("decision", decision)])
        .finish();
    let action = &link[..link.find('?').expect("the link has a query")];
    CLIENT
        .post(action)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form)
}

/// Opens a sandbox's authorization link whose answer comes as a form, and allows: where a browser
/// would send the form, and the form.
#[track_caller]
pub fn approve_by_form(link: &str) -> (String, String) {
    let page = decide(link, "allow").send().expect("it answers");
    let page = page.text().expect("the page can be read");
    let (_, rest) = page.split_once("action=\"").expect("a form");
    let (action, rest) = rest.split_once('"').expect("the action ends");
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for field in rest.split("name=\"").skip(1) {
        let words: Vec<&str> = field.splitn(4, '"').collect();
        form.append_pair(words[0], words[2]);
    }
    (action.to_owned(), form.finish())
}

/// Sends a form as a browser does, and returns the page that answers.
#[track_caller]
pub fn send_form(action: &str, form: &str) -> Page {
    let request = CLIENT
        .post(action)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("Origin", "null")
        .body(form.to_owned());
    let page = request.send().expect("the listener answers");
    Page {
        headers: page.headers().clone(),
        body: page.text().expect("the page can be read"),
    }
}

/// Opens a page, and follows nothing.
#[track_caller]
pub fn open(url: &str) -> Page {
    let page = CLIENT.get(url).send().expect("it answers");
    Page {
        headers: page.headers().clone(),
        body: page.text().expect("the page can be read"),
    }
}

fn request_id(consent: &str) -> &str {
    let (_, rest) = consent
        .split_once("name=\"request_id\" value=\"")
        .expect("a consent page");
    &rest[..rest.find('"').expect("the id ends")]
}

/// Opens a link that leads straight back to the listener, and returns the page there.
#[track_caller]
pub fn follow(link: &str) -> Page {
    redirected(CLIENT.get(link))
}

#[track_caller]
fn location(request: RequestBuilder) -> String {
    let response = request.send().expect("it answers");
    let location = response.headers()["location"].to_str();
    location.expect("text").to_owned()
}

#[track_caller]
fn redirected(request: RequestBuilder) -> Page {
    let back = location(request);
    let page = CLIENT.get(back).send().expect("the listener answers");
    Page {
        headers: page.headers().clone(),
        body: page.text().expect("the page can be read"),
    }
}
