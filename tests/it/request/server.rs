//! An API in the test itself that keeps connections alive, counts them, and takes them however they
//! come: over TCP, TLS or a Unix socket.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{Home, PATIENCE};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The path, with its query.
    pub path: String,
    /// The head, its names in lower case.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What is answered: all of it, head and body; nothing closes the connection.
type Answer = dyn Fn(&Asked) -> Vec<u8> + Send + Sync;

/// What the server saw; it ends with the test.
#[derive(Clone)]
pub struct Api {
    answer: Arc<Answer>,
    asked: Arc<Mutex<Vec<Asked>>>,
    connections: Arc<AtomicUsize>,
}

/// A JSON answer, whole.
pub fn json(body: &str) -> Vec<u8> {
    answer(200, "application/json", body.as_bytes())
}

/// An answer, whole.
pub fn answer(status: u16, content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} -\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

impl Api {
    pub fn answering(answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> Api {
        Api {
            answer: Arc::new(answer),
            asked: Arc::default(),
            connections: Arc::default(),
        }
    }

    /// One that says where it was asked: `{"path":"…"}`.
    pub fn start() -> Api {
        Api::answering(|asked| json(&format!("{{\"path\":\"{}\"}}", asked.path)))
    }

    /// Listens on TCP; its port.
    pub fn on_tcp(&self) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let api = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let api = api.clone();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                thread::spawn(move || drop(api.serve(stream)));
            }
        });
        port
    }

    /// The same over TLS, with this certificate of `tests/keys`.
    pub fn on_tls(&self, name: &str) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (api, config) = (self.clone(), config(name));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (api, config) = (api.clone(), Arc::clone(&config));
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                // A peer that does not believe the server is what is tried.
                thread::spawn(move || drop(api.serve_tls(stream, config)));
            }
        });
        port
    }

    /// Listens on a Unix socket, over TLS where a certificate is named.
    #[cfg(unix)]
    pub fn on_socket(&self, path: &std::path::Path, certificate: Option<&str>) {
        let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
        let (api, config) = (self.clone(), certificate.map(config));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (api, config) = (api.clone(), config.clone());
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                thread::spawn(move || match config {
                    Some(config) => drop(api.serve_tls(stream, config)),
                    None => drop(api.serve(stream)),
                });
            }
        });
    }

    fn serve_tls(
        &self,
        stream: impl Read + Write,
        config: Arc<ServerConfig>,
    ) -> std::io::Result<()> {
        let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
        self.serve(StreamOwned::new(connection, stream))
    }

    fn serve(&self, stream: impl Read + Write) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut counted = false;
        while let Some(asked) = read(&mut stream)? {
            if !std::mem::replace(&mut counted, true) {
                self.connections.fetch_add(1, Ordering::SeqCst);
            }
            self.asked
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(asked.clone());
            let answer = (self.answer)(&asked);
            if answer.is_empty() {
                break;
            }
            stream.get_mut().write_all(&answer)?;
            stream.get_mut().flush()?;
        }
        Ok(())
    }

    /// All it was asked, oldest first.
    pub fn asked(&self) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }

    /// How many connections something was asked on.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn config(name: &str) -> Arc<ServerConfig> {
    let keys = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys"));
    let certificate = CertificateDer::from_pem_file(keys.join(format!("{name}.pem"))).unwrap();
    let key = PrivateKeyDer::from_pem_file(keys.join(format!("{name}.key.pem"))).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    Arc::new(config.unwrap())
}

fn read(stream: &mut BufReader<impl Read>) -> std::io::Result<Option<Asked>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Ok(None);
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let head = head.to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(Some(Asked { path, head, body }))
}

/// A home whose connection `x` calls an API there, with the key `key-not-real`.
pub fn keyed(base_url: &str, more: &str) -> Home {
    let home = Home::new();
    let text = format!(
        "[integrations.x.auth]\ntype = \"api_key\"\napi_key = \"key-not-real\"\n\
         [integrations.x.api]\nbase_url = \"{base_url}\"\n{more}\n"
    );
    home.write("integrations.toml", &text);
    home
}
