//! Queues ended jobs again: failed ones, and by name stopped and canceled ones.

use std::collections::HashMap;

use super::choose::{Chosen, choose_unless, resolve_ids};
use super::dialect::Readers;
use super::requeue::{Pace, Requeueing, batches};
use super::{Go, How, apply, approve};
use crate::backend::redis::requeue::Requeue;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::id::QueueName;
use crate::model::plan::{Plan, PlannedJob, Verb};
use crate::model::selection::{Selection, State};
use crate::ops::jobs::find::Found;
use crate::ops::scope::Reach;
use crate::report::change::ChangeReport;
use crate::sys::clock;

/// The states from which a job can be queued again. RQ keeps no finished job for that.
const RETRYABLE: [State; 3] = [State::Failed, State::Stopped, State::Canceled];

/// What a retry takes beyond the flags of every mutation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Retrying {
    /// In front of the jobs that wait, the first of them first.
    pub at_front: bool,
    /// The retries that they get; `None` for as many as they have left.
    pub retries_left: Option<u64>,
    /// So many a second, waiting while a queue is full.
    pub rate: Option<u32>,
    /// Beyond what Frappe lets wait in a queue.
    pub over_cap: bool,
}

/// Retries the jobs of a selection, `typed` ids among them.
///
/// Without ids and without a status only those whose status is failed: finished jobs linger in the
/// failed registry, and stopped ones were stopped on purpose.
pub fn retry(
    context: &mut Context,
    mut selection: Selection,
    typed: &[String],
    options: Retrying,
    how: &How,
) -> Result<ChangeReport> {
    let mut plan = Plan::new(Verb::Retry, how.explicit);
    selection.ids.extend(resolve_ids(context, typed, &mut plan)?);
    if selection.ids.is_empty() && selection.states.is_empty() {
        selection.states = vec![State::Failed];
    }
    let reach = Reach::read(context)?;
    let readers = readers_of(context, &reach, &selection.queues)?;
    let obstacle = |found: &Found| refusal(&readers, found.place.queue(), found);
    let chosen = choose_unless(context, plan, &mut selection, &RETRYABLE, how, &obstacle)?;
    let Chosen { mut plan, mut jobs } = chosen;
    let most = cap(context, options.over_cap)?;
    if let (Some(cap), None) = (most, options.rate) {
        check_room(context, &mut plan, &jobs, cap, how)?;
    }
    if approve(context, &plan, how)? == Go::No {
        return Ok(left_undone(plan, how));
    }
    if options.at_front {
        jobs.reverse();
    }
    let requeue = Requeue {
        at: clock::now(),
        at_front: options.at_front,
        retries_left: options.retries_left,
        most,
    };
    let mut requeueing = Requeueing {
        keys: context.store()?.keys().clone(),
        how: requeue,
        refused: HashMap::new(),
        pace: options.rate.map(Pace::new).transpose()?,
    };
    let mut batches = batches(jobs, &plan, requeueing.pace.as_ref());
    apply(context, plan, how, None, &mut requeueing, &mut batches)
}

/// The report of a plan that is not carried out.
pub(super) fn left_undone(plan: Plan, how: &How) -> ChangeReport {
    let mut report = ChangeReport::of(plan, how.dry_run);
    report.named_skipped = how.named && report.skipped > 0;
    report
}

/// Who reads the jobs of each queue.
pub(super) fn readers_of(
    context: &Context,
    reach: &Reach,
    queues: &[QueueName],
) -> Result<HashMap<QueueName, Readers>> {
    let bench = context.target()?.bench.as_ref();
    let installed = bench.and_then(|bench| bench.rq_version());
    let queues = if queues.is_empty() { reach.queues() } else { queues.to_vec() };
    let readers = |queue: &QueueName| Readers::of(reach, queue).or_installed(installed);
    Ok(queues.into_iter().map(|queue| (queue.clone(), readers(&queue))).collect())
}

/// Why the readers of `queue` could not run a job.
pub(super) fn refusal(
    readers: &HashMap<QueueName, Readers>,
    queue: &QueueName,
    found: &Found,
) -> Option<String> {
    readers.get(queue)?.refuses_id(&found.entry.id).map(str::to_owned)
}

/// How many jobs Frappe lets wait in one queue.
pub(super) fn cap(context: &Context, over_cap: bool) -> Result<Option<u64>> {
    let bench = context.target()?.bench.as_ref();
    let cap = bench.and_then(|bench| bench.queue_cap(bench.sites().names().count()));
    Ok(cap.filter(|_| !over_cap))
}

/// Refuses what would not fit, before anything is changed; a dry run only says so.
fn check_room(
    context: &mut Context,
    plan: &mut Plan,
    jobs: &[PlannedJob],
    cap: u64,
    how: &How,
) -> Result<()> {
    let mut more: HashMap<&QueueName, u64> = HashMap::new();
    for job in jobs {
        *more.entry(&job.queue).or_default() += 1;
    }
    for (queue, more) in more {
        check_room_in(context, plan, queue, more, cap, how)?;
    }
    Ok(())
}

/// The same for one queue that gets `more` jobs.
pub(super) fn check_room_in(
    context: &mut Context,
    plan: &mut Plan,
    queue: &QueueName,
    more: u64,
    cap: u64,
    how: &How,
) -> Result<()> {
    let counts = context.store()?.counts(std::slice::from_ref(queue))?.pop();
    let waiting = counts.and_then(|(counts, _)| counts.queued).unwrap_or(0);
    if more == 0 || waiting + more <= cap {
        return Ok(());
    }
    let short = context.target()?.short_name(queue);
    let why = format!(
        "queue `{short}` holds {waiting} jobs, {more} more are beyond the {cap} that Frappe allows"
    );
    if how.dry_run {
        plan.warnings.push(why);
        return Ok(());
    }
    let failure = Failure::new(Kind::Refused, format!("cannot {} jobs: {why}", plan.kind.word()));
    let room = cap.saturating_sub(waiting);
    let failure = if room > 0 {
        failure.hint(format!("--limit {room} takes as many as fit"))
    } else {
        failure
    };
    Err(failure
        .hint("--rate 10/s takes them as fast as room is made; --over-cap takes them all")
        .into())
}
