//! A command whose output is a value: run without a shell, without our key,
//! and not for longer than its deadline.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{ValueError, one_line};
use crate::env;
use crate::secret::Secret;

/// The most that is read of its output, in bytes.
const MAX_OUTPUT: u64 = 1024 * 1024;
/// The wait between two looks at whether it has ended.
const BREATH: Duration = Duration::from_millis(5);

/// Runs a command and takes its output, without a final line break. It may ask
/// its person on stderr; at the deadline it is ended, and it alone.
pub fn run(words: &[String], patience: Duration) -> Result<Secret, ValueError> {
    let program = words.first().cloned().unwrap_or_default();
    let failed = |why: String| ValueError::Command {
        program: program.clone(),
        why,
    };
    let deadline = Instant::now() + patience;
    let mut child = Command::new(&program)
        .args(words.iter().skip(1))
        .env_remove(env::HALLPASS_KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("could not be started: {error}")))?;
    let read = output(&mut child, patience);
    let status = match read {
        Some(_) => ended_by(&mut child, deadline).map_err(|error| failed(error.to_string()))?,
        None => None,
    };
    let (Some(read), Some(status)) = (read, status) else {
        // It may have ended just now; its output came too late all the same.
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(format!(
            "did not answer within {}",
            humantime::format_duration(patience)
        )));
    };
    let output = read.map_err(|error| failed(format!("printed something unreadable: {error}")))?;
    if !status.success() {
        return Err(failed(format!("failed ({status})")));
    }
    if output.expose().is_empty() {
        return Err(failed("printed nothing".to_owned()));
    }
    Ok(output)
}

/// What a child prints until it closes its output; `None` at the deadline. The
/// reading thread is left behind then: what the child started may keep the
/// pipe open.
fn output(child: &mut Child, patience: Duration) -> Option<std::io::Result<Secret>> {
    let stdout = child.stdout.take()?;
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut output = String::new();
        let read = stdout.take(MAX_OUTPUT).read_to_string(&mut output);
        // Nobody listens any more after the deadline.
        let _ = send.send(read.map(|_| one_line(output)));
    });
    receive.recv_timeout(patience).ok()
}

/// How a child ended; `None` when it had not by the deadline.
fn ended_by(child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        std::thread::sleep(BREATH);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str, patience: Duration) -> Result<Secret, ValueError> {
        run(&["sh", "-c", script].map(ToOwned::to_owned), patience)
    }

    #[test]
    fn a_command_that_hangs_is_ended_at_its_deadline_whether_it_prints_or_not() {
        let short = Duration::from_millis(100);
        let long = Duration::from_secs(50);
        for script in [
            "exec sleep 60",
            "echo value-not-real; exec sleep 60",
            "exec 1>&-; exec sleep 60",
        ] {
            let began = Instant::now();
            let why = sh(script, short).unwrap_err().to_string();
            assert!(
                why.contains("did not answer within 100ms"),
                "{script}: {why}"
            );
            assert!(began.elapsed() < long, "{script}");
        }
    }

    #[test]
    fn what_a_command_prints_is_the_value_and_how_it_fails_is_told() {
        let patience = Duration::from_secs(50);
        let value = sh("printf 'value-not-real\\n\\n'", patience).unwrap();
        assert!(value.equals("value-not-real"));
        for (script, said) in [
            ("exit 3", "exit status: 3"),
            ("true", "printed nothing"),
            ("printf '\\377'", "unreadable"),
        ] {
            let why = sh(script, patience).unwrap_err().to_string();
            assert!(why.contains(said), "{script}: {why}");
        }
        let missing = run(&["no-such-program-here".to_owned()], patience);
        let why = missing.unwrap_err().to_string();
        assert!(why.contains("could not be started"), "{why}");
    }
}
