//! How far a transfer has come, shown on a terminal while it lasts: one line on
//! stderr, from half a second on, cleared at the end. In a pipe, with `--quiet`
//! and for what is over at once nothing is shown.

use std::fmt;
use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use indicatif::{
    HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle,
};

use crate::ui::Ui;

/// What takes less time is not worth a line.
const SOON: Duration = Duration::from_millis(500);

/// How often the line is drawn, in Hertz.
const RATE: u8 = 10;

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the API.
    Upload,
    /// From the API.
    Download,
}

/// The line of one transfer; its clones are the same line.
#[derive(Clone, Debug)]
pub struct Progress(Option<Arc<Line>>);

#[derive(Debug)]
struct Line {
    what: Direction,
    total: Option<u64>,
    begun: Instant,
    before: u64,
    moved: AtomicU64,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    /// A transfer that begins now, of so many bytes where that is known. Nothing
    /// is shown where nobody looks: stderr is no terminal, or notes are silenced.
    pub fn new(ui: &Ui, what: Direction, total: Option<u64>) -> Self {
        Self::resumed(ui, what, total, 0)
    }

    /// The same, of which these many bytes were there before.
    pub fn resumed(ui: &Ui, what: Direction, total: Option<u64>, before: u64) -> Self {
        if ui.is_quiet() || !io::stderr().is_terminal() {
            return Self::hidden();
        }
        Self(Some(Arc::new(Line {
            what,
            total,
            begun: Instant::now(),
            before,
            moved: 0.into(),
            bar: OnceLock::new(),
        })))
    }

    /// One that shows nothing.
    pub fn hidden() -> Self {
        Self(None)
    }

    /// So many bytes more went over.
    pub fn moved(&self, bytes: u64) {
        let Some(line) = &self.0 else { return };
        let moved = line.moved.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if line.begun.elapsed() < SOON {
            return;
        }
        let bar = line.bar.get_or_init(|| line.bar());
        bar.set_position(line.before + moved);
    }

    /// It is over: the line is cleared.
    pub fn finish(&self) {
        if let Some(bar) = self.0.as_ref().and_then(|line| line.bar.get()) {
            bar.finish_and_clear();
        }
    }
}

impl Line {
    fn bar(&self) -> ProgressBar {
        let target = ProgressDrawTarget::stderr_with_hz(RATE);
        let what = match self.what {
            Direction::Upload => "uploading",
            Direction::Download => "downloading",
        };
        // All of it before the first line is drawn.
        let bar = ProgressBar::with_draw_target(self.total, target)
            .with_prefix(what)
            .with_position(self.before);
        // No colours: there is nothing here that a person must not miss.
        let template = match self.total {
            Some(_) => "{prefix} [{bar:24}] {percent}% {bytes} of {total_bytes}, {pace}",
            None => "{prefix} {spinner} {bytes}, {pace}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            let (begun, before) = (self.begun, self.before);
            let shown = move |state: &ProgressState, out: &mut dyn fmt::Write| {
                let moved = state.pos().saturating_sub(before);
                let left = state.len().map(|total| total.saturating_sub(state.pos()));
                // A line that cannot be drawn is missed by nobody.
                let _ = out.write_str(&pace(moved, begun.elapsed(), left));
            };
            let style = style.with_key("pace", shown);
            bar.set_style(style.progress_chars("=> ").tick_chars("-\\|/ "));
        }
        bar
    }
}

/// How quick a transfer is, by all of it so far, and how long the bytes that are
/// left will take at that pace, if it is one.
fn pace(moved: u64, elapsed: Duration, left: Option<u64>) -> String {
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a pace is said in three digits, and a float that is too large becomes the largest integer"
    )]
    let (rate, over) = {
        let rate = moved as f64 / elapsed.as_secs_f64().max(0.001);
        let over = left.filter(|_| rate >= 1.0).map(|left| left as f64 / rate);
        (rate as u64, over.map(|seconds| seconds.ceil() as u64))
    };
    let rate = HumanBytes(rate);
    match over {
        Some(seconds) => {
            let left = HumanDuration(Duration::from_secs(seconds));
            format!("{rate}/s, {left:#} left")
        }
        None => format!("{rate}/s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_that_of_all_so_far() {
        const MIB: u64 = 1024 * 1024;
        for (moved, millis, left, said) in [
            (13, 500, Some(19), "26 B/s, 1s left"),
            (MIB, 1000, Some(90 * MIB), "1.00 MiB/s, 2m left"),
            (2 * MIB, 4000, None, "512.00 KiB/s"),
            (0, 600, Some(7200), "0 B/s"),
            (1, 3_600_000, Some(1000), "0 B/s"),
            (u64::MAX, 0, Some(u64::MAX), "16.00 EiB/s, 1s left"),
        ] {
            assert_eq!(pace(moved, Duration::from_millis(millis), left), said);
        }
    }
}
