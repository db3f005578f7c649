//! Whom TLS trusts: the platform's store, or what `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` put in its place.

use std::path::Path;

use super::{Finding, Remedy, Status, Subject, count};
use crate::env;
use crate::error::Kind;
use crate::fs;

/// The largest file that is read for certificates, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Looks at both variables.
pub(super) fn look() -> Vec<Finding> {
    let subject = Subject::Certificates;
    let file = env::var_os(env::SSL_CERT_FILE).filter(|value| !value.is_empty());
    let dirs = env::var_os(env::SSL_CERT_DIR).filter(|value| !value.is_empty());
    if file.is_none() && dirs.is_none() {
        let message = "TLS trusts whom this machine trusts";
        return vec![Finding::ok(subject, message)];
    }
    let dirs = dirs.iter().flat_map(std::env::split_paths);
    let dirs: Vec<Finding> = dirs.map(|dir| look_at_dir(&dir)).collect();
    let others = dirs.iter().any(|finding| finding.status == Status::Ok);
    let file = file.map(|path| look_at_file(Path::new(&path), others));
    file.into_iter().chain(dirs).collect()
}

/// What takes a wrong file of authorities back.
pub(super) fn remedy() -> Remedy {
    Remedy::run(format!(
        "unset {} {}",
        env::SSL_CERT_FILE,
        env::SSL_CERT_DIR
    ))
    .and("or let them name certificates in PEM that are there")
}

/// `others`: whether certificates come from elsewhere too.
fn look_at_file(path: &Path, others: bool) -> Finding {
    let (subject, name) = (Subject::Certificates, env::SSL_CERT_FILE);
    let shown = path.display();
    let wrong = |why: String| {
        let message = format!("`{name}` names `{shown}`, {why}");
        let remedy = Remedy::run(format!("unset {name}"))
            .and("or let it name a file of certificates in PEM");
        if others {
            return Finding::warning(subject, message, remedy);
        }
        let message = format!("{message}: no https host is believed");
        Finding::problem(subject, Kind::Unavailable, message, remedy)
    };
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(error) => return wrong(format!("which cannot be read ({})", error.why())),
    };
    match certificates(&bytes) {
        0 => wrong("which holds no certificate".to_owned()),
        some => Finding::ok(
            subject,
            format!("`{name}`: {} in `{shown}`", count(some, "certificate")),
        ),
    }
}

fn look_at_dir(dir: &Path) -> Finding {
    let name = env::SSL_CERT_DIR;
    let shown = dir.display();
    let files = match std::fs::read_dir(dir) {
        Ok(entries) => entries.filter_map(Result::ok).map(|entry| entry.path()),
        Err(error) => {
            let message = format!("`{name}` names `{shown}`, which cannot be read ({error})");
            return Finding::warning(Subject::Certificates, message, unset_dir());
        }
    };
    let found: usize = files
        .filter(|path| path.is_file())
        .filter_map(|path| read(&path).ok())
        .map(|bytes| certificates(&bytes))
        .sum();
    if found == 0 {
        let message = format!("`{name}` names `{shown}`, which holds no certificate");
        return Finding::warning(Subject::Certificates, message, unset_dir());
    }
    Finding::ok(
        Subject::Certificates,
        format!("`{name}`: {} in `{shown}`", count(found, "certificate")),
    )
}

fn unset_dir() -> Remedy {
    let name = env::SSL_CERT_DIR;
    Remedy::run(format!("unset {name}")).and("or let it name directories of certificates in PEM")
}

/// How many certificates a PEM text holds; what is none counts as nothing.
fn certificates(pem: &[u8]) -> usize {
    reqwest::Certificate::from_pem_bundle(pem).map_or(0, |found| found.len())
}

fn read(path: &Path) -> Result<Vec<u8>, fs::ReadError> {
    fs::read_up_to(path, MAX_FILE).map(|(bytes, _)| bytes)
}
