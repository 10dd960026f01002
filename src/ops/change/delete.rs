//! Deletes jobs in any state but running.

use super::apply::batch_size;
use super::choose::{Chosen, choose, resolve_ids};
use super::dependents::{self, Dependents};
use super::dispose::{Action, Disposal, Disposing};
use super::{Go, How, apply, approve};
use crate::context::Context;
use crate::error::Result;
use crate::model::plan::{Plan, Verb};
use crate::model::selection::{Selection, State};
use crate::report::change::ChangeReport;

/// The states in which a job can be deleted. One that runs would come back when it ends.
const DELETABLE: [State; 7] = [
    State::Queued,
    State::Scheduled,
    State::Deferred,
    State::Failed,
    State::Stopped,
    State::Finished,
    State::Canceled,
];

/// Deletes the jobs of a selection, `typed` ids among them.
pub fn delete(
    context: &mut Context,
    selection: Selection,
    typed: &[String],
    dependents: Dependents,
    how: &How,
) -> Result<ChangeReport> {
    dispose(context, Verb::Delete, selection, typed, &DELETABLE, dependents, how)
}

/// What `delete` and `cancel` have in common.
pub(super) fn dispose(
    context: &mut Context,
    verb: Verb,
    mut selection: Selection,
    typed: &[String],
    allowed: &[State],
    dependents: Dependents,
    how: &How,
) -> Result<ChangeReport> {
    let mut plan = Plan::new(verb, how.explicit);
    selection.ids.extend(resolve_ids(context, typed, &mut plan)?);
    let Chosen { mut plan, jobs } = choose(context, plan, &mut selection, allowed, how)?;
    plan.to_type = whole_queue(&selection, how);
    let action = if verb == Verb::Cancel { Action::Cancel } else { Action::Delete };
    let (plan, jobs) = dependents::extend(context, Chosen { plan, jobs }, action, dependents)?;
    if approve(context, &plan, how)? == Go::No {
        let mut report = ChangeReport::of(plan, how.dry_run);
        report.named_skipped = how.named && report.skipped > 0;
        return Ok(report);
    }
    let has_children = dependents != Dependents::Leave && plan.dependents > 0;
    let mut disposing = Disposing::new(context.store()?.keys().clone(), has_children);
    let mut batches = batches(jobs, batch_size(&plan)).into_iter().map(Ok);
    apply(context, plan, how, None, &mut disposing, &mut batches)
}

/// Batches of at most `size` jobs of one level: it must be known what became of a job before those
/// that wait for it are touched.
fn batches(jobs: Vec<Disposal>, size: usize) -> Vec<Vec<Disposal>> {
    let mut batches: Vec<Vec<Disposal>> = Vec::new();
    for job in jobs {
        let last = batches.last_mut().filter(|batch| {
            batch.len() < size && batch.first().is_some_and(|first| first.level == job.level)
        });
        match last {
            Some(batch) => batch.push(job),
            None => batches.push(vec![job]),
        }
    }
    batches
}

/// The name to type where all of one queue goes.
fn whole_queue(selection: &Selection, how: &How) -> Option<String> {
    let [queue] = selection.queues.as_slice() else { return None };
    let whole = selection.is_by_place()
        && selection.sites.is_none()
        && selection.ids.is_empty()
        && how.limit.is_none();
    whole.then(|| queue.short().to_owned())
}
