//! `jobctl jobs promote`.

use crate::commands::mutation::{MutationArgs, finish};
use crate::commands::selection::SelectionArgs;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::change::promote::promote;

/// Let waiting jobs run next
///
/// Queued jobs go to the head of their queue, scheduled ones too, before their time. A deferred job
/// goes only when what it waits for has finished; --force does not wait. Of several, the first runs
/// first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs promote site1.localhost::0b1c2d3e
  jobctl jobs promote --queue long --method app.payments.settle")]
pub(super) struct Args {
    /// Ids of jobs, with or without the site in front
    #[arg(value_name = "ID", value_parser = non_empty)]
    ids: Vec<String>,

    #[command(flatten)]
    selection: SelectionArgs,

    /// Take every job of the bench that waits
    #[arg(long, conflicts_with = "ids")]
    all: bool,

    /// Run deferred jobs without what they wait for
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Promotes jobs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let (selection, how) = args.mutation.on_jobs(&args.selection, &args.ids, args.all, context)?;
    let report = promote(context, selection, &args.ids, args.force, &how)?;
    finish(context, report)
}
