//! `HTTPS_PROXY` and its kin: a way to the API that sees neither the credential nor what is asked.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::server::{Api, keyed};
use crate::support::{Cmd, Home, PATIENCE};

const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/named-ca.pem");

/// What a proxy does once it was told where to.
#[derive(Clone, Copy)]
enum Does {
    /// Leads to this port, whatever the host.
    Lead(u16),
    /// Says this.
    Say(&'static str),
    /// Nothing.
    Wait,
}

/// A proxy, and the orders it was given.
struct Proxy {
    port: u16,
    orders: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(does: Does) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let orders: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&orders);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || drop(serve(stream, does, &kept)));
            }
        });
        Proxy { port, orders }
    }

    fn orders(&self) -> Vec<String> {
        self.orders.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, does: Does, orders: &Mutex<Vec<String>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut order = Vec::new();
    while !order.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        order.push(byte[0]);
    }
    orders
        .lock()
        .unwrap()
        .push(String::from_utf8_lossy(&order).into_owned());
    match does {
        Does::Say(text) => stream.write_all(text.as_bytes()),
        Does::Wait => stream.read_exact(&mut [0]),
        Does::Lead(port) => {
            stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
            let mut there = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            let (mut from, mut to) = (stream.try_clone()?, there.try_clone()?);
            thread::spawn(move || std::io::copy(&mut from, &mut to));
            std::io::copy(&mut there, &mut stream).map(drop)
        }
    }
}

/// The API is `https://api.test`, a name that only the proxy knows.
fn home() -> Home {
    keyed("https://api.test", "timeout = \"5s\"")
}

fn request(home: &Home) -> Cmd {
    home.hallpass(&["request", "x", "/me"])
        .env("SSL_CERT_FILE", AUTHORITY)
}

fn at(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

#[test]
fn https_goes_through_the_proxy_that_any_of_the_variables_names() {
    let api = Api::start();
    let port = api.on_tls("named");
    let home = home();
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let proxy = Proxy::start(Does::Lead(port));
        let run = request(&home).env(name, at(proxy.port)).run().ok();
        assert_eq!(run.json()["path"], "/me", "{name}");
        let orders = proxy.orders();
        assert_eq!(orders.len(), 1, "{name}");
        assert!(
            orders[0].starts_with("CONNECT api.test:443 HTTP/1.1\r\n"),
            "{orders:?}"
        );
        assert!(!orders[0].contains("not-real"), "{orders:?}");
    }
    assert!(api.asked()[0].head.contains("bearer key-not-real"));
}

#[test]
fn a_proxy_gets_its_user_and_password_and_nobody_else_sees_them() {
    let api = Api::start();
    let proxy = Proxy::start(Does::Lead(api.on_tls("named")));
    let home = home();
    let named = format!("http://ada:proxy%40not-real@127.0.0.1:{}", proxy.port);
    let run = home
        .hallpass(&["-vv", "request", "x", "/me"])
        .env("SSL_CERT_FILE", AUTHORITY)
        .env("HTTPS_PROXY", named)
        .run()
        .ok();
    assert!(!format!("{run}").contains("not-real"), "{run}");
    let order = proxy.orders().remove(0).to_ascii_lowercase();
    // `ada:proxy@not-real` (RFC 7617).
    assert!(
        order.contains(&"proxy-authorization: basic YWRhOnByb3h5QG5vdC1yZWFs".to_ascii_lowercase()),
        "{order}"
    );
    let asked = api.asked().remove(0).head;
    assert!(!asked.contains("proxy-authorization"), "{asked}");
    // Nor does trouble show them.
    let run = request(&home)
        .env("HTTPS_PROXY", "http://ada:proxy-not-real@127.0.0.1:1")
        .run()
        .fails_with(6);
    assert!(
        run.stderr.contains("the proxy `http://127.0.0.1:1`"),
        "{run}"
    );
    assert!(
        !run.stderr.contains("not-real") && !run.stderr.contains("ada"),
        "{run}"
    );
}

#[test]
fn what_is_excepted_and_what_is_on_this_machine_goes_through_none() {
    let proxy = Proxy::start(Does::Say("HTTP/1.1 403 no\r\n\r\n"));
    let api = Api::start();
    let own = keyed(&format!("http://127.0.0.1:{}", api.on_tcp()), "");
    let own_tls = keyed(&format!("https://localhost:{}", api.on_tls("named")), "");
    for (name, home) in [
        ("HTTP_PROXY", &own),
        ("http_proxy", &own),
        ("ALL_PROXY", &own),
        ("HTTPS_PROXY", &own_tls),
    ] {
        request(home).env(name, at(proxy.port)).run().ok();
    }
    for name in ["NO_PROXY", "no_proxy"] {
        for excepted in ["api.test", "test", "*"] {
            let home = home();
            let run = request(&home)
                .env("HTTPS_PROXY", at(proxy.port))
                .env(name, excepted)
                .run()
                .fails_with(6);
            // There is no such host.
            assert!(!run.stderr.contains("proxy"), "{run}");
        }
    }
    assert!(proxy.orders().is_empty(), "{:?}", proxy.orders());
}

#[test]
fn a_proxy_that_does_not_lead_there_is_named() {
    for (does, why) in [
        (
            Does::Say("HTTP/1.1 407 no\r\nProxy-Authenticate: Basic\r\n\r\n"),
            "proxy authorization required",
        ),
        (
            Does::Say("HTTP/1.1 403 no\r\nContent-Length: 0\r\n\r\n"),
            "unsuccessful",
        ),
        (Does::Say("SSH-2.0-nonsense\r\n"), ""),
        (Does::Say(""), ""),
        (Does::Wait, "did not answer in time"),
    ] {
        let proxy = Proxy::start(does);
        let home = keyed("https://api.test", "timeout = \"1s\"");
        let run = request(&home)
            .env("HTTPS_PROXY", at(proxy.port))
            .run()
            .fails_with(6);
        let named = format!("api.test (through the proxy `{}`)", at(proxy.port));
        assert!(run.stderr.contains(&named), "{run}");
        assert!(run.stderr.contains(why), "{run}");
        assert!(!run.stderr.contains("not-real"), "{run}");
    }
}
