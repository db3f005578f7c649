//! The definitions: what `check` says, in short; and of one definition whether
//! the values it names are to be had.

use std::path::Path;

use super::{Finding, Remedy, Subject, count, programs};
use crate::context::Context;
use crate::definition::report::{Problem, Severity};
use crate::definition::{InputSource, Integration, ValueSource};
use crate::error::Kind;

/// How many warnings are shown; `check` shows them all.
const ENOUGH: usize = 5;

/// What the definition file holds.
#[derive(Default)]
pub(super) struct Defined {
    pub(super) integrations: Vec<Integration>,
    /// Whether it could not be read at all.
    pub(super) unknown: bool,
}

/// Looks at all definitions.
pub(super) fn look(context: &Context) -> (Vec<Finding>, Defined) {
    let subject = Subject::Definitions;
    let definitions = match context.definitions() {
        Ok(definitions) => definitions,
        Err(failure) => {
            let unknown = Defined {
                unknown: true,
                ..Defined::default()
            };
            return (vec![Finding::of_failure(subject, &failure)], unknown);
        }
    };
    let mut findings = Vec::new();
    // Of a project file that is not trusted only the names of its keys are used.
    let found = definitions.check().unwrap_or_else(|failure| {
        findings.push(Finding::of_failure(subject, &failure));
        definitions.all()
    });
    let first = definitions.first();
    let path = first.source().path.display();
    let is_error = |problem: &&Problem| problem.severity == Severity::Error;
    let errors: Vec<&Problem> = found.problems.iter().filter(is_error).collect();
    let warnings: Vec<&Problem> = found.problems.iter().filter(|p| !is_error(p)).collect();
    if let Some(first) = errors.first() {
        let message = if let [only] = errors[..] {
            said(only)
        } else {
            let number = count(errors.len(), "problem");
            format!("{number}, the first at {}", said(first))
        };
        let remedy = Remedy::run("hallpass check");
        findings.push(Finding::problem(subject, Kind::Definition, message, remedy));
    } else if !first.exists() {
        let message = format!("{path} does not exist: nothing is defined");
        let remedy = Remedy::fix(
            "describe a service there; `hallpass sandbox --print-config` shows what one looks like",
        );
        findings.push(Finding::warning(subject, message, remedy));
    } else {
        let what = count(found.keys.len(), "integration");
        let verb = if found.keys.len() == 1 { "is" } else { "are" };
        findings.push(Finding::ok(subject, format!("{path}: {what} {verb} valid")));
    }
    for warning in warnings.iter().take(ENOUGH) {
        let remedy = match &warning.help {
            Some(help) => Remedy::fix(help.clone()),
            None => Remedy::run("hallpass check"),
        };
        findings.push(Finding::warning(subject, said(warning), remedy));
    }
    if let Some(more) = warnings.len().checked_sub(ENOUGH).filter(|more| *more > 0) {
        let message = format!("{} more", count(more, "warning"));
        findings.push(Finding::warning(
            subject,
            message,
            Remedy::run("hallpass check"),
        ));
    }
    let defined = Defined {
        integrations: found.integrations,
        unknown: false,
    };
    (findings, defined)
}

/// Looks at the one definition that is used, which is valid.
pub(super) fn look_at(integration: &Integration) -> Vec<Finding> {
    let place = &integration.place;
    let valid = format!("`{}` is valid ({place})", integration.key);
    let mut findings = vec![Finding::ok(Subject::Definitions, valid)];
    for input in &integration.auth.inputs {
        let Some(InputSource::Value(source)) = &input.source else {
            continue;
        };
        findings.extend(missing(source).map(|(why, fix)| {
            let message = format!("`{}` is not to be had: {why}", input.name);
            let remedy = Remedy::fix(format!("{fix}, or change `{}` ({place})", input.name));
            Finding::problem(Subject::Definitions, Kind::Definition, message, remedy)
        }));
    }
    findings
}

/// Why a value is not to be had, and what to do. A command is not run: it may
/// ask its person; and a pipe is not opened: it gives its value once, to whoever
/// is to use it.
fn missing(source: &ValueSource) -> Option<(String, String)> {
    match source {
        ValueSource::Literal(_) => None,
        ValueSource::Command(words) => {
            let program = words.first()?;
            programs::find(program).is_none().then(|| {
                (
                    format!("there is no program `{program}`"),
                    format!("install `{program}`"),
                )
            })
        }
        ValueSource::Env(name) => {
            let why = source.resolve().err()?.to_string();
            Some((
                why,
                format!("set it where hallpass runs: `export {name}=…`"),
            ))
        }
        ValueSource::File(path) if is_pipe(path) => None,
        ValueSource::File(path) => {
            let why = source.resolve().err()?.to_string();
            Some((why, format!("put the value into `{}`", path.display())))
        }
    }
}

/// Whether something else than a file is there, which is to be read only once.
fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

fn said(problem: &Problem) -> String {
    let place = problem.source.place(problem.span.start);
    format!("{place}: {}", problem.message)
}
