//! `hallpass helper install`: writes another tool's configuration so that it
//! asks hallpass. What will be written is shown first, and done after a yes
//! alone; a second run finds it done and changes nothing.

mod docker;
mod git;
mod json;
mod kubectl;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use clap::{Args, ValueEnum};

use super::matching;
use crate::broker::State;
use crate::connection::{ConnectionArg, ConnectionId};
use crate::context::Context;
use crate::definition::Integration;
use crate::doctor::programs;
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::ui::escape;

/// Write a tool's own configuration so that it asks hallpass, after showing it
#[derive(Debug, Args)]
#[command(after_help = "\
git:     the host's credential helper in git's global configuration, in the place of others
docker:  the registry in credHelpers of docker's config.json, and docker-credential-hallpass
kubectl: a user hallpass-CONN in the kubeconfig; without kubectl, what to write there is printed

With nobody there to ask, --yes answers; without it the exit code is 4.")]
pub(super) struct InstallArgs {
    /// The tool
    #[arg(value_name = "TOOL")]
    tool: Tool,
    /// The connection: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN")]
    connection: ConnectionArg,
    /// Write it without asking
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tool {
    Git,
    Docker,
    Kubectl,
}

/// What is to be set up.
struct Setup<'a> {
    context: &'a Context,
    integration: Integration,
    id: ConnectionId,
    arg: &'a ConnectionArg,
    yes: bool,
    tool: &'static str,
}

pub(super) fn run(args: &InstallArgs, context: &Context) -> Result<()> {
    let integration = context
        .own_definitions()?
        .get(&args.connection.integration)?;
    let id = ConnectionId::of(&args.connection, &integration);
    let (tool, run): (_, fn(&Setup<'_>) -> Result<()>) = match args.tool {
        Tool::Git => ("git", git::run),
        Tool::Docker => ("docker", docker::run),
        Tool::Kubectl => ("kubectl", kubectl::run),
    };
    let setup = Setup {
        context,
        integration,
        id,
        arg: &args.connection,
        yes: args.yes,
        tool,
    };
    run(&setup)?;
    let id = &setup.id;
    let hint = match matching::state(context, &setup.integration, id)? {
        State::NotConnected => format!("`{id}` is not connected yet: `hallpass connect {id}`"),
        // A host that was just written into the definition is one reason.
        State::NeedsConnecting => {
            format!("`{id}` has to be connected again first: `hallpass status {id}` says why")
        }
        State::Connected | State::Ready | State::Expired => return Ok(()),
    };
    context.ui.hint(&hint);
    Ok(())
}

impl Setup<'_> {
    /// Shows what will be written, and asks. Nobody there to ask, or a no, ends
    /// the command.
    fn agreed(&self, plan: &[String]) -> Result<()> {
        let plan: Vec<_> = plan.iter().map(|line| escape(line)).collect();
        let plan = plan.join("\n");
        let (ui, interaction) = (self.context.ui, &self.context.interaction);
        if self.yes {
            ui.note(&plan);
            return Ok(());
        }
        let named = self.context.named().map_or_else(String::new, |path| {
            let path = path.display().to_string();
            format!(" --config {}", shell_words::quote(&path))
        });
        let again = format!(
            "hallpass helper install {} {}{named}",
            self.tool,
            self.conn()
        );
        // They are asked about it, whatever they silenced.
        ui.always(&plan);
        if !interaction.attended() {
            return Err(Failure::new(
                Kind::NeedsConnecting,
                "nothing was changed: nobody is there to ask",
            )
            .hint(format!(
                "run `{again} --yes` to have it written, or `{again}` at a terminal"
            )));
        }
        if interaction.confirm("Write this?", true)? {
            return Ok(());
        }
        Err(Failure::new(
            Kind::NeedsConnecting,
            "nothing was changed: the answer was no",
        )
        .hint(format!("run `{again}` to be asked again")))
    }

    /// The connection as it was named: the bare key leaves the choice to the
    /// definition, which may make it anew.
    fn conn(&self) -> String {
        let key = &self.arg.integration;
        match &self.arg.name {
            Some(name) => format!("{key}@{name}"),
            None => key.clone(),
        }
    }

    fn already(&self, what: &str) {
        let text = format!("{what} already; nothing was changed.");
        self.context.ui.note(&escape(&text));
    }

    fn done(&self, what: &str) {
        self.context.ui.note(&escape(what));
    }

    /// The words of a command line that names the same definition file as this
    /// one, up to the tool's own.
    fn words(&self, tool: &[&str]) -> Result<Vec<String>> {
        let text = |path: PathBuf| {
            path.into_os_string().into_string().map_err(|_| {
                Failure::new(
                    Kind::Usage,
                    "a path that is no text (UTF-8) cannot be written there",
                )
                .hint("use a path that is")
            })
        };
        let mut words = vec![text(ourselves()?)?];
        if let Some(named) = self.context.named() {
            words.push("--config".to_owned());
            words.push(text(std::path::absolute(&named).unwrap_or(named))?);
        }
        words.extend(tool.iter().map(|word| (*word).to_owned()));
        self.mind_home();
        Ok(words)
    }

    /// What a command line cannot carry.
    fn mind_home(&self) {
        if self.context.paths.own_home().is_some() {
            self.context.ui.warn(&format!(
                "`HALLPASS_HOME` is set here, and {} finds this connection only where it is set too",
                self.tool
            ));
        }
    }

    /// The definition names no host for this tool.
    fn not_named(&self, example: &str) -> Failure {
        let key = &self.integration.key;
        let tool = self.tool;
        Failure::new(
            Kind::Definition,
            format!("the definition of `{key}` does not name a host for {tool}"),
        )
        .hint(format!(
            "add it at {}: `[integrations.{key}.helpers]` and `{example}`",
            self.integration.place
        ))
    }
}

/// Where hallpass is: as `PATH` has it, which outlives an update, or else the
/// file that runs.
fn ourselves() -> Result<PathBuf> {
    let running = std::env::current_exe().map_err(|error| {
        Failure::caused(Kind::Internal, error)
            .context("where hallpass itself is cannot be told")
            .hint("write the tool's configuration by hand; `hallpass helper --help` says how")
    })?;
    let found = programs::find("hallpass").filter(|found| found.is_absolute());
    Ok(found
        .filter(|found| is_same(found, &running))
        .unwrap_or(running))
}

fn is_same(one: &Path, other: &Path) -> bool {
    let (one, other) = (std::fs::canonicalize(one), std::fs::canonicalize(other));
    matches!((one, other), (Ok(one), Ok(other)) if one == other)
}

/// Runs the tool itself, which asks nobody and gets no key of ours.
fn tool(program: &str, words: &[&str]) -> Result<Output> {
    let words: Vec<OsString> = words.iter().map(OsString::from).collect();
    let run = Command::new(program)
        .args(words)
        .env_remove(env::HALLPASS_KEY)
        .stdin(Stdio::null())
        .output();
    run.map_err(|error| {
        Failure::caused(Kind::Usage, error)
            .context(format!("`{program}` could not be started"))
            .hint(format!("install {program}, or put it into `PATH`"))
    })
}

/// Runs the tool for what it does; what it says when it fails is the reason.
fn does(program: &str, words: &[&str]) -> Result<Output> {
    let output = tool(program, words)?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = match said.trim() {
        "" => output.status.to_string(),
        said => said.to_owned(),
    };
    let line = shell_words::join(std::iter::once(&program).chain(words));
    Err(Failure::new(Kind::Usage, said)
        .context(format!("`{line}` failed"))
        .hint(format!(
            "see what {program} says, then run the command again"
        )))
}
