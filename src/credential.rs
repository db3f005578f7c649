//! What a provider issued or a person typed: tokens, how long they live, what
//! they allow.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::secret::{Secret, stored_option};

/// Renew when less than this is left, for tokens that live long enough.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);
/// Tokens of a shorter life are renewed in its last fifth.
const SHORT_LIFE: Duration = Duration::from_secs(25 * 60);
/// Clocks are corrected by seconds all the time, which means nothing.
const CLOCK_CORRECTION: Duration = Duration::from_secs(60);

/// The type of tokens that are bound to a key (RFC 9449 section 5).
pub const DPOP: &str = "DPoP";

/// A credential, in OAuth's words (RFC 6749 section 5.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credential {
    /// The access token, or the API key; `None` for user and password, and
    /// where nothing is needed.
    #[serde(with = "stored_option", default)]
    pub access_token: Option<Secret>,
    /// Its type, `Bearer` unless the provider said otherwise.
    pub token_type: String,
    /// When it was obtained, by this machine's clock.
    pub obtained_at: Timestamp,
    /// When it expires; `None` when the provider did not say.
    pub expires_at: Option<Timestamp>,
    /// What was granted; what was asked for when the provider did not say.
    pub scopes: Vec<String>,
    /// What it is renewed with.
    #[serde(with = "stored_option", default)]
    pub refresh_token: Option<Secret>,
    /// Who connected, in OpenID Connect.
    #[serde(with = "stored_option", default)]
    pub id_token: Option<Secret>,
    /// The key that its tokens are bound to (RFC 9449), a private JWK; there
    /// also where the server gave a bearer's token all the same.
    #[serde(
        with = "stored_option",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub dpop_key: Option<Secret>,
}

impl Credential {
    /// What a person typed: it never expires by itself. `key` is what `{token}`
    /// stands for.
    pub fn typed(token_type: &str, key: Option<Secret>, now: Timestamp) -> Self {
        Self {
            access_token: key,
            token_type: token_type.to_owned(),
            obtained_at: now,
            expires_at: None,
            scopes: Vec::new(),
            refresh_token: None,
            id_token: None,
            dpop_key: None,
        }
    }

    /// The key that its access token is bound to, and the token; `None` where
    /// whoever bears it can use it.
    pub fn binding(&self) -> Option<(&Secret, &Secret)> {
        let is_bound = self.token_type == DPOP;
        let pair = self.dpop_key.as_ref().zip(self.access_token.as_ref());
        pair.filter(|_| is_bound)
    }

    /// Whether its token is this one.
    pub fn has_token(&self, token: &Secret) -> bool {
        let own = self.access_token.as_ref();
        own.is_some_and(|own| own.equals(token.expose()))
    }

    /// Whether the access token still works, as far as is known.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|expires| now < expires)
    }

    /// Whether the clock was set back since it was obtained: how much of its
    /// life is over cannot be told then.
    pub fn is_from_the_future(&self, now: Timestamp) -> bool {
        self.obtained_at > now.after(CLOCK_CORRECTION)
    }

    /// Whether at least this much life is left; an unknown life is never
    /// enough for a wish that is not zero.
    pub fn lives_for(&self, wanted: Duration, now: Timestamp) -> bool {
        if self.is_from_the_future(now) {
            return wanted.is_zero();
        }
        match self.expires_at {
            Some(expires) => expires.remaining(now) >= wanted && now < expires,
            None => wanted.is_zero(),
        }
    }

    /// Whether it is time to renew. `before` is the definition's rule; without
    /// one it is five minutes before the end, or the last fifth of a life of
    /// less than 25 minutes. After a clock that was set back it is always time.
    pub fn is_due(&self, before: Option<Duration>, now: Timestamp) -> bool {
        let Some(expires) = self.expires_at else {
            return false;
        };
        if self.is_from_the_future(now) {
            return true;
        }
        let left = expires.remaining(now);
        left.is_zero() || left < before.unwrap_or_else(|| usual(expires, self.obtained_at))
    }

    /// How long it is until then; `None` where no end is known.
    pub fn due_in(&self, before: Option<Duration>, now: Timestamp) -> Option<Duration> {
        let expires = self.expires_at?;
        if self.is_from_the_future(now) {
            return Some(Duration::ZERO);
        }
        let before = before.unwrap_or_else(|| usual(expires, self.obtained_at));
        Some(expires.remaining(now).saturating_sub(before))
    }
}

/// How long before its end a token is renewed where no rule says it.
fn usual(expires: Timestamp, obtained: Timestamp) -> Duration {
    let life = expires.remaining(obtained);
    if life < SHORT_LIFE {
        life / 5
    } else {
        RENEW_BEFORE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn living(seconds: u64) -> Credential {
        Credential {
            access_token: Some(Secret::new("at-not-real")),
            token_type: "Bearer".to_owned(),
            obtained_at: Timestamp::from_unix(1000),
            expires_at: Some(Timestamp::from_unix(1000 + seconds)),
            scopes: Vec::new(),
            refresh_token: None,
            id_token: None,
            dpop_key: None,
        }
    }

    #[test]
    fn renewal_is_due_five_minutes_before_the_end_or_in_the_last_fifth() {
        let minute = Duration::from_secs(60);
        for (life, before, now, due) in [
            (3600, None, 1000 + 3299, false),
            (3600, None, 1000 + 3301, true),
            (600, None, 1000 + 479, false),
            (600, None, 1000 + 481, true),
            (600, Some(minute), 1000 + 539, false),
            (600, Some(minute), 1000 + 541, true),
            (0, None, 1000, true),
            (2, None, 1001, false),
        ] {
            let credential = living(life);
            let now = Timestamp::from_unix(now);
            assert_eq!(
                credential.is_due(before, now),
                due,
                "{life} {before:?} {now}"
            );
            let left = credential.due_in(before, now).unwrap();
            assert_eq!(left.is_zero(), due, "{left:?}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_makes_renewal_due_and_promises_nothing() {
        let credential = living(3600);
        for (now, due) in [(1000 - 59, false), (1000 - 61, true), (0, true)] {
            let now = Timestamp::from_unix(now);
            assert_eq!(credential.is_due(None, now), due, "{now}");
            assert_eq!(!credential.lives_for(Duration::from_secs(1), now), due);
            assert!(credential.is_alive(now));
        }
    }

    #[test]
    fn an_unknown_life_is_alive_but_promises_nothing() {
        let mut credential = living(0);
        credential.expires_at = None;
        let now = Timestamp::from_unix(5000);
        assert!(credential.is_alive(now) && !credential.is_due(None, now));
        assert!(!credential.lives_for(Duration::from_secs(1), now));
    }

    #[test]
    fn debug_output_holds_no_token() {
        assert!(!format!("{:?}", living(1)).contains("at-not-real"));
    }
}
