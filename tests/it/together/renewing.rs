//! Renewals of a bound connection whose client signs: many at once, and one that was brought along.

use serde_json::json;

use super::{hallpass, outcomes, start};
use crate::support::{Provider, Running};

#[test]
fn eight_at_once_rotate_a_bound_token_once_while_nonces_change() {
    for nonces in ["steady", "once"] {
        let (provider, home) = start("off");
        hallpass(&provider, &home, &["connect", "pushed"])
            .run()
            .ok();
        let before = home.token("pushed");
        provider.control(&json!({ "dpop_nonce": nonces, "expire_access_tokens": true }));
        let callers: Vec<Running> = (0..8)
            .map(|number| match number % 2 {
                0 => hallpass(&provider, &home, &["token", "pushed", "--refresh"]).spawn(),
                _ => hallpass(&provider, &home, &["request", "pushed", "/echo"]).spawn(),
            })
            .collect();
        for caller in callers {
            let run = caller.wait();
            // A nonce that is good once may go to a neighbour, twice in a row; nothing worse.
            let outrun = nonces == "once"
                && run.code.is_some_and(|code| code == 5 || code == 6)
                && (run.stderr.contains("wants a nonce") || run.stderr.contains("use_dpop_nonce"));
            assert!(run.code == Some(0) || outrun, "{nonces}: {run}");
        }
        assert_ne!(home.token("pushed"), before);
        let asked = outcomes(&provider, "/token");
        let bad: Vec<_> = asked
            .iter()
            .filter(|said| said.starts_with("invalid"))
            .collect();
        assert!(bad.is_empty(), "{asked:?}");
        let log = provider.log();
        let renewed = log
            .iter()
            .filter(|entry| entry["grant_type"] == "refresh_token" && entry["status"] == 200);
        let renewed = renewed.count();
        // Each `--refresh` that came late may renew; callers of the same moment share one.
        assert!((1..=4).contains(&renewed), "{renewed}");
        hallpass(&provider, &home, &["request", "pushed", "/me"])
            .run()
            .ok();
    }
}

#[test]
fn a_renewal_that_needs_a_key_says_so_where_none_was_ever_made() {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.connect("sandbox");
    let answer = json!({
        "access_token": home.token("sandbox"), "refresh_token": "rt-not-real", "expires_in": 3600
    });
    let other = provider.home();
    other.edit(|text| text.replace("dpop = true", "dpop = false"));
    let adopt = ["connect", "sandbox-dpop", "--with-token", "-"];
    other.hallpass(&adopt).stdin(answer.to_string()).run().ok();
    let status = other.hallpass(&["status", "sandbox-dpop", "--json"]).run();
    assert_eq!(status.ok().json()["dpop"], false);
    let run = other
        .hallpass(&["token", "sandbox-dpop", "--refresh"])
        .run()
        .fails_with(5);
    assert!(run.stderr.contains("invalid_dpop_proof"), "{run}");
    // No clock and no algorithm will mend what was never proved.
    assert!(run.stderr.contains("`dpop = true`"), "{run}");
    assert!(
        run.stderr.contains("run `hallpass connect sandbox-dpop`"),
        "{run}"
    );
    assert!(!run.stderr.contains("clock"), "{run}");
    other.edit(|text| text.replace("dpop = false", "dpop = true"));
    other.connect("sandbox-dpop");
    other
        .hallpass(&["token", "sandbox-dpop", "--refresh"])
        .run()
        .ok();
}

#[test]
fn a_bound_token_cannot_be_brought_along_without_its_key() {
    let (provider, home) = start("off");
    let answer = json!({ "access_token": "at-not-real", "token_type": "DPoP", "expires_in": 60 });
    let args = ["connect", "both", "--with-token", "-", "--no-test"];
    let run = hallpass(&provider, &home, &args)
        .stdin(answer.to_string())
        .run();
    let run = run.fails_with(2);
    assert!(
        run.stderr.contains("bound to a key that is not ours"),
        "{run}"
    );
    // The definition says `dpop` already: to add it would mend nothing.
    assert!(!run.stderr.contains("add `dpop = true`"), "{run}");
    assert!(run.stderr.contains("run `hallpass connect both`"), "{run}");
}
