//! Whether a program is there, found the way the system would find it.

use std::path::{Path, PathBuf};

use crate::env;

/// Where the program is that this word starts; `None`: nowhere.
pub fn find(program: &str) -> Option<PathBuf> {
    let named = Path::new(program);
    if named.components().count() > 1 {
        return is_program(named).then(|| named.to_owned());
    }
    let path = env::var_os(env::PATH)?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find_map(|candidate| {
            let with_ending = candidate.with_extension("exe");
            [candidate, with_ending].into_iter().find(|c| is_program(c))
        })
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}
