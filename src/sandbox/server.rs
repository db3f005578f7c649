//! The listener behind the sandbox: one thread a connection, bounded in number, ended on drop.
//!
//! Promises: a slow request delays no other; dropping the server closes every connection and frees
//! the port; a peer that sends nothing, or never stops sending, is let go.

use std::collections::HashMap;
use std::io::{self, BufReader, Read};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::wire::{Reply, Request, Timed, Unread, read_request, write_reply};

const MAX_CONNECTIONS: usize = 600;
const IDLE: Duration = Duration::from_secs(60);
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 16 * 1024 * 1024;
const STACK: usize = 512 * 1024;

/// Answers one request.
pub type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// A running listener; dropping it stops it.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    closing: AtomicBool,
    connections: Mutex<HashMap<u64, Arc<TcpStream>>>,
    handler: Box<Handler>,
}

impl Shared {
    fn connections(&self) -> MutexGuard<'_, HashMap<u64, Arc<TcpStream>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Serves a bound listener in background threads.
    pub fn start(listener: TcpListener, handler: Box<Handler>) -> io::Result<Server> {
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            closing: AtomicBool::new(false),
            connections: Mutex::new(HashMap::new()),
            handler,
        });
        let accepting = thread::Builder::new().name("sandbox".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        })?;
        Ok(Server {
            address,
            shared,
            accepting: Some(accepting),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        let knock = SocketAddr::from((Ipv4Addr::LOCALHOST, self.address.port()));
        let woken = TcpStream::connect_timeout(&knock, Duration::from_secs(1)).is_ok();
        if let (true, Some(accepting)) = (woken, self.accepting.take()) {
            drop(accepting.join());
        }
        for stream in self.shared.connections().values() {
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for number in 0.. {
        let accepted = listener.accept();
        if shared.closing.load(Ordering::SeqCst) {
            return;
        }
        let Ok((stream, _)) = accepted else {
            // No file descriptors left, most likely: let others end rather than spin.
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        if shared.connections().len() >= MAX_CONNECTIONS {
            continue; // dropped unanswered: an answer could hold up the ones that wait
        }
        let stream = Arc::new(stream);
        shared.connections().insert(number, Arc::clone(&stream));
        let served = thread::Builder::new().stack_size(STACK).spawn({
            let shared = Arc::clone(shared);
            move || {
                serve(&stream, &shared);
                shared.connections().remove(&number);
            }
        });
        if served.is_err() {
            shared.connections().remove(&number);
        }
    }
}

fn serve(stream: &TcpStream, shared: &Shared) {
    let prepared = stream
        .set_nodelay(true)
        .and_then(|()| stream.set_write_timeout(Some(IDLE)));
    if prepared.is_err() {
        return;
    }
    let mut source = BufReader::new(Timed::new(stream, IDLE));
    let mut sink = stream;
    loop {
        source.get_mut().extend(IDLE);
        let request = match read_request(&mut source, &mut sink) {
            Ok(request) => request,
            Err(Unread::Gone) => return,
            Err(Unread::Refused(status, why)) => return refuse(stream, status, why),
        };
        let reply = (shared.handler)(&request);
        let keep_alive = request.keeps_alive() && !shared.closing.load(Ordering::SeqCst);
        let head_only = request.method == "HEAD";
        if write_reply(&mut sink, &reply, head_only, keep_alive).is_err() || !keep_alive {
            return;
        }
    }
}

/// Answers and ends a connection whose sender may still be sending: closing at once would reset it,
/// and the answer would be lost (RFC 9112, 9.6).
fn refuse(mut stream: &TcpStream, status: u16, why: &str) {
    let reply = Reply::json(status, &serde_json::json!({ "error": why }));
    let answered = stream
        .set_write_timeout(Some(LINGER))
        .and_then(|()| write_reply(&mut stream, &reply, false, false))
        .and_then(|()| stream.shutdown(Shutdown::Write));
    if answered.is_err() {
        return;
    }
    let mut rest = Timed::new(stream, LINGER);
    let mut buffer = [0; 16 * 1024];
    let mut drained = 0;
    while drained < LINGER_BYTES {
        match rest.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(read) => drained += read,
        }
    }
}
