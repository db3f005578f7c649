//! TLS: no key of a session is written down, and a failed handshake says nothing.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::canary::{canary, hallpass, none_in_files, said_nothing};
use crate::support::{Home, PATIENCE};

/// The authority of the test's own, which nobody trusts but who is told to.
const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/loopback-ca.pem");

/// An API over https on loopback, which answers whatever it is asked with `{"ok":true}`.
fn https() -> String {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("../../keys/loopback.pem"));
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../keys/loopback.key.pem"));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.unwrap()], key.unwrap())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        // As many as the test makes; the test's end ends the process.
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            // A peer that does not like the certificate leaves, and that is its right.
            thread::spawn(move || drop(serve(stream, config)));
        }
    });
    format!("https://127.0.0.1:{port}")
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{\"ok\":true}",
    )?;
    stream.conn.send_close_notify();
    stream.flush()
}

#[test]
fn the_keys_of_a_session_are_not_logged_and_a_failed_handshake_tells_no_secret() {
    let home = Home::new();
    home.write(
        "integrations.toml",
        &format!(
            "[integrations.k.auth]\ntype = \"api_key\"\napi_key = {{ env = \"API_KEY\" }}\n\
             [integrations.k.api]\nbase_url = \"{}\"\nquery = {{ key = \"{{api_key}}\" }}\n",
            https()
        ),
    );
    // `SSLKEYLOGFILE` is set in both.
    let trusting = hallpass(&home, &["request", "k", "/me"]).env("SSL_CERT_FILE", AUTHORITY);
    let run = trusting.run().ok();
    assert_eq!(run.stdout, "{\"ok\":true}");
    said_nothing(&run, false);
    let run = hallpass(&home, &["request", "k", "/me"])
        .run()
        .fails_with(6);
    said_nothing(&run, false);
    assert!(run.stderr.contains("certificate"), "{run}");
    assert!(!run.stderr.contains(canary("API_KEY")), "{run}");
    assert!(!home.path().join("tls-keys").exists());
    none_in_files(&home);
}
