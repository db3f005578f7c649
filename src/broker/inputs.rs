//! The values a definition leaves open: given on the command line, kept from
//! before, taken from the environment or a default, or asked of the person.

use std::collections::BTreeMap;

use crate::connection::ConnectionId;
use crate::definition::{Auth, Integration, Parameter};
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::interaction::Interaction;
use crate::secret::Secret;
use crate::ui::{Ui, escape};

/// What may be shown, and what may not.
pub(super) type Given = (BTreeMap<String, String>, BTreeMap<String, Secret>);

/// The built-in inputs that OAuth knows: a parameter of such a name describes
/// the prompt, and is collected with the client.
const CLIENT: [&str; 2] = ["client_id", "client_secret"];

/// What can be had with nobody there: the environment and the defaults.
pub(super) fn unattended(id: &ConnectionId, integration: &Integration) -> Result<Given> {
    let mut given = Given::default();
    for parameter in &integration.parameters {
        if CLIENT.contains(&parameter.name.as_str()) {
            continue;
        }
        match standing_value(parameter)? {
            Some(value) => put(&mut given, parameter, value),
            None if parameter.optional => {}
            None => return Err(missing(id, parameter)),
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
    // Of the built-in inputs OAuth knows the client's own.
    let known = |name: &str| integration.parameter(name).is_some() || CLIENT.contains(&name);
    if let Some((stranger, _)) = given.iter().find(|(name, _)| !known(name)) {
        let names: Vec<&str> = integration
            .parameters
            .iter()
            .map(|p| p.name.as_str())
            .collect();
        return Err(Failure::new(
            Kind::Usage,
            format!("`{}` has no parameter `{stranger}`", integration.key),
        )
        .hint(if names.is_empty() {
            "its definition leaves nothing open".to_owned()
        } else {
            format!("its parameters are {}", names.join(", "))
        }));
    }
    let kept = kept.unwrap_or_default();
    let mut collected = Given::default();
    for parameter in &integration.parameters {
        if CLIENT.contains(&parameter.name.as_str()) {
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
    client(
        id,
        integration,
        given,
        &kept,
        (interaction, ui),
        &mut collected,
    )?;
    Ok(collected)
}

/// The client's id and secret, where the definition leaves them open.
fn client(
    id: &ConnectionId,
    integration: &Integration,
    given: &[(String, Secret)],
    kept: &Given,
    (interaction, ui): (&Interaction, Ui),
    collected: &mut Given,
) -> Result<()> {
    let Auth::OAuth2(oauth) = &integration.auth;
    let wanted = [
        ("client_id", "Client id", false, oauth.client_id.is_none()),
        (
            "client_secret",
            "Client secret",
            true,
            oauth.client_secret.is_none() && oauth.client_auth(false).needs_secret(),
        ),
    ];
    let mut docs = integration.docs.as_deref();
    for (name, label, secret, open) in wanted {
        let described = integration.parameter(name);
        let accepted = |text: &str| match described {
            Some(parameter) => accept(parameter, text),
            None if text.trim().is_empty() => {
                Err(Failure::new(Kind::Usage, format!("`{name}` is empty"))
                    .hint(format!("give it a value: `--param {name}=env:VARIABLE`")))
            }
            None => Ok(text.to_owned()),
        };
        let value = if let Some((_, value)) = given.iter().find(|(known, _)| known == name) {
            accepted(value.expose())?
        } else if !open {
            continue;
        } else if let Some(value) = kept_value(kept, name) {
            value
        } else {
            let label = described.map_or(label, |parameter| parameter.label.as_str());
            if !interaction.attended() {
                return Err(missing_named(id, name, secret));
            }
            if let Some(docs) = docs.take() {
                ui.note(&format!("Where to register the app: {}", escape(docs)));
            }
            let typed = if secret {
                interaction.ask_secret(label, false)?.expose().to_owned()
            } else {
                interaction.ask(label, None)?
            };
            accepted(&typed)?
        };
        if secret {
            collected.1.insert(name.to_owned(), value.into());
        } else {
            collected.0.insert(name.to_owned(), value);
        }
    }
    Ok(())
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
    let label = match &parameter.help {
        Some(help) => format!("{} ({help})", parameter.label),
        None => parameter.label.clone(),
    };
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
