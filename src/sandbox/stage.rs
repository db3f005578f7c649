//! Runs the executable for the tour: its own environment, no input, both outputs as one, a deadline.
//!
//! Promises: a command that hangs is killed at its deadline; output without end is cut; control
//! characters in it other than colours come out escaped.

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// How long one command may take.
const DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);
const MAX_OUTPUT: u64 = 256 * 1024;

/// The executable and what surrounds it.
pub struct Stage {
    /// The hallpass executable.
    pub exe: PathBuf,
    /// The working directory.
    pub directory: PathBuf,
    /// The whole environment.
    pub variables: Vec<(OsString, OsString)>,
}

/// How a command ended, with all it printed.
pub enum Ended {
    /// With code 0.
    Well(String),
    /// Otherwise, and how: a phrase that follows the command's name.
    Badly(String, String),
}

impl Stage {
    /// Runs the executable with these arguments to its end or its deadline.
    pub fn play(&self, args: &[&str]) -> anyhow::Result<Ended> {
        self.play_within(args, DEADLINE)
    }

    fn play_within(&self, args: &[&str], limit: Duration) -> anyhow::Result<Ended> {
        let (mut output, sink) = io::pipe().context("no pipe could be made")?;
        let mut command = Command::new(&self.exe);
        command
            .args(args)
            .current_dir(&self.directory)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(sink.try_clone().context("no pipe could be made")?)
            .stderr(sink);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                let why = format!("could not be started: {error}");
                return Ok(Ended::Badly(String::new(), why));
            }
        };
        drop(command); // it holds the pipe's other end, and the output would never end
        let deadline = Instant::now() + limit;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut block = [0; 8192];
            let mut left = MAX_OUTPUT;
            while let Ok(read @ 1..) = output.read(&mut block) {
                // What is too much is still read, so that the child does not wait for a reader.
                let kept = usize::try_from(left).map_or(read, |left| read.min(left));
                left -= kept as u64;
                if sender.send(block[..kept].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut printed = Vec::new();
        while let Ok(block) =
            receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            printed.extend(block);
        }
        let status = wait_until(&mut child, deadline)?;
        Ok(judge(&printed, status, limit))
    }
}

/// The child's status, or nothing when it had to be killed at the deadline.
fn wait_until(child: &mut Child, deadline: Instant) -> anyhow::Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait().context("a command cannot be waited for")?;
        if status.is_some() {
            return Ok(status);
        }
        if Instant::now() >= deadline {
            drop(child.kill());
            child.wait().context("a command cannot be waited for")?;
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

fn judge(printed: &[u8], status: Option<ExitStatus>, limit: Duration) -> Ended {
    let printed = printable(&String::from_utf8_lossy(printed));
    match status {
        Some(status) if status.success() => Ended::Well(printed),
        Some(status) => {
            let why = match status.code() {
                Some(code) => format!("ended with exit code {code}"),
                None => format!("was ended: {status}"),
            };
            Ended::Badly(printed, why)
        }
        None => Ended::Badly(
            printed,
            format!("did not end within {} seconds", limit.as_secs()),
        ),
    }
}

/// Text with control characters escaped, line ends, tabs and colours excepted.
fn printable(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let mut shown = String::with_capacity(text.len());
    for (index, character) in text.char_indices() {
        let color = character == '\x1b' && is_color(&text[index + 1..]);
        if character.is_control() && !color && character != '\n' && character != '\t' {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether what follows an escape character makes it an SGR sequence: `[`, digits and `;`, `m`.
fn is_color(rest: &str) -> bool {
    let parameters = rest.strip_prefix('[').map(|rest| {
        rest.trim_start_matches(|character: char| character.is_ascii_digit() || character == ';')
    });
    parameters.is_some_and(|after| after.starts_with('m'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_pass_unescaped() {
        assert_eq!(printable("a\tb\r\nc"), "a\tb\nc");
        assert_eq!(printable("\x1b[1;32mok\x1b[0m"), "\x1b[1;32mok\x1b[0m");
        assert_eq!(printable("\x1b[2Jx\x07"), "\\u{1b}[2Jx\\u{7}");
        assert_eq!(printable("\x1b"), "\\u{1b}");
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_hangs_is_ended_at_its_deadline() {
        let stage = Stage {
            exe: "/bin/sh".into(),
            directory: "/".into(),
            variables: Vec::new(),
        };
        let limit = Duration::from_millis(200);
        let hung = stage.play_within(&["-c", "exec /bin/sleep 60"], limit);
        let Ok(Ended::Badly(_, why)) = hung else {
            panic!("it should have been ended");
        };
        assert!(why.starts_with("did not end"), "{why}");
        let failed = stage.play(&["-c", "echo out; echo err >&2; exit 3"]);
        let Ok(Ended::Badly(printed, why)) = failed else {
            panic!("it should have failed");
        };
        assert_eq!(
            (printed.as_str(), why.as_str()),
            ("out\nerr\n", "ended with exit code 3")
        );
    }
}
