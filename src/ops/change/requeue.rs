//! What `retry` and `promote` have in common: a job goes into its queue, claimed where it stands.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::apply::{Change, Item, batch_size};
use crate::backend::redis::images::Standing;
use crate::backend::redis::keys::Keys;
use crate::backend::redis::read::Store;
use crate::backend::redis::requeue::{Requeue, poison_of};
use crate::backend::redis::scripts::{Called, Code};
use crate::backend::redis::write::{Hold, Marked};
use crate::error::Result;
use crate::journal::{After, Membership, OpId};
use crate::model::id::{JobId, QueueName};
use crate::model::plan::{Plan, PlannedJob};
use crate::model::selection::State;
use crate::sys::clock;
use crate::sys::signals::Interrupts;

/// Between two looks at a queue that is full.
const PAUSE: Duration = Duration::from_millis(200);

/// Puts jobs into their queues.
pub(super) struct Requeueing {
    pub(super) keys: Keys,
    pub(super) how: Requeue,
    /// Jobs that are left alone, and why.
    pub(super) refused: HashMap<JobId, String>,
    pub(super) pace: Option<Pace>,
}

impl Requeueing {
    /// Where a job is taken from; `None` where it does not stand there any more.
    fn hold(&self, job: &PlannedJob, standing: &Standing) -> Option<Hold> {
        let Some(registry) = job.state.and_then(State::registry) else {
            let spot = job.spot.as_ref();
            let from_tail = spot.is_some_and(|spot| spot.index > spot.length / 2);
            return Some(Hold::List { queue: job.queue.clone(), from_tail });
        };
        let key = self.keys.registry(registry, &job.queue);
        standing.is_in(&key).then(|| Hold::Zset(key.into_bytes()))
    }

    /// The status that a job of this state must have.
    fn is_in_state(job: &PlannedJob, standing: &Standing) -> bool {
        let status = standing.field(b"status").unwrap_or_default();
        match job.state {
            // A list is the truth, whatever the hash says.
            Some(State::Queued) => true,
            // Between two runs of a repeating job RQ 2.3 to 2.7 says `finished`.
            Some(State::Scheduled) => matches!(status, b"scheduled" | b"finished"),
            Some(state) => status == state.word().as_bytes(),
            None => false,
        }
    }
}

impl Change for Requeueing {
    type Job = PlannedJob;

    fn id<'j>(&self, job: &'j PlannedJob) -> &'j JobId {
        &job.id
    }

    fn queues(&self, job: &PlannedJob) -> Vec<QueueName> {
        vec![job.queue.clone()]
    }

    fn refuses(&self, job: &PlannedJob, standing: &Standing) -> Option<String> {
        if let Some(reason) = self.refused.get(&job.id) {
            return Some(reason.clone());
        }
        if !standing.has_hash() || standing.field(b"data").is_none() {
            return Some("it has expired".to_owned());
        }
        if !Self::is_in_state(job, standing) || self.hold(job, standing).is_none() {
            return Some(Code::Changed.reason().to_owned());
        }
        let origin = standing.field(b"origin");
        if origin.is_some_and(|origin| origin != job.queue.as_str().as_bytes()) {
            return Some("it belongs to another queue by now".to_owned());
        }
        let bad = poison_of(&job.id, standing).into_iter().next()?;
        Some(format!("its field `{}` would make the worker exit that takes it", bad.field))
    }

    fn after(&self, job: &PlannedJob, _standing: &Standing) -> (After, Option<Membership>) {
        let list = job.spot.as_ref().map(|spot| Membership::List {
            key: self.keys.queue(&job.queue).into_bytes(),
            index: spot.index,
            length: spot.length,
            before: spot.before.as_ref().map(|id| id.as_bytes().to_vec()),
        });
        (After::InList { queue: job.queue.clone() }, list)
    }

    fn act(
        &mut self,
        store: &mut Store,
        op: &OpId,
        items: &[Item<'_, PlannedJob>],
    ) -> Result<Vec<Called>> {
        self.how.at = clock::now();
        let holds: Vec<Hold> = items
            .iter()
            .map(|item| self.hold(item.job, item.standing).unwrap_or(Hold::Nothing))
            .collect();
        let marked: Vec<Marked<'_>> = items
            .iter()
            .zip(&holds)
            .map(|(item, hold)| Marked {
                number: item.number,
                id: &item.job.id,
                queue: &item.job.queue,
                hold,
                standing: item.standing,
            })
            .collect();
        let called = self.requeue(store, op, &marked)?;
        let again = |open: &[Marked<'_>]| self.requeue(store, op, open);
        let called = when_there_is_room(self.pace.as_ref(), &marked, called, again)?;
        if let Some(pace) = &mut self.pace {
            pace.keep(items.len());
        }
        Ok(called)
    }
}

impl Requeueing {
    fn requeue(&self, store: &mut Store, op: &OpId, jobs: &[Marked<'_>]) -> Result<Vec<Called>> {
        let is_limited = |job: &Marked<'_>| job.standing.field(b"rate_limit_key").is_some();
        let waits = |job: &Marked<'_>| matches!(job.hold, Hold::List { .. });
        let through_limiter = |job: &&Marked<'_>| is_limited(job) && !waits(job);
        let limited: Vec<Marked<'_>> = jobs.iter().filter(through_limiter).copied().collect();
        let plain: Vec<Marked<'_>> =
            jobs.iter().filter(|job| !through_limiter(job)).copied().collect();
        let mut plain = store.requeue_jobs(op, &plain, &self.how)?.into_iter();
        let mut limited = store.requeue_limited_jobs(op, &limited, &self.how)?.into_iter();
        let of = |job: &Marked<'_>| {
            let next = if through_limiter(&job) { limited.next() } else { plain.next() };
            // Each script gives one code per job.
            next.unwrap_or(Ok(Code::Taken))
        };
        Ok(jobs.iter().map(of).collect())
    }
}

/// Changes the jobs again for which a queue had no room, until it has; only where there is a pace.
/// A signal ends the wait.
pub(super) fn when_there_is_room(
    pace: Option<&Pace>,
    jobs: &[Marked<'_>],
    mut called: Vec<Called>,
    mut change: impl FnMut(&[Marked<'_>]) -> Result<Vec<Called>>,
) -> Result<Vec<Called>> {
    let Some(pace) = pace else { return Ok(called) };
    loop {
        let is_open = |called: &Called| *called == Ok(Code::Full);
        let open: Vec<Marked<'_>> = jobs
            .iter()
            .zip(&called)
            .filter(|(_, called)| is_open(called))
            .map(|(job, _)| *job)
            .collect();
        if open.is_empty() || pace.wait_for_room() {
            return Ok(called);
        }
        let again = change(&open)?;
        let slots = called.iter_mut().filter(|called| is_open(called));
        for (slot, code) in slots.zip(again) {
            *slot = code;
        }
    }
}

/// Batches for [`apply`](super::apply), small enough for a pace.
pub(super) fn batches(
    jobs: Vec<PlannedJob>,
    plan: &Plan,
    pace: Option<&Pace>,
) -> impl Iterator<Item = Result<Vec<PlannedJob>>> + use<> {
    let size = pace.map_or(usize::MAX, Pace::at_once).min(batch_size(plan));
    let mut jobs = jobs.into_iter();
    std::iter::from_fn(move || {
        let batch: Vec<PlannedJob> = jobs.by_ref().take(size).collect();
        (!batch.is_empty()).then_some(Ok(batch))
    })
}

/// So many jobs a second.
pub(super) struct Pace {
    per_second: u32,
    started: Instant,
    done: u64,
    interrupts: Interrupts,
}

impl Pace {
    pub(super) fn new(per_second: u32) -> Result<Self> {
        let interrupts = Interrupts::catch()?;
        Ok(Self { per_second, started: Instant::now(), done: 0, interrupts })
    }

    /// A fifth of a second's worth.
    pub(super) fn at_once(&self) -> usize {
        usize::try_from(self.per_second / 5).unwrap_or(1).max(1)
    }

    /// Waits a moment for workers to make room; returns whether a signal came meanwhile.
    pub(super) fn wait_for_room(&self) -> bool {
        self.interrupts.wait(PAUSE).is_some()
    }

    /// Waits until `more` jobs fit the rate; a signal ends the wait.
    pub(super) fn keep(&mut self, more: usize) {
        self.done += more as u64;
        let due = Duration::from_secs_f64(self.done as f64 / f64::from(self.per_second.max(1)));
        self.interrupts.wait(due.saturating_sub(self.started.elapsed()));
    }
}
