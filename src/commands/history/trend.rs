//! `jobctl history trend`.

use super::Which;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops::history::trend::trend;
use crate::sys::clock;

/// Show the mean duration of the last 30 days and the failure rate of the last 12 weeks
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl history trend
  jobctl history trend --method frappe.email.queue.flush -o json")]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) which: Which,
}

/// Reads and shows.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let drawn = context.ui.collects_lists();
    let (scope, report) = trend(context, &args.which.wanted(), drawn, clock::now())?;
    context.ui.finish(&scope, &report)
}
