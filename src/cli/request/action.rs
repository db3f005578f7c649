//! `hallpass request --action`: the definition's named requests, one or several
//! after each other, with arguments held to the action's parameters.

use std::collections::BTreeMap;
use std::io::Read as _;

use crate::api::{Answer, Plan};
use crate::cli::calling::{self, Caller};
use crate::cli::params;
use crate::connection::Values;
use crate::definition::report::closest;
use crate::definition::request::{Action, ActionStep};
use crate::definition::template::Value;
use crate::definition::{Integration, Parameter};
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::secret::{Secret, shown};

/// The most that is read of an answer whose values later steps use, in bytes.
const MAX_ANSWER: u64 = 1024 * 1024;

/// An action with its arguments.
pub(super) struct Prepared<'a> {
    action: &'a Action,
    arguments: BTreeMap<String, Value>,
}

/// Looks an action up and holds the arguments to its parameters, before
/// anything is sent.
pub(super) fn prepare<'a>(
    integration: &'a Integration,
    name: &str,
    texts: &[String],
) -> Result<Prepared<'a>> {
    let action = integration.actions.iter().find(|known| known.name == name);
    let Some(action) = action else {
        return Err(unknown(integration, name));
    };
    let parameter = |name: &str| action.parameters.iter().find(|known| known.name == name);
    let mut arguments = BTreeMap::new();
    for text in texts {
        let is_secret = |name: &str| parameter(name).is_some_and(|known| known.secret);
        let (argument, value) = match text.split_once('=') {
            // What is no secret is text as it stands: messages begin with `@`.
            Some((name, value)) if !is_secret(name) => (name.to_owned(), Secret::new(value)),
            _ => params::given(text, "--action", &is_secret)?,
        };
        let Some(parameter) = parameter(&argument) else {
            return Err(Failure::new(
                Kind::Usage,
                format!(
                    "the action `{name}` has no parameter `{}`",
                    shown(&argument)
                ),
            )
            .hint(usage(integration, action)));
        };
        arguments.insert(argument, accepted(integration, action, parameter, &value)?);
    }
    for parameter in &action.parameters {
        if arguments.contains_key(&parameter.name) {
            continue;
        }
        let standing = parameter.env.as_deref().and_then(env::var);
        match standing.or_else(|| parameter.default.clone()) {
            Some(text) => {
                let value = accepted(integration, action, parameter, &Secret::from(text))?;
                arguments.insert(parameter.name.clone(), value);
            }
            None if parameter.optional => {}
            None => {
                return Err(Failure::new(
                    Kind::Usage,
                    format!("the action `{name}` needs `{}`", parameter.name),
                )
                .hint(usage(integration, action)));
            }
        }
    }
    Ok(Prepared { action, arguments })
}

/// Makes the action's requests; the last answer is the action's, or the first
/// that is no success.
pub(super) fn run(caller: &Caller<'_>, call: &Prepared<'_>) -> Result<Answer> {
    let mut fresh = caller.fresh()?;
    let mut known = call.arguments.clone();
    let last = call.action.steps.len().saturating_sub(1);
    for (at, step) in call.action.steps.iter().enumerate() {
        let plan = |values: &Values<'_>| {
            let mut values = values.clone();
            for parameter in &call.action.parameters {
                values.leave_open(&parameter.name);
            }
            for (name, value) in &known {
                values.set(name, value.clone());
            }
            Plan::of(caller.integration, &values, &step.request)
        };
        let (answer, used) = caller.renewing_once(fresh, &plan)?;
        fresh = used;
        if at == last || answer.is_error() {
            return Ok(answer);
        }
        save(caller, step, answer, &mut known)?;
    }
    Err(Failure::new(
        Kind::Definition,
        format!("the action `{}` has no request", call.action.name),
    )
    .hint("run `hallpass check`"))
}

/// Keeps what later steps use.
fn save(
    caller: &Caller<'_>,
    step: &ActionStep,
    answer: Answer,
    known: &mut BTreeMap<String, Value>,
) -> Result<()> {
    let mut body = Vec::new();
    let read = answer.take(MAX_ANSWER).read_to_end(&mut body);
    read.map_err(|error| {
        Failure::caused(Kind::Unavailable, error)
            .context(format!("an answer to `{}` broke off", caller.id))
            .hint("run the command again")
    })?;
    let json = serde_json::from_slice(&body).unwrap_or_default();
    for (name, path) in &step.save {
        let values = Values::new(caller.integration, BTreeMap::new(), BTreeMap::new());
        let found = path.text(&json, &values);
        let found = found.map_err(|error| calling::failed(caller.id, error.into()))?;
        let Some(text) = found else {
            return Err(Failure::new(
                Kind::Api,
                format!(
                    "the answer of {} holds no `{name}`",
                    caller.integration.name
                ),
            )
            .hint(format!(
                "see `save` of the action in the definition of `{}`",
                caller.id.integration()
            )));
        };
        // An upload's address or a session's id is nobody else's business.
        known.insert(name.clone(), Value::secret(text.into()));
    }
    Ok(())
}

fn accepted(
    integration: &Integration,
    action: &Action,
    parameter: &Parameter,
    value: &Secret,
) -> Result<Value> {
    let text = parameter.accept(value.expose()).map_err(|why| {
        let hint = parameter.help.clone();
        Failure::new(Kind::Usage, why).hint(hint.unwrap_or_else(|| usage(integration, action)))
    })?;
    Ok(if parameter.secret {
        Value::secret(text.into())
    } else {
        Value::plain(text)
    })
}

fn usage(integration: &Integration, action: &Action) -> String {
    let arguments: Vec<String> = action
        .parameters
        .iter()
        .map(|parameter| {
            let argument = format!("{}=…", parameter.name);
            let needed = !parameter.optional && parameter.default.is_none();
            if needed {
                argument
            } else {
                format!("[{argument}]")
            }
        })
        .collect();
    format!(
        "write `hallpass request {} --action {} {}`",
        integration.key,
        action.name,
        arguments.join(" ")
    )
}

fn unknown(integration: &Integration, name: &str) -> Failure {
    let names: Vec<&str> = integration
        .actions
        .iter()
        .map(|action| action.name.as_str())
        .collect();
    // A slip is repeated; what is like nothing here may be a token.
    let name = closest(name, names.iter().copied()).map_or_else(|| shown(name), |_| name.into());
    Failure::new(
        Kind::Usage,
        format!("`{}` has no action `{name}`", integration.key),
    )
    .hint(if names.is_empty() {
        format!(
            "describe it under `[integrations.{}.actions.{name}]`",
            integration.key
        )
    } else {
        format!("its actions are {}", names.join(", "))
    })
}
