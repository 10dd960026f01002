//! `jobctl jobs delete`.

use crate::commands::mutation::{MutationArgs, finish};
use crate::commands::selection::SelectionArgs;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::change::{Dependents, delete};

/// Delete jobs in any state but running
///
/// By id, or by the same filters as `jobs list`. Every job is journalled before it goes and can be
/// put back with `undo`. A job that a worker takes meanwhile stays with that worker.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs delete site1.localhost::0b1c2d3e
  jobctl jobs delete --status failed --older-than 30d --dry-run")]
pub(super) struct Args {
    /// Ids of jobs, with or without the site in front
    #[arg(value_name = "ID", value_parser = non_empty)]
    ids: Vec<String>,

    #[command(flatten)]
    selection: SelectionArgs,

    /// Take every job of the bench that does not run
    #[arg(long, conflicts_with = "ids")]
    all: bool,

    /// What becomes of jobs that wait for one that goes
    #[arg(long, value_name = "WHAT", default_value = "leave")]
    dependents: Dependents,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Deletes jobs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let (selection, how) = args.mutation.on_jobs(&args.selection, &args.ids, args.all, context)?;
    let report = delete::delete(context, selection, &args.ids, args.dependents, &how)?;
    finish(context, report)
}
