//! Takes many ids out of a queue's list while producers push and workers pop.
//!
//! **The list is swept from both ends**, always from the one at which less has been left standing,
//! until both sweeps meet. A page of ids is read ahead; the ids that are meant are gathered into a
//! batch, handed to the sink, which keeps what is about to go, and then one script looks for each
//! of them again, takes those that are still there and drops what belongs to them. What a worker
//! popped in between is its own. Nothing is renamed, nothing is parked in another key, and what
//! stays is never moved, so workers see first in, first out at every moment, and a jobctl that is
//! killed leaves a queue that is merely shorter.
//!
//! **Why this way.** Redis cannot delete at an index. What it can do, measured at a million ids of
//! 53 bytes on Redis 7.0 (a list node of 8 KiB holds about 145 of them):
//!
//! | | Cost |
//! |---|---|
//! | `LREM` or `LPOS` that scans | 27 ns per id passed, so up to 30 ms |
//! | `LSET`, `LINDEX` | 1 µs and 4 ns per node passed: 2 µs at the end, 15 µs in the middle |
//! | `LRANGE` in a script | 0.4 µs per id at any depth |
//! | popping and pushing back in a script | 0.8 µs per id, up to the depth |
//! | `LTRIM` | 1 ns per id |
//! | `UNLINK` of a job | 5 to 10 µs: freed at once, as it has few fields |
//!
//! An `LREM` per id scans the list once per id. Popping down to the depth and pushing back costs
//! thirty times the scan. So the script overwrites the ids of a batch with one marker (`LSET`) and
//! removes them with a single `LREM` from the nearer end, which stops at the last one; the depth is
//! what was left standing at that end, at most half of what stays. Where a batch lies at the very
//! end, `LTRIM` does it. The marker lives only inside the script: Redis runs it alone, and an
//! append-only file has it as one transaction.
//!
//! **A whole queue** is the same sweep, as nothing is left standing and every batch is an `LTRIM`
//! of the head. Renaming it first would not be faster, but would hide ten thousands of jobs in a
//! key that RQ does not know for as long as it takes, or for good after a crash, and would take
//! along what was enqueued after the plan.
//!
//! **Indexes shift** by pops and by pushes at either end while a page is worked on. A script looks
//! for a batch where it was seen, then [`REACH`] to either side, and tells how far it had moved; a
//! new page begins behind the last id that was left standing. What moved farther is found by the
//! next pass over what remains. Passes end when one of them took nothing.

mod ids;
mod pages;
mod registry;
mod script;
mod side;

use redis::cmd;

use super::batch::Batch;
use super::keys::Key;
use super::read::Store;
use crate::error::{Failure, Kind, Result};
use crate::model::id::{JobId, QueueName};
use crate::model::id_set::IdSet;
use side::{End, Side};

pub use ids::{Attached, attached_to};
pub(super) use ids::{digits, keys_of};
pub use pages::ListPages;
pub(super) use script::Script;

/// Ids that one script takes at most: 25 ms of the server's time in the middle of a million.
pub const REMOVAL_BATCH: usize = 1_000;

/// Ids that one script takes at the ends of the list: 5 to 10 ms of the server's time.
const SHALLOW_BATCH: usize = 500;

/// For so many ids that were left standing a batch takes one more: they are passed once per batch.
const DEEPER_BY_ONE: usize = 400;

/// The longest stretch of the list that one script looks at.
const SPAN: usize = 4_096;

/// How far a batch may have moved since it was read.
const REACH: usize = 4_096;

/// Passes over the list; each but the first is only for what moved out of reach.
const PASSES: i64 = 5;

/// Orders of one pass; more than a list can hold.
const ORDERS_OF_A_PASS: i64 = 1 << 40;

static REMOVE: Script = Script::new(include_str!("scripts/remove_from_list.lua"));

/// An id that is about to be taken, where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The job.
    pub id: JobId,
    /// The queue's order: of two ids that one sweep took, the one that stood nearer to the head
    /// has the smaller number. Not an index.
    pub order: i64,
    /// What it directly follows, be that meant to stay or to go; `None` at the head.
    pub follows: Option<JobId>,
    /// Ids between it and the end from which it is looked at.
    distance: usize,
}

/// What came of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is out of the list, and what belonged to it is gone.
    Removed,
    /// It was not there any more: a worker has it, or somebody else removed it.
    NotThere,
    /// It ran or was queued anew after the sink had looked at it: another job by now.
    Changed,
    /// It stays because the sink said so.
    Left,
}

impl Taken {
    fn of(code: u8) -> Self {
        match code {
            b'1' => Self::Removed,
            b'2' => Self::Changed,
            _ => Self::NotThere,
        }
    }
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// With the next batch.
    On,
    /// No further: the list is whole after every batch.
    Stop,
}

/// Who keeps what goes, and hears what went.
pub trait RemovalSink {
    /// Keeps what is about to go; what must survive a crash is on the disk when this returns.
    ///
    /// Gives for each candidate, in their order, what belongs to it, or `None` to leave it alone.
    fn before(&mut self, store: &mut Store, batch: &[Candidate]) -> Result<Vec<Option<Attached>>>;

    /// Hears what came of each candidate of the batch.
    fn after(&mut self, store: &mut Store, batch: &[Candidate], taken: &[Taken]) -> Result<Flow>;
}

/// What a removal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Removal {
    /// Ids that were taken.
    pub removed: usize,
    /// Ids that the sink left.
    pub left: usize,
    /// Whether the sink ended it.
    pub stopped: bool,
}

/// What the script told.
struct ScriptReply {
    /// The list's length before.
    length: usize,
    /// Index and number of the last candidate that was found.
    latest: Option<(usize, usize)>,
    codes: Vec<u8>,
}

impl Store {
    /// Takes the ids in `ids` out of a queue's list, with what belongs to them.
    ///
    /// `receipts` is the list to which each script adds what it did. The sink is asked before and
    /// told after each batch of at most [`REMOVAL_BATCH`].
    ///
    /// Cost: one round trip per batch beside the sink's own, and one per 10,000 ids of the list;
    /// one more reading of what remains where an id that was meant was not found. Memory: two
    /// pages, beside the set.
    ///
    /// Errors: what Redis refuses, and what the sink fails with. What the sink was told stays true
    /// then; of the last batch only the receipts tell where the connection was lost.
    pub fn remove_from_list(
        &mut self,
        queue: &QueueName,
        receipts: &Key,
        ids: IdSet,
        sink: &mut dyn RemovalSink,
    ) -> Result<Removal> {
        let mut sweep = ListSweep::new(self.keys().queue(queue), ids);
        while let Some(batch) = sweep.next_batch(self)? {
            let attached = sink.before(self, &batch)?;
            let taken = sweep.take(self, receipts, &batch, &attached)?;
            if sink.after(self, &batch, &taken)? == Flow::Stop {
                return Ok(Removal { stopped: true, ..sweep.removal });
            }
        }
        Ok(sweep.removal)
    }
}

/// A removal in progress, for whoever has a loop of its own; see the module.
///
/// After each batch the list is whole, so it may end at any time.
pub struct ListSweep {
    list: Key,
    ids: IdSet,
    head: Side,
    tail: Side,
    /// Where the present batch was gathered.
    end: End,
    pass: i64,
    removed_before_pass: usize,
    removal: Removal,
}

impl ListSweep {
    /// Is going to take `ids` out of `list`.
    pub fn new(list: Key, ids: IdSet) -> Self {
        let (head, tail) = sides_of(0);
        let removal = Removal::default();
        Self { list, ids, head, tail, end: End::Head, pass: 0, removed_before_pass: 0, removal }
    }

    /// What came of it so far.
    pub const fn removal(&self) -> Removal {
        self.removal
    }

    /// The next ids that are meant, at most [`REMOVAL_BATCH`], in the list's order; `None` when
    /// none is left.
    pub fn next_batch(&mut self, store: &mut Store) -> Result<Option<Vec<Candidate>>> {
        loop {
            while let Some(end) = self.next_end(store)? {
                let batch = self.gather(end);
                if !batch.is_empty() {
                    self.end = end;
                    return Ok(Some(batch));
                }
            }
            if !self.begin_pass() {
                return Ok(None);
            }
        }
    }

    /// Begins another pass, for ids that were not found and for second ones of the same name; false
    /// where there is nothing to hope for from it.
    fn begin_pass(&mut self) -> bool {
        let doubled = self.head.doubled.drain(..).chain(self.tail.doubled.drain(..));
        doubled.for_each(|id| self.ids.release(&id));
        let in_vain = self.removal.removed == self.removed_before_pass;
        self.pass += 1;
        if self.ids.open() == 0 || in_vain || self.pass >= PASSES {
            return false;
        }
        (self.head, self.tail) = sides_of(self.pass);
        self.removed_before_pass = self.removal.removed;
        true
    }

    /// The end at which less was left standing, with ids read ahead; `None` when all was looked at.
    fn next_end(&mut self, store: &mut Store) -> Result<Option<End>> {
        let nearer = if self.head.kept <= self.tail.kept { End::Head } else { End::Tail };
        for end in [nearer, nearer.other()] {
            if !self.side(end).has_next() && !self.side(end).is_done() {
                self.read_ahead(store, end)?;
            }
            if self.side(end).has_next() {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    /// Reads another page of what neither end has read yet.
    fn read_ahead(&mut self, store: &mut Store, end: End) -> Result<()> {
        for overlap in [side::OVERLAP, side::WIDE_OVERLAP] {
            let (from, count) = self.side(end).page(overlap);
            let (start, stop) = end.range(from, count);
            let mut batch = Batch::default();
            let length = batch.add("LLEN", cmd("LLEN").arg(&self.list).take());
            let page =
                batch.add("LRANGE", cmd("LRANGE").arg(&self.list).arg(start).arg(stop).take());
            let mut replies = store.run(batch)?;
            let length: usize = replies.get(length).map_err(unread)?;
            let page: Vec<Vec<u8>> = replies.get(page).map_err(unread)?;
            let other = self.side(end.other());
            let limit = length.saturating_sub(other.kept + other.ahead.len());
            if self.side_mut(end).take_page(page, from, limit) {
                break;
            }
        }
        Ok(())
    }

    /// The next candidates of one end, in the list's order.
    fn gather(&mut self, end: End) -> Vec<Candidate> {
        let Self { head, tail, ids, .. } = self;
        if end == End::Head {
            return head.gather(ids, batch_at(head.kept), SPAN);
        }
        let mut batch = tail.gather(ids, batch_at(tail.kept), SPAN);
        // Where both sweeps meet, the head's has what stands before.
        if let Some(last) = batch.last_mut().filter(|last| last.follows.is_none()) {
            let before = head.ahead.back().or(head.passed.as_ref());
            last.follows = before.map(|id| JobId::new(id.as_slice()));
        }
        batch.reverse();
        batch
    }

    /// Takes candidates of the present batch, each with what belongs to it; `None` leaves it.
    /// One round trip.
    pub fn take(
        &mut self,
        store: &mut Store,
        receipts: &Key,
        batch: &[Candidate],
        attached: &[Option<Attached>],
    ) -> Result<Vec<Taken>> {
        let going: Vec<(usize, &Candidate, &Attached)> = batch
            .iter()
            .zip(attached)
            .enumerate()
            .filter_map(|(at, (candidate, attached))| Some((at, candidate, attached.as_ref()?)))
            .collect();
        let mut taken = vec![Taken::Left; batch.len()];
        self.removal.left += batch.len() - going.len();
        let Some(reply) = self.run_script(store, receipts, &going)? else { return Ok(taken) };
        for ((at, ..), code) in going.iter().zip(&reply.codes) {
            if let Some(slot) = taken.get_mut(*at) {
                *slot = Taken::of(*code);
            }
        }
        for (candidate, _) in batch.iter().zip(&taken).filter(|(_, t)| **t == Taken::NotThere) {
            self.ids.release(candidate.id.as_bytes());
        }
        let count = |what| taken.iter().filter(|taken| **taken == what).count();
        let (removed, gone) = (count(Taken::Removed), count(Taken::NotThere));
        let found = reply.latest.and_then(|(index, number)| {
            let (_, candidate, _) = going.get(number.checked_sub(1)?)?;
            Some((self.end.distance(index, reply.length), candidate.distance))
        });
        self.side_mut(self.end).settle(removed, gone, found);
        self.removal.removed += removed;
        Ok(taken)
    }

    fn run_script(
        &self,
        store: &mut Store,
        receipts: &Key,
        going: &[(usize, &Candidate, &Attached)],
    ) -> Result<Option<ScriptReply>> {
        let distances = || going.iter().map(|(_, candidate, _)| candidate.distance);
        let (Some(nearest), Some(farthest)) = (distances().min(), distances().max()) else {
            return Ok(None);
        };
        let mut keys = vec![self.list.clone(), receipts.clone()];
        keys.extend(going.iter().flat_map(|(_, _, attached)| keys_of(attached)).cloned());
        let (first, last) = self.end.seen(nearest, farthest);
        let mut arguments = vec![
            [b"\0jobctl:", receipts.as_bytes()].concat(),
            first.to_string().into(),
            last.to_string().into(),
            REACH.to_string().into(),
            going.iter().flat_map(|(_, _, attached)| digits(attached)).collect(),
        ];
        arguments.extend(going.iter().flat_map(|(_, candidate, attached)| {
            [
                candidate.id.as_bytes().to_vec(),
                attached.receipt.clone(),
                attached.fingerprint.clone(),
            ]
        }));
        let (length, index, number, codes): (usize, i64, usize, Vec<u8>) =
            REMOVE.run(store, "remove jobs from the queue", &keys, &arguments)?;
        let latest = usize::try_from(index).ok().map(|index| (index, number));
        Ok(Some(ScriptReply { length, latest, codes }))
    }

    fn side(&self, end: End) -> &Side {
        match end {
            End::Head => &self.head,
            End::Tail => &self.tail,
        }
    }

    fn side_mut(&mut self, end: End) -> &mut Side {
        match end {
            End::Head => &mut self.head,
            End::Tail => &mut self.tail,
        }
    }
}

/// How many ids a script takes behind so many that were left standing.
fn batch_at(kept: usize) -> usize {
    (SHALLOW_BATCH + kept / DEEPER_BY_ONE).min(REMOVAL_BATCH)
}

/// Both sides at the beginning of a pass.
const fn sides_of(pass: i64) -> (Side, Side) {
    let (first, last) = (pass * ORDERS_OF_A_PASS, (pass + 1) * ORDERS_OF_A_PASS - 1);
    (Side::new(End::Head, first), Side::new(End::Tail, last))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn unread(lack: crate::model::part::Lack) -> anyhow::Error {
    Failure::new(Kind::Refused, format!("cannot read the queue's list: {lack}")).into()
}
