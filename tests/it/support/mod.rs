//! What the end-to-end tests are written with.
//!
//! Promises: a program sees nothing of the environment the tests were started in (`cmd`), has a
//! `HALLPASS_HOME` of its own (`home`), is ended by whoever started it (`running`), and talks to a
//! provider on loopback only (`provider`, and `recorder` for what that one cannot play, `raw` for what no server would). Nothing waits without a deadline, nothing just sleeps.

mod cmd;
mod home;
pub mod http;
mod provider;
mod raw;
mod recorder;
mod running;
#[cfg(unix)]
mod screen;
#[cfg(unix)]
mod terminal;

use std::thread;
use std::time::{Duration, Instant};

pub use cmd::{Cmd, Run};
pub use home::{HALLPASS, Home};
pub use provider::Provider;
pub use raw::Raw;
pub use recorder::{Asked, CONSENT, Recorder, Reply};
pub use running::Running;
#[cfg(unix)]
pub use screen::screen;
#[cfg(unix)]
pub use terminal::Terminal;

/// How long anything may take before its test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Looks until there is something to see, and returns it; `what` says what was waited for in vain.
#[track_caller]
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        // A breath between two looks: what is looked at tells nobody when it changes.
        thread::sleep(Duration::from_millis(10));
    }
}
