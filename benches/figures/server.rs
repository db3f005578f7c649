//! The server that all programs are measured against: a thread for each connection, which is kept
//! alive, raw sockets, and for https rustls with the loopback certificate of the tests. It answers
//! `/small` with a little JSON, `/bytes/N` with N bytes, `/token` as a provider that rotates refresh
//! tokens and takes none twice, and throws away what is uploaded.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::wire::{Wire, block};

/// A small answer, as an API gives it for one object.
const SMALL: &str = r#"{"id":1,"login":"somebody","name":"Some Body","company":null,"email":"somebody@example.com","followers":20,"following":0,"created_at":"2008-01-14T04:33:35Z","updated_at":"2008-01-14T04:33:35Z"}"#;

/// The refresh token that a home begins with.
pub(crate) const FIRST_REFRESH: &str = "refresh-0-not-real";

/// A running server; it ends with the process.
pub(crate) struct Server {
    /// `http://127.0.0.1:PORT`
    pub(crate) plain: String,
    /// `https://127.0.0.1:PORT`
    pub(crate) secure: String,
    provider: Arc<Mutex<Provider>>,
}

/// What `/token` was asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Provider {
    /// How often it gave a new token.
    pub(crate) refreshes: u32,
    /// How often it was shown a refresh token that it had taken before.
    pub(crate) replays: u32,
}

impl Server {
    pub(crate) fn start() -> Result<Self> {
        let provider: Arc<Mutex<Provider>> = Arc::default();
        let block: Arc<[u8]> = block().into();
        let tls = Arc::new(tls()?);
        let plain = {
            let (provider, block) = (Arc::clone(&provider), Arc::clone(&block));
            listen(move |stream| serve(Wire::new(stream), &provider, &block))?
        };
        let secure = {
            let provider = Arc::clone(&provider);
            listen(move |stream| {
                let connection =
                    ServerConnection::new(Arc::clone(&tls)).map_err(io::Error::other)?;
                let stream = StreamOwned::new(connection, stream);
                serve(Wire::new(stream), &provider, &block)
            })?
        };
        Ok(Self {
            plain: format!("http://127.0.0.1:{plain}"),
            secure: format!("https://127.0.0.1:{secure}"),
            provider,
        })
    }

    /// What `/token` was asked since it was called last; it begins anew.
    pub(crate) fn take_provider(&self) -> Provider {
        let mut provider = self.provider.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *provider)
    }
}

/// Returns the port.
fn listen(serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is to be had")?;
    let port = listener.local_addr()?.port();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || {
                // Who is measured may end at any time; whether it did well is seen by its end.
                let _ = stream.set_nodelay(true);
                let _ = serve(stream);
            });
        }
    });
    Ok(port)
}

fn serve<S: Read + Write>(
    mut wire: Wire<S>,
    provider: &Mutex<Provider>,
    block: &[u8],
) -> io::Result<()> {
    while let Some(head) = wire.head()? {
        let body = wire.body(&head)?;
        if let Some(bytes) = head.path.strip_prefix("/bytes/") {
            wire.answer_with(bytes.parse().unwrap_or(0), block)?;
        } else if head.path == "/token" {
            let (status, answer) = refreshed(provider, &String::from_utf8_lossy(&body));
            wire.answer(status, &answer)?;
        } else {
            wire.answer("200 OK", SMALL)?;
        }
    }
    Ok(())
}

/// RFC 6749 section 6, with rotation.
fn refreshed(provider: &Mutex<Provider>, form: &str) -> (&'static str, String) {
    let mut provider = provider.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = match provider.refreshes {
        0 => FIRST_REFRESH.to_owned(),
        number => format!("refresh-{number}-not-real"),
    };
    if !form
        .split('&')
        .any(|pair| pair == format!("refresh_token={wanted}"))
    {
        provider.replays += 1;
        return ("400 Bad Request", r#"{"error":"invalid_grant"}"#.to_owned());
    }
    provider.refreshes += 1;
    let number = provider.refreshes;
    let answer = format!(
        r#"{{"access_token":"access-{number}-not-real","refresh_token":"refresh-{number}-not-real","token_type":"Bearer","expires_in":3600}}"#
    );
    ("200 OK", answer)
}

fn tls() -> Result<ServerConfig> {
    const CERTIFICATE: &[u8] = include_bytes!("../../tests/keys/loopback.pem");
    const KEY: &[u8] = include_bytes!("../../tests/keys/loopback.key.pem");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(CERTIFICATE)?],
            PrivateKeyDer::from_pem_slice(KEY)?,
        )?)
}
