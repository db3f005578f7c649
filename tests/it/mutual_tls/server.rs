//! A server over https on loopback that asks for a client certificate, and keeps what was shown.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::support::PATIENCE;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The path, with its query.
    pub path: String,
    /// The form, or whatever the body was.
    pub body: String,
    /// The head's lines.
    pub head: String,
    /// Whose certificate was shown: it, in DER.
    pub certificate: Option<Vec<u8>>,
}

/// A running server; it ends with the test.
pub struct Server {
    /// `https://127.0.0.1:PORT`.
    pub origin: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// Whether clients must show a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Who shows none is not let in.
    Insists,
    /// Who shows none is let in too.
    Takes,
}

/// The client of `tests/keys`.
pub fn client() -> Vec<u8> {
    let der = CertificateDer::from_pem_slice(include_bytes!("../../keys/client.pem"));
    der.unwrap().to_vec()
}

impl Server {
    /// Starts one: `…/token` gives `token-1`, `token-2`, …, everything else is `{"login":"who"}`.
    pub fn start(asks: Asks) -> Server {
        Server::redirecting(asks, None)
    }

    /// The same, where `/elsewhere` is a redirect to this URL.
    pub fn redirecting(asks: Asks, to: Option<String>) -> Server {
        let config = Arc::new(config(asks));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let server = Server {
            origin: format!("https://127.0.0.1:{port}"),
            seen: Arc::clone(&seen),
        };
        thread::spawn(move || {
            // As many as the test makes; the test's end ends the process.
            for stream in listener.incoming().flatten() {
                let (config, seen) = (Arc::clone(&config), Arc::clone(&seen));
                let to = to.clone();
                // A peer that is not let in is what is tried.
                thread::spawn(move || drop(serve(stream, config, &seen, to.as_deref())));
            }
        });
        server
    }

    /// All it was asked, oldest first.
    pub fn seen(&self) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }

    /// The paths it was asked for.
    pub fn paths(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.path).collect()
    }
}

fn config(asks: Asks) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(include_bytes!("../../keys/client-ca.pem"));
    roots.add(authority.unwrap()).unwrap();
    let roots = Arc::new(roots);
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider));
    let verifier = match asks {
        Asks::Insists => verifier,
        Asks::Takes => verifier.allow_unauthenticated(),
    };
    let certificate = CertificateDer::from_pem_slice(include_bytes!("../../keys/loopback.pem"));
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../keys/loopback.key.pem"));
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![certificate.unwrap()], key.unwrap())
        .unwrap()
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    seen: &Mutex<Vec<Seen>>,
    redirect: Option<&str>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let request = match read(&mut stream) {
        Ok(request) => request,
        Err(error) => {
            // The alert is written; what the client still sends is read, so that it arrives.
            stream.sock.shutdown(Shutdown::Write)?;
            std::io::copy(&mut stream.sock, &mut std::io::sink())?;
            return Err(error);
        }
    };
    let path = request.path.clone();
    // Who proves a key gets a token that is bound to it (RFC 9449).
    let proves = request.head.to_ascii_lowercase().contains("\r\ndpop:");
    let token_type = if proves { "DPoP" } else { "Bearer" };
    let number = {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(request);
        seen.iter().filter(|seen| seen.path == path).count()
    };
    let (status, more, body) = match (path.as_str(), redirect) {
        ("/elsewhere", Some(to)) => (302, format!("Location: {to}\r\n"), String::new()),
        (path, _) if path.ends_with("/token") => {
            let body = format!(
                "{{\"access_token\":\"token-{number}\",\"refresh_token\":\"refresh-{number}\",\"token_type\":\"{token_type}\",\"expires_in\":3600}}"
            );
            (200, String::new(), body)
        }
        _ => (200, String::new(), "{\"login\":\"who\"}".to_owned()),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\n{more}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn read(stream: &mut StreamOwned<ServerConnection, TcpStream>) -> std::io::Result<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let named = name.eq_ignore_ascii_case("content-length");
        named.then(|| value.trim().parse().ok()).flatten()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    let shown = stream.conn.peer_certificates().and_then(<[_]>::first);
    Ok(Seen {
        path: head.split(' ').nth(1).unwrap_or_default().to_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
        head,
        certificate: shown.map(|der| der.to_vec()),
    })
}
