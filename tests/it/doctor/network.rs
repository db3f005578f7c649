//! What is between here and the providers.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use super::{CONSENT, Findings, KEY, command, look};
use crate::support::{Home, Recorder, Reply};

/// A home whose one connection goes to this origin.
fn to(origin: &str) -> Home {
    let home = Home::new();
    home.write("integrations.toml", &KEY.replace("ORIGIN", origin));
    home
}

/// A server that takes connections and says nothing.
fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[test]
fn name_connection_tls_and_http_are_told_apart() {
    let plain = Recorder::start();
    let (_listening, port) = silent();
    // No name server is asked for a label that is too long.
    let unknown = format!("https://{}.example", "x".repeat(70));
    for (origin, says) in [
        (unknown.as_str(), "its name leads nowhere"),
        ("http://127.0.0.1:1", "it takes no connection"),
        (
            &plain.origin().replace("http:", "https:"),
            "TLS does not come up",
        ),
        (&format!("https://127.0.0.1:{port}"), "TLS does not come up"),
        (&format!("http://127.0.0.1:{port}"), "no HTTP comes back"),
    ] {
        let home = to(origin);
        let found = look(&home, &["x"]);
        let finding = found.only("network", "problem", says);
        let message = finding["message"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("{origin} cannot be reached")),
            "{message}"
        );
        assert!(message.ends_with("(needed by `x`)"), "{message}");
        assert_eq!(found.run.code, Some(6), "{}", found.run);
    }
}

#[test]
fn many_hosts_that_never_answer_are_waited_for_together() {
    let servers: Vec<_> = (0..16).map(|_| silent()).collect();
    let mut definitions = String::new();
    for (at, (_, port)) in servers.iter().enumerate() {
        let own = KEY.replace(".x.", &format!(".x{at}."));
        definitions += &own.replace("ORIGIN", &format!("http://127.0.0.1:{port}"));
    }
    let home = Home::new();
    home.write("integrations.toml", &definitions);
    // Whatever takes longer than a minute fails by itself.
    let found = look(&home, &[]);
    assert_eq!(found.bad().len(), 16, "{}", found.run);
    assert_eq!(found.run.code, Some(6));
}

#[test]
fn any_answer_is_one_and_a_redirect_is_not_followed() {
    let stranger = Recorder::start();
    let elsewhere = stranger.origin().to_owned();
    for status in [301, 404, 500] {
        let elsewhere = elsewhere.clone();
        let provider = Recorder::answering(move |_, _| {
            let reply = Reply::text(status, "text/plain", "");
            Some(reply.with("Location", elsewhere.clone()))
        });
        let found = look(&to(provider.origin()), &["x"]);
        assert_eq!(found.run.code, Some(0), "{}", found.run);
        found.one("network", "ok", &format!("answers ({status})"));
    }
    assert_eq!(stranger.asked().len(), 0);
}

#[test]
fn a_host_that_nobody_counts_on_yet_is_a_warning_until_it_is_named() {
    let home = Home::new();
    let definition = CONSENT.replace("ORIGIN", "http://127.0.0.1:1");
    home.write("integrations.toml", &definition);
    let found = look(&home, &[]);
    found.only("network", "warning", "it takes no connection");
    assert_eq!(found.run.code, Some(0));
    let found = look(&home, &["x"]);
    found.one("network", "problem", "it takes no connection");
    assert_eq!(found.run.code, Some(6));
}

#[test]
fn a_clock_that_is_off_is_told_with_its_direction() {
    for (ahead, direction) in [(3600, Some("behind")), (-3600, Some("ahead")), (20, None)] {
        let provider = Recorder::answering(move |_, _| {
            let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
            let then = std::time::Duration::from_secs(now.strict_add_signed(ahead));
            let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + then);
            Some(Reply::text(200, "text/plain", "").with("Date", date))
        });
        let home = to(provider.origin());
        let found = look(&home, &["x"]);
        assert_eq!(found.run.code, Some(0), "{}", found.run);
        match direction {
            Some(direction) => {
                let finding = found.only("clock", "warning", direction);
                let message = finding["message"].as_str().unwrap();
                let about = message.contains(" 1h ") || message.contains(" 59m ");
                assert!(about, "{message}");
            }
            None => drop(found.one("clock", "ok", "agrees")),
        }
    }
}

#[test]
fn a_proxy_that_is_not_there_is_told_without_its_password() {
    let home = to("https://api.example.com");
    for (name, shown) in [
        ("HTTPS_PROXY", "HTTPS_PROXY"),
        ("https_proxy", "https_proxy"),
        ("ALL_PROXY", "ALL_PROXY"),
    ] {
        let run = home
            .hallpass(&["doctor", "--json", "x"])
            .env(name, "http://ada:proxy-not-real@127.0.0.1:1")
            .run()
            .fails_with(6);
        assert!(
            !run.stdout.contains("not-real") && !run.stdout.contains("ada"),
            "{run}"
        );
        assert!(!run.stderr.contains("not-real"), "{run}");
        let found = Findings::of(run);
        let says = format!("the proxy `http://127.0.0.1:1` ({shown}) cannot be reached");
        let finding = found.only("proxy", "problem", &says);
        assert_eq!(command(finding), format!("unset {name}"));
        assert!(
            finding["message"]
                .as_str()
                .unwrap()
                .contains("`https://api.example.com`")
        );
    }
}

#[test]
fn a_proxy_that_lets_nothing_through_is_told_from_the_provider() {
    let proxy = Recorder::answering(|_, _| Some(Reply::text(403, "text/plain", "no")));
    let home = to("https://api.example.com");
    let run = home
        .hallpass(&["doctor", "--json", "x"])
        .env("HTTPS_PROXY", proxy.origin())
        .run();
    let found = Findings::of(run.fails_with(6));
    found.one("proxy", "ok", "leads to `https://api.example.com`");
    found.only("network", "problem", "the proxy does not lead there");
    let asked = proxy.last("api.example.com:443");
    assert_eq!(asked.method, "CONNECT");
    assert_eq!(asked.header("authorization"), None);
}

/// Takes the order to connect, waits for TLS to begin, and answers with something else.
fn lead_on(stream: std::io::Result<TcpStream>) -> std::io::Result<()> {
    let mut stream = stream?;
    let mut order = Vec::new();
    while !order.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        order.extend(byte);
    }
    stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
    stream.read_exact(&mut [0])?;
    stream.write_all(b"this is no TLS at all\r\n")
}

#[test]
fn tls_that_fails_behind_a_proxy_is_not_laid_to_the_proxy() {
    let (listener, port) = silent();
    std::thread::spawn(move || {
        // Who only knocks gets nothing.
        listener.incoming().for_each(|stream| drop(lead_on(stream)));
    });
    let home = to("https://api.example.com");
    let run = home
        .hallpass(&["doctor", "--json", "x"])
        .env("HTTPS_PROXY", format!("http://127.0.0.1:{port}"))
        .run();
    let found = Findings::of(run.fails_with(6));
    found.only("network", "problem", "TLS does not come up");
}

#[test]
fn a_proxy_is_not_for_this_machine_and_one_that_is_no_url_is_told() {
    let provider = Recorder::start();
    let home = to(provider.origin());
    let run = home
        .hallpass(&["doctor", "--json", "x"])
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .run();
    assert_eq!(Findings::of(run.ok()).bad().len(), 0);
    let run = home
        .hallpass(&["doctor", "--json", "x"])
        .env("HTTPS_PROXY", "http://")
        .run();
    let found = Findings::of(run.ok());
    found.only("proxy", "warning", "`HTTPS_PROXY` is no URL of a proxy");
}

#[test]
fn a_file_of_authorities_that_is_not_there_or_holds_none_is_told() {
    let provider = Recorder::start();
    let home = to(provider.origin());
    let empty = home.write("empty.pem", "");
    let empty = empty.to_str().unwrap();
    for (path, says) in [
        ("/nonexistent.pem", "cannot be read"),
        (empty, "holds no certificate"),
    ] {
        let run = home
            .hallpass(&["doctor", "--json", "x"])
            .env("SSL_CERT_FILE", path)
            .run();
        let found = Findings::of(run.fails_with(6));
        let finding = found.only("certificates", "problem", says);
        assert_eq!(command(finding), "unset SSL_CERT_FILE");
        let hint = "run `unset SSL_CERT_FILE`; or let it name";
        assert!(found.run.stderr.contains(hint), "{}", found.run);
    }
    let run = home
        .hallpass(&["doctor", "--json", "x"])
        .env("SSL_CERT_DIR", "/nonexistent")
        .run();
    Findings::of(run.ok()).only("certificates", "warning", "`SSL_CERT_DIR`");
}

#[test]
fn certificates_that_can_be_read_are_counted() {
    let provider = Recorder::start();
    let home = to(provider.origin());
    // What is counted is PEM, whatever it holds.
    let one = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let file = home.write("two.pem", &one.repeat(2));
    home.write("authorities/a.pem", one);
    let dir = home.path().join("authorities");
    let run = home
        .hallpass(&["doctor", "--json", "x"])
        .env("SSL_CERT_FILE", file)
        .env("SSL_CERT_DIR", dir)
        .run();
    let found = Findings::of(run.ok());
    found.one("certificates", "ok", "`SSL_CERT_FILE`: 2 certificates");
    found.one("certificates", "ok", "`SSL_CERT_DIR`: 1 certificate ");
}
