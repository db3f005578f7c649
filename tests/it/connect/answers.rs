//! Which answers count: one, with the right state and the right issuer; and what the pages give away.

use std::thread;

use serde_json::json;

use super::attacks::{ends_well, say};
use super::{Waiting, status};
use crate::support::{Home, Provider, http};

#[test]
fn two_answers_at_the_same_moment_are_one_exchange() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let landings: Vec<String> = (0..6)
        .map(|_| http::landing(waiting.link.as_str()))
        .collect();
    provider.control(&json!({"latency_ms": 300}));
    let (address, host) = (waiting.address(), waiting.host());
    let ask = |landing: &String| {
        let target = landing.split_once(&host).unwrap().1;
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        say(address, request.as_bytes())
    };
    let answers: Vec<String> = thread::scope(|scope| {
        let ask = &ask;
        let asking = landings
            .iter()
            .map(|landing| scope.spawn(move || ask(landing)));
        let asking: Vec<_> = asking.collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    waiting.process.wait().ok();
    let told = answers.iter().filter(|page| page.contains("Connected to"));
    assert_eq!(told.count(), 1, "{answers:#?}");
    assert_eq!(provider.count("authorization_code"), 1);
    home.hallpass(&["request", "sandbox", "/me"]).run().ok();
}

#[test]
fn an_error_with_a_wrong_state_ends_nothing() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let state = waiting.state();
    let (shorter, longer) = (&state[1..], format!("{state}x"));
    let upper = state.to_uppercase();
    for wrong in [
        "",
        "wrong",
        shorter,
        &longer,
        &upper,
        &format!("{state}%00"),
        &format!("%20{state}"),
    ] {
        let target = format!("/callback?error=access_denied&state={wrong}");
        assert_eq!(
            status(&waiting.get(&target, &waiting.host())),
            "400",
            "{wrong}"
        );
    }
    for query in [
        "error=access_denied".to_owned(),
        format!("error=access_denied&STATE={state}"),
        format!("error=access_denied&state[]={state}"),
        format!("error=access_denied&state={state}&state=wrong"),
        format!("error=access_denied&state=wrong&state={state}"),
        format!("error=access_denied#state={state}"),
        format!("error=access_denied;state={state}"),
    ] {
        let answer = waiting.get(&format!("/callback?{query}"), &waiting.host());
        assert_eq!(status(&answer), "400", "{query}");
    }
    ends_well(waiting, &provider);
}

#[test]
fn an_answer_without_the_issuer_that_its_server_promises_is_5_and_its_code_is_not_sent() {
    let provider = Provider::start(&[]);
    let definition = format!(
        "[integrations.sandbox.auth]\ntype = \"oauth2\"\ngrant = \"authorization_code\"\nissuer = \"{0}\"\n\
         client_id = \"sandbox-app\"\nscopes = [\"profile\"]\n",
        provider.issuer()
    );
    for (changed, said) in [
        (None, "the answer names no issuer"),
        (
            Some("https://evil.test"),
            "another issuer (`https://evil.test`)",
        ),
        // Compared as it is written (RFC 9207 section 2.4).
        (Some("SELF/"), "another issuer"),
        (Some("SELF"), ""),
    ] {
        let home = Home::new();
        home.write("integrations.toml", &definition);
        let waiting = Waiting::start(&home, &[]);
        let landing = http::landing(waiting.link.as_str());
        let (before, _) = landing.split_once("&iss=").unwrap();
        let target = before.split_once(&waiting.host()).unwrap().1;
        let target = match changed {
            Some(issuer) => format!("{target}&iss={}", issuer.replace("SELF", provider.issuer())),
            None => target.to_owned(),
        };
        let page = waiting.get(&target, &waiting.host());
        if said.is_empty() {
            waiting.process.wait().ok();
            assert_eq!(provider.count("authorization_code"), 1);
            continue;
        }
        assert!(page.contains("Not connected to"), "{page}");
        let run = waiting.process.wait().fails_with(5);
        assert!(run.stderr.contains(said), "{run}");
        assert_eq!(provider.count("authorization_code"), 0, "{said}");
    }
}

#[test]
fn no_page_leads_anywhere_or_is_kept() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    let waiting = Waiting::start(&home, &[]);
    let (host, state) = (waiting.host(), waiting.state());
    let mut pages = vec![
        waiting.get("/callback?code=c-not-real&state=wrong", &host),
        waiting.get("/other?code=c-not-real", &host),
        waiting.get("/callback?code=c-not-real", "evil.test"),
        waiting.say(&format!("POST /callback HTTP/1.1\r\nHost: {host}\r\n\r\n")),
    ];
    // The code is refused by the provider; the page says so.
    pages.push(waiting.get(&format!("/callback?code=c-not-real&state={state}"), &host));
    waiting.process.wait().fails_with(5);
    let waiting = Waiting::start(&home, &[]);
    let landing = http::landing(waiting.link.as_str());
    let target = landing.split_once(&waiting.host()).unwrap().1;
    pages.push(waiting.get(target, &waiting.host()));
    waiting.process.wait().ok();
    let statuses: Vec<&str> = pages.iter().map(|page| status(page)).collect();
    assert_eq!(statuses, ["400", "404", "421", "405", "200", "200"]);
    for page in &pages {
        let (head, body) = page.split_once("\r\n\r\n").unwrap();
        let head = head.to_ascii_lowercase();
        for header in [
            "content-security-policy: default-src 'none'; style-src 'sha256-",
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "cache-control: no-store",
            "referrer-policy: no-referrer",
            "x-content-type-options: nosniff",
        ] {
            assert!(head.contains(header), "{header}: {head}");
        }
        for absent in ["set-cookie", "location:", "access-control", "refresh:"] {
            assert!(!head.contains(absent), "{absent}: {head}");
        }
        // What names no address sends none a `Referer`.
        for absent in [
            "href",
            "src=",
            "url(",
            "http:",
            "https:",
            "<script",
            "<form",
            "http-equiv",
            "@import",
        ] {
            assert!(!body.contains(absent), "{absent}: {body}");
        }
        assert!(
            !page.contains("c-not-real") && !page.contains(&state),
            "{page}"
        );
    }
}
