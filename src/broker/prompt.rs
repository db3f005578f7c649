//! Asking the person who connects, again where the answer will not do.

use super::given::{Given, accept, is_secret, kept_value};
use crate::definition::{AuthKind, Input, Integration, Parameter};
use crate::error::{Failure, Kind, Result};
use crate::interaction::Interaction;
use crate::secret::Secret;
use crate::ui::{Ui, escape};

/// Asks the person for an input, again where the answer will not do.
pub(super) fn ask_input(
    integration: &Integration,
    input: &Input,
    kept: &Given,
    (interaction, ui): (&Interaction, Ui),
) -> Result<Secret> {
    let described = integration.parameter(input.name);
    let label = match described {
        Some(parameter) => prompt(parameter),
        None => input.label().to_owned(),
    };
    loop {
        let typed = if is_secret(integration, input) {
            interaction.ask_secret(&label, may_be_blank(input))?
        } else {
            let usual = kept_value(kept, input.name);
            let default = described.and_then(|p| p.default.as_deref());
            let usual = usual.as_ref().map(Secret::expose).or(default);
            interaction.ask(&label, usual).map(Secret::from)?
        };
        match accept_input(integration, input, typed.expose()) {
            Ok(value) => return Ok(value),
            Err(failure) => ui.warn(&escape(&failure.message())),
        }
    }
}

/// Some services take a blank user name or password.
fn may_be_blank(input: &Input) -> bool {
    matches!(input.name, "username" | "password")
}

pub(super) fn accept_input(integration: &Integration, input: &Input, text: &str) -> Result<Secret> {
    let name = input.name;
    let another = || format!("give it another value: `--param {name}=env:VARIABLE`");
    let is_basic = matches!(integration.auth.kind, AuthKind::Basic);
    let value = match integration.parameter(name) {
        Some(parameter) => accept(parameter, text)?,
        None if text.trim().is_empty() && !may_be_blank(input) => {
            return Err(Failure::new(Kind::Usage, format!("`{name}` is empty")).hint(another()));
        }
        None => Secret::new(text),
    };
    if name == "username" && is_basic && value.expose().contains(':') {
        let why = "`username` holds a `:`, which would begin the password (RFC 7617)";
        return Err(Failure::new(Kind::Usage, why.to_owned()).hint(another()));
    }
    Ok(value)
}

/// Asks the person for a parameter, again where the answer will not do.
pub(super) fn ask(
    parameter: &Parameter,
    interaction: &Interaction,
    ui: Ui,
) -> Result<Option<Secret>> {
    let label = prompt(parameter);
    if !parameter.choices.is_empty() {
        let shown: Vec<String> = parameter.choices.iter().map(|c| c.shown.clone()).collect();
        let default = parameter.default.as_deref();
        let first = parameter
            .choices
            .iter()
            .position(|c| Some(c.value.as_str()) == default);
        let chosen = interaction.choose(&label, &shown, first.unwrap_or_default())?;
        return Ok(Some(Secret::new(&parameter.choices[chosen].value)));
    }
    loop {
        let typed = if parameter.secret {
            interaction.ask_secret(&label, parameter.optional)?
        } else if parameter.optional && parameter.default.is_none() {
            interaction.ask_optional(&label).map(Secret::from)?
        } else {
            let default = parameter.default.as_deref();
            interaction.ask(&label, default).map(Secret::from)?
        };
        if typed.expose().trim().is_empty() && parameter.optional {
            return Ok(None);
        }
        match accept(parameter, typed.expose()) {
            Ok(value) => return Ok(Some(value)),
            Err(failure) => ui.warn(&escape(&failure.message())),
        }
    }
}

fn prompt(parameter: &Parameter) -> String {
    let optional = parameter.optional.then_some("optional");
    let notes: Vec<&str> = parameter
        .help
        .as_deref()
        .into_iter()
        .chain(optional)
        .collect();
    if notes.is_empty() {
        return parameter.label.clone();
    }
    format!("{} ({})", parameter.label, notes.join("; "))
}
