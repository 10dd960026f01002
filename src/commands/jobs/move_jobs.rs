//! `jobctl jobs move`.

use super::retry::rate;
use crate::commands::mutation::{MutationArgs, finish};
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

    /// So many a second, waiting while the queue holds as many as Frappe allows
    #[arg(long, value_name = "N/s", value_parser = rate)]
    rate: Option<u32>,

    /// Put more jobs into the queue than Frappe allows
    #[arg(long, conflicts_with = "rate")]
    over_cap: bool,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Moves jobs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let (selection, how) = args.mutation.on_jobs(&args.selection, &args.ids, args.all, context)?;
    let options = Moving {
        to: args.to.clone(),
        create: args.create,
        rate: args.rate,
        over_cap: args.over_cap,
    };
    let report = move_jobs(context, selection, &args.ids, &options, &how)?;
    finish(context, report)
}
