//! `jobctl jobs show`.

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops;

/// Show everything that is known of a job
///
/// Status, queue, method, arguments, times, attempts, worker, dependencies, result, and the
/// traceback with the frames that matter first. Nothing of the job is executed to show it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs show site1.localhost::0b1c2d3e
  jobctl jobs show nightly-import --site site1.localhost -o json")]
pub(super) struct Args {
    /// The job's id, with or without the site in front, or its beginning
    #[arg(value_parser = non_empty)]
    id: String,

    /// Show the whole traceback as it was stored
    #[arg(long)]
    full: bool,
}

/// Shows the job.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let report = ops::jobs::show(context, &args.id, args.full)?;
    let scope = context.scope()?;
    context.ui.finish(&scope, &report)
}
