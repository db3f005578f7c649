//! DPoP (RFC 9449): a token that is bound to a key, so that whoever steals it
//! alone can do nothing with it. The key is made when a credential is obtained
//! and rests beside it; only its public half ever leaves. Each request gets a
//! proof of its own, also when it is made again; a nonce that a server asks for
//! (sections 8 and 9) is put in, once, since nothing was done without it.

use std::collections::BTreeMap;

use aws_lc_rs::encoding::AsBigEndian as _;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use reqwest::Method;
use reqwest::blocking::Request;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use url::Url;
use zeroize::Zeroizing;

use super::jwk::{self, Curve};
use super::{GrantError, fields};
use crate::clock::Timestamp;
use crate::connection::Values;
use crate::definition::Dpop;
use crate::http::{Answer, Http, HttpError, ServerRole};
use crate::secret::Secret;

/// The header that a proof travels in (RFC 9449 section 4.1).
const PROOF: HeaderName = HeaderName::from_static("dpop");
/// The header that a server gives a nonce in (section 8.1).
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// What a server says that wants one (sections 8 and 9).
const WANTS_NONCE: &str = "use_dpop_nonce";
/// The longest nonce that is sent back, in bytes; servers seal some state in it.
const LONGEST_NONCE: usize = 2048;

/// A key that tokens are bound to.
#[derive(Clone)]
pub struct Key {
    algorithm: Algorithm,
    signer: EncodingKey,
    /// The public half: RFC 7638's members, which are all there are.
    public: BTreeMap<String, String>,
}

/// A token and the key it is bound to.
#[derive(Clone)]
pub struct Binding {
    key: Key,
    token: Secret,
}

/// Makes a key for the credential that is about to be obtained, where the
/// definition binds its tokens to one.
pub fn bind(values: &mut Values<'_>) -> Result<(), GrantError> {
    let wanted = values.integration().auth.oauth2();
    let Some(wanted) = wanted.and_then(|oauth| oauth.dpop) else {
        return Ok(());
    };
    let takes = |algorithm| values.metadata().takes_dpop_algorithm(algorithm);
    let key = match wanted {
        Dpop::EdDsa => eddsa(),
        Dpop::Any if takes("ES256") == Some(false) && takes("EdDSA") == Some(true) => eddsa(),
        Dpop::Any | Dpop::Es256 => es256(),
    };
    let key = key.map_err(|_| GrantError::Unproven("no key could be made".to_owned()))?;
    values.set_dpop_key(key);
    Ok(())
}

/// A key on P-256, as a JWK (RFC 7518 section 6.2).
fn es256() -> Result<Secret, aws_lc_rs::error::Unspecified> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    // An uncompressed point (SEC 1 section 2.3.3): 4, x, y.
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let private = pair.private_key().as_be_bytes()?;
    let private = Zeroizing::new(URL_SAFE_NO_PAD.encode(private.as_ref()));
    Ok(Secret::new(format!(
        r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}","d":"{}"}}"#,
        URL_SAFE_NO_PAD.encode(x),
        URL_SAFE_NO_PAD.encode(y),
        *private,
    )))
}

/// An Ed25519 key, as a JWK (RFC 8037 section 2).
fn eddsa() -> Result<Secret, aws_lc_rs::error::Unspecified> {
    let pair = Ed25519KeyPair::generate()?;
    let seed = pair.seed()?.as_be_bytes()?;
    let private = Zeroizing::new(URL_SAFE_NO_PAD.encode(seed.as_ref()));
    Ok(Secret::new(format!(
        r#"{{"kty":"OKP","crv":"Ed25519","x":"{}","d":"{}"}}"#,
        URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
        *private,
    )))
}

impl Key {
    /// Reads a key as it is kept. The error says what it lacks, never what it
    /// holds.
    pub(super) fn read(text: &Secret) -> Result<Self, GrantError> {
        let read = || {
            let jwk = jwk::read(text.expose(), None)?.ok_or("its key is no JWK")?;
            let (algorithm, signer) = match jwk.ed_der() {
                Ok(der) => (Algorithm::EdDSA, EncodingKey::from_ed_der(&der)),
                Err(_) => (
                    Algorithm::ES256,
                    EncodingKey::from_ec_der(&jwk.ec_der(Curve::P256)?),
                ),
            };
            Ok::<_, String>(Self {
                algorithm,
                signer,
                public: jwk.public(),
            })
        };
        read().map_err(GrantError::Unproven)
    }

    /// RFC 7638's thumbprint: what an authorization request binds its code to
    /// (RFC 9449 section 10).
    pub(super) fn thumbprint(&self) -> String {
        // The members in their order, without a blank: a map of texts is that.
        URL_SAFE_NO_PAD.encode(Sha256::digest(json!(self.public).to_string()))
    }

    /// A proof (RFC 9449 section 4.2) for one request; with `token`, for one
    /// that shows it.
    fn proof(
        &self,
        (method, url): (&Method, &Url),
        token: Option<&Secret>,
        nonce: Option<&str>,
    ) -> Result<Secret, String> {
        let header = json!({
            "typ": "dpop+jwt",
            "alg": self.algorithm,
            "jwk": self.public,
        });
        let mut target = url.clone();
        target.set_query(None);
        target.set_fragment(None);
        let mut claims = json!({
            "jti": uuid::Uuid::new_v4().to_string(),
            "htm": method.as_str(),
            "htu": target.as_str(),
            "iat": Timestamp::now().unix(),
        });
        if let Some(token) = token {
            claims["ath"] = URL_SAFE_NO_PAD
                .encode(Sha256::digest(token.expose()))
                .into();
        }
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        let part = |json: Json| URL_SAFE_NO_PAD.encode(json.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signed = jsonwebtoken::crypto::sign(message.as_bytes(), &self.signer, self.algorithm);
        let signature = signed.map_err(|_| "its key signs nothing".to_owned())?;
        Ok(Secret::new(format!("{message}.{signature}")))
    }

    /// Puts a proof into a request, with the nonce that its server gave last.
    fn prove(
        &self,
        http: &Http,
        request: &mut Request,
        token: Option<&Secret>,
    ) -> Result<Secret, String> {
        let nonce = http.nonce(request.url(), role(token));
        let about = (request.method(), request.url());
        let proof = self.proof(about, token, nonce.as_deref())?;
        let value = HeaderValue::try_from(proof.expose());
        let mut value = value.map_err(|_| "it cannot stand in a header".to_owned())?;
        value.set_sensitive(true);
        request.headers_mut().insert(PROOF, value);
        Ok(proof)
    }

    /// Makes a provider call with a proof, once more where the provider asks
    /// for a nonce: it did nothing then (RFC 9449 section 8), so that even a
    /// refresh token may be shown again. `make` makes the request, anew for
    /// each try; `noted` gets what was sent.
    pub(super) fn fetch(
        &self,
        http: &Http,
        token: Option<&Secret>,
        noted: &mut dyn FnMut(Secret),
        make: &mut dyn FnMut() -> Result<Request, HttpError>,
        fetch: &dyn Fn(Request) -> Result<Answer, HttpError>,
    ) -> Result<Answer, HttpError> {
        let mut once = || {
            let mut request = make()?;
            let url = request.url().clone();
            let proof = self.prove(http, &mut request, token);
            noted(proof.map_err(HttpError::Setup)?);
            let answer = fetch(request)?;
            let given = note_nonce(http, (&url, role(token)), &answer.headers);
            Ok((answer, given))
        };
        let (answer, given) = once()?;
        if !given || !is_asking(&answer) {
            return Ok(answer);
        }
        tracing::info!("the provider asks for a nonce; the call is made again with it");
        once().map(|(answer, _)| answer)
    }
}

impl Binding {
    /// The token and the key that a request is to show; `None` where the token
    /// is a bearer's.
    pub fn of(values: &Values<'_>) -> Result<Option<Self>, GrantError> {
        let Some((key, token)) = values.binding() else {
            return Ok(None);
        };
        Ok(Some(Self {
            key: Key::read(key)?,
            token: token.clone(),
        }))
    }

    /// Puts a proof into an API request, and returns it: it must not come back
    /// in a message.
    pub fn prove(&self, http: &Http, request: &mut Request) -> Result<Secret, GrantError> {
        let proof = self.key.prove(http, request, Some(&self.token));
        proof.map_err(GrantError::Unproven)
    }
}

/// Whether a provider's answer is that it wants a nonce (RFC 9449 section 8).
fn is_asking(answer: &Answer) -> bool {
    let said = || {
        fields::parse(&answer.body)?
            .get("error")?
            .as_str()
            .map(|error| error == WANTS_NONCE)
    };
    (400..500).contains(&answer.status) && said() == Some(true)
}

/// Whether an API's answer is that it wants a nonce (RFC 9449 section 9).
pub fn wants_nonce(status: u16, headers: &HeaderMap) -> bool {
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
    let mut texts = challenges.filter_map(|challenge| challenge.to_str().ok());
    status == 401 && texts.any(|text| text.contains(WANTS_NONCE))
}

/// Who is shown a proof: with a token, whoever takes those.
fn role(token: Option<&Secret>) -> ServerRole {
    token.map_or(ServerRole::Authorization, |_| ServerRole::Resource)
}

/// Notes the nonce that an answer brings for its server; returns whether one
/// came that can be sent back.
pub fn note_nonce(http: &Http, (url, role): (&Url, ServerRole), headers: &HeaderMap) -> bool {
    let Some(nonce) = headers.get(NONCE).and_then(|nonce| nonce.to_str().ok()) else {
        return false;
    };
    let usable = is_nonce(nonce);
    if usable {
        http.set_nonce(url, role, nonce);
    }
    usable
}

/// Whether this is a nonce (RFC 9449 section 8.1: NQCHAR), and of a length that
/// is sent back.
fn is_nonce(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    (1..=LONGEST_NONCE).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(key: &Key, proof: &str) -> (Json, Json) {
        let jwk = serde_json::from_value(json!(key.public)).unwrap();
        let public = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
        let (message, signature) = proof.rsplit_once('.').unwrap();
        let good =
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &public, key.algorithm);
        assert!(good.unwrap());
        let part = |text| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
        let (header, claims) = message.split_once('.').unwrap();
        (part(header), part(claims))
    }

    #[test]
    fn a_proof_is_of_one_request_and_shows_the_public_half_alone() {
        let url = Url::parse("https://api.example/a%20b?x=1#f").unwrap();
        for (made, alg, members) in [(es256(), "ES256", 4), (eddsa(), "EdDSA", 3)] {
            let key = Key::read(&made.unwrap()).unwrap();
            let token = Secret::new("at-not-real");
            let proof = |token, nonce| key.proof((&Method::PUT, &url), token, nonce).unwrap();
            let bare = proof(None, None);
            let (header, claims) = verified(&key, bare.expose());
            assert_eq!(header["typ"], "dpop+jwt");
            assert_eq!(header["alg"], alg);
            let jwk = header["jwk"].as_object().unwrap();
            assert!(jwk.len() == members && !jwk.contains_key("d"), "{jwk:?}");
            assert_eq!(claims["htm"], "PUT");
            assert_eq!(claims["htu"], "https://api.example/a%20b");
            assert!(claims.get("ath").is_none() && claims.get("nonce").is_none());
            let (_, more) = verified(&key, proof(Some(&token), Some("n-1")).expose());
            let hash = URL_SAFE_NO_PAD.encode(Sha256::digest("at-not-real"));
            assert_eq!(more["ath"], hash.as_str());
            assert_eq!(more["nonce"], "n-1");
            assert_ne!(more["jti"], claims["jti"]);
        }
    }

    // RFC 8037 appendix A.3: the thumbprint of an Ed25519 key.
    #[test]
    fn a_thumbprint_is_as_the_rfc_shows() {
        let key = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let key = Key::read(&Secret::new(key)).unwrap();
        assert_eq!(
            key.thumbprint(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn a_key_that_is_none_is_told_without_showing_it() {
        for text in [
            "s3cret",
            r#"{"kty":"EC","d":"s3cret"}"#,
            r#"{"kty":"oct","k":"s3cret"}"#,
        ] {
            let error = Key::read(&Secret::new(text)).err().unwrap().to_string();
            assert!(
                error.contains("its key is") && !error.contains("s3cret"),
                "{error}"
            );
        }
    }

    #[test]
    fn only_what_can_be_sent_back_is_a_nonce() {
        let long = "n".repeat(LONGEST_NONCE);
        for good in ["a", "eyJ7S_zG.eyJH0-Z.HX4w-7v", long.as_str()] {
            assert!(is_nonce(good), "{good}");
        }
        let longer = format!("{long}n");
        for bad in [
            "",
            "a b",
            "a\tb",
            "a\"b",
            "a\\b",
            "ä",
            "a\u{1b}",
            longer.as_str(),
        ] {
            assert!(!is_nonce(bad), "{bad}");
        }
    }
}
