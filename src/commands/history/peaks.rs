//! `jobctl history peaks`.

use super::super::selection::instant;
use super::Which;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::history::peaks::peaks;
use crate::sys::clock;

/// Show at which hours of the day and on which days of the week there is most to do
///
/// Hours and days are those of the zone in which it was recorded. Only times that were recorded
/// count, so a gap does not look like a quiet hour.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl history peaks
  jobctl history peaks --queue long --since 28d")]
pub(super) struct Args {
    /// From then on: a time, or how long ago [default: 8 weeks]
    #[arg(long, value_name = "WHEN", value_parser = non_empty)]
    since: Option<String>,

    #[command(flatten)]
    pub(super) which: Which,
}

/// Reads and shows.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let now = clock::now();
    let since = args.since.as_deref();
    let since =
        since.map(|text| instant("--since", text, now, context.settings.utc)).transpose()?;
    let drawn = context.ui.collects_lists();
    let (scope, report) = peaks(context, &args.which.wanted(), since, drawn, now)?;
    context.ui.finish(&scope, &report)
}
