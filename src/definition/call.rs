//! A call to a provider as a definition bends it: `auth.token`, `auth.refresh`
//! laid over it, each of `auth.steps`, `auth.lookup`, `auth.device` and `auth.revoke`; and how
//! its answer is read. `read_call` reads them.

use std::time::Duration;

use http::Method;
use regex::Regex;
use serde_json::Value as Json;

use super::answer_path::AnswerPath;
use super::auth::Endpoint;
use super::json_template::JsonTemplate;
use super::template::Template;

/// One call.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Where it goes; the token call's is `auth.token_url`.
    pub url: Option<Endpoint>,
    /// The verb; POST unless set, GET for a lookup.
    pub method: Option<Method>,
    /// How the parameters travel; as a form unless set, in the query of a GET.
    pub encoding: Option<Encoding>,
    /// Merged into the standard parameters.
    pub params: Vec<(String, Param)>,
    /// Sent besides the usual ones, or in their place.
    pub headers: Vec<(String, Template)>,
    /// User and password of a Basic header (RFC 7617), in the place of the
    /// client's own.
    pub basic: Option<(Template, Template)>,
    /// How the answer is read.
    pub response: Response,
    /// What of the answer is kept with the connection.
    pub save: Vec<Save>,
}

/// How parameters travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
    /// In the URL's query.
    Query,
}

/// One parameter.
#[derive(Clone, Debug)]
pub enum Param {
    /// A standard one that is left out.
    Drop,
    /// Sent with this value.
    Send(JsonTemplate),
}

/// How an answer is read; what is not set is read where the RFC has it.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// Where the access token stands.
    pub access_token: Option<TokenAt>,
    /// Where the refresh token stands; the first path that leads somewhere.
    pub refresh_token: Vec<AnswerPath>,
    /// Where the ID token stands.
    pub id_token: Vec<AnswerPath>,
    /// Where the life of the token stands.
    pub expires_in: Vec<AnswerPath>,
    /// Where the moment of its end stands.
    pub expires_at: Vec<AnswerPath>,
    /// Where the granted scopes stand.
    pub scope: Vec<AnswerPath>,
    /// What `expires_in` counts.
    pub expires_in_unit: Option<Unit>,
    /// The life when the answer gives none.
    pub ttl: Option<Duration>,
    /// Whether the body is the token.
    pub raw: Option<bool>,
    /// What must hold, or the answer is a failure.
    pub require: Vec<(AnswerPath, Json)>,
}

/// Where an access token stands.
#[derive(Clone, Debug)]
pub enum TokenAt {
    /// The first of these paths that leads somewhere.
    Paths(Vec<AnswerPath>),
    /// Nowhere: the old one stays, and its life begins anew.
    Kept,
}

/// What a life is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

/// A value of an answer that is kept with the connection.
#[derive(Clone, Debug)]
pub struct Save {
    /// Its name in placeholders.
    pub name: String,
    /// Where it stands.
    pub path: AnswerPath,
    /// What the whole value must match.
    pub pattern: Option<Regex>,
    /// Whether it is kept in the store and never shown.
    pub secret: bool,
}

/// One of `auth.steps`.
#[derive(Clone, Debug)]
pub struct Step {
    /// The call.
    pub call: Call,
    /// Whether it runs when a credential is obtained from scratch.
    pub on_connect: bool,
    /// Whether it runs when one is renewed.
    pub on_refresh: bool,
}

/// `auth.refresh`: the call, laid over `auth.token`, and when it is made.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// The call; without a `url` it goes to the token endpoint.
    pub call: Call,
    /// Renew when less life than this is left; a sensible default unless set.
    pub before: Option<Duration>,
    /// Renew and retry once when the API answers so.
    pub on_status: Vec<u16>,
    /// What the credential is renewed from, where the definition says so.
    pub from: Option<RenewFrom>,
    /// This provider's other words for `invalid_grant`.
    pub dead: Vec<String>,
}

/// What a credential is renewed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewFrom {
    /// The refresh token.
    RefreshToken,
    /// The access token itself.
    AccessToken,
    /// Nothing: it is obtained anew.
    Nothing,
}

impl Refresh {
    /// Whether the definition names a URL to renew at.
    pub(super) fn url_is_own(&self) -> bool {
        self.call.url.is_some()
    }
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            call: Call::default(),
            before: None,
            on_status: vec![401],
            from: None,
            dead: Vec::new(),
        }
    }
}

/// Parameters of the exchange that mean nothing when renewing.
const EXCHANGE_ONLY: [&str; 4] = ["grant_type", "code", "code_verifier", "redirect_uri"];

impl Call {
    /// This call laid over another: what it does not say is as there, less
    /// what only an exchange has; `of_exchange` tells a string that uses it.
    #[must_use]
    pub(super) fn over(self, base: &Call, of_exchange: &dyn Fn(&Template) -> bool) -> Self {
        let lasts = |(name, param): &&(String, Param)| {
            let once = match param {
                Param::Drop => false,
                Param::Send(json) => json.templates().into_iter().any(of_exchange),
            };
            !once && !EXCHANGE_ONLY.contains(&name.as_str())
        };
        let mut params: Vec<(String, Param)> = base.params.iter().filter(lasts).cloned().collect();
        for (name, param) in self.params {
            replace(&mut params, name, param);
        }
        let mut headers = base.headers.clone();
        headers.retain(|(known, value)| {
            let same = |(name, _): &(String, Template)| name.eq_ignore_ascii_case(known);
            !self.headers.iter().any(same) && !of_exchange(value)
        });
        headers.extend(self.headers);
        let lasting =
            |(user, password): &&(Template, Template)| !of_exchange(user) && !of_exchange(password);
        let basic = (self.basic).or_else(|| base.basic.as_ref().filter(lasting).cloned());
        Self {
            url: self.url.or_else(|| base.url.clone()),
            method: self.method.or_else(|| base.method.clone()),
            encoding: self.encoding.or(base.encoding),
            params,
            headers,
            basic,
            response: self.response.over(&base.response),
            save: self.save,
        }
    }

    /// Its strings, wherever they stand.
    pub(super) fn templates(&self) -> Vec<&Template> {
        let params = self.params.iter().flat_map(|(_, param)| match param {
            Param::Drop => Vec::new(),
            Param::Send(json) => json.templates(),
        });
        let headers = self.headers.iter().map(|(_, template)| template);
        let basic = self
            .basic
            .iter()
            .flat_map(|(user, password)| [user, password]);
        let url = self.url.iter().map(|url| url.0.template());
        params.chain(headers).chain(basic).chain(url).collect()
    }

    /// Whether its answer brings an access token.
    pub fn brings_token(&self) -> bool {
        self.response.raw == Some(true) || self.response.access_token.is_some()
    }
}

fn replace(params: &mut Vec<(String, Param)>, name: String, param: Param) {
    match params.iter_mut().find(|(known, _)| *known == name) {
        Some(known) => known.1 = param,
        None => params.push((name, param)),
    }
}

impl Response {
    fn over(self, base: &Response) -> Self {
        let paths = |own: Vec<AnswerPath>, base: &Vec<AnswerPath>| {
            if own.is_empty() { base.clone() } else { own }
        };
        Self {
            access_token: self.access_token.or_else(|| base.access_token.clone()),
            refresh_token: paths(self.refresh_token, &base.refresh_token),
            id_token: paths(self.id_token, &base.id_token),
            expires_in: paths(self.expires_in, &base.expires_in),
            expires_at: paths(self.expires_at, &base.expires_at),
            scope: paths(self.scope, &base.scope),
            expires_in_unit: self.expires_in_unit.or(base.expires_in_unit),
            ttl: self.ttl.or(base.ttl),
            raw: self.raw.or(base.raw),
            require: if self.require.is_empty() {
                base.require.clone()
            } else {
                self.require
            },
        }
    }
}
