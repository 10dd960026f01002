//! `jobctl scheduler enable`, also `jobctl enable-scheduler`.

use crate::commands::mutation::MutationArgs;
use crate::commands::switch;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops::switch::database::Switch;

/// Enable the scheduler of sites
///
/// Sets `enable_scheduler` of System Settings in each site's database as Frappe does, deletes the
/// cached document, and says what else keeps the scheduler from running: enabling lifts neither a
/// pause nor the maintenance mode. Acts at the scheduler's next round, without a restart.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl enable-scheduler --site erp.example
  jobctl scheduler enable --site all --dry-run

--limit takes the first N sites by name. Exit code 1 if some sites could not be enabled, or if from
Frappe 16 on the cache Redis did not answer: the change is made then, but has no effect before the
command was run again.")]
pub struct Args {
    #[command(flatten)]
    mutation: MutationArgs,
}

/// Enables.
pub(in crate::commands) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    switch::turn_in_database(context, Switch::Enable, &args.mutation)
}
