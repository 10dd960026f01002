//! `jobctl purge-jobs`.

use crate::commands::mutation::{MutationArgs, finish};
use crate::commands::selection::SelectionArgs;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops::change::Dependents;
use crate::ops::change::purge::{PurgeOptions, purge};

/// Purge waiting jobs, or clear registries
///
/// Queued jobs, unless --status names other states. Running jobs are never purged, and one that a
/// worker takes meanwhile stays with that worker. Every job is journalled before it goes and can
/// be put back with `undo`. Queues of any length: Redis is not blocked, what stays keeps its order.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl purge-jobs --queue long --dry-run
  jobctl purge-jobs --site site1.localhost --method 'erpnext.*.submit' --older-than 2h
  jobctl purge-jobs --status failed --keep-newest 100 --yes")]
pub struct Args {
    #[command(flatten)]
    selection: SelectionArgs,

    /// In each queue, leave the N newest of the jobs that match
    #[arg(long, value_name = "N", help_heading = "Selection")]
    keep_newest: Option<usize>,

    /// Take every job of the bench in these states
    #[arg(long)]
    all: bool,

    /// What becomes of jobs that wait for one that goes
    #[arg(long, value_name = "WHAT", default_value = "leave")]
    dependents: Dependents,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Purges jobs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let (selection, how) = args.mutation.on_jobs(&args.selection, &[], args.all, context)?;
    let options = PurgeOptions { keep_newest: args.keep_newest, dependents: args.dependents };
    let report = purge(context, selection, options, &how)?;
    finish(context, report)
}
