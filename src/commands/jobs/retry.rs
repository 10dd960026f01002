//! `jobctl jobs retry`.

use crate::commands::mutation::{MutationArgs, RefillArgs, finish};
use crate::commands::selection::SelectionArgs;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::change::retry::{Retrying, retry};

/// Queue ended jobs again
///
/// By id, or by the same filters as `jobs list`; without ids and --status only jobs that failed.
/// Stopped and canceled jobs are taken by id, or with --status. A job keeps the retries that it
/// has left and loses the expiry of its failure. What others requeued or removed meanwhile is left
/// alone. The order is the registry's: the failure that is forgotten first, which usually is the
/// oldest one, comes first; those of one second by id.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs retry site1.localhost::0b1c2d3e
  jobctl jobs retry --queue long --exception Timeout --since 2h --front
  jobctl jobs retry --all --rate 20/s")]
pub(super) struct Args {
    /// Ids of jobs, with or without the site in front
    #[arg(value_name = "ID", value_parser = non_empty)]
    ids: Vec<String>,

    #[command(flatten)]
    selection: SelectionArgs,

    /// Take every job of the bench that failed
    #[arg(long, conflicts_with = "ids")]
    all: bool,

    #[command(flatten)]
    retrying: RetryingArgs,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// How jobs are queued again.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(in crate::commands) struct RetryingArgs {
    /// Put them in front of the jobs that wait
    #[arg(long)]
    front: bool,

    /// Give them so many retries [default: as many as they have left]
    #[arg(long, value_name = "N")]
    retries: Option<u64>,

    #[command(flatten)]
    refill: RefillArgs,
}

impl RetryingArgs {
    pub(in crate::commands) const fn options(self) -> Retrying {
        let RefillArgs { rate, over_cap } = self.refill;
        Retrying { at_front: self.front, retries_left: self.retries, rate, over_cap }
    }
}

/// Retries jobs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let (selection, how) = args.mutation.on_jobs(&args.selection, &args.ids, args.all, context)?;
    let report = retry(context, selection, &args.ids, args.retrying.options(), &how)?;
    finish(context, report)
}
