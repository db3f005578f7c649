//! The head of a request (RFC 9112 section 2.1): read within bounds, and cut
//! down to what is judged.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long a client may take to say what it wants.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(5);
/// How much it may say, in bytes; a redirect's query can be long.
const HEAD_SIZE: usize = 32 * 1024;

/// Hears a client out. `None`: it did not say anything that can be passed on,
/// and was told so.
pub(super) fn hear(client: &mut TcpStream) -> io::Result<Option<String>> {
    let request = match read_head(client)? {
        Head::Whole(head) => passed_on(&head),
        Head::TooLong => {
            turn_away(client, "431 Request Header Fields Too Large")?;
            return Ok(None);
        }
        Head::Junk => None,
    };
    if request.is_none() {
        turn_away(client, "400 Bad Request")?;
    }
    Ok(request)
}

enum Head {
    Whole(Vec<u8>),
    TooLong,
    Junk,
}

fn read_head(client: &mut TcpStream) -> io::Result<Head> {
    let deadline = Instant::now() + HEAD_TIME;
    let mut head = Vec::new();
    let mut chunk = [0; 2048];
    loop {
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            head.truncate(end);
            return Ok(Head::Whole(head));
        }
        if head.len() > HEAD_SIZE {
            return Ok(Head::TooLong);
        }
        let plausible = |byte: &u8| byte.is_ascii_uppercase();
        if !head.is_empty() && !head.first().is_some_and(plausible) {
            return Ok(Head::Junk);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        client.set_read_timeout(Some(left))?;
        match client.read(&mut chunk)? {
            0 => return Ok(Head::Junk),
            read => head.extend_from_slice(&chunk[..read]),
        }
    }
}

/// What of a head is passed on: the request line and `Host`, all that is judged.
/// Nothing a client says (a body, `Expect`, `Connection`, `Upgrade`) can
/// unsettle the connection that the next client's request goes over. `None`: it
/// is no HTTP/1 request (RFC 9112 sections 3 and 5).
fn passed_on(head: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(head);
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
    let whole = format!("{passed}TE: identity\r\n\r\n");
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
            assert_eq!(
                passed_on(head.as_bytes()).as_deref(),
                Some(passed),
                "{head}"
            );
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
            assert_eq!(passed_on(head.as_bytes()), None, "{head}");
        }
    }
}
