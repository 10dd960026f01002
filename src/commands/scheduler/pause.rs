//! `jobctl scheduler pause`, also `jobctl pause-scheduler`.

use crate::commands::mutation::MutationArgs;
use crate::commands::switch;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops::switch::scheduler::Switch;

/// Pause the scheduler of sites: no scheduled job is enqueued
///
/// Sets `pause_scheduler` in each site's `site_config.json`, under Frappe's lock. Jobs that wait or
/// run are left alone. Acts at the scheduler's next round, without a restart.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl pause-scheduler --site erp.example --reason 'import runs'
  jobctl scheduler pause --site all --dry-run

--limit takes the first N sites by name. Exit code 1 if some sites could not be paused.")]
pub struct Args {
    #[command(flatten)]
    mutation: MutationArgs,
}

/// Pauses.
pub(in crate::commands) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    switch::turn(context, Switch::Pause, false, &args.mutation)
}
