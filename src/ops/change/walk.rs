//! Walks over chosen jobs where they stand now, batch by batch.
//!
//! A plan remembers of each job a fingerprint of its id ([`IdSet`]), so that a million of them take
//! 16 MB. The walk reads lists and registries again and asks the fingerprints: what matches the
//! selection but came after the plan is not touched. What stands in lists is taken by a
//! [`ListSweep`], whatever is done with it; so no verb searches a list once per job.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::BATCH;
use super::apply::{Next, Source};
use super::choose::{Target, Targets};
use crate::backend::redis::list_removal::{Candidate, Course, Deed, ListSweep, Taking};
use crate::backend::redis::read::{Entry, Place, Store};
use crate::backend::redis::scripts::{Called, Code};
use crate::error::Result;
use crate::journal::OpId;
use crate::model::id::{JobId, QueueName};
use crate::model::id_set::{Claim, IdSet};
use crate::model::plan::{LeftAlone, ListSpot, PlannedJob, Skipped};
use crate::model::selection::State;

/// A walk; a change takes from the list in which the walk is.
pub(super) struct Walk(RefCell<Steps>);

struct Steps {
    targets: VecDeque<Target>,
    /// Jobs that stand nowhere.
    unlisted: Vec<PlannedJob>,
    /// Jobs that were named one by one.
    named: Vec<JobId>,
    course: Course,
    /// Jobs of one batch.
    size: usize,
    current: Option<Current>,
    unmet: LeftAlone,
}

/// The place in which the walk is.
struct Current {
    queue: QueueName,
    state: State,
    way: Way,
}

enum Way {
    List(Box<ListSweep>),
    Registry(Entries),
}

/// A walk through a registry.
struct Entries {
    place: Place,
    ids: IdSet,
    course: Course,
    /// Entries that were met and stay.
    kept: usize,
    /// Entries of the last batch.
    last: usize,
}

impl Walk {
    /// Is going to walk over `targets`, at most `size` jobs a batch. In registries every course but
    /// [`Course::FromTail`] is from the lowest score on.
    pub(super) fn new(targets: Targets, course: Course, size: usize) -> Self {
        let Targets { places, unlisted, named } = targets;
        let (targets, size) = (places.into(), size.max(1));
        let unmet = LeftAlone::default();
        Self(RefCell::new(Steps { targets, unlisted, named, course, size, current: None, unmet }))
    }

    /// Whether the present batch stands in a list, so that [`Self::take`] has to take it.
    pub(super) fn is_in_list(&self) -> bool {
        let steps = self.0.borrow();
        steps.current.as_ref().is_some_and(|current| matches!(current.way, Way::List(_)))
    }

    /// Where a job stands in the set of the present place.
    pub(super) fn position(&self, id: &JobId) -> Option<usize> {
        let steps = self.0.borrow();
        steps.current.as_ref().and_then(|current| current.ids().position(id.as_bytes()))
    }

    /// Takes jobs of the present batch out of their list and does `deed` with each.
    pub(super) fn take(
        &self,
        store: &mut Store,
        op: &OpId,
        deed: &Deed,
        jobs: &[Taking],
    ) -> Result<Vec<Called>> {
        match &mut self.0.borrow_mut().current {
            Some(Current { way: Way::List(sweep), .. }) => sweep.take(store, op, deed, jobs),
            _ => Ok(jobs.iter().map(|_| Ok(Code::Taken)).collect()),
        }
    }
}

impl Source<PlannedJob> for &Walk {
    fn next(&mut self, store: &mut Store, open: bool) -> Result<Next<PlannedJob>> {
        self.0.borrow_mut().next(store, open)
    }

    fn unmet(&mut self) -> LeftAlone {
        std::mem::take(&mut self.0.borrow_mut().unmet)
    }
}

impl Steps {
    fn next(&mut self, store: &mut Store, open: bool) -> Result<Next<PlannedJob>> {
        loop {
            if let Some(current) = &mut self.current {
                let batch = current.next(store, self.size, open)?;
                if !batch.is_empty() {
                    return Ok(Next::Batch(batch));
                }
            }
            if open {
                return Ok(Next::Later);
            }
            if let Some(current) = self.current.take() {
                self.note_unmet(current.ids());
            }
            let Some(target) = self.targets.pop_front() else {
                let rest = self.size.min(self.unlisted.len());
                let rest: Vec<PlannedJob> = self.unlisted.drain(..rest).collect();
                return Ok(if rest.is_empty() { Next::End } else { Next::Batch(rest) });
            };
            self.current = Some(Current::of(store, target, self.course));
        }
    }

    /// Notes who was planned and not met, or not where it was met.
    fn note_unmet(&mut self, ids: &IdSet) {
        let reason = Code::Taken.reason();
        let mut open = ids.open() as u64;
        for id in self.named.iter().filter(|id| ids.is_open(id.as_bytes())) {
            open = open.saturating_sub(1);
            self.unmet.push(Skipped { id: id.clone(), reason: reason.to_owned() });
        }
        self.unmet.push_nameless(open, reason);
    }
}

impl Current {
    fn of(store: &Store, target: Target, course: Course) -> Self {
        let Target { place, state, ids } = target;
        let queue = place.queue().clone();
        let way = match place {
            Place::Registry(..) => Way::Registry(Entries { place, ids, course, kept: 0, last: 0 }),
            Place::Queue(_) | Place::Intermediate(_) => {
                let list = store.keys().queue(&queue);
                Way::List(Box::new(ListSweep::new(list, ids, course)))
            }
        };
        Self { queue, state, way }
    }

    /// The next jobs of this place; none where there are none, and where it cannot be told while a
    /// batch is `open`.
    fn next(&mut self, store: &mut Store, size: usize, open: bool) -> Result<Vec<PlannedJob>> {
        let (queue, state) = (&self.queue, Some(self.state));
        let job = |id, spot| PlannedJob { id, queue: queue.clone(), state, spot };
        Ok(match &mut self.way {
            Way::List(sweep) => {
                let batch =
                    if open { sweep.read_on(size) } else { sweep.next_batch(store, size)? };
                let batch = batch.iter();
                batch.map(|candidate| job(candidate.id.clone(), Some(spot_of(candidate)))).collect()
            }
            Way::Registry(entries) => {
                let size = size.min(BATCH);
                let batch =
                    if open { entries.read_on(store, size)? } else { entries.next(store, size)? };
                let batch = batch.into_iter();
                batch.map(|entry| job(entry.id, None)).collect()
            }
        })
    }

    fn ids(&self) -> &IdSet {
        match &self.way {
            Way::List(sweep) => sweep.ids(),
            Way::Registry(entries) => &entries.ids,
        }
    }
}

/// All jobs of targets of which there are few, as those that run.
pub(super) fn all_of(targets: Targets, store: &mut Store) -> Result<Vec<PlannedJob>> {
    if !targets.named.is_empty() {
        // Named ones are meant wherever they stand by now.
        let of = |target: &Target| -> Vec<PlannedJob> {
            let (queue, state) = (target.place.queue(), Some(target.state));
            let ids = targets.named.iter().filter(|id| target.ids.is_open(id.as_bytes()));
            let job =
                |id: &JobId| PlannedJob { id: id.clone(), queue: queue.clone(), state, spot: None };
            ids.map(job).collect()
        };
        return Ok(targets.places.iter().flat_map(of).collect());
    }
    let walk = Walk::new(targets, Course::FromHead, BATCH);
    let mut all = Vec::new();
    while let Next::Batch(batch) = (&walk).next(store, false)? {
        all.extend(batch);
    }
    Ok(all)
}

/// Where a candidate stands, as an image keeps it.
fn spot_of(candidate: &Candidate) -> ListSpot {
    let order = u64::try_from(candidate.order).unwrap_or(0);
    ListSpot { order, follows: candidate.follows.clone() }
}

impl Entries {
    /// The next entries that are meant, once the last ones were changed or left alone.
    fn next(&mut self, store: &mut Store, size: usize) -> Result<Vec<Entry>> {
        loop {
            let entries = self.page(store, size)?;
            if entries.is_empty() {
                return Ok(entries);
            }
            let count = entries.len();
            // What was met before stays: it was left alone.
            let batch = self.fresh(entries, size);
            self.kept += count - batch.len();
            if !batch.is_empty() {
                return Ok(batch);
            }
        }
    }

    /// The entries behind the last ones, which stand there still; none where that much stays that
    /// they are far behind.
    fn read_on(&mut self, store: &mut Store, size: usize) -> Result<Vec<Entry>> {
        let entries = self.page(store, self.last + size)?;
        Ok(self.fresh(entries, size))
    }

    /// So many entries behind those that stay.
    fn page(&self, store: &mut Store, count: usize) -> Result<Vec<Entry>> {
        let page = match self.course {
            Course::FromTail => {
                let page = store.last_entries(&self.place, self.kept, count)?;
                page.map(|page| page.into_iter().rev().collect())
            }
            Course::FromHead | Course::BothEnds => store.entries(&self.place, self.kept, count)?,
        };
        Ok(page.unwrap_or_default())
    }

    /// Those that are meant and were not met before, at most `size`.
    fn fresh(&mut self, entries: Vec<Entry>, size: usize) -> Vec<Entry> {
        let ids = &mut self.ids;
        let fresh =
            entries.into_iter().filter(|entry| ids.claim(entry.id.as_bytes()) == Claim::Fresh);
        let batch: Vec<Entry> = fresh.take(size).collect();
        self.last = batch.len();
        batch
    }
}
