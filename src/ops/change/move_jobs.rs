//! Moves queued jobs to the back of another queue, in their order.

use std::collections::HashMap;

use super::choose::{Chosen, choose_unless, resolve_ids};
use super::requeue::{Pace, batches, when_there_is_room};
use super::retry::{cap, check_room_in, left_undone, readers_of, refusal};
use super::{Change, Go, How, Item, apply, approve};
use crate::backend::redis::images::Standing;
use crate::backend::redis::keys::Keys;
use crate::backend::redis::move_jobs::{MOVE_BATCH, MOVE_SPAN};
use crate::backend::redis::read::Store;
use crate::backend::redis::requeue::poison_of;
use crate::backend::redis::scripts::{Called, Code};
use crate::backend::redis::write::{Hold, Marked};
use crate::context::Context;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::journal::{After, Membership, OpId};
use crate::model::id::{JobId, QueueName};
use crate::model::plan::{Plan, PlannedJob, Verb};
use crate::model::selection::{Selection, State};
use crate::ops::jobs::find::Found;
use crate::ops::scope::Reach;
use crate::report::change::ChangeReport;

/// What a move takes beyond the flags of every mutation.
#[derive(Debug, Clone, Default)]
pub struct Moving {
    /// The queue to move to, by its short or full name.
    pub to: String,
    /// Make the queue where there is none of that name.
    pub create: bool,
    /// So many a second, waiting while the queue is full.
    pub rate: Option<u32>,
    /// Beyond what Frappe lets wait in a queue.
    pub over_cap: bool,
}

/// Moves the queued jobs of a selection, `typed` ids among them.
///
/// Errors: `NotFound` for a queue that is not there.
pub fn move_jobs(
    context: &mut Context,
    mut selection: Selection,
    typed: &[String],
    options: &Moving,
    how: &How,
) -> Result<ChangeReport> {
    let reach = Reach::read(context)?;
    let to = target_queue(&reach, &options.to, options.create)?;
    let mut plan = Plan::new(Verb::Move, how.explicit);
    selection.ids.extend(resolve_ids(context, typed, &mut plan)?);
    let readers = readers_of(context, &reach, std::slice::from_ref(&to))?;
    let obstacle = |found: &Found| {
        let stays = *found.place.queue() == to;
        stays.then(|| "it is in that queue".to_owned()).or_else(|| refusal(&readers, &to, found))
    };
    let chosen = choose_unless(context, plan, &mut selection, &[State::Queued], how, &obstacle)?;
    let Chosen { mut plan, jobs } = chosen;
    let short = context.target()?.short_name(&to).to_owned();
    if readers.get(&to).is_none_or(|readers| readers.serving == 0) {
        plan.warnings.push(format!("no live worker serves queue `{short}`"));
    }
    let most = cap(context, options.over_cap)?;
    if let (Some(cap), None) = (most, options.rate) {
        let more = plan.count;
        check_room_in(context, &mut plan, &to, more, cap, how)?;
    }
    if approve(context, &plan, how)? == Go::No {
        return Ok(left_undone(plan, how));
    }
    let mut mover = Mover {
        keys: context.store()?.keys().clone(),
        to,
        most,
        drifts: HashMap::new(),
        pace: options.rate.map(Pace::new).transpose()?,
    };
    let mut batches = batches(jobs, &plan, mover.pace.as_ref());
    apply(context, plan, how, None, &mut mover, &mut batches)
}

/// The queue of that name; a new one only where that is wanted.
///
/// Errors: `NotFound` with the near misses, and how to make one.
pub(super) fn target_queue(reach: &Reach, name: &str, create: bool) -> Result<QueueName> {
    let error = match reach.resolve(name) {
        Err(error) if failure_of(&error).map(Failure::kind) == Some(Kind::NotFound) => error,
        found => return found,
    };
    if create {
        let is_full = name.contains(':') || reach.prefix().is_none();
        let prefix = reach.prefix().filter(|_| !is_full);
        return Ok(QueueName::in_bench(prefix, name));
    }
    Err(match error.downcast::<Failure>() {
        Ok(failure) => failure.hint("--create makes a new queue").into(),
        Err(error) => error,
    })
}

/// Moves jobs.
struct Mover {
    keys: Keys,
    to: QueueName,
    most: Option<u64>,
    /// How far each list has shifted since the plan was made, our own removals included.
    drifts: HashMap<QueueName, i64>,
    pace: Option<Pace>,
}

impl Change for Mover {
    type Job = PlannedJob;

    fn id<'j>(&self, job: &'j PlannedJob) -> &'j JobId {
        &job.id
    }

    fn queues(&self, job: &PlannedJob) -> Vec<QueueName> {
        vec![job.queue.clone()]
    }

    fn refuses(&self, job: &PlannedJob, standing: &Standing) -> Option<String> {
        if !standing.has_hash() || standing.field(b"data").is_none() {
            return Some("it has expired".to_owned());
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
        (After::InList { queue: self.to.clone() }, list)
    }

    fn act(
        &mut self,
        store: &mut Store,
        op: &OpId,
        items: &[Item<'_, PlannedJob>],
    ) -> Result<Vec<Called>> {
        let hold = Hold::Nothing;
        let marked: Vec<Marked<'_>> = items
            .iter()
            .map(|item| Marked {
                number: item.number,
                id: &item.job.id,
                queue: &item.job.queue,
                hold: &hold,
                standing: item.standing,
            })
            .collect();
        let indexes: HashMap<u64, u64> =
            items.iter().map(|item| (item.number, index_of(item.job))).collect();
        let called = self.windows(store, op, &marked, &indexes)?;
        let pace = self.pace.take();
        let again = |open: &[Marked<'_>]| self.windows(store, op, open, &indexes);
        let called = when_there_is_room(pace.as_ref(), &marked, called, again);
        self.pace = pace;
        if let Some(pace) = &mut self.pace {
            pace.keep(items.len());
        }
        called
    }
}

fn index_of(job: &PlannedJob) -> u64 {
    job.spot.as_ref().map_or(0, |spot| spot.index)
}

impl Mover {
    /// Moves jobs window by window; `indexes` has where each stood, by the number of its image.
    fn windows(
        &mut self,
        store: &mut Store,
        op: &OpId,
        jobs: &[Marked<'_>],
        indexes: &HashMap<u64, u64>,
    ) -> Result<Vec<Called>> {
        let stood = |job: &Marked<'_>| indexes.get(&job.number).copied().unwrap_or(0);
        let mut called = Vec::with_capacity(jobs.len());
        let mut rest = jobs;
        while let Some(first) = rest.first() {
            let start = stood(first);
            let fits = |job: &&Marked<'_>| {
                let at = stood(job);
                job.queue == first.queue && at >= start && at - start <= MOVE_SPAN
            };
            // The first fits with itself.
            let end = rest.iter().take(MOVE_BATCH).take_while(fits).count().max(1);
            let (window, others) = rest.split_at(end);
            let places: Vec<u64> = window.iter().map(stood).collect();
            called.extend(self.window(store, op, window, &places)?);
            rest = others;
        }
        Ok(called)
    }

    /// Moves the jobs of one window. One that is not in it is looked for before those behind it are
    /// moved, as their order has to stay.
    fn window(
        &mut self,
        store: &mut Store,
        op: &OpId,
        jobs: &[Marked<'_>],
        stood: &[u64],
    ) -> Result<Vec<Called>> {
        let mut codes: Vec<Called> = Vec::with_capacity(jobs.len());
        loop {
            let done = codes.len();
            let jobs = jobs.get(done..).unwrap_or_default();
            let stood = stood.get(done..).unwrap_or_default();
            let (Some(first), Some(last)) = (stood.first(), stood.last()) else { break };
            codes.extend(self.front(store, op, jobs, (*first, *last))?);
            let Some(absent) = jobs.get(codes.len() - done) else { break };
            let at = stood.get(codes.len() - done).copied().unwrap_or(*last);
            codes.push(self.search(store, op, *absent, at)?.unwrap_or(Ok(Code::Taken)));
        }
        Ok(codes)
    }

    /// Moves the jobs up to the first that is not in the window.
    fn front(
        &mut self,
        store: &mut Store,
        op: &OpId,
        jobs: &[Marked<'_>],
        (first, last): (u64, u64),
    ) -> Result<Vec<Called>> {
        let Some(queue) = jobs.first().map(|job| job.queue) else { return Ok(Vec::new()) };
        let span = (self.expected(queue, first), self.expected(queue, last));
        let moved = store.move_window(op, jobs, &self.to, self.most, span)?;
        let mut codes = moved.jobs;
        let found = codes.iter().position(|code| *code == Ok(Code::Taken)).unwrap_or(codes.len());
        codes.truncate(found);
        if let (Some(at), false) = (moved.first_at, codes.is_empty()) {
            self.learn(queue, first, at);
        }
        self.taken_out(queue, &codes);
        Ok(codes)
    }

    /// Looks for one job in the whole list; `None` where it does not wait there.
    fn search(
        &mut self,
        store: &mut Store,
        op: &OpId,
        job: Marked<'_>,
        stood: u64,
    ) -> Result<Option<Called>> {
        let found = store.positions(&[(job.id, job.queue)])?.pop().flatten();
        let Some((at, _)) = found else { return Ok(None) };
        self.learn(job.queue, stood, at);
        let mut moved = store.move_window(op, &[job], &self.to, self.most, (at, at))?;
        self.taken_out(job.queue, &moved.jobs);
        Ok(moved.jobs.pop())
    }

    /// Where a job is expected now that stood at `index`.
    fn expected(&self, queue: &QueueName, index: u64) -> u64 {
        index.saturating_add_signed(self.drifts.get(queue).copied().unwrap_or(0))
    }

    /// Learns from where a job was found how far its list has shifted.
    fn learn(&mut self, queue: &QueueName, stood: u64, at: u64) {
        let drift = i128::from(at) - i128::from(stood);
        self.drifts.insert(queue.clone(), i64::try_from(drift).unwrap_or(0));
    }

    /// What stands behind the jobs that were moved has come nearer.
    fn taken_out(&mut self, queue: &QueueName, codes: &[Called]) {
        let moved = codes.iter().filter(|code| **code == Ok(Code::Done)).count();
        *self.drifts.entry(queue.clone()).or_default() -= i64::try_from(moved).unwrap_or(0);
    }
}
