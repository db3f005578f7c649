//! A server that knows no HTTP: it reads one request's head and then writes what the test says, byte
//! for byte, however wrong that is. For answers that no server that knows HTTP would give.

use std::io::{BufRead as _, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::{Home, PATIENCE};

/// A running raw server; its threads end with the test.
pub struct Raw {
    origin: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Raw {
    /// One that does this to every caller, told the request's head and how many callers came before;
    /// the connection is closed behind it. That a caller leaves is no failure of the test's.
    pub fn start(
        script: impl Fn(&mut TcpStream, &str, usize) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Raw {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (kept, script) = (Arc::clone(&heads), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let (kept, script) = (Arc::clone(&kept), Arc::clone(&script));
                thread::spawn(move || {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.set_write_timeout(Some(PATIENCE))?;
                    let head = head(&stream)?;
                    let before = {
                        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                        kept.push(head.clone());
                        kept.len() - 1
                    };
                    script(&mut stream, &head, before)
                });
            }
        });
        Raw {
            origin: format!("http://127.0.0.1:{port}"),
            heads,
        }
    }

    /// One that writes the same bytes to every caller.
    pub fn saying(bytes: impl Into<Vec<u8>>) -> Raw {
        let bytes = bytes.into();
        Raw::start(move |stream, _, _| stream.write_all(&bytes))
    }

    /// A home in which `x` is its API, with a key, and these further lines of definition.
    pub fn home(&self, more: &str) -> Home {
        let home = Home::new();
        let origin = &self.origin;
        home.write(
            "integrations.toml",
            &format!(
                "[integrations.x.auth]\ntype = \"api_key\"\napi_key = \"key-not-real\"\n\
                 [integrations.x.api]\nbase_url = \"{origin}\"\ntimeout = \"20s\"\n{more}\n"
            ),
        );
        home
    }

    /// The heads of the requests so far, in lower case.
    pub fn heads(&self) -> Vec<String> {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.iter().map(|head| head.to_ascii_lowercase()).collect()
    }
}

fn head(stream: &TcpStream) -> std::io::Result<String> {
    // No byte of the body is taken, so that the script can read it.
    let mut source = BufReader::with_capacity(1, stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && source.read_line(&mut head)? > 0 {}
    Ok(head)
}
