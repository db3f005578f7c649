//! A terminal to run a program at, as a person does.

use std::fs::File;
use std::io::Write as _;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// The outside of a pseudo-terminal: what a person types, and sees.
pub struct Terminal(File);

impl Terminal {
    /// Both sides.
    pub fn open() -> (Terminal, File) {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        // A program that inherits it holds it open.
        #[cfg(target_os = "linux")]
        let flags = flags | OpenptFlags::CLOEXEC;
        let outside = openpt(flags).expect("a terminal");
        grantpt(&outside).expect("it is ours");
        unlockpt(&outside).expect("it is ours");
        let name = ptsname(&outside, Vec::new()).expect("it has a name");
        let name = name.into_string().expect("text");
        let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
        let flags = flags | rustix::fs::OFlags::CLOEXEC;
        let inside = rustix::fs::open(name, flags, rustix::fs::Mode::empty());
        (
            Terminal(File::from(outside)),
            File::from(inside.expect("it can be opened")),
        )
    }

    pub(super) fn clone_outside(&self) -> File {
        self.0.try_clone().expect("it can be had twice")
    }

    /// Gives it a size.
    pub fn resize(&self, columns: u16, rows: u16) {
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&self.0, size).expect("it is a terminal");
    }

    /// Types a line.
    #[track_caller]
    pub fn type_line(&mut self, line: &str) {
        writeln!(self.0, "{line}").expect("somebody sits there");
    }

    /// Whether it is as a shell leaves it: what is typed is shown, and read by lines.
    pub fn is_in_normal_mode(&self) -> bool {
        let modes = tcgetattr(&self.0).expect("it is a terminal").local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }
}
