//! A desktop session without a desktop: a D-Bus of its own, and on it a gnome-keyring with a new and
//! empty home. Nothing of the session the tests run in is touched.

use std::path::Path;

use tempfile::TempDir;

use crate::support::{Cmd, Running, eventually};

const PASSWORD: &str = "not-a-real-password";

/// No service can be activated on this bus: what is there was started by the test.
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

/// A running session; dropping it ends its processes, the keyring before the bus.
pub struct Session {
    keyring: Option<Running>,
    _bus: Running,
    address: String,
    dir: TempDir,
}

impl Session {
    /// A session with a bus and nobody on it.
    #[track_caller]
    pub fn without_keyring() -> Session {
        let dir = tempfile::Builder::new().prefix("hallpass-").tempdir();
        let dir = dir.expect("a temporary directory");
        let config = dir.path().join("bus.conf");
        let path = dir.path().to_str().expect("a plain path");
        write(&config, &BUS.replace("DIR", path));
        let args = [
            "--nofork",
            "--nopidfile",
            "--print-address=1",
            "--config-file",
        ];
        let config = config.to_str().expect("a plain path");
        let mut bus = Cmd::new("dbus-daemon", &[&args[..], &[config]].concat()).spawn();
        Session {
            keyring: None,
            address: bus.wait_for_stdout(|line| line.starts_with("unix:")),
            _bus: bus,
            dir,
        }
    }

    /// A session with an unlocked keyring.
    #[track_caller]
    pub fn unlocked() -> Session {
        let mut session = Session::without_keyring();
        session.start_keyring(&["--unlock"]);
        session
    }

    /// The keyring is restarted, as after a reboot: what it held is there, and locked, and nobody can
    /// be asked for the password.
    #[track_caller]
    pub fn lock(&mut self) {
        self.keyring = None;
        eventually("the keyring has left the bus", || {
            (!self.has_keyring()).then_some(())
        });
        self.start_keyring(&[]);
    }

    /// What leads a program into the session.
    pub fn variables(&self) -> [(&'static str, String); 3] {
        let dir = self.dir.path().display().to_string();
        [
            ("DBUS_SESSION_BUS_ADDRESS", self.address.clone()),
            ("HOME", dir.clone()),
            ("XDG_RUNTIME_DIR", dir),
        ]
    }

    /// All the keyring holds under `HALLPASS_HOME`, secrets too, as `secret-tool` shows it.
    #[track_caller]
    pub fn kept_for(&self, home: &Path) -> String {
        let service = format!("hallpass:{}", home.display());
        let args = ["search", "--all", "--unlock", "service", &service];
        let run = Cmd::new("secret-tool", &args).envs(self.variables()).run();
        // It shows the attributes on stderr, and ends with 1 where it finds nothing.
        format!("{}{}", run.stdout, run.stderr)
    }

    #[track_caller]
    fn start_keyring(&mut self, args: &[&str]) {
        let args = [&["--foreground", "--components=secrets"], args].concat();
        let keyring = Cmd::new("gnome-keyring-daemon", &args)
            .envs(self.variables())
            .stdin(PASSWORD);
        self.keyring = Some(keyring.spawn());
        eventually("a keyring is on the bus", || {
            self.has_keyring().then_some(())
        });
    }

    fn has_keyring(&self) -> bool {
        let ask = [
            "--session",
            "--print-reply",
            "--dest=org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus.NameHasOwner",
            "string:org.freedesktop.secrets",
        ];
        let run = Cmd::new("dbus-send", &ask).envs(self.variables()).run();
        run.ok().stdout.contains("boolean true")
    }
}

#[expect(clippy::disallowed_methods, reason = "a new file in a new directory")]
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the file can be written");
}
