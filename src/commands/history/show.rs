//! `jobctl history show`.

use super::super::selection::instant;
use super::Which;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::history::show::{Ask, By, show};
use crate::sys::clock;

/// Rows of a table on a terminal unless told otherwise; pipes get everything.
const TABLE_ROWS: usize = 50;

/// Show what was recorded, by time, method, queue, site or exception
///
/// Without `--since` the last day, with `--by minute` the last hour, with `--by day` or `error` the
/// last 30 days. Medians and percentiles are within 12.5 %, means are exact. Memory is the most that
/// the process of a job was seen to have on the host that records; methods beyond 100 MB (`memory_mb`
/// of the settings) stand out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl history show
  jobctl history show --by method --since 7d --queue long
  jobctl history show --by day -o csv")]
pub(super) struct Args {
    /// What a row is about
    #[arg(long, value_name = "KEY", default_value = "hour")]
    by: By,

    /// From then on: a time, or how long ago
    #[arg(long, value_name = "WHEN", value_parser = non_empty)]
    since: Option<String>,

    /// Before then: a time, or how long ago
    #[arg(long, value_name = "WHEN", value_parser = non_empty)]
    until: Option<String>,

    /// At most this many rows; 0 for all
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,

    #[command(flatten)]
    pub(super) which: Which,
}

/// Reads and shows.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let now = clock::now();
    let when = |flag: &str, text: &Option<String>| {
        text.as_deref().map(|text| instant(flag, text, now, context.settings.utc)).transpose()
    };
    let ask = Ask {
        wanted: args.which.wanted(),
        by: args.by,
        since: when("--since", &args.since)?,
        until: when("--until", &args.until)?,
        limit: match args.limit {
            Some(0) => None,
            Some(rows) => Some(rows),
            None => context.ui.collects_lists().then_some(TABLE_ROWS),
        },
        drawn: context.ui.collects_lists(),
        now,
    };
    let (scope, report) = show(context, &ask)?;
    context.ui.finish(&scope, &report)
}
