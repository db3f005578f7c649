//! The client's side of mutual TLS (RFC 8446 section 4.4.2): a certificate with
//! its chain, and the private key, read from PEM. It is shown in every handshake
//! that asks for one, so that whoever uses it says on which connections. Errors
//! say what is wrong, never what was read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::{PemObject as _, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::validity::not_after;
use crate::clock::Timestamp;

/// A client certificate and its key.
#[derive(Clone)]
pub struct Identity {
    shown: reqwest::Identity,
    mark: [u8; 32],
    ends: Option<Timestamp>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(***)")
    }
}

/// Why a certificate and a key are of no use.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum IdentityError {
    /// It is the certificate's fault.
    #[error("{0}")]
    Certificate(&'static str),
    /// It is the key's fault.
    #[error("{0}")]
    Key(&'static str),
}

impl Identity {
    /// Reads the certificate, those that vouch for it after it, and the key,
    /// which may stand in the same text.
    pub fn from_pem(certificate: &str, key: Option<&str>) -> Result<Self, IdentityError> {
        let beside = sections(certificate).map_err(IdentityError::Certificate)?;
        let chain: Vec<CertificateDer<'_>> = beside
            .iter()
            .filter(|section| section.kind == SectionKind::Certificate)
            .map(|section| CertificateDer::from(section.der.as_slice()))
            .collect();
        if chain.is_empty() {
            return Err(IdentityError::Certificate("it holds no certificate in PEM"));
        }
        let apart = key.map(sections).transpose();
        let apart = apart.map_err(IdentityError::Key)?;
        let key = apart.as_ref().unwrap_or(&beside).iter().find_map(as_key);
        let key = key.ok_or(match apart {
            Some(_) => IdentityError::Key("it holds no private key in PEM"),
            None => IdentityError::Certificate(
                "it holds no private key, and `key` names none: add `key = { file = \"…\" }`",
            ),
        })?;
        let signing = any_supported_type(&key)
            .map_err(|_| IdentityError::Key("it is of a kind that TLS does not take"))?;
        let owned = chain.iter().map(|der| der.clone().into_owned()).collect();
        match CertifiedKey::new(owned, signing).keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err(IdentityError::Key(
                    "it is not the key of the certificate (of several, the client's own comes first)",
                ));
            }
            Err(_) => return Err(IdentityError::Certificate(UNREADABLE)),
        }
        Self::of(&chain, &key)
    }

    fn of(chain: &[CertificateDer<'_>], key: &PrivateKeyDer<'_>) -> Result<Self, IdentityError> {
        let label = match key {
            PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
            PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
            _ => "PRIVATE KEY",
        };
        let mut hash = Sha256::new();
        let mut whole = Zeroizing::new(String::new());
        for der in chain {
            hash.update(der);
            whole.push_str(&pem("CERTIFICATE", der));
        }
        hash.update(key.secret_der());
        whole.push_str(&pem(label, key.secret_der()));
        let shown = reqwest::Identity::from_pem(whole.as_bytes());
        Ok(Self {
            shown: shown.map_err(|_| IdentityError::Certificate(UNREADABLE))?,
            mark: hash.finalize().into(),
            ends: chain.first().and_then(|der| not_after(der)),
        })
    }

    /// When the client's own certificate ends, where that can be told.
    pub fn ends(&self) -> Option<Timestamp> {
        self.ends
    }

    /// What the HTTP library takes.
    pub(super) fn shown(&self) -> reqwest::Identity {
        self.shown.clone()
    }

    /// The same for the same certificates and key.
    pub(super) fn mark(&self) -> [u8; 32] {
        self.mark
    }
}

/// RFC 5280 section 4.1.2.1; OpenSSL makes older ones where it is told of no
/// extensions, and TLS takes none of those here.
const UNREADABLE: &str = "it is no X.509 certificate of version 3 that can be read";

const ENCRYPTED: &str = "its private key is encrypted; name one without a passphrase (`openssl pkey -in key.pem -out plain.pem`), or a command that prints it";

/// A part of a PEM text.
struct Section {
    kind: SectionKind,
    der: Zeroizing<Vec<u8>>,
}

fn sections(text: &str) -> Result<Vec<Section>, &'static str> {
    // A PEM that came through an environment variable has its breaks escaped.
    let text = Zeroizing::new(text.replace("\\n", "\n"));
    if is_encrypted(&text) {
        return Err(ENCRYPTED);
    }
    let sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes());
    sections
        .map(|section| {
            let (kind, mut der) = section.map_err(|_| "it is no PEM that can be read")?;
            let kept = Zeroizing::new(der.clone());
            der.zeroize();
            Ok(Section { kind, der: kept })
        })
        .collect()
}

/// RFC 5958 section 3, and RFC 1421's header that OpenSSL once wrote.
fn is_encrypted(text: &str) -> bool {
    text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || text.contains("Proc-Type: 4,ENCRYPTED")
}

fn as_key(section: &Section) -> Option<PrivateKeyDer<'_>> {
    let der = section.der.as_slice();
    match section.kind {
        SectionKind::PrivateKey => Some(PrivateKeyDer::Pkcs8(der.into())),
        SectionKind::RsaPrivateKey => Some(PrivateKeyDer::Pkcs1(der.into())),
        SectionKind::EcPrivateKey => Some(PrivateKeyDer::Sec1(der.into())),
        _ => None,
    }
}

/// RFC 7468; one long line is read as well as many.
fn pem(label: &str, der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(STANDARD.encode(der));
    Zeroizing::new(format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        &*base64
    ))
}
