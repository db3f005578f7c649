//! The door before the HTTP library: every socket is bounded in time and size
//! here, by reading the whole head of a request before anything is passed on.
//! A slow, endless or flooding client never reaches the library behind.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

/// How long a client may take to say what it wants.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// How much it may say, in bytes; a redirect's query can be long.
const HEAD_SIZE: usize = 32 * 1024;
/// How many clients are heard at once; more are turned away.
const CLIENTS: usize = 32;
/// How long the last page may take to reach the browser.
const LAST_PAGE: Duration = Duration::from_secs(3);

/// Accepts connections and passes on what is worth passing on. Dropping it
/// closes the port.
pub(super) struct Front {
    stop: Arc<AtomicBool>,
    addresses: Vec<std::net::SocketAddr>,
    /// Disconnects when every accepted socket has been served.
    served: Option<Receiver<()>>,
    /// Keeps the directory of the inner socket.
    _inner: Inner,
}

/// Where the HTTP library listens: a socket only this user can reach.
struct Inner {
    #[cfg(unix)]
    dir: tempfile::TempDir,
    #[cfg(not(unix))]
    address: std::net::SocketAddr,
}

#[cfg(unix)]
type InnerStream = std::os::unix::net::UnixStream;
#[cfg(not(unix))]
type InnerStream = TcpStream;

impl Inner {
    #[cfg(unix)]
    fn start() -> io::Result<(Self, tiny_http::Server)> {
        // tempfile makes the directory its owner's alone (0700).
        let dir = tempfile::Builder::new().prefix("hallpass-").tempdir()?;
        let listener = std::os::unix::net::UnixListener::bind(dir.path().join("s"))?;
        let server = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
        Ok((Self { dir }, server))
    }

    #[cfg(not(unix))]
    fn start() -> io::Result<(Self, tiny_http::Server)> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let server = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
        Ok((Self { address }, server))
    }

    #[cfg(unix)]
    fn connector(&self) -> impl Fn() -> io::Result<InnerStream> + Clone + Send + 'static {
        let path = self.dir.path().join("s");
        move || InnerStream::connect(&path)
    }

    #[cfg(not(unix))]
    fn connector(&self) -> impl Fn() -> io::Result<InnerStream> + Clone + Send + 'static {
        let address = self.address;
        move || InnerStream::connect(address)
    }
}

impl Front {
    /// Starts accepting; the server gets what passes.
    pub(super) fn start(listeners: Vec<TcpListener>) -> io::Result<(Self, tiny_http::Server)> {
        let (inner, server) = Inner::start()?;
        let stop = Arc::new(AtomicBool::new(false));
        let clients = Arc::new(AtomicUsize::new(0));
        let (serving, served) = mpsc::channel();
        let mut addresses = Vec::new();
        for listener in listeners {
            addresses.push(listener.local_addr()?);
            let door = Door {
                stop: stop.clone(),
                clients: clients.clone(),
                serving: serving.clone(),
                connect: inner.connector(),
            };
            std::thread::spawn(move || door.accept(&listener));
        }
        let front = Self {
            stop,
            addresses,
            served: Some(served),
            _inner: inner,
        };
        Ok((front, server))
    }

    /// Closes the port and waits, within bounds, until the last page is out.
    pub(super) fn finish(&mut self) {
        self.close();
        if let Some(served) = self.served.take() {
            let deadline = Instant::now() + LAST_PAGE;
            let left = || deadline.saturating_duration_since(Instant::now());
            while served.recv_timeout(left()).is_ok() {}
        }
    }

    fn close(&self) {
        if self.stop.swap(true, Ordering::SeqCst) {
            return;
        }
        for address in &self.addresses {
            // Wakes the accepting thread, which then sees the flag.
            let _ = TcpStream::connect_timeout(address, Duration::from_millis(200));
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.close();
    }
}

/// What an accepting thread needs.
struct Door<C> {
    stop: Arc<AtomicBool>,
    clients: Arc<AtomicUsize>,
    serving: Sender<()>,
    connect: C,
}

impl<C: Fn() -> io::Result<InnerStream> + Clone + Send + 'static> Door<C> {
    fn accept(self, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            if self.clients.fetch_add(1, Ordering::SeqCst) >= CLIENTS {
                self.clients.fetch_sub(1, Ordering::SeqCst);
                continue;
            }
            let (clients, serving) = (self.clients.clone(), self.serving.clone());
            let connect = self.connect.clone();
            std::thread::spawn(move || {
                // A client that goes away in the middle is no news.
                let _ = serve(stream, &connect);
                clients.fetch_sub(1, Ordering::SeqCst);
                drop(serving);
            });
        }
    }
}

fn serve(mut client: TcpStream, connect: &dyn Fn() -> io::Result<InnerStream>) -> io::Result<()> {
    client.set_write_timeout(Some(HEAD_TIME))?;
    let head = match read_head(&mut client)? {
        Head::Whole(head) => head,
        Head::TooLong => return turn_away(&mut client, "431 Request Header Fields Too Large"),
        Head::Junk => return turn_away(&mut client, "400 Bad Request"),
    };
    let mut inner = connect()?;
    inner.write_all(&head)?;
    // Nothing of a body is passed on: the library sees one request, then the end.
    inner.shutdown(Shutdown::Write)?;
    io::copy(&mut inner, &mut client)?;
    client.shutdown(Shutdown::Both)
}

enum Head {
    Whole(Vec<u8>),
    TooLong,
    Junk,
}

fn read_head(client: &mut TcpStream) -> io::Result<Head> {
    let deadline = Instant::now() + HEAD_TIME;
    let mut head = Vec::new();
    let mut chunk = [0; 2048];
    loop {
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            head.truncate(end + 4);
            return Ok(Head::Whole(head));
        }
        if head.len() > HEAD_SIZE {
            return Ok(Head::TooLong);
        }
        let plausible = |byte: &u8| byte.is_ascii_uppercase();
        if !head.is_empty() && !head.first().is_some_and(plausible) {
            return Ok(Head::Junk);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        client.set_read_timeout(Some(left))?;
        match client.read(&mut chunk)? {
            0 => return Ok(Head::Junk),
            read => head.extend_from_slice(&chunk[..read]),
        }
    }
}

fn turn_away(client: &mut TcpStream, status: &str) -> io::Result<()> {
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    client.write_all(answer.as_bytes())
}
