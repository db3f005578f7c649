//! The headers that a definition sends with every request, and the credential
//! in the one it travels in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::ApiError;
use crate::connection::Values;
use crate::definition::template::{RenderError, Rendered, Scope};
use crate::definition::{AuthKind, Integration};
use crate::secret::Secret;

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

/// The definition's headers, with the credential where it travels in one.
pub(super) fn credential_headers(
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

pub(super) fn rendered_header(
    name: &str,
    rendered: &Rendered,
) -> Result<(HeaderName, HeaderValue), ApiError> {
    header(name, rendered.text.expose(), rendered.is_secret())
}

pub(super) fn header(
    name: &str,
    value: &str,
    sensitive: bool,
) -> Result<(HeaderName, HeaderValue), ApiError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_cannot_be_split() {
        for value in ["a\r\nX: y", "a\nb", "a\0b"] {
            assert!(header("X-A", value, false).is_err(), "{value:?}");
        }
        assert!(header("X A", "v", false).is_err());
        assert!(header("X-A", "ümlaut\t", false).is_ok());
    }
}
