//! `jobctl scheduler start-job`.

use crate::commands::mutation::MutationArgs;
use crate::commands::switch;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::switch::database::Switch;

/// Let the scheduler look at a stopped job type again
///
/// Takes `stopped` of the Scheduled Job Type back in the database of each site, and says what else
/// keeps the scheduler from running. A type whose time has passed meanwhile is due at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl scheduler start-job frappe.email.queue.flush --site erp.example
  jobctl scheduler start-job queue.flush --site all --dry-run

A method may have several types, with different times: all of them are started. Exit code 66 if no
site has such a type, 1 if some have none or could not be changed.")]
pub(super) struct Args {
    /// Its method, or its name
    #[arg(value_name = "TYPE", value_parser = non_empty)]
    job_type: String,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Starts.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    switch::turn_in_database(context, Switch::Start(&args.job_type), &args.mutation)
}
