//! Whom TLS trusts, where `SSL_CERT_FILE` or `SSL_CERT_DIR` says so. The TLS
//! library reads them, and passes over what it cannot use without a word; a
//! file that is not there would look like a server that cannot be trusted, and
//! a pipe in its place would be waited for. So it is looked at first.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::env;
use crate::fs;

/// The largest file that is read for certificates, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Whether the library reads the variables: elsewhere the platform's own store
/// is asked.
const READ: bool = cfg!(all(
    unix,
    not(target_vendor = "apple"),
    not(target_os = "android")
));

/// What is wrong with the file of authorities, if one is named.
pub(super) fn check() -> Result<(), String> {
    let Some(path) = env::var_os(env::SSL_CERT_FILE).filter(|_| READ) else {
        return Ok(());
    };
    let name = env::SSL_CERT_FILE;
    if path.is_empty() {
        return Err(format!("`{name}` is set, and empty"));
    }
    let shown = Path::new(&path).display();
    let wrong = |why: &str| {
        Err(format!(
            "`{name}` names `{shown}`, which cannot be used: {why}"
        ))
    };
    let bytes = match fs::read_up_to(Path::new(&path), MAX_FILE) {
        Ok((bytes, _)) => bytes,
        Err(error @ fs::ReadError::NotAFile { .. }) => return wrong(&error.why()),
        // Those of the directories will do.
        Err(_) if env::var_os(env::SSL_CERT_DIR).is_some() => return Ok(()),
        Err(error) => return wrong(&error.why()),
    };
    let found = CertificateDer::pem_slice_iter(&bytes).any(|found| found.is_ok());
    if found || env::var_os(env::SSL_CERT_DIR).is_some() {
        return Ok(());
    }
    wrong("it holds no certificate in PEM")
}

/// Why there is no client, with the variable that may be at fault.
pub(super) fn blamed(why: String) -> String {
    let named = [env::SSL_CERT_FILE, env::SSL_CERT_DIR];
    let mut named = named.iter().filter(|name| env::var_os(name).is_some());
    match named.next_back().filter(|_| READ) {
        Some(name) => format!("{why} (see `{name}`, which is set)"),
        None => why,
    }
}
