//! What the provider has issued: codes, access tokens, refresh tokens, and the grants they hang on.
//!
//! Promises: a code works once, and its reuse takes back what it issued (RFC 6749, 4.1.2); a refresh
//! token works once, and its reuse ends the whole family (RFC 9700, 4.14.2). Only digests of issued
//! values are kept, so looking one up tells nothing about the others by its timing.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::oauth::{Client, OAuthError, Scopes, random};

/// How long a code can be redeemed.
pub const CODE_TTL: Duration = Duration::from_secs(60);
/// How long a code is remembered, to notice its reuse.
const CODE_MEMORY: Duration = Duration::from_secs(600);
/// After so many issued access tokens, dead ones are forgotten.
const SWEEP_EVERY: u64 = 1024;

type Digest = [u8; 32];

fn digest(text: &str) -> Digest {
    Sha256::digest(text.as_bytes()).into()
}

/// The S256 `code_challenge` of a verifier (RFC 7636, 4.2).
pub fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(verifier))
}

/// One consent, or one client's own authority: everything issued under it ends with it.
pub struct Grant {
    /// Whom it was given to.
    pub client: &'static Client,
    /// The scopes consented to.
    pub scopes: Scopes,
    /// Whether a person stands behind it (not so with client credentials).
    pub person: bool,
    revoked: AtomicBool,
}

impl Grant {
    /// A grant nothing was issued under yet.
    pub fn new(client: &'static Client, scopes: Scopes, person: bool) -> Arc<Grant> {
        Arc::new(Grant {
            client,
            scopes,
            person,
            revoked: AtomicBool::new(false),
        })
    }

    fn revoke(&self) {
        self.revoked.store(true, Ordering::SeqCst);
    }

    fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::SeqCst)
    }
}

/// What an authorization code stands for until it is redeemed.
pub struct Consent {
    /// The client it was given to.
    pub client: &'static Client,
    /// The scopes consented to.
    pub scopes: Scopes,
    /// The `redirect_uri` of the request, which the token request must repeat.
    pub redirect_uri: String,
    /// The S256 challenge.
    pub challenge: String,
    /// The thumbprint of the key that the code is bound to (RFC 9449, 10).
    pub key: Option<String>,
}

struct Code {
    consent: Consent,
    born: Instant,
    issued: Option<Arc<Grant>>,
    spent: bool,
}

struct Access {
    grant: Arc<Grant>,
    scopes: Scopes,
    expires: Instant,
    /// The thumbprint of the key it is bound to.
    key: Option<String>,
}

impl Access {
    fn live(&self, now: Instant) -> bool {
        now < self.expires && !self.grant.is_revoked()
    }
}

struct Refresh {
    grant: Arc<Grant>,
    /// The thumbprint of the key it is bound to.
    key: Option<String>,
    used: bool,
    dead: bool,
}

/// What a live token is good for.
pub struct Live {
    /// The grant it hangs on.
    pub grant: Arc<Grant>,
    /// Its own scopes, perhaps fewer than the grant's.
    pub scopes: Scopes,
    /// Whether it is a refresh token.
    pub refresh: bool,
}

/// A token answer's contents.
pub struct Issued {
    /// The access token.
    pub access_token: String,
    /// The refresh token, where one is given.
    pub refresh_token: Option<String>,
    /// The scopes of the access token.
    pub scopes: Scopes,
}

/// Everything issued so far.
#[derive(Default)]
pub struct Grants {
    codes: HashMap<Digest, Code>,
    access: HashMap<Digest, Access>,
    refresh: HashMap<Digest, Refresh>,
    issued: u64,
}

fn invalid_grant(description: &str) -> OAuthError {
    OAuthError::new("invalid_grant", description)
}

impl Grants {
    /// A code for this consent.
    pub fn new_code(&mut self, consent: Consent, now: Instant) -> String {
        let value = random("sbx_ac_");
        self.codes
            .retain(|_, code| now.duration_since(code.born) < CODE_MEMORY);
        let code = Code {
            consent,
            born: now,
            issued: None,
            spent: false,
        };
        self.codes.insert(digest(&value), code);
        value
    }

    /// Redeems a code (RFC 6749, 4.1.3; RFC 7636, 4.6). A code shown with the wrong verifier or
    /// redirect URI is spent: whoever shows it so may have stolen it.
    pub fn redeem(
        &mut self,
        client: &'static Client,
        (value, redirect_uri, verifier): (&str, &str, &str),
        ttl: Duration,
        now: Instant,
    ) -> Result<Issued, OAuthError> {
        let code = self
            .codes
            .get_mut(&digest(value))
            .ok_or_else(|| invalid_grant("the code is unknown"))?;
        if code.consent.client.id != client.id {
            return Err(invalid_grant("the code was issued to another client"));
        }
        if code.spent {
            if let Some(grant) = &code.issued {
                grant.revoke();
            }
            return Err(invalid_grant(
                "the code was used before; what it issued is revoked",
            ));
        }
        code.spent = true;
        if now.duration_since(code.born) >= CODE_TTL {
            return Err(invalid_grant("the code has expired, it lives 60 seconds"));
        }
        if code.consent.redirect_uri != redirect_uri {
            return Err(invalid_grant(
                "redirect_uri is not that of the authorization request",
            ));
        }
        let challenge = challenge_of(verifier);
        let matches = challenge
            .as_bytes()
            .ct_eq(code.consent.challenge.as_bytes());
        if !bool::from(matches) {
            return Err(invalid_grant(
                "code_verifier does not match the code_challenge",
            ));
        }
        let grant = Grant::new(client, code.consent.scopes.clone(), true);
        code.issued = Some(Arc::clone(&grant));
        let scopes = grant.scopes.clone();
        Ok(self.issue(&grant, scopes, ttl, now))
    }

    /// Exchanges a refresh token for a new pair (RFC 6749, 6). One that was used before ends its
    /// family; one asked for more than was granted stays good.
    pub fn rotate(
        &mut self,
        client: &'static Client,
        value: &str,
        narrowed: Option<Scopes>,
        ttl: Duration,
        now: Instant,
    ) -> Result<Issued, OAuthError> {
        let token = self
            .refresh
            .get_mut(&digest(value))
            .ok_or_else(|| invalid_grant("the refresh token is unknown"))?;
        if token.grant.client.id != client.id {
            return Err(invalid_grant(
                "the refresh token was issued to another client",
            ));
        }
        if token.used {
            token.grant.revoke();
            return Err(invalid_grant(
                "the refresh token was used before; its whole family is revoked",
            ));
        }
        if token.dead || token.grant.is_revoked() {
            return Err(invalid_grant("the grant was revoked"));
        }
        let scopes = narrowed.unwrap_or_else(|| token.grant.scopes.clone());
        if scopes
            .iter()
            .any(|scope| !token.grant.scopes.contains(scope))
        {
            return Err(OAuthError::new(
                "invalid_scope",
                "a refresh cannot ask for more than was granted",
            ));
        }
        token.used = true;
        let grant = Arc::clone(&token.grant);
        Ok(self.issue(&grant, scopes, ttl, now))
    }

    /// Issues an access token under a grant, and a refresh token where a person stands behind it
    /// (RFC 6749, 4.4.3: none for client credentials).
    pub fn issue(
        &mut self,
        grant: &Arc<Grant>,
        scopes: Scopes,
        ttl: Duration,
        now: Instant,
    ) -> Issued {
        self.issued += 1;
        if self.issued.is_multiple_of(SWEEP_EVERY) {
            self.access.retain(|_, token| token.live(now));
        }
        let access_token = random("sbx_at_");
        let access = Access {
            grant: Arc::clone(grant),
            scopes: scopes.clone(),
            expires: now.checked_add(ttl).unwrap_or(now),
            key: None,
        };
        self.access.insert(digest(&access_token), access);
        let refresh_token = grant.person.then(|| {
            let value = random("sbx_rt_");
            let refresh = Refresh {
                grant: Arc::clone(grant),
                key: None,
                used: false,
                dead: false,
            };
            self.refresh.insert(digest(&value), refresh);
            value
        });
        Issued {
            access_token,
            refresh_token,
            scopes,
        }
    }

    /// The live access or refresh token of that value.
    pub fn live(&self, value: &str, now: Instant) -> Option<Live> {
        let key = digest(value);
        if let Some(token) = self.access.get(&key) {
            return token.live(now).then(|| Live {
                grant: Arc::clone(&token.grant),
                scopes: token.scopes.clone(),
                refresh: false,
            });
        }
        let token = self.refresh.get(&key)?;
        let live = !token.used && !token.dead && !token.grant.is_revoked();
        live.then(|| Live {
            grant: Arc::clone(&token.grant),
            scopes: token.grant.scopes.clone(),
            refresh: true,
        })
    }

    /// Binds a token to a key.
    pub fn bind(&mut self, value: &str, key: &str) {
        let digest = digest(value);
        if let Some(token) = self.access.get_mut(&digest) {
            token.key = Some(key.to_owned());
        }
        if let Some(token) = self.refresh.get_mut(&digest) {
            token.key = Some(key.to_owned());
        }
    }

    /// The thumbprint of the key that a token is bound to.
    pub fn key_of(&self, value: &str) -> Option<String> {
        let digest = digest(value);
        let access = self.access.get(&digest).and_then(|token| token.key.clone());
        access.or_else(|| self.refresh.get(&digest)?.key.clone())
    }

    /// The same of a code.
    pub fn key_of_code(&self, value: &str) -> Option<String> {
        self.codes.get(&digest(value))?.consent.key.clone()
    }

    /// Revokes a token (RFC 7009): an access token alone, a refresh token with its whole family.
    /// An unknown one is no error.
    pub fn revoke(&mut self, client: &'static Client, value: &str) -> Result<(), OAuthError> {
        let key = digest(value);
        let owner = (self.access.get(&key).map(|token| &token.grant))
            .or_else(|| self.refresh.get(&key).map(|token| &token.grant));
        match owner {
            None => return Ok(()),
            Some(grant) if grant.client.id != client.id => {
                return Err(invalid_grant("the token was issued to another client"));
            }
            Some(_) => {}
        }
        if self.access.remove(&key).is_none()
            && let Some(token) = self.refresh.get(&key)
        {
            token.grant.revoke();
        }
        Ok(())
    }

    /// Makes every access token dead at the API.
    pub fn expire_access_tokens(&mut self) {
        self.access.clear();
    }

    /// Makes every refresh token dead; access tokens live on to their end.
    pub fn kill_refresh_tokens(&mut self) {
        for token in self.refresh.values_mut() {
            token.dead = true;
        }
    }

    /// When the last living access token of a client will have expired.
    pub fn last_expiry(&self, client_id: &str, now: Instant) -> Option<Instant> {
        let tokens = self.access.values();
        tokens
            .filter(|token| token.live(now) && token.grant.client.id == client_id)
            .map(|token| token.expires)
            .max()
    }
}
