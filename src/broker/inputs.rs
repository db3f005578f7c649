//! The values a definition leaves open: given on the command line, kept from
//! before, taken from the environment or a default, or asked of the person.

use std::collections::BTreeMap;

use crate::connection::ConnectionId;
use crate::definition::{Input, Integration, Parameter};
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::interaction::Interaction;
use crate::secret::Secret;
use crate::ui::{Ui, escape};

/// What may be shown, and what may not.
pub(super) type Given = (BTreeMap<String, String>, BTreeMap<String, Secret>);

/// Whether nobody has to be there: every value stands in the definition or the
/// environment.
pub(super) fn stands_alone(integration: &Integration) -> bool {
    let parameters = integration.parameters.iter().all(|parameter| {
        let is_input = integration.auth.input(&parameter.name).is_some();
        is_input
            || parameter.optional
            || standing_value(parameter).is_ok_and(|value| value.is_some())
    });
    let inputs = integration.auth.inputs.iter().all(|input| {
        let described = integration.parameter(input.name);
        let in_environment =
            || described.is_some_and(|p| standing_value(p).is_ok_and(|value| value.is_some()));
        !input.asked || input.source.is_some() || in_environment()
    });
    !integration.auth.needs_consent() && parameters && inputs
}

/// What can be had with nobody there: the environment and the defaults.
pub(super) fn unattended(id: &ConnectionId, integration: &Integration) -> Result<Given> {
    let mut given = Given::default();
    for parameter in &integration.parameters {
        if integration.auth.input(&parameter.name).is_some() {
            continue;
        }
        match standing_value(parameter)? {
            Some(value) => put(&mut given, parameter, value),
            None if parameter.optional => {}
            None => return Err(missing(id, parameter)),
        }
    }
    for input in &integration.auth.inputs {
        if !input.asked || input.source.is_some() {
            continue;
        }
        let described = integration.parameter(input.name);
        let standing = described.map(standing_value).transpose()?.flatten();
        match standing {
            Some(value) => put_input(&mut given, integration, input, value),
            None => return Err(missing_named(id, input.name, is_secret(integration, input))),
        }
    }
    Ok(given)
}

/// Everything a connect needs. `given` comes from `--param`; `kept` from the
/// connection that is being connected again.
pub(super) fn collect(
    id: &ConnectionId,
    integration: &Integration,
    given: &[(String, Secret)],
    kept: Option<Given>,
    interaction: &Interaction,
    ui: Ui,
) -> Result<Given> {
    refuse_strangers(integration, given)?;
    let kept = kept.unwrap_or_default();
    let mut collected = Given::default();
    for parameter in &integration.parameters {
        if integration.auth.input(&parameter.name).is_some() {
            continue;
        }
        let typed = given.iter().find(|(name, _)| *name == parameter.name);
        if let Some((_, value)) = typed {
            let value = accept(parameter, value.expose())?;
            put(&mut collected, parameter, value);
        } else if let Some(value) = kept_value(&kept, &parameter.name) {
            put(&mut collected, parameter, value);
        } else if let Some(value) = from_environment(parameter)? {
            put(&mut collected, parameter, value);
        } else if let Some(value) = ask(id, parameter, interaction)? {
            put(&mut collected, parameter, value);
        }
    }
    let mut docs = integration.docs.as_deref();
    for input in &integration.auth.inputs {
        let described = integration.parameter(input.name);
        let value = if let Some((_, value)) = given.iter().find(|(name, _)| name == input.name) {
            Some(accept_input(input, described, value.expose())?)
        } else if input.source.is_some() || !input.asked {
            kept_value(&kept, input.name).filter(|_| input.source.is_none())
        } else if let Some(value) = reused(integration, input, &kept, interaction) {
            Some(value)
        } else if let Some(value) = described.map(from_environment).transpose()?.flatten() {
            Some(value)
        } else if let Some(value) = described
            .filter(|_| !interaction.attended())
            .map(standing_value)
            .transpose()?
            .flatten()
        {
            Some(value)
        } else {
            if !interaction.attended() {
                return Err(missing_named(id, input.name, is_secret(integration, input)));
            }
            if let Some(docs) = docs.take() {
                ui.note(&format!("Where to get it: {}", escape(docs)));
            }
            Some(ask_input(integration, input, &kept, interaction)?)
        };
        if let Some(value) = value {
            put_input(&mut collected, integration, input, value);
        }
    }
    Ok(collected)
}

fn refuse_strangers(integration: &Integration, given: &[(String, Secret)]) -> Result<()> {
    let known = |name: &str| {
        integration.parameter(name).is_some() || integration.auth.input(name).is_some()
    };
    let Some((stranger, _)) = given.iter().find(|(name, _)| !known(name)) else {
        return Ok(());
    };
    let parameters = integration.parameters.iter().map(|p| p.name.as_str());
    let inputs = integration.auth.inputs.iter().map(|input| input.name);
    let mut names: Vec<&str> = parameters.collect();
    names.extend(inputs.filter(|name| integration.parameter(name).is_none()));
    Err(Failure::new(
        Kind::Usage,
        format!("`{}` has no parameter `{stranger}`", integration.key),
    )
    .hint(if names.is_empty() {
        "its definition leaves nothing open".to_owned()
    } else {
        format!("its parameters are {}", names.join(", "))
    }))
}

/// An input that was typed before and need not be typed again: not where it is
/// the credential itself and somebody is there to give another.
fn reused(
    integration: &Integration,
    input: &Input,
    kept: &Given,
    interaction: &Interaction,
) -> Option<String> {
    let is_credential = integration.auth.oauth2().is_none();
    if is_credential && interaction.attended() {
        return None;
    }
    kept_value(kept, input.name)
}

/// Asks the person for an input.
pub(super) fn ask_input(
    integration: &Integration,
    input: &Input,
    kept: &Given,
    interaction: &Interaction,
) -> Result<String> {
    let described = integration.parameter(input.name);
    let label = match described {
        Some(parameter) => prompt(parameter),
        None => input.label().to_owned(),
    };
    let typed = if is_secret(integration, input) {
        interaction.ask_secret(&label, false)?.expose().to_owned()
    } else {
        let usual = kept_value(kept, input.name);
        let usual = usual.or_else(|| described.and_then(|p| p.default.clone()));
        interaction.ask(&label, usual.as_deref())?
    };
    accept_input(input, described, &typed)
}

fn accept_input(input: &Input, described: Option<&Parameter>, text: &str) -> Result<String> {
    let name = input.name;
    match described {
        Some(parameter) => accept(parameter, text),
        // Some services take a blank user name or password.
        None if text.trim().is_empty() && !matches!(name, "username" | "password") => {
            Err(Failure::new(Kind::Usage, format!("`{name}` is empty"))
                .hint(format!("give it a value: `--param {name}=env:VARIABLE`")))
        }
        None => Ok(text.to_owned()),
    }
}

/// Whether an input must not be shown: by its nature, or because the parameter
/// that describes it says so.
fn is_secret(integration: &Integration, input: &Input) -> bool {
    let described = integration.parameter(input.name);
    input.is_secret() || described.is_some_and(|parameter| parameter.secret)
}

fn put_input(given: &mut Given, integration: &Integration, input: &Input, value: String) {
    if is_secret(integration, input) {
        given.1.insert(input.name.to_owned(), value.into());
    } else {
        given.0.insert(input.name.to_owned(), value);
    }
}

fn prompt(parameter: &Parameter) -> String {
    match &parameter.help {
        Some(help) => format!("{} ({help})", parameter.label),
        None => parameter.label.clone(),
    }
}

fn ask(
    id: &ConnectionId,
    parameter: &Parameter,
    interaction: &Interaction,
) -> Result<Option<String>> {
    if !interaction.attended() {
        return match &parameter.default {
            Some(default) => accept(parameter, default).map(Some),
            None if parameter.optional => Ok(None),
            None => Err(missing(id, parameter)),
        };
    }
    let label = prompt(parameter);
    if !parameter.choices.is_empty() {
        let shown: Vec<String> = parameter.choices.iter().map(|c| c.shown.clone()).collect();
        let default = parameter.default.as_deref();
        let first = parameter
            .choices
            .iter()
            .position(|c| Some(c.value.as_str()) == default);
        let chosen = interaction.choose(&label, &shown, first.unwrap_or_default())?;
        return Ok(Some(parameter.choices[chosen].value.clone()));
    }
    if parameter.secret {
        let value = interaction.ask_secret(&label, parameter.optional)?;
        if value.expose().is_empty() {
            return Ok(None);
        }
        return accept(parameter, value.expose()).map(Some);
    }
    let empty = parameter.optional.then_some("");
    let value = interaction.ask(&label, parameter.default.as_deref().or(empty))?;
    if value.trim().is_empty() && parameter.optional {
        return Ok(None);
    }
    accept(parameter, &value).map(Some)
}

fn standing_value(parameter: &Parameter) -> Result<Option<String>> {
    if let Some(value) = from_environment(parameter)? {
        return Ok(Some(value));
    }
    let default = parameter.default.as_deref();
    default.map(|value| accept(parameter, value)).transpose()
}

fn from_environment(parameter: &Parameter) -> Result<Option<String>> {
    let value = parameter.env.as_deref().and_then(env::var);
    value.map(|value| accept(parameter, &value)).transpose()
}

fn accept(parameter: &Parameter, text: &str) -> Result<String> {
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

fn put(given: &mut Given, parameter: &Parameter, value: String) {
    if parameter.secret {
        given.1.insert(parameter.name.clone(), value.into());
    } else {
        given.0.insert(parameter.name.clone(), value);
    }
}

fn kept_value(kept: &Given, name: &str) -> Option<String> {
    let secret = kept.1.get(name).map(|secret| secret.expose().to_owned());
    secret.or_else(|| kept.0.get(name).cloned())
}

fn missing(id: &ConnectionId, parameter: &Parameter) -> Failure {
    let failure = missing_named(id, &parameter.name, parameter.secret);
    match &parameter.env {
        Some(env) => failure.hint(format!("or set the environment variable `{env}`")),
        None => failure,
    }
}

fn missing_named(id: &ConnectionId, name: &str, secret: bool) -> Failure {
    let how = if secret {
        format!("hallpass connect {id} --param {name}=env:NAME")
    } else {
        format!("hallpass connect {id} --param {name}=…")
    };
    Failure::new(
        Kind::NeedsConnecting,
        format!("`{id}` needs `{name}`, and nobody is there to type it"),
    )
    .hint(format!("run `{how}`"))
}
