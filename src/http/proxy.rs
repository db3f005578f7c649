//! The proxy on the way to a URL, so that trouble there is not laid to the
//! server: the one that the HTTP library takes from the environment or the
//! system. What it is given as user and password is not shown.

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::is_loopback;

/// The proxy between here and a URL, as it may be shown.
pub(super) fn between(url: &Url) -> Option<String> {
    if is_loopback(url) {
        return None;
    }
    let uri: ::http::Uri = url.as_str().parse().ok()?;
    let intercepted = Matcher::from_system().intercept(&uri)?;
    let proxy = intercepted.uri();
    // Of the authority only host and port: the library keeps the rest apart, and
    // this does not count on it.
    let scheme = proxy.scheme_str().unwrap_or("http");
    let host = proxy.host()?;
    let port = proxy.port_u16().map(|port| format!(":{port}"));
    Some(format!(
        "the proxy `{scheme}://{host}{}`",
        port.unwrap_or_default()
    ))
}
