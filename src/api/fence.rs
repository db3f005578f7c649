//! The fence: a credential goes to `base_url`'s origin and to `allowed_hosts`,
//! and nowhere else. It is asked before anything is sent.

use url::Url;

use super::ApiError;
use crate::connection::Values;
use crate::definition::{Integration, url_template};
use crate::secret::SafeUrl;

/// Refuses a URL that no credential of this definition may go to, before one
/// is even looked for. What cannot be told without the credential passes here
/// and is told by the plan.
pub fn fence(integration: &Integration, values: &Values<'_>, wanted: &str) -> Result<(), ApiError> {
    match base(integration, values) {
        Ok(base) => target(&base, wanted, &integration.api.allowed_hosts).map(drop),
        Err(_) => Ok(()),
    }
}

/// The origin that paths lead to (RFC 6454).
pub fn origin(integration: &Integration, values: &Values<'_>) -> Result<String, ApiError> {
    Ok(base(integration, values)?.origin())
}

/// What paths are put on.
pub(super) fn base(integration: &Integration, values: &Values<'_>) -> Result<SafeUrl, ApiError> {
    let base = values.endpoint(integration.api.base_url.as_ref(), "")?;
    base.ok_or(ApiError::NoBaseUrl)
}

/// The URL of a target: a path goes on the base; an absolute URL must be of
/// the base's origin or of an allowed host.
pub(super) fn target(
    base: &SafeUrl,
    target: &str,
    allowed_hosts: &[String],
) -> Result<SafeUrl, ApiError> {
    if !is_absolute(target) {
        // A fragment is the client's own and never sent (RFC 9110 section 7.1).
        let path = target.split('#').next().unwrap_or_default();
        return Ok(url_template::join(base, path, path)?);
    }
    let url = Url::parse(target).map_err(|_| {
        // What cannot be read cannot be redacted either, but for its query.
        let shown = target.split(['?', '#']).next().unwrap_or_default();
        ApiError::BadUrl(
            shown
                .rsplit_once('@')
                .map_or(shown, |(_, rest)| rest)
                .to_owned(),
        )
    })?;
    fence_off(base, &url, allowed_hosts)?;
    Ok(SafeUrl::plain(url))
}

/// Refuses a URL that is neither of the base's origin nor of an allowed host.
pub(super) fn fence_off(
    base: &SafeUrl,
    url: &Url,
    allowed_hosts: &[String],
) -> Result<(), ApiError> {
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
}
