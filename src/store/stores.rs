//! Items in stores, with their records beside them. The order of every write
//! is fixed: the item, read back; then the record. Losing the power between
//! the two loses nothing, since the record can be made from the item.

use std::fs::TryLockError;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::file::{FileStore, Held, file_name};
use super::identity::{KeySource, key_variable};
use super::keychain::Keychain;
use super::none::NoStore;
use super::record::{Kept, Records};
use super::vault;
use super::{InFlight, Item, Record, Standing, Store, StoreError};
use crate::clock::Timestamp;
use crate::connection::ConnectionId;
use crate::paths::Paths;
use crate::secret::Secret;
use crate::settings::{Settings, StoreKind};
use crate::ui::Ui;

/// All stores of this user.
pub struct Stores {
    paths: Paths,
    settings: Settings,
    named: Option<StoreKind>,
    patience: Duration,
    ui: Ui,
    held: OnceLock<Arc<Held>>,
    /// Stores in memory, in the place of the real ones.
    #[cfg(test)]
    pub(super) world: Option<Arc<super::transfer::tests::World>>,
}

/// What [`Stores::usable`] found.
pub enum UsableStore {
    /// This one works.
    Yes(StoreKind),
    /// The default one is not there, and the user named none.
    DefaultAbsent(StoreError),
}

impl Stores {
    /// `named` is `--store` or `HALLPASS_STORE`; `patience` bounds each call to
    /// a keychain.
    pub fn new(
        paths: Paths,
        settings: Settings,
        named: Option<StoreKind>,
        patience: Duration,
        ui: Ui,
    ) -> Self {
        Self {
            paths,
            settings,
            named,
            patience,
            ui,
            held: OnceLock::new(),
            #[cfg(test)]
            world: None,
        }
    }

    /// The store of new connections: what was named, what the settings say,
    /// `file` where a key was given, else the keychain.
    pub fn preferred(&self) -> StoreKind {
        self.named.or(self.settings.store).unwrap_or_else(|| {
            if key_variable().is_some() {
                StoreKind::File
            } else {
                StoreKind::Keychain
            }
        })
    }

    /// Whether a store can be used for a new connection, tried by reading from
    /// it. With `kind` unset it is the preferred one.
    pub fn usable(
        &self,
        id: &ConnectionId,
        kind: Option<StoreKind>,
    ) -> Result<UsableStore, StoreError> {
        let was_named = kind.or(self.named).or(self.settings.store).is_some();
        let kind = kind.unwrap_or_else(|| self.preferred());
        let store = self.open(kind)?;
        match store.get(id).and_then(|_| store.probe()) {
            // What is kept may be unreadable: connecting is how that is mended.
            Ok(()) => Ok(UsableStore::Yes(kind)),
            Err(error) if error.is_unreadable() => store.probe().map(|()| UsableStore::Yes(kind)),
            Err(error @ StoreError::Absent(_)) if !was_named => {
                Ok(UsableStore::DefaultAbsent(error))
            }
            Err(error) => Err(error),
        }
    }

    /// The same stores, with another bound on each call to a keychain.
    #[must_use]
    pub fn with_patience(&self, patience: Duration) -> Self {
        Self::new(
            self.paths.clone(),
            self.settings.clone(),
            self.named,
            patience,
            self.ui,
        )
    }

    /// Whether a store would take a new connection, found out without making
    /// anything that stays and without asking a person.
    pub fn look(&self, kind: StoreKind) -> Result<(), StoreError> {
        self.open(kind)?.look()
    }

    /// Lets a key that is lost be replaced by a new one, because this connection
    /// is made anew.
    pub fn replace_lost_key(&self, id: &ConnectionId) {
        // Where no key can be found, none is made either.
        if let Ok(key) = self.key() {
            key.replace(file_name(id));
        }
    }

    /// The directory of locks.
    pub fn lock_path(&self, id: &ConnectionId) -> Result<std::path::PathBuf, StoreError> {
        let name = format!("{}.lock", id.file_stem());
        Ok(self.paths.data()?.join("locks").join(name))
    }

    /// Whether somebody is at work on a connection now. Asked with a shared
    /// lock, which is let go at once, on a file that is not made for it.
    pub fn is_busy(&self, id: &ConnectionId) -> bool {
        let file = self
            .lock_path(id)
            .ok()
            .and_then(|path| std::fs::File::open(path).ok());
        file.is_some_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// A connection's record; a damaged one counts as none.
    pub fn record(&self, id: &ConnectionId) -> Result<Option<Record>, StoreError> {
        Ok(match self.kept_record(id)? {
            Kept::Record(record) => Some(*record),
            Kept::Damaged | Kept::Nothing => None,
        })
    }

    fn kept_record(&self, id: &ConnectionId) -> Result<Kept, StoreError> {
        match self.paths.data() {
            Ok(data) => Records::new(data).read(id),
            Err(_) => Ok(Kept::Nothing),
        }
    }

    /// Where a connection may rest, likeliest first. Without a record that is
    /// where new connections go, and the encrypted files, which cost nothing
    /// to look into; a damaged record proves that there is something to find.
    /// What is forgotten and left over somewhere is nothing.
    pub(super) fn places(&self, id: &ConnectionId) -> Result<Vec<StoreKind>, StoreError> {
        let (further, but): (&[StoreKind], _) = match self.kept_record(id)? {
            Kept::Record(record) if record.forgotten => (&[StoreKind::File], Some(record.store)),
            Kept::Record(record) => return Ok(vec![record.store]),
            Kept::Damaged => (&[StoreKind::File, StoreKind::Keychain], None),
            Kept::Nothing => (&[StoreKind::File], None),
        };
        let preferred = self.preferred();
        let others = further.iter().copied().filter(|kind| *kind != preferred);
        let places = std::iter::once(preferred).chain(others);
        Ok(places.filter(|kind| Some(*kind) != but).collect())
    }

    /// Every connection that has a record.
    pub fn connections(&self) -> Result<Vec<ConnectionId>, StoreError> {
        match self.paths.data() {
            Ok(data) => Records::new(data).all(),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// A connection's item, and the store it rests in. One that is being
    /// renamed is not to be used, and is an error.
    pub fn read(&self, id: &ConnectionId) -> Result<Option<(Item, StoreKind)>, StoreError> {
        let found = self.read_marked(id)?;
        match found.as_ref().map(|(item, _)| &item.standing) {
            Some(Standing::Renaming { to, .. }) => Err(StoreError::Renaming {
                id: id.clone(),
                to: ConnectionId::new(id.integration(), to),
            }),
            _ => Ok(found),
        }
    }

    /// The same, whether or not it is being renamed. Where several places might
    /// hold it, the newest is it: the others are copies that a move left behind.
    pub(super) fn read_marked(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<(Item, StoreKind)>, StoreError> {
        let places = self.places(id)?;
        let sure = places.len() == 1;
        let mut newest: Option<(Item, StoreKind)> = None;
        let mut unreadable = None;
        for kind in places {
            let text = self.open(kind).and_then(|store| store.get(id));
            match text.and_then(|text| text.map(|text| Item::from_text(id, &text)).transpose()) {
                Ok(Some(item)) => {
                    let known = newest.as_ref();
                    if known.is_none_or(|(known, _)| item.is_newer_than(known)) {
                        newest = Some((item, kind));
                    }
                }
                // Where it only might be, a store that is not there holds nothing.
                Err(StoreError::Absent(_) | StoreError::NoHome(_)) if !sure => {}
                Ok(None) => {}
                Err(error) if error.is_unreadable() => unreadable = unreadable.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        match (newest, unreadable) {
            (None, Some(error)) => Err(error),
            (newest, _) => Ok(newest),
        }
    }

    /// Keeps an item, durably and read back, if what is kept now is still of
    /// the generation `base` (`None`: nothing readable); so nothing older
    /// overwrites something newer, and nothing that was forgotten comes back.
    /// Call it with the connection's lock held.
    pub fn write(
        &self,
        id: &ConnectionId,
        item: &Item,
        kind: StoreKind,
        base: Option<u64>,
    ) -> Result<(), StoreError> {
        if kind == StoreKind::None {
            return Ok(());
        }
        let store = self.open(kind)?;
        let left_over = self.record(id)?.filter(|record| record.forgotten);
        if left_over.is_some_and(|record| record.store == kind) {
            store.delete(id)?;
            self.records()?.remove(id)?;
        }
        let text = item.to_text(id)?;
        let kept = readable(store.as_ref(), id)?;
        // A write that is tried again may have come half-way the first time.
        let half_way = kept.as_ref().is_some_and(|kept| kept.equals(text.expose()));
        let now = kept.and_then(|kept| Item::from_text(id, &kept).ok());
        if now.map(|item| item.generation) != base && !half_way {
            return Err(StoreError::Superseded);
        }
        put(store.as_ref(), id, item)?;
        let mut record = self.record_of(id, item, kind)?;
        if let Some(other) = record.also_in
            && self.open(other).and_then(|store| store.delete(id)).is_ok()
        {
            record.also_in = None;
        }
        let Err(error) = self.records()?.write(id, &record) else {
            return Ok(());
        };
        // The item is complete without its copy, as long as one leads to it.
        let known = self.record(id)?.is_some_and(|record| record.store == kind);
        if !known {
            return Err(error);
        }
        self.ui.warn(&format!(
            "`{id}` is kept, but `hallpass list` may show it as it was before ({error})"
        ));
        Ok(())
    }

    /// The record of an item, with what is known of copies elsewhere.
    pub(super) fn record_of(
        &self,
        id: &ConnectionId,
        item: &Item,
        kind: StoreKind,
    ) -> Result<Record, StoreError> {
        let mut record = Record::of(item, kind);
        if let Some(known) = self.record(id)? {
            // What was kept elsewhere and could not be read may still be there.
            let elsewhere = (known.store != kind).then_some(known.store);
            record.also_in = known.also_in.filter(|other| *other != kind).or(elsewhere);
        }
        Ok(record)
    }

    /// The note of an earlier refresh of this very item whose answer was never
    /// kept. Call it with the connection's lock held: else it may be under way.
    pub fn in_flight(
        &self,
        id: &ConnectionId,
        item: &Item,
    ) -> Result<Option<InFlight>, StoreError> {
        let record = self.record(id)?;
        let same = record.filter(|record| record.generation == item.generation);
        Ok(same.and_then(|record| record.in_flight))
    }

    /// Notes that a refresh is under way, and takes room for the `writes` that
    /// will follow it; this proves that the disk takes them before anything
    /// irrevocable happens. The note of an `earlier` one stays in its place.
    pub fn note_in_flight(
        &self,
        id: &ConnectionId,
        item: &Item,
        kind: StoreKind,
        earlier: Option<&InFlight>,
        writes: usize,
    ) -> Result<(), StoreError> {
        self.open(kind)?.reserve(id, writes)?;
        let mut record = self.record_of(id, item, kind)?;
        record.in_flight = Some(earlier.cloned().unwrap_or_else(|| InFlight {
            since: Timestamp::now(),
            pid: std::process::id(),
        }));
        self.records()?.write(id, &record)
    }

    /// Gives room back that was taken and not used.
    pub fn give_back_room(&self, id: &ConnectionId, kind: StoreKind) {
        if let Ok(store) = self.open(kind) {
            store.give_back(id);
        }
    }

    /// Takes the note back after a refresh that came to nothing.
    pub fn clear_in_flight(
        &self,
        id: &ConnectionId,
        item: &Item,
        kind: StoreKind,
    ) -> Result<(), StoreError> {
        self.records()?.write(id, &self.record_of(id, item, kind)?)
    }

    pub(super) fn ui(&self) -> Ui {
        self.ui
    }

    pub(super) fn records(&self) -> Result<Records, StoreError> {
        Ok(Records::new(self.paths.data()?))
    }

    /// Where the key of the `file` store comes from.
    pub(super) fn key(&self) -> Result<&KeySource, StoreError> {
        Ok(self.held()?.key())
    }

    fn held(&self) -> Result<&Arc<Held>, StoreError> {
        if let Some(held) = self.held.get() {
            return Ok(held);
        }
        let key = KeySource::find(&self.paths, &self.settings, self.patience, self.ui)?;
        Ok(self.held.get_or_init(|| Arc::new(Held::new(key))))
    }

    pub(super) fn open(&self, kind: StoreKind) -> Result<Box<dyn Store>, StoreError> {
        #[cfg(test)]
        if let Some(world) = &self.world {
            return Ok(Box::new(super::transfer::tests::Place::of(world, kind)));
        }
        Ok(match kind {
            StoreKind::Keychain => {
                let platform = vault::Platform::new(self.paths.own_home(), self.patience);
                Box::new(Keychain::new(platform, vault::LIMIT))
            }
            StoreKind::File => Box::new(FileStore::new(&self.paths, self.held()?.clone())?),
            StoreKind::None => Box::new(NoStore),
        })
    }
}

/// Keeps an item and reads it back.
pub(super) fn put(store: &dyn Store, id: &ConnectionId, item: &Item) -> Result<(), StoreError> {
    let text = item.to_text(id)?;
    store.put(id, &text)?;
    match store.get(id)? {
        Some(kept) if kept.equals(text.expose()) => Ok(()),
        _ => Err(StoreError::NotKept(id.clone())),
    }
}

/// The text that is kept now; one that cannot be read is as good as none.
fn readable(store: &dyn Store, id: &ConnectionId) -> Result<Option<Secret>, StoreError> {
    match store.get(id) {
        Err(error) if error.is_unreadable() => Ok(None),
        other => other,
    }
}
