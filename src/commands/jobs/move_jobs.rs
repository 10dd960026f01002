//! `jobctl jobs move`.

use crate::commands::mutation::{MutationArgs, RefillArgs, finish};
use crate::commands::selection::SelectionArgs;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::change::move_jobs::{Moving, move_jobs};

/// Move queued jobs to the back of another queue
///
/// They keep their order and are booked on the other queue from then on. A job that a worker takes
/// meanwhile stays with that worker.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs move site1.localhost::0b1c2d3e --to long
  jobctl jobs move --queue short --method 'app.reports.*' --to long")]
pub(super) struct Args {
    /// Ids of jobs, with or without the site in front
    #[arg(value_name = "ID", value_parser = non_empty)]
    ids: Vec<String>,

    #[command(flatten)]
    selection: SelectionArgs,

    /// The queue to move to, by its short or full name
    #[arg(long, value_name = "QUEUE", value_parser = non_empty)]
    to: String,

    /// Make that queue where there is none of that name
    #[arg(long)]
    create: bool,

    /// Take every job of the bench that is queued
    #[arg(long, conflicts_with = "ids")]
    all: bool,

    #[command(flatten)]
    refill: RefillArgs,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Moves jobs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let (selection, how) = args.mutation.on_jobs(&args.selection, &args.ids, args.all, context)?;
    let options = Moving {
        to: args.to.clone(),
        create: args.create,
        rate: args.refill.rate,
        over_cap: args.refill.over_cap,
    };
    let report = move_jobs(context, selection, &args.ids, &options, &how)?;
    finish(context, report)
}
