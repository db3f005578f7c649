//! One age-encrypted file per connection (age-encryption.org/v1, X25519),
//! written atomically and readable by its owner alone.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::identity::KeySource;
use super::{Store, StoreError};
use crate::connection::ConnectionId;
use crate::fs::{self, ReadError, Room};
use crate::paths::Paths;
use crate::secret::Secret;

/// What every file of ours begins with (age-encryption.org/v1).
pub(super) const AGE_MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// The least room that is taken for a credential, in bytes: tokens grow.
const ROOM: u64 = 64 * 1024;

/// Keeps credentials in encrypted files.
pub(super) struct FileStore {
    dir: PathBuf,
    held: Arc<Held>,
}

/// What is held for as long as a command runs: the key, which may have taken a
/// person to get, and room on the disk.
pub(super) struct Held {
    key: KeySource,
    rooms: Mutex<Vec<(PathBuf, Room)>>,
}

impl Held {
    pub(super) fn new(key: KeySource) -> Self {
        Self {
            key,
            rooms: Mutex::default(),
        }
    }

    pub(super) fn key(&self) -> &KeySource {
        &self.key
    }

    fn rooms(&self) -> MutexGuard<'_, Vec<(PathBuf, Room)>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self, path: &Path) {
        self.rooms().retain(|(taken, _)| taken != path);
    }

    fn room_for(&self, path: &Path) -> Option<Room> {
        let mut rooms = self.rooms();
        let at = rooms.iter().position(|(known, _)| known == path)?;
        Some(rooms.swap_remove(at).1)
    }
}

impl FileStore {
    pub(super) fn new(paths: &Paths, held: Arc<Held>) -> Result<Self, StoreError> {
        Ok(Self {
            dir: sealed_in(paths.data()?),
            held,
        })
    }

    fn path(&self, id: &ConnectionId) -> PathBuf {
        self.dir.join(file_name(id))
    }
}

/// The directory of the files, in that of the data.
pub(super) fn sealed_in(data: &Path) -> PathBuf {
    data.join("credentials")
}

/// A connection's file there.
pub(super) fn file_name(id: &ConnectionId) -> String {
    format!("{}.age", id.file_stem())
}

impl Store for FileStore {
    fn get(&self, id: &ConnectionId) -> Result<Option<Secret>, StoreError> {
        let path = self.path(id);
        let foreign = |what: &str| StoreError::Foreign {
            id: id.clone(),
            path: path.clone(),
            what: what.to_owned(),
        };
        let sealed = match fs::read_whole(&path) {
            Ok(sealed) => sealed,
            Err(error) if error.is_absent() => return Ok(None),
            Err(ReadError::NotAFile { what, .. }) => {
                return Err(foreign(&format!("{what}, not a credential's file")));
            }
            Err(ReadError::Io { path, source }) => return Err(StoreError::Io { path, source }),
            Err(ReadError::Writable { why, .. }) => return Err(foreign(&why)),
        };
        let cut = "the file is cut short or changed";
        if AGE_MAGIC.starts_with(&sealed) {
            // Empty, or not even its first line is whole.
            return Err(StoreError::corrupt(id, cut));
        }
        if !sealed.starts_with(AGE_MAGIC) {
            return Err(foreign("no file of hallpass's: it is not sealed with age"));
        }
        let opened =
            age::decrypt(self.held.key.identity()?, &sealed).map_err(|error| match error {
                age::DecryptError::NoMatchingKeys => StoreError::WrongKey {
                    id: id.clone(),
                    path: path.clone(),
                    key: self.held.key.name(),
                },
                _ => StoreError::corrupt(id, cut),
            })?;
        String::from_utf8(opened)
            .map(|text| Some(Secret::from(text)))
            .map_err(|_| StoreError::corrupt(id, "it is not text"))
    }

    fn put(&self, id: &ConnectionId, text: &Secret) -> Result<(), StoreError> {
        let path = self.path(id);
        let identity = self.held.key.identity_or_make()?;
        let sealed = age::encrypt(&identity.to_public(), text.expose().as_bytes())
            .map_err(|error| StoreError::corrupt(id, error.to_string()))?;
        match self.held.room_for(&path) {
            Some(room) => room.put(&path, &sealed),
            None => fs::write_atomic(&path, &sealed),
        }
        .map_err(|source| io(&path, source))
    }

    fn give_back(&self, id: &ConnectionId) {
        self.held.give_back(&self.path(id));
    }

    fn reserve(&self, id: &ConnectionId, writes: usize) -> Result<(), StoreError> {
        let path = self.path(id);
        let now = std::fs::metadata(&path).map_or(0, |meta| meta.len());
        let bytes = usize::try_from(ROOM.max(now * 2)).unwrap_or(usize::MAX);
        for _ in 0..writes {
            let room = Room::take(&path, bytes).map_err(|source| io(&path, source))?;
            self.held.rooms().push((path.clone(), room));
        }
        Ok(())
    }

    fn probe(&self) -> Result<(), StoreError> {
        self.held.key.identity_or_make()?;
        fs::probe_dir(&self.dir).map_err(|source| io(&self.dir.join("any"), source))
    }

    fn look(&self) -> Result<(), StoreError> {
        self.held.key.look()?;
        // What is not there yet is made in what is.
        let there = self.dir.ancestors().find(|dir| dir.exists());
        let dir = there.unwrap_or(&self.dir);
        fs::probe_dir(dir).map_err(|source| io(dir, source))
    }

    fn delete(&self, id: &ConnectionId) -> Result<(), StoreError> {
        let path = self.path(id);
        fs::remove(&path).map_err(|source| io(&path, source))
    }
}

fn io(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::Io {
        path: path.to_owned(),
        source,
    }
}
