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
    value: Secret,
) {
    let secret = is_secret(integration, input);
    put_named(given, input.name, secret, value);
}

/// The value as it is kept: whether it may be shown is for `put` to know.
pub(super) fn accept(parameter: &Parameter, text: &str) -> Result<Secret> {
    let accepted = parameter.accept(text).map(Secret::from);
    accepted.map_err(|why| {
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

pub(super) fn put(given: &mut Given, parameter: &Parameter, value: Secret) {
    put_named(given, &parameter.name, parameter.secret, value);
}

fn put_named(given: &mut Given, name: &str, secret: bool, value: Secret) {
    if secret {
        given.1.insert(name.to_owned(), value);
    } else {
        given.0.insert(name.to_owned(), value.expose().to_owned());
    }
}

pub(super) fn kept_value(kept: &Given, name: &str) -> Option<Secret> {
    let secret = kept.1.get(name).cloned();
    secret.or_else(|| kept.0.get(name).map(Secret::new))
}
