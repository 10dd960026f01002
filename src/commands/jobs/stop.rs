//! `jobctl jobs stop`.

use std::time::Duration;

use crate::commands::mutation::MutationArgs;
use crate::commands::selection::SelectionArgs;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::{duration, non_empty};
use crate::ops::change::stop::stop;

/// Stop running jobs through their workers, and wait for the outcome
///
/// The worker ends the job's process; the job ends as stopped and is not retried. This cannot be
/// undone. Each worker is told once; one that is shutting down is not told. Exit code 75 if a job
/// still runs after --wait.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs stop site1.localhost::0b1c2d3e
  jobctl jobs stop --queue long --older-than 2h --wait 30s")]
pub(super) struct Args {
    /// Ids of jobs, with or without the site in front
    #[arg(value_name = "ID", value_parser = non_empty)]
    ids: Vec<String>,

    #[command(flatten)]
    selection: SelectionArgs,

    /// Take every job of the bench that runs
    #[arg(long, conflicts_with = "ids")]
    all: bool,

    /// Tell workers too that run jobs without a fork: they end themselves, or ignore it
    #[arg(long)]
    force: bool,

    /// Wait so long for the jobs to end
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10s")]
    wait: Duration,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Stops jobs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let (selection, how) = args.mutation.on_jobs(&args.selection, &args.ids, args.all, context)?;
    let report = stop(context, selection, &args.ids, args.force, args.wait, &how)?;
    let scope = context.scope()?;
    context.ui.finish(&scope, &report)
}
