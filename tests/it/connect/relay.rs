//! A registered redirect URI that is not the listener's: a relay, which sends the browser on.

use std::net::TcpListener;

use super::attacks::say;
use super::paste::PLAIN;
use super::{Waiting, query, status};
use crate::support::{Recorder, Reply, http};

const RELAY: &str = "https://relay.example.com/back";

/// A port that nobody has right now.
fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn an_https_relay_leads_the_browser_to_the_registered_port() {
    let recorder = Recorder::start();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (first, port) = (taken.local_addr().unwrap().port(), free());
    let redirect = format!("redirect = {{ ports = [{first}, {port}], path = \"/cb\" }}\n");
    let home = recorder.home(&format!("{PLAIN}{redirect}redirect_uri = \"{RELAY}\"\n"));
    let waiting = Waiting::start(&home, &[]);
    assert_eq!(waiting.redirect.as_str(), RELAY);
    let at_relay = http::landing_unasked(waiting.link.as_str());
    let at_relay = url::Url::parse(&at_relay).unwrap();
    assert!(at_relay.as_str().starts_with(RELAY));
    // The relay is the test's: it keeps the query, and changes the place.
    let mut here = url::Url::parse(&format!("http://127.0.0.1:{port}/cb")).unwrap();
    let request = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    let address = here.socket_addrs(|| None).unwrap()[0];
    let wrong = say(address, request("/cb?code=x&state=wrong").as_bytes());
    assert_eq!(status(&wrong), "400");
    here.set_query(at_relay.query());
    let target = format!("/cb?{}", here.query().unwrap());
    let page = say(address, request(&target).as_bytes());
    assert!(page.contains("Connected to"), "{page}");
    let run = waiting.process.wait().ok();
    // Nobody is told to forward a port that the browser is not sent to.
    assert!(!run.stderr.contains("ssh -N"), "{run}");
    let asked = recorder.last("/token");
    assert_eq!(asked.form("redirect_uri").as_deref(), Some(RELAY));
    assert_eq!(asked.form("code").as_deref(), Some("code-1"));
}

#[test]
fn a_relay_is_followed_from_the_providers_page_to_the_listener() {
    let port = free();
    let recorder = Recorder::answering(move |asked, _| {
        let to = format!("http://127.0.0.1:{port}/callback?{}", asked.query);
        (asked.path == "/relay").then(|| Reply::redirect(&to))
    });
    let home = recorder.home(&format!(
        "{PLAIN}redirect = {{ ports = [{port}] }}\nredirect_uri = \"ORIGIN/relay\"\n"
    ));
    let run = home.connect("sandbox");
    assert!(run.stderr.contains("Connected `sandbox`"), "{run}");
    assert_eq!(recorder.asked_at("/relay").len(), 1);
    let told = recorder.last("/token").form("redirect_uri").unwrap();
    assert_eq!(told, format!("{}/relay", recorder.origin()));
}

#[test]
fn what_a_relay_asked_for_as_a_form_comes_back_as_a_query() {
    let recorder = Recorder::start();
    let port = free();
    let home = recorder.home(&format!(
        "{PLAIN}redirect = {{ ports = [{port}] }}\nredirect_uri = \"{RELAY}\"\n\
         authorization_params = {{ response_mode = \"form_post\" }}\n"
    ));
    let waiting = Waiting::start(&home, &[]);
    let mode = query(&waiting.link, "response_mode");
    assert_eq!(mode.as_deref(), Some("form_post"));
    let target = format!("/callback?code=code-1&state={}", waiting.state());
    let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    let address = format!("127.0.0.1:{port}").parse().unwrap();
    assert!(say(address, request.as_bytes()).contains("Connected to"));
    waiting.process.wait().ok();
}
