//! What of a definition has to be known before any of its strings is read:
//! its type, and the names that answers will bring.

use super::names::{Facts, KeptName};
use super::parameter::Parameter;
use super::report::{Problems, closest};
use super::template::Names;
use super::tree::{Entry, Node, Tree};
use super::{BUILT_IN, INPUTS, is_name};

/// The types, as they are written.
pub(super) const TYPES: [(&str, AuthType); 6] = [
    ("oauth2", AuthType::OAuth2),
    ("api_key", AuthType::ApiKey),
    ("basic", AuthType::Basic),
    ("custom_token", AuthType::CustomToken),
    ("jwt", AuthType::Jwt),
    ("none", AuthType::None),
];

/// Grants whose answer comes with no redirect.
const GRANTS_WITHOUT_REDIRECT: [&str; 5] = [
    "device_code",
    "client_credentials",
    "password",
    "jwt_bearer",
    "token_exchange",
];

/// `auth.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuthType {
    OAuth2,
    ApiKey,
    Basic,
    CustomToken,
    Jwt,
    None,
}

/// What names depend on, told before any string is read; and the names that
/// answers will bring are made known.
pub(super) fn read(
    node: Option<&Node>,
    names: &mut Names,
    parameters: &[Parameter],
    problems: &Problems,
) -> Facts {
    let mut facts = Facts::default();
    let Some(Tree::Table(entries)) = node.map(|node| &node.value) else {
        return facts;
    };
    let text = |key: &str| match entry(entries, key).map(|node| &node.value) {
        Some(Tree::String(text)) => text.as_str(),
        _ => "",
    };
    let kind = meant(entries).map_or("none", |(word, _)| word);
    kind.clone_into(&mut facts.kind);
    let redirects = !GRANTS_WITHOUT_REDIRECT.contains(&text("grant"));
    facts.consents = kind == "oauth2" && redirects;
    facts.polls = kind == "oauth2" && text("grant") == "device_code";
    facts.has_jwt = entry(entries, "jwt").is_some();
    facts.has_site = entry(entries, "site").is_some();
    let mut tables = vec![entry(entries, "capture")];
    if let Some(Tree::Array(steps)) = entry(entries, "steps").map(|node| &node.value) {
        tables.extend(steps.iter().map(|step| node_at(step, "save")));
    }
    tables.extend(entry(entries, "lookup").map(|node| node_at(node, "save")));
    for node in tables.into_iter().flatten() {
        let Tree::Table(entries) = &node.value else {
            continue;
        };
        for entry in entries {
            let typed = parameters.iter().find(|known| known.name == entry.key);
            if typed.is_some_and(|parameter| !parameter.optional) {
                let problem = entry.problem(
                    format!(
                        "the parameter `{}` is always typed, so that this is never used",
                        entry.key
                    ),
                    "give the parameter `optional = true`, or this another name",
                );
                problems.add(problem);
            }
            add_kept(entry, names, &mut facts.kept, problems);
        }
    }
    facts
}

/// Makes the name of a kept value known; it may be an optional parameter's,
/// which it then yields to, but no other's: what is held to a host or kept
/// secret by one must not come from the other.
fn add_kept(entry: &Entry, names: &mut Names, kept: &mut Vec<KeptName>, problems: &Problems) {
    let name = &entry.key;
    let built_in = BUILT_IN.contains(&name.as_str()) || INPUTS.contains(&name.as_str());
    if built_in || !is_name(name) {
        let problem = entry.problem(
            format!("`{name}` cannot be the name of a kept value"),
            if built_in {
                "that is a built-in name; choose another"
            } else {
                "use lower-case letters, digits and `_`, beginning with a letter"
            },
        );
        problems.add(problem);
        return;
    }
    if kept.iter().any(|known| known.name == *name) {
        let mut problem = entry.problem(
            format!("`{name}` is kept twice"),
            "choose another name for one of the two",
        );
        problem.why = Some("which of the two a placeholder means could not be told".to_owned());
        problems.add(problem);
        return;
    }
    names.add(name);
    let secret = matches!(
        node_at(&entry.node, "secret").map(|node| &node.value),
        Some(Tree::Bool(true))
    );
    kept.push(KeptName {
        name: name.clone(),
        secret,
        pinned: node_at(&entry.node, "pattern").is_some(),
    });
}

/// The type that is written, or meant by what is written: a misspelt word does
/// not keep the rest from being read.
pub(super) fn meant(entries: &[Entry]) -> Option<(&'static str, AuthType)> {
    let words = || TYPES.iter().map(|(word, _)| *word);
    let written = match entry(entries, "type").map(|node| &node.value) {
        Some(Tree::String(text)) => {
            let exact = words().find(|word| word == text);
            exact.or_else(|| closest(text, words()))
        }
        _ => None,
    };
    let tells = ["grant", "authorization_url", "scopes"];
    let by_keys = tells.iter().any(|key| entry(entries, key).is_some());
    let word = written.or(by_keys.then_some("oauth2"))?;
    TYPES.iter().find(|(known, _)| *known == word).copied()
}

fn entry<'a>(entries: &'a [Entry], key: &str) -> Option<&'a Node> {
    let found = entries.iter().find(|entry| entry.key == key)?;
    Some(&found.node)
}

pub(super) fn node_at<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    match &node.value {
        Tree::Table(entries) => entry(entries, key),
        _ => None,
    }
}
