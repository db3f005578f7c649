//! What a credential was made of, as a hash: it tells whether one that is kept
//! is the one that the definition and the environment would make now.

use sha2::{Digest as _, Sha256};

use super::Values;
use crate::definition::{InputSource, SubjectToken, ValueSource};

impl Values<'_> {
    /// A hash of what a credential is made of, as far as that is known without
    /// asking a file or a command: what is made of other values is another
    /// credential.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |name: &str, value: &str| {
            for piece in [name, value] {
                hash.update(piece.len().to_be_bytes());
                hash.update(piece);
            }
        };
        let auth = &self.integration().auth;
        add("grant", auth.grant_name());
        let issuer = auth.oauth2().and_then(|oauth| oauth.issuer.as_ref());
        let issuer = issuer.and_then(|issuer| issuer.render(self).ok().flatten());
        if let Some(issuer) = issuer {
            add("issuer", issuer.expose().as_str());
        }
        if let Some(dpop) = auth.oauth2().and_then(|oauth| oauth.dpop) {
            add("dpop", dpop.name());
        }
        for (name, secret) in self.secrets() {
            add(name, secret.expose());
        }
        if let Some(oauth) = auth.oauth2() {
            // One job's token is not another's.
            let subject = oauth.subject.iter().flat_map(SubjectToken::marks);
            subject.for_each(|mark| add("subject_token", mark.expose()));
            // Another audience or another claim makes another token, too.
            if let Some(text) = auth.asked_for() {
                add("asked for", &text);
            }
        }
        for input in &auth.inputs {
            let Some(InputSource::Value(source @ (ValueSource::Literal(_) | ValueSource::Env(_)))) =
                &input.source
            else {
                continue;
            };
            if let Ok(value) = source.resolve() {
                add(input.name, value.expose());
            }
        }
        hex::encode(hash.finalize())
    }
}
