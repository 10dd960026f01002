//! `jobctl workers dump`.

use std::time::Duration;

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::{duration, non_empty};
use crate::ops::workers::dump::{Dumping, Which, dump};

/// Show where a worker hangs: the stack of the process that runs its job
///
/// Sends SIGUSR1 to the work horse under the worker, upon which Python prints the stacks of all
/// threads, and the job goes on; reads them from the file behind its standard error. A process that
/// is not certain to be the worker, or that has no handler for the signal and would die of it, is
/// not signalled (77), and what to do instead is said. Also for pools and schedulers, by process id,
/// and for work horses whose worker is gone.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true).multiple(true)
        .args(["name", "all_stuck", "job", "running_for"]),
    after_help = "\
Examples:
  jobctl workers dump --all-stuck
  jobctl workers dump 3f2a
  jobctl workers dump --job site1.localhost::import-items -o json"
)]
pub(super) struct Args {
    /// A worker: its name, the beginning of its name, or a process id on this host
    #[arg(value_name = "NAME|PID", value_parser = non_empty)]
    name: Option<String>,

    /// Every worker that is busy for over half of its job's time limit
    #[arg(long, conflicts_with_all = ["name", "job"])]
    all_stuck: bool,

    /// Every worker that is busy for longer than this
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with_all = ["name", "job"])]
    running_for: Option<Duration>,

    /// The worker that runs this job
    #[arg(long, value_name = "ID", value_parser = non_empty, conflicts_with = "name")]
    job: Option<String>,

    /// The worker itself, not its work horse
    #[arg(long)]
    parent: bool,

    /// Wait so long for the stacks of one process
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5s")]
    wait: Duration,

    /// Make all checks, signal nothing
    #[arg(long)]
    dry_run: bool,
}

/// Shows the stacks.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let which = match (&args.name, &args.job) {
        (Some(name), _) => Which::Named(name.clone()),
        (None, Some(job)) => Which::Job(job.clone()),
        (None, None) => Which::Stuck(args.running_for),
    };
    let dumping = Dumping { which, parent: args.parent, wait: args.wait, dry_run: args.dry_run };
    let scope = context.scope()?;
    let report = dump(context, &dumping)?;
    context.ui.finish(&scope, &report)
}
