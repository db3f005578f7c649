//! What a definition takes of another file's by `extends`: whose it is, and
//! the values that would go wherever this one sends them, a secret among them
//! or not. URLs are not told here: `reach` shows every origin as it comes out.

use std::sync::Arc;

use super::report::Source;
use super::tree::{Node, Tree};
use super::{INPUTS, JWT_KEY};

/// Tables of what is sent along, which may hold a secret that is written out.
const SENT: [&str; 7] = [
    "headers", "query", "json", "params", "basic", "form", "body",
];

/// What a definition takes of another file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inherited {
    /// The first definition of that file that it extends.
    pub key: String,
    /// The inputs, and the tables of what is sent, that stand there in whole or
    /// in part, by name; in the order of the tree.
    pub values: Vec<String>,
}

impl Inherited {
    /// What `merged`, a definition with all it extends under it, takes of
    /// `key`, a definition of another file.
    pub(super) fn of(key: String, merged: &Node) -> Self {
        let mut values = Vec::new();
        if let Tree::Table(entries) = &merged.value {
            for entry in entries {
                if matches!(entry.key.as_str(), "auth" | "api" | "actions" | "values") {
                    let mut path = vec![entry.key.as_str()];
                    gather(&entry.node, &merged.source, &mut path, &mut values);
                }
            }
        }
        Self { key, values }
    }
}

/// Notes what stands in another file than `own` below `path`.
fn gather<'a>(
    node: &'a Node,
    own: &Arc<Source>,
    path: &mut Vec<&'a str>,
    values: &mut Vec<String>,
) {
    match &node.value {
        Tree::Table(entries) => {
            for entry in entries {
                path.push(&entry.key);
                gather(&entry.node, own, path, values);
                path.pop();
            }
        }
        _ if Arc::ptr_eq(&node.source, own) => {}
        _ => {
            let name = name(path).filter(|name| !values.contains(name));
            values.extend(name);
        }
    }
}

/// What the value at a path counts as; nothing where it tells how rather than
/// what.
fn name(path: &[&str]) -> Option<String> {
    match path {
        ["auth", key, ..] if INPUTS.contains(key) => return Some((*key).to_owned()),
        ["auth", "jwt", "key", ..] => return Some(JWT_KEY.to_owned()),
        ["auth", key @ ("tls" | "subject_token"), ..] => return Some((*key).to_owned()),
        ["values", ..] => return Some("values".to_owned()),
        _ => {}
    }
    let at = path.iter().position(|word| SENT.contains(word))?;
    Some(path[..=at].join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_and_what_is_sent_have_names_and_the_rest_has_none() {
        for (path, expected) in [
            ("auth client_secret", Some("client_secret")),
            ("auth password env", Some("password")),
            ("auth jwt key file", Some("jwt.key")),
            ("auth jwt alg", None),
            ("auth token_url", None),
            ("auth token params key", Some("auth.token.params")),
            ("api headers X-Key", Some("api.headers")),
            ("api base_url", None),
            ("values pair", Some("values")),
            ("actions send json a b", Some("actions.send.json")),
        ] {
            let path: Vec<&str> = path.split(' ').collect();
            assert_eq!(name(&path).as_deref(), expected, "{path:?}");
        }
    }
}
