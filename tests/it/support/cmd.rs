//! A program to run: its arguments, the whole of its environment, its input; and how it ended.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::running::{Input, Running};

/// A program about to be run. Its environment is cleared but for `PATH` (and what Windows cannot do
/// without); its input is empty.
pub struct Cmd {
    command: Command,
    input: Input,
}

impl Cmd {
    /// The program, by path or by its name in `PATH`, and its arguments.
    pub fn new(program: impl AsRef<OsStr>, args: &[&str]) -> Cmd {
        heed_signals();
        let mut command = Command::new(program);
        command.args(args).env_clear().envs(surroundings());
        Cmd {
            command,
            input: Input::Bytes(Vec::new()),
        }
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Cmd {
        self.command.env(name, value);
        self
    }

    /// Sets several variables.
    pub fn envs<'a>(mut self, variables: impl IntoIterator<Item = (&'a str, String)>) -> Cmd {
        self.command.envs(variables);
        self
    }

    /// Takes a variable away.
    pub fn env_remove(mut self, name: &str) -> Cmd {
        self.command.env_remove(name);
        self
    }

    /// Sets the working directory.
    pub fn dir(mut self, path: &Path) -> Cmd {
        self.command.current_dir(path);
        self
    }

    /// Gives it these bytes to read, and then the end of its input.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Cmd {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// Leaves its input open, and empty, for as long as it runs.
    pub fn stdin_open(mut self) -> Cmd {
        self.input = Input::Open;
        self
    }

    /// Runs it to its end; one that takes longer than a minute is killed and fails the test.
    #[track_caller]
    pub fn run(self) -> Run {
        self.spawn().wait()
    }

    /// Starts it; it is killed when the guard that is returned goes.
    #[track_caller]
    pub fn spawn(mut self) -> Running {
        let stdin = match &self.input {
            Input::Bytes(bytes) if bytes.is_empty() => Stdio::null(),
            _ => Stdio::piped(),
        };
        self.command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let what = self.command_line();
        match self.command.spawn() {
            Ok(child) => Running::new(what, child, self.input),
            Err(error) => panic!("{what}: {error}"),
        }
    }

    /// Starts it at a terminal of its own: its stdin and its stderr.
    #[cfg(unix)]
    #[track_caller]
    pub fn spawn_at_terminal(mut self) -> (Running, super::Terminal) {
        let (terminal, inside) = super::Terminal::open();
        let again = inside.try_clone().expect("it can be had twice");
        self.command
            .env("TERM", "xterm")
            .stdin(inside)
            .stdout(Stdio::piped())
            .stderr(again);
        let what = self.command_line();
        let child = self.command.spawn().expect("it starts");
        // The command holds the terminal's inside open, and with it the reading of its end.
        drop(self.command);
        (
            Running::at_terminal(what, child, terminal.clone_outside()),
            terminal,
        )
    }

    /// Starts it at a terminal of its own, its stdout too: what that shows is heard as stderr.
    #[cfg(unix)]
    #[track_caller]
    pub fn spawn_all_at_terminal(mut self) -> (Running, super::Terminal) {
        let (terminal, inside) = super::Terminal::open();
        let another = || inside.try_clone().expect("it can be had twice");
        if self.command.get_envs().all(|(name, _)| name != "TERM") {
            self.command.env("TERM", "xterm");
        }
        self.command
            .stdin(another())
            .stdout(another())
            .stderr(another());
        drop(inside);
        let what = self.command_line();
        let child = self.command.spawn().expect("it starts");
        // The command holds the terminal's inside open, and with it the reading of its end.
        drop(self.command);
        (
            Running::at_terminal(what, child, terminal.clone_outside()),
            terminal,
        )
    }

    /// Starts it with its stdin at a terminal whose outside is the caller's alone, to be closed.
    #[cfg(unix)]
    #[track_caller]
    pub fn spawn_inside(mut self, inside: std::fs::File) -> Running {
        self.command
            .stdin(inside)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let what = self.command_line();
        let child = self.command.spawn().expect("it starts");
        Running::new(what, child, Input::Open)
    }

    fn command_line(&self) -> String {
        let program = Path::new(self.command.get_program());
        let program = program.file_name().unwrap_or(self.command.get_program());
        let words = std::iter::once(program).chain(self.command.get_args());
        let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
        words.join(" ")
    }
}

/// Has a program be given every signal, also where the tests were started with some ignored (by
/// `nohup`, by `&` in a script), which children inherit. A signal that is handled here is not, and
/// does here what it did: nothing.
#[cfg(target_os = "linux")]
fn heed_signals() {
    use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let status = std::fs::read_to_string("/proc/self/status").expect("it is there");
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = u64::from_str_radix(mask.expect("Linux tells it").trim(), 16).expect("a mask");
        for signal in [SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2] {
            if mask & (1 << (signal - 1)) != 0 {
                let seen = std::sync::Arc::default();
                signal_hook::flag::register(signal, seen).expect("it may be handled");
            }
        }
    });
}

#[cfg(not(target_os = "linux"))]
fn heed_signals() {}

/// The variables that are passed on: what a program is found by, and what Windows needs to open a
/// socket or a temporary file.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the tests look at their own environment"
)]
fn surroundings() -> Vec<(&'static str, OsString)> {
    let names = if cfg!(windows) {
        ["PATH", "SystemRoot", "TEMP"].as_slice()
    } else {
        &["PATH"]
    };
    let set = names
        .iter()
        .filter_map(|name| Some((*name, std::env::var_os(name)?)));
    set.collect()
}

/// How a program ended, and what it printed.
#[derive(Debug)]
pub struct Run {
    /// The command line, for messages.
    pub what: String,
    /// The exit code; nothing when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it, on Unix.
    pub signal: Option<i32>,
    /// All it printed on stdout.
    pub stdout: String,
    /// All it printed on stderr.
    pub stderr: String,
}

impl Run {
    /// Asserts success.
    #[track_caller]
    pub fn ok(self) -> Run {
        self.exits(0)
    }

    /// Asserts the exit code, and nothing else.
    #[track_caller]
    pub fn exits(self, code: i32) -> Run {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Asserts the exit code, and that the last thing said is what to do next: a `hint:` line, or the
    /// error object with hints in it.
    #[track_caller]
    pub fn fails_with(self, code: i32) -> Run {
        let run = self.exits(code);
        let last = run.stderr.lines().last().unwrap_or_default();
        let hinted = match serde_json::from_str::<Value>(last) {
            Ok(object) => {
                let error = &object["error"];
                assert_eq!(error["exit_code"], code, "{run}");
                error["hints"]
                    .as_array()
                    .is_some_and(|hints| !hints.is_empty())
            }
            Err(_) => last.starts_with("hint:"),
        };
        assert!(hinted, "no hint at the end\n{run}");
        run
    }

    /// The one line it printed, without the newline; asserts that it was one line.
    #[track_caller]
    pub fn line(&self) -> &str {
        match self.stdout.strip_suffix('\n') {
            Some(line) if !line.is_empty() && !line.contains('\n') => line,
            _ => panic!("not one line\n{self}"),
        }
    }

    /// What it printed, as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("no JSON: {error}\n{self}"),
        }
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = match (self.code, self.signal) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "no exit code".to_owned(),
        };
        writeln!(f, "`{}`: {end}", self.what)?;
        writeln!(
            f,
            "--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        )
    }
}
