//! Where the listener listens, in both address families, and who else may have or want its port.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};

use super::attacks::{ends_well, say};
use super::{Waiting, status};
use crate::support::{Home, Provider, http};

/// Whether this machine has IPv6; a test that needs it says when it passes without.
#[expect(
    clippy::print_stderr,
    reason = "whoever reads the log should know what was not tried"
)]
fn has_ipv6() -> bool {
    let there = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if !there {
        eprintln!("no IPv6 on this machine: only the IPv4 half was tried");
    }
    there
}

#[test]
fn localhost_is_answered_in_both_address_families() {
    let provider = Provider::start(&[]);
    let six = has_ipv6();
    for (host, families) in [
        ("localhost", vec!["127.0.0.1", "::1"]),
        ("::1", vec!["::1"]),
        ("127.0.0.1", vec!["127.0.0.1"]),
    ] {
        if host == "::1" && !six {
            continue;
        }
        let home = listening(&provider, &format!("host = \"{host}\""));
        let waiting = Waiting::start(&home, &[]);
        let port = waiting.redirect.port().unwrap();
        let shown = host.replace("::1", "[::1]");
        assert_eq!(
            waiting.redirect.as_str(),
            format!("http://{shown}:{port}/callback")
        );
        for family in ["127.0.0.1", "::1"] {
            let address = SocketAddr::new(family.parse::<IpAddr>().unwrap(), port);
            if !families.contains(&family) {
                assert!(TcpStream::connect(address).is_err(), "{host}: {family}");
            } else if six || address.is_ipv4() {
                let request = format!(
                    "GET /callback?code=x&state=x HTTP/1.1\r\nHost: {shown}:{port}\r\n\r\n"
                );
                assert_eq!(status(&say(address, request.as_bytes())), "400", "{family}");
            }
        }
        // The real answer, by the last of them.
        let landing = http::landing(waiting.link.as_str());
        let family = if six {
            families[families.len() - 1]
        } else {
            "127.0.0.1"
        };
        let address = SocketAddr::new(family.parse().unwrap(), port);
        let target = landing.split_once(&format!("{shown}:{port}")).unwrap().1;
        let request = format!("GET {target} HTTP/1.1\r\nHost: {shown}:{port}\r\n\r\n");
        assert!(say(address, request.as_bytes()).contains("Connected to Sandbox"));
        waiting.process.wait().ok();
        for family in families {
            let address = SocketAddr::new(family.parse().unwrap(), port);
            assert!(TcpStream::connect(address).is_err(), "{family} is closed");
        }
    }
}

fn listening(provider: &Provider, redirect: &str) -> Home {
    let home = provider.home();
    let client = "client_id = \"sandbox-app\"";
    home.edit(|text| text.replace(client, &format!("{client}\nredirect = {{ {redirect} }}")));
    home
}

/// A port that somebody has, and one that nobody has.
fn taken() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[test]
fn a_port_that_is_taken_is_passed_over_and_when_all_are_it_is_6() {
    let provider = Provider::start(&[]);
    let ((_one, first), (_two, second)) = (taken(), taken());
    let (free, third) = taken();
    drop(free);
    let home = listening(&provider, &format!("ports = [{first}, {second}, {third}]"));
    let waiting = Waiting::start(&home, &[]);
    assert_eq!(waiting.redirect.port(), Some(third));
    // A second connect meanwhile finds all of them taken.
    let run = home
        .hallpass(&["connect", "sandbox@other"])
        .run()
        .fails_with(6);
    assert!(
        run.stderr.contains("no port for the redirect is free"),
        "{run}"
    );
    for port in [first, second, third] {
        assert!(run.stderr.contains(&port.to_string()), "{run}");
    }
    assert!(run.stderr.contains("name other `ports`"), "{run}");
    assert!(run.stderr.contains("see who listens there"), "{run}");
    #[cfg(target_os = "linux")]
    assert!(
        run.stderr.contains(&format!("ss -ltnp 'sport = :{first}'")),
        "{run}"
    );
    ends_well(waiting, &provider);
}

#[test]
fn a_name_of_both_families_is_not_shared_with_who_has_one_of_them() {
    if !has_ipv6() {
        return;
    }
    let provider = Provider::start(&[]);
    let theirs = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
    let port = theirs.local_addr().unwrap().port();
    let home = listening(
        &provider,
        &format!("host = \"localhost\", ports = [{port}]"),
    );
    let run = home.hallpass(&["connect", "sandbox"]).run().fails_with(6);
    assert!(
        run.stderr.contains("no port for the redirect is free"),
        "{run}"
    );
    let home = listening(
        &provider,
        &format!("host = \"localhost\", ports = [{port}, 0]"),
    );
    let waiting = Waiting::start(&home, &[]);
    assert_ne!(waiting.redirect.port(), Some(port));
    ends_well(waiting, &provider);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_listen_on_the_port_while_it_waits() {
    use rustix::net::{AddressFamily, SocketType, bind, listen, socket, sockopt};
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let port = waiting.redirect.port().unwrap();
    let mut theirs = Vec::new();
    for (host, family) in [
        ("127.0.0.1", AddressFamily::INET),
        ("0.0.0.0", AddressFamily::INET),
        ("::", AddressFamily::INET6),
        ("::ffff:127.0.0.1", AddressFamily::INET6),
    ] {
        for (address_too, port_too) in [(false, false), (true, false), (true, true)] {
            let Ok(socket) = socket(family, SocketType::STREAM, None) else {
                continue;
            };
            sockopt::set_socket_reuseaddr(&socket, address_too).unwrap();
            #[cfg(not(any(target_os = "solaris", target_os = "illumos")))]
            sockopt::set_socket_reuseport(&socket, port_too).unwrap();
            if family == AddressFamily::INET6 {
                sockopt::set_ipv6_v6only(&socket, false).unwrap();
            }
            let address = SocketAddr::new(host.parse::<IpAddr>().unwrap(), port);
            let bound = bind(&socket, &address).is_ok() && listen(&socket, 8).is_ok();
            // On Linux this alone is the promise; elsewhere the more exact address goes first.
            #[cfg(target_os = "linux")]
            assert!(!bound, "{address} with {address_too} and {port_too}");
            if bound {
                theirs.push(socket);
            }
        }
    }
    ends_well(waiting, &provider);
}
