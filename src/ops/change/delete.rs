//! Deletes jobs in any state but running.

use super::How;
use super::choose::{Rule, resolve_ids};
use super::dependents::Dependents;
use super::dispose::dispose;
use crate::context::Context;
use crate::error::Result;
use crate::model::plan::{Plan, Verb};
use crate::model::selection::{Selection, State};
use crate::report::change::ChangeReport;

/// The states in which a job can be deleted. One that runs would come back when it ends.
pub(super) const DELETABLE: [State; 7] = [
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
    mut selection: Selection,
    typed: &[String],
    dependents: Dependents,
    how: &How,
) -> Result<ChangeReport> {
    let mut plan = Plan::new(Verb::Delete, how.explicit);
    selection.ids.extend(resolve_ids(context, typed, &mut plan)?);
    dispose(context, plan, selection, &Rule::of(&DELETABLE), dependents, how)
}
