//! `jobctl stats`.

use std::path::PathBuf;

use clap::ValueEnum;

use super::selection::instant;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::stats::{Ask, stats};
use crate::stats::By;
use crate::sys::clock;

/// Rows of a table on a terminal unless told otherwise; pipes get everything.
const TABLE_ROWS: usize = 50;

/// Say how often, how long and how late jobs ran, by method, queue, site or time
///
/// On a bench from Frappe's monitor log with its rotations, and what the cache Redis has not
/// flushed yet; without a log, and for RQ without Frappe, from the finished and failed jobs that
/// RQ still keeps. With `--file` from logs that were copied from elsewhere; then no bench and no
/// Redis are needed. Changes nothing.
///
/// Medians and percentiles are exact up to 16,384 executions of a row (fewer where there are many
/// rows), then within 0.8 %. What a source does not tell is left empty, never 0. Files in which not
/// one line is a record are refused with 65; single lines that are none are counted and told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl stats --since 24h --slowest 10
  zcat monitor.json.log.2.gz | jobctl stats --file - --by hour -o json")]
pub struct Args {
    /// What a row is about
    #[arg(long, value_name = "KEY", default_value = "method")]
    by: ByArg,

    /// Only executions that began since then: a time, or how long ago
    #[arg(long, value_name = "WHEN", value_parser = non_empty)]
    since: Option<String>,

    /// Only executions that began before then: a time, or how long ago
    #[arg(long, value_name = "WHEN", value_parser = non_empty)]
    until: Option<String>,

    /// Also list the N slowest executions
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    slowest: Option<u16>,

    /// Only jobs that the scheduler enqueued
    #[arg(long, conflicts_with = "adhoc")]
    scheduled: bool,

    /// Only jobs that something else than the scheduler enqueued
    #[arg(long)]
    adhoc: bool,

    /// Read this monitor log, plain or gzip, instead of the bench's; `-` for standard input;
    /// repeatable
    #[arg(long, value_name = "PATH", value_parser = path)]
    file: Vec<PathBuf>,

    /// At most this many rows; 0 for all
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ByArg {
    /// The method; of a scheduled job the real one
    Method,
    /// The queue; no log names it, so it is told by what RQ still keeps
    Queue,
    /// The site
    Site,
    /// The hour in which it began
    Hour,
    /// The day on which it began
    Day,
}

impl Args {
    /// Whether it reads named files, so that it needs no bench and no Redis.
    pub(super) fn names_files(&self) -> bool {
        !self.file.is_empty()
    }
}

fn path(text: &str) -> std::result::Result<PathBuf, String> {
    non_empty(text).map(PathBuf::from)
}

/// Counts and shows.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let now = clock::now();
    let when = |flag: &str, text: &Option<String>| {
        text.as_deref().map(|text| instant(flag, text, now, context.settings.utc)).transpose()
    };
    let limit = match args.limit {
        Some(0) => None,
        Some(rows) => Some(rows),
        None => context.ui.collects_lists().then_some(TABLE_ROWS),
    };
    let ask = Ask {
        by: match args.by {
            ByArg::Method => By::Method,
            ByArg::Queue => By::Queue,
            ByArg::Site => By::Site,
            ByArg::Hour => By::Hour,
            ByArg::Day => By::Day,
        },
        since: when("--since", &args.since)?,
        until: when("--until", &args.until)?,
        slowest: args.slowest.map_or(0, usize::from),
        scheduled: args.scheduled.then_some(true).or(args.adhoc.then_some(false)),
        files: args.file.clone(),
        limit,
        drawn: context.ui.collects_lists(),
        now,
    };
    let (scope, report) = stats(context, &ask)?;
    context.ui.finish(&scope, &report)
}
