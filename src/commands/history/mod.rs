//! `jobctl history …`.

mod forecast;
mod peaks;
mod record;
mod show;
mod trend;

use std::path::PathBuf;

use clap::Subcommand;

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::history::Wanted;

/// Record what happens over time, and show it: trends, peaks, forecasts
///
/// RQ forgets finished jobs after minutes and keeps no totals. `record` samples queues, workers and
/// Redis and notes every job that ended, into a small file of its own; the other commands read that
/// file, also while it is written and while Redis is down.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl history record --every 30s
  jobctl history show --by method --since 7d
  jobctl history forecast --within 10m")]
pub struct Args {
    #[command(subcommand)]
    command: HistoryCommand,
}

#[derive(Debug, Subcommand)]
enum HistoryCommand {
    Record(record::Args),
    Show(show::Args),
    Trend(trend::Args),
    Peaks(peaks::Args),
    Forecast(forecast::Args),
}

/// Which part of a history is shown.
#[derive(Debug, clap::Args)]
struct Which {
    /// Only this queue
    #[arg(long, value_name = "NAME", value_parser = non_empty)]
    queue: Option<String>,

    /// Only this method
    #[arg(long, value_name = "NAME", value_parser = non_empty)]
    method: Option<String>,

    /// Read this history; then neither a bench nor Redis is needed
    #[arg(long, value_name = "PATH", value_parser = path)]
    file: Option<PathBuf>,
}

impl Which {
    fn wanted(&self) -> Wanted {
        Wanted { file: self.file.clone(), queue: self.queue.clone(), method: self.method.clone() }
    }
}

fn path(text: &str) -> std::result::Result<PathBuf, String> {
    non_empty(text).map(PathBuf::from)
}

impl Args {
    /// Whether it only reads.
    pub(super) const fn is_read(&self) -> bool {
        !matches!(self.command, HistoryCommand::Record(_))
    }

    /// Whether it reads a named file, so that it needs no target.
    pub(super) const fn names_file(&self) -> bool {
        match &self.command {
            HistoryCommand::Record(_) => false,
            HistoryCommand::Show(args) => args.which.file.is_some(),
            HistoryCommand::Trend(args) => args.which.file.is_some(),
            HistoryCommand::Peaks(args) => args.which.file.is_some(),
            HistoryCommand::Forecast(args) => args.which.file.is_some(),
        }
    }
}

/// Runs one of the commands.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    match &args.command {
        HistoryCommand::Record(args) => record::run(args, context),
        HistoryCommand::Show(args) => show::run(args, context),
        HistoryCommand::Trend(args) => trend::run(args, context),
        HistoryCommand::Peaks(args) => peaks::run(args, context),
        HistoryCommand::Forecast(args) => forecast::run(args, context),
    }
}
