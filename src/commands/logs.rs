//! `jobctl logs`.

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::logs::record::Level;
use crate::ops::logs::{Lines, LogsOptions, is_path, show};

/// Show and follow the logs of a bench, merged in the order of time
///
/// Without --source the logs about jobs: workers, scheduler, frappe. A record is a line with a
/// time and what belongs to it, such as its traceback, so filters and -n count whole records.
/// Rotated files are read where it takes them, compressed ones with --since or `-n all`. Following
/// goes through rotation and truncation without losing or repeating a line.
///
/// With --site, the site's own logs, and of the bench's logs the records that name it. Logs
/// elsewhere are named by path and need neither a bench nor Redis.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl logs -f
  jobctl logs --since 1h --level error --source worker,worker.error
  jobctl logs --job site1.localhost::0aef2f3c --since yesterday -o jsonl
  jobctl logs -f --source /var/log/supervisor/worker.log --grep 'Timeout|MemoryError'")]
pub struct Args {
    /// Go on with what is added, until interrupted
    #[arg(short, long, conflicts_with = "until")]
    follow: bool,

    /// Logs by name, by pattern (`worker*`, `all`) or by path; repeatable, or with commas
    #[arg(long, value_name = "LOG", value_parser = non_empty)]
    source: Vec<String>,

    /// Not older than this: `1h`, `09:30`, `yesterday`, `2026-11-21 09:30`
    #[arg(long, value_name = "TIME", value_parser = non_empty)]
    since: Option<String>,

    /// Not younger than this, written the same way
    #[arg(long, value_name = "TIME", value_parser = non_empty)]
    until: Option<String>,

    /// Only records that match the regular expression; repeatable, one has to match
    #[arg(short, long, value_name = "RE", value_parser = non_empty)]
    grep: Vec<String>,

    /// No records that match the regular expression; repeatable
    #[arg(long, value_name = "RE", value_parser = non_empty)]
    exclude: Vec<String>,

    /// Only records of this level and above; those that name none count as info
    #[arg(long, value_name = "LEVEL")]
    level: Option<Level>,

    /// Only records that name this job, with their tracebacks and what it printed
    #[arg(long, value_name = "ID", value_parser = non_empty)]
    job: Option<String>,

    /// The last N records, or `all` [default: 100; 10 with -f; all with --since]
    #[arg(short = 'n', long, value_name = "N", value_parser = lines)]
    lines: Option<Lines>,

    /// Print JSON lines as they are, not as fields
    #[arg(long)]
    raw: bool,
}

impl Args {
    /// Whether a bench is needed: paths are read without one.
    pub(super) fn needs_target(&self) -> bool {
        let parts = self.source.iter().flat_map(|value| value.split(','));
        self.source.is_empty() || !parts.into_iter().all(is_path)
    }
}

/// Shows the logs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let options = LogsOptions {
        follow: args.follow,
        sources: args.source.clone(),
        since: args.since.clone(),
        until: args.until.clone(),
        grep: args.grep.clone(),
        exclude: args.exclude.clone(),
        level: args.level,
        job: args.job.clone(),
        lines: args.lines,
        raw: args.raw,
    };
    show(context, &options)
}

fn lines(text: &str) -> Result<Lines, String> {
    if text == "all" {
        return Ok(Lines::All);
    }
    text.parse().map(Lines::Last).map_err(|_| "write a number, or `all`".to_owned())
}
