//! `jobctl scheduler status`.

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops;

/// Say for each site whether its scheduled jobs are enqueued, and why not
///
/// Looks at the configuration, the site's database and the process, in the order in which Frappe
/// does. Each reason names the file and key, or the table and row, that is responsible, and how to
/// lift it. States: enabled, maintenance, paused, disabled, inactive (the database does not answer,
/// or a restart is under way), no process, dormant. Changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl scheduler status
  jobctl scheduler status --site erp.example -v
  jobctl scheduler status --site all -o json

LAST RUN is when a job type last began to run, NEXT RUN when the next one is due. PENDING counts
scheduled jobs that wait in a queue. FAILED 24h goes by the Scheduled Job Log: types that are not
logged (frequency All; from 16 on also Cron) leave no trace there.

Exit code 0 whatever the states are; 1 if the database of some sites could not be read, 69 if that
of none could be reached.")]
pub(super) struct Args;

/// Tells the states.
pub(super) fn run(context: &mut Context) -> Result<Outcome> {
    let report = ops::sites::status::status(context)?;
    let scope = context.scope()?;
    let outcome = context.ui.finish(&scope, &report)?;
    report.sole_failure().map_or(Ok(outcome), |failure| Err(failure.into()))
}
