//! `jobctl scheduler disable`, also `jobctl disable-scheduler`.

use crate::commands::mutation::MutationArgs;
use crate::commands::switch;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops::switch::database::Switch;

/// Disable the scheduler of sites: no scheduled job is enqueued
///
/// Sets `enable_scheduler` of System Settings in each site's database to 0 as Frappe does, and
/// deletes the cached document. Jobs that wait or run are left alone. Acts at the scheduler's next
/// round, without a restart.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl disable-scheduler --site erp.example --reason 'import runs'
  jobctl scheduler disable --site all --dry-run

--limit takes the first N sites by name. Exit code 1 if some sites could not be disabled, or if from
Frappe 16 on the cache Redis did not answer: the change is made then, but has no effect before the
command was run again.")]
pub struct Args {
    #[command(flatten)]
    mutation: MutationArgs,
}

/// Disables.
pub(in crate::commands) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    switch::turn_in_database(context, Switch::Disable, &args.mutation)
}
