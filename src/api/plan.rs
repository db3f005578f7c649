//! What will be sent: the definition's headers and query, the credential where
//! the definition puts it, and what the user adds. The fence stands here.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::ApiError;
use crate::connection::Values;
use crate::definition::request::{BodyTemplate, RequestTemplate};
use crate::definition::template::{RenderError, Rendered, Scope, Template};
use crate::definition::{AuthKind, Integration, url_template};
use crate::secret::{REDACTED, SafeUrl, Secret};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// What the user asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The verb.
    pub method: Method,
    /// A path on the base URL, or an absolute URL that is allowed.
    pub target: String,
    /// Headers; one of the definition's name takes its place.
    pub headers: Vec<(String, String)>,
    /// Query parameters, after the definition's.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// What a request carries.
#[derive(Clone, Debug)]
pub enum Body {
    /// Nothing.
    None,
    /// These bytes.
    Bytes(Vec<u8>),
    /// A file, opened anew for every try and streamed.
    File(PathBuf),
    /// stdin, which can be sent once.
    Stdin,
}

impl Body {
    /// Whether it can be sent a second time.
    pub fn is_replayable(&self) -> bool {
        !matches!(self, Body::Stdin)
    }
}

/// A request ready to be sent.
#[derive(Debug)]
pub struct Plan {
    /// The verb.
    pub method: Method,
    /// Where it goes.
    pub url: SafeUrl,
    /// All headers, the credential's marked sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
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
            .map(|(name, value)| (name.clone(), value.clone(), false));
        plan.url = with_query(plan.url, added.collect());
        // The user's take the place of the definition's; several of a name are
        // all sent.
        let mut own = HeaderMap::new();
        for (name, value) in &wish.headers {
            let (name, value) = header(name, value, false)?;
            own.append(name, value);
        }
        for name in own.keys() {
            plan.headers.remove(name);
        }
        for (name, value) in &own {
            plan.headers.append(name, value.clone());
        }
        plan.method = wish.method.clone();
        plan.body = wish.body.clone();
        plan.merge_json(integration, values)?;
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
                for (name, value, _) in pairs(form, values)? {
                    form_body.append_pair(&name, &value);
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
        Ok(plan)
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
            Body::None if bodiless => return Ok(()),
            Body::None => serde_json::Map::new(),
            Body::Bytes(bytes) if self.has_json_body() => match serde_json::from_slice(bytes) {
                Ok(serde_json::Value::Object(object)) => object,
                _ => return Ok(()),
            },
            Body::Bytes(_) | Body::File(_) | Body::Stdin => return Ok(()),
        };
        let rendered = template.render(values, &mut |_| {})?;
        let Some(serde_json::Value::Object(mut merged)) = rendered else {
            return Ok(());
        };
        merged.extend(own);
        self.body = Body::Bytes(serde_json::Value::Object(merged).to_string().into_bytes());
        let content_type = HeaderValue::from_static(JSON);
        self.headers.entry(CONTENT_TYPE).or_insert(content_type);
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
        Ok(Self {
            method: Method::GET,
            url: with_query(url, query),
            headers: credential_headers(integration, values)?,
            body: Body::None,
        })
    }
}

/// The header line that carries the credential, if one does: its name and
/// value.
pub fn credential_header(
    integration: &Integration,
    values: &Values<'_>,
) -> Result<Option<(String, String)>, ApiError> {
    let headers = credential_headers(integration, values)?;
    let api = &integration.api;
    let name = match &api.credential_header {
        Some(name) => name,
        None if api.places_credential || matches!(integration.auth.kind, AuthKind::None) => {
            return Ok(None);
        }
        None => AUTHORIZATION.as_str(),
    };
    Ok(headers.get(name).map(|value| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (canonical(name), value)
    }))
}

/// `x-api-key` as people write it: `X-Api-Key`.
fn canonical(name: &str) -> String {
    let mut upper = true;
    name.chars()
        .map(|c| {
            let shown = if upper { c.to_ascii_uppercase() } else { c };
            upper = c == '-';
            shown
        })
        .collect()
}

/// Refuses a URL that no credential of this definition may go to, before one
/// is even looked for. What cannot be told without the credential passes here
/// and is told by the plan.
pub fn fence(integration: &Integration, values: &Values<'_>, wanted: &str) -> Result<(), ApiError> {
    match base(integration, values) {
        Ok(base) => target(&base, wanted, &integration.api.allowed_hosts).map(drop),
        Err(_) => Ok(()),
    }
}

/// What paths are put on.
fn base(integration: &Integration, values: &Values<'_>) -> Result<SafeUrl, ApiError> {
    let base = values.endpoint(integration.api.base_url.as_ref(), "")?;
    base.ok_or(ApiError::NoBaseUrl)
}

/// Names, values, and whether the value is a secret.
type Pairs = Vec<(String, String, bool)>;

fn pairs(templates: &[(String, Template)], values: &Values<'_>) -> Result<Pairs, ApiError> {
    let mut pairs = Pairs::new();
    for (name, template) in templates {
        if let Some(rendered) = template.render(values)? {
            let secret = rendered.is_secret();
            pairs.push((name.clone(), rendered.text.expose().to_owned(), secret));
        }
    }
    Ok(pairs)
}

/// The definition's headers, with the credential where it travels in one.
fn credential_headers(
    integration: &Integration,
    values: &Values<'_>,
) -> Result<HeaderMap, ApiError> {
    let mut headers = HeaderMap::new();
    for (name, template) in &integration.api.headers {
        let Some(rendered) = template.render(values)? else {
            continue;
        };
        let (name, value) = rendered_header(name, &rendered)?;
        headers.insert(name, value);
    }
    if !integration.api.places_credential {
        let usual = match integration.auth.kind {
            AuthKind::None => None,
            AuthKind::Basic => Some(basic(values)?),
            _ => Some(format!("Bearer {}", needed(values, "token")?.expose())),
        };
        if let Some(value) = usual {
            let (name, value) = header(AUTHORIZATION.as_str(), &value, true)?;
            headers.insert(name, value);
        }
    }
    Ok(headers)
}

/// `Basic` with user name and password (RFC 7617 section 2).
fn basic(values: &Values<'_>) -> Result<String, ApiError> {
    let user = needed(values, "username")?;
    let password = needed(values, "password")?;
    if user.expose().contains(':') {
        return Err(ApiError::Header {
            name: AUTHORIZATION.to_string(),
            why: "the user name holds a `:`, which would begin the password".to_owned(),
        });
    }
    let pair = format!("{}:{}", user.expose(), password.expose());
    Ok(format!("Basic {}", STANDARD.encode(pair)))
}

fn needed(values: &Values<'_>, name: &str) -> Result<Secret, ApiError> {
    let value = values.value(name)?;
    let value = value.ok_or(RenderError::NoValue {
        name: name.to_owned(),
    })?;
    Ok(value.text)
}

fn rendered_header(name: &str, rendered: &Rendered) -> Result<(HeaderName, HeaderValue), ApiError> {
    header(name, rendered.text.expose(), rendered.is_secret())
}

fn header(name: &str, value: &str, sensitive: bool) -> Result<(HeaderName, HeaderValue), ApiError> {
    let wrong = |why: &str| ApiError::Header {
        name: crate::ui::escape(name).into_owned(),
        why: why.to_owned(),
    };
    let parsed = HeaderName::try_from(name).map_err(|_| wrong("it is no header name"))?;
    if value
        .bytes()
        .any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f)
    {
        return Err(wrong("its value holds a line break or a control character"));
    }
    let mut value = HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| wrong("its value cannot stand in a header"))?;
    value.set_sensitive(sensitive);
    Ok((parsed, value))
}

/// The URL of a target: a path goes on the base; an absolute URL must be of
/// the base's origin or of an allowed host.
fn target(base: &SafeUrl, target: &str, allowed_hosts: &[String]) -> Result<SafeUrl, ApiError> {
    if !is_absolute(target) {
        // A fragment is the client's own and never sent (RFC 9110 section 7.1).
        let path = target.split('#').next().unwrap_or_default();
        return Ok(url_template::join(base, path, path)?);
    }
    let url = Url::parse(target).map_err(|_| ApiError::BadUrl(target.to_owned()))?;
    fence_off(base, &url, allowed_hosts)?;
    Ok(SafeUrl::plain(url))
}

/// Refuses a URL that is neither of the base's origin nor of an allowed host.
fn fence_off(base: &SafeUrl, url: &Url, allowed_hosts: &[String]) -> Result<(), ApiError> {
    let mut allowed = vec![base.origin()];
    for host in allowed_hosts {
        if let Ok(url) = Url::parse(&format!("https://{host}")) {
            allowed.push(url.origin().ascii_serialization());
        }
    }
    let origin = url.origin().ascii_serialization();
    let has_user = !url.username().is_empty() || url.password().is_some();
    if has_user || !allowed.contains(&origin) {
        return Err(ApiError::Fenced {
            url: SafeUrl::plain(url.clone()).to_string(),
            allowed: allowed.join(", "),
        });
    }
    Ok(())
}

/// Whether a target names a scheme (RFC 3986 section 3.1) and so a whole URL.
fn is_absolute(target: &str) -> bool {
    let Some((scheme, _)) = target.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && target[scheme.len()..].starts_with("://")
}

/// Adds query parameters: name, value, and whether the value is a secret.
fn with_query(url: SafeUrl, pairs: Pairs) -> SafeUrl {
    if pairs.is_empty() {
        return url;
    }
    let mut whole = url.expose().clone();
    let mut shown = url.to_string();
    for (name, value, secret) in &pairs {
        whole.query_pairs_mut().append_pair(name, value);
        shown.push(if shown.contains('?') { '&' } else { '?' });
        shown.push_str(name);
        shown.push('=');
        shown.push_str(if *secret { REDACTED } else { value });
    }
    SafeUrl::new(whole, shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fenced(target_text: &str) -> Result<String, ApiError> {
        let base = SafeUrl::plain(Url::parse("https://api.example.com/v1").unwrap());
        let hosts = [
            "uploads.example.com".to_owned(),
            "h.example.com:8443".to_owned(),
        ];
        target(&base, target_text, &hosts).map(|url| url.expose().to_string())
    }

    #[test]
    fn paths_and_allowed_urls_pass_the_fence() {
        for (asked, expected) in [
            ("/me", "https://api.example.com/v1/me"),
            ("me?x=1", "https://api.example.com/v1/me?x=1"),
            ("//evil.test/me", "https://api.example.com/v1/evil.test/me"),
            ("a:b", "https://api.example.com/v1/a:b"),
            (
                "https://api.example.com/other",
                "https://api.example.com/other",
            ),
            (
                "https://uploads.example.com/u",
                "https://uploads.example.com/u",
            ),
            (
                "https://h.example.com:8443/u",
                "https://h.example.com:8443/u",
            ),
        ] {
            assert_eq!(fenced(asked).unwrap(), expected, "{asked}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for asked in [
            "https://evil.test/",
            "https://api.example.com.evil.test/",
            "https://api.example.com:8443/",
            "https://h.example.com/",
            "http://api.example.com/",
            "https://api.example.com@evil.test/",
            "https://user@api.example.com/",
            "HTTPS://EVIL.test/",
            "file:///etc/passwd",
            "ftp://api.example.com/",
        ] {
            assert!(
                matches!(fenced(asked), Err(ApiError::Fenced { .. })),
                "{asked}"
            );
        }
    }

    #[test]
    fn a_header_cannot_be_split() {
        for value in ["a\r\nX: y", "a\nb", "a\0b"] {
            assert!(header("X-A", value, false).is_err(), "{value:?}");
        }
        assert!(header("X A", "v", false).is_err());
        assert!(header("X-A", "ümlaut\t", false).is_ok());
    }
}
