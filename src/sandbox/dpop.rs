//! DPoP (RFC 9449) as a strict server takes it: tokens bound to the key of whoever asked, and a proof
//! of that key with each request.
//!
//! Promises: a proof is good for one method, one URL, one minute and one use; a bound token is refused
//! without it, and with another key's. Any client may prove a key; `sandbox-dpop` has to.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::oauth::{Client, Form, OAuthError, random};
use super::state::State;
use super::wire::{Reply, Request};
use crate::clock::Timestamp;

/// The client that has to prove a key.
pub const BOUND_CLIENT: &str = "sandbox-dpop";

/// The algorithms a proof may be signed with.
pub const ALGORITHMS: [&str; 2] = ["ES256", "EdDSA"];

/// How far the clock of whoever made a proof may be off, in seconds.
const CLOCK: u64 = 60;

/// How long a proof's `jti` is remembered: longer than the proof is good.
const MEMORY: Duration = Duration::from_secs(300);

/// Whether proofs need a nonce (section 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nonces {
    /// None is asked for.
    #[default]
    Off,
    /// One that stays until the next order.
    Steady,
    /// Each is good for one proof; the answer brings the next.
    Once,
}

/// What is known of proofs.
#[derive(Default)]
pub struct Desk {
    nonces: Nonces,
    nonce: String,
    seen: HashMap<String, Instant>,
}

/// Why a proof is not taken.
pub enum Fault {
    /// It holds no nonce, or an old one.
    Nonce,
    /// For this.
    Proof(&'static str),
}

impl Fault {
    /// Its error code (sections 5 and 8).
    pub fn code(&self) -> &'static str {
        match self {
            Fault::Nonce => "use_dpop_nonce",
            Fault::Proof(_) => "invalid_dpop_proof",
        }
    }

    /// The same in words.
    pub fn why(&self) -> &'static str {
        match self {
            Fault::Nonce => "the proof needs the nonce in the DPoP-Nonce header",
            Fault::Proof(why) => why,
        }
    }
}

impl Desk {
    /// From now on proofs need such a nonce, and a new one.
    pub fn ask_for(&mut self, nonces: Nonces) {
        self.nonces = nonces;
        self.nonce = random("");
    }

    fn take_nonce(&mut self, claims: &Value) -> Result<(), Fault> {
        let fits = claims["nonce"] == self.nonce.as_str();
        match self.nonces {
            Nonces::Off => return Ok(()),
            Nonces::Steady => {}
            Nonces::Once => self.nonce = random(""),
        }
        if fits { Ok(()) } else { Err(Fault::Nonce) }
    }

    fn take_id(&mut self, claims: &Value) -> Result<(), Fault> {
        let id = claims["jti"].as_str().unwrap_or_default();
        if id.is_empty() || id.len() > 200 {
            return Err(Fault::Proof("the proof has no usable jti"));
        }
        self.seen.retain(|_, since| since.elapsed() < MEMORY);
        match self.seen.insert(id.to_owned(), Instant::now()) {
            None => Ok(()),
            Some(_) => Err(Fault::Proof("the proof was used before")),
        }
    }
}

/// The thumbprint of the key that a request proves, with `token` where it shows one; `None` where it
/// proves none.
pub fn proved(
    state: &State,
    request: &Request,
    token: Option<&str>,
) -> Result<Option<String>, Fault> {
    let mut proofs = request.headers.iter().filter(|(name, _)| name == "dpop");
    let Some((_, proof)) = proofs.next() else {
        return Ok(None);
    };
    if proofs.next().is_some() {
        return Err(Fault::Proof("there is more than one DPoP header"));
    }
    let (claims, thumbprint) = opened(proof)?;
    if claims["htm"] != request.method.as_str() {
        return Err(Fault::Proof("the proof is for another method"));
    }
    if claims["htu"] != format!("{}{}", state.issuer, request.path) {
        return Err(Fault::Proof("the proof is for another URL"));
    }
    let (now, made) = (Timestamp::now().unix(), claims["iat"].as_u64());
    if made.is_none_or(|made| made.abs_diff(now) > CLOCK) {
        return Err(Fault::Proof("the proof is not of this minute"));
    }
    if let Some(token) = token
        && claims["ath"] != URL_SAFE_NO_PAD.encode(Sha256::digest(token))
    {
        return Err(Fault::Proof("the proof is for another token"));
    }
    let mut desk = state.dpop();
    desk.take_id(&claims)?;
    desk.take_nonce(&claims)?;
    Ok(Some(thumbprint))
}

/// The claims of a proof whose signature is good, and the thumbprint of its key.
fn opened(proof: &str) -> Result<(Value, String), Fault> {
    let unreadable = || Fault::Proof("the proof is no JWT");
    let part = |text: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    };
    let (message, signature) = proof.rsplit_once('.').ok_or_else(unreadable)?;
    let (header, claims) = message.split_once('.').ok_or_else(unreadable)?;
    let header = part(header).ok_or_else(unreadable)?;
    let claims = part(claims).ok_or_else(unreadable)?;
    if header["typ"] != "dpop+jwt" {
        return Err(Fault::Proof("the proof's typ is not dpop+jwt"));
    }
    let jwk = &header["jwk"];
    if jwk.get("d").is_some() {
        return Err(Fault::Proof("the proof holds the private key"));
    }
    let member = |name: &str| jwk[name].as_str().unwrap_or_default();
    let kind = (header["alg"].as_str(), member("kty"), member("crv"));
    let (algorithm, public, members) = match kind {
        (Some("ES256"), "EC", "P-256") => (
            Algorithm::ES256,
            DecodingKey::from_ec_components(member("x"), member("y")),
            &["crv", "kty", "x", "y"][..],
        ),
        (Some("EdDSA"), "OKP", "Ed25519") => (
            Algorithm::EdDSA,
            DecodingKey::from_ed_components(member("x")),
            &["crv", "kty", "x"][..],
        ),
        _ => return Err(Fault::Proof("the proof's alg or key is not taken here")),
    };
    let public = public.map_err(|_| Fault::Proof("the proof's jwk is no public key"))?;
    let good = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &public, algorithm);
    if !good.unwrap_or(false) {
        return Err(Fault::Proof("the proof's signature is wrong"));
    }
    // RFC 7638: the members that make the key, in their order.
    let members = members.iter().map(|name| (*name, member(name)));
    let members = json!(members.collect::<BTreeMap<_, _>>()).to_string();
    let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(members));
    Ok((claims, thumbprint))
}

/// The key that a token request proves: none, or the one that the code or the refresh token in it is
/// bound to (sections 5 and 10).
pub fn at_token(
    state: &State,
    request: &Request,
    client: Option<&Client>,
    form: &Form,
) -> Result<Option<String>, OAuthError> {
    let proved =
        proved(state, request, None).map_err(|fault| OAuthError::new(fault.code(), fault.why()))?;
    if proved.is_none() && client.is_some_and(|client| client.id == BOUND_CLIENT) {
        let why = format!("{BOUND_CLIENT} has to prove a key, and the DPoP header is missing");
        return Err(OAuthError::new("invalid_dpop_proof", why));
    }
    let grants = state.grants();
    let bound = form.get("code").and_then(|code| grants.key_of_code(code));
    let token = form.get("refresh_token");
    let bound = bound.or_else(|| token.and_then(|token| grants.key_of(token)));
    if bound.is_some() && bound != proved {
        return Err(OAuthError::new(
            "invalid_grant",
            "it is bound to another key than the one that was proved",
        ));
    }
    Ok(proved)
}

/// Binds what an answer issues to a key.
pub fn bind(state: &State, answer: &mut Value, key: &str) {
    for name in ["access_token", "refresh_token"] {
        if let Some(token) = answer[name].as_str() {
            state.grants().bind(token, key);
        }
    }
    answer["token_type"] = "DPoP".into();
}

/// The answer with the nonce that the next proof needs.
pub fn with_nonce(state: &State, request: &Request, reply: Reply) -> Reply {
    let desk = state.dpop();
    if desk.nonces == Nonces::Off || request.header("dpop").is_none() {
        return reply;
    }
    reply.with("DPoP-Nonce", desk.nonce.clone())
}
