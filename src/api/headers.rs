//! The headers that a definition sends with every request, and the credential
//! in the one it travels in.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::ApiError;
use crate::connection::Values;
use crate::credential::DPOP;
use crate::definition::template::{RenderError, Rendered, Scope};
use crate::definition::{AuthKind, Integration};
use crate::http;
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
            // A header that the definition writes itself is meant as it is.
            _ if headers.contains_key(AUTHORIZATION) => None,
            AuthKind::Basic => Some(basic(values)?),
            _ => {
                // RFC 9449 section 7.1 has a scheme of its own for bound tokens.
                let scheme = values.binding().map_or("Bearer", |_| DPOP);
                let token = needed(values, "token")?;
                Some(format!("{scheme} {}", token.expose()))
            }
        };
        if let Some(value) = usual {
            let (name, value) = header(AUTHORIZATION.as_str(), &value, true)?;
            headers.insert(name, value);
        }
    }
    Ok(headers)
}

/// `Basic` with user name and password.
fn basic(values: &Values<'_>) -> Result<String, ApiError> {
    let user = needed(values, "username")?;
    let password = needed(values, "password")?;
    http::basic(user.expose(), password.expose()).map_err(|why| ApiError::Header {
        name: AUTHORIZATION.to_string(),
        why: why.to_owned(),
    })
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
    http::header(name, value, sensitive).map_err(|why| ApiError::Header {
        name: crate::ui::escape(name).into_owned(),
        why: why.to_owned(),
    })
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
