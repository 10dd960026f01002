//! `jobctl show-pending-jobs`.

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops;

/// Show what waits: depths of the queues, and waiting jobs by site and by method
///
/// Scheduled jobs are shown under the method that they run, document methods as `Doctype.method`.
/// Changes nothing, and finds its way past jobs that cannot be read: they are counted by name.
///
/// Beyond 20,000 waiting jobs, methods are estimated from both ends of each queue, and the output
/// says so; depths, and sites where ids carry them, stay exact.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl show-pending-jobs --site site1.localhost
  jobctl show-pending-jobs --exact -o json
  jobctl show-pending-jobs --jobs -o plain | cut -f 1,4")]
pub struct Args {
    /// Read every job, however many there are
    #[arg(long)]
    exact: bool,

    /// List the waiting jobs one by one instead of counting them
    #[arg(long, conflicts_with = "exact")]
    jobs: bool,
}

/// Counts or lists what waits.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    if args.jobs {
        return ops::pending::list(context);
    }
    let report = ops::pending::count(context, args.exact)?;
    let scope = context.scope()?;
    context.ui.finish(&scope, &report)
}
