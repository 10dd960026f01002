//! Purges jobs: the plan over everything that matches, and its way through the lists.
//!
//! Made for long queues, so nothing here holds the jobs: the plan counts them and keeps a
//! fingerprint of each id, the removal reads the lists again and asks the fingerprints. What
//! matches but came after the plan is not touched.

mod plan;
mod removal;

use std::cell::RefCell;

use clap::ValueEnum as _;

use super::dependents::Dependents;
use super::{Go, How, apply, approve, delete};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::plan::Verb;
use crate::model::selection::{Selection, State};
use crate::report::change::ChangeReport;
use removal::{Purging, Removing};

/// The states that can be purged. What runs never is.
const PURGEABLE: [State; 7] = [
    State::Queued,
    State::Scheduled,
    State::Deferred,
    State::Failed,
    State::Stopped,
    State::Finished,
    State::Canceled,
];

/// What a purge takes beyond the flags of every mutation.
#[derive(Debug, Clone, Copy, Default)]
pub struct PurgeOptions {
    /// In each queue and state, leave the so many newest of those that match.
    pub keep_newest: Option<usize>,
    /// What becomes of jobs that wait for one that goes.
    pub dependents: Dependents,
}

/// Purges the jobs of a selection; queued ones unless it names states.
///
/// Errors: `Usage` where it names running jobs, and those of a plan's approval and execution.
pub fn purge(
    context: &mut Context,
    mut selection: Selection,
    options: PurgeOptions,
    how: &How,
) -> Result<ChangeReport> {
    if selection.states.contains(&State::Started) {
        return Err(Failure::new(Kind::Usage, "cannot purge running jobs")
            .hint("jobctl jobs stop ends them; then they can be purged with --status stopped")
            .into());
    }
    if selection.states.is_empty() {
        selection.states.push(State::Queued);
    }
    let (plan, targets) = plan::plan(context, &selection, options, how)?;
    if plan.dependents > 0 && options.dependents != Dependents::Leave {
        if options.keep_newest.is_some() {
            let word = options.dependents.to_possible_value();
            let word = word.as_ref().map_or("", |word| word.get_name());
            let message = format!("cannot take --dependents {word} together with --keep-newest");
            return Err(Failure::new(Kind::Usage, message).into());
        }
        // Children have to follow their parents one by one, so the jobs are held and taken singly.
        let verb = Verb::Purge;
        return delete::dispose(context, verb, selection, &[], &PURGEABLE, options.dependents, how);
    }
    if approve(context, &plan, how)? == Go::No {
        return Ok(ChangeReport::of(plan, how.dry_run));
    }
    let removing = RefCell::new(Removing::new(targets));
    let mut purging = Purging::new(context.store()?.keys().clone(), &removing);
    let mut batches = removal::Batches::new(&removing);
    apply(context, plan, how, None, &mut purging, &mut batches)
}
