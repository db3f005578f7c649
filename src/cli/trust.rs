//! `hallpass trust`: let a project file be used, take that back, or tell what
//! is trusted.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::context::Context;
use crate::definition::{Project, Standing, project};
use crate::error::{Failure, Kind, Result};
use crate::output;
use crate::trust::{self, Asking, Record};
use crate::ui::escape;

/// Let a project file be used, after showing what it would do
#[derive(Debug, Args)]
#[command(after_help = "\
A project file is the nearest integrations.toml from the working directory upward, as far as the
home directory. Its definitions replace your own of the same key. It can send secrets anywhere and
run commands, so nothing of it is used until you have seen what it does and said yes. What is
remembered is the hash of the bytes that were shown: a changed file has to be trusted again.
Programs and files that it names are not part of it.

With nobody there to ask, --yes answers; without it the exit code is 4.")]
pub(super) struct TrustArgs {
    /// The file, or its directory; the one that would be found unless given
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Trust it without asking
    #[arg(long)]
    yes: bool,
    /// Forget that it was trusted
    #[arg(long, conflicts_with = "yes")]
    revoke: bool,
    /// Print the files that are trusted, and change nothing
    #[arg(long, conflicts_with_all = ["yes", "revoke", "file"])]
    list: bool,
}

pub(super) fn run(args: &TrustArgs, context: &Context) -> Result<()> {
    if args.list {
        return list(context);
    }
    let path = match &args.file {
        Some(path) if path.is_dir() => path.join(project::NAME),
        Some(path) => path.clone(),
        None => context.project_path().ok_or_else(|| nowhere(context))?,
    };
    if args.revoke {
        return revoke(&path, context);
    }
    let path = std::path::absolute(&path).unwrap_or(path);
    can_be_found(&path, context)?;
    let file = Project::read(&path);
    let own = context.user_definitions()?;
    if project::canonical(&own.source().path) == file.canonical() {
        context.ui.note(&format!(
            "`{}` is your own file, which needs no trusting.",
            escape(&path.display().to_string())
        ));
        return Ok(());
    }
    let asking = Asking {
        interaction: &context.interaction,
        ui: context.ui,
        yes: args.yes,
    };
    let shown = escape(&path.display().to_string()).into_owned();
    if !trust::offer(&file, &own, &context.ledger()?, asking)? {
        return Err(Failure::new(
            Kind::Definition,
            format!("`{shown}` is not trusted: the answer was no"),
        )
        .hint("it stays unused; run `hallpass trust` to look at it again"));
    }
    context
        .ui
        .note(&format!("\nTrusted `{shown}`, as it is now."));
    if context.named().is_some() {
        context
            .ui
            .note("It is not looked for while a definition file is named (`--config`, `HALLPASS_CONFIG`).");
    }
    Ok(())
}

/// Trust in a file that is never looked for would say what is not so.
fn can_be_found(path: &Path, context: &Context) -> Result<()> {
    if context.paths.own_home().is_some() {
        return Err(nowhere(context));
    }
    let name = project::NAME;
    if path.file_name().is_some_and(|known| known == name) {
        return Ok(());
    }
    let shown = path.display();
    Err(Failure::new(
        Kind::Usage,
        format!("only a file called `{name}` is looked for"),
    )
    .context(format!("`{shown}` is no project file"))
    .hint(format!(
        "call it `{name}`, or name it when it is to be used: `hallpass --config {} …`",
        shell_words::quote(&shown.to_string())
    )))
}

fn revoke(path: &Path, context: &Context) -> Result<()> {
    let forgotten = context.ledger()?.forget(&project::canonical(path))?;
    let path = path.display().to_string();
    let path = escape(&path);
    context.ui.note(&if forgotten {
        format!("`{path}` is no longer trusted.")
    } else {
        format!("`{path}` was not trusted.")
    });
    Ok(())
}

fn list(context: &Context) -> Result<()> {
    let records = context.ledger()?.all()?;
    if records.is_empty() {
        context.ui.note("no project file is trusted");
        return Ok(());
    }
    let row = |record: &Record| {
        let path = Path::new(&record.path);
        let state = match context.ledger()?.standing(&Project::read(path)) {
            _ if !path.exists() => "gone",
            Standing::Trusted => "trusted",
            Standing::New | Standing::Changed(_) => "changed",
        };
        let keys: Vec<&str> = record.reach.keys().map(String::as_str).collect();
        Ok(vec![
            record.path.clone(),
            state.to_owned(),
            record.trusted_at.to_string(),
            keys.join(" "),
        ])
    };
    let rows: Vec<Vec<String>> = records.iter().map(row).collect::<Result<_>>()?;
    output::text(&output::table(&["FILE", "STATE", "SINCE", "KEYS"], &rows))
}

fn nowhere(context: &Context) -> Failure {
    const NO_FILE: &str = "there is no project file to trust";
    if context.paths.own_home().is_some() {
        let why = "none is looked for while `HALLPASS_HOME` is set";
        return Failure::new(Kind::Definition, why)
            .context(NO_FILE)
            .hint("unset `HALLPASS_HOME`, or name the file when it is to be used: `hallpass --config FILE …`");
    }
    let why = if context.named().is_some() {
        "none is looked for while a definition file is named"
    } else {
        "there is no `integrations.toml` here or above, as far as one is looked for"
    };
    Failure::new(Kind::Definition, why)
        .context(NO_FILE)
        .hint("name it: `hallpass trust FILE`")
}
