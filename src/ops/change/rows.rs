//! Gives what was put back of a row its places in the list.
//!
//! While an undo puts jobs back, each goes to the tail of its list, so that a crash loses none;
//! at the end all of them get the places that they had, at once.

use std::collections::BTreeMap;

use crate::backend::redis::keys::Keys;
use crate::backend::redis::list_merge::{MergeSource, Visit};
use crate::backend::redis::read::Store;
use crate::error::Result;
use crate::human;
use crate::journal::{JobImage, Membership, OpId};
use crate::model::id::QueueName;

/// Rows, by the key of their list.
#[derive(Debug, Default)]
pub(super) struct Rows {
    lists: BTreeMap<Vec<u8>, Row>,
}

/// What was put back into one list. Ids lie end to end in one buffer: there may be a million.
#[derive(Debug, Default)]
struct Row {
    bytes: Vec<u8>,
    /// Order, where the id begins, its length, and the length of what it followed, which lies
    /// behind it; none for the head.
    places: Vec<(u64, usize, u32, Option<u32>)>,
}

impl Rows {
    /// Notes a job that was put back.
    pub(super) fn add(&mut self, image: &JobImage) {
        for membership in &image.memberships {
            let Membership::Row { key, order, follows } = membership else { continue };
            let row = self.lists.entry(key.clone()).or_default();
            row.add(*order, &image.id, follows.as_deref());
        }
    }

    /// Gives everything that was noted its place; says where that could not be the old one.
    pub(super) fn give_places(&mut self, store: &mut Store, op: &OpId) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        for (key, mut row) in std::mem::take(&mut self.lists) {
            let keys: Keys = store.keys().clone();
            let Some(queue) = keys.queue_of_list(&key).map(QueueName::new) else { continue };
            row.places.sort_unstable_by_key(|(order, ..)| *order);
            let merged = store.merge_into_list(&queue, &keys.merge(op.as_str()), &mut row)?;
            if merged.unplaced > 0 {
                notes.push(format!(
                    "queue `{queue}`: {} stood behind jobs that have run or gone since, and stand behind the nearest that is left",
                    human::counted(merged.unplaced as u64, "job")
                ));
            }
        }
        Ok(notes)
    }
}

impl Row {
    fn add(&mut self, order: u64, id: &[u8], follows: Option<&[u8]>) {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(0);
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(id);
        self.bytes.extend_from_slice(follows.unwrap_or_default());
        self.places.push((order, begin, length(id), follows.map(length)));
    }
}

impl MergeSource for Row {
    fn inserts(&self) -> bool {
        false
    }

    fn each(&mut self, visit: &mut Visit<'_>) -> Result<()> {
        let part = |begin: usize, length: u32| {
            self.bytes.get(begin..begin + length as usize).unwrap_or_default()
        };
        self.places.iter().try_for_each(|(_, begin, length, follows)| {
            let behind = begin + *length as usize;
            visit(part(*begin, *length), follows.map(|length| part(behind, length)))
        })
    }
}
