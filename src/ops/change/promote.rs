//! Lets waiting jobs run next: queued ones go to the head of their queue, scheduled ones too,
//! before their time. A deferred one only when what it waits for has finished, or by force.

use super::approve::left_undone;
use super::choose::{Chosen, Rule, Targets, choose, resolve_ids};
use super::requeue::{Requeueing, paced, unmet};
use super::retry::{readers_of, refusal};
use super::walk::Walk;
use super::{Go, How, apply, approve};
use crate::backend::redis::list_removal::Course;
use crate::backend::redis::read::{ID_PAGE, Store};
use crate::backend::redis::requeue::Requeue;
use crate::context::Context;
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::plan::{MOST_LISTED, Plan, Verb};
use crate::model::selection::{Selection, State};
use crate::ops::scope::Reach;
use crate::report::change::ChangeReport;
use crate::sys::clock;

/// The states of jobs that wait.
const WAITING: [State; 3] = [State::Queued, State::Scheduled, State::Deferred];

/// Promotes the jobs of a selection, `typed` ids among them: the first of them runs first.
///
/// `force` also takes deferred jobs that wait for others still.
pub fn promote(
    context: &mut Context,
    mut selection: Selection,
    typed: &[String],
    force: bool,
    how: &How,
) -> Result<ChangeReport> {
    let mut plan = Plan::new(Verb::Promote, how.explicit);
    selection.ids.extend(resolve_ids(context, typed, &mut plan)?);
    let reach = Reach::read(context)?;
    let readers = readers_of(context, &reach, &selection.queues)?;
    let obstacle = |id: &JobId, queue: &QueueName| refusal(&readers, queue, id);
    let rule = Rule { obstacle: &obstacle, ..Rule::of(&WAITING) };
    let Chosen { mut plan, targets, .. } = choose(context, plan, &mut selection, &rule, how)?;
    if !force {
        warn_of_unmet(context.store()?, &targets, &mut plan)?;
    }
    if approve(context, &plan, how)? == Go::No {
        return Ok(left_undone(plan, how));
    }
    let requeue = Requeue { at: clock::now(), at_front: true, retries_left: None, most: None };
    // Each goes to the head, so the last one to go there runs first.
    let walk = Walk::new(targets, Course::FromTail, paced(&plan, None));
    let keys = context.store()?.keys().clone();
    let mut requeueing = Requeueing::new(keys, &walk, requeue, None);
    requeueing.force = force;
    apply(context, plan, how, None, &mut requeueing, &mut &walk)
}

/// Says which of the planned jobs will be left alone because they wait for others; the first of
/// them.
fn warn_of_unmet(store: &mut Store, targets: &Targets, plan: &mut Plan) -> Result<()> {
    let deferred = targets.places.iter().filter(|target| target.state == State::Deferred);
    for target in deferred {
        let entries = store.entries(&target.place, 0, ID_PAGE)?.unwrap_or_default().into_iter();
        let ids: Vec<JobId> = entries
            .map(|entry| entry.id)
            .filter(|id| target.ids.position(id.as_bytes()).is_some())
            .take(MOST_LISTED)
            .collect();
        for (id, reason) in unmet(store, &ids)? {
            plan.warnings.push(format!("job `{id}` is left alone: {reason}"));
        }
    }
    Ok(())
}
