//! `jobctl scheduler stop-job`.

use crate::commands::mutation::MutationArgs;
use crate::commands::switch;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::switch::database::Switch;

/// Let the scheduler pass a job type over
///
/// Sets `stopped` of the Scheduled Job Type in the database of each site. A job of the type that
/// waits or runs is left alone. Survives a migration; `start-job` takes it back.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl scheduler stop-job frappe.email.queue.flush --site erp.example
  jobctl scheduler stop-job queue.flush --site all --dry-run

A method may have several types, with different times: all of them are stopped. Exit code 66 if no
site has such a type, 1 if some have none or could not be changed.")]
pub(super) struct Args {
    /// Its method, or its name
    #[arg(value_name = "TYPE", value_parser = non_empty)]
    job_type: String,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Stops.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    switch::turn_in_database(context, Switch::Stop(&args.job_type), &args.mutation)
}
