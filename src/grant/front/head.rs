//! The head of a request (RFC 9112 section 2.1): read within bounds, and cut
//! down to what is judged; and, where forms are taken, the form behind it.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long a client may take to say what it wants.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(5);
/// How much it may say, in bytes; a redirect's query can be long.
const HEAD_SIZE: usize = 32 * 1024;
/// How long a form may be, in bytes: as long as a query.
const FORM_SIZE: usize = HEAD_SIZE;

const BAD: &str = "400 Bad Request";

/// Hears a client out; `forms` says whether it may send one. `None`: it did not
/// say anything that can be passed on, and was told so.
pub(super) fn hear(client: &mut TcpStream, forms: bool) -> io::Result<Option<String>> {
    let deadline = Instant::now() + HEAD_TIME;
    let heard = match read_head(client, deadline)? {
        Head::Whole(head, rest) => {
            let head = String::from_utf8_lossy(&head);
            if forms && head.starts_with("POST ") {
                let form = read_form(client, &head, rest, deadline)?;
                form.and_then(|form| passed_on(&head, Some(&form)).ok_or(BAD))
            } else {
                passed_on(&head, None).ok_or(BAD)
            }
        }
        Head::TooLong => Err("431 Request Header Fields Too Large"),
        Head::Junk => Err(BAD),
    };
    match heard {
        Ok(request) => Ok(Some(request)),
        Err(status) => turn_away(client, status).map(|()| None),
    }
}

enum Head {
    /// The head, and what was read of that which follows it.
    Whole(Vec<u8>, Vec<u8>),
    TooLong,
    Junk,
}

fn read_head(client: &mut TcpStream, deadline: Instant) -> io::Result<Head> {
    let mut head = Vec::new();
    let mut chunk = [0; 2048];
    loop {
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = head.split_off(end + 4);
            head.truncate(end);
            return Ok(Head::Whole(head, rest));
        }
        if head.len() > HEAD_SIZE {
            return Ok(Head::TooLong);
        }
        let plausible = |byte: &u8| byte.is_ascii_uppercase();
        if !head.is_empty() && !head.first().is_some_and(plausible) {
            return Ok(Head::Junk);
        }
        match read_by(client, &mut chunk, deadline)? {
            0 => return Ok(Head::Junk),
            read => head.extend_from_slice(&chunk[..read]),
        }
    }
}

fn read_by(client: &mut TcpStream, chunk: &mut [u8], deadline: Instant) -> io::Result<usize> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    client.set_read_timeout(Some(left))?;
    client.read(chunk)
}

/// Reads the form (`application/x-www-form-urlencoded`) that a browser sends;
/// `rest` is what came with the head. Else the status to answer with.
fn read_form(
    client: &mut TcpStream,
    head: &str,
    mut rest: Vec<u8>,
    deadline: Instant,
) -> io::Result<Result<String, &'static str>> {
    let length = match form_length(head) {
        Ok(length) => length,
        Err(status) => return Ok(Err(status)),
    };
    let mut chunk = [0; 2048];
    while rest.len() < length {
        match read_by(client, &mut chunk, deadline)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => rest.extend_from_slice(&chunk[..read]),
        }
    }
    rest.truncate(length);
    // Whatever else a form holds is percent-encoded.
    let plain = rest.iter().all(u8::is_ascii_graphic);
    let form = String::from_utf8(rest).ok().filter(|_| plain);
    Ok(form.ok_or(BAD))
}

/// The length of the form that a head announces. Nothing is guessed: one length,
/// and the one content type that such a form has.
fn form_length(head: &str) -> Result<usize, &'static str> {
    let values = |wanted: &str| -> Vec<&str> {
        let fields = head.split("\r\n").filter_map(|line| line.split_once(':'));
        let named = fields.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        named.map(|(_, value)| value.trim()).collect()
    };
    let length = match values("Content-Length")[..] {
        [] => return Err("411 Length Required"),
        [digits] if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse::<usize>(),
        _ => return Err(BAD),
    };
    if !values("Transfer-Encoding").is_empty() {
        return Err(BAD);
    }
    let [media_type] = values("Content-Type")[..] else {
        return Err("415 Unsupported Media Type");
    };
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err("415 Unsupported Media Type");
    }
    match length {
        Ok(length) if length <= FORM_SIZE => Ok(length),
        _ => Err("413 Content Too Large"),
    }
}

/// What of a head is passed on: the request line and `Host`, all that is judged,
/// and the form that was read. Nothing else a client says (a body, `Expect`,
/// `Connection`, `Upgrade`) can unsettle the connection that the next client's
/// request goes over. `None`: it is no HTTP/1 request (RFC 9112 sections 3 and 5).
fn passed_on(head: &str, form: Option<&str>) -> Option<String> {
    let mut lines = head.split("\r\n");
    let words: Vec<&str> = lines.next()?.split(' ').collect();
    let [method, target, "HTTP/1.0" | "HTTP/1.1"] = words[..] else {
        return None;
    };
    let upper = |byte: u8| byte.is_ascii_uppercase();
    if method.is_empty() || target.is_empty() || !method.bytes().all(upper) {
        return None;
    }
    let mut passed = format!("{method} {target} HTTP/1.1\r\n");
    for line in lines {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("Host") {
            passed.extend(["Host: ", value.trim(), "\r\n"]);
        }
    }
    // A stray CR or LF would become a line of its own.
    let plain = |line: &str| line.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    // With `TE` the library says the length of even a long page beforehand.
    let length = form.map(|form| format!("Content-Length: {}\r\n", form.len()));
    let length = length.unwrap_or_default();
    let form = form.unwrap_or_default();
    let whole = format!("{passed}{length}TE: identity\r\n\r\n{form}");
    passed.split_terminator("\r\n").all(plain).then_some(whole)
}

fn turn_away(client: &mut TcpStream, status: &str) -> io::Result<()> {
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    client.write_all(answer.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_request_line_and_host_is_passed_on() {
        let passed = "GET /a?b HTTP/1.1\r\nHost: x\r\nTE: identity\r\n\r\n";
        for head in [
            "GET /a?b HTTP/1.1\r\nHost: x",
            "GET /a?b HTTP/1.0\r\nhost:x\r\nContent-Length: 9\r\nExpect: 100-continue",
        ] {
            assert_eq!(passed_on(head, None).as_deref(), Some(passed), "{head}");
        }
        for head in [
            "GET",
            "GET  HTTP/1.1",
            "GET /a b HTTP/1.1",
            "GET /a HTTP/2.0",
            "GET /ä HTTP/1.1",
            "GET /a HTTP/1.1\r\nnonsense",
            "GET /a HTTP/1.1\r\nHost: x\nHost: y",
            "GET /a\rb HTTP/1.1",
        ] {
            assert_eq!(passed_on(head, None), None, "{head}");
        }
    }

    #[test]
    fn only_a_form_of_known_length_is_read() {
        let form = "Content-Type: application/x-www-form-urlencoded";
        for (fields, expected) in [
            (format!("Content-Length: 9\r\n{form}"), Ok(9)),
            (format!("content-length:0\r\n{form}; charset=utf-8"), Ok(0)),
            (format!("Content-Length: 32768\r\n{form}"), Ok(32768)),
            (format!("Content-Length: 32769\r\n{form}"), Err("413")),
            (
                format!("Content-Length: 99999999999999999999999\r\n{form}"),
                Err("413"),
            ),
            (form.to_owned(), Err("411")),
            (
                format!("Content-Length: 9\r\nContent-Length: 9\r\n{form}"),
                Err("400"),
            ),
            (format!("Content-Length: -9\r\n{form}"), Err("400")),
            (format!("Content-Length: +9\r\n{form}"), Err("400")),
            (format!("Content-Length: \r\n{form}"), Err("413")),
            (
                format!("Content-Length: 9\r\nTransfer-Encoding: chunked\r\n{form}"),
                Err("400"),
            ),
            ("Content-Length: 9".to_owned(), Err("415")),
            (
                "Content-Length: 9\r\nContent-Type: application/json".to_owned(),
                Err("415"),
            ),
            (format!("Content-Length: 9\r\n{form}\r\n{form}"), Err("415")),
        ] {
            let head = format!("POST /a HTTP/1.1\r\nHost: x\r\n{fields}");
            let found = form_length(&head).map_err(|status| &status[..3]);
            assert_eq!(found, expected, "{head}");
        }
    }
}
