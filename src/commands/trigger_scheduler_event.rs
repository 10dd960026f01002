//! `jobctl trigger-scheduler-event`.

use crate::commands::mutation::{MutationArgs, RefillArgs, offer_undo};
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::{duration, non_empty};
use crate::ops::change::trigger::{Triggering, Wait, trigger};
use crate::ops::switch::scope::named_sites;

/// Enqueue the scheduled job types of an event now, due or not
///
/// EVENT is all (the frequency All), hourly, daily, weekly, monthly, yearly, their _long and
/// _maintenance forms, cron, or any for every type; or a method, or the name of a Scheduled Job
/// Type. Stopped types have to be named. The jobs are those of this Frappe's scheduler, under its
/// fixed ids; what waits or runs already is left alone. `undo` removes those that still wait.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl trigger-scheduler-event daily --site erp.example --dry-run -o json
  jobctl trigger-scheduler-event frappe.email.queue.flush --site erp.example --wait 5m
  jobctl trigger-scheduler-event hourly_maintenance --site all --rate 5/s
  jobctl trigger-scheduler-event app.tasks.daily --site erp.example --inline

With --wait, exit code 1 if a job fails, by what RQ or the Scheduled Job Log says of it (Frappe
swallows the errors of scheduled jobs, and RQ calls them finished), 75 if the time is up. A ghost,
which keeps its type from ever being enqueued, is 1, too.")]
pub struct Args {
    /// The event, method or name of a Scheduled Job Type
    #[arg(value_name = "EVENT|METHOD", value_parser = non_empty)]
    event: String,

    /// Follow the jobs to their ends, for no longer than this where it is given
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = FOR_EVER,
          value_parser = wait)]
    wait: Option<Wait>,

    /// Have Frappe run them here and now, one after the other, without a queue
    #[arg(long, conflicts_with_all = ["wait", "rate", "over_cap"])]
    inline: bool,

    #[command(flatten)]
    refill: RefillArgs,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Stands for no limit.
const FOR_EVER: &str = "forever";

fn wait(text: &str) -> std::result::Result<Wait, String> {
    if text == FOR_EVER { Ok(Wait::ForEver) } else { duration(text).map(Wait::NoLonger) }
}

/// Triggers the types.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let sites = named_sites(context, None)?;
    let options = Triggering {
        wait: args.wait,
        inline: args.inline,
        rate: args.refill.rate,
        over_cap: args.refill.over_cap,
    };
    let how = args.mutation.how(true, false, false);
    let report = trigger(context, &args.event, &sites, options, &how)?;
    let scope = context.scope()?;
    let shown = context.ui.finish(&scope, &report);
    offer_undo(context, report.op_id.as_ref().filter(|_| report.undoable))?;
    let outcome = shown?;
    report.sole_failure().map_or(Ok(outcome), |failure| Err(failure.into()))
}
