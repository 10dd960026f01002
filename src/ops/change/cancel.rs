//! Cancels jobs that wait: queued, scheduled, deferred.

use super::How;
use super::delete::dispose;
use super::dependents::Dependents;
use crate::context::Context;
use crate::error::Result;
use crate::model::plan::Verb;
use crate::model::selection::{Selection, State};
use crate::report::change::ChangeReport;

/// The states in which a job can be canceled.
const CANCELABLE: [State; 3] = [State::Queued, State::Scheduled, State::Deferred];

/// Cancels the jobs of a selection, `typed` ids among them.
pub fn cancel(
    context: &mut Context,
    selection: Selection,
    typed: &[String],
    dependents: Dependents,
    how: &How,
) -> Result<ChangeReport> {
    dispose(context, Verb::Cancel, selection, typed, &CANCELABLE, dependents, how)
}
