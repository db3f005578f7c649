//! Where this runs, as far as it decides whether a browser can open here and
//! whether one elsewhere reaches this machine's loopback: an SSH session, WSL,
//! a container, a Unix without a display. It is read off the environment and
//! the places where such systems leave their mark; nothing is started.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use crate::env;

/// What container engines leave in their containers.
const CONTAINER_MARKS: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];
/// Where Linux says which kernel it is; that of WSL names its maker.
#[cfg(target_os = "linux")]
const KERNEL: &str = "/proc/sys/kernel/osrelease";

/// Where this runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// The SSH session this runs in.
    pub ssh: Option<Ssh>,
    /// Whether this is the Linux of a Windows machine.
    pub wsl: bool,
    /// Whether this is a container.
    pub container: bool,
    /// Whether there is a screen to open a window on.
    pub display: bool,
}

/// The near end of an SSH session, as sshd tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ssh {
    /// The address that was logged in to.
    pub host: Option<IpAddr>,
    /// Its port.
    pub port: Option<u16>,
    /// Who logged in.
    pub user: Option<String>,
}

/// Why no browser can open here, as a clause that may follow “because”.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It would open on the far machine's screen.
    Ssh,
    /// A container, and no display in it.
    Container,
    /// No display.
    Display,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Obstacle::Ssh => "this is an SSH session",
            Obstacle::Container => "there is no display in this container",
            Obstacle::Display => "there is no display",
        })
    }
}

impl Surroundings {
    /// Looks around.
    pub fn look() -> Self {
        let is_set = |name: &str| env::var(name).is_some();
        let marked = || CONTAINER_MARKS.iter().any(|mark| Path::new(mark).exists());
        let container = is_set(env::CONTAINER) || is_set(env::KUBERNETES_SERVICE_HOST) || marked();
        // A container on WSL has that kernel too, and no way to Windows.
        let wsl = is_set(env::WSL_DISTRO_NAME) || (!container && has_wsl_kernel());
        let needs_display = cfg!(all(unix, not(target_os = "macos")));
        let screens = [env::DISPLAY, env::WAYLAND_DISPLAY];
        Self {
            ssh: Ssh::look(),
            wsl,
            container,
            display: !needs_display || screens.into_iter().any(is_set),
        }
    }

    /// Why the platform's browser cannot open here; `None` where it can.
    pub fn obstacle(&self) -> Option<Obstacle> {
        if self.ssh.is_some() {
            Some(Obstacle::Ssh)
        } else if self.display || self.wsl {
            None
        } else if self.container {
            Some(Obstacle::Container)
        } else {
            Some(Obstacle::Display)
        }
    }
}

#[cfg(target_os = "linux")]
fn has_wsl_kernel() -> bool {
    let release = std::fs::read_to_string(KERNEL).unwrap_or_default();
    release.to_ascii_lowercase().contains("microsoft")
}

#[cfg(not(target_os = "linux"))]
fn has_wsl_kernel() -> bool {
    false
}

impl Ssh {
    fn look() -> Option<Self> {
        let connection = env::var(env::SSH_CONNECTION);
        if connection.is_none() && env::var(env::SSH_TTY).is_none() {
            return None;
        }
        let user = env::USERS.into_iter().find_map(env::var);
        Some(Self::read(&connection.unwrap_or_default(), user))
    }

    /// Reads `SSH_CONNECTION`: the client's address and port, then the
    /// server's. What is no address or port is left out.
    fn read(connection: &str, user: Option<String>) -> Self {
        let words: Vec<&str> = connection.split_whitespace().collect();
        let (host, port) = match words[..] {
            [_, _, host, port] => (host.parse::<IpAddr>().ok(), port.parse().ok()),
            _ => (None, None),
        };
        let plain = |user: &String| !user.starts_with('-') && !user.contains(char::is_control);
        Self {
            host: host.map(|host| host.to_canonical()),
            port,
            user: user.filter(plain),
        }
    }

    /// Whether the address is known that the command of `forward` needs.
    pub fn is_placed(&self) -> bool {
        self.host.is_some()
    }

    /// The command that brings a browser's port `seen`, on the machine where
    /// the session was begun, to a listener on this one's loopback. The listener's
    /// `host` is an address, IPv6 in brackets.
    pub fn forward(&self, seen: u16, (host, port): (&str, u16)) -> String {
        let way = format!("{seen}:{host}:{port}");
        let own = self.host.map(|host| host.to_string());
        let own = own.unwrap_or_else(|| "HOST".to_owned());
        let place = match &self.user {
            Some(user) => format!("{user}@{own}"),
            None => own,
        };
        let sshd = self.port.filter(|port| *port != 22);
        let sshd = sshd.map(|port| format!(" -p {port}")).unwrap_or_default();
        format!(
            "ssh -N -L {}{sshd} {}",
            shell_words::quote(&way),
            shell_words::quote(&place)
        )
    }
}

/// The command that says who listens on a port.
pub fn who_listens(port: u16) -> String {
    if cfg!(target_os = "linux") {
        format!("ss -ltnp 'sport = :{port}'")
    } else if cfg!(windows) {
        format!("netstat -ano | findstr :{port}")
    } else {
        format!("lsof -nP -iTCP:{port} -sTCP:LISTEN")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(connection: &str, user: Option<&str>, host: &str) -> String {
        Ssh::read(connection, user.map(ToOwned::to_owned)).forward(4000, (host, 4001))
    }

    #[test]
    fn the_line_for_ssh_is_one_that_a_shell_and_ssh_take() {
        for (connection, user, host, line) in [
            (
                "198.51.100.7 51000 203.0.113.5 22",
                Some("me"),
                "127.0.0.1",
                "ssh -N -L 4000:127.0.0.1:4001 me@203.0.113.5",
            ),
            (
                "198.51.100.7 51000 203.0.113.5 2222",
                None,
                "127.0.0.1",
                "ssh -N -L 4000:127.0.0.1:4001 -p 2222 203.0.113.5",
            ),
            // ssh takes brackets in what it forwards, and none around its host;
            // to a shell they are a pattern.
            (
                "2001:db8::7 51000 2001:db8::5 22",
                Some("me"),
                "[::1]",
                "ssh -N -L '4000:[::1]:4001' me@2001:db8::5",
            ),
            (
                "::ffff:198.51.100.7 51000 ::ffff:203.0.113.5 22",
                Some("CORP\\me"),
                "127.0.0.1",
                "ssh -N -L 4000:127.0.0.1:4001 'CORP\\me@203.0.113.5'",
            ),
            // An address that means something only here, none, and nonsense.
            (
                "fe80::7%eth0 1 fe80::5%eth0 22",
                Some("me"),
                "127.0.0.1",
                "ssh -N -L 4000:127.0.0.1:4001 me@HOST",
            ),
            (
                "",
                Some("-oProxyCommand=x"),
                "127.0.0.1",
                "ssh -N -L 4000:127.0.0.1:4001 HOST",
            ),
            (
                "a b $(x) ;y",
                Some("a\u{1b}b"),
                "127.0.0.1",
                "ssh -N -L 4000:127.0.0.1:4001 HOST",
            ),
        ] {
            assert_eq!(forward(connection, user, host), line, "{connection}");
        }
    }

    #[test]
    fn what_is_in_the_way_of_a_browser_is_named() {
        let here = |ssh: bool, wsl, container, display| Surroundings {
            ssh: ssh.then(Ssh::default),
            wsl,
            container,
            display,
        };
        for (here, obstacle) in [
            (here(false, false, false, true), None),
            (here(true, false, false, true), Some(Obstacle::Ssh)),
            (here(true, true, true, false), Some(Obstacle::Ssh)),
            (here(false, true, false, false), None),
            (here(false, false, true, true), None),
            (here(false, false, true, false), Some(Obstacle::Container)),
            (here(false, false, false, false), Some(Obstacle::Display)),
        ] {
            assert_eq!(here.obstacle(), obstacle, "{here:?}");
        }
    }
}
