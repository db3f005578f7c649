//! `hallpass check`: every problem of the definitions at once.

use clap::Args;

use crate::context::Context;
use crate::definition::report::{self, Severity};
use crate::error::{Failure, Kind, Result};
use crate::output;

/// Validate the definitions: every problem at once, with its place and remedy
#[derive(Debug, Args)]
pub(super) struct CheckArgs {}

pub(super) fn run(_args: &CheckArgs, context: &Context) -> Result<()> {
    let definitions = context.definitions()?;
    let found = definitions.all();
    let errors = found
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    let path = definitions.source().path.display();
    if errors == 0 {
        if !found.problems.is_empty() {
            let warnings = report::render(&found.problems, context.ui.color());
            context.ui.note(&format!("{warnings}\n"));
        }
        return output::line(&format!(
            "{path}: {}",
            count(found.keys.len(), "integration", "is valid", "are valid")
        ));
    }
    Err(Failure::new(
        Kind::Definition,
        format!(
            "{path}: {}",
            count(errors, "problem", "was found", "were found")
        ),
    )
    .report(report::render(&found.problems, context.ui.color()))
    .hint("mend them from the top, then run `hallpass check` again"))
}

fn count(number: usize, what: &str, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 {what} {one}")
    } else {
        format!("{number} {what}s {many}")
    }
}
