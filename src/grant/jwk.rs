//! Private keys written as JWK (RFC 7517, RFC 7518 section 6, RFC 8037), as the
//! DER that signers take: PKCS #1 for RSA (RFC 8017 appendix A.1.2), PKCS #8 for
//! elliptic curves (RFC 5208, RFC 5915, RFC 8410). Errors say what is missing,
//! never what is there.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value as Json};
use zeroize::{Zeroize as _, Zeroizing};

/// A key that is being read; its texts are zeroed when dropped.
pub(super) struct Jwk(Map<String, Json>);

impl Drop for Jwk {
    fn drop(&mut self) {
        for (_, member) in &mut self.0 {
            if let Json::String(text) = member {
                text.zeroize();
            }
        }
    }
}

/// The DER of a key.
pub(super) type Der = Zeroizing<Vec<u8>>;

/// The members of an RSA key, in PKCS #1's order.
const RSA: [&str; 8] = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// `[1]`, as RFC 5915 marks the public key.
const PUBLIC_KEY: u8 = 0xa1;

/// 1.2.840.10045.2.1, `ecPublicKey`.
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.2.840.10045.3.1.7, P-256.
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// 1.3.132.0.34, P-384.
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// 1.3.101.112, Ed25519.
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// A curve of RFC 7518 section 6.2.1.1 that keys are known on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    /// `P-256`.
    P256,
    /// `P-384`.
    P384,
}

impl Curve {
    fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
        }
    }

    /// The bytes of a coordinate.
    fn size(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
        }
    }

    /// The PKCS #8 of a key on this curve (RFC 5915 section 1), `key` being its
    /// `ECPrivateKey`.
    pub(super) fn pkcs8(self, key: &[u8]) -> Der {
        let oid = match self {
            Curve::P256 => P256,
            Curve::P384 => P384,
        };
        let mut algorithm = tagged(OID, EC_PUBLIC_KEY);
        algorithm.extend(tagged(OID, oid).iter());
        pkcs8(&algorithm, key)
    }
}

/// The JWK a text is, or the one of this id in a set of them (RFC 7517 section
/// 5); `None`: it is none.
pub(super) fn read(text: &str, id: Option<&str>) -> Result<Option<Jwk>, String> {
    let Ok(Json::Object(mut members)) = serde_json::from_str(text) else {
        return Ok(None);
    };
    if members.contains_key("kty") {
        return Ok(Some(Jwk(members)));
    }
    let Some(Json::Array(keys)) = members.remove("keys") else {
        return Ok(None);
    };
    let mut keys: Vec<Jwk> = keys
        .into_iter()
        .filter_map(|key| match key {
            Json::Object(members) => Some(Jwk(members)),
            _ => None,
        })
        .collect();
    if keys.len() > 1
        && let Some(id) = id
    {
        keys.retain(|key| key.id() == Some(id));
    }
    match (keys.pop(), keys.is_empty()) {
        (Some(only), true) => Ok(Some(only)),
        (Some(_), false) => {
            Err("its key is a set of several keys: say in `key_id` which one signs".to_owned())
        }
        (None, _) => Err(match id {
            Some(_) => "its key is a set without the key that `key_id` names".to_owned(),
            None => "its key is a set without keys".to_owned(),
        }),
    }
}

impl Jwk {
    /// `kid` (RFC 7517 section 4.5).
    pub(super) fn id(&self) -> Option<&str> {
        self.0.get("kid")?.as_str()
    }

    /// The bytes of a symmetric key (RFC 7518 section 6.4).
    pub(super) fn secret(&self) -> Result<Der, String> {
        self.is("oct")?;
        self.bytes("k")
    }

    /// An RSA private key (RFC 7518 section 6.3.2).
    pub(super) fn rsa_der(&self) -> Result<Der, String> {
        self.is("RSA")?;
        let mut content = integer(&[0]);
        for name in RSA {
            content.extend(integer(&self.bytes(name)?).iter());
        }
        Ok(tagged(SEQUENCE, &content))
    }

    /// A private key on this curve (RFC 7518 section 6.2.2).
    pub(super) fn ec_der(&self, curve: Curve) -> Result<Der, String> {
        self.is("EC")?;
        if self.0.get("crv").and_then(Json::as_str) != Some(curve.name()) {
            return Err(format!("its key is not on the curve {}", curve.name()));
        }
        let size = curve.size();
        let padded = |name| -> Result<Der, String> {
            let bytes = self.bytes(name)?;
            let missing = size_of_gap(bytes.len(), size, name)?;
            let mut padded = Zeroizing::new(vec![0; missing]);
            padded.extend(bytes.iter());
            Ok(padded)
        };
        // An uncompressed point (SEC 1 section 2.3.3), after no unused bits.
        let mut point = vec![0, 4];
        point.extend(padded("x")?.iter());
        point.extend(padded("y")?.iter());
        let mut key = integer(&[1]);
        key.extend(tagged(OCTET_STRING, &padded("d")?).iter());
        key.extend(tagged(PUBLIC_KEY, &tagged(BIT_STRING, &point)).iter());
        let key = tagged(SEQUENCE, &key);
        Ok(curve.pkcs8(&key))
    }

    /// An Ed25519 private key (RFC 8037 section 2).
    pub(super) fn ed_der(&self) -> Result<Der, String> {
        self.is("OKP")?;
        if self.0.get("crv").and_then(Json::as_str) != Some("Ed25519") {
            return Err("its key is on a curve that is not known".to_owned());
        }
        let key = tagged(OCTET_STRING, &self.bytes("d")?);
        Ok(pkcs8(&tagged(OID, ED25519), &key))
    }

    /// The public half of a key on a curve: the members that RFC 7638 (section
    /// 3.2) takes for its thumbprint, and none else.
    pub(super) fn public(&self) -> BTreeMap<String, String> {
        let names = ["kty", "crv", "x", "y"];
        let members = names.iter().filter_map(|name| {
            let text = self.0.get(*name)?.as_str()?;
            Some(((*name).to_owned(), text.to_owned()))
        });
        members.collect()
    }

    fn is(&self, wanted: &str) -> Result<(), String> {
        if self.0.get("kty").and_then(Json::as_str) == Some(wanted) {
            return Ok(());
        }
        Err(format!("its key is a JWK of another type than `{wanted}`"))
    }

    fn bytes(&self, name: &str) -> Result<Der, String> {
        let text = self.0.get(name).and_then(Json::as_str);
        let bytes = text.and_then(|text| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok());
        let bytes = bytes.ok_or_else(|| format!("its key is a JWK without a usable `{name}`"))?;
        Ok(Zeroizing::new(bytes))
    }
}

fn size_of_gap(length: usize, size: usize, name: &str) -> Result<usize, String> {
    size.checked_sub(length)
        .ok_or_else(|| format!("its key is a JWK whose `{name}` is too long"))
}

fn pkcs8(algorithm: &[u8], key: &[u8]) -> Der {
    let mut content = integer(&[0]);
    content.extend(tagged(SEQUENCE, algorithm).iter());
    content.extend(tagged(OCTET_STRING, key).iter());
    tagged(SEQUENCE, &content)
}

/// A non-negative integer (X.690 section 8.3) of big-endian bytes.
fn integer(bytes: &[u8]) -> Der {
    let start = bytes.iter().position(|byte| *byte != 0);
    let digits = &bytes[start.unwrap_or(bytes.len())..];
    let mut content = Zeroizing::new(Vec::with_capacity(digits.len() + 1));
    if digits.first().is_none_or(|first| *first >= 0x80) {
        content.push(0);
    }
    content.extend(digits);
    tagged(INTEGER, &content)
}

/// Tag, length (X.690 section 8.1.3) and content.
fn tagged(tag: u8, content: &[u8]) -> Der {
    // Room for all of it: what grows leaves a copy behind.
    let mut der = Zeroizing::new(Vec::with_capacity(content.len() + 10));
    der.push(tag);
    let length = content.len().to_be_bytes();
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => der.push(short),
        _ => {
            let start = length.iter().position(|byte| *byte != 0).unwrap_or(0);
            let digits = &length[start..];
            // A length has at most eight bytes.
            der.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
            der.extend(digits);
        }
    }
    der.extend(content);
    der
}
