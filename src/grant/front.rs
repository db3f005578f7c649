//! The door before the HTTP library: every socket is bounded in time, size and
//! number here, by reading the whole head of a request, and the form behind it
//! where one may come, before anything is passed on. A slow, endless or flooding client never reaches the library.
//!
//! What passes goes over one connection that this process made to itself, one
//! request at a time. On Unix the library's socket loses its name as soon as
//! that connection stands, so nobody else can reach it and nothing lies on disk
//! while the person is waited for, however the process ends.

mod head;

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::mem::ManuallyDrop;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use self::head::HEAD_TIME;

/// How many clients are heard at once, and so how many threads there are for
/// them; for one more, the one that has kept silent longest must go.
const CLIENTS: usize = 32;
/// How long the last page may take to reach the browser.
const LAST_PAGE: Duration = Duration::from_secs(3);

/// Accepts connections and passes on what is worth passing on. Dropping it
/// closes the port.
pub(super) struct Front {
    room: Arc<Room>,
    addresses: Vec<SocketAddr>,
    /// Never dropped: that would connect to, and then remove, whatever lies by
    /// now under the name that its socket had.
    library: ManuallyDrop<Arc<tiny_http::Server>>,
    /// Our end of the connection to the library, where it has a port.
    port: Option<u16>,
    /// The client whose request was returned last.
    asked: u64,
}

impl Front {
    /// Starts accepting.
    pub(super) fn start(listeners: Vec<TcpListener>) -> io::Result<Self> {
        Self::with(Link::new()?, listeners)
    }

    fn with(link: Link, listeners: Vec<TcpListener>) -> io::Result<Self> {
        let room = Arc::new(Room::default());
        let line = Arc::new(Mutex::new(BufReader::new(link.stream)));
        let mut addresses = Vec::new();
        for listener in listeners {
            addresses.push(listener.local_addr()?);
            let (room, line) = (room.clone(), line.clone());
            thread::Builder::new().spawn(move || accept(&listener, &room, &line))?;
        }
        Ok(Self {
            room,
            addresses,
            library: ManuallyDrop::new(Arc::new(link.library)),
            port: link.port,
            asked: 0,
        })
    }

    /// Lets forms come with requests from here on.
    pub(super) fn take_forms(&self) {
        self.room.lock().forms = true;
    }

    /// What ends `next` at once, or the one after, from another thread.
    pub(super) fn waker(&self) -> impl Fn() + Send + 'static {
        let library = Arc::clone(&self.library);
        move || library.unblock()
    }

    /// The next request, if one comes in time. Until it is answered, no other
    /// is passed on.
    pub(super) fn next(&mut self, within: Duration) -> io::Result<Option<tiny_http::Request>> {
        // An error only says that the library accepts nobody any more: strangers
        // on `over_tcp`'s port may bring that about, and our connection stands.
        let Ok(Some(request)) = self.library.recv_timeout(within) else {
            let broken = self.room.lock().broken;
            let ended = || io::Error::other("the connection to the HTTP library ended");
            return if broken { Err(ended()) } else { Ok(None) };
        };
        if request.remote_addr().map(SocketAddr::port) != self.port {
            // It did not come through this door.
            return Ok(None);
        }
        self.asked = self.room.lock().asking;
        Ok(Some(request))
    }

    /// Closes the port, waits, within bounds, until the answer to the last
    /// request is out, and then closes what other sockets there are.
    pub(super) fn finish(&mut self) {
        self.close();
        let clients = self.room.lock();
        let waiting = |clients: &mut Clients| clients.inside.contains_key(&self.asked);
        let waited = self
            .room
            .left
            .wait_timeout_while(clients, LAST_PAGE, waiting);
        let (clients, _) = waited.unwrap_or_else(PoisonError::into_inner);
        for client in clients.inside.values() {
            client.close();
        }
    }

    fn close(&self) {
        if std::mem::replace(&mut self.room.lock().closed, true) {
            return;
        }
        self.room.left.notify_all();
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

/// The HTTP library, and the one connection to it.
struct Link {
    library: tiny_http::Server,
    stream: Box<dyn Duplex>,
    port: Option<u16>,
}

trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

impl Link {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        // A socket's name has to be short (`sun_path`), which TMPDIR need not be.
        Self::within(tempfile::tempdir())
            .or_else(|_| Self::within(tempfile::tempdir_in("/tmp")))
            .or_else(|_| Self::over_tcp())
    }

    #[cfg(not(unix))]
    fn new() -> io::Result<Self> {
        Self::over_tcp()
    }

    /// In a directory that tempfile makes its owner's alone (0700), and that is
    /// gone again on return.
    #[cfg(unix)]
    fn within(dir: io::Result<tempfile::TempDir>) -> io::Result<Self> {
        use std::os::unix::net::{UnixListener, UnixStream};
        let dir = dir?;
        let path = dir.path().join("s");
        let listener = UnixListener::bind(&path)?;
        let stream = UnixStream::connect(&path)?;
        dir.close()?;
        Ok(Self {
            library: tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?,
            stream: Box::new(stream),
            port: None,
        })
    }

    /// Where no Unix socket is to be had. Others on this machine can reach the
    /// port: `Front::next` takes nothing from them, and the library hears each
    /// in a thread of its own, so what they can cost is threads. Nobody is told
    /// the port, and it lives no longer than the process.
    fn over_tcp() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let stream = TcpStream::connect(listener.local_addr()?)?;
        Ok(Self {
            port: Some(stream.local_addr()?.port()),
            library: tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?,
            stream: Box::new(stream),
        })
    }
}

type Line = Mutex<BufReader<Box<dyn Duplex>>>;

/// Who is being heard or answered.
#[derive(Default)]
struct Room {
    clients: Mutex<Clients>,
    left: Condvar,
}

#[derive(Default)]
struct Clients {
    /// In the order in which they came.
    inside: BTreeMap<u64, Client>,
    entered: u64,
    /// Whose request is with the library.
    asking: u64,
    closed: bool,
    broken: bool,
    /// Whether a form may come with a request.
    forms: bool,
}

struct Client {
    socket: TcpStream,
    /// It has said what it wants.
    heard: bool,
}

impl Client {
    fn close(&self) {
        // Whoever reads from it or writes to it is woken; it may be gone already.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

impl Room {
    fn lock(&self) -> MutexGuard<'_, Clients> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place. That is brief: the silent are sent away, and those
    /// that have been heard are about to be answered.
    fn enter(self: &Arc<Self>, socket: &TcpStream) -> Option<Place> {
        let socket = socket.try_clone().ok()?;
        let mut clients = self.lock();
        while clients.inside.len() >= CLIENTS && !clients.closed {
            if let Some(silent) = clients.inside.values().find(|client| !client.heard) {
                silent.close();
            }
            let left = self.left.wait(clients);
            clients = left.unwrap_or_else(PoisonError::into_inner);
        }
        if clients.closed {
            return None;
        }
        clients.entered += 1;
        let id = clients.entered;
        let heard = false;
        clients.inside.insert(id, Client { socket, heard });
        let room = self.clone();
        Some(Place { room, id })
    }
}

/// A client's place in the room, until it is dropped.
struct Place {
    room: Arc<Room>,
    id: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.lock().inside.remove(&self.id);
        self.room.left.notify_all();
    }
}

fn accept(listener: &TcpListener, room: &Arc<Room>, line: &Arc<Line>) {
    for stream in listener.incoming() {
        if room.lock().closed {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Some(place) = room.enter(&stream) else {
            continue;
        };
        let line = line.clone();
        // Where no thread is to be had, the client is let go, and its place.
        let _ = thread::Builder::new().spawn(move || {
            // A client that goes away in the middle is no news.
            let _ = place.serve(stream, &line);
        });
    }
}

impl Place {
    fn serve(&self, mut client: TcpStream, line: &Line) -> io::Result<()> {
        client.set_write_timeout(Some(HEAD_TIME))?;
        let forms = self.room.lock().forms;
        let Some(request) = head::hear(&mut client, forms)? else {
            return Ok(());
        };
        if let Some(client) = self.room.lock().inside.get_mut(&self.id) {
            client.heard = true;
        }
        let answer = self.ask(&request, line)?;
        client.write_all(&answer)?;
        client.shutdown(Shutdown::Both)
    }

    fn ask(&self, request: &str, line: &Line) -> io::Result<Vec<u8>> {
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        self.room.lock().asking = self.id;
        let answer = exchange(&mut line, request);
        if answer.is_err() {
            self.room.lock().broken = true;
        }
        answer
    }
}

/// The library's answer. It may end the connection only by failing.
fn exchange(line: &mut BufReader<Box<dyn Duplex>>, request: &str) -> io::Result<Vec<u8>> {
    line.get_mut().write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut length = 0;
    loop {
        let start = answer.len();
        if line.read_until(b'\n', &mut answer)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let header = String::from_utf8_lossy(&answer[start..]);
        let header = header.trim_end();
        if header.is_empty() {
            break;
        }
        match header.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("Content-Length") => {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            _ => {}
        }
    }
    // RFC 9110 section 9.3.2: the answer to HEAD has a length, but no content.
    if !request.starts_with("HEAD ") {
        line.take(length).read_to_end(&mut answer)?;
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(address: SocketAddr, target: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {target} HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    }

    #[test]
    fn over_tcp_only_what_came_through_the_door_is_heard() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let outer = listener.local_addr().unwrap();
        let link = Link::over_tcp().unwrap();
        let inner = link.library.server_addr().to_ip().unwrap();
        let mut front = Front::with(link, vec![listener]).unwrap();
        // One that never says anything does not stand in the way either.
        let silent = TcpStream::connect(inner).unwrap();
        let clients = thread::spawn(move || {
            assert!(say(inner, "/past-the-door").starts_with("HTTP/1.1 500"));
            say(outer, "/through-the-door")
        });
        let request = loop {
            if let Some(request) = front.next(HEAD_TIME).unwrap() {
                break request;
            }
            assert!(!clients.is_finished());
        };
        assert_eq!(request.url(), "/through-the-door");
        request
            .respond(tiny_http::Response::from_string("x".repeat(100_000)))
            .unwrap();
        front.finish();
        assert!(clients.join().unwrap().ends_with(&"x".repeat(100_000)));
        drop(silent);
    }
}
