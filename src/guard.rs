//! What keeps secrets in when this process comes to a bad end: its memory is
//! never written to a core file, other processes of the user cannot look into
//! it where the system can forbid that, and a panic says where it happened and
//! nothing of what was at hand.

use std::io;
use std::panic::Location;
use std::path::Path;
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::error::{Failure, Kind};
use crate::signals;
use crate::ui::Ui;

/// The limit on core files before it was lowered; held while it is raised for a
/// child.
#[cfg(unix)]
static FOUND: Mutex<Option<Rlimit>> = Mutex::new(None);

/// Forbids core files. On Linux the process is also made not dumpable
/// (prctl(2), `PR_SET_DUMPABLE`), which holds where cores go to a program
/// rather than a file, and shuts `/proc/PID/mem` and `environ` to others; it
/// ends with the next execve, so that no child is touched by it. The limit is
/// inherited; only the soft one is set, and [`as_found`] gives it back to those
/// children that are the user's own. What fails is let go: there is nothing to
/// be done about it, and nothing depends on it.
#[cfg(unix)]
pub fn keep_memory_private() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    let found = getrlimit(Resource::Core);
    if setrlimit(Resource::Core, lowered(&found)).is_ok() {
        FOUND
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(found);
    }
}

#[cfg(unix)]
fn lowered(found: &Rlimit) -> Rlimit {
    Rlimit {
        current: Some(0),
        maximum: found.maximum,
    }
}

/// Elsewhere the system's own reports are its administrator's to govern.
#[cfg(not(unix))]
pub fn keep_memory_private() {}

/// Starts a child that goes on without us or in our place, a browser or the
/// command behind `--`, with the limit on core files that we were started with.
/// What is run to ask it something is none of these, and keeps the lowered limit:
/// a value's command, which has a secret in its memory, and `git`.
#[cfg(unix)]
pub fn as_found<T>(start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(limit) = found.as_ref() else {
        return start();
    };
    let _ = setrlimit(Resource::Core, *limit);
    let started = start();
    let _ = setrlimit(Resource::Core, lowered(limit));
    started
}

/// Elsewhere there is no such limit.
#[cfg(not(unix))]
pub fn as_found<T>(start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    start()
}

/// Lets panics say where they happened instead of what with: the text of a
/// library's panic may hold the value it was at. In whatever thread it is, the
/// process ends with the code of what nobody foresaw, once what another thread
/// must not lose is safe. (The release build does not unwind.)
#[allow(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "the only way from here to an exit code"
)]
pub fn report_panics(ui: Ui) {
    std::panic::set_hook(Box::new(move |panic| {
        signals::finish_after_panic(ui);
        ui.failure(&defect(panic.location()));
        std::process::exit(Kind::Internal.exit_code().into());
    }));
}

fn defect(location: Option<&Location<'_>>) -> Failure {
    let place = location.map_or_else(
        || "an unknown place".to_owned(),
        |at| format!("{}:{}:{}", short(at.file()), at.line(), at.column()),
    );
    Failure::new(
        Kind::Internal,
        format!("hallpass has a defect, which it came upon at {place}"),
    )
    .hint("report it with this line, `hallpass --version` and the command, without secrets; then run the command again")
}

/// A source file without the directories of the machine it was built on: from
/// the package's own on.
fn short(file: &str) -> String {
    let parts: Vec<_> = Path::new(file).components().collect();
    let src = parts.iter().rposition(|part| part.as_os_str() == "src");
    let from = src.map_or(parts.len().saturating_sub(1), |at| at.saturating_sub(1));
    let shown: std::path::PathBuf = parts[from..].iter().collect();
    shown.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Color;

    /// Set in the process that is to panic, which is this very test again.
    const PANICS: &str = "HALLPASS_TEST_PANICS";

    #[test]
    #[allow(
        clippy::disallowed_methods,
        reason = "the variable is this test's own and unknown to the program"
    )]
    fn a_panic_tells_where_and_never_what() {
        if let Some(form) = std::env::var_os(PANICS) {
            report_panics(Ui::new(Color::Never, false, form == "json"));
            panic!("the value is `s3cret-not-real`");
        }
        for form in ["text", "json"] {
            let run = std::process::Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "guard::tests::a_panic_tells_where_and_never_what",
                ])
                .args(["--nocapture", "--test-threads=1"])
                .env(PANICS, form)
                .env("RUST_BACKTRACE", "full")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&run.stderr).into_owned();
            let all = format!("{said}{}", String::from_utf8_lossy(&run.stdout));
            assert_eq!(run.status.code(), Some(1), "{all}");
            assert!(said.contains("src/guard.rs:"), "{all}");
            assert!(!all.contains("s3cret-not-real"), "{all}");
            assert!(!said.contains("backtrace"), "{all}");
            if form == "json" {
                let last = said.lines().find(|line| line.starts_with('{')).unwrap();
                let object: serde_json::Value = serde_json::from_str(last).unwrap();
                assert_eq!(object["error"]["kind"], "internal", "{all}");
                assert_eq!(object["error"]["exit_code"], 1, "{all}");
            } else {
                assert!(said.contains("hint: report it"), "{all}");
            }
        }
    }

    #[test]
    fn a_place_is_shown_without_the_building_machines_directories() {
        for (file, shown) in [
            ("src/cli/mod.rs", "src/cli/mod.rs"),
            (
                "/home/me/.cargo/registry/src/index.crates.io-1/url-2.5.0/src/lib.rs",
                "url-2.5.0/src/lib.rs",
            ),
            (
                "/rustc/0123abc/library/core/src/option.rs",
                "core/src/option.rs",
            ),
            ("/home/me/build.rs", "build.rs"),
        ] {
            assert_eq!(short(file), shown);
        }
    }
}
