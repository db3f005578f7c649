//! `hallpass sandbox -- CMD…`: a command that finds itself with a working hallpass of its own.
//!
//! Promises: the child sees the sandbox's definitions and none of the user's, and what it leaves in
//! its `HALLPASS_HOME` is removed when it ends, however it ends.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};

use super::Sandbox;
use super::home::{Home, browser_command, path_with};
use crate::guard;

/// Variables that would lead the child's hallpass out of its own home.
const REMOVED: [&str; 4] = [
    "HALLPASS_CONFIG",
    "HALLPASS_STORE",
    "HALLPASS_KEY",
    "HALLPASS_ERRORS",
];

/// A command to run inside a sandbox.
pub struct Child {
    /// The program, found through the child's `PATH`.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// Why a child did not run.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// There is no such program; a shell would exit 127.
    #[error("`{0}` was not found")]
    NotFound(String, #[source] io::Error),
    /// It is there and cannot be executed; a shell would exit 126.
    #[error("`{0}` cannot be executed")]
    NotExecutable(String, #[source] io::Error),
    /// The way there failed: no temporary directory, or a path that cannot be passed on.
    #[error("the child's environment cannot be set up")]
    Setup(#[source] anyhow::Error),
    /// It ran, and its end could not be waited for.
    #[error("the child cannot be waited for")]
    Wait(#[source] io::Error),
}

impl ChildError {
    /// The exit code a shell gives for this, where it has one: 126 or 127.
    pub fn exit_code(&self) -> Option<u8> {
        match self {
            ChildError::NotFound(..) => Some(127),
            ChildError::NotExecutable(..) => Some(126),
            ChildError::Setup(_) | ChildError::Wait(_) => None,
        }
    }
}

/// Runs a command with a temporary `HALLPASS_HOME` that leads to this sandbox, and waits for it.
///
/// `exe` is the hallpass executable, absolute: it comes first in `PATH` and plays the person in
/// `HALLPASS_BROWSER`. `path` is the `PATH` to put it before. The rest of the environment and the
/// standard streams are inherited. `started` gets the process id.
pub fn run_child(
    sandbox: &Sandbox,
    child: &Child,
    exe: &Path,
    path: Option<&OsStr>,
    started: &mut dyn FnMut(u32),
) -> Result<ExitStatus, ChildError> {
    let home = Home::new(&sandbox.config()).map_err(ChildError::Setup)?;
    let mut command = Command::new(&child.program);
    command
        .args(&child.args)
        .env("HALLPASS_HOME", home.path())
        .env(
            "HALLPASS_BROWSER",
            browser_command(exe).map_err(ChildError::Setup)?,
        )
        .env("HALLPASS_SANDBOX_URL", sandbox.issuer())
        .env("PATH", path_with(exe, path).map_err(ChildError::Setup)?);
    for name in REMOVED {
        command.env_remove(name);
    }
    let mut running = guard::as_found(|| command.spawn()).map_err(|error| {
        let program = child.program.to_string_lossy().into_owned();
        match error.kind() {
            io::ErrorKind::NotFound => ChildError::NotFound(program, error),
            _ => ChildError::NotExecutable(program, error),
        }
    })?;
    started(running.id());
    running.wait().map_err(ChildError::Wait)
}
