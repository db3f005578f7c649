//! Every environment variable hallpass reads, and the only place that reads
//! them.

use std::ffi::OsString;

/// Puts everything under one directory (`integrations.toml`, `config.toml`, `data/`).
pub const HALLPASS_HOME: &str = "HALLPASS_HOME";
/// The one definition file to use, like `--config`.
pub const HALLPASS_CONFIG: &str = "HALLPASS_CONFIG";
/// The store for new connections, like `--store`.
pub const HALLPASS_STORE: &str = "HALLPASS_STORE";
/// An age identity (`AGE-SECRET-KEY-1…`) that opens the `file` store.
pub const HALLPASS_KEY: &str = "HALLPASS_KEY";
/// The command that opens a URL (it becomes the last argument), or `none`.
pub const HALLPASS_BROWSER: &str = "HALLPASS_BROWSER";
/// `json` makes the last line on stderr an error object.
pub const HALLPASS_ERRORS: &str = "HALLPASS_ERRORS";
/// Any value but `false` or `0` means: nobody is there to answer.
pub const CI: &str = "CI";
/// Any value but the empty one turns colour off (no-color.org).
pub const NO_COLOR: &str = "NO_COLOR";
/// `dumb` turns colour off.
pub const TERM: &str = "TERM";
/// Set by sshd for a login session: a browser here would open elsewhere.
pub const SSH_CONNECTION: &str = "SSH_CONNECTION";
/// Set by sshd for a login with a terminal.
pub const SSH_TTY: &str = "SSH_TTY";
/// Set by WSL: the name of its Linux.
pub const WSL_DISTRO_NAME: &str = "WSL_DISTRO_NAME";
/// Set by container engines (podman, LXC, systemd-nspawn): which one it is.
pub const CONTAINER: &str = "container";
/// Set in every container of Kubernetes.
pub const KUBERNETES_SERVICE_HOST: &str = "KUBERNETES_SERVICE_HOST";
/// The browser to use, as xdg-open and others read it.
pub const BROWSER: &str = "BROWSER";
/// Who is logged in; the first that is set.
pub const USERS: [&str; 3] = ["USER", "LOGNAME", "USERNAME"];
/// Where a job of GitHub Actions asks for its ID token (`permissions: id-token: write`).
pub const ACTIONS_ID_TOKEN_REQUEST_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
/// What a job of GitHub Actions shows there.
pub const ACTIONS_ID_TOKEN_REQUEST_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
/// Where programs are looked for; `sandbox -- CMD` puts its own directory first.
pub const PATH: &str = "PATH";

/// A file of certificate authorities, in the place of the platform's.
pub const SSL_CERT_FILE: &str = "SSL_CERT_FILE";
/// Directories of certificate authorities, in the place of the platform's.
pub const SSL_CERT_DIR: &str = "SSL_CERT_DIR";
/// The proxy of https; as with curl, the upper-case name goes before the lower-case one.
pub const HTTPS_PROXY: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
/// The proxy of http.
pub const HTTP_PROXY: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
/// The proxy of whatever has none of its own.
pub const ALL_PROXY: [&str; 2] = ["ALL_PROXY", "all_proxy"];
/// The hosts that are reached without a proxy.
pub const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// Where a session's own files are kept, in memory and for its user alone (XDG Base Directory).
pub const XDG_RUNTIME_DIR: &str = "XDG_RUNTIME_DIR";
/// The screen of X11.
pub const DISPLAY: &str = "DISPLAY";
/// The screen of Wayland.
pub const WAYLAND_DISPLAY: &str = "WAYLAND_DISPLAY";

/// The directory of docker's own configuration, in the place of `~/.docker`.
pub const DOCKER_CONFIG: &str = "DOCKER_CONFIG";
/// What kubectl tells a credential plugin of the version it speaks, as JSON.
pub const KUBERNETES_EXEC_INFO: &str = "KUBERNETES_EXEC_INFO";

/// What programs started with an otherwise empty environment still need.
pub const FOR_CHILDREN: [&str; 6] = [PATH, "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", SSL_CERT_FILE];

/// The value of a variable that is set, not empty and valid text.
pub fn var(name: &str) -> Option<String> {
    var_os(name)
        .and_then(|value| value.into_string().ok())
        .filter(|value| !value.is_empty())
}

/// The value of a variable, whatever bytes it holds.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the environment's one home"
)]
pub fn var_os(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Whether a switch-like variable is on: set, and neither `0` nor `false`.
pub fn is_on(name: &str) -> bool {
    var(name).is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
}
