//! A connection as far as it is known without unlocking anything: in the place
//! of each secret stands whatever the caller wants there. What is planned with
//! it has the shape of the real request, and nothing that must not be seen.

use std::collections::BTreeMap;

use crate::broker::{self, State};
use crate::cli::calling::Caller;
use crate::clock::Timestamp;
use crate::connection::{Kept, Metadata, Values};
use crate::definition::template::{Scope as _, Value};
use crate::definition::{
    Format, INPUTS, InputSource, Integration, Parameter, ValueSource, is_secret_input,
};
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::secret::Secret;
use crate::store::Record;

/// What a credential brings that is secret.
const OF_CREDENTIAL: [&str; 4] = ["token", "refresh_token", "id_token", "jwt"];

/// A connection without its secrets.
pub(super) struct Sketch {
    /// The definition, less the certificate, which would have to be read.
    pub(super) integration: Integration,
    /// The readable half, where there is one that counts.
    pub(super) record: Option<Record>,
    /// What state it is in.
    pub(super) state: State,
}

impl Sketch {
    pub(super) fn of(caller: &Caller<'_>) -> Result<Self> {
        let record = caller.context.stores.record(caller.id)?;
        let record = record.filter(|record| !record.forgotten);
        let now = Timestamp::now();
        let state = State::of(Some(caller.integration), record.as_ref(), now);
        let mut integration = caller.integration.clone();
        integration.auth.tls = None;
        Ok(Self {
            integration,
            record,
            state,
        })
    }

    /// Whether somebody has to connect it first.
    pub(super) fn lacks_person(&self) -> bool {
        matches!(self.state, State::NotConnected | State::NeedsConnecting)
    }

    /// What fills the placeholders, `secret` in the place of every secret.
    pub(super) fn values(&self, secret: &str) -> Result<Values<'_>> {
        let integration = &self.integration;
        let (parameters, kept, metadata) = match &self.record {
            Some(record) => (
                record.parameters.clone(),
                record.kept.clone(),
                record.metadata.clone(),
            ),
            None => (BTreeMap::new(), BTreeMap::new(), Metadata::default()),
        };
        let kept = Kept {
            shown: kept,
            secrets: BTreeMap::new(),
        };
        let mut values =
            Values::new(integration, parameters, BTreeMap::new()).with_kept(kept, metadata);
        for parameter in &integration.parameters {
            self.stand_in(parameter, &mut values, secret)?;
        }
        let saved = integration.auth.steps.iter().map(|step| &step.call);
        let saved = saved.chain(&integration.auth.lookup);
        let saved = saved.flat_map(|call| &call.save);
        let saved = saved.map(|save| (&save.name, save.secret));
        let captured = integration.auth.captures.iter();
        let captured = captured.map(|capture| (&capture.name, capture.secret));
        for (name, _) in captured.chain(saved).filter(|(_, secret)| *secret) {
            values.set(name, Value::secret(Secret::new(secret)));
        }
        let inputs = INPUTS.into_iter().filter(|name| is_secret_input(name));
        for name in inputs.chain(OF_CREDENTIAL) {
            values.set(name, Value::secret(Secret::new(secret)));
        }
        // A user name that is yet to be typed.
        if self.lacks_person() && values.value("username").is_err() {
            values.set("username", Value::secret(Secret::new(secret)));
        }
        Ok(values)
    }

    /// A parameter that is not in the record: of the environment, as far as
    /// that counts after connecting, or its default.
    fn stand_in(&self, parameter: &Parameter, values: &mut Values<'_>, secret: &str) -> Result<()> {
        let name = &parameter.name;
        let is_typed = values.parameters().contains_key(name);
        let standing = parameter.env.as_deref().and_then(env::var);
        let standing = standing.filter(|_| !self.integration.auth.needs_consent());
        let default = parameter.default.clone().filter(|_| !is_typed);
        let Some(text) = standing.or(default) else {
            // Whether an optional one was given cannot be told without unlocking.
            if parameter.secret {
                values.set(name, stand_in_for(parameter, secret));
            }
            return Ok(());
        };
        let accepted = parameter.accept(&text).map_err(|why| {
            Failure::new(Kind::Definition, why)
                .hint("see the variable that `env` of the parameter names, and its `default`")
        })?;
        if parameter.secret {
            values.set(name, stand_in_for(parameter, secret));
        } else {
            values.set_parameter(name, accepted);
        }
        Ok(())
    }
}

/// What stands in the place of a secret parameter's value: JSON where that goes
/// into a body as it is.
pub(super) fn stand_in_for(parameter: &Parameter, secret: &str) -> Value {
    let is_json = parameter.format.is_some_and(Format::is_json);
    let text = if is_json {
        format!("\"{secret}\"")
    } else {
        secret.to_owned()
    };
    Value::secret(Secret::new(text))
}

/// What a request would end with before anything is sent: not connected, or a
/// value that the definition names a place for and that is not there.
pub(super) fn check(caller: &Caller<'_>, sketch: &Sketch) -> Result<()> {
    match sketch.state {
        State::NotConnected => return Err(broker::not_connected(caller.id)),
        State::NeedsConnecting => {
            let what = format!("`{}` has to be connected again", caller.id);
            return Err(Failure::new(Kind::NeedsConnecting, what)
                .hint(format!("run `hallpass connect {}`", caller.id)));
        }
        State::Connected | State::Ready | State::Expired => {}
    }
    let auth = &caller.integration.auth;
    // Something kept is used without asking again where it came from.
    let asks = auth.is_fixed() || sketch.record.is_none();
    for input in auth.inputs.iter().filter(|_| asks) {
        // A command could ask a person; it is not run for a look.
        let Some(InputSource::Value(source @ (ValueSource::Env(_) | ValueSource::File(_)))) =
            &input.source
        else {
            continue;
        };
        if let Err(error) = source.resolve() {
            return Err(Failure::caused(Kind::Definition, error)
                .context(format!("`{}` lacks its `{}`", caller.id, input.name))
                .hint("set it, or mend the definition, then run the command again"));
        }
    }
    Ok(())
}
