//! The programs to compare with, as far as they are here.

use std::path::PathBuf;
use std::process::Command;

/// A program that may be missing.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// How to get it.
    pub(crate) remedy: &'static str,
    path: Option<PathBuf>,
}

/// All of them.
pub(crate) struct Tools {
    pub(crate) curl: Tool,
    pub(crate) xh: Tool,
    pub(crate) secret_tool: Tool,
    pub(crate) dbus: Tool,
    pub(crate) keyring: Tool,
}

impl Tools {
    pub(crate) fn find() -> Self {
        Self {
            curl: Tool::find("curl", "apt-get install curl"),
            xh: Tool::find("xh", "cargo install --locked xh"),
            secret_tool: Tool::find("secret-tool", "apt-get install libsecret-tools"),
            dbus: Tool::find("dbus-daemon", "apt-get install dbus"),
            keyring: Tool::find("gnome-keyring-daemon", "apt-get install gnome-keyring"),
        }
    }
}

impl Tool {
    fn find(name: &'static str, remedy: &'static str) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the programs of whoever measures"
        )]
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut places = std::env::split_paths(&path).map(|dir| dir.join(name));
        Self {
            name,
            remedy,
            // By its whole path, so that none is looked for while it is measured.
            path: places.find(|place| place.is_file()),
        }
    }

    /// The program, in an environment that holds nothing; `None` where it is not here.
    pub(crate) fn command(&self, args: &[&str]) -> Option<Command> {
        let mut command = Command::new(self.path.as_ref()?);
        command.env_clear().args(args);
        Some(command)
    }

    pub(crate) fn is_here(&self) -> bool {
        self.path.is_some()
    }

    /// The first line of `--version`, cut before what it is built from.
    pub(crate) fn version(&self) -> String {
        let output = self.command(&["--version"]).map(|mut tool| tool.output());
        let text = match output {
            None => return format!("{} is not here (`{}`)", self.name, self.remedy),
            Some(Ok(output)) => String::from_utf8_lossy(&output.stdout).into_owned(),
            Some(Err(_)) => String::new(),
        };
        let line = text.lines().next().unwrap_or_default();
        let line = line.split(" (").next().unwrap_or(line).trim();
        if line.is_empty() {
            self.name.to_owned()
        } else {
            line.to_owned()
        }
    }
}
