//! The provider driven over HTTP, as a client would.

mod bound;
mod flows;
mod pushed;
mod quirks;
mod rest;

use std::thread;
use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder};
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::grants::challenge_of;
use super::visit::http_client;
use super::{Options, Sandbox, visit};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const SECRET: &str = "sandbox-secret-not-real";
const HOUR: Duration = Duration::from_secs(3600);

struct Drive {
    sandbox: Sandbox,
    http: Client,
}

/// What a code came back with, and what redeems it.
struct Returned {
    redirect_uri: String,
    pairs: Vec<(String, String)>,
}

impl Returned {
    fn get(&self, name: &str) -> &str {
        let pair = self.pairs.iter().find(|(key, _)| key == name);
        pair.map_or("", |(_, value)| value)
    }

    fn token_request(&self) -> Vec<(&str, &str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("code", self.get("code")),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
            ("client_id", "sandbox-app"),
        ]
    }
}

fn text<'a>(answer: &'a Value, key: &str) -> &'a str {
    answer[key].as_str().unwrap_or_default()
}

fn send(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().expect("the sandbox answers");
    let status = response.status().as_u16();
    let body = response.text().expect("a body");
    (
        status,
        serde_json::from_str(&body).unwrap_or(Value::String(body)),
    )
}

impl Drive {
    fn start() -> Drive {
        Drive::with_ttl(HOUR)
    }

    fn with_ttl(token_ttl: Duration) -> Drive {
        let options = Options {
            port: 0,
            token_ttl,
            quirks: true,
        };
        Drive {
            sandbox: Sandbox::start(&options).expect("a free port"),
            http: http_client().expect("a client"),
        }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.issuer())
    }

    fn form(&self, path: &str, pairs: &[(&str, &str)]) -> RequestBuilder {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(pairs);
        let request = self.http.post(self.at(path));
        request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.finish())
    }

    fn token(&self, pairs: &[(&str, &str)]) -> (u16, Value) {
        send(self.form("/token", pairs))
    }

    fn as_service(&self, path: &str, pairs: &[(&str, &str)]) -> (u16, Value) {
        send(
            self.form(path, pairs)
                .basic_auth("sandbox-service", Some(SECRET)),
        )
    }

    fn refresh(&self, refresh_token: &str) -> (u16, Value) {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("client_id", "sandbox-app"),
        ])
    }

    fn me(&self, token: &str) -> (u16, Value) {
        send(self.http.get(self.at("/me")).bearer_auth(token))
    }

    fn control(&self, order: &Value) -> (u16, Value) {
        send(
            self.http
                .post(self.at("/sandbox/control"))
                .body(order.to_string()),
        )
    }

    fn authorization_url(&self, redirect_uri: &str, extra: &[(&str, &str)]) -> Url {
        let mut url = Url::parse(&self.at("/authorize")).expect("a URL");
        url.query_pairs_mut()
            .append_pair("client_id", "sandbox-app")
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_challenge", &challenge_of(VERIFIER))
            .extend_pairs(extra);
        url
    }

    /// Goes through the authorization with the scripted person and a callback listener.
    fn authorize(&self) -> Returned {
        let listener = tiny_http::Server::http("127.0.0.1:0").expect("a free port");
        let port = listener.server_addr().to_ip().expect("TCP").port();
        let redirect_uri = format!("http://127.0.0.1:{port}/callback");
        let extra = [
            ("response_type", "code"),
            ("code_challenge_method", "S256"),
            ("scope", "profile notes:read"),
            ("state", "a state & more"),
        ];
        let url = self.authorization_url(&redirect_uri, &extra);
        let target = thread::scope(|scope| {
            let called = scope.spawn(|| {
                let request = listener.recv().expect("the callback is called");
                let target = request.url().to_owned();
                request
                    .respond(tiny_http::Response::from_string("done"))
                    .expect("answered");
                target
            });
            visit(url.as_str()).expect("the person gets through");
            called.join().expect("no panic")
        });
        let (path, query) = target.split_once('?').expect("a query");
        assert_eq!(path, "/callback");
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        Returned {
            redirect_uri,
            pairs: pairs.collect(),
        }
    }

    fn connect(&self) -> Value {
        let (status, tokens) = self.token(&self.authorize().token_request());
        assert_eq!(status, 200, "{tokens}");
        tokens
    }
}
