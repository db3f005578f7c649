//! Clocks that jump. The kept moments are moved instead of the clock, which comes to the same.

use super::rotating::Rotating;
use super::sealed;

const HOUR: i64 = 3600;

#[test]
fn a_clock_that_jumps_either_way_costs_one_renewal_and_no_dead_token() {
    let provider = Rotating::start();
    provider.give(3600);
    let home = provider.connected();
    assert_eq!(home.token("x"), "at-0-1-not-real");
    let mut renewed = 0;
    // An hour back: by this clock the token would live for two more, which nobody knows. A day
    // forward, and back again.
    for jump in [-HOUR, 24 * HOUR, -24 * HOUR] {
        sealed::shift(&home, "x", -jump);
        renewed += 1;
        let wanted = format!("at-0-{}-not-real", renewed + 1);
        for _ in 0..2 {
            assert_eq!(home.token("x"), wanted, "after a jump of {jump} s");
        }
        assert_eq!((provider.refreshes(), provider.reused()), (renewed, 0));
    }
    // Seconds are corrections, not jumps.
    sealed::shift(&home, "x", 30);
    home.token("x");
    assert_eq!(provider.refreshes(), renewed);
}

#[test]
fn after_a_clock_was_set_back_no_life_is_promised_unseen() {
    let provider = Rotating::start();
    provider.give(3600);
    let home = provider.connected();
    sealed::shift(&home, "x", HOUR);
    let run = home
        .hallpass(&["token", "x", "--min-ttl", "50m"])
        .run()
        .ok();
    assert_eq!(run.line(), "at-0-2-not-real");
}

#[test]
fn after_a_clock_was_set_back_a_token_still_serves_while_its_provider_is_away() {
    let provider = Rotating::start();
    provider.give(3600);
    let home = provider.connected();
    sealed::shift(&home, "x", HOUR);
    drop(provider);
    let run = home.hallpass(&["token", "x"]).run().ok();
    assert_eq!(run.line(), "at-0-1-not-real");
    assert!(run.stderr.contains("its old token still lives"), "{run}");
}
