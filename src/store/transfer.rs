//! Connections that go to another store or get another name, cut off anywhere:
//! they stay usable, or say how to go on, and nothing older is ever used. Call
//! everything here with the locks of the connections held.

use super::stores::put;
use super::{Item, Record, Standing, StoreError, Stores};
use crate::connection::ConnectionId;
use crate::settings::StoreKind;

/// What became of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It rests in the other store now.
    From(StoreKind),
    /// It was there already.
    AlreadyThere,
}

/// What became of a rename.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renamed {
    /// It has the other name now.
    Done,
    /// There is no such connection.
    NotThere,
    /// There is a connection of the other name already.
    Taken,
}

impl Stores {
    /// Moves a connection to another store; `None` when there is none. The
    /// copy there is of the same generation, so that whichever is renewed first
    /// is the newer one; until the record names it, nobody reads it. What an
    /// earlier login left there is overwritten.
    pub fn transfer(&self, id: &ConnectionId, to: StoreKind) -> Result<Option<Moved>, StoreError> {
        let Some((item, from)) = self.read_marked(id)? else {
            return Ok(None);
        };
        let mut record = self.record_of(id, &item, from)?;
        let known = self.record(id)?;
        let is_sure = known.is_some();
        match known {
            Some(known) => record.in_flight = known.in_flight,
            // Without a record nobody knows what a move left behind.
            None => record.also_in = Some(other_than(from)),
        }
        if from == to {
            return self
                .tidy(id, record, is_sure)
                .map(|()| Some(Moved::AlreadyThere));
        }
        let target = self.open(to)?;
        let there = match target.get(id) {
            Ok(text) => text.and_then(|text| Item::from_text(id, &text).ok()),
            Err(error) if error.is_unreadable() => None,
            Err(error) => return Err(error),
        };
        // This also proves that the disk takes writes.
        record.also_in = Some(to);
        self.records()?.write(id, &record)?;
        match there {
            // Nothing older overwrites something newer, wherever it came from;
            // but of another login the one that the record names is right.
            Some(newer) if newer.is_newer_than(&item) && (newer.is_of_login(&item) || !is_sure) => {
                record = Record::of(&newer, to);
            }
            _ => put(target.as_ref(), id, &item)?,
        }
        record.store = to;
        record.also_in = Some(from);
        self.records()?.write(id, &record)?;
        self.tidy(id, record, true)?;
        Ok(Some(Moved::From(from)))
    }

    /// Deletes the copy that a record knows of, and says so in the record. One
    /// in a keychain that does not answer goes later: that may be there in
    /// another session. A mere guess holds nothing up.
    fn tidy(&self, id: &ConnectionId, mut record: Record, is_sure: bool) -> Result<(), StoreError> {
        if let Some(other) = record.also_in {
            match self.open(other)?.delete(id) {
                Err(StoreError::Absent(_)) if is_sure => {}
                Ok(()) | Err(StoreError::Absent(_)) => record.also_in = None,
                Err(error) => return Err(error),
            }
        }
        self.records()?.write(id, &record)
    }

    /// Gives a connection another name of the same integration. Two copies of a
    /// rotating grant would burn each other, so the old one is marked, and with
    /// that out of use, before the new one is written; doing it again finishes
    /// what was cut off.
    pub fn rename(&self, old: &ConnectionId, new: &ConnectionId) -> Result<Renamed, StoreError> {
        let kept = self.read_marked(old)?;
        let taken = match self.find(new, kept.as_ref().map(|(_, kind)| *kind)) {
            // Something is there, and it is not this one's copy.
            Err(error) if error.is_unreadable() => return Ok(Renamed::Taken),
            other => other?,
        };
        let copy = taken.as_ref().filter(|(item, _)| item.was_called(old));
        let Some((item, kind)) = kept else {
            return self.without_item(old, new, copy.is_some());
        };
        let began = match &item.standing {
            Standing::Renaming { to, .. } if to == new.name() => true,
            Standing::Renaming { to, .. } => {
                let to = ConnectionId::new(old.integration(), to);
                let other = self.find(&to, Some(kind))?;
                if other.is_some_and(|(other, _)| other.was_called(old)) {
                    let id = old.clone();
                    return Err(StoreError::Renaming { id, to });
                }
                false
            }
            _ => false,
        };
        match (taken.is_some(), copy.filter(|_| began)) {
            (true, None) => return Ok(Renamed::Taken),
            (true, Some((copy, place))) => {
                // It may have been cut off before its record was written.
                if self.record(new)?.is_none() {
                    let record = self.record_of(new, copy, *place)?;
                    self.records()?.write(new, &record)?;
                }
            }
            (false, _) => {
                let marked = if began {
                    item
                } else {
                    self.mark(old, new, item, kind)?
                };
                self.write(new, &marked.under(new), kind, None)?;
                self.note_again(new, self.record(old)?)?;
            }
        }
        match self.remove(old, Some(kind)) {
            // The new one is complete without it.
            Err(error @ StoreError::LeftOver { .. }) => self.ui().warn(&error.to_string()),
            done => done?,
        }
        Ok(Renamed::Done)
    }

    /// A connection's item, looked for in this store too.
    fn find(
        &self,
        id: &ConnectionId,
        also: Option<StoreKind>,
    ) -> Result<Option<(Item, StoreKind)>, StoreError> {
        let found = self.read_marked(id)?;
        let (None, Some(kind)) = (&found, also) else {
            return Ok(found);
        };
        let text = self.open(kind)?.get(id)?;
        let item = text.map(|text| Item::from_text(id, &text)).transpose()?;
        Ok(item.map(|item| (item, kind)))
    }

    fn mark(
        &self,
        old: &ConnectionId,
        new: &ConnectionId,
        item: Item,
        kind: StoreKind,
    ) -> Result<Item, StoreError> {
        let base = item.generation;
        let marked = item.next(|item| {
            let was = match item.standing.clone() {
                Standing::Renaming { was, .. } => was,
                other => Box::new(other),
            };
            let to = new.name().to_owned();
            item.standing = Standing::Renaming { to, was };
        });
        let before = self.record(old)?;
        self.write(old, &marked, kind, Some(base))?;
        self.note_again(old, before)?;
        Ok(marked)
    }

    /// A refresh whose answer was never kept is still one under another name.
    fn note_again(&self, id: &ConnectionId, before: Option<Record>) -> Result<(), StoreError> {
        let note = before.and_then(|before| before.in_flight);
        if let (Some(note), Some(mut record)) = (note, self.record(id)?) {
            record.in_flight = Some(note);
            self.records()?.write(id, &record)?;
        }
        Ok(())
    }

    /// The old item is gone; its record may be what a cut-off left.
    fn without_item(
        &self,
        old: &ConnectionId,
        new: &ConnectionId,
        is_ours: bool,
    ) -> Result<Renamed, StoreError> {
        let standing = self.record(old)?.map(|record| record.standing);
        match standing {
            Some(Standing::Renaming { to, .. }) if is_ours && to == new.name() => {
                self.remove(old, None)?;
                Ok(Renamed::Done)
            }
            _ => Ok(Renamed::NotThere),
        }
    }
}

fn other_than(kind: StoreKind) -> StoreKind {
    match kind {
        StoreKind::Keychain => StoreKind::File,
        StoreKind::File | StoreKind::None => StoreKind::Keychain,
    }
}

#[cfg(test)]
pub(super) mod tests;
