//! The loopback listener: what it takes, what it ignores, and what it leaves behind.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{Waiting, status};
use crate::support::{Provider, http};

#[test]
fn a_wrong_state_junk_and_foreign_hosts_are_answered_and_ignored() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let (host, state) = (waiting.host(), waiting.state());
    let port = waiting.redirect.port().unwrap();
    for (target, host, expected) in [
        ("/callback?code=x&state=wrong", host.as_str(), "400"),
        ("/callback?code=x", &host, "400"),
        (&format!("/callback?state={state}"), &host, "400"),
        (
            &format!("/callback?state={state}&state={state}&code=x"),
            &host,
            "400",
        ),
        (
            &format!("/callback?state={state}&code=x&code=y"),
            &host,
            "400",
        ),
        (&format!("/callback/?state={state}&code=x"), &host, "404"),
        (&format!("/other?state={state}&code=x"), &host, "404"),
        (
            &format!("/callback?state={state}&code=x"),
            "evil.test",
            "421",
        ),
        (
            &format!("/callback?state={state}&code=x"),
            &format!("evil.test:{port}"),
            "421",
        ),
        ("/favicon.ico", &host, "404"),
        // The exact path as it is written, not one that resolves to it.
        (
            &format!("//evil.test/callback?state={state}&code=x"),
            &host,
            "404",
        ),
        (
            &format!("/x/../callback?state={state}&code=x"),
            &host,
            "404",
        ),
        (&format!("/./callback?state={state}&code=x"), &host, "404"),
        (
            &format!("http://{host}/callback?state={state}&code=x"),
            &host,
            "404",
        ),
    ] {
        assert_eq!(
            status(&waiting.get(target, host)),
            expected,
            "{target} at {host}"
        );
    }
    let target = format!("/callback?state={state}&code=x");
    let post = format!("POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(status(&waiting.say(&post)), "405");
    let no_host = format!("GET {target} HTTP/1.0\r\n\r\n");
    assert_eq!(status(&waiting.say(&no_host)), "421");
    assert_eq!(
        status(&waiting.say("\u{16}\u{3}\u{1} this is TLS, say")),
        "400"
    );
    // What one client says, or how long its answer is, is nothing to the next.
    let head = format!("HEAD /{} HTTP/1.1\r\nHost: {host}\r\n\r\n", "a".repeat(99));
    assert_eq!(status(&waiting.say(&head)), "404");
    let body = format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99\r\n\r\n");
    assert_eq!(status(&waiting.say(&body)), "404");
    let endless = format!("GET /{} HTTP/1.1\r\n", "a".repeat(40_000));
    assert_eq!(status(&waiting.say(&endless)), "431");
    // After all that the real answer is still taken.
    http::approve(waiting.link.as_str());
    waiting.process.wait().ok();
}

#[test]
fn silent_and_flooding_clients_do_not_stand_in_the_way() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    // More sockets than are heard at once, all silent, and open to the end.
    let connect = |_| TcpStream::connect(waiting.address()).unwrap();
    let flood: Vec<TcpStream> = (0..120).map(connect).collect();
    #[cfg(target_os = "linux")]
    {
        let tasks = format!("/proc/{}/task", waiting.process.id());
        let threads = std::fs::read_dir(tasks).unwrap().count();
        assert!(threads < 32 + 16, "{threads} threads");
    }
    let page = http::approve(waiting.link.as_str());
    assert!(page.body.contains("Connected to Sandbox"), "{}", page.body);
    waiting.process.wait().ok();
    drop(flood);
}

#[test]
fn an_idle_socket_does_not_hold_up_the_end() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    // Browsers open sockets they may never use.
    let idle = TcpStream::connect(waiting.address()).unwrap();
    http::approve(waiting.link.as_str());
    let answered = Instant::now();
    waiting.process.wait().ok();
    // Less than the time that the last page is given, by a good measure.
    assert!(answered.elapsed() < Duration::from_secs(2));
    drop(idle);
}

#[test]
fn a_path_that_a_url_writes_otherwise_is_answered_as_the_url_writes_it() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let client = "client_id = \"sandbox-app\"";
    let redirect = "redirect = { path = \"/cällback\" }";
    home.edit(|text| text.replace(client, &format!("{client}\n{redirect}")));
    let waiting = Waiting::start(&home, &[]);
    assert_eq!(waiting.redirect.path(), "/c%C3%A4llback");
    assert!(waiting.link.as_str().contains("%2Fc%25C3%25A4llback"));
    let target = format!("/c%C3%A4llback?error=x&state={}", waiting.state());
    assert_eq!(status(&waiting.get(&target, &waiting.host())), "200");
    waiting.process.wait().fails_with(5);
}

#[test]
fn a_second_success_is_not_taken_and_the_port_closes() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    http::approve(waiting.link.as_str());
    let address = waiting.address();
    waiting.process.wait().ok();
    assert!(TcpStream::connect(address).is_err());
    assert_eq!(provider.count("authorization_code"), 1);
}

#[cfg(unix)]
#[test]
fn a_closed_terminal_ends_it_and_its_listener() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let address = waiting.address();
    waiting.process.signal(rustix::process::Signal::HUP);
    waiting.process.wait();
    assert!(TcpStream::connect(address).is_err());
}

#[cfg(unix)]
#[test]
fn nothing_lies_on_disk_while_it_waits_nor_when_a_signal_has_ended_it() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let directory = home.path().join("tmp");
    std::fs::create_dir(&directory).unwrap();
    let count = || std::fs::read_dir(&directory).unwrap().count();
    let connect = home.hallpass(&["connect", "sandbox"]);
    let waiting = Waiting::spawn(connect.env("TMPDIR", &directory));
    assert_eq!(count(), 0, "while it waits");
    waiting.process.signal(rustix::process::Signal::TERM);
    waiting.process.wait().fails_with(143);
    assert_eq!(count(), 0, "afterwards");
}

#[cfg(unix)]
#[test]
fn a_temporary_directory_may_have_a_long_name_or_not_be_there() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let long = home.path().join("long".repeat(30)).join("name".repeat(30));
    std::fs::create_dir_all(&long).unwrap();
    for directory in [long, home.path().join("missing")] {
        home.hallpass(&["connect", "sandbox"])
            .env("HALLPASS_BROWSER", crate::support::Home::sandbox_person())
            .env("TMPDIR", directory)
            .run()
            .ok();
    }
}

#[test]
fn an_error_ends_it_whatever_stands_beside_it_and_an_empty_one_is_none() {
    let provider = Provider::start(&[]);
    for (query, said) in [
        ("code=x&error=access_denied", "access_denied"),
        ("code=&error=access_denied", "access_denied"),
        // The code is tried, and is not one of the provider's.
        ("code=x&error=", "invalid_grant"),
    ] {
        let home = provider.home();
        let waiting = Waiting::start(&home, &[]);
        let target = format!("/callback?{query}&state={}", waiting.state());
        waiting.get(&target, &waiting.host());
        let run = waiting.process.wait().fails_with(5);
        assert!(run.stderr.contains(said), "{query}: {run}");
    }
}

#[test]
fn an_issuer_named_twice_is_no_answer() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let target = format!(
        "/callback?code=x&iss=https%3A%2F%2Fevil.test&iss=https%3A%2F%2Fevil.test&state={}",
        waiting.state()
    );
    assert_eq!(status(&waiting.get(&target, &waiting.host())), "400");
}
