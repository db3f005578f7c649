//! A `HALLPASS_HOME` of a test's own, gone when the test ends.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Cmd, Run};

/// The binary under test.
pub const HALLPASS: &str = env!("CARGO_BIN_EXE_hallpass");

/// A temporary `HALLPASS_HOME` that only its owner can read.
pub struct Home(TempDir);

impl Home {
    /// Makes an empty one.
    pub fn new() -> Home {
        let mut builder = tempfile::Builder::new();
        builder.prefix("hallpass-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        Home(builder.tempdir().expect("a temporary directory"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file in it, in the place of one that is there, readable by the owner alone.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        let parent = path.parent().expect("it is below the home");
        fs::create_dir_all(parent).expect("the directory can be made");
        // A temporary file is its owner's alone (0600) by itself.
        let mut file = tempfile::NamedTempFile::new_in(parent).expect("the file can be made");
        file.write_all(text.as_bytes())
            .expect("the file can be written");
        file.persist(&path).expect("the file can be put in place");
        path
    }

    /// Changes its definitions, which must change by it.
    #[track_caller]
    pub fn edit(&self, change: impl Fn(&str) -> String) {
        let path = self.path().join("integrations.toml");
        let text = fs::read_to_string(path).expect("there are definitions");
        let changed = change(&text);
        assert_ne!(text, changed, "the definitions are as they were");
        self.write("integrations.toml", &changed);
    }

    /// Takes the lines of its definitions away that begin with one of these words.
    #[track_caller]
    pub fn drop_lines(&self, words: &[&str]) {
        self.edit(|text| {
            let kept = text
                .lines()
                .filter(|line| !words.iter().any(|word| line.starts_with(word)));
            kept.collect::<Vec<_>>().join("\n")
        });
    }

    /// The token that `hallpass token` prints for a connection.
    #[track_caller]
    pub fn token(&self, connection: &str) -> String {
        let run = self.hallpass(&["token", connection]).run().ok();
        run.line().to_owned()
    }

    /// The binary with these arguments, this home and the `file` store, and no other variable but
    /// `PATH`.
    pub fn hallpass(&self, args: &[&str]) -> Cmd {
        Cmd::new(HALLPASS, args)
            .env("HALLPASS_HOME", self.path())
            .env("HALLPASS_STORE", "file")
    }

    /// A bash script, with the binary first in `PATH`, this home and the `file` store.
    pub fn shell(&self, script: &str) -> Cmd {
        let directory = Path::new(HALLPASS).parent().expect("it is in a directory");
        let script = format!(
            "PATH={}:$PATH; {script}",
            shell_words::quote(&directory.to_string_lossy())
        );
        Cmd::new("bash", &["-c", &script])
            .env("HALLPASS_HOME", self.path())
            .env("HALLPASS_STORE", "file")
    }

    /// Connects, the sandbox's scripted person standing in for a browser, and asserts success.
    #[track_caller]
    pub fn connect(&self, connection: &str) -> Run {
        self.hallpass(&["connect", connection])
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run()
            .ok()
    }

    /// The same, without the test request at the end.
    #[track_caller]
    pub fn connect_untested(&self, connection: &str) -> Run {
        self.hallpass(&["connect", connection, "--no-test"])
            .env("HALLPASS_BROWSER", Home::sandbox_person())
            .run()
            .ok()
    }

    /// All files in it, at any depth.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut directories = vec![self.path().to_owned()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).expect("it can be listed") {
                let path = entry.expect("it can be listed").path();
                if path.is_dir() {
                    directories.push(path);
                } else {
                    found.push(path);
                }
            }
        }
        found
    }

    /// The files in it, whatever their names, whose bytes contain this text.
    pub fn files_with(&self, text: &str) -> Vec<PathBuf> {
        let mut found = self.files();
        found.retain(|path| {
            let bytes = fs::read(path).expect("it can be read");
            let mut windows = bytes.windows(text.len());
            windows.any(|window| window == text.as_bytes())
        });
        found
    }

    /// The value of `HALLPASS_BROWSER` that approves whatever a sandbox asks.
    pub fn sandbox_person() -> String {
        format!("{} sandbox --visit", shell_words::quote(HALLPASS))
    }
}
