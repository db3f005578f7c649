//! The command that is run: in our place where the system can do that, else as
//! a child. How it ended, as a shell would say it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{Child, Command, ExitStatus};

use crate::env;
use crate::guard;
use crate::secret::Secret;

/// A command and what its environment has besides ours.
pub struct Invocation {
    program: OsString,
    command: Command,
}

/// Why a command did not run.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// There is no such program, or not what it is interpreted by.
    #[error("`{0}` was not found")]
    NotFound(String, #[source] io::Error),
    /// It is there and cannot be executed.
    #[error("`{0}` cannot be executed")]
    NotExecutable(String, #[source] io::Error),
}

impl NotStarted {
    fn new(program: &OsStr, error: io::Error) -> Self {
        let program = program.to_string_lossy().into_owned();
        match error.kind() {
            io::ErrorKind::NotFound => NotStarted::NotFound(program, error),
            _ => NotStarted::NotExecutable(program, error),
        }
    }

    /// The exit code that a shell gives for this.
    pub fn exit_code(&self) -> u8 {
        match self {
            NotStarted::NotFound(..) => 127,
            NotStarted::NotExecutable(..) => 126,
        }
    }
}

impl Invocation {
    /// The program, by path or by its name in `PATH`, with our environment,
    /// less the key of the `file` store.
    pub fn new(program: OsString, args: impl IntoIterator<Item = OsString>) -> Self {
        let mut command = Command::new(&program);
        command.args(args).env_remove(env::HALLPASS_KEY);
        Self { program, command }
    }

    /// Sets a variable; without a value the child has none of this name.
    pub fn set(&mut self, name: &str, value: Option<&Secret>) {
        match value {
            Some(value) => self.command.env(name, value.expose()),
            None => self.command.env_remove(name),
        };
    }

    /// Sets a variable that is no secret.
    pub fn set_plain(&mut self, name: &str, value: &OsStr) {
        self.command.env(name, value);
    }

    /// Lets the command take our place: returns only where it could not.
    #[cfg(unix)]
    pub fn take_over(mut self) -> Result<ExitStatus, NotStarted> {
        use std::os::unix::process::CommandExt as _;
        let never = guard::as_found::<std::convert::Infallible>(|| Err(self.command.exec()));
        match never {
            Err(error) => Err(NotStarted::new(&self.program, error)),
        }
    }

    /// Elsewhere no process can take another's place: it is waited for.
    #[cfg(not(unix))]
    pub fn take_over(mut self) -> Result<ExitStatus, NotStarted> {
        let mut child = self.start()?;
        let waited = child.wait();
        waited.map_err(|error| NotStarted::new(&self.program, error))
    }

    /// Starts the command beside us.
    pub fn start(&mut self) -> Result<Child, NotStarted> {
        guard::as_found(|| self.command.spawn())
            .map_err(|error| NotStarted::new(&self.program, error))
    }
}

/// A child's code; a signal is 128 more than its number, as in a shell.
pub fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            return u8::try_from(128 + signal).unwrap_or(u8::MAX);
        }
    }
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1)
}
