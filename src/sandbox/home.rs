//! A throw-away `HALLPASS_HOME` for a sandbox, and the environment that leads a child into it.
//!
//! Promises: only the owner can read it, nothing of the user's own configuration is touched, and it
//! is removed when the value is dropped.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::{env, iter};

use anyhow::Context as _;
use tempfile::TempDir;

const SETTINGS: &str = "# A sandbox leaves the keychain alone.\nstore = \"file\"\n";

/// A temporary `HALLPASS_HOME` with the sandbox's definitions in it; gone when dropped.
pub struct Home(TempDir);

impl Home {
    /// Makes one with these definitions.
    pub fn new(definitions: &str) -> anyhow::Result<Home> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("hallpass-sandbox-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(std::fs::Permissions::from_mode(0o700));
        }
        let directory = builder
            .tempdir()
            .context("no temporary directory could be made")?;
        write_new(&directory.path().join("integrations.toml"), definitions)?;
        write_new(&directory.path().join("config.toml"), SETTINGS)?;
        Ok(Home(directory))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("`{}` cannot be written", path.display()))
}

/// The value of `HALLPASS_BROWSER` that makes this executable the scripted person.
pub fn browser_command(exe: &Path) -> anyhow::Result<String> {
    let exe = exe.to_str().with_context(|| {
        format!(
            "`{}` cannot be put in HALLPASS_BROWSER, it is no UTF-8",
            exe.display()
        )
    })?;
    Ok(format!("{} sandbox --visit", shell_words::quote(exe)))
}

/// `PATH` with the executable's directory first, so that `hallpass` means this one.
pub fn path_with(exe: &Path, path: Option<&OsStr>) -> anyhow::Result<OsString> {
    let directory = exe.parent().map(Path::to_path_buf).unwrap_or_default();
    let rest = path.into_iter().flat_map(env::split_paths);
    env::join_paths(iter::once(directory).chain(rest))
        .with_context(|| format!("the directory of `{}` cannot stand in PATH", exe.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_command_survives_being_split() {
        for exe in [
            "/usr/bin/hallpass",
            "/opt/my tools/it's/hallpass",
            "C:\\x y\\hallpass.exe",
        ] {
            let command = browser_command(Path::new(exe)).expect("UTF-8");
            let words = shell_words::split(&command).expect("splits");
            assert_eq!(words, [exe, "sandbox", "--visit"]);
        }
    }

    #[test]
    fn the_home_is_private_and_goes_away() {
        let home = Home::new("").expect("a temporary directory");
        let path = home.path().to_path_buf();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| {
                let metadata = path.metadata().expect("it is there");
                metadata.permissions().mode() & 0o777
            };
            assert_eq!(mode(&path), 0o700);
            assert_eq!(mode(&path.join("integrations.toml")), 0o600);
        }
        drop(home);
        assert!(!path.exists());
    }
}
