//! Room on the disk, taken before it is needed: what must be kept once it has
//! come, such as a rotated refresh token, is written into blocks that are there
//! already, however full the disk has become meanwhile.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::write;

/// Room for a file, beside its place. Dropped unused, it is given back.
#[derive(Debug)]
pub struct Room {
    file: tempfile::NamedTempFile,
    bytes: usize,
}

impl Room {
    /// Takes room for a file of this many bytes at `path`.
    pub fn take(path: &Path, bytes: usize) -> io::Result<Self> {
        let mut file = write::temporary(write::directory_of(path)?)?;
        // Not zeros, which some file systems keep nowhere.
        file.write_all(&vec![b'.'; bytes])?;
        file.as_file().sync_all()?;
        Ok(Self { file, bytes })
    }

    /// Replaces the file at `path` whole and durably, as
    /// [`super::write_atomic`] does. What is larger than the room finds its own.
    pub fn put(self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() > self.bytes {
            drop(self);
            return super::write_atomic(path, bytes);
        }
        let mut file = self.file;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(bytes)?;
        file.as_file().set_len(bytes.len() as u64)?;
        file.as_file().sync_all()?;
        write::put_in_place(file, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_becomes_the_file_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.age");
        for (room, bytes) in [(100, 10), (100, 100), (10, 100), (10, 0)] {
            let text = vec![b'x'; bytes];
            Room::take(&path, room).unwrap().put(&path, &text).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), text);
        }
        drop(Room::take(&path, 1000).unwrap());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
