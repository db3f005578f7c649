//! What other programs of this machine, and pages of the web, can do to the listener while it
//! waits: nothing is taken from them, and the person's own answer still gets through.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{Waiting, status};
use crate::support::{PATIENCE, Provider, http};

/// Less than a client is given to say what it wants: nobody's patience was worn out on the way.
const PROMPT: Duration = Duration::from_secs(4);

/// Sends bytes, ends the sending, and returns what comes back, within bounds.
pub(super) fn say(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // It may be turned away before it has said everything.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The person's answer still arrives, at once, and is the only one.
#[track_caller]
pub(super) fn ends_well(waiting: Waiting, provider: &Provider) {
    assert_eq!(provider.count("authorization_code"), 0);
    let began = Instant::now();
    let page = http::approve(waiting.link.as_str());
    assert!(page.body.contains("Connected to Sandbox"), "{}", page.body);
    assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
    waiting.process.wait().ok();
    assert_eq!(provider.count("authorization_code"), 1);
}

#[test]
fn a_name_that_only_looks_like_ours_is_421_with_the_right_state_too() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let port = waiting.redirect.port().unwrap();
    let target = format!("/callback?code=x&state={}", waiting.state());
    let ours = waiting.host();
    for hosts in [
        vec![format!("127.0.0.1.evil.test:{port}")],
        vec![format!("localhost.evil.test:{port}")],
        vec![format!("evil.test:{port}")],
        vec![format!("evil-localhost:{port}")],
        vec![format!("localhost.:{port}")],
        vec![format!("{ours}.evil.test")],
        vec![format!("{ours}@evil.test")],
        vec![format!("user@{ours}")],
        vec![format!("{ours}/")],
        vec![format!("{ours} evil.test")],
        vec![format!("{ours},evil.test")],
        vec![format!("127.0.0.1:{}", port ^ 1)],
        vec![format!("127.0.0.1:0{port}")],
        vec![format!("127.1:{port}")],
        vec![format!("0.0.0.0:{port}")],
        vec![format!("2130706433:{port}")],
        vec![format!("[::ffff:127.0.0.1]:{port}")],
        vec!["127.0.0.1".to_owned()],
        vec!["localhost".to_owned()],
        vec![String::new()],
        vec![],
        vec![ours.clone(), ours.clone()],
        vec![ours.clone(), format!("evil.test:{port}")],
        vec![format!("evil.test:{port}"), ours.clone()],
    ] {
        let lines = hosts.iter().map(|host| ["Host: ", host, "\r\n"].concat());
        let lines = lines.collect::<Vec<_>>().concat();
        let answer = waiting.say(&format!("GET {target} HTTP/1.1\r\n{lines}\r\n"));
        assert_eq!(status(&answer), "421", "{hosts:?}");
        assert!(!answer.contains("Sandbox"), "{hosts:?}: {answer}");
    }
    ends_well(waiting, &provider);
}

#[test]
fn bytes_that_are_no_request_are_turned_away() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let host = waiting.host();
    let target = format!("/callback?code=x&state={}", waiting.state());
    let hello = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03\x00\xff\r\n\r\n";
    let head = |line: &str| format!("{line}\r\nHost: {host}\r\n\r\n").into_bytes();
    for (bytes, expected) in [
        (hello.to_vec(), "400"),
        (vec![0; 5000], "400"),
        (vec![0xff; 5000], "400"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), "400"),
        (b"\r\n\r\n".to_vec(), "400"),
        (Vec::new(), "400"),
        (b"GET".to_vec(), "400"),
        (head(&format!("GET {target} HTTP/2.0")), "400"),
        (head(&format!("GET {target} HTTP/9.9")), "400"),
        (head(&format!("GET {target}")), "400"),
        (head(&format!("get {target} HTTP/1.1")), "400"),
        (head(&format!("GET  {target} HTTP/1.1")), "400"),
        (head(&format!("GET {target}\0 HTTP/1.1")), "400"),
        (head(&format!("GET {target}\u{e9} HTTP/1.1")), "400"),
        (head(&format!("GET {target} HTTP/1.1\r\nno header")), "400"),
        (
            format!("GET {target} HTTP/1.1\nHost: {host}\n\n").into_bytes(),
            "400",
        ),
        (head("GET * HTTP/1.1"), "404"),
        (head("OPTIONS * HTTP/1.1"), "404"),
        (head(&format!("CONNECT {host} HTTP/1.1")), "404"),
        (head(&format!("GET http://{host}{target} HTTP/1.1")), "404"),
        (
            head(&format!("GET http://evil.test{target} HTTP/1.1")),
            "404",
        ),
        (head(&format!("GET \\callback{target} HTTP/1.1")), "404"),
        (head(&format!("GET /%63allback?{target} HTTP/1.1")), "404"),
        (head(&format!("GET /CALLBACK?{target} HTTP/1.1")), "404"),
        (head(&format!("HEAD {target} HTTP/1.1")), "405"),
        (head(&format!("PUT {target} HTTP/1.1")), "405"),
        (head(&format!("DELETE {target} HTTP/1.1")), "405"),
        (head(&format!("OPTIONS {target} HTTP/1.1")), "405"),
        (head(&format!("TRACE {target} HTTP/1.1")), "405"),
    ] {
        let answer = say(waiting.address(), &bytes);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert_eq!(status(&answer), expected, "{shown:?}: {answer}");
    }
    ends_well(waiting, &provider);
}

#[test]
fn an_answer_in_a_form_is_not_taken() {
    // `response_mode=form_post` is never asked for, and a page elsewhere could post as well.
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let (host, state) = (waiting.host(), waiting.state());
    let form = format!("code=x&state={state}");
    for target in ["/callback".to_owned(), format!("/callback?{form}")] {
        let answer = waiting.say(&format!(
            "POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        ));
        assert_eq!(status(&answer), "405", "{answer}");
    }
    ends_well(waiting, &provider);
}

#[test]
fn what_is_smuggled_behind_a_request_is_never_heard() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let (host, state) = (waiting.host(), waiting.state());
    let hidden =
        format!("GET /callback?error=smuggled&state={state} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for head in [
        "GET /other HTTP/1.1\r\nHost: HOST\r\n\r\n".to_owned(),
        "GET /other HTTP/1.1\r\nHost: HOST\r\nConnection: keep-alive\r\n\r\n".to_owned(),
        format!(
            "POST /other HTTP/1.1\r\nHost: HOST\r\nContent-Length: {}\r\n\r\n",
            hidden.len()
        ),
        "POST /other HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            .to_owned(),
        "GET /other HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            .to_owned(),
        "GET /other HTTP/1.1\r\nHost: HOST\r\nExpect: 100-continue\r\nUpgrade: h2c\r\n\r\n".to_owned(),
    ] {
        let sent = format!("{}{}", head.replace("HOST", &host), hidden.repeat(3));
        let answer = say(waiting.address(), sent.as_bytes());
        // The answer may be lost to what was never read; a second one never comes.
        assert!(matches!(status(&answer), "404" | ""), "{answer}");
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{answer}");
    }
    ends_well(waiting, &provider);
}

#[test]
fn huge_heads_and_bodies_are_not_heard_out() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let host = waiting.host();
    let mut big = format!("GET /callback HTTP/1.1\r\nHost: {host}\r\n").into_bytes();
    big.extend(b"X-Junk: not-real\r\n".repeat(500_000));
    let mut one = b"GET /callback HTTP/1.1\r\nX: ".to_vec();
    one.resize(8_000_000, b'a');
    let mut body = format!(
        "POST /callback HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999999999999999\r\n\r\n"
    )
    .into_bytes();
    body.resize(8_000_000, b'a');
    for (bytes, expected) in [(big, "431"), (one, "431"), (body, "405")] {
        let answer = say(waiting.address(), &bytes);
        // The answer may be lost to what was never read.
        assert!([expected, ""].contains(&status(&answer)), "{answer}");
    }
    #[cfg(target_os = "linux")]
    {
        let path = format!("/proc/{}/status", waiting.process.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let peak: u64 = line
            .unwrap()
            .split_whitespace()
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        assert!(peak < 100 * 1024, "{peak} KiB at its peak");
    }
    ends_well(waiting, &provider);
}

#[test]
fn a_head_that_never_ends_is_cut_off() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let mut slow = TcpStream::connect(waiting.address()).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
    slow.set_nonblocking(true).unwrap();
    crate::support::eventually("its end", || {
        let gone = |error: &std::io::Error| error.kind() != std::io::ErrorKind::WouldBlock;
        let written = slow.write(b"a").is_err_and(|error| gone(&error));
        let read = match slow.read(&mut [0; 64]) {
            Ok(read) => read == 0,
            Err(error) => gone(&error),
        };
        (written || read).then_some(())
    });
    ends_well(waiting, &provider);
}

#[test]
fn a_flood_that_does_not_end_lets_the_answer_through() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let (address, over) = (waiting.address(), AtomicBool::new(false));
    let request = waiting.get("/", &waiting.host());
    assert_eq!(status(&request), "404");
    let host = waiting.host();
    let heads = [
        String::new(),
        "G".to_owned(),
        "GET / HTTP/1.1\r\nX: a".to_owned(),
        format!("GET /callback?state=wrong&code=x HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        "nonsense".to_owned(),
    ];
    thread::scope(|scope| {
        for offset in 0..6 {
            let (heads, over) = (&heads, &over);
            scope.spawn(move || {
                let mut open = std::collections::VecDeque::new();
                let mut at = offset;
                while !over.load(Ordering::SeqCst) {
                    at += 1;
                    let Ok(mut stream) = TcpStream::connect(address) else {
                        return; // the port is closed: it is over
                    };
                    let _ = stream.write_all(heads[at % heads.len()].as_bytes());
                    open.push_back(stream);
                    if open.len() > 70 {
                        open.pop_front();
                    }
                }
            });
        }
        ends_well(waiting, &provider);
        over.store(true, Ordering::SeqCst);
    });
}
