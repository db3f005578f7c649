//! The answer as a form (OAuth 2.0 Form Post Response Mode): taken where the definition asks for it,
//! by the same rules as a redirect, and nowhere else.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::attacks::ends_well;
use super::{Waiting, status};
use crate::support::{Home, Provider, http};

const FORM: &str = "application/x-www-form-urlencoded";

fn home(provider: &Provider) -> Home {
    let home = provider.home();
    let client = "client_id = \"sandbox-app\"";
    let asks = "authorization_params = { response_mode = \"form_post\" }";
    home.edit(|text| text.replace(client, &format!("{client}\n{asks}")));
    home
}

fn post(waiting: &Waiting, target: &str, body: &str) -> String {
    let (host, length) = (waiting.host(), body.len());
    waiting.say(&format!(
        "POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {FORM}\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}

#[test]
fn a_form_brings_the_answer_and_the_scripted_person_sends_it() {
    let provider = Provider::start(&[]);
    let home = home(&provider);
    let run = home.connect("sandbox");
    assert!(run.stderr.contains("as sandbox-user"), "{run}");
    assert!(run.stderr.contains("response_mode=form_post"), "{run}");
    home.hallpass(&["request", "sandbox", "/me"]).run().ok();

    // What the page of the listener looks like that a browser ends at by a form.
    let waiting = Waiting::start(&home, &["--no-test"]);
    let (action, body) = http::approve_by_form(waiting.link.as_str());
    assert!(action.starts_with(waiting.redirect.as_str()), "{action}");
    let page = http::send_form(&action, &body);
    assert!(page.body.contains("Connected to Sandbox"), "{}", page.body);
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    waiting.process.wait().ok();
}

#[test]
fn a_provider_that_says_no_may_say_it_either_way() {
    let provider = Provider::start(&[]);
    let home = home(&provider);
    for by_get in [false, true] {
        let waiting = Waiting::start(&home, &[]);
        let said = format!("error=access_denied&state={}", waiting.state());
        let answer = if by_get {
            waiting.get(&format!("/callback?{said}"), &waiting.host())
        } else {
            post(&waiting, "/callback", &said)
        };
        assert!(answer.contains("Not connected to Sandbox"), "{answer}");
        let run = waiting.process.wait().fails_with(5);
        assert!(run.stderr.contains("access_denied"), "{run}");
    }
}

#[test]
fn a_form_is_held_to_the_rules_of_a_redirect() {
    let provider = Provider::start(&[]);
    let home = home(&provider);
    let waiting = Waiting::start(&home, &[]);
    let state = waiting.state();
    let good = format!("code=x-not-real&state={state}");
    for (target, body, expected) in [
        ("/callback", "code=x-not-real&state=wrong".to_owned(), "400"),
        ("/callback", "code=x-not-real".to_owned(), "400"),
        ("/callback", format!("state={state}"), "400"),
        ("/callback", format!("{good}&state={state}"), "400"),
        ("/callback", format!("{good}&code=y"), "400"),
        ("/callback", format!("{good}&iss=a&iss=b"), "400"),
        ("/callback", String::new(), "400"),
        // An answer stands in one place, and a query is not read beside a form.
        (&*format!("/callback?{good}"), good.clone(), "400"),
        (&*format!("/callback?{good}"), String::new(), "400"),
        ("/callback?", good.clone(), "400"),
        ("/callback/", good.clone(), "404"),
        ("//evil.test/callback", good.clone(), "404"),
        ("/callback", format!("{good}\r\nx: y"), "400"),
        ("/callback", format!("{good}&x=\u{e4}"), "400"),
    ] {
        let answer = post(&waiting, target, &body);
        assert_eq!(status(&answer), expected, "{target} {body}");
    }
    let host = waiting.host();
    let length = good.len();
    for (head, expected) in [
        (
            format!("Host: evil.test\r\nContent-Type: {FORM}\r\nContent-Length: {length}"),
            "421",
        ),
        (
            format!("Host: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}"),
            "415",
        ),
        (
            format!(
                "Host: {host}\r\nContent-Type: multipart/form-data\r\nContent-Length: {length}"
            ),
            "415",
        ),
        (
            format!("Host: {host}\r\nContent-Type: text/plain\r\nContent-Length: {length}"),
            "415",
        ),
        (format!("Host: {host}\r\nContent-Length: {length}"), "415"),
        (format!("Host: {host}\r\nContent-Type: {FORM}"), "411"),
        (
            format!("Host: {host}\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked"),
            "411",
        ),
        (
            format!("Host: {host}\r\nContent-Type: {FORM}\r\nContent-Length: 32769"),
            "413",
        ),
        (
            format!(
                "Host: {host}\r\nContent-Type: {FORM}\r\nContent-Length: {length}\r\nContent-Length: 0"
            ),
            "400",
        ),
    ] {
        let request = format!("POST /callback HTTP/1.1\r\n{head}\r\n\r\n{good}");
        assert_eq!(status(&waiting.say(&request)), expected, "{head}");
    }
    for method in ["PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"] {
        let request = format!(
            "{method} /callback HTTP/1.1\r\nHost: {host}\r\nOrigin: https://evil.test\r\n\
             Access-Control-Request-Private-Network: true\r\n\r\n"
        );
        let answer = waiting.say(&request);
        assert_eq!(status(&answer), "405", "{method}");
        assert!(answer.contains("Allow: GET, POST\r\n"), "{answer}");
        // No page of the web is invited to read what is answered.
        assert!(
            !answer.to_ascii_lowercase().contains("access-control"),
            "{answer}"
        );
    }
    let (action, body) = http::approve_by_form(waiting.link.as_str());
    let page = http::send_form(&action, &body);
    assert!(page.body.contains("Connected to Sandbox"), "{}", page.body);
    waiting.process.wait().ok();
    assert_eq!(provider.count("authorization_code"), 1);
}

#[test]
fn a_form_nobody_asked_for_is_405_and_its_body_is_not_read() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let body = format!("code=x-not-real&state={}", waiting.state());
    let answer = post(&waiting, "/callback", &body);
    assert_eq!(status(&answer), "405");
    assert!(answer.contains("Allow: GET\r\n"), "{answer}");
    // The body that never comes is not waited for either.
    let began = Instant::now();
    let host = waiting.host();
    let request = format!(
        "POST /callback HTTP/1.1\r\nHost: {host}\r\nContent-Type: {FORM}\r\nContent-Length: 99\r\n\r\n"
    );
    assert_eq!(status(&waiting.say(&request)), "405");
    assert!(began.elapsed() < Duration::from_secs(4));
    ends_well(waiting, &provider);
}

#[test]
fn slow_and_broken_off_forms_do_not_stand_in_the_way() {
    let provider = Provider::start(&[]);
    let home = home(&provider);
    let waiting = Waiting::start(&home, &[]);
    let head = format!(
        "POST /callback HTTP/1.1\r\nHost: {}\r\nContent-Type: {FORM}\r\nContent-Length: 32768\r\n\r\ncode=",
        waiting.host()
    );
    let open = |_| {
        let mut stream = TcpStream::connect(waiting.address()).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let mut slow: Vec<TcpStream> = (0..40).map(open).collect();
    let began = Instant::now();
    let (action, body) = http::approve_by_form(waiting.link.as_str());
    let page = http::send_form(&action, &body);
    assert!(page.body.contains("Connected to Sandbox"), "{}", page.body);
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    waiting.process.wait().ok();
    // Nobody was answered who had not finished.
    let mut rest = String::new();
    let _ = slow.remove(0).read_to_string(&mut rest);
    assert_eq!(rest, "");
}

#[test]
fn a_form_of_many_parameters_and_a_long_code_is_taken_whole() {
    let provider = Provider::start(&[]);
    let home = home(&provider);
    let waiting = Waiting::start(&home, &[]);
    let body = format!(
        "code={}&state={}&scope=a+b&iss={}",
        "c%2B".repeat(5_000),
        waiting.state(),
        url::form_urlencoded::byte_serialize(provider.issuer().as_bytes()).collect::<String>()
    );
    // In pieces, as a network may deliver it.
    let mut stream = TcpStream::connect(waiting.address()).unwrap();
    let head = format!(
        "POST /callback HTTP/1.1\r\nHost: {}\r\nOrigin: null\r\nContent-Type: {FORM}; charset=UTF-8\r\nContent-Length: {}\r\n\r\n",
        waiting.host(),
        body.len()
    );
    for piece in [head.as_str(), &body[..7], &body[7..9_000], &body[9_000..]] {
        stream.write_all(piece.as_bytes()).unwrap();
        stream.flush().unwrap();
    }
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    // The provider never gave such a code, and says so: it got there whole.
    assert!(answer.contains("invalid_grant"), "{answer}");
    waiting.process.wait().fails_with(5);
    assert_eq!(provider.count("authorization_code"), 1);
}

#[test]
fn who_pastes_where_a_form_was_asked_for_is_told_why_that_cannot_work() {
    let provider = Provider::start(&[]);
    let home = home(&provider);
    let mut waiting = Waiting::start(&home, &["--paste"]);
    waiting
        .process
        .wait_for_stderr(|line| line.contains("there is no address to paste"));
    let at = waiting.redirect.to_string();
    waiting.process.write_line(&at);
    waiting
        .process
        .wait_for_stderr(|line| line.contains("its answer travels as a form"));
    let (action, body) = http::approve_by_form(waiting.link.as_str());
    http::send_form(&action, &body);
    waiting.process.wait().ok();
}
