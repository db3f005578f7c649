//! What will be sent: the definition's headers, query and JSON, the credential
//! where the definition puts it (`headers`), and what the user adds; only to
//! where it may go (`fence`).

use reqwest::Method;
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap,
    HeaderName, HeaderValue, PROXY_AUTHORIZATION, TRANSFER_ENCODING, USER_AGENT,
};

use serde_json::Value as Json;
use url::Url;

use super::ApiError;
use super::body::Body;
use super::fence::{base, fence_off, target};
use super::headers::{credential_headers, header, rendered_header};
use super::redirect::is_harmless;
use crate::connection::Values;
use crate::definition::Integration;
use crate::definition::request::{BodyTemplate, RequestTemplate};
use crate::definition::template::{Template, Value};
use crate::grant::dpop::Binding;
use crate::http::{self, Identity};
use crate::secret::{REDACTED, SafeUrl, Secret};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// What the user asks for; headers and body may hold secrets of theirs, so that
/// it cannot be printed.
#[derive(Clone)]
pub struct Wish {
    /// The verb.
    pub method: Method,
    /// A path on the base URL, or an absolute URL that is allowed.
    pub target: String,
    /// Headers; one of the definition's name takes its place.
    pub headers: Vec<(String, String)>,
    /// Names of headers that are left out, the definition's too.
    pub without: Vec<String>,
    /// Query parameters, after the definition's.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// A request ready to be sent. Its URL and its headers print redacted, its body
/// not at all.
#[derive(Clone)]
pub struct Plan {
    /// The verb.
    pub method: Method,
    /// Where it goes.
    pub url: SafeUrl,
    /// All headers, the credential's marked sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// What is shown where a certificate is asked for.
    pub identity: Option<Identity>,
    /// The key that its token is bound to, which each sending proves anew.
    pub(super) binding: Option<Binding>,
    /// What the definition puts into the query and must not be seen.
    secret_query: Pairs,
    /// The secrets that were put in anywhere.
    put_in: Vec<Secret>,
    /// Whether the connection's credential is in it, and no other in its place.
    pub(super) shows_credential: bool,
}

impl Plan {
    /// Plans a request. Fails before anything is sent when the target is not
    /// one of the connection's.
    pub fn new(
        integration: &Integration,
        values: &Values<'_>,
        wish: &Wish,
    ) -> Result<Self, ApiError> {
        let base = base(integration, values)?;
        let url = target(&base, &wish.target, &integration.api.allowed_hosts)?;
        let mut plan = Self::at(url, integration, values)?;
        let added = wish
            .query
            .iter()
            .map(|(name, value)| (name.clone(), Value::plain(value)));
        plan.url = with_query(plan.url, added.collect());
        // The user's take the place of the definition's; several of a name are
        // all sent.
        let mut own = HeaderMap::new();
        for (name, value) in &wish.headers {
            // What a user adds may be a credential too.
            let (name, value) = header(name, value, true)?;
            own.append(name, value);
        }
        let length = framing(&mut own, plan.url.expose())?;
        for name in own.keys() {
            plan.headers.remove(name);
        }
        if let Some(carrier) = carrier(integration) {
            let is_it = |name: &str| name.eq_ignore_ascii_case(carrier);
            let replaced = own.keys().any(|name| is_it(name.as_str()));
            let left_out = wish.without.iter().any(|name| is_it(name));
            plan.shows_credential = !replaced && !left_out;
        }
        for (name, value) in &own {
            plan.headers.append(name, value.clone());
        }
        plan.method = wish.method.clone();
        plan.body = wish.body.clone();
        plan.merge_json(integration, values)?;
        if let Some(length) = length {
            let own = plan.body.of_length(length);
            own.map_err(|own| refused(&CONTENT_LENGTH, &format!("the body has {own} bytes")))?;
        }
        plan.leave_out(&wish.without)?;
        plan.put_in = values.handed_out();
        Ok(plan)
    }

    /// Plans a request that the definition itself describes.
    pub fn of(
        integration: &Integration,
        values: &Values<'_>,
        template: &RequestTemplate,
    ) -> Result<Self, ApiError> {
        let base = base(integration, values)?;
        let url = template.path.render_on(&base, values)?;
        let url = url.ok_or(ApiError::NoBaseUrl)?;
        fence_off(&base, url.expose(), &integration.api.allowed_hosts)?;
        let mut plan = Self::at(url, integration, values)?;
        plan.url = with_query(plan.url, pairs(&template.query, values)?);
        for (name, template) in &template.headers {
            if let Some(rendered) = template.render(values)? {
                let (name, value) = rendered_header(name, &rendered)?;
                plan.headers.insert(name, value);
            }
        }
        plan.method = template.method.clone();
        let (body, content_type) = match &template.body {
            BodyTemplate::None => (Body::None, None),
            BodyTemplate::Json(json) => {
                let json = json.render(values, &mut |_| {})?.unwrap_or_default();
                (Body::Bytes(json.to_string().into_bytes()), Some(JSON))
            }
            BodyTemplate::Form(form) => {
                let mut form_body = url::form_urlencoded::Serializer::new(String::new());
                for (name, value) in pairs(form, values)? {
                    form_body.append_pair(&name, value.text.expose());
                }
                (Body::Bytes(form_body.finish().into_bytes()), Some(FORM))
            }
            BodyTemplate::Text(text) => match text.render(values)? {
                Some(text) => (Body::Bytes(text.text.expose().as_bytes().to_vec()), None),
                None => (Body::None, None),
            },
        };
        plan.body = body;
        if let Some(content_type) = content_type {
            let content_type = HeaderValue::from_static(content_type);
            plan.headers.entry(CONTENT_TYPE).or_insert(content_type);
        }
        plan.merge_json(integration, values)?;
        plan.put_in = values.handed_out();
        Ok(plan)
    }

    /// What it carries that must not come back in a message.
    pub fn credentials(&self) -> Vec<Secret> {
        let values = self.headers.values().filter(|value| value.is_sensitive());
        let texts = values.filter_map(|value| value.to_str().ok());
        let credentials = texts.map(|text| Secret::new(http::credential_of(text)));
        credentials.chain(self.put_in.iter().cloned()).collect()
    }

    /// Takes away all that says whose request it is: for another origin than the
    /// credential's. Of the headers those stay that `stays` lets stay.
    pub(super) fn disown(&mut self, stays: &dyn Fn(&str, &str) -> bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let text = value.to_str();
            if text.is_ok_and(|text| stays(name.as_str(), text)) {
                headers.append(name, value.clone());
            }
        }
        self.headers = headers;
        self.binding = None;
        self.identity = None;
        self.secret_query = Pairs::new();
    }

    /// Puts the credential into the query again, where it travels there and the
    /// URL is another one by now.
    pub(super) fn add_secret_query(&mut self) {
        let known: Vec<String> = {
            let pairs = self.url.expose().query_pairs();
            pairs.map(|(name, _)| name.into_owned()).collect()
        };
        let lacking = self.secret_query.iter();
        let lacking = lacking.filter(|(name, _)| !known.contains(name));
        self.url = with_query(self.url.clone(), lacking.cloned().collect());
    }

    /// All that must come back nowhere: what the definition put in, and of the
    /// user's headers those that carry a credential by their name, or may by
    /// their length.
    pub fn secrets(&self, values: &Values<'_>) -> Vec<Secret> {
        const SHORTEST: usize = 16;
        let mut secrets = values.handed_out();
        // An action's values are its own, and these do not know of them.
        secrets.extend(self.put_in.iter().cloned());
        for (name, value) in &self.headers {
            let carries = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name);
            let is_plain = is_harmless(name.as_str()) || *name == CONTENT_TYPE;
            let Some(text) = value.to_str().ok().filter(|_| value.is_sensitive()) else {
                continue;
            };
            if carries || (!is_plain && text.len() >= SHORTEST) {
                secrets.push(Secret::new(text));
                secrets.push(Secret::new(http::credential_of(text)));
            }
        }
        secrets
    }

    /// Merges the definition's `api.json` into a JSON body; what the body says
    /// itself stays.
    fn merge_json(
        &mut self,
        integration: &Integration,
        values: &Values<'_>,
    ) -> Result<(), ApiError> {
        let Some(template) = &integration.api.json else {
            return Ok(());
        };
        let bodiless = self.method == Method::GET || self.method == Method::HEAD;
        let own = match &self.body {
            Body::None if !bodiless => Some(Json::Object(serde_json::Map::new())),
            Body::Bytes(bytes) if self.has_json_body() => serde_json::from_slice(bytes).ok(),
            Body::None | Body::Bytes(_) | Body::Stream(_) => None,
        };
        let Some(own @ Json::Object(_)) = own else {
            // Going out without its credential would be no favour.
            return if integration.api.only_in_json {
                Err(ApiError::NoRoom)
            } else {
                Ok(())
            };
        };
        let Some(mut merged) = template.render(values, &mut |_| {})? else {
            return Ok(());
        };
        lay_over(&mut merged, own);
        self.body = Body::Bytes(merged.to_string().into_bytes());
        let content_type = HeaderValue::from_static(JSON);
        self.headers.entry(CONTENT_TYPE).or_insert(content_type);
        Ok(())
    }

    /// Leaves out the headers of these names.
    fn leave_out(&mut self, names: &[String]) -> Result<(), ApiError> {
        for name in names {
            // Checked as one that is sent.
            let (name, _) = header(name, "", false)?;
            if name == HOST || name == USER_AGENT {
                return Err(refused(&name, "no request goes without it"));
            }
            if name == ACCEPT_ENCODING {
                // Left out, it would be asked for as always.
                let identity = HeaderValue::from_static("identity");
                self.headers.insert(name, identity);
            } else {
                self.headers.remove(name);
            }
        }
        Ok(())
    }

    fn has_json_body(&self) -> bool {
        let content_type = self.headers.get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        content_type.is_some_and(|text| text.to_ascii_lowercase().contains("json"))
    }

    /// Plans a GET of a URL of the definition's.
    fn at(url: SafeUrl, integration: &Integration, values: &Values<'_>) -> Result<Self, ApiError> {
        let query = pairs(&integration.api.query, values)?;
        let secret = query.iter().filter(|(_, value)| value.secret);
        let secret_query = secret.cloned().collect();
        Ok(Self {
            secret_query,
            put_in: Vec::new(),
            shows_credential: true,
            method: Method::GET,
            url: with_query(url, query),
            headers: credential_headers(integration, values)?,
            body: Body::None,
            identity: values.identity()?,
            binding: Binding::of(values).map_err(ApiError::Unproven)?,
        })
    }
}

fn refused(name: &HeaderName, why: &str) -> ApiError {
    ApiError::Header {
        name: name.to_string(),
        why: why.to_owned(),
    }
}

/// Takes out the headers that say where a request goes and where it ends. They
/// must tell the truth: the credential would reach another site of the same
/// server, or what follows be taken for a request of its own. Returns how long
/// the body is said to be, in bytes.
fn framing(own: &mut HeaderMap, url: &Url) -> Result<Option<u64>, ApiError> {
    if let Some(host) = own.remove(HOST)
        && !host
            .as_bytes()
            .eq_ignore_ascii_case(http::host_of(url).as_bytes())
    {
        return Err(refused(&HOST, "the credential is for the host in the URL"));
    }
    if let Some(coding) = own.remove(TRANSFER_ENCODING)
        && !coding.as_bytes().eq_ignore_ascii_case(b"chunked")
    {
        let why = "it is `chunked` where the length is unknown, and never anything else";
        return Err(refused(&TRANSFER_ENCODING, why));
    }
    let Some(length) = own.remove(CONTENT_LENGTH) else {
        return Ok(None);
    };
    let said = length.to_str().ok().and_then(|text| text.parse().ok());
    said.map(Some)
        .ok_or_else(|| refused(&CONTENT_LENGTH, "it is no number"))
}

/// The header that the credential travels in, where it is in one.
fn carrier(integration: &Integration) -> Option<&str> {
    let api = &integration.api;
    let usual = (!api.places_credential).then_some(AUTHORIZATION.as_str());
    api.credential_header.as_deref().or(usual)
}

/// Names and values.
pub(super) type Pairs = Vec<(String, Value)>;

pub(super) fn pairs(
    templates: &[(String, Template)],
    values: &Values<'_>,
) -> Result<Pairs, ApiError> {
    let mut pairs = Pairs::new();
    for (name, template) in templates {
        if let Some(rendered) = template.render(values)? {
            let secret = rendered.is_secret();
            let text = rendered.text;
            pairs.push((name.clone(), Value { text, secret }));
        }
    }
    Ok(pairs)
}

/// Merges objects at every depth; what is laid over stays as it is.
fn lay_over(base: &mut Json, over: Json) {
    match (base, over) {
        (Json::Object(base), Json::Object(over)) => {
            for (name, value) in over {
                lay_over(base.entry(name).or_insert(Json::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

/// Adds query parameters.
pub(super) fn with_query(url: SafeUrl, pairs: Pairs) -> SafeUrl {
    if pairs.is_empty() {
        return url;
    }
    let mut whole = url.expose().clone();
    let mut shown = url.to_string();
    for (name, value) in &pairs {
        let text = value.text.expose();
        whole.query_pairs_mut().append_pair(name, text);
        shown.push(if shown.contains('?') { '&' } else { '?' });
        shown.push_str(name);
        shown.push('=');
        shown.push_str(if value.secret { REDACTED } else { text });
    }
    SafeUrl::new(whole, shown)
}
