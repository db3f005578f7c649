//! A `HALLPASS_HOME` with connections that need nobody, in a directory that goes with the process.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::server::{FIRST_REFRESH, Server};

/// The binary that is measured, built like a release.
pub(crate) const HALLPASS: &str = env!("CARGO_BIN_EXE_hallpass");

/// The access token of every home.
pub(crate) const TOKEN: &str = "access-token-of-a-usual-length-0123456789-not-real";

/// A home, and the variables that its programs get.
pub(crate) struct Home {
    dir: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Home {
    /// A home whose integration `plain` is the server over http, and `secure` over https, among as
    /// many others as make `integrations` in all. Neither is connected.
    pub(crate) fn new(server: &Server, integrations: usize) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("hallpass-").tempdir()?;
        let home = Home {
            dir,
            variables: vec![("HALLPASS_STORE", "file".to_owned())],
        };
        let mut text = String::new();
        for number in 2..integrations {
            text.push_str(&definition(
                &format!("other-{number}"),
                "https://api.example.com",
                "https://example.com/token",
            ));
        }
        let token_url = format!("{}/token", server.plain);
        text.push_str(&definition("plain", &server.plain, &token_url));
        text.push_str(&definition("secure", &server.secure, &token_url));
        home.write("integrations.toml", text.as_bytes())?;
        Ok(home)
    }

    /// The same, with a token for both that lives for an hour.
    pub(crate) fn connected(server: &Server, integrations: usize) -> Result<Self> {
        let home = Home::new(server, integrations)?;
        home.connect("plain", 3600)?;
        home.connect("secure", 3600)?;
        Ok(home)
    }

    /// Sets a variable for the programs of this home.
    pub(crate) fn set(&mut self, name: &'static str, value: String) {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value));
    }

    /// Where a file of this name is in it, or would be.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file for its owner alone.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let path = self.file(name);
        write(&path, bytes)?;
        Ok(path)
    }

    /// The binary in this home.
    pub(crate) fn hallpass(&self, args: &[&str]) -> Command {
        let mut command = Command::new(HALLPASS);
        command.args(args).env_clear();
        command.env("HALLPASS_HOME", self.dir.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Connects with a token that lives for so many seconds, in the place of an earlier one.
    pub(crate) fn connect(&self, connection: &str, life: u32) -> Result<()> {
        let args = [
            "connect",
            connection,
            "--no-test",
            "--force",
            "--with-token",
            "-",
        ];
        let mut command = self.hallpass(&args);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let answer = format!(
            r#"{{"access_token":"{TOKEN}","refresh_token":"{FIRST_REFRESH}","token_type":"Bearer","expires_in":{life}}}"#
        );
        let mut stdin = child.stdin.take().context("there is a pipe")?;
        stdin.write_all(answer.as_bytes())?;
        drop(stdin);
        let run = child.wait_with_output()?;
        if !run.status.success() {
            bail!("`connect` failed: {}", String::from_utf8_lossy(&run.stderr));
        }
        Ok(())
    }
}

/// A definition like those that people write.
fn definition(key: &str, origin: &str, token_url: &str) -> String {
    format!(
        r#"
[integrations.{key}]
name = "Service"
docs = "https://docs.example.com/apps"
[integrations.{key}.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "https://example.com/login/oauth/authorize"
token_url = "{token_url}"
client_id = "id-0123456789"
scopes = ["repo", "read:user"]
[integrations.{key}.api]
base_url = "{origin}"
headers = {{ Accept = "application/json" }}
test = "/small"
account = "login"
"#
    )
}

/// Writes a file whole, in the place of one that is there.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let dir = path.parent().context("it is in a directory")?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
