//! What a redirect says (RFC 6749 section 4.1.2): judged alike whether a
//! browser brought it to the listener or a person pasted it. Its issuer
//! (RFC 9207) is compared where the server's metadata is known.

use super::GrantError;
use crate::secret::Secret;

/// What the redirect of this run has to bring.
pub(super) struct Expected {
    /// What ties the answer to the question.
    pub(super) state: Secret,
    /// The parameter that the code comes in.
    pub(super) code_param: String,
}

/// A redirect that belongs to this run.
pub(super) struct Said {
    /// The code, or what the provider said instead.
    pub(super) outcome: Result<Secret, GrantError>,
    /// What else the redirect brought: each parameter that came once.
    pub(super) params: Vec<(String, String)>,
}

/// Why a redirect is no answer to this run's question. Nothing of it is
/// repeated: it may be anybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// The state is another, missing, or there twice.
    #[error("its `state` is not that of the link above, so it answers another question")]
    State,
    /// Neither a code nor an error, or a code twice.
    #[error("there is no code in it")]
    NoCode,
    /// An issuer named twice is no answer (RFC 6749 section 3.1).
    #[error("it names its issuer twice")]
    Issuers,
}

impl Expected {
    /// Reads a redirect's query.
    pub(super) fn read(&self, query: &str) -> Result<Said, NotOurs> {
        let given = single(query, "state").ok_or(NotOurs::State)?;
        if !self.state.equals(&given) {
            return Err(NotOurs::State);
        }
        if is_repeated(query, "iss") {
            return Err(NotOurs::Issuers);
        }
        let outcome = match (
            single(query, &self.code_param),
            single(query, "error").filter(|error| !error.is_empty()),
        ) {
            (_, Some(error)) => Err(GrantError::Denied {
                error,
                description: single(query, "error_description"),
            }),
            (Some(code), None) if !code.is_empty() => Ok(Secret::from(code)),
            _ => return Err(NotOurs::NoCode),
        };
        Ok(Said {
            outcome,
            params: singles(query, &["state", "code", &self.code_param]),
        })
    }
}

/// A parameter that must not be repeated (RFC 6749 section 3.1).
fn single(query: &str, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let mut found = pairs.filter(|(known, _)| known == name);
    let value = found.next()?.1.into_owned();
    found.next().is_none().then_some(value)
}

fn is_repeated(query: &str, name: &str) -> bool {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(known, _)| known == name).count() > 1
}

/// The parameters that came once, but for these.
fn singles(query: &str, but: &[&str]) -> Vec<(String, String)> {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let once = |name: &str| pairs.iter().filter(|(known, _)| known == name).count() == 1;
    let kept = pairs
        .iter()
        .filter(|(name, _)| once(name) && !but.contains(&name.as_str()));
    kept.cloned().collect()
}
