//! A running program: it can be listened to and signalled, and never outlives its guard.

use std::io::{Read, Write as _};
use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{PATIENCE, Run};

/// What a program gets to read.
pub enum Input {
    /// These bytes, and then the end.
    Bytes(Vec<u8>),
    /// Nothing, without an end.
    Open,
}

/// A started program; dropping it kills it.
pub struct Running {
    what: String,
    child: Child,
    stdin: Option<ChildStdin>,
    #[cfg(unix)]
    keyboard: Option<std::fs::File>,
    stdout: Stream,
    stderr: Stream,
}

impl Running {
    /// Takes over a child whose outputs are pipes.
    pub(super) fn new(what: String, mut child: Child, input: Input) -> Running {
        let stdin = match (child.stdin.take(), input) {
            (Some(mut pipe), Input::Bytes(bytes)) => {
                // A program may end without reading all of it, and that is its right.
                thread::spawn(move || drop(pipe.write_all(&bytes)));
                None
            }
            (pipe, _) => pipe,
        };
        Running {
            what,
            stdin,
            #[cfg(unix)]
            keyboard: None,
            stdout: Stream::of(child.stdout.take().expect("a pipe")),
            stderr: Stream::of(child.stderr.take().expect("a pipe")),
            child,
        }
    }

    /// Takes over a child whose stdin and stderr are a terminal, of which this is the other side.
    #[cfg(unix)]
    pub(super) fn at_terminal(what: String, mut child: Child, terminal: std::fs::File) -> Running {
        let screen = terminal.try_clone().expect("a second handle");
        Running {
            what,
            stdin: None,
            keyboard: Some(terminal),
            stdout: match child.stdout.take() {
                Some(pipe) => Stream::of(pipe),
                None => Stream::of(std::io::empty()),
            },
            stderr: Stream::of(screen),
            child,
        }
    }

    /// Writes a line on its stdin, which was left open.
    #[track_caller]
    pub fn write_line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("it was left open");
        writeln!(stdin, "{line}").expect("it reads");
    }

    /// Ends its stdin.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Types at its terminal.
    #[cfg(unix)]
    #[track_caller]
    pub fn types(&mut self, keys: &str) {
        let keyboard = self.keyboard.as_mut().expect("it is at a terminal");
        keyboard.write_all(keys.as_bytes()).expect("it is open");
    }

    /// Waits until stderr has this text, which need not end a line.
    #[cfg(unix)]
    #[track_caller]
    pub fn wait_for_question(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        let has = |heard: &Heard| String::from_utf8_lossy(&heard.bytes).contains(text);
        let heard = self
            .stderr
            .wait_while(deadline, |heard| !has(heard) && !heard.closed);
        let found = has(&heard);
        drop(heard);
        assert!(found, "it did not ask `{text}`\n{}", self.so_far());
    }

    /// What it has written on stderr so far.
    #[cfg(unix)]
    pub fn written(&self) -> String {
        self.stderr.text()
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the first line on stdout that is wanted, and returns it.
    #[track_caller]
    pub fn wait_for_stdout(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        match self.stdout.line(wanted) {
            Some(line) => line,
            None => panic!("the line on stdout did not come\n{}", self.so_far()),
        }
    }

    /// Waits for the first line on stderr that is wanted, and returns it.
    #[track_caller]
    pub fn wait_for_stderr(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        match self.stderr.line(wanted) {
            Some(line) => line,
            None => panic!("the line on stderr did not come\n{}", self.so_far()),
        }
    }

    /// Sends it a signal.
    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).expect("it runs and is ours");
    }

    /// Waits for its end; one that takes longer than a minute is killed and fails the test.
    #[track_caller]
    pub fn wait(mut self) -> Run {
        let deadline = Instant::now() + PATIENCE;
        let closed = self.stdout.is_closed_by(deadline) && self.stderr.is_closed_by(deadline);
        match self.status_by(deadline).filter(|_| closed) {
            Some(status) => self.ended(Some(status)),
            None => panic!("it does not end\n{}", self.so_far()),
        }
    }

    /// Its outputs are closed by now, so this is a matter of milliseconds.
    fn status_by(&mut self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return Some(status);
            }
            if Instant::now() >= deadline {
                return None;
            }
            // A breath between two looks: no wait for a child has a deadline.
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Kills it, and tells what it printed.
    fn so_far(&mut self) -> Run {
        self.end();
        self.ended(None)
    }

    fn ended(&self, status: Option<ExitStatus>) -> Run {
        #[cfg(unix)]
        let signal =
            status.and_then(|status| std::os::unix::process::ExitStatusExt::signal(&status));
        #[cfg(not(unix))]
        let signal = None;
        Run {
            what: self.what.clone(),
            code: status.and_then(|status| status.code()),
            signal,
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
        }
    }

    /// Fails only when it has ended already.
    fn end(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// One of its outputs, read by a thread of its own so that a full pipe never stops it.
struct Stream(Arc<(Mutex<Heard>, Condvar)>);

#[derive(Default)]
struct Heard {
    bytes: Vec<u8>,
    closed: bool,
}

impl Stream {
    fn of(mut pipe: impl Read + Send + 'static) -> Stream {
        let shared = Arc::new((Mutex::<Heard>::default(), Condvar::new()));
        let stream = Stream(Arc::clone(&shared));
        thread::spawn(move || {
            let mut block = [0; 8192];
            loop {
                let read = pipe.read(&mut block).unwrap_or(0);
                let mut heard = lock(&shared.0);
                heard.bytes.extend_from_slice(&block[..read]);
                heard.closed = read == 0;
                shared.1.notify_all();
                if heard.closed {
                    return;
                }
            }
        });
        stream
    }

    fn line(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let deadline = Instant::now() + PATIENCE;
        let mut found = None;
        let heard = self.wait_while(deadline, |heard| {
            let text = String::from_utf8_lossy(&heard.bytes);
            let lines = text.split_inclusive('\n');
            let whole = lines.filter(|line| heard.closed || line.ends_with('\n'));
            let mut lines = whole.map(|line| line.trim_end_matches(['\r', '\n']));
            found = lines.find(|line| wanted(line)).map(str::to_owned);
            found.is_none() && !heard.closed
        });
        drop(heard);
        found
    }

    fn is_closed_by(&self, deadline: Instant) -> bool {
        self.wait_while(deadline, |heard| !heard.closed).closed
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&lock(&self.0.0).bytes).into_owned()
    }

    fn wait_while(
        &self,
        deadline: Instant,
        mut waiting: impl FnMut(&Heard) -> bool,
    ) -> MutexGuard<'_, Heard> {
        let (heard, news) = &*self.0;
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = news.wait_timeout_while(lock(heard), left, |heard| waiting(heard));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
