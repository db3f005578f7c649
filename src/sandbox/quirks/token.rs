//! A quirk's token endpoint: exchange, renewal, the client's own authority, each in the one way this
//! provider takes.

use std::sync::Arc;
use std::time::Duration;

use subtle::ConstantTimeEq as _;

use super::super::grants::challenge_of;
use super::super::oauth::{Form, OAuthError, quoted};
use super::super::state::{Entry, loggable};
use super::super::wire::Reply;
use super::answer;
use super::authorize::{base, scopes};
use super::client::{self, CLIENT};
use super::ledger::{Family, Issued};
use super::quirk::{Moment, Refresh, Source};
use super::{Call, expected, sent};
use crate::connection::DEVICE_GRANT;

/// The grant type, and the parameter, under which Facebook exchanges an access token.
pub const FROM_ACCESS_TOKEN: &str = "fb_exchange_token";

/// Answers `…/token`, `…/refresh` and `…/extend`.
pub fn token(call: &Call<'_>, entry: &mut Entry) -> Reply {
    let outcome = granted(call, entry);
    match outcome {
        Ok(Some(issued)) => answer::success(call, &issued),
        Ok(None) => answer::prolonged(),
        Err(error) => {
            entry.error = Some(error.error);
            answer::failure(call.quirk, &error)
        }
    }
}

/// How long a token issued now lives.
pub fn life(call: &Call<'_>) -> Duration {
    let longest = Duration::from_secs(call.quirk.max_life);
    call.state.token_ttl().min(longest)
}

fn granted(call: &Call<'_>, entry: &mut Entry) -> Result<Option<Issued>, OAuthError> {
    let quirk = call.quirk;
    let form = sent::params(call)?;
    entry.grant_type = form.get("grant_type").map(loggable);
    entry.scope = form.get("scope").map(loggable);
    sent::check_asks(call, Moment::Token, &form)?;
    if call.path == "/extend" {
        return prolong(call, &form).map(|()| None);
    }
    client::check(quirk.client, call.request, &form)?;
    entry.client_id = Some(CLIENT.id.to_owned());
    if form.get("code").is_some()
        && let Some(name) = quirk.absent.iter().find(|name| form.get(name).is_some())
    {
        return Err(expected(format!("a code comes without '{name}' here")));
    }
    let implied = quirk.absent.contains(&"grant_type") && form.get("code").is_some();
    let grant_type = if implied {
        "authorization_code"
    } else {
        form.require("grant_type")?
    };
    let refreshing = grant_type == "refresh_token";
    if (call.path == "/refresh") != (refreshing && quirk.refresh == Refresh::OtherUrl) {
        return Err(expected(match quirk.refresh {
            Refresh::OtherUrl => "refresh tokens go to /refresh, everything else to /token",
            _ => "there is no /refresh here, refresh tokens go to /token",
        }));
    }
    match (grant_type, quirk.source) {
        ("authorization_code", Source::Person) => exchange(call, &form),
        ("client_credentials", Source::Client) => {
            let scopes = scopes(quirk, form.get("scope"))?;
            let family = Family::new(quirk.name, base(call), scopes, false);
            Ok(issue(call, &family))
        }
        (DEVICE_GRANT, Source::Device) => {
            let family = super::device::poll(call, form.require("device_code")?)?;
            Ok(issue(call, &family))
        }
        ("refresh_token", Source::Person | Source::Device) => refresh(call, &form),
        (FROM_ACCESS_TOKEN, Source::Person) if quirk.refresh == Refresh::FromAccess => {
            from_access(call, &form)
        }
        (other, _) => Err(OAuthError::new(
            "unsupported_grant_type",
            format!("{} is not granted here", quoted(other)),
        )),
    }
    .map(Some)
}

fn issue(call: &Call<'_>, family: &Arc<Family>) -> Issued {
    let gives = matches!(call.quirk.refresh, Refresh::Rotates | Refresh::OtherUrl);
    let keeps = call.quirk.refresh == Refresh::Keeps;
    let refresh = family.offline && (gives || keeps);
    call.ledger().issue(family, life(call), refresh)
}

fn exchange(call: &Call<'_>, form: &Form) -> Result<Issued, OAuthError> {
    let quirk = call.quirk;
    let code = form.require("code")?;
    let consent = call.ledger().redeem(quirk.name, code);
    let consent = consent.ok_or_else(|| dead("the code is unknown, or was used before"))?;
    if quirk.absent.contains(&"redirect_uri") {
        // It could not be sent, so it cannot be compared.
    } else if form.require("redirect_uri")? != consent.redirect_uri {
        return Err(dead(
            "redirect_uri is not that of the authorization request",
        ));
    }
    if quirk.pkce {
        let challenge = challenge_of(form.require("code_verifier")?);
        let fits = challenge.as_bytes().ct_eq(consent.challenge.as_bytes());
        if !bool::from(fits) {
            return Err(dead("code_verifier does not match the code_challenge"));
        }
    } else if form.get("code_verifier").is_some() {
        return Err(expected("PKCE is not known here, send no code_verifier"));
    }
    if !call.region.is_empty() && consent.family.base != call.region {
        return Err(dead("the code is another region's"));
    }
    Ok(issue(call, &consent.family))
}

fn refresh(call: &Call<'_>, form: &Form) -> Result<Issued, OAuthError> {
    let quirk = call.quirk;
    let once = match quirk.refresh {
        Refresh::Rotates | Refresh::OtherUrl => true,
        Refresh::Keeps => false,
        Refresh::FromAccess => {
            return Err(expected(format!(
                "there are no refresh tokens here: exchange the access token, \
                 grant_type={FROM_ACCESS_TOKEN}&{FROM_ACCESS_TOKEN}=…"
            )));
        }
        Refresh::Prolongs => return Err(expected("prolong the access token at /extend")),
        Refresh::Never => return Err(expected("nothing is renewed here, obtain a token anew")),
    };
    let strangers = ["code", "code_verifier", "redirect_uri"];
    if let Some(name) = strangers.iter().find(|name| form.get(name).is_some()) {
        return Err(expected(format!("'{name}' belongs to the exchange alone")));
    }
    let token = form.require("refresh_token")?;
    let family = call.ledger().renew(quirk.name, token, once).map_err(dead)?;
    if !call.region.is_empty() && family.base != call.region {
        return Err(dead("the refresh token is another region's"));
    }
    let mut issued = call.ledger().issue(&family, life(call), once);
    if !once {
        issued.refresh_token = None;
    }
    Ok(issued)
}

fn from_access(call: &Call<'_>, form: &Form) -> Result<Issued, OAuthError> {
    if form.get("refresh_token").is_some() {
        return Err(expected("there are no refresh tokens here, send none"));
    }
    let token = form.require(FROM_ACCESS_TOKEN)?;
    let family = call.ledger().live(call.quirk.name, token);
    let family = family.ok_or_else(|| dead("the access token is unknown or has expired"))?;
    Ok(issue(call, &family))
}

fn prolong(call: &Call<'_>, form: &Form) -> Result<(), OAuthError> {
    if call.quirk.refresh != Refresh::Prolongs {
        return Err(expected("nothing is prolonged here"));
    }
    if form.get("grant_type").is_some() || form.get("refresh_token").is_some() {
        return Err(expected(
            "/extend takes neither grant_type nor refresh_token",
        ));
    }
    let header = call.request.header("authorization").unwrap_or_default();
    let token = header.strip_prefix("Bearer ").ok_or_else(|| {
        expected("show the token that is to be prolonged as Authorization: Bearer …")
    })?;
    let mut ledger = call.ledger();
    let family = ledger.live(call.quirk.name, token);
    let family = family.ok_or_else(|| dead("the access token is unknown or has expired"))?;
    ledger.put(token, &family, life(call));
    Ok(())
}

fn dead(description: &str) -> OAuthError {
    OAuthError::new("invalid_grant", description)
}
