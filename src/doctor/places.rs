//! The directories of definitions and data: that they are their owner's, that
//! there is room, and that nothing was left behind by a write that broke off.

use std::path::{Path, PathBuf};

use super::{Finding, Remedy, Subject, count};
use crate::context::Context;
#[cfg(unix)]
use crate::error::Kind;
use crate::fs;

/// Looks at the places of this user.
pub(super) fn look(context: &Context) -> Vec<Finding> {
    let paths = &context.paths;
    let Ok(data) = paths.data() else {
        // The store says what is to be done without a home.
        return Vec::new();
    };
    let config = paths.settings().ok();
    let config = config.as_deref().and_then(Path::parent);
    let mut findings = Vec::new();
    #[cfg(unix)]
    {
        let keys = [
            paths.made_key_file().ok(),
            context.settings.key_file.clone(),
        ];
        findings.extend(keys.iter().flatten().filter_map(|key| unix::key(key)));
        findings.extend(config.and_then(|dir| unix::directory(dir, false)));
        findings.extend(unix::directory(data, true));
        findings.extend(unix::room(data));
    }
    let dirs = ["", "connections", "credentials", "locks", "trusted"].map(|name| data.join(name));
    let dirs: Vec<&Path> = config
        .into_iter()
        .chain(dirs.iter().map(PathBuf::as_path))
        .collect();
    findings.extend(leftovers(&dirs));
    findings
}

/// Temporary files of writes that never came to their end.
fn leftovers(dirs: &[&Path]) -> Option<Finding> {
    let found: Vec<PathBuf> = dirs.iter().flat_map(|dir| fs::leftovers(dir)).collect();
    if found.is_empty() {
        return None;
    }
    let quoted: Vec<String> = found.iter().map(|path| quoted(path)).collect();
    let message = format!(
        "{} left behind by writes that broke off; they may hold sealed credentials",
        count(found.len(), "temporary file")
    );
    let remedy = Remedy::run(format!("rm {}", quoted.join(" ")));
    Some(Finding::warning(Subject::Store, message, remedy))
}

fn quoted(path: &Path) -> String {
    shell_words::quote(&path.display().to_string()).into_owned()
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{Finding, Kind, Path, Remedy, Subject, quoted};

    /// So little room that the next writes may fail, in bytes.
    const LITTLE: u64 = 1024 * 1024;

    fn mode(path: &Path) -> Option<u32> {
        let meta = path.metadata().ok()?;
        Some(meta.permissions().mode() & 0o777)
    }

    /// Whoever reads the key can open every credential.
    pub(super) fn key(path: &Path) -> Option<Finding> {
        let mode = mode(path)?;
        let of_others = mode & 0o077;
        if of_others == 0 {
            return None;
        }
        let shown = path.display();
        let message = format!(
            "others can read the key `{shown}` (mode {mode:o}), and with it every credential"
        );
        let remedy = Remedy::run(format!("chmod 600 {}", quoted(path)));
        Some(Finding::problem(
            Subject::Store,
            Kind::Store,
            message,
            remedy,
        ))
    }

    /// `private`: others have no business reading there either.
    pub(super) fn directory(path: &Path, private: bool) -> Option<Finding> {
        let mode = mode(path)?;
        let shown = path.display();
        let shell = quoted(path);
        if mode & 0o022 != 0 {
            let message = format!(
                "others can write in `{shown}` (mode {mode:o}): they could put files of their own there"
            );
            let remedy = Remedy::run(format!("chmod go-w {shell}"));
            let kind = Kind::Store;
            return Some(Finding::problem(Subject::Store, kind, message, remedy));
        }
        if private && mode & 0o055 != 0 {
            let message = format!(
                "others can see into `{shown}` (mode {mode:o}): accounts, scopes and parameters are in the open there"
            );
            let remedy = Remedy::run(format!("chmod 700 {shell}"));
            return Some(Finding::warning(Subject::Store, message, remedy));
        }
        None
    }

    /// The room on the disk that data go to.
    pub(super) fn room(data: &Path) -> Option<Finding> {
        let there = data.ancestors().find(|dir| dir.exists())?;
        let disk = rustix::fs::statvfs(there).ok()?;
        judge(there, disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    pub(super) fn judge(dir: &Path, free: u64) -> Option<Finding> {
        let shown = dir.display();
        let remedy = Remedy::run(format!("df -h {}", quoted(dir))).and("make room there");
        if free == 0 {
            let message = format!("the disk of `{shown}` is full: nothing can be renewed");
            let kind = Kind::Store;
            return Some(Finding::problem(Subject::Store, kind, message, remedy));
        }
        (free < LITTLE).then(|| {
            let message = format!("the disk of `{shown}` is nearly full ({free} bytes are free)");
            Finding::warning(Subject::Store, message, remedy)
        })
    }

    #[cfg(test)]
    mod tests {
        use super::super::super::Status;
        use super::*;

        #[test]
        fn a_full_disk_is_a_problem_and_a_nearly_full_one_a_warning() {
            for (free, status) in [
                (0, Some(Status::Problem(Kind::Store))),
                (LITTLE - 1, Some(Status::Warning)),
                (LITTLE, None),
            ] {
                let found = judge(Path::new("/data"), free);
                assert_eq!(found.map(|finding| finding.status), status, "{free}");
            }
        }
    }
}
