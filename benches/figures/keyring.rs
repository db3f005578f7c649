//! A gnome-keyring on a bus of its own, with a new and empty home: nothing of the session in which the
//! figures are taken is touched. Its processes end with it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::bench::text;
use crate::tools::{Tool, Tools};

/// No service can be activated on this bus.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=DIR/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// What finds the item that `secret-tool` looks up.
const ATTRIBUTES: [&str; 4] = ["service", "hallpass-bench", "account", "plain"];

/// How long a keyring may take to come up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running session. (Fields are dropped in this order: the keyring before its bus.)
pub(crate) struct Session {
    _keyring: Running,
    _bus: Running,
    address: String,
    dir: TempDir,
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Session {
    pub(crate) fn start(tools: &Tools) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("hallpass-").tempdir()?;
        let config = dir.path().join("bus.conf");
        crate::home::write(&config, BUS.replace("DIR", &text(dir.path())).as_bytes())?;
        let args = [
            "--nofork",
            "--nopidfile",
            "--print-address=1",
            "--config-file",
        ];
        let mut bus = command(&tools.dbus, &args)?;
        let bus = bus
            .arg(&config)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut bus = Running(bus.spawn()?);
        let said = bus.0.stdout.take().context("there is a pipe")?;
        let mut address = String::new();
        BufReader::new(said).read_line(&mut address)?;
        let address = address.trim().to_owned();

        let home = text(dir.path());
        let mut keyring = command(
            &tools.keyring,
            &["--foreground", "--components=secrets", "--unlock"],
        )?;
        let keyring = keyring.envs(variables(&address, &home));
        let keyring = keyring
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut keyring = Running(keyring.spawn()?);
        let stdin = keyring.0.stdin.take();
        stdin
            .context("there is a pipe")?
            .write_all(b"not-a-real-password")?;
        Ok(Session {
            _keyring: keyring,
            _bus: bus,
            address,
            dir,
        })
    }

    /// What leads a program into the session.
    pub(crate) fn variables(&self) -> [(&'static str, String); 3] {
        variables(&self.address, &text(self.dir.path()))
    }

    /// Keeps a text for `secret-tool` to look up, as soon as the keyring is up.
    pub(crate) fn keep(&self, tools: &Tools, secret: &str) -> Result<()> {
        let args = [&["store", "--label", "hallpass-bench"], &ATTRIBUTES[..]].concat();
        let begun = Instant::now();
        loop {
            let mut store = command(&tools.secret_tool, &args)?;
            let store = store.envs(self.variables()).stdin(Stdio::piped());
            let mut store = store.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
            let stdin = store.stdin.take();
            // Where no keyring is up yet it ends without reading.
            let _ = stdin
                .context("there is a pipe")?
                .write_all(secret.as_bytes());
            if store.wait()?.success() {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                bail!("gnome-keyring did not come up");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The command that looks it up.
    pub(crate) fn lookup(&self, tools: &Tools) -> Option<Command> {
        let args = [&["lookup"], &ATTRIBUTES[..]].concat();
        let mut lookup = tools.secret_tool.command(&args)?;
        lookup.envs(self.variables());
        Some(lookup)
    }
}

fn command(tool: &Tool, args: &[&str]) -> Result<Command> {
    let command = tool.command(args);
    command.with_context(|| format!("{} is not here", tool.name))
}

fn variables(address: &str, home: &str) -> [(&'static str, String); 3] {
    [
        ("DBUS_SESSION_BUS_ADDRESS", address.to_owned()),
        ("HOME", home.to_owned()),
        ("XDG_RUNTIME_DIR", home.to_owned()),
    ]
}
