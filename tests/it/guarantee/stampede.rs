//! Many callers of one expired token that rotates.

use super::rotating::Rotating;
use crate::support::{Home, Running};

/// As many as a busy build machine starts.
const CALLERS: usize = 200;

fn call(home: &Home, number: usize) -> Running {
    match number % 2 {
        0 => home.hallpass(&["token", "x"]).spawn(),
        _ => home.hallpass(&["request", "x", "/me"]).spawn(),
    }
}

#[test]
fn two_hundred_callers_of_one_expired_rotating_token_refresh_it_once() {
    let provider = Rotating::start();
    let home = provider.connected();
    // However long a slow machine takes to start them all.
    let patient = "lock_timeout = \"5m\"\nhttp_timeout = \"5m\"\n";
    home.write("config.toml", patient);
    provider.give(3600);
    // The answer comes when all of them are at it, which is later than any fixed latency.
    provider.hold();
    let callers: Vec<_> = (0..CALLERS).map(|number| call(&home, number)).collect();
    provider.wait_for_refreshes(1);
    provider.let_go();
    for (number, caller) in callers.into_iter().enumerate() {
        let run = caller.wait().ok();
        let wanted = match number % 2 {
            0 => "at-0-2-not-real\n",
            _ => "{\"ok\":true}",
        };
        assert_eq!(run.stdout, wanted, "{run}");
    }
    assert_eq!((provider.refreshes(), provider.reused()), (1, 0));
    // Nobody burnt the refresh token that came with it.
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    assert_eq!((provider.refreshes(), provider.reused()), (2, 0));
}

#[test]
fn callers_are_told_apart_from_renewals_and_not_by_their_tokens() {
    // Some providers keep the access token and prolong its life.
    for (more, life) in [
        ("", 3600),
        (
            "refresh.response = { access_token = false, ttl = \"1h\" }",
            3600,
        ),
    ] {
        let provider = Rotating::start();
        provider.give_the_same_token();
        let home = provider.home_with(more);
        home.connect_untested("x");
        provider.give(life);
        provider.hold();
        let callers: Vec<_> = (0..10).map(|number| call(&home, number)).collect();
        provider.wait_for_refreshes(1);
        provider.let_go();
        for caller in callers {
            caller.wait().ok();
        }
        assert_eq!((provider.refreshes(), provider.reused()), (1, 0), "{more}");
    }
}

#[test]
fn a_custom_renewal_of_what_nobody_consents_to_is_made_once_too() {
    let provider = Rotating::start();
    provider.give_the_same_token();
    let home = provider.home();
    home.edit(|text| {
        let text = text.replace("\"authorization_code\"", "\"client_credentials\"");
        let text = text.replace(
            "client_id = \"id\"",
            "client_id = \"id\"\nclient_secret = \"not-real\"\nrefresh.from = \"refresh_token\"",
        );
        text.lines()
            .filter(|line| !line.starts_with("authorization_url"))
            .collect::<Vec<_>>()
            .join("\n")
    });
    home.token("x");
    provider.give(3600);
    provider.hold();
    let callers: Vec<_> = (0..8).map(|number| call(&home, number)).collect();
    provider.wait_for_refreshes(1);
    provider.let_go();
    for caller in callers {
        caller.wait().ok();
    }
    assert_eq!((provider.refreshes(), provider.reused()), (1, 0));
}

#[test]
fn other_connections_do_not_wait() {
    let (slow, quick) = (Rotating::start(), Rotating::start());
    let home = slow.connected();
    let second = quick.home();
    let definition = std::fs::read_to_string(second.path().join("integrations.toml")).unwrap();
    home.edit(|text| {
        format!(
            "{text}{}",
            definition.replace("integrations.x", "integrations.y")
        )
    });
    home.connect_untested("y");
    slow.hold();
    let waiting = home.hallpass(&["token", "x"]).spawn();
    slow.wait_for_refreshes(1);
    // Another integration's, and another connection of the very same one.
    home.hallpass(&["token", "y"]).run().ok();
    home.connect_untested("x@other");
    assert_eq!((slow.refreshes(), quick.refreshes()), (1, 1));
    slow.let_go();
    waiting.wait().ok();
}

#[cfg(unix)]
#[test]
fn a_holder_that_dies_frees_the_others_at_once() {
    let provider = Rotating::start();
    let home = provider.connected();
    // Whoever waited for a dead holder's deadline would wait longer than any test may take.
    home.write("config.toml", "lock_timeout = \"1h\"\n");
    provider.give(3600);
    provider.be_deaf_once();
    let holder = home.hallpass(&["token", "x"]).spawn();
    provider.wait_for_refreshes(1);
    let others: Vec<_> = (0..8).map(|number| call(&home, number)).collect();
    holder.signal(rustix::process::Signal::KILL);
    holder.wait();
    for other in others {
        other.wait().ok();
    }
    assert_eq!((provider.refreshes(), provider.reused()), (2, 0));
}

#[cfg(unix)]
#[test]
fn a_holder_that_hangs_is_named_and_its_lock_is_not_stolen() {
    let provider = Rotating::start();
    let home = provider.connected();
    provider.give(3600);
    provider.hold();
    let holder = home.hallpass(&["token", "x"]).spawn();
    provider.wait_for_refreshes(1);
    home.write("config.toml", "lock_timeout = \"200ms\"\n");
    let named = format!("process {}", holder.id());
    // It sleeps, as a closed laptop does; its answer comes meanwhile.
    holder.signal(rustix::process::Signal::STOP);
    provider.let_go();
    for args in [["token", "x"].as_slice(), &["request", "x", "/me"]] {
        let run = home.hallpass(args).run().fails_with(6);
        assert!(run.stderr.contains(&named), "{run}");
        assert_eq!(run.stdout, "");
    }
    holder.signal(rustix::process::Signal::CONT);
    assert_eq!(holder.wait().ok().line(), "at-0-2-not-real");
    assert_eq!(home.token("x"), "at-0-2-not-real");
    assert_eq!((provider.refreshes(), provider.reused()), (1, 0));
}

#[test]
fn a_token_that_still_lives_is_used_while_its_renewal_hangs() {
    let provider = Rotating::start();
    provider.give(3600);
    let home = provider.home();
    home.edit(|text| format!("{text}[integrations.x.auth.refresh]\nbefore = \"2h\"\n"));
    home.connect_untested("x");
    provider.hold();
    let holder = home.hallpass(&["token", "x"]).spawn();
    provider.wait_for_refreshes(1);
    home.write("config.toml", "lock_timeout = \"50ms\"\n");
    let run = home.hallpass(&["token", "x"]).run().ok();
    assert_eq!(run.line(), "at-0-1-not-real");
    assert!(run.stderr.contains("its old token still lives"), "{run}");
    // Whoever asks for more than that gets no less.
    home.hallpass(&["token", "x", "--refresh"])
        .run()
        .fails_with(6);
    provider.let_go();
    assert_eq!(holder.wait().ok().line(), "at-0-2-not-real");
}
