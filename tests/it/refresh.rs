//! Renewal: once however many ask, never losing what was kept.

use serde_json::json;

use crate::support::Provider;

#[test]
fn eight_parallel_calls_on_one_expired_rotating_token_refresh_once() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    provider.control(&json!({"token_ttl": 3600, "latency_ms": 200}));
    let calls: Vec<_> = (0..8)
        .map(|_| home.hallpass(&["token", "sandbox"]).spawn())
        .collect();
    let tokens: Vec<String> = calls
        .into_iter()
        .map(|call| call.wait().ok().line().to_owned())
        .collect();
    assert_eq!(provider.count("refresh_token"), 1);
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    // The refresh token that came with it is good: nobody burnt it.
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
}

#[test]
fn an_expired_token_is_renewed_and_its_rotated_refresh_token_kept() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..5 {
        seen.insert(home.token("sandbox"));
    }
    assert_eq!((seen.len(), provider.count("refresh_token")), (5, 5));
}

#[test]
fn an_answer_without_a_refresh_token_keeps_the_old_one() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    provider.control(&json!({"answers": [
        {"path": "/token", "status": 200, "body": {"access_token": "at-1-not-real", "expires_in": "0"}},
        {"path": "/token", "status": 200, "body": "access_token=at-2-not-real&expires_in=0"},
    ]}));
    for expected in ["at-1-not-real", "at-2-not-real"] {
        assert_eq!(
            home.hallpass(&["token", "sandbox"]).run().ok().line(),
            expected
        );
    }
    let run = home.hallpass(&["token", "sandbox"]).run().ok();
    assert!(
        run.line().starts_with("sbx_at_"),
        "the first refresh token still worked: {run}"
    );
}

#[test]
fn a_dead_grant_marks_the_connection_and_asks_for_a_person() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    provider.control(&json!({"revoke_grants": true}));
    let run = home.hallpass(&["token", "sandbox"]).run().fails_with(4);
    assert!(run.stderr.contains("invalid_grant"), "{run}");
    assert!(
        run.stderr.contains("run `hallpass connect sandbox`"),
        "{run}"
    );
    let asked = provider.count("refresh_token");
    home.hallpass(&["token", "sandbox"]).run().fails_with(4);
    assert_eq!(
        provider.count("refresh_token"),
        asked,
        "a dead token is not shown again"
    );
    let run = home.hallpass(&["status", "sandbox"]).run().fails_with(4);
    assert!(run.stdout.contains("needs connecting"), "{run}");
    home.connect_untested("sandbox");
    provider.control(&json!({"token_ttl": 3600}));
    home.hallpass(&["token", "sandbox"]).run().ok();
}

#[test]
fn a_dead_grant_is_asked_about_once_however_many_call() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    provider.control(&json!({"revoke_grants": true, "latency_ms": 300}));
    let calls: Vec<_> = (0..6)
        .map(|_| home.hallpass(&["token", "sandbox"]).spawn())
        .collect();
    for call in calls {
        let run = call.wait().fails_with(4);
        assert!(run.stderr.contains("invalid_grant"), "{run}");
    }
    assert_eq!(provider.count("refresh_token"), 1);
}

#[test]
fn a_refresh_under_way_never_brings_back_what_is_disconnected() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    provider.control(&json!({"token_ttl": 3600, "latency_ms": 500}));
    let call = home.hallpass(&["token", "sandbox"]).spawn();
    crate::support::eventually("the refresh", || {
        (provider.count("refresh_token") == 1).then_some(())
    });
    home.hallpass(&["disconnect", "sandbox"]).run().ok();
    call.wait().ok();
    home.hallpass(&["token", "sandbox"]).run().fails_with(4);
    let list = home.hallpass(&["list", "--json"]).run().ok().json();
    assert_eq!(list[0]["state"], "not_connected");
}

#[test]
fn trouble_that_may_pass_leaves_everything_as_it_was() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    for answer in [
        json!({"path": "/token", "status": 500, "body": "<html>oops</html>"}),
        json!({"path": "/token", "status": 429, "body": {"error": "slow_down"}, "times": 3}),
        json!({"path": "/token", "status": 200, "body": "<html>please log in</html>"}),
        json!({"path": "/token", "status": 200, "body": {"access_token": "a\r\nb"}}),
        json!({"path": "/token", "status": 302, "headers": {"Location": "https://evil.test/token"}, "body": ""}),
        json!({"path": "/token", "status": 400, "body": {"error": "temporarily_unavailable"}}),
    ] {
        provider.control(&json!({"answers": [answer]}));
        let run = home.hallpass(&["token", "sandbox"]).run().fails_with(6);
        assert_eq!(run.stdout, "");
    }
    provider.control(&json!({"token_ttl": 3600}));
    home.hallpass(&["token", "sandbox"]).run().ok();
}

#[test]
fn a_living_token_is_used_while_renewal_fails() {
    // Ten minutes of life are due for renewal in their last fifth; `before` makes it at once.
    let provider = Provider::start(&["--token-ttl", "10m"]);
    let home = provider.home();
    home.edit(|text| {
        text.replace(
            "[integrations.sandbox.api]\n",
            "[integrations.sandbox.auth.refresh]\nbefore = \"1h\"\n[integrations.sandbox.api]\n",
        )
    });
    home.connect("sandbox");
    provider.control(&json!({"answers": [{"path": "/token", "status": 503, "body": "busy"}]}));
    let run = home.hallpass(&["token", "sandbox"]).run().ok();
    assert!(run.line().starts_with("sbx_at_"));
    assert!(run.stderr.contains("its old token still lives"), "{run}");
    // A refusal that is no dead grant is a 5 only when the old token will not do.
    provider.control(&json!({"answers": [{"path": "/token", "status": 401, "body": {"error": "invalid_client"}}]}));
    home.hallpass(&["token", "sandbox"]).run().ok();
    provider.control(&json!({"answers": [{"path": "/token", "status": 401, "body": {"error": "invalid_client"}}]}));
    home.hallpass(&["token", "sandbox", "--refresh"])
        .run()
        .fails_with(5);
}

#[test]
fn a_token_without_a_refresh_token_ends_with_a_hint() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    provider.control(&json!({"answers": [
        {"path": "/token", "status": 200, "body": {"access_token": "at-not-real", "expires_in": 0}},
    ]}));
    let run = home.connect_untested("sandbox");
    assert!(run.stderr.contains("offline_access"), "{run}");
    let run = home.hallpass(&["token", "sandbox"]).run().fails_with(4);
    assert!(run.stderr.contains("gave no refresh token"), "{run}");
}

#[cfg(unix)]
#[test]
fn a_signal_during_a_refresh_waits_until_the_new_token_is_kept() {
    use rustix::process::Signal;
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
        provider.control(&json!({"token_ttl": 3600, "latency_ms": 700}));
        let call = home.hallpass(&["token", "sandbox"]).spawn();
        // The sandbox logs before it holds the answer back, so the refresh is under way.
        crate::support::eventually("the refresh", || {
            (provider.count("refresh_token") == 1).then_some(())
        });
        call.signal(signal);
        call.wait();
        provider.control(&json!({"latency_ms": 0}));
        home.token("sandbox");
        assert_eq!(
            provider.count("refresh_token"),
            1,
            "{signal:?}: the renewed token was kept"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_killed_refresh_frees_its_lock_at_once() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    provider.control(&json!({"answers": [], "latency_ms": 60_000}));
    let call = home.hallpass(&["token", "sandbox"]).spawn();
    crate::support::eventually("the refresh", || {
        (provider.count("refresh_token") == 1).then_some(())
    });
    call.signal(rustix::process::Signal::KILL);
    call.wait();
    provider.control(&json!({"latency_ms": 0}));
    // The old refresh token was rotated and its answer lost with the process: the provider says so.
    home.hallpass(&["token", "sandbox"]).run().fails_with(4);
}

#[test]
fn a_lock_that_is_held_names_its_holder_and_is_not_stolen() {
    let (_provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    home.write("config.toml", "lock_timeout = \"50ms\"\n");
    let path = home.path().join("data/locks/sandbox@default.lock");
    let lock = std::fs::File::options().write(true).open(path).unwrap();
    lock.lock().unwrap();
    let run = home.hallpass(&["token", "sandbox"]).run().fails_with(6);
    assert!(run.stderr.contains("`sandbox` is locked"), "{run}");
    assert!(run.stderr.contains("process "), "{run}");
    drop(lock);
    home.hallpass(&["token", "sandbox"]).run().ok();
}
