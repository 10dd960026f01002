//! Queues ended jobs again: failed ones, and by name stopped and canceled ones.

use std::collections::HashMap;

use super::approve::left_undone;
use super::choose::{Chosen, Rule, choose, resolve_ids};
use super::dialect::Readers;
use super::requeue::{Pace, Requeueing, paced};
use super::walk::Walk;
use super::{Go, How, apply, approve};
use crate::backend::redis::list_removal::Course;
use crate::backend::redis::requeue::Requeue;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::id::{JobId, QueueName};
use crate::model::plan::{Plan, Verb};
use crate::model::selection::{Selection, State};
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
    let obstacle = |id: &JobId, queue: &QueueName| refusal(&readers, queue, id);
    let rule = Rule { obstacle: &obstacle, ..Rule::of(&RETRYABLE) };
    let Chosen { mut plan, targets, .. } = choose(context, plan, &mut selection, &rule, how)?;
    let most = cap(context, options.over_cap)?;
    if let (Some(cap), None) = (most, options.rate) {
        check_room(context, &mut plan, cap, how)?;
    }
    if approve(context, &plan, how)? == Go::No {
        return Ok(left_undone(plan, how));
    }
    let requeue = Requeue {
        at: clock::now(),
        at_front: options.at_front,
        retries_left: options.retries_left,
        most,
    };
    let pace = options.rate.map(Pace::new).transpose()?;
    // Each goes to the head, so the last one to go there runs first.
    let course = if options.at_front { Course::FromTail } else { Course::FromHead };
    let walk = Walk::new(targets, course, paced(&plan, pace.as_ref()));
    let keys = context.store()?.keys().clone();
    let mut requeueing = Requeueing::new(keys, &walk, requeue, pace);
    apply(context, plan, how, None, &mut requeueing, &mut &walk)
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
    id: &JobId,
) -> Option<String> {
    readers.get(queue)?.refuses_id(id).map(str::to_owned)
}

/// How many jobs Frappe lets wait in one queue.
pub(super) fn cap(context: &Context, over_cap: bool) -> Result<Option<u64>> {
    let bench = context.target()?.bench.as_ref();
    let cap = bench.and_then(|bench| bench.queue_cap(bench.sites().names().count()));
    Ok(cap.filter(|_| !over_cap))
}

/// Refuses what would not fit, before anything is changed; a dry run only says so.
fn check_room(context: &mut Context, plan: &mut Plan, cap: u64, how: &How) -> Result<()> {
    let by_queue = plan.by_queue.clone();
    for (queue, more) in by_queue.sorted() {
        check_room_in(context, plan, &QueueName::new(queue), more, cap, how)?;
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
        .hint(match plan.kind {
            Verb::Undo => "--over-cap takes them all",
            _ => "--rate 10/s takes them as fast as room is made; --over-cap takes them all",
        })
        .into())
}
