//! The splitting, held against a keychain that fails or ends at any operation,
//! that others write to meanwhile, and that is too small.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::*;
use crate::store::vault::WINDOWS_LIMIT;

/// What goes wrong with an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// It fails and does nothing; what follows works.
    Refused,
    /// It does its work and says that it failed; what follows works.
    Unheard,
    /// The process ends before it.
    KilledBefore,
    /// The process ends after it.
    KilledAfter,
}

const FAULTS: [Fault; 4] = [
    Fault::Refused,
    Fault::Unheard,
    Fault::KilledBefore,
    Fault::KilledAfter,
];

/// What another process does, and before which operation.
type Meanwhile = Option<(usize, Box<dyn FnOnce()>)>;
type Items = Rc<RefCell<BTreeMap<String, Vec<u8>>>>;

/// A keychain in memory.
#[derive(Default)]
struct Fake {
    items: Items,
    /// The most it takes, in bytes.
    takes: Option<usize>,
    /// Which operation from now on goes wrong, and how.
    fault: Cell<Option<(usize, Fault)>>,
    /// What happens before which operation from now on.
    meanwhile: RefCell<Meanwhile>,
    done: Cell<usize>,
    dead: Cell<bool>,
    always: RefCell<Option<VaultError>>,
}

impl Fake {
    fn over(items: &Items) -> Self {
        Self {
            items: items.clone(),
            takes: Some(WINDOWS_LIMIT),
            ..Self::default()
        }
    }

    fn act<T>(&self, work: impl FnOnce() -> T) -> Result<T, VaultError> {
        let denied = || VaultError::Denied("a fault of the test's".to_owned());
        if let Some(error) = &*self.always.borrow() {
            return Err(error.clone());
        }
        let at = self.done.replace(self.done.get() + 1);
        let due = self.meanwhile.borrow_mut().take_if(|(when, _)| *when == at);
        if let Some((_, happen)) = due {
            happen();
        }
        let fault = self.fault.get().filter(|(when, _)| *when == at);
        if self.dead.get() {
            return Err(denied());
        }
        match fault.map(|(_, fault)| fault) {
            None => Ok(work()),
            Some(Fault::Refused) => Err(denied()),
            Some(Fault::Unheard) => {
                work();
                Err(denied())
            }
            Some(Fault::KilledBefore) => {
                self.dead.set(true);
                Err(denied())
            }
            Some(Fault::KilledAfter) => {
                work();
                self.dead.set(true);
                Err(denied())
            }
        }
    }
}

impl Vault for Fake {
    fn look(&self) -> Result<(), VaultError> {
        Ok(())
    }

    fn get(&self, account: &str) -> Result<Option<SecretBytes>, VaultError> {
        self.act(|| {
            self.items
                .borrow()
                .get(account)
                .cloned()
                .map(Zeroizing::new)
        })
    }

    fn set(&self, account: &str, bytes: &[u8]) -> Result<(), VaultError> {
        if let Some(takes) = self.takes.filter(|takes| bytes.len() > *takes) {
            return Err(VaultError::TooLarge(u32::try_from(takes).unwrap()));
        }
        self.act(|| {
            let name = account.to_owned();
            self.items.borrow_mut().insert(name, bytes.to_vec());
        })
    }

    fn delete(&self, account: &str) -> Result<(), VaultError> {
        self.act(|| {
            self.items.borrow_mut().remove(account);
        })
    }
}

fn windows(vault: Fake) -> Keychain<Fake> {
    Keychain::new(vault, Some(WINDOWS_LIMIT))
}

fn id() -> ConnectionId {
    ConnectionId::new("github", "work")
}

/// Numbers that a seed fixes (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    /// A text of up to five parts, with letters of two bytes in it.
    fn text(&mut self) -> String {
        let length = [0, 40, 2_300, 2_400, 2_560, 5_120, 12_000][self.below(7)] + self.below(200);
        let mut text = String::from("{");
        while text.len() < length {
            text.push(['a', 'ü', '7', '#', '\n'][self.below(5)]);
        }
        text
    }
}

#[expect(clippy::print_stdout, reason = "it is shown where the test fails")]
fn seed() -> u64 {
    let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
    let seed = (high ^ low) | 1;
    println!("seed {seed}");
    seed
}

fn text_of(keychain: &Keychain<Fake>) -> Option<String> {
    let text = keychain.get(&id()).unwrap();
    text.map(|text| text.expose().to_owned())
}

/// How many items a text needs.
fn items_of(text: &str) -> usize {
    let items = Items::default();
    windows(Fake::over(&items))
        .put(&id(), &Secret::new(text))
        .unwrap();
    items.borrow().len()
}

/// One write or delete that is cut off, and what a whole one makes of it.
fn cut_off(random: &mut Random, items: &Items, at: usize, fault: Fault) -> bool {
    let before = text_of(&windows(Fake::over(items)));
    let after = (random.below(6) > 0).then(|| random.text());
    let vault = Fake::over(items);
    vault.fault.set(Some((at, fault)));
    let keychain = windows(vault);
    let result = match &after {
        Some(text) => keychain.put(&id(), &Secret::new(text.clone())),
        None => keychain.delete(&id()),
    };
    let reached = keychain.vault.done.get() > at;
    let now = text_of(&windows(Fake::over(items)));
    assert!(now == before || now == after, "torn");
    assert!(result.is_err() || now == after, "said done, and was not");
    reached
}

#[test]
fn cut_off_anywhere_the_old_or_the_new_text_is_there_and_leftovers_go() {
    let seed = seed();
    let mut random = Random(seed);
    for _ in 0..300 {
        let items = Items::default();
        let first = random.text();
        windows(Fake::over(&items))
            .put(&id(), &Secret::new(first))
            .unwrap();
        // Some are cut off several times over.
        for _ in 0..=random.below(4) {
            let fault = FAULTS[random.below(4)];
            let at = random.below(24);
            cut_off(&mut random, &items, at, fault);
        }
        let last = random.text();
        let keychain = windows(Fake::over(&items));
        keychain.put(&id(), &Secret::new(last.clone())).unwrap();
        assert_eq!(text_of(&keychain).as_deref(), Some(last.as_str()));
        assert_eq!(items.borrow().len(), items_of(&last), "leftovers");
        keychain.delete(&id()).unwrap();
        assert!(items.borrow().is_empty(), "{:?}", items.borrow().keys());
    }
}

#[test]
fn every_single_operation_may_fail_in_turn() {
    let seed = seed();
    for fault in FAULTS {
        for at in 0.. {
            // The same texts each time: only the moment differs.
            let mut random = Random(seed);
            let items = Items::default();
            let keychain = windows(Fake::over(&items));
            keychain
                .put(&id(), &Secret::new("{".repeat(9_000)))
                .unwrap();
            let reached = cut_off(&mut random, &items, at, fault);
            let keychain = windows(Fake::over(&items));
            keychain.delete(&id()).unwrap();
            assert!(items.borrow().is_empty(), "{fault:?} at {at}");
            if !reached {
                assert!(at > 5, "nothing was tried");
                break;
            }
        }
    }
}

#[test]
fn a_first_write_that_is_cut_off_leaves_nothing_that_disconnecting_does_not_take() {
    for at in 0..8 {
        let items = Items::default();
        let vault = Fake::over(&items);
        vault.fault.set(Some((at, Fault::KilledAfter)));
        let _ = windows(vault).put(&id(), &Secret::new("{".repeat(9_000)));
        let keychain = windows(Fake::over(&items));
        keychain.delete(&id()).unwrap();
        assert!(items.borrow().is_empty(), "{at}");
    }
}

#[test]
fn a_reader_that_writers_overtake_gets_one_text_or_the_other() {
    let long = |letter: &str| letter.repeat(9_000);
    for (old, new) in [
        (long("a"), long("b")),
        (long("a"), "{}".to_owned()),
        ("{}".to_owned(), long("b")),
    ] {
        for at in 0..12 {
            let items = Items::default();
            let keychain = windows(Fake::over(&items));
            keychain.put(&id(), &Secret::new(old.clone())).unwrap();
            let vault = Fake::over(&items);
            let (others, text) = (items.clone(), Secret::new(new.clone()));
            *vault.meanwhile.borrow_mut() = Some((
                at,
                Box::new(move || windows(Fake::over(&others)).put(&id(), &text).unwrap()),
            ));
            let read = text_of(&windows(vault)).unwrap();
            assert!(read == old || read == new, "torn at {at}");
        }
    }
}

#[test]
fn parts_that_were_changed_or_are_missing_are_told() {
    for damage in ["missing", "changed", "head"] {
        let items = Items::default();
        let keychain = windows(Fake::over(&items));
        keychain
            .put(&id(), &Secret::new("{".repeat(9_000)))
            .unwrap();
        match damage {
            "missing" => drop(items.borrow_mut().remove("github@work#g1.2")),
            "changed" => items.borrow_mut().get_mut("github@work#g1.2").unwrap()[7] = b'!',
            _ => items
                .borrow_mut()
                .get_mut("github@work")
                .unwrap()
                .truncate(30),
        }
        let error = keychain.get(&id()).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{damage}");
        assert!(
            error
                .remedy()
                .contains("`hallpass connect github@work --force`"),
            "{}",
            error.remedy()
        );
        // Connecting anew mends it.
        keychain.put(&id(), &Secret::new("{}")).unwrap();
        assert_eq!(text_of(&keychain).as_deref(), Some("{}"));
    }
}

#[test]
fn a_keychain_that_takes_not_even_parts_is_too_small_and_keeps_the_old_text() {
    let items = Items::default();
    windows(Fake::over(&items))
        .put(&id(), &Secret::new("{}"))
        .unwrap();
    let mut vault = Fake::over(&items);
    vault.takes = Some(1_000);
    let keychain = windows(vault);
    let small = keychain
        .put(&id(), &Secret::new("{".repeat(9_000)))
        .unwrap_err();
    assert!(
        matches!(small, StoreError::TooLarge { limit: 1_000, .. }),
        "{small}"
    );
    assert!(
        small
            .remedy()
            .contains("hallpass move github@work --to file")
    );
    assert_eq!(text_of(&keychain).as_deref(), Some("{}"));
    assert_eq!(items.borrow().len(), 1);
    let endless = "{".repeat(WINDOWS_LIMIT * (MAX_PARTS + 1));
    let error = windows(Fake::over(&items)).put(&id(), &Secret::new(endless));
    assert!(matches!(error, Err(StoreError::TooLarge { .. })));
    let tiny = Keychain::new(Fake::over(&items), Some(50));
    let error = tiny.put(&id(), &Secret::new("{}"));
    assert!(matches!(error, Err(StoreError::TooLarge { .. })));
}

#[test]
fn where_nothing_limits_an_item_it_is_the_text_itself() {
    let items = Items::default();
    let mut vault = Fake::over(&items);
    vault.takes = None;
    let keychain = Keychain::new(vault, None);
    let text = "{".repeat(100_000);
    keychain.put(&id(), &Secret::new(text.clone())).unwrap();
    assert_eq!(items.borrow()["github@work"], text.as_bytes());
    assert_eq!(items.borrow().len(), 1);
    assert_eq!(text_of(&keychain), Some(text));
    keychain.delete(&id()).unwrap();
    assert_eq!(text_of(&keychain), None);
}

#[test]
fn every_trouble_of_a_keychain_is_told_apart_with_its_remedy() {
    use std::time::Duration;
    let mut seen = std::collections::BTreeSet::new();
    for (trouble, said, remedy) in [
        (
            VaultError::Absent("no bus".into()),
            "no keychain answers",
            "--store file",
        ),
        (
            VaultError::Locked("prompt dismissed".into()),
            "is locked",
            "unlock the keychain",
        ),
        (VaultError::Denied("no".into()), "refused", "allow hallpass"),
        (
            VaultError::TimedOut(Duration::from_secs(10)),
            "did not answer within 10s",
            "on the screen",
        ),
        (
            VaultError::TooLarge(7),
            "`github@work` is too large",
            "hallpass move github@work --to file",
        ),
        (
            VaultError::Malformed("two of them".into()),
            "`github@work` cannot be read: two of them",
            "hallpass connect github@work --force",
        ),
    ] {
        let vault = Fake::default();
        *vault.always.borrow_mut() = Some(trouble);
        let keychain = Keychain::new(vault, None);
        let error = keychain.get(&id()).unwrap_err();
        let put = keychain.put(&id(), &Secret::new("{}")).unwrap_err();
        assert_eq!(error.to_string(), put.to_string());
        assert!(error.to_string().contains(said), "{error}");
        let told = error.remedy();
        assert!(told.contains(remedy), "{told}");
        assert!(seen.insert(told), "another's remedy");
    }
}
