//! Purges jobs: what `jobs delete` does, to everything that waits unless other states are named.

use super::How;
use super::choose::{Chosen, Rule};
use super::delete::DELETABLE;
use super::dependents::Dependents;
use super::dispose::dispose;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::plan::{Plan, Verb};
use crate::model::selection::{Selection, State};
use crate::report::change::ChangeReport;

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
    let keep_newest = options.keep_newest.unwrap_or(0);
    let rule = Rule { keep_newest, ..Rule::of(&DELETABLE) };
    let plan = Plan::new(Verb::Purge, how.explicit);
    dispose(context, plan, selection, &rule, options.dependents, how)
}

/// What the operator should know where a scheduler enqueues the same jobs again.
///
/// Source: `frappe/utils/scheduler.py` `is_scheduler_disabled`; what the site's database says is
/// not looked at.
pub(super) fn scheduler_warning(context: &Context, chosen: &Chosen) -> Result<Option<String>> {
    let Some(bench) = &context.target()?.bench else { return Ok(None) };
    let runs = |site: &&String| {
        let config = bench.site_config(site);
        !["pause_scheduler", "disable_scheduler", "maintenance_mode"]
            .iter()
            .any(|key| config.is_on(key))
    };
    let sites = chosen.fixed_sites.iter().filter(runs);
    let names: Vec<String> = sites.map(|site| format!("`{site}`")).collect();
    Ok((!names.is_empty()).then(|| {
        format!(
            "the scheduler of {} is not paused in the configuration and will enqueue its scheduled \
             jobs again",
            names.join(", ")
        )
    }))
}
