//! `jobctl history forecast`.

use std::time::Duration;

use super::Which;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::duration;
use crate::ops::history::forecast::forecast;
use crate::sys::clock;

/// Say how many jobs there will be, and how many workers clear the peak
///
/// Growth is a straight line through the jobs of each whole day of the last 12 months, with the 95 %
/// confidence interval of its slope and with R²; it needs 14 days. Workers are those for the hour of
/// the last 28 days that needed most: for what came in it and what waited, at the mean duration of
/// the queue's jobs; only whole hours count. Exit code 1 where there is too little data for both.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl history forecast
  jobctl history forecast --queue long --within 5m -o json")]
pub(super) struct Args {
    /// Within what time a peak is to be worked off
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    within: Duration,

    #[command(flatten)]
    pub(super) which: Which,
}

/// Reads, computes and shows.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let (scope, report) = forecast(context, &args.which.wanted(), args.within, clock::now())?;
    context.ui.finish(&scope, &report)
}
