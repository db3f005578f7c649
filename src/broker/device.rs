//! The two ways in which a person consents: by a link whose redirect comes back
//! here, or by a code that they enter in a browser anywhere (RFC 8628); which of
//! them it is, and what a person is shown of the second.

use std::time::Duration;

use url::Url;

use super::connect::ConnectOptions;
use super::{Broker, explain, qr};
use crate::connection::{ConnectionId, Values};
use crate::definition::{Grant, Integration, OAuth2};
use crate::error::{Failure, Kind, Result};
use crate::grant::{
    CallError, CodeFlow, Consented, DeviceFlow, DeviceInvitation, GrantError, device_endpoint,
};
use crate::ui;

/// How a person consents this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By a link, which leads back here.
    Link,
    /// By a code.
    Code,
    /// By a code, if the provider will give this client one; else by a link.
    CodeIfGiven,
}

/// Refuses what cannot be, before anybody is asked for anything.
pub(super) fn refuse_misfit(
    id: &ConnectionId,
    integration: &Integration,
    options: &ConnectOptions,
) -> Result<()> {
    let auth = &integration.auth;
    if options.paste && auth.is_device() {
        let what = format!("`{id}` is connected with a code, and no address comes back to paste");
        return Err(Failure::new(Kind::Usage, what)
            .hint(format!("leave `--paste` out: `hallpass connect {id}`")));
    }
    let named = auth
        .oauth2()
        .is_some_and(|oauth| oauth.device_authorization_url.is_some() || oauth.issuer.is_some());
    if options.device && !(auth.needs_consent() && named) {
        return Err(explain::no_device(id, integration));
    }
    Ok(())
}

impl Broker<'_> {
    /// Settles how the person will consent; a person whose browser cannot be
    /// opened from here is offered a code where one can be had.
    pub(super) fn way(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        values: &Values<'_>,
        options: &ConnectOptions,
    ) -> Result<Way> {
        let Some(oauth) = integration.auth.oauth2() else {
            return Ok(Way::Link);
        };
        if oauth.grant == Grant::DeviceCode {
            return Ok(Way::Code);
        }
        let unfilled = |error| explain::unrenderable(id, &error);
        let endpoint = device_endpoint(oauth, values).map_err(unfilled)?;
        if options.device {
            return match endpoint {
                Some(_) => Ok(Way::Code),
                None => Err(explain::no_device(id, integration)),
            };
        }
        let by_itself = oauth.device_authorization_url.is_some();
        let offered = by_itself || values.metadata().offers_devices();
        // A client that is to be registered is registered for the one or the other.
        let known = values.input("client_id").map_err(unfilled)?.is_some();
        let wanted = self.interaction.is_browserless() && !options.paste;
        if !(endpoint.is_some() && offered && known && wanted) {
            return Ok(Way::Link);
        }
        let question = "This machine has no browser. Connect with a code instead?";
        let agreed = self.interaction.confirm(question, true)?;
        Ok(if agreed { Way::CodeIfGiven } else { Way::Link })
    }

    /// Lets the person consent. `bridge` gets the command that brings a browser
    /// elsewhere here, where one is needed.
    pub(super) fn consented(
        &self,
        oauth: &OAuth2,
        values: &mut Values<'_>,
        (options, scopes): (&ConnectOptions, &[String]),
        way: Way,
        bridge: &mut Option<String>,
    ) -> Result<(Grant, Consented), GrantError> {
        let brand = values.integration().brand();
        if way != Way::Link {
            let mut invited = false;
            let flow = DeviceFlow {
                http: self.http,
                oauth,
                values: &mut *values,
                scopes,
                patience: options.patience,
                name: &brand.name,
            };
            let result = flow.run(&mut |invitation| {
                invited = true;
                self.invite_elsewhere(invitation, options.patience);
            });
            match result {
                Err(GrantError::Call(error @ CallError::Refused { .. }))
                    if way == Way::CodeIfGiven && !invited =>
                {
                    let why = ui::escape(&error.to_string()).into_owned();
                    self.ui.warn(&format!(
                        "the provider gives this client no code ({why}); here is a link instead"
                    ));
                }
                result => {
                    let responder = None;
                    let answer = result?;
                    return Ok((Grant::DeviceCode, Consented { answer, responder }));
                }
            }
        }
        let paste = self.paste(options.paste);
        let flow = CodeFlow {
            http: self.http,
            oauth,
            values,
            scopes,
            timeout: options.timeout,
            brand: &brand,
            paste,
        };
        let consented = flow.run(&mut |told| self.invite(told, paste, bridge))?;
        Ok((Grant::AuthorizationCode, consented))
    }

    /// Shows the person where to go and what to enter there. Link and code are
    /// printed in any case, each on a line of its own.
    fn invite_elsewhere(&self, invitation: &DeviceInvitation, patience: Option<Duration>) {
        let DeviceInvitation {
            verification_uri,
            complete,
            user_code,
            life,
        } = invitation;
        let opened = self.open(complete.as_ref().unwrap_or(verification_uri));
        self.ui.note(if opened {
            "Your browser opens. If it does not, open this link on any device:"
        } else {
            "Open this link on any device:"
        });
        self.ui.always(verification_uri.as_str());
        let code = self.ui.emphasized(user_code);
        match (opened, complete) {
            // A code that is there already is one to compare (RFC 8628 section 5.4).
            (true, Some(_)) => self.ui.note("and see that it shows this code:"),
            _ => self.ui.note("and enter this code:"),
        }
        self.ui.note("");
        self.ui.always(&format!("    {code}"));
        self.ui.note("");
        if let Some(complete) = complete.as_ref().filter(|_| !opened) {
            self.ui.note("This link has the code in it:");
            self.ui.note(complete.as_str());
            self.draw(complete);
        }
        self.ui.note(&format!(
            "Waiting for your approval… ({})",
            match patience.filter(|patience| patience < life) {
                Some(patience) => format!("for {}", spoken(patience)),
                None => format!("the code is good for {}", spoken(*life)),
            }
        ));
    }

    fn open(&self, url: &Url) -> bool {
        self.interaction.open(url).unwrap_or_else(|error| {
            self.ui
                .warn(&format!("no browser could be started: {error}"));
            false
        })
    }

    /// Draws a link where there is a terminal with room for it. The drawing has
    /// its own two colours, since a terminal may be dark or light; whoever wants
    /// no colour gets none.
    fn draw(&self, link: &Url) {
        if self.ui.is_quiet() || !self.ui.color() {
            return;
        }
        let (Some((columns, rows)), Some(lines)) = (self.ui.room(), qr::draw(link.as_str())) else {
            return;
        };
        let fits = lines.len() < rows && lines.iter().all(|line| line.chars().count() <= columns);
        if fits {
            self.ui.note("");
            for line in lines {
                self.ui
                    .note(&format!("\u{1b}[38;5;16;48;5;231m{line}\u{1b}[0m"));
            }
            self.ui.note("");
        }
    }
}

/// A time as people say it, rounded down.
fn spoken(time: Duration) -> String {
    let seconds = time.as_secs();
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        _ => (seconds / 3600, "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spoken_as_people_do() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (90, "90 seconds"),
            (120, "2 minutes"),
            (899, "14 minutes"),
            (86_400, "24 hours"),
        ] {
            assert_eq!(spoken(Duration::from_secs(seconds)), text);
        }
    }
}
