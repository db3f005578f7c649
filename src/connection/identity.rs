//! The client certificate of a connection: read where the definition says, or
//! as it was given when connecting, once in a run.

use super::Values;
use crate::definition::template::RenderError;
use crate::definition::{TLS_CERTIFICATE, TLS_KEY};
use crate::http::{Identity, IdentityError};
use crate::secret::Secret;

impl Values<'_> {
    /// What is shown to servers that ask for a client certificate; `None` where
    /// the definition has none.
    pub fn identity(&self) -> Result<Option<Identity>, RenderError> {
        let Some(tls) = &self.integration().auth.tls else {
            return Ok(None);
        };
        let given = |name: &&str| self.secrets().contains_key(*name);
        let by_definition = ![TLS_CERTIFICATE, TLS_KEY].iter().any(given);
        if let Some(known) = tls.loaded.get().filter(|_| by_definition) {
            return Ok(Some(known.clone()));
        }
        let Some(certificate) = self.input(TLS_CERTIFICATE)? else {
            return Ok(None);
        };
        let key = self.input(TLS_KEY)?;
        let key = key.as_ref().map(Secret::expose);
        let identity = Identity::from_pem(certificate.expose(), key).map_err(unusable)?;
        Ok(Some(if by_definition {
            tls.loaded.get_or_init(|| identity).clone()
        } else {
            identity
        }))
    }
}

fn unusable(error: IdentityError) -> RenderError {
    let (what, why) = match error {
        IdentityError::Certificate(why) => ("`auth.tls.certificate` cannot be used", why),
        IdentityError::Key(why) => ("`auth.tls.key` cannot be used", why),
    };
    RenderError::Whole {
        what,
        why: why.to_owned(),
    }
}
