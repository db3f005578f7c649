//! What a person is told while a connect waits for them: where to go, and what
//! became of what they pasted.

use url::Url;

use super::Broker;
use crate::grant::{Paste, Told};
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

    pub(super) fn invite(&self, told: Told<'_>, paste: Paste) {
        match told {
            Told::Link(url) => self.show(url, paste),
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
    fn show(&self, url: &Url, paste: Paste) {
        match self.interaction.open(url) {
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
        self.ui.always(url.as_str());
        self.ui.note(match paste {
            Paste::No => "Waiting for the answer…",
            Paste::Beside => {
                "Waiting for the answer… If the browser ends at a page that it cannot open, paste that page's whole address here."
            }
            Paste::Expected => {
                "Waiting for the answer… Paste the whole address of the page that the browser ends at."
            }
        });
    }
}
