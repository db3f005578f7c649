//! `hallpass list --actions`: the named requests of the definitions, what each
//! wants to be told, and the line to type. Scripts rely on the names in the JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::ListArgs;
use crate::cli::request::{command, type_of};
use crate::connection::ConnectionId;
use crate::context::Context;
use crate::definition::request::{Action, ActionStep};
use crate::definition::{Integration, Parameter};
use crate::error::Result;
use crate::output;
use crate::ui::escape;

#[derive(Serialize)]
struct Line<'a> {
    integration: &'a str,
    connection: String,
    action: &'a str,
    description: Option<&'a str>,
    requests: Vec<Request>,
    arguments: Vec<Argument<'a>>,
    command: String,
}

#[derive(Serialize)]
struct Request {
    method: String,
    path: String,
}

#[derive(Serialize)]
struct Argument<'a> {
    name: &'a str,
    label: &'a str,
    r#type: &'static str,
    required: bool,
    secret: bool,
    default: Option<&'a str>,
    env: Option<&'a str>,
    choices: Vec<&'a str>,
    pattern: Option<&'a str>,
    help: Option<&'a str>,
}

pub(super) fn run(args: &ListArgs, context: &Context) -> Result<()> {
    if let Some(connection) = &args.connection {
        let (id, integration) = context.connection_unasked(connection)?;
        let lines = lines(&id, &integration);
        return show(args, context, &lines, &format!("`{}` has", integration.key));
    }
    let definitions = context.definitions()?;
    let found = definitions.all();
    let mut lines = Vec::new();
    for integration in &found.integrations {
        let id = ConnectionId::new(&integration.key, &integration.connection);
        lines.extend(self::lines(&id, integration));
    }
    show(args, context, &lines, "the definitions have")?;
    super::warn_of_broken(&found, context);
    super::warn_of_untrusted(definitions, context);
    Ok(())
}

fn lines<'a>(id: &ConnectionId, integration: &'a Integration) -> Vec<Line<'a>> {
    // The bare key means the connection that the definition says.
    let word = if id.name() == integration.connection {
        integration.key.clone()
    } else {
        id.to_string()
    };
    let line = |action: &'a Action| Line {
        integration: &integration.key,
        connection: id.to_string(),
        action: &action.name,
        description: action.description.as_deref(),
        requests: action.steps.iter().map(request).collect(),
        arguments: action.parameters.iter().map(argument).collect(),
        command: command(&word, action),
    };
    integration.actions.iter().map(line).collect()
}

fn request(step: &ActionStep) -> Request {
    Request {
        method: step.request.method.to_string(),
        path: step.request.path.written(),
    }
}

fn argument(parameter: &Parameter) -> Argument<'_> {
    Argument {
        name: &parameter.name,
        label: &parameter.label,
        r#type: type_of(parameter),
        required: !parameter.optional && parameter.default.is_none(),
        secret: parameter.secret,
        // A secret that is written out is nobody's business here.
        default: parameter.default.as_deref().filter(|_| !parameter.secret),
        env: parameter.env.as_deref(),
        choices: parameter
            .choices
            .iter()
            .map(|choice| choice.shown.as_str())
            .collect(),
        pattern: parameter.pattern.as_ref().map(unanchored),
        help: parameter.help.as_deref(),
    }
}

/// A pattern as it was written: it was anchored when it was read.
fn unanchored(pattern: &regex::Regex) -> &str {
    let text = pattern.as_str();
    let inner = text
        .strip_prefix("^(?:")
        .and_then(|rest| rest.strip_suffix(")$"));
    inner.unwrap_or(text)
}

fn show(args: &ListArgs, context: &Context, lines: &[Line<'_>], who: &str) -> Result<()> {
    if args.json {
        return output::json(&lines);
    }
    if lines.is_empty() {
        context.ui.note(&format!("{who} no actions"));
        let example =
            "describe one under `[integrations.KEY.actions.NAME]`: `path`, `json`, `parameters`";
        context.ui.hint(example);
        return Ok(());
    }
    let texts: Vec<String> = lines.iter().map(text).collect();
    output::text(&texts.join("\n"))
}

/// One action, for people.
fn text(line: &Line<'_>) -> String {
    let mut text = format!("{} {}", line.connection, line.action);
    if let Some(description) = line.description {
        let _ = write!(text, ": {}", escape(description));
    }
    text.push('\n');
    for request in &line.requests {
        let _ = writeln!(text, "  {} {}", request.method, escape(&request.path));
    }
    let width = line.arguments.iter().map(|argument| argument.name.len());
    let width = width.max().unwrap_or_default();
    for argument in &line.arguments {
        let _ = writeln!(
            text,
            "    {:width$}  {}",
            argument.name,
            escape(&facts(argument))
        );
    }
    let _ = writeln!(text, "  $ {}", escape(&line.command));
    text
}

fn facts(argument: &Argument<'_>) -> String {
    let mut facts = vec![match argument.choices[..] {
        [] => argument.r#type.to_owned(),
        _ => argument.choices.join("|"),
    }];
    match argument.default {
        Some(default) => facts.push(format!("default {default}")),
        None if argument.required => facts.push("needed".to_owned()),
        None => facts.push("optional".to_owned()),
    }
    if argument.secret {
        facts.push("secret".to_owned());
    }
    facts.extend(argument.env.map(|name| format!("or ${name}")));
    facts.extend(argument.pattern.map(|pattern| format!("matches {pattern}")));
    let told = match argument.help {
        None if argument.label != argument.name => Some(argument.label),
        help => help,
    };
    let facts = facts.join(", ");
    told.map_or_else(|| facts.clone(), |told| format!("{facts}: {told}"))
}
