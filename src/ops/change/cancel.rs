//! Cancels jobs that wait: queued, scheduled, deferred.

use super::How;
use super::choose::{Rule, resolve_ids};
use super::dependents::Dependents;
use super::dispose::dispose;
use crate::context::Context;
use crate::error::Result;
use crate::model::plan::{Plan, Verb};
use crate::model::selection::{Selection, State};
use crate::report::change::ChangeReport;

/// The states in which a job can be canceled.
const CANCELABLE: [State; 3] = [State::Queued, State::Scheduled, State::Deferred];

/// Cancels the jobs of a selection, `typed` ids among them.
pub fn cancel(
    context: &mut Context,
    mut selection: Selection,
    typed: &[String],
    dependents: Dependents,
    how: &How,
) -> Result<ChangeReport> {
    let mut plan = Plan::new(Verb::Cancel, how.explicit);
    selection.ids.extend(resolve_ids(context, typed, &mut plan)?);
    dispose(context, plan, selection, &Rule::of(&CANCELABLE), dependents, how)
}
