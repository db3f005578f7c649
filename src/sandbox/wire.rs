//! One HTTP/1.1 message in, one out: the sandbox's reading and writing of the wire.
//!
//! Promises: every read is bounded in bytes (head 64 KiB, body 1 MiB) and in time, whatever
//! arrives is answered or dropped but never panics, and a reply leaves in one write where it fits.
//! `tiny_http` is not used here because its accept loop is bounded in neither respect, and because a
//! connection can wait in its pool behind idle ones. RFC 9110, RFC 9112.

use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tiny_http::StatusCode;

const MAX_HEAD: u64 = 64 * 1024;
const MAX_HEADERS: usize = 200;
/// The largest request body, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;
const CHUNK_LINE: u64 = 1024;

/// A request as it came, its target split and its body read.
pub struct Request {
    /// The method, as sent.
    pub method: String,
    /// The path of the target, still percent-encoded.
    pub path: String,
    /// The query without its `?`, as sent; empty when there was none.
    pub query: String,
    /// Names in lower case with their values, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body, transfer coding undone.
    pub body: Vec<u8>,
    keep_alive: bool,
}

impl Request {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the connection may carry another request after this one (RFC 9112, 9.3).
    pub fn keeps_alive(&self) -> bool {
        self.keep_alive
    }
}

/// What a reply carries.
pub enum Body {
    /// These bytes.
    Bytes(Vec<u8>),
    /// So many bytes of filler, made while they are sent.
    Filler(u64),
}

/// An answer, ready to be written.
pub struct Reply {
    /// The status code, 200 to 599.
    pub status: u16,
    /// Headers besides `Content-Length` and `Connection`, which writing adds.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

impl Reply {
    /// A reply with a body of this media type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Reply {
        Reply {
            status,
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body: Body::Bytes(body.into()),
        }
    }

    /// A JSON reply.
    pub fn json(status: u16, value: &serde_json::Value) -> Reply {
        Reply::new(status, "application/json", format!("{value}\n"))
    }

    /// The same reply with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Reply {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// Why no request came of what was read.
pub enum Unread {
    /// The peer left, or was silent for too long.
    Gone,
    /// What it sent is answered with this status and this sentence, and the connection ends.
    Refused(u16, &'static str),
}

impl From<io::Error> for Unread {
    fn from(_: io::Error) -> Unread {
        Unread::Gone
    }
}

/// A socket whose reads all end by one deadline.
pub struct Timed<'a> {
    stream: &'a TcpStream,
    deadline: Instant,
}

impl<'a> Timed<'a> {
    /// Reads from the stream until `limit` from now.
    pub fn new(stream: &'a TcpStream, limit: Duration) -> Timed<'a> {
        Timed {
            stream,
            deadline: Instant::now() + limit,
        }
    }

    /// Moves the deadline to `limit` from now.
    pub fn extend(&mut self, limit: Duration) {
        self.deadline = Instant::now() + limit;
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut stream = self.stream;
        stream.read(buffer)
    }
}

/// Reads one request. `sink` gets `100 Continue` where the client waits for it.
pub fn read_request(source: &mut impl BufRead, sink: &mut impl Write) -> Result<Request, Unread> {
    let mut budget = MAX_HEAD;
    let mut line = read_line(source, &mut budget)?;
    if line.is_empty() {
        line = read_line(source, &mut budget)?; // RFC 9112, 2.2: one stray CRLF is forgiven
    }
    let mut request = parse_request_line(&line)?;
    loop {
        let line = read_line(source, &mut budget)?;
        if line.is_empty() {
            break;
        }
        if request.headers.len() == MAX_HEADERS {
            return Err(Unread::Refused(431, "too many header lines"));
        }
        request.headers.push(parse_header(&line)?);
    }
    if let Some(connection) = request.header("connection") {
        request.keep_alive &= !connection.to_ascii_lowercase().contains("close");
    }
    request.body = read_body(&request, source, sink)?;
    Ok(request)
}

fn read_line(source: &mut impl BufRead, budget: &mut u64) -> Result<Vec<u8>, Unread> {
    let mut line = Vec::new();
    let read = source.take(*budget).read_until(b'\n', &mut line)?;
    *budget -= read as u64;
    if line.pop() != Some(b'\n') {
        return Err(if *budget == 0 {
            Unread::Refused(431, "the head of the request is too long")
        } else {
            Unread::Gone
        });
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}

fn parse_request_line(line: &[u8]) -> Result<Request, Unread> {
    const BAD: Unread = Unread::Refused(400, "that is no HTTP request line");
    let line = std::str::from_utf8(line).map_err(|_| BAD)?;
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(BAD);
    };
    if !is_token(method) || target.chars().any(char::is_control) {
        return Err(BAD);
    }
    let keep_alive = match version {
        "HTTP/1.1" => true,
        "HTTP/1.0" => false,
        _ => return Err(Unread::Refused(505, "HTTP/1.1 is spoken here")),
    };
    let (authority, origin_form) = match target.strip_prefix("http://") {
        Some(rest) => {
            let (authority, _) = rest.split_once('/').ok_or(BAD)?;
            (Some(authority), &rest[authority.len()..])
        }
        None => (None, target),
    };
    if !origin_form.starts_with('/') {
        return Err(BAD);
    }
    let (path, query) = origin_form.split_once('?').unwrap_or((origin_form, ""));
    Ok(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        // RFC 9112, 3.2.2: the authority of an absolute target stands before the Host header
        headers: authority
            .map(|host| ("host".to_owned(), host.to_owned()))
            .into_iter()
            .collect(),
        body: Vec::new(),
        keep_alive,
    })
}

/// Whether this is a `token` of RFC 9110, 5.6.2: what a method and a header name are made of.
pub fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn parse_header(line: &[u8]) -> Result<(String, String), Unread> {
    let line = String::from_utf8_lossy(line);
    match line.split_once(':') {
        Some((name, value)) if is_token(name) => {
            Ok((name.to_ascii_lowercase(), value.trim().to_owned()))
        }
        _ => Err(Unread::Refused(400, "a header line cannot be read")),
    }
}

fn read_body(
    request: &Request,
    source: &mut impl BufRead,
    sink: &mut impl Write,
) -> Result<Vec<u8>, Unread> {
    const TOO_LARGE: Unread = Unread::Refused(413, "a body may have 1 MiB here");
    let mut lengths = request
        .headers
        .iter()
        .filter(|(name, _)| name == "content-length")
        .map(|(_, value)| value.as_str());
    let length = lengths.next();
    let chunked = match request.header("transfer-encoding") {
        Some(coding) if coding.eq_ignore_ascii_case("chunked") => true,
        Some(_) => {
            return Err(Unread::Refused(
                501,
                "only the chunked coding is understood",
            ));
        }
        None => false,
    };
    if lengths.any(|other| Some(other) != length) || (chunked && length.is_some()) {
        return Err(Unread::Refused(400, "the length of the body is ambiguous"));
    }
    let length = match length {
        Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().map_err(|_| TOO_LARGE)?
        }
        Some(_) => return Err(Unread::Refused(400, "Content-Length is no number")),
        None => 0,
    };
    if length > MAX_BODY {
        return Err(TOO_LARGE);
    }
    let waits = request
        .header("expect")
        .is_some_and(|value| value.eq_ignore_ascii_case("100-continue"));
    if waits && (chunked || length > 0) {
        sink.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    if chunked {
        return read_chunks(source);
    }
    let mut body = vec![0; length];
    source.read_exact(&mut body)?;
    Ok(body)
}

fn read_chunks(source: &mut impl BufRead) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    loop {
        let line = read_line(source, &mut CHUNK_LINE.clone())?;
        let line = String::from_utf8_lossy(&line);
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16)
            .map_err(|_| Unread::Refused(400, "a chunk has no readable size"))?;
        if size > MAX_BODY - body.len() {
            return Err(Unread::Refused(413, "a body may have 1 MiB here"));
        }
        if size == 0 {
            let mut budget = MAX_HEAD;
            while !read_line(source, &mut budget)?.is_empty() {}
            return Ok(body);
        }
        let start = body.len();
        body.resize(start + size, 0);
        source.read_exact(&mut body[start..])?;
        if !read_line(source, &mut CHUNK_LINE.clone())?.is_empty() {
            return Err(Unread::Refused(400, "a chunk is longer than it says"));
        }
    }
}

/// Writes a reply; `head_only` answers a HEAD request.
pub fn write_reply(
    sink: &mut impl Write,
    reply: &Reply,
    head_only: bool,
    keep_alive: bool,
) -> io::Result<()> {
    let bodiless = matches!(reply.status, 204 | 304);
    let reason = StatusCode(reply.status).default_reason_phrase();
    let mut message = format!("HTTP/1.1 {} {reason}\r\n", reply.status).into_bytes();
    for (name, value) in &reply.headers {
        let value = value.replace(|character: char| character.is_control(), " ");
        write!(message, "{name}: {value}\r\n")?;
    }
    if !bodiless {
        let length = match &reply.body {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::Filler(length) => *length,
        };
        write!(message, "Content-Length: {length}\r\n")?;
    }
    if !keep_alive {
        message.extend_from_slice(b"Connection: close\r\n");
    }
    message.extend_from_slice(b"\r\n");
    match &reply.body {
        _ if head_only || bodiless => sink.write_all(&message),
        Body::Bytes(bytes) => {
            message.extend_from_slice(bytes);
            sink.write_all(&message)
        }
        Body::Filler(length) => {
            sink.write_all(&message)?;
            write_filler(sink, *length)
        }
    }
}

fn write_filler(sink: &mut impl Write, length: u64) -> io::Result<()> {
    let block = vec![b'x'; 64 * 1024];
    let mut left = length;
    while left > 0 {
        let part = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        sink.write_all(&block[..part])?;
        left -= part as u64;
    }
    Ok(())
}
