//! `kill -9` at any moment: what is kept is whole, never older than what was used, and the one loss
//! that nobody can prevent (the provider rotated, the answer never arrived) is recognised.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::rotating::Rotating;
use super::{say, sealed};
use crate::support::{Home, Running};
use crate::together::{all_different, proofs, sent};

/// How often each sweep kills. The moments lie evenly over the time that an undisturbed run takes,
/// and a little beyond; they are the same in every run but for what the machine adds.
const ROUNDS: u32 = 220;

/// What a sweep came to.
#[derive(Debug, Default)]
struct Tally {
    ended_before: u32,
    untouched: u32,
    kept: u32,
    lost: u32,
}

/// How long a program takes that is left alone: the longest of a few times.
fn whole_time(mut start: impl FnMut() -> Running) -> Duration {
    let times = (0..4).map(|_| {
        let begun = Instant::now();
        start().wait().ok();
        begun.elapsed()
    });
    times.max().unwrap_or_default()
}

/// Kills a program at a moment of its life; returns whether it was still alive.
fn kill_at(program: Running, moment: Duration) -> bool {
    // No event marks these moments: every one between two events is meant.
    std::thread::sleep(moment);
    program.signal(Signal::KILL);
    program.wait().code.is_none()
}

/// Kills renewal after renewal, and looks after each at what is left.
pub struct Sweep {
    /// The provider; its tokens are born expired.
    pub provider: Rotating,
    /// A home in which `x` is connected to it.
    pub home: Home,
    generation: u64,
    tally: Tally,
}

impl Sweep {
    /// Begins one.
    pub fn start() -> Sweep {
        Sweep::with("")
    }

    /// The same, with these further lines of `auth`, which find a key in `key.pem`.
    pub fn with(more: &str) -> Sweep {
        let provider = Rotating::start();
        let home = provider.home_with(more);
        home.write("key.pem", include_str!("../../keys/signing.p256.sec1.pem"));
        home.connect_untested("x");
        Sweep {
            home,
            provider,
            generation: 0,
            tally: Tally::default(),
        }
    }

    /// One round: `kill` begins a `token x` in the home and says whether it was killed.
    #[track_caller]
    pub fn round(&mut self, at: &str, kill: impl FnOnce(&Home) -> bool) {
        let (provider, home) = (&self.provider, &self.home);
        let before = sealed::refresh_token(home, "x").unwrap();
        let killed = kill(home);
        // Whole (`item` opens and reads it), and no generation goes back.
        let kept = sealed::item(home, "x").expect("what was kept is there");
        let now = kept["generation"].as_u64().unwrap();
        assert!(now >= self.generation, "{at}: generation {now}");
        self.generation = now;
        let token = sealed::refresh_token(home, "x").unwrap();
        home.hallpass(&["status", "x"]).run().ok();
        let newest = provider.is_newest(&token);
        match (killed, token == before) {
            (false, _) => self.tally.ended_before += 1,
            (true, true) if newest => self.tally.untouched += 1,
            (true, true) => self.tally.lost += 1,
            (true, false) => self.tally.kept += 1,
        }
        if newest {
            home.hallpass(&["token", "x"]).run().ok();
        } else {
            // The provider rotated, and the answer died with the process.
            assert!(killed && token == before, "{at}: {token} after {before}");
            told_of_the_loss(home);
            home.connect_untested("x");
            self.generation = 0;
        }
    }

    /// Kills at moments spread evenly over the time that an undisturbed run takes, and a little
    /// beyond; then ever later until one ends before, however slow the machine has become meanwhile.
    #[track_caller]
    pub fn rounds(&mut self, rounds: u32) -> Duration {
        let whole = whole_time(|| self.home.hallpass(&["token", "x"]).spawn());
        let mut moments: Vec<_> = (0..rounds)
            .map(|round| whole.mul_f64(1.2) * round / rounds)
            .collect();
        moments.extend((1..10).map(|doubled| whole * (1 << doubled)));
        for (round, moment) in (0..).zip(moments) {
            if round >= rounds && self.tally.ended_before > 0 {
                break;
            }
            let at = format!("round {round}, killed after {moment:?} of {whole:?}");
            self.round(&at, |home| {
                kill_at(home.hallpass(&["token", "x"]).spawn(), moment)
            });
        }
        whole
    }

    /// Says what it came to, and holds it to that.
    #[track_caller]
    pub fn end(self, what: &str) {
        let Sweep {
            provider,
            home,
            tally,
            ..
        } = self;
        say(&format!("{what}: {tally:?}"));
        // How many fall behind the answer is the machine's business.
        assert!(tally.untouched > 0 && tally.ended_before > 0, "{tally:?}");
        // A refresh token was shown twice only to find out about a loss.
        assert_eq!(provider.reused(), tally.lost as usize);
        assert_no_litter(&home);
    }
}

#[test]
fn a_refresh_killed_at_any_moment_leaves_what_is_kept_whole_and_never_older() {
    let mut sweep = Sweep::start();
    let whole = sweep.rounds(ROUNDS);
    sweep.end(&format!("{ROUNDS} kills of a refresh of {whole:?}"));
}

#[test]
fn a_bound_refresh_of_a_client_that_signs_survives_kills_too_and_shows_nothing_twice() {
    let mut sweep = Sweep::with(
        "client_auth = \"private_key_jwt\"\ndpop = true\n[integrations.x.auth.jwt]\nalg = \"ES256\"\n\
         key = { file = \"key.pem\" }",
    );
    let key = |home: &Home| {
        let item = sealed::item(home, "x").expect("it is kept");
        item["credential"]["dpop_key"].as_str().map(str::to_owned)
    };
    let rounds = 24;
    let whole = sweep.rounds(rounds);
    assert!(key(&sweep.home).is_some(), "what is kept has its key");
    let asked = sweep.provider.asked();
    let asked: Vec<_> = asked
        .into_iter()
        .filter(|asked| asked.path == "/token")
        .collect();
    all_different("proofs", &proofs(&asked));
    all_different("assertions", &sent(&asked, "client_assertion"));
    assert_eq!(proofs(&asked).len(), asked.len(), "each call was proved");
    sweep.end(&format!("{rounds} kills of a bound refresh of {whole:?}"));
}

#[track_caller]
fn told_of_the_loss(home: &Home) {
    let run = home.hallpass(&["token", "x"]).run().fails_with(4);
    assert!(run.stderr.contains("invalid_grant"), "{run}");
    let lost = "was cut off before its answer was kept";
    assert!(run.stderr.contains(lost), "{run}");
    assert!(run.stderr.contains("run `hallpass connect x`"), "{run}");
    // It is remembered, so that nobody shows the dead token again.
    let run = home.hallpass(&["status", "x"]).run().fails_with(4);
    assert!(run.stdout.contains(lost), "{run}");
}

/// What killed processes left behind is cleared away in time.
fn assert_no_litter(home: &Home) {
    let litter = || {
        let directories = ["data/connections", "data/credentials"];
        let entries = directories
            .iter()
            .flat_map(|name| std::fs::read_dir(home.path().join(name)).unwrap());
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> = paths.collect();
        paths.retain(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(".hallpass-")
        });
        paths
    };
    let long_ago = std::time::UNIX_EPOCH;
    for path in litter() {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    home.hallpass(&["token", "x"]).run().ok();
    assert_eq!(litter(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_connect_killed_at_any_moment_leaves_the_old_connection_or_the_new_one() {
    let provider = Rotating::start();
    let connect = |home: &Home| {
        home.hallpass(&["connect", "x", "--no-test"])
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .spawn()
    };
    let home = provider.home();
    let whole = whole_time(|| connect(&home));
    let mut tally = Tally::default();
    for round in 0..ROUNDS + 10 {
        if round >= ROUNDS && tally.ended_before > 0 {
            break;
        }
        // Every other time there is no old one.
        if round % 2 == 0 {
            home.hallpass(&["disconnect", "x", "--local"]).run();
        }
        let before = sealed::refresh_token(&home, "x");
        let mut moment = whole.mul_f64(1.2) * round / ROUNDS;
        // However slow the machine has become meanwhile, one is to end by itself.
        moment *= 1 << (round.max(ROUNDS) - ROUNDS);
        let killed = kill_at(connect(&home), moment);
        let at = format!("round {round}, killed after {moment:?} of {whole:?}");
        let after = sealed::refresh_token(&home, "x");
        match (killed, after == before) {
            (false, _) => tally.ended_before += 1,
            (true, true) => tally.untouched += 1,
            (true, false) => tally.kept += 1,
        }
        assert!(
            killed || after.is_some(),
            "{at}: it ended, and kept nothing"
        );
        match after {
            Some(token) => {
                assert!(provider.is_newest(&token), "{at}: {token}");
                home.hallpass(&["token", "x"]).run().ok();
            }
            None => {
                assert!(before.is_none(), "{at}: the old connection is gone");
                home.hallpass(&["token", "x"]).run().fails_with(4);
                home.connect_untested("x");
            }
        }
    }
    say(&format!(
        "{ROUNDS} kills of a connect of {whole:?}: {tally:?}"
    ));
    assert!(tally.untouched > 0 && tally.ended_before > 0, "{tally:?}");
    assert_eq!(provider.reused(), 0);
}

#[test]
fn an_answer_that_was_lost_on_the_way_is_recognised_like_a_death() {
    let provider = Rotating::start();
    let home = provider.connected();
    home.write("config.toml", "http_timeout = \"300ms\"\n");
    provider.hold();
    // It is carried out, and the answer comes too late.
    home.hallpass(&["token", "x"]).run().fails_with(6);
    provider.let_go();
    assert_eq!(provider.refreshes(), 1, "it was not made again");
    told_of_the_loss(&home);
}

#[test]
fn a_grant_that_ends_by_itself_is_not_put_down_to_a_loss() {
    let provider = Rotating::start();
    let home = provider.connected();
    home.hallpass(&["token", "x"]).run().ok();
    sealed::change(&home, "x", |item| {
        item["credential"]["refresh_token"] = "rt-0-1-not-real".into();
    });
    let run = home.hallpass(&["token", "x"]).run().fails_with(4);
    assert!(!run.stderr.contains("cut off"), "{run}");
}

#[test]
fn a_process_that_a_provider_never_heard_of_lost_nothing() {
    let provider = Rotating::start();
    let home = provider.connected();
    provider.be_deaf_once();
    let call = home.hallpass(&["token", "x"]).spawn();
    provider.wait_for_refreshes(1);
    call.signal(Signal::KILL);
    call.wait();
    let status = home.hallpass(&["status", "x", "--json"]).run().ok().json();
    assert!(status["in_flight"]["since"].is_string(), "{status}");
    home.hallpass(&["token", "x"]).run().ok();
    let status = home.hallpass(&["status", "x", "--json"]).run().ok().json();
    assert!(status["in_flight"].is_null(), "{status}");
}
