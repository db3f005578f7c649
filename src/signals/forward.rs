//! Signals that are a child's: while it runs, what comes for us goes on to it,
//! and we end when it does.

#[cfg(unix)]
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(unix)]
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Whether signals are a child's now, and nobody else's.
#[cfg(unix)]
static FORWARDING: AtomicBool = AtomicBool::new(false);

/// Whether signals are a child's now.
#[cfg(unix)]
pub(super) fn is_forwarding() -> bool {
    FORWARDING.load(Ordering::SeqCst)
}

/// While this lives, signals end the child rather than us, who wait for it and
/// clean up behind it.
#[derive(Debug)]
pub struct Forwarding {
    #[cfg(unix)]
    handle: Option<signal_hook::iterator::Handle>,
    #[cfg(unix)]
    child: Arc<Target>,
}

/// The child that signals are for.
#[cfg(unix)]
#[derive(Debug, Default)]
struct Target {
    stage: Mutex<Stage>,
    named: Condvar,
}

#[cfg(unix)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// It is not known yet.
    #[default]
    Unknown,
    /// It runs.
    Running(rustix::process::Pid),
    /// It has ended, and its id may be another's.
    Over,
}

/// Begins to forward signals to a child that is named later; one that comes
/// before that waits for it.
#[cfg(unix)]
pub fn forward_to_child() -> Forwarding {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::raw::WithRawSiginfo;
    let child = Arc::new(Target::default());
    let wanted = heeded(&[SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2]);
    let Ok(mut signals) = SignalsInfo::<WithRawSiginfo>::new(wanted) else {
        return Forwarding {
            handle: None,
            child,
        };
    };
    FORWARDING.store(true, Ordering::SeqCst);
    let handle = Some(signals.handle());
    let target = Arc::clone(&child);
    std::thread::spawn(move || {
        for info in &mut signals {
            if !reached_child_too(info.si_signo, info.si_code) {
                target.pass_on(info.si_signo);
            }
        }
    });
    Forwarding { handle, child }
}

/// Whether a signal came from the terminal, which sends it to the child as
/// well: Ctrl-C, Ctrl-\, the end of a shell whose window was closed.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn reached_child_too(number: i32, code: i32) -> bool {
    // A closed terminal tells the leader of its session alone (setsid(2)), which
    // we are where a window, a container or `ssh -t` was started with us.
    if number == signal_hook::consts::SIGHUP && leads_session() {
        return false;
    }
    // What a process sends has a code of zero or less (sigaction(2)).
    code > 0
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn leads_session() -> bool {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    is_leader(&stat).unwrap_or_default()
}

/// Whether a process leads its session (proc(5), `stat`: `PID (NAME) STATE PPID PGRP
/// SESSION …`, where the name may be anything). Not by getsid(2): a leader outside
/// our PID namespace is zero there, which rustix takes for what cannot be.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_leader(stat: &str) -> Option<bool> {
    let (pid, rest) = stat.split_once(' ')?;
    let (_, after_name) = rest.rsplit_once(") ")?;
    let session = after_name.split(' ').nth(3)?;
    Some(pid == session)
}

/// Elsewhere the code does not tell who sent it.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn reached_child_too(number: i32, _code: i32) -> bool {
    use std::io::IsTerminal as _;
    let keys = [signal_hook::consts::SIGINT, signal_hook::consts::SIGQUIT];
    keys.contains(&number) && std::io::stdin().is_terminal()
}

/// Has the system keep the end of our children until it is asked for. Where we
/// were started with SIGCHLD ignored, as some daemons do it, it would forget it.
#[cfg(unix)]
pub fn heed_children() {
    // Nobody looks at the flag: it is the handler that counts.
    let flag = Arc::new(AtomicBool::new(false));
    // Where there can be none, children fare as they did.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGCHLD, flag);
}

/// Elsewhere the end of a child is kept for whoever holds it.
#[cfg(not(unix))]
pub fn heed_children() {}

/// Those of some signals that we were not started to ignore, as `nohup` and a
/// shell's `&` have it: to watch them would give them to a child anew.
#[cfg(unix)]
pub(super) fn heeded(signals: &[i32]) -> Vec<i32> {
    let ignored = ignored();
    let heeded = signals.iter().copied();
    heeded
        .filter(|number| ignored & (1 << (number - 1)) == 0)
        .collect()
}

/// The mask of the signals that are ignored (proc(5), `SigIgn`); where that
/// cannot be told, none.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or_default()
}

/// Consoles elsewhere signal the child by themselves.
#[cfg(not(unix))]
pub fn forward_to_child() -> Forwarding {
    Forwarding {}
}

#[cfg(unix)]
impl Target {
    fn pass_on(&self, number: i32) {
        let stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        let stage = self
            .named
            .wait_while(stage, |stage| *stage == Stage::Unknown)
            .unwrap_or_else(PoisonError::into_inner);
        let signal = rustix::process::Signal::from_named_raw(number);
        if let (Stage::Running(pid), Some(signal)) = (*stage, signal) {
            // A child that has just ended needs no signal.
            let _ = rustix::process::kill_process(pid, signal);
        }
    }

    fn enter(&self, stage: Stage) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
        self.named.notify_all();
    }
}

impl Forwarding {
    /// Names the child, by its process id.
    #[cfg(unix)]
    pub fn to(&self, pid: u32) {
        let pid = i32::try_from(pid).ok();
        let pid = pid.and_then(rustix::process::Pid::from_raw);
        self.child.enter(pid.map_or(Stage::Over, Stage::Running));
    }

    /// Names the child.
    #[cfg(not(unix))]
    pub fn to(&self, _pid: u32) {}

    /// Notes that the child has ended: what comes now is let go, until this is
    /// dropped.
    #[cfg(unix)]
    pub fn over(&self) {
        self.child.enter(Stage::Over);
    }

    /// Notes that the child has ended.
    #[cfg(not(unix))]
    pub fn over(&self) {}
}

#[cfg(unix)]
impl Drop for Forwarding {
    fn drop(&mut self) {
        self.over();
        FORWARDING.store(false, Ordering::SeqCst);
        if let Some(handle) = &self.handle {
            handle.close();
        }
    }
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use super::is_leader;

    #[test]
    fn the_leader_of_a_session_is_told_by_its_number_whatever_its_name() {
        let cases = [
            ("7 (hallpass) S 1 7 7 34816 7 4194560", Some(true)),
            ("7 (a) b ( 7) S 1 7 3 34816 7", Some(false)),
            // The leader is not in our namespace.
            ("1 (hallpass) S 0 0 0 0 -1 4194560", Some(false)),
            ("", None),
            ("7 (hallpass) S 1", None),
        ];
        for (stat, leads) in cases {
            assert_eq!(is_leader(stat), leads, "{stat}");
        }
    }
}
