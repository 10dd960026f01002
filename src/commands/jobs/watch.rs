//! `jobctl jobs watch`.

use std::time::Duration;

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::{duration, non_empty};
use crate::ops;

/// Follow a job to its end: exit code 0 if it finishes, 1 if it fails or is stopped or canceled
///
/// Each change of its state is told on standard error as it is seen. A job that is not there, or
/// vanishes, is 66; one that takes longer than `--wait`, 75.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs watch site1.localhost::0b1c2d3e
  jobctl jobs watch nightly-import --site site1.localhost --wait 10m && echo done")]
pub(super) struct Args {
    /// The job's id, with or without the site in front
    #[arg(value_parser = non_empty)]
    id: String,

    /// Give up after this long
    #[arg(long, value_name = "TIME", value_parser = duration)]
    wait: Option<Duration>,
}

/// Follows the job.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let report = ops::jobs::watch(context, &args.id, args.wait)?;
    let scope = context.scope()?;
    context.ui.finish(&scope, &report)
}
