//! `jobctl jobs cancel`.

use crate::commands::mutation::{MutationArgs, finish};
use crate::commands::selection::SelectionArgs;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::change::{Dependents, cancel};

/// Cancel jobs that wait: queued, scheduled, deferred
///
/// By id, or by the same filters as `jobs list`. The jobs stay in the canceled registry; `undo`
/// puts them back where they stood. A job that a worker takes meanwhile stays with that worker.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs cancel site1.localhost::0b1c2d3e
  jobctl jobs cancel --queue long --method 'app.imports.*' --dependents cancel")]
pub(super) struct Args {
    /// Ids of jobs, with or without the site in front
    #[arg(value_name = "ID", value_parser = non_empty)]
    ids: Vec<String>,

    #[command(flatten)]
    selection: SelectionArgs,

    /// Take every job of the bench that waits
    #[arg(long, conflicts_with = "ids")]
    all: bool,

    /// What becomes of jobs that wait for one that goes
    #[arg(long, value_name = "WHAT", default_value = "leave")]
    dependents: Dependents,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Cancels jobs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let (selection, how) = args.mutation.on_jobs(&args.selection, &args.ids, args.all, context)?;
    let report = cancel::cancel(context, selection, &args.ids, args.dependents, &how)?;
    finish(context, report)
}
