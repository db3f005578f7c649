//! Whether one origin can be reached: the name, the connection, TLS and HTTP
//! told apart. It is asked for `HEAD /` without any credential; whatever it
//! answers is an answer, and a redirect is none to follow.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::blocking::Request;
use reqwest::header::DATE;
use url::Url;

use crate::clock::Timestamp;
use crate::http::{self, Http};

/// How long a name may take to be looked up.
const NAME_TIME: Duration = Duration::from_secs(4);
/// How long a connection may take to come up, TLS or the proxy's part included.
const CONNECT_TIME: Duration = Duration::from_secs(4);
/// How long an answer may take from the start.
const ANSWER_TIME: Duration = Duration::from_secs(6);
/// How many of a name's addresses are tried.
const ADDRESSES: usize = 4;

/// Why an origin is not reached, by how far it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Its name leads nowhere.
    Name(String),
    /// Nobody takes the connection.
    Tcp(String),
    /// TLS does not come up, or its certificate is not believed.
    Tls(String),
    /// It is there, and lets only those in who show a certificate.
    Certificate(String),
    /// What answers there is no HTTP, or nothing.
    Http(String),
    /// The proxy does not let it through.
    Proxy(String),
    /// No client could be made: the certificates are at fault.
    Setup(String),
}

/// An origin that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// What its clock showed, where it said so, beside ours.
    pub(super) date: Option<Dated>,
}

/// A server's clock beside this machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dated {
    /// How far the server is ahead of us, in seconds.
    pub(super) ahead: i64,
    /// How much of that the way there and back may account for, in seconds.
    pub(super) slack: u64,
}

impl Dated {
    /// `server` is what the answer said; the request was sent at `sent` and
    /// answered `took` later. The answer was made somewhere in between, most
    /// likely in the middle.
    fn new(server: Timestamp, sent: Timestamp, took: Duration) -> Self {
        let middle = sent.after(took / 2);
        let unix = |time: Timestamp| i64::try_from(time.unix()).unwrap_or(i64::MAX);
        Self {
            ahead: unix(server) - unix(middle),
            // Both clocks are read in whole seconds.
            slack: (took / 2).as_secs() + 2,
        }
    }
}

/// Tries an origin. `proxied`: it is reached through a proxy, which looks the
/// name up and takes the connection in our place.
pub(super) fn origin(url: &Url, proxied: bool) -> Result<Answer, Trouble> {
    if !proxied {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(443);
        host_and_port(host, port)?;
    }
    let http = Http::hurried(CONNECT_TIME, ANSWER_TIME);
    let client = http
        .client_for(url)
        .map_err(|error| Trouble::Setup(error.to_string()))?;
    let mut request = Request::new(Method::HEAD, url.clone());
    *request.timeout_mut() = Some(ANSWER_TIME);
    let (sent, clock) = (Timestamp::now(), Instant::now());
    let answered = client.execute(request);
    let took = clock.elapsed();
    match answered {
        Ok(answer) => {
            let date = answer.headers().get(DATE).and_then(|date| {
                let time = httpdate::parse_http_date(date.to_str().ok()?).ok()?;
                let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
                let server = Timestamp::from_unix(since.as_secs());
                Some(Dated::new(server, sent, took))
            });
            Ok(Answer {
                status: answer.status().as_u16(),
                date,
            })
        }
        Err(error) => Err(told_apart(&error, url, proxied)),
    }
}

/// Looks a name up and connects; nothing is sent.
pub(super) fn host_and_port(host: &str, port: u16) -> Result<(), Trouble> {
    let addresses = look_up(host, port).map_err(Trouble::Name)?;
    let deadline = Instant::now() + CONNECT_TIME;
    let mut refused = String::from("it has no address");
    for address in addresses.iter().take(ADDRESSES) {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(address, left) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                "nobody answers".clone_into(&mut refused);
            }
            Err(error) => refused = error.to_string(),
        }
    }
    Err(Trouble::Tcp(refused))
}

/// The system's resolver knows no deadline, so it is given up on; the thread
/// ends with the process.
fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs();
        // Nobody listens any more after the deadline.
        let _ = send.send(found.map(Vec::from_iter).map_err(|error| error.to_string()));
    });
    receive
        .recv_timeout(NAME_TIME)
        .unwrap_or_else(|_| Err("no name server answers".to_owned()))
}

/// The connection itself was tried before, so what fails with it now is TLS,
/// or the proxy.
fn told_apart(error: &reqwest::Error, url: &Url, proxied: bool) -> Trouble {
    let why = match http::explain(error, &http::host_of(url)) {
        http::HttpError::Certificate { alert, .. } => return Trouble::Certificate(alert),
        http::HttpError::Connect { why, .. }
        | http::HttpError::Untrusted { why, .. }
        | http::HttpError::Broken { why, .. } => why,
        _ => "it does not answer in time".to_owned(),
    };
    match (error.is_connect(), proxied) {
        // What the certificate says comes from behind the proxy.
        (true, true) if !is_about_tls(error) => Trouble::Proxy(why),
        (true, _) if url.scheme() == "https" => Trouble::Tls(why),
        (true, _) => Trouble::Tcp(why),
        (false, _) => Trouble::Http(why),
    }
}

/// TLS says of what it cannot believe that it is invalid data.
fn is_about_tls(error: &reqwest::Error) -> bool {
    let first = std::error::Error::source(error);
    let mut causes = std::iter::successors(first, |error| error.source());
    causes.any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|io| io.kind() == std::io::ErrorKind::InvalidData)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_way_is_no_wrong_clock() {
        let at = |seconds: u64| Timestamp::from_unix(1_000_000 + seconds);
        for (server, took, ahead, slack) in [
            (at(0), 0, 0, 2),
            (at(3), 6, 0, 5),
            (at(3600), 2, 3599, 3),
            (Timestamp::from_unix(996_400), 0, -3600, 2),
        ] {
            let dated = Dated::new(server, at(0), Duration::from_secs(took));
            assert_eq!(dated, Dated { ahead, slack }, "{server} {took}");
        }
    }
}
