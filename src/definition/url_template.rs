//! URLs with placeholders. Which part of the URL a placeholder stands in is
//! read off the definition's own text; its value is then encoded for that part
//! or refused, so that it can never change the host, add a path segment or
//! reach into the query. The one exception is a placeholder that *is* the
//! start of the URL (`"{instance_url}/services"`): it goes in as it is, and
//! nothing may follow that could go on with its host. Every result is https or
//! loopback http, without userinfo.

use std::ops::Range;

use super::template::{Part, RenderError, Scope, Template};
use super::url_place::Place;
pub use super::url_rules::join;
use super::url_rules::{checked, refuse_dot_segments};
use crate::secret::{REDACTED, SafeUrl};

/// A URL, or a path to be put on one, with placeholders.
#[derive(Clone, Debug)]
pub struct UrlTemplate(Template);

/// How a value stands in the host part of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InHost {
    /// It is the start of the URL: scheme and host, and perhaps a path.
    Start,
    /// It is a piece of the host.
    Inside,
}

impl UrlTemplate {
    /// A template to be read as a URL.
    pub fn new(template: Template) -> Self {
        Self(template)
    }

    /// Whether it is a path rather than an absolute URL.
    pub fn is_path(&self) -> bool {
        matches!(self.0.parts().first(), Some(Part::Text(text)) if text.starts_with('/'))
    }

    /// Whether a value is its start.
    pub(super) fn starts_with_value(&self) -> bool {
        matches!(self.0.parts().first(), Some(Part::Hole(_)))
    }

    /// The text with its names in braces.
    pub fn written(&self) -> String {
        self.0.written()
    }

    /// The template, as it was written.
    pub(super) fn template(&self) -> &Template {
        &self.0
    }

    /// The names that stand in its host part, which must therefore be pinned
    /// down, each with its place in the string.
    pub(super) fn in_host(&self) -> Vec<(InHost, &str, Range<usize>)> {
        let holes = self.places().filter_map(|(place, part)| match part {
            Part::Hole(hole) => Some((place, hole)),
            Part::Text(_) => None,
        });
        holes
            .filter_map(|(place, hole)| {
                let place = match place {
                    Place::Start => InHost::Start,
                    Place::Scheme | Place::Authority => InHost::Inside,
                    Place::Path | Place::Query | Place::Fragment => return None,
                };
                Some((place, hole.name.as_str(), hole.at.clone()))
            })
            .collect()
    }

    /// Why what follows a value at the start will not do: anything but the
    /// end, `/`, `?` or `#` would go on with the host that the value names.
    pub(super) fn start_fault(&self) -> Option<&'static str> {
        let closed = match self.0.parts() {
            [Part::Hole(_), Part::Text(text), ..] => text.starts_with(['/', '?', '#']),
            [Part::Hole(_), Part::Hole(_), ..] => false,
            _ => true,
        };
        (!closed).then_some(
            "what follows the value it starts with could be taken for a part of the host",
        )
    }

    /// Whether its own text has a user name (or an empty one) before the
    /// host, wherever its placeholders stand.
    pub(super) fn has_user(&self) -> bool {
        self.places().any(|(place, part)| match part {
            Part::Text(text) => place.authority_in(text).contains('@'),
            Part::Hole(_) => false,
        })
    }

    /// The names it uses.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    /// The text a literal URL has before its first placeholder.
    pub fn leading_text(&self) -> &str {
        match self.0.parts().first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// Its origin (RFC 6454), where no value is part of it.
    pub(super) fn origin(&self) -> Option<url::Origin> {
        let lead = self.leading_text();
        let (_, rest) = lead.split_once("://")?;
        // A value right after the text could still be a part of the host.
        let ends = rest.contains(['/', '?', '#']) || self.names().next().is_none();
        let url = url::Url::parse(lead).ok().filter(|_| ends)?;
        Some(url.origin())
    }

    /// The same as it is written, where values are part of it.
    pub(super) fn written_origin(&self) -> String {
        if let Some(origin) = self.origin() {
            return origin.ascii_serialization();
        }
        let inside = |place| matches!(place, Place::Start | Place::Scheme | Place::Authority);
        let parts = self.places().take_while(|(place, _)| inside(*place));
        let mut text: String = parts.map(|(_, part)| part.written()).collect();
        let host = text.find("://").map_or(0, |at| at + 3);
        if let Some(end) = text[host..].find(['/', '?', '#']) {
            text.truncate(host + end);
        }
        text
    }

    /// Each part with the place it begins in.
    fn places(&self) -> impl Iterator<Item = (Place, &Part)> {
        let mut place = if self.is_path() {
            Place::Path
        } else {
            Place::Start
        };
        self.0.parts().iter().map(move |part| {
            let begins = place;
            place = match part {
                Part::Text(text) => place.after(text),
                // What follows a URL's start is the rest of its path.
                Part::Hole(_) if begins == Place::Start => Place::Path,
                Part::Hole(_) => begins,
            };
            (begins, part)
        })
    }

    /// Renders an absolute URL. `None`: an optional value in it is unset.
    pub fn render(&self, scope: &dyn Scope) -> Result<Option<SafeUrl>, RenderError> {
        let Some((text, shown)) = self.text(scope)? else {
            return Ok(None);
        };
        checked(&text, shown).map(Some)
    }

    /// Renders the origin (RFC 6454) alone: what stands behind the host needs
    /// no value.
    pub fn render_origin(&self, scope: &dyn Scope) -> Result<Option<String>, RenderError> {
        let mut text = String::new();
        for (place, part) in self.places() {
            if !matches!(place, Place::Start | Place::Scheme | Place::Authority) {
                break;
            }
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Hole(hole) => {
                    let Some(value) = hole.value(scope)? else {
                        return Ok(None);
                    };
                    text.push_str(&place.encode(value.text.expose(), &hole.name, false)?);
                }
            }
        }
        let url = checked(&text, text.clone())?;
        Ok(Some(url.origin()))
    }

    /// Renders a path, and puts it on a base with exactly one slash between;
    /// an absolute URL stays as it is.
    pub fn render_on(
        &self,
        base: &SafeUrl,
        scope: &dyn Scope,
    ) -> Result<Option<SafeUrl>, RenderError> {
        if !self.is_path() {
            return self.render(scope);
        }
        let Some((text, shown)) = self.text(scope)? else {
            return Ok(None);
        };
        join(base, &text, &shown).map(Some)
    }

    fn text(&self, scope: &dyn Scope) -> Result<Option<(String, String)>, RenderError> {
        if let Some(why) = self.start_fault() {
            return Err(RenderError::Whole {
                what: "the URL",
                why: why.to_owned(),
            });
        }
        let mut text = String::new();
        let mut shown = String::new();
        for (place, part) in self.places() {
            match part {
                Part::Text(literal) => {
                    let slash = literal.starts_with('/') && text.ends_with('/');
                    let literal = &literal[usize::from(slash && place == Place::Path)..];
                    text.push_str(literal);
                    shown.push_str(literal);
                }
                Part::Hole(hole) => {
                    let Some(value) = hole.value(scope)? else {
                        return Ok(None);
                    };
                    let encoded =
                        place.encode(value.text.expose(), &hole.name, hole.keeps_slashes())?;
                    shown.push_str(if value.secret { REDACTED } else { &encoded });
                    text.push_str(&encoded);
                }
            }
        }
        let in_path = |(place, part): (Place, &Part)| {
            matches!(place, Place::Start | Place::Path) && matches!(part, Part::Hole(_))
        };
        if self.places().any(in_path) {
            refuse_dot_segments(&text)?;
        }
        Ok(Some((text, shown)))
    }
}

#[cfg(test)]
mod tests;
