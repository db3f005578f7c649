//! A provider and API in the test itself: it keeps what it was asked, word for word, and answers as
//! the test says. For what is too odd for the sandbox, and for what the sandbox's log leaves out.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Home, PATIENCE, eventually};

/// An app `x` that a person consents to; further lines of `auth` go in the place of `#more`.
pub const CONSENT: &str = r#"
[integrations.x.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "ORIGIN/authorize"
token_url = "ORIGIN/token"
client_id = "id"
#more
[integrations.x.api]
base_url = "ORIGIN/api"
"#;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The verb.
    pub method: String,
    /// The path as it was written, without the query.
    pub path: String,
    /// The query as it was written, without the `?`.
    pub query: String,
    /// The headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Asked {
    /// The value of a header; what several of a name say is joined by `, `.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let first = found.next()?.1.clone();
        Some(found.fold(first, |said, (_, more)| format!("{said}, {more}")))
    }

    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<String> {
        parameter(&self.query, name)
    }

    /// A field of the form that the body is.
    pub fn form(&self, name: &str) -> Option<String> {
        parameter(&self.body, name)
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// `user:password` of HTTP Basic.
    pub fn basic(&self) -> Option<String> {
        let said = self.header("authorization")?;
        let decoded =
            base64::engine::general_purpose::STANDARD.decode(said.strip_prefix("Basic ")?);
        String::from_utf8(decoded.ok()?).ok()
    }
}

fn parameter(text: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(text.as_bytes());
    let (_, value) = pairs.find(|(known, _)| known == name)?;
    Some(value.into_owned())
}

/// What is answered.
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    manner: Manner,
}

/// How the answer is sent.
enum Manner {
    Whole,
    Cut(usize),
    Dripping(Duration),
}

impl Reply {
    /// This status and JSON.
    pub fn json(status: u16, body: &Value) -> Reply {
        Reply::text(status, "application/json", &body.to_string())
    }

    /// This status and text.
    pub fn text(status: u16, content_type: &str, body: &str) -> Reply {
        Reply {
            status,
            headers: vec![("Content-Type", content_type.to_owned())],
            body: body.to_owned(),
            manner: Manner::Whole,
        }
    }

    /// Elsewhere.
    pub fn redirect(to: &str) -> Reply {
        Reply {
            status: 302,
            headers: vec![("Location", to.to_owned())],
            body: String::new(),
            manner: Manner::Whole,
        }
    }

    /// The same, and this header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }

    /// Only the first bytes of the answer, head and body, and then the connection is closed.
    pub fn cut(mut self, bytes: usize) -> Reply {
        self.manner = Manner::Cut(bytes);
        self
    }

    /// The head at once, and the body byte by byte, with a pause after each.
    pub fn dripping(mut self, pause: Duration) -> Reply {
        self.manner = Manner::Dripping(pause);
        self
    }

    /// Back to where an authorization request came from, with these parameters and its `state`.
    pub fn back(asked: &Asked, parameters: &[(&str, &str)]) -> Reply {
        let state = asked.query("state").unwrap_or_default();
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .append_pair("state", &state)
            .finish();
        let to = asked.query("redirect_uri").unwrap_or_default();
        Reply {
            status: 302,
            headers: vec![("Location", format!("{to}?{query}"))],
            body: String::new(),
            manner: Manner::Whole,
        }
    }
}

/// A running recorder; dropping it ends it.
pub struct Recorder {
    origin: String,
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// How many callers are being served.
    busy: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl Recorder {
    /// One that is a plain provider: `…/authorize` sends back the code `code-1`, `…/token` gives
    /// `token-1`, `token-2`, … with refresh tokens and a life of an hour, everything else is
    /// `{"ok":true}`.
    pub fn start() -> Recorder {
        Recorder::answering(|_, _| None)
    }

    /// One that answers so; where it says nothing, as a plain provider. It is told how many
    /// requests for the same path came before.
    pub fn answering(
        answer: impl Fn(&Asked, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Recorder {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let recorder = Recorder {
            origin: format!("http://127.0.0.1:{port}"),
            port,
            asked: Arc::default(),
            busy: Arc::default(),
            over: Arc::default(),
        };
        let (asked, over) = (Arc::clone(&recorder.asked), Arc::clone(&recorder.over));
        let answer = Arc::new(answer);
        let busy = Arc::clone(&recorder.busy);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
                let served = Served::begin(&busy);
                thread::spawn(move || {
                    // A peer that leaves in the middle is none of the test's concern.
                    drop(stream.map(|stream| serve(&stream, &asked, &*answer)));
                    drop(served);
                });
            }
        });
        recorder
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// A home with these definitions, in which `ORIGIN` is this recorder.
    pub fn home(&self, definitions: &str) -> Home {
        let home = Home::new();
        home.write(
            "integrations.toml",
            &definitions.replace("ORIGIN", &self.origin),
        );
        home
    }

    /// A home in which `x` is an app that a person consents to, with these further lines of `auth`.
    pub fn consenting(&self, more: &str) -> Home {
        self.home(&CONSENT.replace("#more", more))
    }

    /// All it was asked, oldest first.
    pub fn asked(&self) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }

    /// What it was asked at a path.
    pub fn asked_at(&self, path: &str) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|asked| asked.path == path);
        asked
    }

    /// Waits until all that was sent so far, also by those who are gone, has been dealt with: what a
    /// process sent before it was killed may still lie in its socket.
    #[track_caller]
    pub fn settle(&self) {
        // Callers are let in in their order, so that those before this one have been.
        let mut caller = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("it listens");
        let patient = caller.set_read_timeout(Some(PATIENCE));
        patient.expect("it can wait");
        caller.write_all(b"\r\n").expect("it reads");
        let mut nothing = Vec::new();
        caller.read_to_end(&mut nothing).expect("it hangs up");
        eventually("all callers are served", || {
            (self.busy.load(Ordering::SeqCst) == 0).then_some(())
        });
    }

    /// The last request for a path.
    #[track_caller]
    pub fn last(&self, path: &str) -> Asked {
        match self.asked_at(path).pop() {
            Some(asked) => asked,
            None => panic!("`{path}` was not asked for, but {:#?}", self.asked()),
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // The listening thread looks at it when somebody calls.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

/// A caller who is being served, until it is dropped.
struct Served(Arc<AtomicUsize>);

impl Served {
    fn begin(busy: &Arc<AtomicUsize>) -> Served {
        busy.fetch_add(1, Ordering::SeqCst);
        Served(Arc::clone(busy))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn serve(
    stream: &TcpStream,
    asked: &Mutex<Vec<Asked>>,
    answer: &dyn Fn(&Asked, usize) -> Option<Reply>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let Some(request) = read(stream)? else {
        return Ok(());
    };
    let before = {
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        let before = asked.iter().filter(|other| other.path == request.path);
        let before = before.count();
        asked.push(request.clone());
        before
    };
    let reply = answer(&request, before).unwrap_or_else(|| plainly(&request, before));
    let mut head = vec![
        format!("HTTP/1.1 {} -", reply.status),
        "Connection: close".to_owned(),
        format!("Content-Length: {}", reply.body.len()),
    ];
    let said = reply.headers.iter();
    head.extend(said.map(|(name, value)| format!("{name}: {value}")));
    let head = head.join("\r\n");
    let body = match request.method.as_str() {
        "HEAD" => "",
        _ => reply.body.as_str(),
    };
    let mut stream = stream;
    let whole = format!("{head}\r\n\r\n{body}");
    match reply.manner {
        Manner::Whole => stream.write_all(whole.as_bytes()),
        Manner::Cut(bytes) => stream.write_all(&whole.as_bytes()[..bytes.min(whole.len())]),
        Manner::Dripping(pause) => {
            stream.write_all(&whole.as_bytes()[..whole.len() - body.len()])?;
            for byte in body.as_bytes() {
                stream.write_all(&[*byte])?;
                // The slowness is what is tried; nothing is waited for.
                thread::sleep(pause);
            }
            Ok(())
        }
    }
}

/// Nothing: the peer only knocked.
fn read(stream: &TcpStream) -> std::io::Result<Option<Asked>> {
    let mut source = BufReader::new(stream);
    let mut line = String::new();
    source.read_line(&mut line)?;
    let mut words = line.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut asked = Asked {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: String::new(),
    };
    let mut length = 0;
    let mut is_chunked = false;
    loop {
        let mut line = Vec::new();
        source.read_until(b'\n', &mut line)?;
        let line = String::from_utf8_lossy(&line);
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            length = value.parse().unwrap_or(0);
        }
        is_chunked |= name == "transfer-encoding" && value == "chunked";
        asked.headers.push((name, value));
    }
    let body = if is_chunked {
        chunks(&mut source)?
    } else {
        let mut body = vec![0; length];
        source.read_exact(&mut body)?;
        body
    };
    asked.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(asked))
}

/// A body whose length was not known beforehand (RFC 9112 section 7.1).
fn chunks(source: &mut BufReader<&TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        source.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
        let start = body.len();
        // With the line break behind it.
        body.resize(start + length + 2, 0);
        source.read_exact(&mut body[start..])?;
        body.truncate(start + length);
        if length == 0 {
            return Ok(body);
        }
    }
}

fn plainly(asked: &Asked, before: usize) -> Reply {
    let number = before + 1;
    if asked.path.ends_with("/authorize") {
        return Reply::back(asked, &[("code", "code-1")]);
    }
    if asked.path.ends_with("/token") {
        let answer = json!({
            "access_token": format!("token-{number}"),
            "refresh_token": format!("refresh-{number}"),
            "token_type": "Bearer",
            "expires_in": 3600,
        });
        return Reply::json(200, &answer);
    }
    Reply::json(200, &json!({ "ok": true }))
}
