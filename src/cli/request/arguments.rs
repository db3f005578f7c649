//! The arguments of an action: `NAME=VALUE` is text as it stands, `NAME@FILE`
//! and `NAME@-` (stdin) are read, as curl's `--data-urlencode` has it; what is
//! secret never stands in argv. Each is held to its parameter.

use std::collections::BTreeMap;

use crate::cli::params;
use crate::definition::request::Action;
use crate::definition::template::Value;
use crate::definition::{Integration, Parameter};
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::secret::{Secret, shown};

/// Reads what was given, and adds what stands elsewhere: in the environment,
/// or as a default.
pub(super) fn read(
    integration: &Integration,
    action: &Action,
    texts: &[String],
) -> Result<BTreeMap<String, Value>> {
    let usage = || usage(&integration.key, action);
    let wrong = |message: String| Failure::new(Kind::Usage, message);
    let find = |name: &str| action.parameters.iter().find(|known| known.name == name);
    let mut arguments = BTreeMap::new();
    for text in texts {
        let (name, value) = one(text, &|name| find(name).is_some_and(|known| known.secret))?;
        let Some(parameter) = find(&name) else {
            let what = format!(
                "the action `{}` has no parameter `{}`",
                action.name,
                shown(&name)
            );
            return Err(wrong(what).hint(usage()));
        };
        let accepted = accepted(integration, action, parameter, &value)?;
        if arguments.insert(name, accepted).is_some() {
            return Err(wrong(format!("`{}` is given twice", parameter.name)).hint(
                "give it once; several values go into one whose definition says `format = \"json\"`: `labels='[\"a\", \"b\"]'`",
            ));
        }
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
                let what = format!("the action `{}` needs `{}`", action.name, parameter.name);
                return Err(wrong(what)
                    .hint(usage())
                    .hint(more(&integration.key, parameter)));
            }
        }
    }
    Ok(arguments)
}

/// One argument. No name has a `@` in it, so that the first of the two signs
/// says which it is.
fn one(text: &str, is_secret: &dyn Fn(&str) -> bool) -> Result<(String, Secret)> {
    match text.split_once(['=', '@']) {
        Some((name, source)) if text.as_bytes().get(name.len()) == Some(&b'@') => {
            let read = match source {
                "-" => format!("{name}=-"),
                path => format!("{name}=@{path}"),
            };
            params::given(&read, "--action", is_secret)
        }
        // What is no secret is text as it stands: messages begin with `@`.
        Some((name, value)) if !is_secret(name) => Ok((name.to_owned(), Secret::new(value))),
        _ => params::given(text, "--action", is_secret),
    }
}

fn accepted(
    integration: &Integration,
    action: &Action,
    parameter: &Parameter,
    value: &Secret,
) -> Result<Value> {
    let text = parameter.accept(value.expose()).map_err(|why| {
        let hint = parameter.help.clone();
        let hint = hint.unwrap_or_else(|| usage(&integration.key, action));
        Failure::new(Kind::Usage, why).hint(hint)
    })?;
    Ok(if parameter.secret {
        Value::secret(text.into())
    } else {
        Value::plain(text)
    })
}

/// What a parameter wants, in a word.
pub(in crate::cli) fn type_of(parameter: &Parameter) -> &'static str {
    match parameter.format {
        Some(format) => format.word(),
        None if parameter.choices.is_empty() => "text",
        None => "choice",
    }
}

/// The command line that makes the request; what may be left out stands in
/// brackets.
pub(in crate::cli) fn command(connection: &str, action: &Action) -> String {
    let mut line = format!("hallpass request {connection} --action {}", action.name);
    for parameter in &action.parameters {
        let needed = !parameter.optional && parameter.default.is_none();
        let value = if parameter.secret { "env:…" } else { "…" };
        let argument = format!("{}={value}", parameter.name);
        line.push(' ');
        if needed {
            line.push_str(&argument);
        } else {
            line.push('[');
            line.push_str(&argument);
            line.push(']');
        }
    }
    line
}

fn usage(key: &str, action: &Action) -> String {
    format!("write `{}`", command(key, action))
}

/// What is known of an argument that is missing.
fn more(key: &str, parameter: &Parameter) -> String {
    let what = match (&parameter.help, type_of(parameter)) {
        (Some(help), _) => help.clone(),
        (None, "choice") => {
            let shown: Vec<&str> = parameter.choices.iter().map(|c| c.shown.as_str()).collect();
            format!("one of {}", shown.join(", "))
        }
        (None, format) => format.to_owned(),
    };
    format!(
        "`{}` is {what}; `hallpass list --actions {key}` says what each argument is",
        parameter.name
    )
}
