//! `hallpass check`: every problem of the definitions at once, for a person,
//! or as JSON for editors and CI; and the language itself, as a JSON Schema.

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::definition::located::{Located, located};
use crate::definition::report::{self, Problem, Severity};
use crate::definition::{Layers, SCHEMA};
use crate::error::{Failure, Kind, Result};
use crate::output;
use crate::ui::escape;

/// Validate the definitions: every problem at once, with its place and remedy
#[derive(Debug, Args)]
#[command(after_help = "\
--json prints one object, for editors and CI, whatever was found:
  {\"file\", \"integrations\": how many are defined, \"problems\": [{\"severity\": \"error\" | \"warning\",
  \"file\", \"line\", \"column\", \"end_line\", \"end_column\", \"message\", \"why\", \"help\"}]}
Lines and columns count from 1, columns in characters; an end is the place after the last character;
`why` and `help` may be null. The exit code is 3 where an error is among the problems, else 0.
Under a project file, \"file\" is that one, and each problem names its own.

--schema is for taplo and Even Better TOML: write it to a file, and name that in the first line of
integrations.toml: #:schema ./integrations.schema.json")]
pub(super) struct CheckArgs {
    /// Print a JSON object with all problems and their places
    #[arg(long)]
    pub(super) json: bool,
    /// Print the JSON Schema of integrations.toml, for editors, and validate nothing
    #[arg(long)]
    pub(super) schema: bool,
}

/// `--schema` looks at no file, and so needs nothing to be in order.
pub(super) fn schema() -> Result<()> {
    output::text(SCHEMA)
}

/// What `--json` prints; scripts rely on the names.
#[derive(Debug, Serialize)]
struct Report<'a> {
    file: String,
    integrations: usize,
    problems: Vec<Located<'a>>,
}

pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<()> {
    let layers = context.definitions()?;
    let found = match layers.check() {
        Ok(found) => found,
        Err(failure) if args.json => {
            untrusted(layers)?;
            return Err(failure);
        }
        Err(failure) => return Err(failure),
    };
    let definitions = layers.first();
    let errors = found
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    let path = definitions.source().path.display().to_string();
    let shown = escape(&path);
    let integrations = found.keys.len();
    let mut report = String::new();
    if args.json {
        output::json(&Report {
            file: path.clone(),
            integrations,
            problems: located(&found.problems),
        })?;
    } else {
        report = report::render(&found.problems, context.ui.color());
    }
    if errors > 0 {
        let what = count(errors, "problem", "was found", "were found");
        return Err(Failure::new(Kind::Definition, format!("{path}: {what}"))
            .report(report)
            .hint("mend them from the top, then run `hallpass check` again"));
    }
    if args.json {
        return Ok(());
    }
    if !report.is_empty() {
        context.ui.note(&format!("{report}\n"));
    }
    if !definitions.exists() {
        return output::line(&format!("{shown} does not exist: nothing is defined"));
    }
    let what = count(integrations, "integration", "is valid", "are valid");
    let under = match layers.in_use() {
        Some(_) => {
            let own = layers.own().source().path.display().to_string();
            format!(", with those of {}", escape(&own))
        }
        None => String::new(),
    };
    output::line(&format!("{shown}{under}: {what}"))
}

/// The report on a file that is not looked into.
fn untrusted(layers: &Layers) -> Result<()> {
    let problems: Vec<Problem> = layers.untrusted().into_iter().collect();
    let file = problems.first().map(|problem| &problem.source.path);
    output::json(&Report {
        file: file
            .map(|path| path.display().to_string())
            .unwrap_or_default(),
        integrations: layers.withheld().map_or(0, <[String]>::len),
        problems: located(&problems),
    })
}

fn count(number: usize, what: &str, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 {what} {one}")
    } else {
        format!("{number} {what}s {many}")
    }
}
