//! `jobctl ready-for-migration`.

use std::time::Duration;

use crate::commands::mutation::{MutationArgs, offer_undo};
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::duration;
use crate::ops::readiness::{self, Options};
use crate::ops::switch::places::bench_of;
use crate::ops::switch::scope;

/// Say whether sites have no background jobs left, or wait until they have none
///
/// Looks for queued, running, scheduled and deferred jobs of exactly these sites, for jobs that a
/// worker has just taken, and at busy workers: three times, over two seconds at least. Where nothing
/// is in the way it walks through the hashes of all jobs: one that says it is queued or runs and
/// stands in no queue, as a frozen worker holds it or it is lost, is in the way as well. So is, of
/// every site, a job whose site cannot be told. With --stop-scheduler the sites' schedulers are
/// paused first; they stay paused if the sites are ready, and get back what they were otherwise.
///
/// Exit code 0: ready, 1: not ready, 75: not ready when the time was up.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl ready-for-migration --site erp.example
  jobctl ready-for-migration --site erp.example --wait 5m --stop-scheduler && bench --site erp.example migrate")]
pub struct Args {
    /// Wait so long for the jobs to end
    #[arg(long, value_name = "TIME", value_parser = duration)]
    wait: Option<Duration>,

    /// Pause the schedulers of the sites, so that no new jobs come
    #[arg(long)]
    stop_scheduler: bool,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Looks, and waits.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let mutation = &args.mutation;
    let sites = if args.stop_scheduler {
        scope::named_sites(context, mutation.plan.limit)?
    } else {
        selected(context)?
    };
    let options = Options { wait: args.wait, stop_scheduler: args.stop_scheduler };
    let how = mutation.how(true, false, false);
    let report = readiness::ready_for_migration(context, sites, options, &how)?;
    let scope = context.scope()?;
    let shown = context.ui.finish(&scope, &report);
    offer_undo(context, report.op_id.as_ref())?;
    shown
}

/// The selected sites, all of them without a selection: looking changes nothing.
fn selected(context: &Context) -> Result<Vec<String>> {
    let all = bench_of(context)?.sites();
    Ok(context.sites()?.unwrap_or_else(|| all.names().map(str::to_owned).collect()))
}
