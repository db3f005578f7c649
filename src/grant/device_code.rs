//! The device authorization grant (RFC 8628): the provider gives a short code,
//! a person enters it in a browser that may be anywhere, and the token endpoint
//! is asked until they have. No redirect comes back to this machine, so that it
//! works where no browser can.

use std::time::Duration;

use super::after;
use super::device_answer::{DeviceAnswer, DeviceInvitation, Unfit};
use super::device_pace::Pace;
use super::wire::Params;
use super::{Answer, CallError, GrantError, Repeat, jwt, provider_call, register};
use crate::connection::{DEVICE_GRANT, Values};
use crate::definition::OAuth2;
use crate::definition::template::{RenderError, Value};
use crate::http::{self, Http};
use crate::secret::{SafeUrl, Secret};

/// One run of the flow.
pub struct DeviceFlow<'a, 'v> {
    /// How the provider is reached.
    pub http: &'a Http,
    /// The definition.
    pub oauth: &'a OAuth2,
    /// What fills its placeholders; gets what the flow brings.
    pub values: &'a mut Values<'v>,
    /// The scopes to ask for.
    pub scopes: &'a [String],
    /// How long to wait for the person, where that is less than the code lives.
    pub patience: Option<Duration>,
    /// What the client is called where it has to be registered.
    pub name: &'a str,
}

/// The device authorization endpoint: the definition's own, else what the
/// server's metadata names (RFC 8628 section 4).
pub fn device_endpoint(
    oauth: &OAuth2,
    values: &Values<'_>,
) -> Result<Option<SafeUrl>, RenderError> {
    let own = oauth.device_authorization_url.as_ref();
    values.endpoint(own, "device_authorization_endpoint")
}

impl DeviceFlow<'_, '_> {
    /// Asks for a code, says through `tell` what to do with it, waits for that
    /// to be done, and makes the calls that follow.
    pub fn run(mut self, tell: &mut dyn FnMut(&DeviceInvitation)) -> Result<Answer, GrantError> {
        register::if_needed(self.http, self.oauth, self.values, None, self.name)?;
        // What can be known to fail fails before the person is asked.
        let token_url = self.token_url()?;
        let DeviceAnswer {
            device_code,
            interval,
            invitation,
        } = self.ask()?;
        let mut pace = Pace::new(interval, invitation.life, self.patience);
        tell(&invitation);
        let answer = self.poll(&token_url, &device_code, &mut pace)?;
        after::consented(self.http, self.values, answer)
    }

    /// The device authorization request (RFC 8628 section 3.1).
    fn ask(&mut self) -> Result<DeviceAnswer, GrantError> {
        jwt::begin(self.values)?;
        let url = device_endpoint(self.oauth, self.values)?;
        let url = url.ok_or_else(|| self.unnamed("device_authorization_endpoint"))?;
        let host = http::host_of(url.expose());
        let mut call = provider_call(self.http, self.values, &self.oauth.device, url);
        call.client = Some(super::client(self.oauth, self.values)?);
        // A code that nobody sees does no harm.
        call.repeat = Repeat::Passing;
        // The client's id comes with its authentication.
        let mut params = Params::new();
        let scope = self.scopes.join(&self.oauth.scope_separator);
        if !scope.is_empty() {
            params.push(("scope".to_owned(), Secret::new(scope)));
        }
        let answer = call.answer(params).map_err(|error| match error {
            GrantError::Call(CallError::Unusable { host, why, .. }) => {
                GrantError::NoDevice { host, why }
            }
            error => error,
        })?;
        DeviceAnswer::read(&answer.json).map_err(|unfit| match unfit {
            Unfit::Useless(why) => GrantError::NoDevice { host, why },
            Unfit::Link(link) => GrantError::UnfitLink(link),
        })
    }

    /// Asks for the token until there is one (RFC 8628 section 3.4).
    fn poll(
        &mut self,
        url: &SafeUrl,
        device_code: &Secret,
        pace: &mut Pace,
    ) -> Result<Answer, GrantError> {
        self.values.set("code", Value::secret(device_code.clone()));
        loop {
            pace.wait()?;
            jwt::begin(self.values)?;
            let poll = &self.oauth.device_poll;
            let mut call = provider_call(self.http, self.values, poll, url.clone());
            call.client = Some(super::client(self.oauth, self.values)?);
            // The next try is the repetition.
            call.repeat = Repeat::Never;
            call.within = Some(pace.within());
            let tried = call.tried(vec![
                ("grant_type".to_owned(), Secret::new(DEVICE_GRANT)),
                ("device_code".to_owned(), device_code.clone()),
            ]);
            if let Some(answer) = pace.judge(tried)? {
                super::needs_token(&call, &answer)?;
                return Ok(answer);
            }
        }
    }

    fn token_url(&self) -> Result<SafeUrl, GrantError> {
        let auth = &self.values.integration().auth;
        let url = self
            .values
            .endpoint(auth.token_url.as_ref(), "token_endpoint")?;
        url.ok_or_else(|| self.unnamed("token_endpoint"))
    }

    fn unnamed(&self, endpoint: &str) -> GrantError {
        let issuer = self.values.metadata().issuer().unwrap_or_default();
        GrantError::Metadata {
            url: issuer.to_owned(),
            why: format!("it names no `{endpoint}`"),
            found: true,
        }
    }
}
