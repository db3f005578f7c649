//! What is kept, held to the definition as it is now: whatever fills a
//! placeholder must be something that the definition would take today.

use regex::Regex;

use super::Values;
use crate::definition::template::RenderError;

impl Values<'_> {
    /// Holds what is kept to the definition as it is now: a pattern may have
    /// been narrowed since, and what came from another machine was typed there
    /// under another definition. Of what answers brought too.
    pub fn check_kept(&self) -> Result<(), RenderError> {
        let shown = self.parameters().iter();
        let shown = shown.map(|(name, text)| (name, text.as_str()));
        let secrets = self.secrets().iter();
        let typed = shown.chain(secrets.map(|(name, text)| (name, text.expose())));
        // What a client registered itself nobody typed.
        let registered = self.metadata().registered_auth().is_some();
        let own = |name: &str| registered && matches!(name, "client_id" | "client_secret");
        for (name, text) in typed.filter(|(name, _)| !own(name)) {
            match self.integration().parameter(name) {
                Some(parameter) => accepted(name, parameter.holds(text))?,
                None => self.check_brought(name, text)?,
            }
        }
        let shown = self.kept().shown.iter();
        let shown = shown.map(|(name, text)| (name, text.as_str()));
        let secrets = self.kept().secrets.iter();
        for (name, text) in shown.chain(secrets.map(|(name, text)| (name, text.expose()))) {
            match self.integration().parameter(name) {
                Some(parameter) if !self.integration().auth.keeps(name) => {
                    accepted(name, parameter.holds(text))?;
                }
                _ => self.check_brought(name, text)?,
            }
        }
        Ok(())
    }

    fn check_brought(&self, name: &str, text: &str) -> Result<(), RenderError> {
        let mut patterns = self.integration().auth.kept_patterns(name).peekable();
        let fits = |pattern: Option<&Regex>| pattern.is_none_or(|pattern| pattern.is_match(text));
        if patterns.peek().is_none() || patterns.any(fits) {
            return Ok(());
        }
        accepted(name, Err("it does not match its pattern".to_owned()))
    }
}

fn accepted(name: &str, held: Result<(), String>) -> Result<(), RenderError> {
    held.map_err(|why| RenderError::Unaccepted {
        name: name.to_owned(),
        why,
    })
}
