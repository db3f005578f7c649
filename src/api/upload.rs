//! Sending a body that streams. The client reads it in the thread that sends,
//! where neither a source that gives nothing nor a server that takes nothing can
//! be waited for with a bound; so that happens in a thread of its own, and this
//! one looks whether anything moves.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, Request, Response};

use super::Deadline;

/// How long the other side may take nothing, or be silent after the last byte.
pub(super) const STALL: Duration = Duration::from_secs(5 * 60);

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The client said why.
    Client(reqwest::Error),
    /// Nothing moved for too long, or the deadline passed.
    Late,
}

/// Tells when a body last moved.
#[derive(Clone)]
pub(super) struct Pulse(Arc<Beat>);

struct Beat {
    began: Instant,
    /// When a piece was last asked for or given, in milliseconds since then.
    moved: AtomicU64,
    /// Whether the source is being waited for, which may take its time.
    is_reading: AtomicBool,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self(Arc::new(Beat {
            began: Instant::now(),
            moved: AtomicU64::new(0),
            is_reading: AtomicBool::new(false),
        }))
    }

    /// A source whose reading is noted.
    pub(super) fn of<R: Read>(&self, source: R) -> Watched<R> {
        let pulse = self.clone();
        Watched { source, pulse }
    }

    fn note(&self, is_reading: bool) {
        let elapsed = self.0.began.elapsed().as_millis();
        let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
        self.0.moved.store(elapsed, Ordering::SeqCst);
        self.0.is_reading.store(is_reading, Ordering::SeqCst);
    }

    /// For how long the other side took nothing.
    fn still(&self) -> Duration {
        if self.0.is_reading.load(Ordering::SeqCst) {
            return Duration::ZERO;
        }
        let moved = Duration::from_millis(self.0.moved.load(Ordering::SeqCst));
        self.0.began.elapsed().saturating_sub(moved)
    }
}

/// A source whose reading is noted.
pub(super) struct Watched<R> {
    source: R,
    pulse: Pulse,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pulse.note(true);
        let read = self.source.read(buffer);
        self.pulse.note(false);
        read
    }
}

/// Sends a request whose body was made with this pulse. Ends when nothing moves
/// for `stall`, or the deadline passes; the sending thread is then left behind.
pub(super) fn execute(
    client: Client,
    request: Request,
    pulse: &Pulse,
    deadline: Option<Deadline>,
    stall: Duration,
) -> Result<Response, Trouble> {
    let (done, answered) = mpsc::sync_channel(1);
    thread::spawn(move || {
        // Nobody may be waiting any more.
        let _ = done.send(client.execute(request));
    });
    loop {
        let left = deadline.map_or(stall, Deadline::left);
        let patience = stall.saturating_sub(pulse.still()).min(left);
        match answered.recv_timeout(patience) {
            Ok(result) => return result.map_err(Trouble::Client),
            Err(RecvTimeoutError::Disconnected) => return Err(Trouble::Late),
            Err(RecvTimeoutError::Timeout) => {
                let is_over = deadline.is_some_and(Deadline::has_passed);
                if is_over || pulse.still() >= stall {
                    return Err(Trouble::Late);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Method;
    use reqwest::blocking::Body;
    use std::net::{Ipv4Addr, TcpListener};

    /// Listens, and takes nothing.
    fn deaf() -> (TcpListener, Request) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        (listener, Request::new(Method::PUT, url.parse().unwrap()))
    }

    fn sent(source: impl Read + Send + 'static, deadline: Option<Deadline>) -> Trouble {
        let (_listener, mut request) = deaf();
        let pulse = Pulse::new();
        *request.body_mut() = Some(Body::new(pulse.of(source)));
        let client = Client::builder().no_proxy().build().unwrap();
        let stall = Duration::from_millis(200);
        execute(client, request, &pulse, deadline, stall).unwrap_err()
    }

    #[test]
    fn an_upload_that_nobody_takes_is_given_up() {
        assert!(matches!(sent(io::repeat(b'x'), None), Trouble::Late));
    }

    #[test]
    fn a_source_that_gives_nothing_is_waited_for_until_the_deadline_alone() {
        struct Dry(mpsc::Receiver<()>);
        impl Read for Dry {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                // Until the other end is dropped.
                let _ = self.0.recv();
                Ok(0)
            }
        }
        let (open, dry) = mpsc::channel();
        let began = Instant::now();
        let deadline = Deadline::within(Duration::from_millis(600));
        assert!(matches!(sent(Dry(dry), Some(deadline)), Trouble::Late));
        assert!(began.elapsed() >= Duration::from_millis(600));
        drop(open);
    }
}
