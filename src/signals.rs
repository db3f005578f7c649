//! SIGINT and SIGTERM: the command ends at once with 130 or 143, an error and
//! a hint; SIGHUP and SIGQUIT (a closed terminal, Ctrl-\) end it as they
//! always do; those that we were started to ignore (nohup) stay ignored; while
//! a child runs they are the child's (`forward`). But none ends a renewal between the provider's answer and its
//! safe keeping: a rotated refresh token lost there would log the user out.
//!
//! Watching starts only when something slow begins, or a question is put; until
//! then the default action ends the process, which a shell reports with the same
//! numbers. A question changes the terminal; it is put right before the end.

mod forward;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

pub use forward::{Forwarding, forward_to_child, heed_children};

use crate::error::Failure;
#[cfg(unix)]
use crate::error::{Kind, Signal};
use crate::ui::Ui;

/// Held while an answer that must not be lost is on its way to the store.
static CRITICAL: Mutex<()> = Mutex::new(());
/// Whether the process is about to end.
static LEAVING: AtomicBool = AtomicBool::new(false);
/// What is being done, and the hint for whoever interrupts it.
static ACTIVITY: Mutex<Option<(String, String)>> = Mutex::new(None);
static WATCHING: OnceLock<()> = OnceLock::new();
/// Who says that a question was interrupted.
static SPEAKER: OnceLock<Ui> = OnceLock::new();
/// The terminal's modes before a question was put, while it is.
#[cfg(unix)]
static ASKED_AT: Mutex<Option<rustix::termios::Termios>> = Mutex::new(None);

thread_local! {
    /// Whether it is this thread that keeps the process from ending.
    static HOLDS: Cell<bool> = const { Cell::new(false) };
}

/// Keeps a signal from ending the process until it is dropped.
pub struct Critical(#[allow(dead_code, reason = "held for its drop")] MutexGuard<'static, ()>);

impl Drop for Critical {
    fn drop(&mut self) {
        HOLDS.set(false);
    }
}

/// Begins a section that a signal must not cut short. Keep it bounded in time.
/// Once the process is about to end none begins: this does not return then.
pub fn critical() -> Critical {
    let critical = lock();
    if LEAVING.load(Ordering::SeqCst) {
        drop(critical);
        loop {
            std::thread::park();
        }
    }
    HOLDS.set(true);
    Critical(critical)
}

fn lock() -> MutexGuard<'static, ()> {
    CRITICAL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until nothing would be lost if the process ended, which it is about to:
/// nothing critical begins any more. Says so where that takes a moment.
pub fn finish(ui: Ui) {
    LEAVING.store(true, Ordering::SeqCst);
    let critical = CRITICAL.try_lock();
    if matches!(critical, Err(std::sync::TryLockError::WouldBlock)) {
        ui.note("finishing the renewal first, so that the login is not lost; press Ctrl-C again to stop at once");
    }
    drop(critical);
    drop(lock());
}

/// The same where a thread came to a bad end, which may have been in the middle
/// of it: then there is nothing to wait for.
pub fn finish_after_panic(ui: Ui) {
    if !HOLDS.get() {
        finish(ui);
    }
    clear_away();
}

/// Held while a line of data is written.
static LINE: Mutex<()> = Mutex::new(());

/// Begins a line of data that is to be whole. A signal waits for its end, but not
/// for ever: whoever should read it may not.
pub fn line() -> MutexGuard<'static, ()> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a line of data that is being written, and keeps the next from
/// beginning for as long as what is returned is held.
#[cfg(unix)]
fn end_of_line() -> Option<MutexGuard<'static, ()>> {
    const PATIENCE: Duration = Duration::from_secs(2);
    let begun = std::time::Instant::now();
    loop {
        match LINE.try_lock() {
            Ok(guard) => return Some(guard),
            Err(std::sync::TryLockError::Poisoned(held)) => return Some(held.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => return None,
            Err(std::sync::TryLockError::WouldBlock) => {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

/// Files that nobody needs once the process has ended.
static FLEETING: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file that an end before its time takes away, until this is dropped.
pub struct Fleeting(PathBuf);

/// Has a file taken away should the process be ended.
pub fn fleeting(path: &Path) -> Fleeting {
    let mut known = FLEETING.lock().unwrap_or_else(PoisonError::into_inner);
    known.push(path.to_owned());
    Fleeting(path.to_owned())
}

impl Drop for Fleeting {
    fn drop(&mut self) {
        let mut known = FLEETING.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|path| *path != self.0);
    }
}

/// Takes them away.
fn clear_away() {
    // Not waited for: whoever holds it may be the one that came to a bad end.
    let Ok(known) = FLEETING.try_lock() else {
        return;
    };
    for path in known.iter() {
        // What cannot be removed stays; the process is about to end.
        let _ = std::fs::remove_file(path);
    }
}

/// Says what an interruption now would interrupt, and what to run then; the
/// first call also starts the watching.
pub fn watch(ui: Ui, activity: &str, hint: &str) {
    *ACTIVITY.lock().unwrap_or_else(PoisonError::into_inner) =
        Some((activity.to_owned(), hint.to_owned()));
    WATCHING.get_or_init(|| start(ui));
}

/// Says who is to speak when a question is interrupted; questions put before
/// that are not watched over.
pub fn speak_through(ui: Ui) {
    // Whoever spoke first goes on speaking.
    let _ = SPEAKER.set(ui);
}

/// A question that is put at the terminal, until it is dropped.
pub struct Asking {
    before: Option<(String, String)>,
}

/// Begins to put a question: an interruption ends the process with the message
/// that everything else gets, and with the terminal as it was.
pub fn asking(question: &str) -> Asking {
    let before = ACTIVITY
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    #[cfg(unix)]
    {
        let modes = rustix::termios::tcgetattr(std::io::stdin()).ok();
        *ASKED_AT.lock().unwrap_or_else(PoisonError::into_inner) = modes;
    }
    if let Some(ui) = SPEAKER.get() {
        watch(
            *ui,
            &format!("asking “{question}”"),
            "run the command again when you can answer",
        );
    }
    Asking { before }
}

impl Drop for Asking {
    fn drop(&mut self) {
        #[cfg(unix)]
        ASKED_AT
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        *ACTIVITY.lock().unwrap_or_else(PoisonError::into_inner) = self.before.take();
    }
}

/// Waits for the end that a signal brings, after a question broke off because of
/// it; returns only where there was none.
pub fn await_end() {
    #[cfg(unix)]
    if WATCHING.get().is_some() {
        const PATIENCE: Duration = Duration::from_secs(5);
        std::thread::sleep(PATIENCE);
    }
}

/// Puts the terminal right that a question was put at: its modes, the cursor,
/// and a line of its own for what is said next.
#[cfg(unix)]
fn leave_question() {
    use rustix::termios::{OptionalActions, tcsetattr};
    use std::io::{IsTerminal as _, Write as _};
    const SHOW_CURSOR: &[u8] = b"\x1b[?25h\r\n";
    let modes = ASKED_AT
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let Some(modes) = modes else { return };
    // A terminal that is gone needs nothing.
    let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &modes);
    if std::io::stderr().is_terminal() {
        let _ = std::io::stderr().write_all(SHOW_CURSOR);
    }
}

#[cfg(unix)]
fn start(ui: Ui) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    let watched = forward::heeded(&[SIGINT, SIGTERM, SIGHUP, SIGQUIT]);
    // Where signals cannot be watched their default action stays in force.
    let Ok(mut signals) = signal_hook::iterator::Signals::new(watched) else {
        return;
    };
    std::thread::spawn(move || {
        let mut first = None;
        loop {
            // What came first names the end: a question that any signal breaks
            // off makes a SIGINT of it, which is listed before the other.
            let Some(number) = signals.wait().max_by_key(|number| *number != SIGINT) else {
                continue;
            };
            if forward::is_forwarding() {
                continue;
            }
            if let Some(first) = first {
                end(ui, first);
            }
            first = Some(number);
            std::thread::spawn(move || {
                finish(ui);
                end(ui, number);
            });
        }
    });
}

#[cfg(not(unix))]
fn start(_ui: Ui) {}

#[cfg(unix)]
#[allow(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "the main thread may be blocked in a read that nothing else can end"
)]
fn end(ui: Ui, number: i32) {
    // Held to the end, so that there is one.
    static ENDING: Mutex<()> = Mutex::new(());
    let _one = ENDING.lock().unwrap_or_else(PoisonError::into_inner);
    let _line = end_of_line();
    leave_question();
    clear_away();
    let signal = match number {
        signal_hook::consts::SIGINT => Signal::Interrupt,
        signal_hook::consts::SIGTERM => Signal::Terminate,
        // Whoever waits for us sees the signal itself.
        other => drop_to_default(other),
    };
    let activity = ACTIVITY
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let (what, hint) = activity.unwrap_or_else(|| {
        let again = "run the command again; nothing was lost";
        ("working".to_owned(), again.to_owned())
    });
    let failure = Failure::new(
        Kind::Interrupted(signal),
        format!("interrupted while {what}"),
    )
    .hint(hint);
    // Held to the end, so that no other thread has the last word.
    let _held = std::io::stderr().lock();
    ui.failure(&failure);
    std::process::exit(failure.kind().exit_code().into());
}

/// Ends the process after so long, with this failure: what waits for something
/// that knows of no deadline, such as a silent stdin, is in nobody's hands. A
/// renewal is finished first here too.
#[allow(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "the main thread may be blocked in a read that nothing else can end"
)]
pub fn end_after(ui: Ui, time: Duration, failure: impl FnOnce() -> Failure + Send + 'static) {
    // Whoever knows of the deadline has something better to say.
    const GRACE: Duration = Duration::from_secs(1);
    let end = move || {
        std::thread::sleep(time.saturating_add(GRACE));
        finish(ui);
        #[cfg(unix)]
        let _line = end_of_line();
        #[cfg(unix)]
        leave_question();
        clear_away();
        let failure = failure();
        // Held to the end, so that no other thread has the last word.
        let _held = std::io::stderr().lock();
        ui.failure(&failure);
        std::process::exit(failure.kind().exit_code().into());
    };
    // Without a thread for it the deadlines on the wire still hold.
    drop(std::thread::Builder::new().spawn(end));
}

/// Ends the process as the signal by itself would.
#[cfg(unix)]
#[allow(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "a signal whose default action cannot be had must end us all the same"
)]
fn drop_to_default(number: i32) -> ! {
    let _ = signal_hook::low_level::emulate_default_handler(number);
    std::process::exit(128 + number);
}
