//! `jobctl scheduler log`.

use clap::ValueEnum;

use crate::commands::selection::{glob, instant};
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::scheduler::log::{Wanted, log};
use crate::sys::clock;

/// Show past runs of the scheduled job types of sites, and why they failed
///
/// Goes by the Scheduled Job Log, the newest run first; RQ counts a scheduled job that failed as
/// finished, because Frappe catches the error. A run whose process died keeps the status Start for
/// ever: it is marked when it is older than its queue's time limit and no worker runs it. Changes
/// nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl scheduler log --status failed
  jobctl scheduler log --since 7d --method 'frappe.email.*' --site erp.example
  jobctl scheduler log --status start -o json

Types that are not logged (`create_log` is 0: frequency All, from 16 on also Cron, unless somebody
switched it on) have no runs here. JSON holds the end of each traceback.

Exit code 1 if the database of some sites could not be read, 69 if that of none could be reached.")]
pub(super) struct Args {
    /// Only runs that began since then: a time, or how long ago
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = non_empty)]
    since: String,

    /// Only runs with this status
    #[arg(long, value_name = "STATUS", ignore_case = true)]
    status: Option<Status>,

    /// Only methods, or keys of types, that fit this pattern, such as `erpnext.*`
    #[arg(long, value_name = "GLOB", value_parser = non_empty)]
    method: Option<String>,

    /// At most this many runs, the newest
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

/// The column `status` of the log.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    /// It ended well
    Complete,
    /// It ended with an error
    Failed,
    /// It runs, or its process died
    Start,
    /// It is about to run
    Scheduled,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Complete => "Complete",
            Self::Failed => "Failed",
            Self::Start => "Start",
            Self::Scheduled => "Scheduled",
        }
    }
}

/// Shows them.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let wanted = Wanted {
        since: instant("--since", &args.since, clock::now(), context.settings.utc)?,
        status: args.status.map(|status| status.word().to_owned()),
        method: args.method.as_deref().map(glob).transpose()?,
        limit: args.limit,
    };
    let report = log(context, &wanted)?;
    let scope = context.scope()?;
    let outcome = context.ui.finish(&scope, &report)?;
    report.sites.sole_failure().map_or(Ok(outcome), |failure| Err(failure.into()))
}
