//! `jobctl scheduler list`.

use crate::commands::selection::glob;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::scheduler::list::{Wanted, list};
use crate::schedule::Frequency;

/// List the scheduled job types of sites: how often, when last and next, and what is wrong
///
/// The next due comes first, stopped types last. Times are on each site's own clock, by which
/// Frappe schedules; `--utc` shows them in UTC. NEXT lies in the past for a type that waits for the
/// scheduler. Changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl scheduler list --site erp.example
  jobctl scheduler list --site all --overdue
  jobctl scheduler list --frequency 'Daily Long' -o wide
  jobctl scheduler list --method 'erpnext.*' --failing -o json

STATE: overdue for longer than three rounds of the scheduler; queued or started while its job waits
or runs; ghost where the hash of its job says so, but the job stands in no list and no worker has it:
the type is never enqueued again until that hash is deleted (see jobctl doctor). FAILING and MEAN
go by the Scheduled Job Log of seven days; types that are not logged leave no trace there.

Exit code 1 if the database of some sites could not be read, 69 if that of none could be reached.")]
pub(super) struct Args {
    /// Only this frequency, such as `Daily` or `hourly_long`
    #[arg(long, value_name = "NAME", value_parser = frequency)]
    frequency: Option<Frequency>,

    /// Only methods, or keys of types, that fit this pattern, such as `erpnext.*`
    #[arg(long, value_name = "GLOB", value_parser = non_empty)]
    method: Option<String>,

    /// Only those that are stopped
    #[arg(long)]
    stopped: bool,

    /// Only those that are overdue
    #[arg(long)]
    overdue: bool,

    /// Only those that failed within seven days
    #[arg(long)]
    failing: bool,
}

/// Lists them.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let wanted = Wanted {
        frequency: args.frequency,
        method: args.method.as_deref().map(glob).transpose()?,
        stopped: args.stopped,
        overdue: args.overdue,
        failing: args.failing,
    };
    let report = list(context, &wanted)?;
    let scope = context.scope()?;
    let outcome = context.ui.finish(&scope, &report)?;
    report.sites.sole_failure().map_or(Ok(outcome), |failure| Err(failure.into()))
}

/// A frequency by its title or by its key in the hooks, in any case.
fn frequency(text: &str) -> Result<Frequency, String> {
    let wanted = text.trim().replace([' ', '-'], "_").to_ascii_lowercase();
    let named = |frequency: &Frequency| {
        frequency.hook_key() == wanted
            || frequency.title().replace(' ', "_").eq_ignore_ascii_case(&wanted)
    };
    Frequency::ALL.into_iter().find(named).ok_or_else(|| {
        let titles = Frequency::ALL.map(|frequency| format!("`{}`", frequency.title()));
        format!("there are {}", titles.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequency_is_known_by_title_and_by_hook_key() {
        for text in ["Daily Long", "daily_long", "DAILY-LONG", " daily long "] {
            assert_eq!(frequency(text), Ok(Frequency::DailyLong), "{text}");
        }
        assert!(frequency("fortnightly").unwrap_err().contains("`Daily Long`"));
    }
}
