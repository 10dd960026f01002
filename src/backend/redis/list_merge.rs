//! Puts many ids back into a queue's list, each behind the one that it followed.
//!
//! Redis inserts by searching from the head (`LINSERT`), 30 ms in the worst case at a million ids,
//! once per id; popping down to the place and pushing back costs 0.8 µs for every id above it. So
//! nothing is inserted: the list is copied (`COPY`, 13 to 36 ms at a million, the longest command
//! here), the merged list is written under a key of the operation, and one script puts it in the
//! list's place. Until then workers and producers have the old list, from then on the new one.
//! What they did meanwhile is taken over by that script: pops, and pushes at both ends. Where that
//! cannot be followed (an id was taken from the middle, or thousands were popped), the merge is
//! made again from a new copy. A jobctl that is killed before the swap has changed nothing.
//!
//! **Where an id goes.** Behind the id that it followed. Where that one is gone, behind the one that
//! was put back before it, else to the head: what it followed was popped from there. Ids that
//! stand in another order than they did count as gone, as few of them as possible.

mod gaps;

use std::collections::HashMap;

use redis::cmd;

use super::batch::Batch;
use super::keys::Key;
use super::list_removal::Script;
use super::read::{ID_PAGE, Store};
use super::reply::ReplyErrorKind;
use crate::error::{Failure, Kind, Result};
use crate::model::id::QueueName;
use gaps::Gaps;

/// Copies that are made before it is given up.
const ATTEMPTS: usize = 5;

/// Ids that may be popped or pushed at one end while the merged list is written.
const MOST_MOVED: usize = 1_000;

/// Ids in one command.
const PUSHED: usize = 1_000;

static SWAP: Script = Script::new(include_str!("scripts/swap_list.lua"));
static COPY: Script = Script::new(include_str!("scripts/copy_list.lua"));

/// What is done with an id and the one that it followed.
pub type Visit<'v> = dyn FnMut(&[u8], Option<&[u8]>) -> Result<()> + 'v;

/// The ids that are put back.
pub trait MergeSource {
    /// Shows each id, in the order in which they stood, with the one that it followed; `None` at
    /// the head. Called several times, and shows the same each time.
    fn each(&mut self, visit: &mut Visit<'_>) -> Result<()>;

    /// Whether ids that do not stand in the list are put into it. Where they stood in it a moment
    /// ago they must not be: a worker has them.
    fn inserts(&self) -> bool {
        true
    }
}

impl<I: AsRef<[u8]>> MergeSource for &[(I, Option<I>)] {
    fn each(&mut self, visit: &mut Visit<'_>) -> Result<()> {
        self.iter()
            .try_for_each(|(id, follows)| visit(id.as_ref(), follows.as_ref().map(AsRef::as_ref)))
    }
}

/// What a merge came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Merged {
    /// Ids that were put back.
    pub restored: usize,
    /// Ids that stood in the list already and were moved to their places.
    pub moved: usize,
    /// Of both, how many follow another id than they did, as theirs is gone.
    pub unplaced: usize,
}

impl Store {
    /// Puts ids back into a queue's list; those that stand in it are moved to their places.
    ///
    /// `work` names two keys that are this operation's own. Their jobs must be there before, or a
    /// worker drops the ids.
    ///
    /// Cost: at a million ids a second or two, and twice the list's memory for as long. Memory
    /// here: 24 bytes per id of the list and of the source.
    ///
    /// Errors: what the source fails with and Redis refuses, with the list as it was; `TryAgain`
    /// where the list changed too fast.
    pub fn merge_into_list(
        &mut self,
        queue: &QueueName,
        work: &[Key; 2],
        source: &mut dyn MergeSource,
    ) -> Result<Merged> {
        let list = self.keys().queue(queue);
        let [prepared, snapshot] = work.clone();
        let mut merge = Merge { list, prepared, snapshot };
        for _ in 0..ATTEMPTS {
            let attempt = merge.attempt(self, source);
            if !matches!(attempt, Ok(Some(_))) {
                merge.clean(self);
            }
            if let Some(merged) = attempt? {
                return Ok(merged);
            }
        }
        let message = format!("cannot put jobs back into queue `{queue}`: it changes too fast");
        Err(Failure::new(Kind::TryAgain, message)
            .hint("try again; jobctl workers suspend stops all workers meanwhile")
            .into())
    }
}

struct Merge {
    list: Key,
    prepared: Key,
    snapshot: Key,
}

/// By what the script recognizes the snapshot in the list.
struct Ends {
    /// The first ids of the snapshot, each with its index in the merged list.
    first: Vec<(Vec<u8>, usize)>,
    /// The last one.
    last: Vec<u8>,
}

/// The merged list on its way to Redis.
struct Writer<'s> {
    store: &'s mut Store,
    prepared: Key,
    buffer: Vec<Vec<u8>>,
    written: usize,
    /// The first ids of the snapshot, by where they stood in it.
    numbers: HashMap<Vec<u8>, usize>,
    /// Of each of them the index in the merged list.
    indexes: Vec<usize>,
}

impl Merge {
    /// One attempt; `None` where the list's changes could not be followed.
    fn attempt(
        &mut self,
        store: &mut Store,
        source: &mut dyn MergeSource,
    ) -> Result<Option<Merged>> {
        self.clean(store);
        let count = self.copy(store)?;
        let gaps = self.find_gaps(store, source, count)?;
        let merged = gaps.merged();
        if merged.restored + merged.moved == 0 {
            self.clean(store);
            return Ok(Some(merged));
        }
        let ends = self.write(store, source, &gaps, count)?;
        Ok(self.swap(store, count, ends)?.then_some(merged))
    }

    /// Copies the list; gives its length.
    fn copy(&self, store: &mut Store) -> Result<usize> {
        let reply = store.link().command(cmd("COPY").arg(&self.list).arg(&self.snapshot))?;
        match reply {
            Ok(_) => {}
            // Before 6.2 a script has to do it, which blocks half a second for a million ids.
            Err(error) if error.kind == ReplyErrorKind::Other => {
                let keys = [self.list.clone(), self.snapshot.clone()];
                COPY.run::<()>(store, "copy the queue's list", &keys, &[])?;
            }
            Err(error) => {
                return Err(store.link().refused("copy the queue's list", &error).into());
            }
        }
        let mut batch = Batch::default();
        let length = batch.add("LLEN", cmd("LLEN").arg(&self.snapshot).take());
        store.run(batch)?.get(length).map_err(unread)
    }

    fn find_gaps(
        &self,
        store: &mut Store,
        source: &mut dyn MergeSource,
        count: usize,
    ) -> Result<Gaps> {
        let mut gaps = Gaps::builder(count, source.inserts());
        for start in (0..count).step_by(ID_PAGE) {
            self.page(store, start)?.iter().for_each(|id| gaps.add(id));
        }
        let mut gaps = gaps.index();
        for start in (0..count).step_by(ID_PAGE) {
            for (at, id) in self.page(store, start)?.iter().enumerate() {
                gaps.stands(id, start + at);
            }
        }
        source.each(&mut |id, follows| {
            gaps.place(id, follows);
            Ok(())
        })?;
        Ok(gaps.settle())
    }

    /// Writes the merged list.
    fn write(
        &self,
        store: &mut Store,
        source: &mut dyn MergeSource,
        gaps: &Gaps,
        count: usize,
    ) -> Result<Ends> {
        let first: Vec<Vec<u8>> =
            self.page(store, 0)?.into_iter().take(MOST_MOVED.min(count)).collect();
        let mut writer = Writer {
            store,
            prepared: self.prepared.clone(),
            buffer: Vec::new(),
            written: 0,
            numbers: first.iter().cloned().zip(0..).collect(),
            indexes: vec![0; first.len()],
        };
        let mut copy = Copying { page: Vec::new().into_iter(), at: 0, last: Vec::new() };
        let mut number = 0;
        source.each(&mut |id, _| {
            let gap = gaps.of(number);
            number += 1;
            let Some(gap) = gap else { return Ok(()) };
            copy.up_to(gap, self, gaps, &mut writer)?;
            writer.push(id.to_vec())
        })?;
        copy.up_to(count, self, gaps, &mut writer)?;
        writer.flush()?;
        Ok(Ends { first: first.into_iter().zip(writer.indexes).collect(), last: copy.last })
    }

    /// Puts the merged list in the list's place; false where that one's changes cannot be followed.
    fn swap(&self, store: &mut Store, count: usize, ends: Ends) -> Result<bool> {
        let keys = [self.list.clone(), self.prepared.clone(), self.snapshot.clone()];
        let marker = [b"\0jobctl:", self.prepared.as_bytes()].concat();
        let number = |number: usize| number.to_string().into_bytes();
        let mut arguments = vec![number(count), ends.last, marker, number(MOST_MOVED)];
        for (id, index) in ends.first {
            arguments.push(id);
            arguments.push(number(index));
        }
        let swapped: u8 = SWAP.run(store, "put jobs back into the queue", &keys, &arguments)?;
        Ok(swapped == 1)
    }

    fn page(&self, store: &mut Store, start: usize) -> Result<Vec<Vec<u8>>> {
        let mut batch = Batch::default();
        let stop = start + ID_PAGE - 1;
        let page =
            batch.add("LRANGE", cmd("LRANGE").arg(&self.snapshot).arg(start).arg(stop).take());
        store.run(batch)?.get(page).map_err(unread)
    }

    /// Drops the operation's own keys; what cannot be dropped now is dropped by the next attempt.
    fn clean(&self, store: &mut Store) {
        let _ = store.link().command(cmd("UNLINK").arg(&self.prepared).arg(&self.snapshot));
    }
}

/// The snapshot on its way into the merged list.
struct Copying {
    page: std::vec::IntoIter<Vec<u8>>,
    /// How many ids were passed.
    at: usize,
    /// The last of them.
    last: Vec<u8>,
}

impl Copying {
    /// Copies what stays up to an index of the snapshot.
    fn up_to(
        &mut self,
        end: usize,
        merge: &Merge,
        gaps: &Gaps,
        writer: &mut Writer<'_>,
    ) -> Result<()> {
        while self.at < end {
            let Some(id) = self.page.next() else {
                self.page = merge.page(writer.store, self.at)?.into_iter();
                if self.page.len() == 0 {
                    return Ok(());
                }
                continue;
            };
            self.last.clone_from(&id);
            if !gaps.is_moving(self.at) {
                writer.push(id)?;
            }
            self.at += 1;
        }
        Ok(())
    }
}

impl Writer<'_> {
    fn push(&mut self, id: Vec<u8>) -> Result<()> {
        let slot = self.numbers.get(&id).and_then(|number| self.indexes.get_mut(*number));
        if let Some(slot) = slot {
            *slot = self.written + self.buffer.len();
        }
        self.buffer.push(id);
        if self.buffer.len() >= 10 * PUSHED { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let mut batch = Batch::default();
        let slots: Vec<_> = self
            .buffer
            .chunks(PUSHED)
            .map(|ids| batch.add("RPUSH", cmd("RPUSH").arg(&self.prepared).arg(ids).take()))
            .collect();
        let mut replies = self.store.run(batch)?;
        for slot in slots {
            replies.get::<usize>(slot).map_err(unwritten)?;
        }
        self.written += self.buffer.len();
        self.buffer.clear();
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn unread(lack: crate::model::part::Lack) -> anyhow::Error {
    Failure::new(Kind::Refused, format!("cannot read the queue's list: {lack}")).into()
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn unwritten(lack: crate::model::part::Lack) -> anyhow::Error {
    Failure::new(Kind::Refused, format!("cannot write the queue's list anew: {lack}")).into()
}
