//! Values that were given for what a definition leaves open: held to what is
//! accepted, and kept apart by whether they may be shown.

use std::collections::BTreeMap;

use crate::definition::{Input, Integration, Parameter};
use crate::error::{Failure, Kind, Result};
use crate::secret::Secret;

/// What may be shown, and what may not.
pub(super) type Given = (BTreeMap<String, String>, BTreeMap<String, Secret>);

/// Whether an input must not be shown: by its nature, or because the parameter
/// that describes it says so.
pub(super) fn is_secret(integration: &Integration, input: &Input) -> bool {
    let described = integration.parameter(input.name);
    input.is_secret() || described.is_some_and(|parameter| parameter.secret)
}

pub(super) fn put_input(
    given: &mut Given,
    integration: &Integration,
    input: &Input,
    value: String,
) {
    if is_secret(integration, input) {
        given.1.insert(input.name.to_owned(), value.into());
    } else {
        given.0.insert(input.name.to_owned(), value);
    }
}

pub(super) fn accept(parameter: &Parameter, text: &str) -> Result<String> {
    parameter.accept(text).map_err(|why| {
        let failure = Failure::new(Kind::Usage, why);
        match &parameter.help {
            Some(help) => failure.hint(help),
            None => failure.hint(format!(
                "give another value: `--param {}=…`",
                parameter.name
            )),
        }
    })
}

pub(super) fn put(given: &mut Given, parameter: &Parameter, value: String) {
    if parameter.secret {
        given.1.insert(parameter.name.clone(), value.into());
    } else {
        given.0.insert(parameter.name.clone(), value);
    }
}

pub(super) fn kept_value(kept: &Given, name: &str) -> Option<String> {
    let secret = kept.1.get(name).map(|secret| secret.expose().to_owned());
    secret.or_else(|| kept.0.get(name).cloned())
}
