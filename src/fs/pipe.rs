//! Reading what is no plain file: a pipe, a terminal, a device. It is read as it
//! comes, and not for longer than a deadline.

use std::fs::File;
use std::io::{self, Read as _};
use std::time::Duration;

/// The first `most` bytes of what was opened without waiting, and whether those
/// are all. The end must come within `patience`.
#[cfg(unix)]
pub(super) fn up_to(most: u64, mut file: File, patience: Duration) -> io::Result<(Vec<u8>, bool)> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use std::time::Instant;

    /// The wait between two looks, where polling says nothing (a terminal on macOS).
    const BREATH: Duration = Duration::from_millis(5);

    let late = || {
        let patience = humantime::format_duration(patience);
        io::Error::new(
            io::ErrorKind::TimedOut,
            format!("it did not come to its end within {patience}"),
        )
    };
    let deadline = Instant::now() + patience;
    let mut bytes = Vec::new();
    let mut block = zeroize::Zeroizing::new([0; 8192]);
    while bytes.len() as u64 <= most {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(late());
        }
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&file, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(late()),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        match file.read(block.as_mut_slice()) {
            Ok(0) => return Ok((bytes, true)),
            Ok(read) => bytes.extend_from_slice(&block[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(BREATH),
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok((bytes, false))
}

/// Elsewhere nothing of the kind lies among files, and there is nothing to poll.
#[cfg(not(unix))]
pub(super) fn up_to(most: u64, file: File, _patience: Duration) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    let whole = bytes.len() as u64 <= most;
    bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok((bytes, whole))
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::{Duration, Instant};

    #[test]
    fn a_pipe_whose_end_does_not_come_is_given_up_at_the_deadline() {
        let short = Duration::from_millis(100);
        let began = Instant::now();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let why = || crate::fs::read_text(&path, short).unwrap_err().why();
        assert!(why().contains("within 100ms"), "nobody writes: {}", why());
        // Reading and writing, so that opening it waits for nobody.
        let mut options = std::fs::OpenOptions::new();
        let mut open = options.read(true).write(true).open(&path).unwrap();
        std::io::Write::write_all(&mut open, b"begun-not-real").unwrap();
        assert!(why().contains("within 100ms"), "it stays open: {}", why());
        assert!(began.elapsed() < Duration::from_secs(50));
    }
}
