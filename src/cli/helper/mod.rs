//! `hallpass helper`: other tools' credential protocols, one file per tool, and
//! `install`, which sets them up. A tool gets a credential only for what a
//! definition of the user's own (or of a named file) says under `helpers`;
//! project files are not looked for, nothing is asked and nothing is connected.

mod docker;
mod git;
mod install;
mod kubectl;
mod matching;

use std::io::Read as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::{Failure, Kind, Result};

/// The most that a tool has to say, in bytes.
const MAX_INPUT: u64 = 256 * 1024;

/// Speak the credential protocol of git, docker or kubectl, or set it up there
#[derive(Debug, Args)]
#[command(after_help = "\
Each tool gets a credential only for what a definition names:

  [integrations.github.helpers]
  git = { host = \"github.com\", username = \"x-access-token\" }
  docker = { registry = \"ghcr.io\" }
  kubectl = { use = \"id_token\" }

Only your own definitions count, or those of a file that --config names; project files do not.")]
pub(super) struct HelperArgs {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Debug, Subcommand)]
enum Tool {
    Git(git::GitArgs),
    Docker(docker::DockerArgs),
    Kubectl(kubectl::KubectlArgs),
    Install(install::InstallArgs),
}

pub(super) fn run(args: &HelperArgs, context: &Context) -> Result<ExitCode> {
    match &args.tool {
        Tool::Git(args) => git::run(args, context),
        // Its protocol has a code of its own.
        Tool::Docker(args) => return docker::run(args, context),
        Tool::Kubectl(args) => kubectl::run(args, context),
        Tool::Install(args) => install::run(args, context),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// The arguments of the command line, where the name that the binary was called
/// by stands for a command: docker knows its helpers by name alone.
pub(super) fn arguments() -> Vec<std::ffi::OsString> {
    let mut words: Vec<_> = std::env::args_os().collect();
    let called = words.first().map(std::path::Path::new);
    let name = called.and_then(std::path::Path::file_stem);
    if name.is_some_and(|name| name == docker::PROGRAM) {
        words.splice(..1, ["hallpass", "helper", "docker"].map(Into::into));
    }
    words
}

/// All that a tool says on stdin, passwords among it.
fn input() -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = std::io::stdin().lock().take(MAX_INPUT + 1);
    { read }.read_to_end(&mut bytes).map_err(|error| {
        Failure::caused(Kind::Usage, error)
            .context("stdin cannot be read")
            .hint("let the tool call its helper itself; `hallpass helper --help` says how")
    })?;
    if bytes.len() as u64 > MAX_INPUT {
        return Err(
            Failure::new(Kind::Usage, "stdin holds too much for a request")
                .hint("let the tool call its helper itself; `hallpass helper --help` says how"),
        );
    }
    Ok(bytes)
}
