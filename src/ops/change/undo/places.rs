//! Gives jobs that were put back into lists the places that they had.
//!
//! While an undo puts jobs back, each goes to the tail of its list, so that a crash loses none; at
//! the end all of them get their places at once. Where they stood is read from the journal again:
//! there may be a million.

use std::collections::BTreeSet;

use super::choice::Frame;
use super::ledger::Undone;
use crate::backend::redis::list_merge::{MergeSource, Visit};
use crate::backend::redis::read::Store;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::human;
use crate::journal::{JournalReader, OpId};
use crate::model::id::QueueName;

/// What was put back, and where it stood.
pub(super) struct Places {
    reader: JournalReader,
    frames: Vec<Frame>,
    /// One bit per image: this undo put it back.
    put_back: Vec<u64>,
    any: bool,
    /// What earlier undos put back.
    undone: Undone,
}

impl Places {
    pub(super) fn new(reader: JournalReader, frames: Vec<Frame>, undone: Undone) -> Self {
        Self { reader, frames, put_back: Vec::new(), any: false, undone }
    }

    /// Notes that the image of that number was put back.
    pub(super) fn note(&mut self, number: u64) {
        let Ok(at) = usize::try_from(number / 64) else { return };
        if at >= self.put_back.len() {
            self.put_back.resize(at + 1, 0);
        }
        if let Some(word) = self.put_back.get_mut(at) {
            *word |= 1 << (number % 64);
            self.any = true;
        }
    }

    /// Gives everything that was noted its place, and what an earlier undo put back that did not
    /// come to its end; says where that could not be the old one.
    pub(super) fn give(&mut self, store: &mut Store, op: &OpId) -> Result<Vec<String>> {
        if !self.any && !self.undone.unordered {
            return Ok(Vec::new());
        }
        let lists: BTreeSet<Vec<u8>> =
            self.frames.iter().flat_map(|frame| &frame.lists).map(|(key, _)| key.clone()).collect();
        let mut notes = Vec::new();
        for key in lists {
            let keys = store.keys().clone();
            let queue = keys.queue_of_list(&key).filter(|_| !keys.is_intermediate(&key));
            let Some(queue) = queue.map(QueueName::new) else { continue };
            let mut list = ListOrder::of(self, &key);
            match store.reorder_list(&queue, &keys.merge(op.as_str()), &mut list) {
                Ok(merged) if merged.unplaced > 0 => notes.push(format!(
                    "queue `{queue}`: {} stood behind jobs that have run or gone since, and stand behind the nearest that is left",
                    human::counted(merged.unplaced as u64, "job")
                )),
                Ok(_) => {}
                // All of them are in the list; only their order is not what it was.
                Err(error) if failure_of(&error).map(Failure::kind) == Some(Kind::TryAgain) => {
                    notes.push(format!("queue `{queue}` changes too fast: what was put back stands at its end"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(notes)
    }

    /// The same where nothing is left to be put back.
    pub(super) fn finish_earlier(mut self, store: &mut Store, op: &OpId) -> Result<Vec<String>> {
        self.give(store, op)
    }

    fn is_noted(&self, number: u64, id: &[u8]) -> bool {
        let word = usize::try_from(number / 64).ok().and_then(|at| self.put_back.get(at));
        word.is_some_and(|word| word & (1 << (number % 64)) != 0)
            || (self.undone.unordered && self.undone.holds(id))
    }
}

/// What was put back into one list, in its order.
struct ListOrder<'p> {
    places: &'p mut Places,
    key: &'p [u8],
    /// The frames that hold it. A frame holds a stretch of a sweep, so their orders do not overlap.
    positions: Vec<u64>,
}

impl<'p> ListOrder<'p> {
    fn of(places: &'p mut Places, key: &'p [u8]) -> Self {
        let least = |frame: &Frame| frame.lists.iter().find(|(of, _)| of == key).map(|(_, at)| *at);
        let mut frames: Vec<(u64, u64)> = places
            .frames
            .iter()
            .filter_map(|frame| Some((least(frame)?, frame.position)))
            .collect();
        frames.sort_unstable();
        let positions = frames.into_iter().map(|(_, position)| position).collect();
        Self { places, key, positions }
    }
}

impl MergeSource for ListOrder<'_> {
    fn each(&mut self, visit: &mut Visit<'_>) -> Result<()> {
        for position in &self.positions {
            for place in self.places.reader.places_at(*position)? {
                if place.key == self.key && self.places.is_noted(place.number, &place.id) {
                    visit(&place.id, place.follows.as_deref())?;
                }
            }
        }
        Ok(())
    }
}
