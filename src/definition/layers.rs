//! The definitions in force: the user's file (or the one that was named), and
//! over it the project file that was found, whose definitions replace the
//! user's of the same key whole.
//!
//! Promises: of a project file that is not trusted nothing is used but the
//! names of its keys, and those are withheld rather than looked up in the
//! user's file: nobody gets another definition than the one they see. Where a
//! file is too broken to tell its keys, every key it mentions counts as one.

use super::Integration;
use super::load::{Definitions, Found};
use super::project::Project;
use super::report::{Problem, Severity};
use crate::error::{Failure, Kind, Result};

/// What is known of a project file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// These bytes were looked at and trusted.
    Trusted,
    /// It was never trusted.
    New,
    /// Other bytes were trusted, which defined these keys.
    Changed(Vec<String>),
}

/// The definitions in force.
#[derive(Clone, Debug)]
pub struct Layers {
    own: Definitions,
    project: Option<Layer>,
}

#[derive(Clone, Debug)]
struct Layer {
    file: Project,
    /// Why it is not used; nothing when it is.
    withheld: Option<Withheld>,
}

/// A project file that is not used.
#[derive(Clone, Debug)]
struct Withheld {
    /// The keys that can be made out.
    keys: Vec<String>,
    why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    New,
    Changed,
    /// It cannot be used, and its keys can be told.
    Unusable(String),
    /// It cannot be used, and there may be more keys than can be told.
    Broken(String),
}

impl Layers {
    /// One file alone.
    pub fn of(own: Definitions) -> Self {
        Self { own, project: None }
    }

    /// A project file over the user's.
    pub fn with(own: Definitions, file: Project, standing: Standing) -> Self {
        let withheld = Withheld::of(&file, standing);
        Self {
            own,
            project: Some(Layer { file, withheld }),
        }
    }

    /// The same, the project file trusted as it was read.
    #[must_use]
    pub fn trusting(&self) -> Self {
        let mut trusting = self.clone();
        if let Some(layer) = &mut trusting.project {
            layer.withheld = None;
        }
        trusting
    }

    /// The user's file, or the one that was named.
    pub fn own(&self) -> &Definitions {
        &self.own
    }

    /// The project file, whether or not it is used.
    pub fn project(&self) -> Option<&Project> {
        self.project.as_ref().map(|layer| &layer.file)
    }

    /// The file whose definitions go first.
    pub fn first(&self) -> &Definitions {
        match self.in_use() {
            Some(file) => file.definitions(),
            None => &self.own,
        }
    }

    /// The project file, where it is used.
    pub fn in_use(&self) -> Option<&Project> {
        let layer = self.project.as_ref()?;
        layer.withheld.is_none().then_some(&layer.file)
    }

    /// The keys of a project file that is not used; `None` when there is none
    /// such.
    pub fn withheld(&self) -> Option<&[String]> {
        Some(&self.withheld_layer()?.1.keys)
    }

    /// Whether this key is a project file's that is not used.
    pub fn withholds(&self, key: &str) -> bool {
        self.withheld_layer()
            .is_some_and(|(file, withheld)| withheld.claims(key, file))
    }

    /// Whether any of the files defines this key, validly or not, or may, where
    /// it is too broken to tell.
    pub fn may_define(&self, key: &str) -> bool {
        let above = self.in_use().map(Project::definitions);
        let mut files = above.into_iter().chain([&self.own]);
        self.withholds(key) || files.any(|file| may_define(file, key))
    }

    /// Whether a person could change that by trusting the file.
    pub fn could_be_trusted(&self) -> bool {
        self.withheld_layer()
            .is_some_and(|(_, withheld)| matches!(withheld.why, Why::New | Why::Changed))
    }

    /// What a person should be told though nothing was asked of the project
    /// file: that it cannot be used at all.
    pub fn warning(&self) -> Option<String> {
        let (file, withheld) = self.withheld_layer()?;
        match &withheld.why {
            Why::Unusable(why) | Why::Broken(why) => {
                let path = file.path().display();
                Some(format!("the project file `{path}` is not used: {why}"))
            }
            Why::New | Why::Changed => None,
        }
    }

    /// One definition, which must be there, usable and valid.
    pub fn get(&self, key: &str) -> Result<Integration> {
        if self.withholds(key) {
            return Err(self.refused(Some(key)));
        }
        let Some(file) = self.in_use() else {
            return self.own.get(key);
        };
        if let Some(integration) = file.definitions().get_over(key, Some(&self.own))? {
            return Ok(integration);
        }
        if let Some(integration) = self.own.get_over(key, None)? {
            return Ok(integration);
        }
        let mut keys = file.definitions().keys();
        keys.extend(self.own.keys());
        Err(file.definitions().unknown(key, &keys))
    }

    /// All definitions that can be used, and all their problems.
    pub fn all(&self) -> Found {
        let Some(layer) = &self.project else {
            return self.own.all();
        };
        if let Some(withheld) = &layer.withheld {
            let wanted = |key: &str| !withheld.claims(key, &layer.file);
            return self.own.all_over(None, &wanted);
        }
        let mut found = layer.file.all(&self.own);
        let above = found.keys.clone();
        let wanted = |key: &str| !above.iter().any(|known| known == key);
        found.add(self.own.all_over(None, &wanted));
        found
    }

    /// The same, with what is amiss outside the files: for `check` alone. A
    /// project file that is not trusted is an error, and nothing is looked at.
    pub fn check(&self) -> Result<Found> {
        match self.withheld_layer() {
            Some(_) => Err(self.refused(None)),
            None => Ok(self.all().looked_into()),
        }
    }

    /// That a project file is not trusted, as a problem of it; `None` when it
    /// is, or there is none.
    pub fn untrusted(&self) -> Option<Problem> {
        let (file, withheld) = self.withheld_layer()?;
        Some(Problem {
            severity: Severity::Error,
            source: file.definitions().source().clone(),
            span: 0..0,
            message: withheld.why.to_string(),
            why: Some(
                "a file that was found can send secrets anywhere and run commands".to_owned(),
            ),
            help: Some("run `hallpass trust`".to_owned()),
        })
    }

    fn withheld_layer(&self) -> Option<(&Project, &Withheld)> {
        let layer = self.project.as_ref()?;
        Some((&layer.file, layer.withheld.as_ref()?))
    }

    /// Why a key, or the project file as a whole, is not to be had.
    pub fn refused(&self, key: Option<&str>) -> Failure {
        let Some((file, withheld)) = self.withheld_layer() else {
            return Failure::new(Kind::Internal, "a project file in use was refused");
        };
        let path = file.path().display();
        let what = match key {
            Some(key) => format!("`{key}` cannot be used here: the project file `{path}` names it"),
            None => format!("the project file `{path}` cannot be used"),
        };
        let failure = Failure::new(Kind::Definition, &withheld.why).context(what);
        let failure = match withheld.why {
            Why::New | Why::Changed => {
                failure.hint("see what it does, and let it be used: `hallpass trust`")
            }
            Why::Broken(_) if file.fault().is_none() => {
                failure.hint("mend it; `hallpass trust` shows what is wrong")
            }
            Why::Broken(_) | Why::Unusable(_) => failure.hint(file.remedy()),
        };
        let own = self.own.source().path.display();
        match key {
            Some(key) if self.own.keys().iter().any(|known| known == key) => {
                failure.hint(format!("or use your own: `hallpass --config {own} …`"))
            }
            Some(_) => failure,
            None if file.is_unread() => failure,
            None => failure.hint(format!(
                "or only check it, as a file that you name: `hallpass --config {path} check`"
            )),
        }
    }
}

impl Withheld {
    fn of(file: &Project, standing: Standing) -> Option<Self> {
        let before = match standing {
            // Trust does not outlive what makes a file unfit for it.
            Standing::Trusted if file.fault().is_none() => return None,
            Standing::Trusted | Standing::New => None,
            Standing::Changed(keys) => Some(keys),
        };
        let (mut keys, broken) = file.definitions().recovered_keys();
        let why = match (file.fault(), broken) {
            (None, None) if before.is_some() => Why::Changed,
            (None, None) => Why::New,
            (Some(fault), None) if file.is_whole() || file.is_unread() => {
                Why::Unusable(fault.to_owned())
            }
            (Some(fault), _) => Why::Broken(fault.to_owned()),
            (None, Some(message)) => Why::Broken(format!("it is not TOML: {message}")),
        };
        if matches!(why, Why::Broken(_)) || file.is_unread() {
            // What was trusted of it is relied upon.
            keys.extend(before.into_iter().flatten());
        }
        Some(Self { keys, why })
    }

    fn claims(&self, key: &str, file: &Project) -> bool {
        let text = &file.definitions().source().text;
        self.keys.iter().any(|known| known == key)
            || matches!(self.why, Why::Broken(_)) && mentions(text, key)
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Why::New => f.write_str("it is not trusted"),
            Why::Changed => f.write_str("it has changed since it was trusted"),
            Why::Unusable(why) | Why::Broken(why) => f.write_str(why),
        }
    }
}

fn may_define(file: &Definitions, key: &str) -> bool {
    let (keys, broken) = file.recovered_keys();
    keys.iter().any(|known| known == key) || broken.is_some() && mentions(&file.source().text, key)
}

/// Whether a text has the key as a word.
fn mentions(text: &str, key: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(key).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + key.len()..]);
        !before.ends_with(goes_on) && !after.starts_with(goes_on)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_mentioned_as_a_whole_word() {
        for (text, expected) in [
            ("[integrations.git.auth", true),
            ("[integrations.\"git\"", true),
            ("git", true),
            ("[integrations.github]", false),
            ("a-git git_b", false),
            ("", false),
        ] {
            assert_eq!(mentions(text, "git"), expected, "{text}");
        }
    }
}
