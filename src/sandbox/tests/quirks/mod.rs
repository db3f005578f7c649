//! The providers that differ: what each refuses of a standard client, and that one who knows gets in.

mod answers;
mod credentials;
mod requests;

use reqwest::Method;
use reqwest::blocking::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::{Drive, VERIFIER, send};
use crate::sandbox::grants::challenge_of;
use crate::sandbox::quirks::CLIENT_SECRET;

const REDIRECT: &str = "http://127.0.0.1:5/callback";

type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// A client of one quirk, standard but for what a test changes.
struct Quirky<'d> {
    drive: &'d Drive,
    at: String,
}

/// A parameter list with some names taken away and others added.
fn bent<'a>(mut pairs: Pairs<'a>, without: &[&str], with: &[(&'a str, &'a str)]) -> Pairs<'a> {
    pairs.retain(|(name, _)| !without.contains(name));
    pairs.extend(with);
    pairs
}

fn message(answer: &Value) -> String {
    let said = [
        &answer["error_description"],
        &answer["message"],
        &answer["msg"],
    ];
    let said = said.into_iter().find_map(Value::as_str);
    said.map_or_else(|| answer.to_string(), str::to_owned)
}

impl<'d> Quirky<'d> {
    fn new(drive: &'d Drive, name: &str) -> Quirky<'d> {
        let at = drive.at(&format!("/quirks/{name}"));
        Quirky { drive, at }
    }

    fn asking() -> Pairs<'static> {
        vec![
            ("response_type", "code"),
            ("client_id", "quirk-app"),
            ("redirect_uri", REDIRECT),
            ("scope", "profile notes:read"),
            ("state", "s"),
            ("code_challenge_method", "S256"),
        ]
    }

    fn exchanging(code: &str) -> Pairs<'_> {
        vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
            ("client_id", "quirk-app"),
            ("client_secret", CLIENT_SECRET),
        ]
    }

    fn renewing(token: &str) -> Pairs<'_> {
        vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", "quirk-app"),
            ("client_secret", CLIENT_SECRET),
        ]
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.drive
            .http
            .request(method, format!("{}{path}", self.at))
    }

    fn form(&self, path: &str, pairs: &[(&str, &str)]) -> RequestBuilder {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(pairs);
        self.call(Method::POST, path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.finish())
    }

    fn json(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let request = self.call(method, path);
        let request = request.header(CONTENT_TYPE, "application/json");
        send(request.body(body.to_string()))
    }

    fn me(&self, token: &str) -> (u16, Value) {
        send(self.call(Method::GET, "/me").bearer_auth(token))
    }

    /// What the redirect brings when a person allows; or why the page refuses.
    fn consent(&self, pairs: &Pairs<'_>) -> Result<Vec<(String, String)>, String> {
        let challenge = challenge_of(VERIFIER);
        let mut url = Url::parse(&format!("{}/authorize", self.at)).expect("a URL");
        url.query_pairs_mut().extend_pairs(pairs);
        if pairs
            .iter()
            .any(|(name, _)| *name == "code_challenge_method")
        {
            url.query_pairs_mut()
                .append_pair("code_challenge", &challenge);
        }
        let page = self.drive.http.get(url).send().expect("an answer");
        let page = page.text().expect("a page");
        let Some((_, rest)) = page.split_once("name=\"request_id\" value=\"") else {
            return Err(page.replace("&#39;", "'"));
        };
        let id = rest.split('"').next().expect("an id");
        let allow = [("request_id", id), ("decision", "allow")];
        let back = self.form("/authorize", &allow).send().expect("an answer");
        let location = back.headers()["location"].to_str().expect("ASCII");
        let location = Url::parse(location).expect("a URL");
        Ok(location.query_pairs().into_owned().collect())
    }

    fn code(&self, pairs: &Pairs<'_>) -> String {
        let back = self.consent(pairs).expect("consent");
        back.into_iter().next().expect("a code").1
    }

    /// Goes the standard way, and returns what it is first refused with.
    fn refusal(&self) -> String {
        let back = match self.consent(&Self::asking()) {
            Ok(back) => back,
            Err(why) => return why,
        };
        let exchange = self.form("/token", &Self::exchanging(&back[0].1));
        let (_, tokens) = send(exchange);
        let Some(token) = tokens["access_token"].as_str() else {
            return message(&tokens);
        };
        let (status, refused) = self.me(token);
        if status != 200 {
            return message(&refused);
        }
        let Some(refresh) = tokens["refresh_token"].as_str() else {
            return "no refresh token".to_owned();
        };
        let (_, renewed) = send(self.form("/token", &Self::renewing(refresh)));
        match renewed["access_token"].as_str() {
            Some(_) => "nothing".to_owned(),
            None => message(&renewed),
        }
    }
}

#[test]
fn a_standard_client_is_told_what_each_quirk_expects() {
    let drive = Drive::start();
    for (name, told) in [
        ("3-nested-authed-user", "the bot's token"),
        ("3-data", "success"),
        ("3-list", "\"tokens\""),
        ("4-envelope", "success"),
        ("5-form", "access_token=sbx_at_"),
        ("6-client-key", "'client_id' is called 'client_key'"),
        ("6-app-id-secret", "'client_id' is called 'app_id'"),
        ("6-renamed-code", "'code' is called 'auth_code'"),
        ("6-redirect-url", "'redirect_uri' is called 'redirect_url'"),
        ("6-absent-params", "without 'grant_type'"),
        ("6-no-pkce", "PKCE is not known"),
        ("6-extra-param", "'audience' must be"),
        ("7-json", "must be application/json"),
        ("7-get", "call this with GET"),
        ("7-query-post", "into the query"),
        ("7-query-in-url", "'tenant' must be 'a b&amp;c'"),
        ("7-json-renamed", "called 'appid'"),
        ("8-basic-only", "Authorization: Basic"),
        ("8-both", "both at once"),
        ("8-public-no-secret", "AADSTS700025"),
        ("8-raw-basic", "Authorization: Basic"),
        ("9-comma", "joined by ','"),
        ("9-plus", "joined by '+'"),
        ("9-pipe", "joined by '|'"),
        ("9-semicolon", "joined by ';'"),
        ("10-from-access-token", "with GET"),
        ("10-other-url", "go to /refresh"),
        ("10-none", "no refresh token"),
        ("10-prolonged", "no refresh token"),
        ("11-callback-value", "the redirect"),
        ("11-token-value", "the token answer"),
        ("11-id-token-value", "the ID token"),
        ("11-region", "no such quirk"),
        ("12-custom-header", "header x-shopify-access-token"),
        ("12-token-scheme", "Authorization: token"),
        ("12-raw-authorization", "without a scheme"),
        ("12-query", "parameter access_token"),
        ("12-path", "/bot…/me"),
        ("12-two-headers", "'x-client-id'"),
        ("13-version-header", "'quirk-version' must be"),
        ("13-user-agent", "'user-agent' must be"),
        ("13-fresh-uuid", "not sent before"),
        ("16-lookup", "/lookup"),
        ("17-offline-params", "no refresh token"),
        ("17-offline-scope", "no refresh token"),
        ("10-rotation", "nothing"),
    ] {
        let refusal = Quirky::new(&drive, name).refusal();
        assert!(refusal.contains(told), "{name}: {refusal}");
    }
}
