//! Where `extends` looks: in the file that names the other definition, and
//! from there in the file that lies under it, never the other way: what a
//! file above says cannot change what one below means.

use std::sync::Arc;

use super::extends::Lookup;
use super::load::Definitions;
use super::report::{Problem, Source};
use super::tree::{Entry, Node};

/// A file of which single definitions are read.
pub(super) struct Files<'a> {
    pub(super) file: &'a Definitions,
    pub(super) under: Option<&'a Definitions>,
}

impl Lookup for Files<'_> {
    fn find(&self, key: &str, from: &Node) -> Result<Option<Node>, Problem> {
        if Arc::ptr_eq(&from.source, self.file.source())
            && let Some(node) = self.file.node(key)?
        {
            return Ok(Some(node));
        }
        self.under.map_or(Ok(None), |under| under.node(key))
    }

    fn keys(&self) -> Vec<String> {
        with_those_under(self.file.keys(), self.under)
    }
}

/// A file that is read whole.
pub(super) struct Tables<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) entries: Vec<Entry>,
    /// Why some of them may be missing.
    pub(super) broken: Option<Problem>,
    pub(super) under: Option<&'a Definitions>,
}

impl Lookup for Tables<'_> {
    fn find(&self, key: &str, from: &Node) -> Result<Option<Node>, Problem> {
        if Arc::ptr_eq(&from.source, self.source) {
            let entry = self.entries.iter().find(|entry| entry.key == key);
            match (entry, &self.broken) {
                (Some(entry), _) => return Ok(Some(entry.node.clone())),
                (None, Some(problem)) => return Err(problem.clone()),
                (None, None) => {}
            }
        }
        self.under.map_or(Ok(None), |under| under.node(key))
    }

    fn keys(&self) -> Vec<String> {
        let keys = self.entries.iter().map(|entry| entry.key.clone());
        with_those_under(keys.collect(), self.under)
    }
}

fn with_those_under(mut keys: Vec<String>, under: Option<&Definitions>) -> Vec<String> {
    keys.extend(under.map(Definitions::keys).unwrap_or_default());
    keys
}
