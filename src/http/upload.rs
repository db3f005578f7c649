//! Bodies that are streamed up. The blocking client hands them on in small
//! pieces and hears of no answer before all of a body is gone; here the pieces
//! are large, and an API that answers early ("too large", "who are you?") is
//! heard, though it reads no further.

use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use reqwest::blocking::{Request, Response};
use reqwest::header::{CONTENT_LENGTH, HeaderValue};
use reqwest::{Body, ResponseBuilderExt as _};
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc;

use super::clients::{LONGEST_WAIT, setup as no_client};
use super::{Http, HttpError, Identity, explain, innermost};

/// One piece of a body, in bytes.
const PIECE: usize = 256 * 1024;

/// How long the other side may take nothing, or be silent after the last byte.
const STALL: Duration = Duration::from_secs(5 * 60);

/// How many of them wait to be sent.
const WAITING: usize = 2;

impl Http {
    /// Sends a request with a body that is read while it is sent, and returns as
    /// soon as the answer's headers are there. `length`, in bytes, is told to the
    /// other side; `patience` bounds all of it, the answer's body included.
    /// An upload of which nothing is taken for [`STALL`] is given up; its source
    /// may take its time.
    pub fn upload(
        &self,
        request: &Request,
        reader: impl Read + Send + 'static,
        length: Option<u64>,
        identity: Option<&Identity>,
        patience: Duration,
    ) -> Result<Response, HttpError> {
        self.upload_within(request, (reader, length), identity, (patience, STALL))
    }

    fn upload_within(
        &self,
        request: &Request,
        (reader, length): (impl Read + Send + 'static, Option<u64>),
        identity: Option<&Identity>,
        (patience, stall): (Duration, Duration),
    ) -> Result<Response, HttpError> {
        let began = Instant::now();
        let pulse = Pulse::new();
        let reader = Watched {
            source: reader,
            pulse: pulse.clone(),
        };
        let host = self.peer(request.url());
        let setup = |error: &dyn std::fmt::Display| HttpError::Setup(error.to_string());
        let builder = self.builder_to_api(request.url(), identity)?;
        let client = builder.build().map_err(|error| no_client(&error))?;
        let runtime = runtime().map_err(|error| setup(&error))?;
        let (pieces, body) = mpsc::channel(WAITING);
        // Not on this thread: it would not hear an answer while stdin is silent.
        let spawned = thread::Builder::new().spawn(move || read_out(reader, &pieces));
        spawned.map_err(|error| setup(&error))?;
        let mut sent = reqwest::Request::new(request.method().clone(), request.url().clone());
        sent.headers_mut().clone_from(request.headers());
        if let Some(length) = length {
            let value = HeaderValue::from(length);
            sent.headers_mut().insert(CONTENT_LENGTH, value);
        }
        let body = Pieces {
            pieces: body,
            left: length,
        };
        *sent.body_mut() = Some(Body::wrap(body));
        let (tell, told) = channel();
        let task = runtime.spawn(async move {
            let answer = client.execute(sent).await;
            if let Some(answer) = handed_on(answer, &tell) {
                let (mut answer, pieces) = answer;
                read_in(&mut answer, &pieces, (began, patience)).await;
            }
        });
        loop {
            let left = patience.saturating_sub(began.elapsed());
            let wait = stall.saturating_sub(pulse.still()).min(left);
            match told.recv_timeout(wait) {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(error)) => return Err(explain(&error, &host)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(HttpError::Broken {
                        host,
                        why: "the sending came to an unexpected end".to_owned(),
                    });
                }
                Err(RecvTimeoutError::Timeout) => {
                    if began.elapsed() >= patience || pulse.still() >= stall {
                        task.abort();
                        return Err(HttpError::Timeout { host });
                    }
                }
            }
        }
    }
}

/// Where it happens: one thread, which ends with the process.
fn runtime() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let forever = move || runtime.block_on(std::future::pending::<()>());
    thread::Builder::new().spawn(forever)?;
    Ok(handle)
}

/// Reads a body until it ends, or nobody wants more of it.
fn read_out(mut reader: impl Read, pieces: &mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let mut piece = vec![0; PIECE];
        let read = reader.read(&mut piece);
        let ended = !matches!(read, Ok(1..));
        let piece = match read {
            Ok(0) => return,
            Ok(read) => {
                piece.truncate(read);
                Ok(Bytes::from(piece))
            }
            Err(error) => Err(error),
        };
        if pieces.blocking_send(piece).is_err() || ended {
            return;
        }
    }
}

type Told = std::sync::mpsc::Sender<Result<Response, reqwest::Error>>;

/// Hands on an answer whose body follows, piece by piece.
fn handed_on(
    answer: Result<reqwest::Response, reqwest::Error>,
    tell: &Told,
) -> Option<(reqwest::Response, mpsc::Sender<io::Result<Bytes>>)> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let _ = tell.send(Err(error));
            return None;
        }
    };
    let (pieces, body) = mpsc::channel(WAITING);
    let body = Body::wrap(Pieces {
        pieces: body,
        left: None,
    });
    let head = http::Response::builder()
        .status(answer.status())
        .version(answer.version())
        .url(answer.url().clone());
    // What was an answer's head is one again.
    let mut head = head.body(body).ok()?;
    head.headers_mut().clone_from(answer.headers());
    tell.send(Ok(head.into())).ok()?;
    Some((answer, pieces))
}

async fn read_in(
    answer: &mut reqwest::Response,
    pieces: &mpsc::Sender<io::Result<Bytes>>,
    (began, patience): (Instant, Duration),
) {
    loop {
        let left = patience.saturating_sub(began.elapsed());
        let wait = left.min(LONGEST_WAIT);
        let read = match tokio::time::timeout(wait, answer.chunk()).await {
            Ok(Ok(None)) => return,
            Ok(Ok(Some(piece))) => Ok(piece),
            Ok(Err(error)) => Err(io::Error::other(innermost(&error))),
            Err(_) if wait == left => {
                let why = "it was not over in time";
                Err(io::Error::new(io::ErrorKind::TimedOut, why))
            }
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "it fell silent")),
        };
        let ended = read.is_err();
        if pieces.send(read).await.is_err() || ended {
            return;
        }
    }
}

/// A body that comes in pieces.
struct Pieces {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    left: Option<u64>,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let piece = self.pieces.poll_recv(context);
        piece.map(|piece| {
            let piece = piece?;
            if let (Some(left), Ok(piece)) = (&mut self.left, &piece) {
                *left = left.saturating_sub(piece.len() as u64);
            }
            Some(piece.map(Frame::data))
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// Tells when a body last moved.
#[derive(Clone)]
struct Pulse(Arc<Beat>);

struct Beat {
    began: Instant,
    /// When a piece was last asked for or given, in milliseconds since then.
    moved: AtomicU64,
    /// Whether the source is being waited for, which may take its time.
    is_reading: AtomicBool,
}

impl Pulse {
    fn new() -> Self {
        Self(Arc::new(Beat {
            began: Instant::now(),
            moved: AtomicU64::new(0),
            is_reading: AtomicBool::new(false),
        }))
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
struct Watched<R> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Method;
    use std::net::{Ipv4Addr, TcpListener};

    /// Sends to somebody who listens and takes nothing.
    fn sent(source: impl Read + Send + 'static, patience: Duration) -> HttpError {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let request = Request::new(Method::PUT, url.parse().unwrap());
        let http = Http::new(Duration::from_secs(30));
        let bounds = (patience, Duration::from_millis(200));
        let sent = http.upload_within(&request, (source, None), None, bounds);
        sent.unwrap_err()
    }

    #[test]
    fn an_upload_that_nobody_takes_is_given_up() {
        let error = sent(io::repeat(b'x'), Duration::from_secs(60));
        assert!(matches!(error, HttpError::Timeout { .. }), "{error}");
    }

    #[test]
    fn a_source_that_gives_nothing_is_waited_for_until_the_deadline_alone() {
        struct Dry(std::sync::mpsc::Receiver<()>);
        impl Read for Dry {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                // Until the other end is dropped.
                let _ = self.0.recv();
                Ok(0)
            }
        }
        let (open, dry) = channel();
        let began = Instant::now();
        let error = sent(Dry(dry), Duration::from_millis(600));
        assert!(matches!(error, HttpError::Timeout { .. }), "{error}");
        assert!(began.elapsed() >= Duration::from_millis(600));
        drop(open);
    }
}
