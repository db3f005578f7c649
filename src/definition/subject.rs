//! Reads `subject_token` and `subject_token_type`: the token that
//! `grant = "token_exchange"` shows (RFC 8693 section 2.1), of which a
//! definition names the place, never the text: it is another for each job.

use super::names::{Known, Moment};
use super::oauth2::Grant;
use super::report::Problem;
use super::source::{self, ValueSource};
use super::strings;
use super::table::TableReader;
use super::template::Template;
use super::tree::{Node, Tree};
use crate::env;
use crate::secret::Secret;

/// The token that is exchanged.
#[derive(Clone, Debug)]
pub struct SubjectToken {
    /// Where it comes from, anew for each exchange.
    pub source: SubjectSource,
    /// What it is: a URI (RFC 8693 section 3).
    pub token_type: String,
}

/// Where a subject token comes from.
#[derive(Clone, Debug)]
pub enum SubjectSource {
    /// An environment variable, a file or a command.
    Place(ValueSource),
    /// The runner of a GitHub Actions job, which signs one when it is asked.
    GithubActions {
        /// Whom it is to be for; the runner's own default unless set.
        audience: Option<Template>,
    },
}

impl SubjectToken {
    /// Whom it is to be for, where the definition has a say in that.
    pub(super) fn audience(&self) -> Option<&Template> {
        match &self.source {
            SubjectSource::GithubActions { audience } => audience.as_ref(),
            SubjectSource::Place(_) => None,
        }
    }

    /// What tells this token from another, as far as that is known without
    /// asking a file, a command or a runner.
    pub fn marks(&self) -> Vec<Secret> {
        let named = |names: &[&str]| names.iter().copied().filter_map(env::var).collect();
        let texts: Vec<String> = match &self.source {
            SubjectSource::Place(ValueSource::Literal(text)) => return vec![text.clone()],
            SubjectSource::Place(ValueSource::Env(name)) => named(&[name.as_str()]),
            SubjectSource::Place(ValueSource::File(path)) => vec![path.display().to_string()],
            SubjectSource::Place(ValueSource::Command(words)) => words.clone(),
            SubjectSource::GithubActions { .. } => named(&[
                env::ACTIONS_ID_TOKEN_REQUEST_URL,
                env::ACTIONS_ID_TOKEN_REQUEST_TOKEN,
            ]),
        };
        texts.into_iter().map(Secret::from).collect()
    }
}

/// The short words for token types, and what comes before them in full.
const TYPES: [&str; 6] = [
    "jwt",
    "id_token",
    "access_token",
    "refresh_token",
    "saml2",
    "saml1",
];
const URN: &str = "urn:ietf:params:oauth:token-type:";

/// Reads both keys; other grants have none of them.
pub(super) fn read(
    table: &mut TableReader<'_>,
    grant: Option<Grant>,
    known: &Known<'_>,
) -> Option<SubjectToken> {
    let grant = grant?;
    if grant != Grant::TokenExchange {
        refuse(table, grant);
        return None;
    }
    if !table.has("subject_token") {
        table.missing(
            "subject_token",
            "it is the token that is exchanged",
            "add `subject_token = { github_actions = { audience = \"…\" } }`, or name `{ env = \"NAME\" }`, `{ file = \"path\" }` or `{ command = [\"…\"] }`",
        );
    }
    let token_type = token_type(table);
    Some(SubjectToken {
        source: subject(table, known)?,
        token_type: token_type?,
    })
}

/// Says of the keys whose they are.
fn refuse(table: &mut TableReader<'_>, grant: Grant) {
    for key in ["subject_token", "subject_token_type"] {
        let Some(entry) = table.stranger(key) else {
            continue;
        };
        table.problems().add(entry.problem(
            format!("`{key}` means nothing to `grant = \"{}\"`", grant.name()),
            "leave it out, or write `grant = \"token_exchange\"`",
        ));
    }
}

fn token_type(table: &mut TableReader<'_>) -> Option<String> {
    let Some(node) = table.get("subject_token_type") else {
        return Some(format!("{URN}jwt"));
    };
    let (word, _) = table.string("subject_token_type")?;
    if TYPES.contains(&word) {
        return Some(format!("{URN}{word}"));
    }
    if url::Url::parse(word).is_ok() {
        return Some(word.to_owned());
    }
    let known: Vec<String> = TYPES.iter().map(|word| format!("`{word}`")).collect();
    table.problems().add(node.problem(
        format!("`{word}` is no type of a token"),
        format!(
            "write one of {}, or the whole URI that the provider names",
            known.join(", ")
        ),
    ));
    None
}

fn subject(table: &mut TableReader<'_>, known: &Known<'_>) -> Option<SubjectSource> {
    let name = table.name_of("subject_token");
    let problems = table.problems();
    let node = table.get("subject_token")?;
    let Tree::Table(entries) = &node.value else {
        problems.add(written_out(node, &name));
        return None;
    };
    let Some(asked) = entries.iter().find(|entry| entry.key == "github_actions") else {
        let place = source::from_table(node, name, Some("github_actions"), problems)?;
        return Some(SubjectSource::Place(place));
    };
    if entries.len() > 1 {
        problems.add(node.problem(
            format!("`{name}` must name one place"),
            "write one of `github_actions = { audience = \"…\" }`, `env = \"NAME\"`, `file = \"path\"`, `command = [\"…\"]`",
        ));
        return None;
    }
    let mut inner = TableReader::new(&asked.node, format!("{name}.github_actions"), problems)?;
    let audience = inner.get("audience").map(|node| {
        let place = ("audience", Moment::Endpoint);
        strings::value(node, known, place, "write a string", problems)
    });
    inner.finish();
    let audience = match audience {
        Some(read) => Some(read?),
        None => None,
    };
    Some(SubjectSource::GithubActions { audience })
}

fn written_out(node: &Node, name: &str) -> Problem {
    let mut problem = node.problem(
        format!("`{name}` is {}, not the name of a place", node.type_name()),
        "name where the job finds it: `{ env = \"NAME\" }`, `{ file = \"path\" }`, `{ command = [\"…\"] }` or `{ github_actions = { audience = \"…\" } }`",
    );
    problem.why = Some(
        "such a token is short-lived and another for each job, so that none is ever written out"
            .to_owned(),
    );
    problem
}
