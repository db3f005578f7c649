//! Nonces (RFC 9449 sections 8 and 9): asked for, they are given, and nothing is lost by it.

#[cfg(unix)]
use rustix::process::Signal;
use serde_json::json;

use super::{api_wants, bound, connected, outcomes, proof, wants};
use crate::support::{Provider, Recorder};

#[test]
fn a_provider_that_wants_a_nonce_gets_it_when_connecting_and_when_renewing() {
    let provider = Provider::start(&[]);
    provider.control(&json!({ "dpop_nonce": "steady" }));
    let home = provider.home();
    home.connect("sandbox-dpop");
    assert_eq!(outcomes(&provider, "/token"), ["use_dpop_nonce", "200"]);
    // One origin, one nonce: the API was not asked in vain.
    assert_eq!(outcomes(&provider, "/me"), ["200"]);

    // It is remembered, and its successor learnt in its turn.
    home.hallpass(&["token", "sandbox-dpop", "--refresh"])
        .run()
        .ok();
    provider.control(&json!({ "dpop_nonce": "steady" }));
    home.hallpass(&["token", "sandbox-dpop", "--refresh"])
        .run()
        .ok();
    assert_eq!(
        outcomes(&provider, "/token")[2..],
        ["200", "use_dpop_nonce", "200"]
    );
}

#[test]
fn many_at_once_with_one_expired_token_and_a_nonce_make_one_refresh() {
    let (provider, home) = connected();
    let before = home.token("sandbox-dpop");
    provider.control(&json!({ "dpop_nonce": "steady", "expire_access_tokens": true }));
    let started: Vec<_> = (0..12)
        .map(|_| home.hallpass(&["request", "sandbox-dpop", "/me"]).spawn())
        .collect();
    for run in started {
        assert_eq!(run.wait().ok().json()["login"], "sandbox-user");
    }
    assert_ne!(home.token("sandbox-dpop"), before);
    let log = provider.log();
    let refreshed = log
        .iter()
        .filter(|entry| entry["grant_type"] == "refresh_token" && entry["status"] == 200);
    assert_eq!(refreshed.count(), 1);
}

#[test]
fn a_nonce_that_an_api_wants_is_no_rejection_of_the_token() {
    let (provider, home) = connected();
    let token = home.token("sandbox-dpop");
    provider.control(&json!({ "dpop_nonce": "steady" }));
    for args in [
        ["request", "sandbox-dpop", "/me"].as_slice(),
        &["request", "sandbox-dpop", "/me"],
        &["test", "sandbox-dpop"],
    ] {
        home.hallpass(args).run().ok();
    }
    assert_eq!(
        outcomes(&provider, "/me")[1..],
        ["use_dpop_nonce", "200", "200", "200"]
    );
    assert_eq!(provider.count("refresh_token"), 0);
    assert_eq!(home.token("sandbox-dpop"), token);
}

#[test]
fn the_nonce_of_each_answer_takes_the_place_of_the_last() {
    let (provider, home) = connected();
    provider.control(&json!({ "dpop_nonce": "once" }));
    for _ in 0..4 {
        home.hallpass(&["request", "sandbox-dpop", "/echo", "-d", "a=1"])
            .run()
            .ok();
    }
    assert_eq!(
        outcomes(&provider, "/echo"),
        ["use_dpop_nonce", "200", "200", "200", "200"]
    );
}

#[test]
fn what_comes_from_stdin_is_sent_again_where_it_is_short_and_else_goes_through_the_next_time() {
    let (provider, home) = connected();
    provider.control(&json!({ "dpop_nonce": "once" }));
    let args = ["request", "sandbox-dpop", "/echo", "--data-binary", "@-"];
    let run = home.hallpass(&args).stdin("piped").run().ok();
    assert_eq!(run.json()["body"], "piped");
    assert_eq!(outcomes(&provider, "/echo"), ["use_dpop_nonce", "200"]);
    assert_eq!(provider.count("refresh_token"), 0);

    // More than is kept to be sent again.
    let recorder = Recorder::answering(|asked, before| match (asked.path.as_str(), before) {
        ("/token", before) => Some(bound(before)),
        ("/api/up", 0) => Some(api_wants("of-the-api")),
        _ => None,
    });
    let home = recorder.consenting("dpop = true");
    home.connect("x");
    let long = "piped".repeat(300_000);
    let send = || {
        let args = ["request", "x", "/up", "--data-binary", "@-"];
        home.hallpass(&args).stdin(long.as_str()).run()
    };
    let run = send().fails_with(6);
    assert!(run.stderr.contains("stdin cannot be sent twice"), "{run}");
    send().ok();
    assert_eq!(
        proof(&recorder.last("/api/up")).claims["nonce"],
        "of-the-api"
    );
}

#[test]
fn each_server_has_a_nonce_of_its_own_and_it_is_forgotten_with_the_connection() {
    let api = Recorder::answering(|_, before| (before == 0).then(|| api_wants("of-the-api")));
    let provider = Recorder::answering(|asked, before| match (asked.path.as_str(), before) {
        ("/token", 0) => Some(wants("of-the-provider")),
        ("/token", before) => Some(bound(before)),
        _ => None,
    });
    let home = provider.consenting("dpop = true");
    let base = format!("base_url = \"{}/api\"", provider.origin());
    home.edit(|text| text.replace(&base, &format!("base_url = \"{}/api\"", api.origin())));
    home.connect("x");
    home.hallpass(&["request", "x", "/me", "--json", "{}"])
        .run()
        .ok();
    let claimed = |recorder: &Recorder, path| proof(&recorder.last(path)).claims["nonce"].clone();
    assert_eq!(claimed(&provider, "/token"), "of-the-provider");
    assert_eq!(claimed(&api, "/api/me"), "of-the-api");
    assert_eq!(api.last("/api/me").body, "{}");
    assert_eq!(home.files_with("of-the-api").len(), 1);
    home.hallpass(&["disconnect", "x", "--local"]).run().ok();
    assert!(home.files_with("of-the-api").is_empty());
}

#[test]
fn a_provider_and_an_api_at_one_origin_have_nonces_of_their_own() {
    let recorder = Recorder::answering(|asked, before| {
        let nonce = match asked.path.as_str() {
            "/token" => "of-the-provider",
            "/api/me" => "of-the-api",
            _ => return None,
        };
        match (proof(asked).claims["nonce"] == nonce, nonce) {
            (true, "of-the-provider") => Some(bound(before).with("DPoP-Nonce", nonce)),
            (true, _) => None,
            (false, "of-the-provider") => Some(wants(nonce)),
            (false, _) => Some(api_wants(nonce)),
        }
    });
    let home = recorder.consenting("dpop = true");
    home.connect("x");
    home.hallpass(&["request", "x", "/me"]).run().ok();
    // What the renewal learns is nothing to the API, which is not asked in vain.
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    let args = ["request", "x", "/me", "--data-binary", "@-"];
    home.hallpass(&args).stdin("piped").run().ok();
    assert_eq!(recorder.asked_at("/token").len(), 3);
    assert_eq!(recorder.asked_at("/api/me").len(), 3);
}

#[test]
fn connections_that_are_renewed_in_one_run_keep_their_servers_apart() {
    let server = |nonce: &'static str| {
        Recorder::answering(move |asked, before| {
            (asked.path == "/token").then(|| bound(before).with("DPoP-Nonce", nonce))
        })
    };
    let (one, other) = (server("of-the-one"), server("of-the-other"));
    let home = one.consenting("dpop = true");
    let second = crate::support::CONSENT
        .replace("integrations.x", "integrations.y")
        .replace("#more", "dpop = true")
        .replace("ORIGIN", other.origin());
    home.edit(|text| format!("{text}{second}"));
    home.connect("x");
    home.connect("y");
    home.hallpass(&["refresh", "--all"]).run().ok();
    for nonce in ["of-the-one", "of-the-other"] {
        assert_eq!(home.files_with(nonce).len(), 1, "{nonce}");
    }
}

#[cfg(unix)]
#[test]
fn a_renewal_killed_while_it_is_asked_for_a_nonce_has_lost_nothing() {
    let (provider, home) = connected();
    let bound_to = super::key(&home, "sandbox-dpop");
    provider.control(&json!({ "dpop_nonce": "steady", "latency_ms": 2000 }));
    let renewal = home
        .hallpass(&["token", "sandbox-dpop", "--refresh"])
        .spawn();
    crate::support::eventually("the provider has asked for a nonce", || {
        let asked = outcomes(&provider, "/token");
        (asked.last()? == "use_dpop_nonce").then_some(())
    });
    renewal.signal(Signal::KILL);
    assert_eq!(renewal.wait().code, None);
    provider.control(&json!({ "latency_ms": 0 }));
    home.hallpass(&["token", "sandbox-dpop", "--refresh"])
        .run()
        .ok();
    home.hallpass(&["request", "sandbox-dpop", "/me"])
        .run()
        .ok();
    assert_eq!(super::key(&home, "sandbox-dpop"), bound_to);
}
