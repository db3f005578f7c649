//! Renewing (RFC 6749 section 6, and what providers do instead). What rotation
//! means for the old refresh token is the broker's business; here it is a call
//! and what follows it.

use oauth2::basic::BasicClient;
use oauth2::{ClientId, RefreshToken, TokenUrl};

use super::after::{self, Moment};
use super::{Answer, CallError, GrantError, ProviderCall, Repeat, discover, jwt, provider_call};
use crate::connection::Values;
use crate::credential::Credential;
use crate::definition::RenewFrom;
use crate::http::Http;
use crate::secret::{SafeUrl, Secret};

/// A renewal that can be begun: whatever could fail without the provider has
/// not.
pub struct Renewal<'h> {
    http: &'h Http,
    url: SafeUrl,
}

impl<'h> Renewal<'h> {
    /// Prepares a renewal.
    pub fn prepare(http: &'h Http, values: &mut Values<'_>) -> Result<Self, GrantError> {
        discover::if_unknown(http, values)?;
        let auth = &values.integration().auth;
        let own = auth.refresh.call.url.as_ref().or(auth.token_url.as_ref());
        let url = values.endpoint(own, "token_endpoint")?;
        let url = url.ok_or(GrantError::Missing("token_url"))?;
        jwt::begin(values)?;
        if let Some(oauth) = auth.oauth2() {
            super::client_if_any(oauth, values)?;
        }
        Ok(Self { http, url })
    }

    /// The renewing call. Its answer has to be kept whatever follows: the
    /// refresh token may have rotated. `repeat` says whether it may be made
    /// again where it certainly did nothing.
    pub fn call(
        &self,
        values: &mut Values<'_>,
        credential: &Credential,
        repeat: Repeat,
    ) -> Result<Answer, GrantError> {
        jwt::begin(values)?;
        let answer = self.ask(values, credential, repeat)?;
        match &answer.fault {
            // A page in the provider's place: nothing was renewed.
            Some(fault) if answer.refresh_token.is_none() && !renews_by_step(values) => {
                Err(lacking(&self.url, fault))
            }
            _ => Ok(answer),
        }
    }

    /// Whether calls follow the renewing one.
    pub fn has_more(values: &Values<'_>) -> bool {
        let mut steps = values.integration().auth.steps.iter();
        steps.any(|step| step.on_refresh)
    }

    /// What follows the renewing call, which completes its answer.
    pub fn complete(&self, values: &mut Values<'_>, answer: &mut Answer) -> Result<(), GrantError> {
        match &answer.fault {
            // A custom token's renewal may leave it to a step to bring one.
            Some(fault) if !renews_by_step(values) => Err(lacking(&self.url, fault)),
            _ => after::complete(self.http, values, answer, Moment::Refresh),
        }
    }

    fn ask(
        &self,
        values: &Values<'_>,
        credential: &Credential,
        repeat: Repeat,
    ) -> Result<Answer, GrantError> {
        let auth = &values.integration().auth;
        let mut call = provider_call(self.http, values, &auth.refresh.call, self.url.clone());
        call.dead = &auth.refresh.dead;
        call.repeat = repeat;
        let Some(oauth) = auth.oauth2() else {
            return call.answer(Vec::new());
        };
        call.client = super::client_if_any(oauth, values)?;
        if auth.renew_from() == RenewFrom::AccessToken {
            let grant_type = Secret::new("refresh_token");
            return call.answer(vec![("grant_type".to_owned(), grant_type)]);
        }
        by_refresh_token(&call, credential)
    }
}

fn renews_by_step(values: &Values<'_>) -> bool {
    let mut steps = values.integration().auth.steps.iter();
    steps.any(|step| step.on_refresh && step.call.brings_token())
}

fn lacking(url: &SafeUrl, why: &str) -> GrantError {
    let error = CallError::Unusable {
        host: crate::http::host_of(url.expose()),
        why: why.to_owned(),
        undone: false,
    };
    error.into()
}

fn by_refresh_token(
    call: &ProviderCall<'_>,
    credential: &Credential,
) -> Result<Answer, GrantError> {
    let token = credential.refresh_token.as_ref();
    let token = token.ok_or(GrantError::Missing("refresh_token"))?;
    let client = BasicClient::new(ClientId::new(call.client_id()))
        .set_token_uri(TokenUrl::from_url(call.url.expose().clone()));
    let token = RefreshToken::new(token.expose().to_owned());
    let request = client.exchange_refresh_token(&token);
    call.through(|http| request.request(&http))
}
