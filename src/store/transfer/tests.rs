//! Moves and renames, cut off before and after every single operation of a store.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::clock::Timestamp;
use crate::credential::Credential;
use crate::paths::Paths;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::store::Store;
use crate::ui::{Color, Ui};

/// What all stores hold, and when the process that uses them ends.
#[derive(Default)]
pub(in crate::store) struct World {
    items: Mutex<BTreeMap<(&'static str, String), Secret>>,
    done: AtomicUsize,
    /// At which operation it ends, and whether after it.
    end: Mutex<Option<(usize, bool)>>,
    dead: AtomicBool,
    /// The keychain does not answer.
    silent: AtomicBool,
}

/// One store of a world.
pub(in crate::store) struct Place(Arc<World>, &'static str);

impl Place {
    pub(in crate::store) fn of(world: &Arc<World>, kind: StoreKind) -> Self {
        Self(world.clone(), kind.name())
    }

    fn act<T>(&self, work: impl FnOnce() -> T) -> Result<T, StoreError> {
        let world = &self.0;
        if self.1 == "keychain" && world.silent.load(Ordering::SeqCst) {
            return Err(StoreError::Absent("nobody is there".to_owned()));
        }
        let at = world.done.fetch_add(1, Ordering::SeqCst);
        let end = world.end.lock().unwrap().filter(|(when, _)| *when == at);
        let gone = || StoreError::Denied("the process has ended".to_owned());
        if world.dead.load(Ordering::SeqCst) || end == Some((at, false)) {
            world.dead.store(true, Ordering::SeqCst);
            return Err(gone());
        }
        let result = work();
        if end.is_some() {
            world.dead.store(true, Ordering::SeqCst);
            return Err(gone());
        }
        Ok(result)
    }

    fn key(&self, id: &ConnectionId) -> (&'static str, String) {
        (self.1, id.file_stem())
    }
}

impl Store for Place {
    fn get(&self, id: &ConnectionId) -> Result<Option<Secret>, StoreError> {
        self.act(|| self.0.items.lock().unwrap().get(&self.key(id)).cloned())
    }

    fn put(&self, id: &ConnectionId, text: &Secret) -> Result<(), StoreError> {
        self.act(|| {
            let mut items = self.0.items.lock().unwrap();
            items.insert(self.key(id), text.clone());
        })
    }

    fn probe(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn look(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn delete(&self, id: &ConnectionId) -> Result<(), StoreError> {
        self.act(|| {
            self.0.items.lock().unwrap().remove(&self.key(id));
        })
    }
}

/// A user with one connection, of generation 5, in the `file` store.
struct User {
    home: tempfile::TempDir,
    world: Arc<World>,
}

impl User {
    fn new(id: &ConnectionId) -> Self {
        let user = Self {
            home: tempfile::tempdir().unwrap(),
            world: Arc::default(),
        };
        let key = Secret::new("key-not-real");
        let credential = Credential::typed("Bearer", Some(key), Timestamp::now());
        let item = Item::new(id, 5, "authorization_code", credential);
        user.stores()
            .write(id, &item, StoreKind::File, None)
            .unwrap();
        user
    }

    /// What a new process sees.
    fn stores(&self) -> Stores {
        *self.world.end.lock().unwrap() = None;
        self.world.dead.store(false, Ordering::SeqCst);
        let mut stores = Stores::new(
            Paths::under(self.home.path()),
            Settings::default(),
            Some(StoreKind::Keychain),
            Duration::from_secs(10),
            Ui::new(Color::Never, true, false),
        );
        stores.world = Some(self.world.clone());
        stores
    }

    /// What one that ends at this operation from now on sees.
    fn ending(&self, at: usize, after: bool) -> Stores {
        let stores = self.stores();
        self.world.done.store(0, Ordering::SeqCst);
        *self.world.end.lock().unwrap() = Some((at, after));
        stores
    }

    fn places(&self) -> Vec<(&'static str, String)> {
        self.world.items.lock().unwrap().keys().cloned().collect()
    }

    /// Renews what can be used, as whoever needs it would.
    fn renew(&self, id: &ConnectionId) -> u64 {
        let stores = self.stores();
        let (item, kind) = stores.read(id).unwrap().unwrap();
        let base = item.generation;
        let renewed = item.next(|_| ());
        stores.write(id, &renewed, kind, Some(base)).unwrap();
        renewed.generation
    }

    fn generation(&self, id: &ConnectionId) -> Option<u64> {
        let found = self.stores().read(id).unwrap();
        found.map(|(item, _)| item.generation)
    }
}

/// Tries both ways to end at every operation, until there are no more.
fn at_every_end(mut attempt: impl FnMut(usize, bool) -> bool) {
    for after in [false, true] {
        for at in 0.. {
            if !attempt(at, after) {
                assert!(at > 4, "nothing was tried");
                break;
            }
        }
    }
}

#[test]
fn a_move_cut_off_anywhere_leaves_one_connection_and_never_an_older_one() {
    let id = ConnectionId::new("github", "work");
    let records = |user: &User| user.home.path().join("data/connections");
    for (renewed, record_lost, forgotten) in [
        (false, false, false),
        (true, false, false),
        (false, true, false),
        (true, true, false),
        (false, false, true),
    ] {
        at_every_end(|at, after| {
            let user = User::new(&id);
            let moved = user.ending(at, after).transfer(&id, StoreKind::Keychain);
            let reached = user.world.done.load(Ordering::SeqCst) > at;
            assert_eq!(moved.is_err(), reached, "{at}");
            assert_eq!(user.generation(&id), Some(5), "{at}");
            if forgotten {
                user.stores().remove(&id, None).unwrap();
                assert!(user.places().is_empty(), "{at}");
                return reached;
            }
            let newest = if renewed { user.renew(&id) } else { 5 };
            if record_lost {
                std::fs::remove_dir_all(records(&user)).unwrap();
            }
            assert_eq!(user.generation(&id), Some(newest), "{at}");
            user.stores().transfer(&id, StoreKind::Keychain).unwrap();
            assert_eq!(user.generation(&id), Some(newest), "{at}");
            let there = ("keychain", "github@work".to_owned());
            assert_eq!(user.places(), [there], "{at}");
            reached
        });
    }
}

fn left_over_item(id: &ConnectionId, connected: u64) -> Item {
    let key = Secret::new("left-over-not-real");
    let when = Timestamp::from_unix(connected);
    let credential = Credential::typed("Bearer", Some(key), when);
    Item::new(id, 1, "authorization_code", credential)
}

/// An item of a login of its own, put into a store behind hallpass's back.
fn left_over(user: &User, id: &ConnectionId, generation: u64, connected: u64) -> Item {
    let mut item = left_over_item(id, connected);
    item.generation = generation;
    put(&Place::of(&user.world, StoreKind::Keychain), id, &item).unwrap();
    item
}

#[test]
fn what_an_earlier_login_left_in_a_store_never_wins() {
    let id = ConnectionId::new("github", "work");
    let token = |user: &User| {
        let (item, _) = user.stores().read(&id).unwrap().unwrap();
        item.credential.access_token.unwrap().expose().to_owned()
    };
    // With a record, the copy that it names wins, whenever the other was made.
    for connected in [1, u64::MAX] {
        let user = User::new(&id);
        left_over(&user, &id, 9, connected);
        let moved = user.stores().transfer(&id, StoreKind::Keychain).unwrap();
        assert_eq!(moved, Some(Moved::From(StoreKind::File)));
        assert_eq!(token(&user), "key-not-real");
        assert_eq!(user.places(), [("keychain", "github@work".to_owned())]);
    }
    // Without one, the later login.
    for (connected, wins) in [(1, "key-not-real"), (u64::MAX, "left-over-not-real")] {
        for to in [StoreKind::Keychain, StoreKind::File] {
            let user = User::new(&id);
            left_over(&user, &id, 9, connected);
            std::fs::remove_dir_all(user.home.path().join("data/connections")).unwrap();
            assert_eq!(token(&user), wins);
            user.stores().transfer(&id, to).unwrap();
            assert_eq!(token(&user), wins);
            assert_eq!(user.places(), [(to.name(), "github@work".to_owned())]);
        }
    }
}

#[test]
fn a_login_after_a_forgotten_one_is_never_lost_to_the_memory_of_it() {
    let id = ConnectionId::new("github", "work");
    for to in [StoreKind::File, StoreKind::Keychain] {
        for after in [false, true] {
            for at in 0.. {
                let user = User::new(&id);
                let old = left_over(&user, &id, 9, u64::MAX);
                let stores = user.stores();
                let mut record = stores.record(&id).unwrap().unwrap();
                record.also_in = Some(StoreKind::Keychain);
                stores.records().unwrap().write(&id, &record).unwrap();
                user.world.silent.store(true, Ordering::SeqCst);
                let forgotten = stores.remove(&id, None);
                assert!(matches!(forgotten, Err(StoreError::LeftOver { .. })));
                assert!(stores.read(&id).unwrap().is_none());
                user.world.silent.store(false, Ordering::SeqCst);
                assert!(user.stores().read(&id).unwrap().is_none());

                let new = left_over_item(&id, 1);
                let written = user.ending(at, after).write(&id, &new, to, None);
                let reached = user.world.done.load(Ordering::SeqCst) > at;
                let found = user.stores().read(&id).unwrap();
                let is_old = found
                    .as_ref()
                    .is_some_and(|(item, _)| item.is_of_login(&old));
                assert!(!is_old, "{at}");
                if written.is_ok() {
                    assert!(found.is_some(), "{at}");
                    user.stores().transfer(&id, to).unwrap();
                    assert_eq!(user.places(), [(to.name(), "github@work".to_owned())]);
                }
                if !reached {
                    break;
                }
            }
        }
    }
}

#[test]
fn items_of_versions_without_logins_are_told_apart_by_when_they_were_connected() {
    let id = ConnectionId::new("github", "work");
    let user = User::new(&id);
    let old = |connected| {
        let item = left_over(&user, &id, 3, connected);
        let text = item.to_text(&id).unwrap();
        let mut json: serde_json::Value = serde_json::from_str(text.expose()).unwrap();
        json.as_object_mut().unwrap().remove("login").unwrap();
        Item::from_text(&id, &Secret::new(json.to_string())).unwrap()
    };
    let (early, late) = (old(1), old(2));
    assert!(late.is_newer_than(&early));
    let renewed = early.clone().next(|_| ());
    assert!(renewed.is_of_login(&early) && renewed.is_newer_than(&early));
    assert!(!renewed.is_newer_than(&late));
}

#[test]
fn a_rename_cut_off_anywhere_never_leaves_two_in_use_and_is_finished_by_itself() {
    let (old, new) = (
        ConnectionId::new("github", "old"),
        ConnectionId::new("github", "new"),
    );
    at_every_end(|at, after| {
        let user = User::new(&old);
        let renamed = user.ending(at, after).rename(&old, &new);
        let reached = user.world.done.load(Ordering::SeqCst) > at;
        assert_eq!(renamed.is_err(), reached, "{at}");
        let stores = user.stores();
        let in_use = |id| matches!(stores.read(id), Ok(Some(_)));
        assert!(!(in_use(&old) && in_use(&new)), "two in use at {at}");
        let newest = if in_use(&new) { user.renew(&new) } else { 0 };
        let again = user.stores().rename(&old, &new).unwrap();
        let over = [Renamed::Done, Renamed::NotThere].contains(&again);
        assert!(over, "{again:?} at {at}");
        assert_eq!(user.generation(&old), None, "{at}");
        assert!(user.stores().record(&old).unwrap().is_none(), "{at}");
        assert!(user.stores().record(&new).unwrap().is_some(), "{at}");
        let left = user.generation(&new).unwrap();
        assert!(left > 5 && left >= newest, "older at {at}");
        assert_eq!(user.places(), [("file", "github@new".to_owned())], "{at}");
        reached
    });
}
