//! Takes many ids out of a queue's list while producers push and workers pop.
//!
//! **The list is swept from both ends**, always from the one at which less has been left standing,
//! until both sweeps meet. A page of ids is read ahead; the ids that are meant are gathered into a
//! batch, whose images are kept, and then one script looks for each of them again, takes those that
//! are still there and are still what they were, and does with them what is wanted ([`Deed`]). What
//! a worker popped in between is its own. Nothing is renamed, nothing is parked in another key, and
//! what stays is never moved, so workers see first in, first out at every moment, and a jobctl that
//! is killed leaves a queue that is merely shorter. Where the order of what is taken matters, the
//! list is swept from one end only ([`Course`]).
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
//! next pass over what remains. Passes end when one of them comes to none that is meant.

mod pages;
mod side;
mod take;

use std::collections::VecDeque;

use redis::cmd;

use super::batch::Batch;
use super::keys::Key;
use super::read::Store;
use crate::error::{Failure, Kind, Result};
use crate::model::id::JobId;
use crate::model::id_set::IdSet;
use side::{End, Side};

pub use pages::ListPages;
pub use take::{Deed, Taking};

/// Ids of one batch: their images go to the disk at once, and take a few megabytes.
pub const REMOVAL_BATCH: usize = 1_000;

/// Ids that one script takes at the ends of the list: 5 ms of the server's time.
const SHALLOW: usize = 250;

/// Ids that one script takes at most: 20 ms of the server's time in the middle of a million.
const DEEP: usize = 750;

/// For so many ids that were left standing a script takes one more: they are passed once by each.
const DEEPER_BY_ONE: usize = 500;

/// So few ids that looking for second places of them is not worth a reading of the list.
const FEW: usize = 64;

/// The longest stretch of the list that one script looks at.
const SPAN: usize = 4_096;

/// How far a batch may have moved since it was read.
const REACH: usize = 4_096;

/// Passes over the list; each but the first is only for what moved out of reach.
const PASSES: i64 = 9;

/// What may be pushed to a list, beside its own length, before a pass over it ends all the same.
const MOST_GROWN: usize = 50_000;

/// Orders of one pass; more than a list can hold.
const ORDERS_OF_A_PASS: i64 = 1 << 40;

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

/// Candidates of one end.
struct Gathered {
    end: End,
    batch: Vec<Candidate>,
}

/// From where a list is swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Course {
    /// From both ends: least work. An id that stands there twice is taken twice.
    #[default]
    BothEnds,
    /// From the head only: batches come in the list's order. What is done with them may put them at
    /// the tail.
    FromHead,
    /// From the tail only: batches come in the reverse of it, each in the list's order. What is done
    /// with them may put them at the head.
    FromTail,
}

impl Course {
    const fn takes(self, end: End) -> bool {
        match self {
            Self::BothEnds => true,
            Self::FromHead => matches!(end, End::Head),
            Self::FromTail => matches!(end, End::Tail),
        }
    }
}

/// A removal in progress; see the module.
///
/// After each batch the list is whole, so it may end at any time. Memory: two pages of 10,000 ids,
/// beside the set.
pub struct ListSweep {
    list: Key,
    ids: IdSet,
    course: Course,
    head: Side,
    tail: Side,
    /// Batches that were gathered and may still be taken, the oldest first.
    gathered: VecDeque<Gathered>,
    pass: i64,
    /// Whether this pass came to any id that is meant.
    met: bool,
    /// How long the list was when this pass began.
    began_with: Option<usize>,
}

impl ListSweep {
    /// Is going to take `ids` out of `list`.
    pub fn new(list: Key, ids: IdSet, course: Course) -> Self {
        let (head, tail) = sides_of(0);
        Self {
            list,
            ids,
            course,
            head,
            tail,
            gathered: VecDeque::new(),
            pass: 0,
            met: false,
            began_with: None,
        }
    }

    /// The ids that it was given; those that were met are claimed.
    pub const fn ids(&self) -> &IdSet {
        &self.ids
    }

    /// The next ids that are meant, at most `most` and [`REMOVAL_BATCH`], in the list's order; none
    /// when nothing is left. Whatever came before is taken by now, or stays.
    ///
    /// Cost: one round trip per 10,000 ids of the list; one more reading of what remains where an
    /// id that was meant was not found. Ends early once a few ids are all found.
    ///
    /// Errors: what Redis refuses, and a lost connection.
    pub fn next_batch(&mut self, store: &mut Store, most: usize) -> Result<&[Candidate]> {
        self.gathered.clear();
        loop {
            match self.next_end(store)? {
                Some(end) if self.gather(end, most) => break,
                Some(_) => {}
                None if self.begin_pass() => {}
                None => break,
            }
        }
        Ok(self.latest())
    }

    /// The batch after one that is still to be taken, out of what was read ahead; none where that
    /// is used up, as the next page begins behind what that batch leaves standing.
    pub fn read_on(&mut self, most: usize) -> &[Candidate] {
        let before = self.gathered.len();
        while self.gathered.len() == before {
            let Some(end) = self.ends().into_iter().find(|end| self.side(*end).has_next()) else {
                return &[];
            };
            self.gather(end, most);
        }
        self.latest()
    }

    fn latest(&self) -> &[Candidate] {
        self.gathered.back().map(|gathered| gathered.batch.as_slice()).unwrap_or_default()
    }

    /// Begins another pass, for ids that were not found and for second ones of the same name; false
    /// where there is nothing to hope for from it.
    fn begin_pass(&mut self) -> bool {
        let doubled = self.head.doubled.drain(..).chain(self.tail.doubled.drain(..));
        // A sweep from one end also comes to what it has put at the other.
        let again = doubled.filter(|_| self.course == Course::BothEnds);
        again.for_each(|id| self.ids.release(&id));
        let met = std::mem::take(&mut self.met);
        self.pass += 1;
        if self.ids.open() == 0 || !met || self.pass >= PASSES {
            return false;
        }
        (self.head, self.tail) = sides_of(self.pass);
        self.began_with = None;
        true
    }

    /// The end at which less was left standing, with ids read ahead; `None` when all was looked at.
    fn next_end(&mut self, store: &mut Store) -> Result<Option<End>> {
        // Reading on for the second places of a few ids would make single jobs dear, and from one
        // end second places are not taken.
        let one_place = self.ids.len() <= FEW || self.course != Course::BothEnds;
        let all_found = self.ids.open() == 0 && one_place;
        for end in self.ends() {
            if !self.side(end).has_next() && !self.side(end).is_done() && !all_found {
                self.read_ahead(store, end)?;
            }
            if self.side(end).has_next() {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    /// The ends that are swept, that at which less was left standing first.
    fn ends(&self) -> Vec<End> {
        let nearer = if self.head.kept <= self.tail.kept { End::Head } else { End::Tail };
        let course = self.course;
        [nearer, nearer.other()].into_iter().filter(|end| course.takes(*end)).collect()
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
            // Who pushes faster than this reads must not keep it here for ever.
            let began_with = *self.began_with.get_or_insert(length);
            let limit = limit.min(2 * began_with + MOST_GROWN);
            if self.side_mut(end).take_page(page, from, limit) {
                break;
            }
        }
        Ok(())
    }

    /// Gathers the next candidates of one end, in the list's order; whether there were any.
    fn gather(&mut self, end: End, most: usize) -> bool {
        let Self { head, tail, ids, .. } = self;
        let most = most.min(REMOVAL_BATCH);
        let batch = match end {
            End::Head => head.gather(ids, most),
            End::Tail => {
                let mut batch = tail.gather(ids, most);
                // Where both sweeps meet, the head's has what stands before.
                if let Some(last) = batch.last_mut().filter(|last| last.follows.is_none()) {
                    let before = head.ahead.back().or(head.passed.as_ref());
                    last.follows = before.map(|id| JobId::new(id.as_slice()));
                }
                batch.reverse();
                batch
            }
        };
        if batch.is_empty() {
            return false;
        }
        self.met = true;
        self.gathered.push_back(Gathered { end, batch });
        true
    }

    /// Learns from a script what is left standing at an end, and with it where the batches stand
    /// that were gathered there since.
    fn settle(&mut self, end: End, taken: usize, missed: usize, found: Option<(usize, usize)>) {
        let before = self.side(end).kept;
        self.side_mut(end).settle(taken, missed, found);
        let after = self.side(end).kept;
        let since = self.gathered.iter_mut().skip(1).filter(|gathered| gathered.end == end);
        for candidate in since.flat_map(|gathered| &mut gathered.batch) {
            candidate.distance = (candidate.distance + after).saturating_sub(before);
        }
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
fn script_size(kept: usize) -> usize {
    (SHALLOW + kept / DEEPER_BY_ONE).min(DEEP)
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
