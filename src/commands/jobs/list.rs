//! `jobctl jobs list`.

use crate::commands::selection::SelectionArgs;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops::jobs::{ListOptions, SortKey, list};

/// Rows of a table on a terminal unless told otherwise; pipes get everything.
const TABLE_ROWS: usize = 200;

/// List jobs of every state, filtered and sorted
///
/// Without filters all jobs of the bench: running, waiting, scheduled, deferred, failed, finished,
/// canceled, in the order of their queues. On a terminal the first 200; in a pipe all of them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs list --queue long --status queued
  jobctl jobs list --status failed --since 24h --exception Timeout -o json")]
pub(super) struct Args {
    #[command(flatten)]
    selection: SelectionArgs,

    /// At most this many jobs; 0 for all
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,

    /// Sort by this, smallest first
    #[arg(long, value_name = "KEY")]
    sort: Option<SortKey>,

    /// Turn the order round
    #[arg(short, long)]
    reverse: bool,
}

/// Lists jobs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let selection = args.selection.resolve(context)?;
    let limit = match args.limit {
        Some(0) => None,
        Some(n) => Some(n),
        None => context.ui.collects_lists().then_some(TABLE_ROWS),
    };
    let options = ListOptions { limit, sort: args.sort, reverse: args.reverse };
    list(context, &selection, &options)
}
