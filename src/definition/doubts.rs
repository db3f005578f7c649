//! What may be amiss outside the definition file, and costs a look at files or
//! a program to find out: a secret that is written out where others see it, a
//! picture that cannot be shown, a variable that is not set. Reading notes the doubts; only `check` goes
//! after them, as warnings, so that no other command pays for it.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::brand::Picture;
use super::report::{Problem, Severity};
use super::tree::Node;
use crate::env;

/// How long git may take to say whether it tracks a file.
const PATIENCE: Duration = Duration::from_secs(2);

/// What tells git of another repository than the one a file lies in.
const GIT_VARIABLES: [&str; 3] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"];

/// Something to look into.
#[derive(Debug)]
pub(super) struct Doubt {
    what: What,
    /// Where the warning would point to; the rest is filled in.
    place: Problem,
}

#[derive(Debug)]
enum What {
    Secret { name: String, instead: String },
    Picture(Picture),
    Variable(String),
}

impl Doubt {
    /// A secret that is written out. `name` is how messages call its key,
    /// `instead` what to write there.
    pub(super) fn secret(node: &Node, name: String, instead: String) -> Self {
        Self {
            what: What::Secret { name, instead },
            place: place(node),
        }
    }

    /// An environment variable that may not be set.
    pub(super) fn variable(node: &Node, name: String) -> Self {
        Self {
            what: What::Variable(name),
            place: place(node),
        }
    }

    /// A picture that may not be there, or not be one.
    pub(super) fn picture(node: &Node, picture: Picture) -> Self {
        Self {
            what: What::Picture(picture),
            place: place(node),
        }
    }
}

fn place(node: &Node) -> Problem {
    let mut problem = node.problem("", "");
    problem.severity = Severity::Warning;
    problem
}

/// What turns out to be amiss.
pub(super) fn confirmed(doubts: &[Doubt]) -> Vec<Problem> {
    let mut tracked: HashMap<&Path, bool> = HashMap::new();
    let mut warnings = Vec::new();
    for doubt in doubts {
        match &doubt.what {
            What::Secret { name, instead } => {
                let file = doubt.place.source.path.as_path();
                warnings.extend(mode_if_open(file).map(|mode| doubt.open(name, instead, mode)));
                if *tracked.entry(file).or_insert_with(|| is_tracked(file)) {
                    warnings.push(doubt.tracked(name, instead));
                }
            }
            What::Variable(name) if env::var(name).is_none() => warnings.push(doubt.warning(
                format!("the environment variable `{name}` is not set"),
                "what needs it fails until it is".to_owned(),
                format!("set `{name}` where hallpass runs"),
            )),
            What::Variable(_) => {}
            What::Picture(picture) => warnings.extend(picture.read().err().map(|error| {
                doubt.warning(
                    format!("the picture `{}` is not shown", picture.path.display()),
                    error.to_string(),
                    "save a png, svg, jpeg, gif or webp file of at most 64 KiB there".to_owned(),
                )
            })),
        }
    }
    warnings
}

impl Doubt {
    fn open(&self, name: &str, instead: &str, mode: u32) -> Problem {
        let file = self.place.source.path.display();
        self.warning(
            format!("`{name}` is written out in a file that others can read"),
            format!("the file's mode is {mode:o}, and the secret is no secret to the other users of this machine"),
            format!("make the file yours alone: `chmod 600 {file}`; or name a place: `{instead}`"),
        )
    }

    fn tracked(&self, name: &str, instead: &str) -> Problem {
        self.warning(
            format!("`{name}` is written out in a file that git tracks"),
            "whoever gets the repository gets the secret, and its history keeps it".to_owned(),
            format!("name a place instead: `{instead}`; and let the provider issue a new secret if this one was ever pushed"),
        )
    }

    fn warning(&self, message: String, why: String, help: String) -> Problem {
        let mut warning = self.place.clone();
        warning.message = message;
        warning.why = Some(why);
        warning.help = Some(help);
        warning
    }
}

/// The mode of a file that is not its owner's alone.
#[cfg(unix)]
fn mode_if_open(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let meta = std::fs::metadata(path).ok()?;
    let mode = meta.permissions().mode() & 0o777;
    (meta.is_file() && mode & 0o077 != 0).then_some(mode)
}

/// Elsewhere a profile directory's inherited permissions are the protection.
#[cfg(not(unix))]
fn mode_if_open(_path: &Path) -> Option<u32> {
    None
}

/// Whether git tracks a file. Links are followed first: a directory of dotfiles
/// is what they most often lead to. Without a repository around the file
/// nothing is run, and without an answer in time nothing is claimed. git is
/// asked rather than its index read, which has four versions, two hashes, and
/// parts in other files.
fn is_tracked(path: &Path) -> bool {
    let Ok(path) = std::fs::canonicalize(path) else {
        return false;
    };
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return false;
    };
    if !dir.ancestors().any(|dir| dir.join(".git").exists()) {
        return false;
    }
    let mut git = Command::new("git");
    git.arg("-C").arg(dir);
    // A repository's settings may name a program for this, which is not run.
    git.args(["-c", "core.fsmonitor=false", "--literal-pathspecs"]);
    git.args(["ls-files", "--error-unmatch", "--"]).arg(name);
    for variable in GIT_VARIABLES {
        git.env_remove(variable);
    }
    git.env_remove(env::HALLPASS_KEY);
    git.stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    succeeds(&mut git)
}

/// Whether a program ends well, and in time.
fn succeeds(command: &mut Command) -> bool {
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(2)),
            Err(_) => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}
