//! What a person is told while a connect waits for them: where to go, how the
//! answer finds its way back, and what became of what they pasted.

use super::Broker;
use crate::grant::{Invitation, Landing, Paste, Told};
use crate::surroundings::Ssh;
use crate::ui;

impl Broker<'_> {
    /// Whether the redirect URL may be pasted: where it was asked for, or where
    /// a person sits at the terminal.
    pub(super) fn paste(&self, asked: bool) -> Paste {
        match (asked, self.interaction.attended()) {
            (true, _) => Paste::Expected,
            (false, true) => Paste::Beside,
            (false, false) => Paste::No,
        }
    }

    /// Says it. `way` gets the command that brings a browser elsewhere here,
    /// where one is needed.
    pub(super) fn invite(&self, told: Told<'_>, paste: Paste, way: &mut Option<String>) {
        match told {
            Told::Link(invitation) => *way = self.show(invitation, paste),
            // Whoever pasted it waits for word, however quiet they want it.
            Told::NotTaken(why) => {
                let why = why.to_string();
                self.ui
                    .always(&format!("That was not taken: {}", ui::escape(&why)));
            }
            Told::Refused(why) => {
                let why = ui::escape(&why.to_string()).into_owned();
                self.ui.always(&format!(
                    "That is a refusal: {why}. Open the link again to allow the access after all, or press Ctrl-C to leave it."
                ));
            }
        }
    }

    /// Shows the person where to go: in their browser, and in any case in
    /// print, on a line of its own.
    fn show(&self, invitation: &Invitation<'_>, paste: Paste) -> Option<String> {
        let opened = self.interaction.open(invitation.url);
        match &opened {
            Ok(true) => self
                .ui
                .note("Your browser opens. If it does not, open this link yourself:"),
            Ok(false) => self.ui.note("Open this link to connect:"),
            Err(error) => {
                self.ui
                    .warn(&format!("no browser could be started: {error}"));
                self.ui.note("Open this link yourself:");
            }
        }
        self.ui.always(invitation.url.as_str());
        if let Some(life) = invitation.good_for {
            let life = humantime::format_duration(life);
            self.ui.note(&format!("The link is good for {life}."));
        }
        let landing = invitation.landing.filter(|_| !matches!(opened, Ok(true)));
        // At a terminal the last line says it.
        let pasting = if paste == Paste::No && !invitation.as_form {
            " With `--paste`, the address that it ends at can be pasted."
        } else {
            ""
        };
        let way = landing.and_then(|landing| self.way_back(landing, pasting));
        self.ui.note(match paste {
            // A relay may make an address of it again.
            Paste::Beside | Paste::Expected
                if invitation.as_form && invitation.landing.is_some() =>
            {
                "Waiting for the answer… It comes as a form, so that there is no address to paste."
            }
            Paste::No => "Waiting for the answer…",
            Paste::Beside => {
                "Waiting for the answer… If the browser ends at a page that it cannot open, paste that page's whole address here."
            }
            Paste::Expected => {
                "Waiting for the answer… Paste the whole address of the page that the browser ends at."
            }
        });
        way
    }

    /// Says how a browser that is elsewhere gets to the listener, and returns
    /// the command for it, where there is one. `paste`: what helps where it does
    /// not get there.
    fn way_back(&self, landing: Landing, paste: &str) -> Option<String> {
        let here = self.interaction.surroundings();
        if let Some(ssh) = &here.ssh {
            let way = ssh.forward(landing.seen, landing.listener);
            self.ui.note(&forwarding(ssh));
            self.ui.note(&format!("  {way}"));
            return Some(way);
        }
        if here.container {
            self.ui.note(&format!(
                "This is a container: whatever ports it publishes, no browser outside reaches its 127.0.0.1, unless it shares the host's network (`--network host`).{paste}"
            ));
        } else if self.interaction.no_browser().is_some() {
            self.ui.note(&format!(
                "There is no display here: open the link in a browser elsewhere.{paste}"
            ));
        }
        None
    }
}

fn forwarding(ssh: &Ssh) -> String {
    let named = if ssh.is_placed() {
        "with the host that you log in to, should that be another"
    } else {
        "HOST is this machine, as you log in to it"
    };
    format!(
        "This is an SSH session. Before you open the link, run this on the machine with the browser ({named}):"
    )
}
