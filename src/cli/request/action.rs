//! `hallpass request --action`: the definition's named requests, one or several
//! after each other, with arguments held to the action's parameters.

use std::collections::BTreeMap;

use reqwest::Method;

use super::arguments;
use crate::api::{Answer, ApiError, Plan};
use crate::broker::Fresh;
use crate::cli::calling::{self, Caller};
use crate::connection::Values;
use crate::definition::report::closest;
use crate::definition::request::{Action, ActionStep};
use crate::definition::template::Value;
use crate::definition::{Integration, Parameter};
use crate::error::{Failure, Kind, Result};
use crate::secret::shown;

/// The most that is read of an answer whose values later steps use, in bytes.
const MAX_ANSWER: u64 = 1024 * 1024;

/// An action with its arguments.
pub(super) struct Prepared<'a> {
    pub(super) action: &'a Action,
    arguments: BTreeMap<String, Value>,
}

impl Prepared<'_> {
    /// The parameters whose arguments must not be shown.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &Parameter> {
        let given = |parameter: &&Parameter| self.arguments.contains_key(&parameter.name);
        let secrets = self.action.parameters.iter();
        secrets.filter(|known| known.secret).filter(given)
    }

    /// One step's request with the action's arguments in it, and with what
    /// earlier steps brought.
    pub(super) fn plan(
        &self,
        step: &ActionStep,
        values: &Values<'_>,
        known: &BTreeMap<String, Value>,
    ) -> Result<Plan, ApiError> {
        let mut values = values.clone();
        for parameter in &self.action.parameters {
            values.leave_open(&parameter.name);
        }
        for (name, value) in self.arguments.iter().chain(known) {
            values.set(name, value.clone());
        }
        Plan::of(values.integration(), &values, &step.request)
    }
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
    let arguments = arguments::read(integration, action, texts)?;
    Ok(Prepared { action, arguments })
}

/// How far an action went without its last request.
pub(super) enum Reached<'a> {
    /// A step was answered so that there is no going on.
    Ended(Box<Answer>),
    /// The last request is left.
    Last(LastStep<'a>, Box<Fresh>),
}

/// The request whose answer is the action's.
pub(super) struct LastStep<'a> {
    call: &'a Prepared<'a>,
    step: &'a ActionStep,
    known: BTreeMap<String, Value>,
}

impl LastStep<'_> {
    /// Plans it.
    pub(super) fn plan(&self, values: &Values<'_>) -> Result<Plan, ApiError> {
        self.call.plan(self.step, values, &self.known)
    }
}

impl Prepared<'_> {
    /// The method of the last request.
    pub(super) fn method(&self) -> Option<&Method> {
        self.action.steps.last().map(|step| &step.request.method)
    }
}

/// Makes the action's requests; the last answer is the action's, or the first
/// that is no success.
pub(super) fn run(caller: &Caller<'_>, call: &Prepared<'_>) -> Result<Answer> {
    match up_to_last(caller, call)? {
        Reached::Ended(answer) => Ok(*answer),
        Reached::Last(last, fresh) => {
            let plan = |values: &Values<'_>| last.plan(values);
            let (answer, _) = caller.renewing_once(*fresh, &plan)?;
            Ok(answer)
        }
    }
}

/// Makes all requests but the last.
pub(super) fn up_to_last<'a>(caller: &Caller<'_>, call: &'a Prepared<'a>) -> Result<Reached<'a>> {
    let mut fresh = caller.fresh()?;
    let mut known = BTreeMap::new();
    let action = call.action;
    let Some((last, before)) = action.steps.split_last() else {
        return Err(Failure::new(
            Kind::Definition,
            format!("the action `{}` has no request", action.name),
        )
        .hint("run `hallpass check`"));
    };
    for step in before {
        let plan = |values: &Values<'_>| call.plan(step, values, &known);
        let (answer, used) = caller.renewing_once(fresh, &plan)?;
        fresh = used;
        if answer.is_error() {
            return Ok(Reached::Ended(Box::new(answer)));
        }
        save(caller, step, answer, &mut known)?;
    }
    let last = LastStep {
        call,
        step: last,
        known,
    };
    Ok(Reached::Last(last, Box::new(fresh)))
}

/// Keeps what later steps use.
fn save(
    caller: &Caller<'_>,
    step: &ActionStep,
    mut answer: Answer,
    known: &mut BTreeMap<String, Value>,
) -> Result<()> {
    let body = answer.whole(MAX_ANSWER).map_err(|error| {
        Failure::caused(Kind::Unavailable, error)
            .context(format!("an answer to `{}` could not be read", caller.id))
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

fn unknown(integration: &Integration, name: &str) -> Failure {
    let names: Vec<&str> = integration
        .actions
        .iter()
        .map(|action| action.name.as_str())
        .collect();
    let meant = closest(name, names.iter().copied());
    // A slip is repeated; what is like nothing here may be a token.
    let name = meant.map_or_else(|| shown(name), |_| name.into());
    let mut failure = Failure::new(
        Kind::Usage,
        format!("`{}` has no action `{name}`", integration.key),
    );
    if let Some(meant) = meant {
        failure = failure.hint(format!("did you mean `{meant}`?"));
    }
    failure.hint(if names.is_empty() {
        format!(
            "describe it under `[integrations.{}.actions.{name}]`",
            integration.key
        )
    } else {
        format!(
            "its actions are {} (`hallpass list --actions {}` says more)",
            names.join(", "),
            integration.key
        )
    })
}
