//! The values a definition leaves open: given on the command line, kept from
//! before, taken from the environment or a default, or asked of the person.

use super::given::{Given, accept, is_secret, kept_value, put, put_input};
use super::prompt::{accept_input, ask, ask_input};
use crate::connection::ConnectionId;
use crate::definition::{Input, Integration, Parameter};
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::interaction::Interaction;
use crate::secret::Secret;
use crate::ui::{Ui, escape};

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
    let mut collector = Collector {
        integration,
        given,
        kept: kept.unwrap_or_default(),
        interaction,
        ui,
        collected: Given::default(),
        missing: Vec::new(),
    };
    for parameter in &integration.parameters {
        if integration.auth.input(&parameter.name).is_none() {
            collector.parameter(parameter)?;
        }
    }
    let mut docs = integration.docs.as_deref();
    for input in &integration.auth.inputs {
        collector.input(input, &mut docs)?;
    }
    if collector.missing.is_empty() {
        return Ok(collector.collected);
    }
    Err(all_missing(id, &collector.missing))
}

/// Gathers what a connect needs, one value after the other.
struct Collector<'a> {
    integration: &'a Integration,
    given: &'a [(String, Secret)],
    kept: Given,
    interaction: &'a Interaction,
    ui: Ui,
    collected: Given,
    missing: Vec<Missing<'a>>,
}

/// A value that nobody is there to type.
struct Missing<'a> {
    name: &'a str,
    secret: bool,
    parameter: Option<&'a Parameter>,
}

impl<'a> Collector<'a> {
    /// What `--param` gave.
    fn typed(&self, name: &str) -> Option<&'a Secret> {
        let found = self.given.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }

    fn parameter(&mut self, parameter: &'a Parameter) -> Result<()> {
        // What belongs to the credential is typed anew where somebody is there.
        let renewable = parameter.secret && self.integration.auth.oauth2().is_none();
        let ask_again = renewable && self.interaction.attended();
        let value = if let Some(value) = self.typed(&parameter.name) {
            Some(accept(parameter, value.expose())?)
        } else if let Some(value) = from_environment(parameter)? {
            Some(value)
        } else if let Some(value) = kept_value(&self.kept, &parameter.name)
            .filter(|value| !ask_again && parameter.holds(value.expose()).is_ok())
        {
            Some(value)
        } else if self.interaction.attended() {
            ask(parameter, self.interaction, self.ui)?
        } else if let Some(default) = &parameter.default {
            Some(accept(parameter, default)?)
        } else {
            if !parameter.optional {
                self.missing.push(Missing {
                    name: &parameter.name,
                    secret: parameter.secret,
                    parameter: Some(parameter),
                });
            }
            None
        };
        if let Some(value) = value {
            put(&mut self.collected, parameter, value);
        }
        Ok(())
    }

    fn input(&mut self, input: &'a Input, docs: &mut Option<&str>) -> Result<()> {
        let integration = self.integration;
        let described = integration.parameter(input.name);
        let value = if let Some(value) = self.typed(input.name) {
            Some(accept_input(integration, input, value.expose())?)
        } else if input.source.is_some() {
            None
        } else if !input.asked {
            kept_value(&self.kept, input.name)
        } else if let Some(value) = described.map(from_environment).transpose()?.flatten() {
            Some(value)
        } else if let Some(value) = reused(integration, input, &self.kept, self.interaction) {
            Some(value)
        } else if self.interaction.attended() {
            if let Some(docs) = docs.take() {
                self.ui.note(&format!("Where to get it: {}", escape(docs)));
            }
            let asked = (self.interaction, self.ui);
            Some(ask_input(integration, input, &self.kept, asked)?)
        } else if let Some(value) = described.map(standing_value).transpose()?.flatten() {
            Some(value)
        } else {
            self.missing.push(Missing {
                name: input.name,
                secret: is_secret(integration, input),
                parameter: described,
            });
            None
        };
        if let Some(value) = value {
            put_input(&mut self.collected, integration, input, value);
        }
        Ok(())
    }
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
) -> Option<Secret> {
    let auth = &integration.auth;
    let of_user = matches!(input.name, "username" | "password");
    let is_credential = auth.oauth2().is_none() || (auth.is_by_password() && of_user);
    if is_credential && interaction.attended() {
        return None;
    }
    let described = integration.parameter(input.name);
    kept_value(kept, input.name).filter(|value| {
        // The definition may accept less by now than when it was typed.
        described.is_none_or(|parameter| parameter.holds(value.expose()).is_ok())
    })
}

fn standing_value(parameter: &Parameter) -> Result<Option<Secret>> {
    if let Some(value) = from_environment(parameter)? {
        return Ok(Some(value));
    }
    let default = parameter.default.as_deref();
    default.map(|value| accept(parameter, value)).transpose()
}

fn from_environment(parameter: &Parameter) -> Result<Option<Secret>> {
    let value = parameter.env.as_deref().and_then(env::var);
    let value = value.map(Secret::from);
    value
        .map(|value| accept(parameter, value.expose()))
        .transpose()
}

fn missing(id: &ConnectionId, parameter: &Parameter) -> Failure {
    let failure = missing_named(id, &parameter.name, parameter.secret);
    with_ways(failure, Some(parameter))
}

/// Everything that is missing, in one command that can be completed.
fn all_missing(id: &ConnectionId, missing: &[Missing<'_>]) -> Failure {
    if let [one] = missing {
        let failure = missing_named(id, one.name, one.secret);
        return with_ways(failure, one.parameter);
    }
    let names: Vec<String> = missing
        .iter()
        .map(|one| format!("`{}`", one.name))
        .collect();
    let params: Vec<String> = missing
        .iter()
        .map(|one| {
            if one.secret {
                format!("--param {}=env:VARIABLE", one.name)
            } else {
                format!("--param {}=…", one.name)
            }
        })
        .collect();
    let failure = Failure::new(
        Kind::NeedsConnecting,
        format!(
            "`{id}` needs {}, and nobody is there to type them",
            names.join(", ")
        ),
    )
    .hint(format!("run `hallpass connect {id} {}`", params.join(" ")));
    let parameters = missing.iter().map(|one| one.parameter);
    parameters.fold(failure, with_ways)
}

/// What else can be said of a value that is missing.
fn with_ways(failure: Failure, parameter: Option<&Parameter>) -> Failure {
    let Some(parameter) = parameter else {
        return failure;
    };
    let failure = match &parameter.env {
        Some(env) => failure.hint(format!("or set the environment variable `{env}`")),
        None => failure,
    };
    if parameter.choices.is_empty() {
        return failure;
    }
    let shown: Vec<&str> = parameter.choices.iter().map(|c| c.shown.as_str()).collect();
    failure.hint(format!(
        "`{}` is one of {}",
        parameter.name,
        shown.join(", ")
    ))
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
